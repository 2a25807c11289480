"""What a member can do (capabilities, an enumeration) and the roles that each organisation starts with.

A role is a row of the organisation and may be edited by it; only this file and the role editor know roles by name.
Asking for a capability that is not in the enumeration is an error, never a silent "no".
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Can(StrEnum):
    """One thing that a member or an API key may do. Pages, API routes and templates ask with the same word."""

    VIEW_CUSTOMERS = "receivables.view_customers"
    EDIT_CUSTOMERS = "receivables.edit_customers"
    VIEW_ITEMS = "receivables.view_items"
    EDIT_ITEMS = "receivables.edit_items"
    VIEW_AGEING = "receivables.view_ageing"
    EXPORT = "receivables.export"
    RECORD_PROMISE = "receivables.record_promise"
    RECORD_DISPUTE = "receivables.record_dispute"
    ANSWER_DISPUTE = "receivables.answer_dispute"
    PLACE_HOLD = "receivables.place_hold"
    SET_CODES = "receivables.set_codes"
    FIX_DATA = "receivables.fix_data"
    APPLY_CASH = "receivables.apply_cash"
    SET_CASH_RULES = "receivables.set_cash_rules"
    IMPORT_LEDGER = "integrations.import_ledger"
    MANAGE_CONNECTIONS = "integrations.manage_connections"
    VIEW_MESSAGES = "desk.view_messages"
    EDIT_TEMPLATES = "desk.edit_templates"
    VIEW_ALERTS = "desk.view_alerts"
    ACKNOWLEDGE_ALERTS = "desk.acknowledge_alerts"
    VIEW_PROFILES = "risk.view_profiles"
    EDIT_CLASS_LIMITS = "risk.edit_class_limits"
    VIEW_ACTIONS = "collection.view_actions"
    CONFIRM_ACTIONS = "collection.confirm_actions"
    LOG_CALLS = "collection.log_calls"
    ANSWER_QUESTIONS = "collection.answer_questions"
    CLAIM_CHARGES = "collection.claim_charges"
    WAIVE_CHARGES = "collection.waive_charges"
    EDIT_SCENARIOS = "collection.edit_scenarios"
    APPROVE_GO_LIVE = "collection.approve_go_live"
    ASK_TERMINAL = "collection.ask_terminal"
    STOP_DELIVERIES = "collection.stop_deliveries"
    APPROVE_TERMINAL = "collection.approve_terminal"
    SET_PROVISION = "collection.set_provision"
    VIEW_AUDIT = "accounts.view_audit"
    MANAGE_MEMBERS = "accounts.manage_members"
    MANAGE_ROLES = "accounts.manage_roles"
    MANAGE_API_KEYS = "accounts.manage_api_keys"
    MANAGE_ORGANISATION = "accounts.manage_organisation"


LABELS = {
    Can.VIEW_CUSTOMERS: _("See customers and contacts"),
    Can.EDIT_CUSTOMERS: _("Change customers and contacts"),
    Can.VIEW_ITEMS: _("See invoices and payments"),
    Can.EDIT_ITEMS: _("Enter or correct invoices and payments"),
    Can.VIEW_AGEING: _("See the aged balance"),
    Can.EXPORT: _("Export lists"),
    Can.RECORD_PROMISE: _("Record promises to pay"),
    Can.RECORD_DISPUTE: _("Record disputes"),
    Can.ANSWER_DISPUTE: _("Answer disputes"),
    Can.PLACE_HOLD: _("Suspend reminders"),
    Can.SET_CODES: _("Set the status and the cause of items"),
    Can.FIX_DATA: _("Repair customer data"),
    Can.APPLY_CASH: _("Match payments received to items"),
    Can.SET_CASH_RULES: _("Set how payments are matched"),
    Can.IMPORT_LEDGER: _("Import files"),
    Can.MANAGE_CONNECTIONS: _("Set up connections"),
    Can.VIEW_MESSAGES: _("Read messages sent"),
    Can.EDIT_TEMPLATES: _("Change message templates"),
    Can.VIEW_ALERTS: _("See alerts"),
    Can.ACKNOWLEDGE_ALERTS: _("Acknowledge alerts"),
    Can.VIEW_PROFILES: _("See how customers pay"),
    Can.EDIT_CLASS_LIMITS: _("Change the limits of the payer classes"),
    Can.VIEW_ACTIONS: _("See the actions of the day"),
    Can.CONFIRM_ACTIONS: _("Confirm, skip or postpone reminders"),
    Can.LOG_CALLS: _("Log calls and notes"),
    Can.ANSWER_QUESTIONS: _("Answer collectors' questions"),
    Can.CLAIM_CHARGES: _("Claim interest and charges"),
    Can.WAIVE_CHARGES: _("Waive interest and charges"),
    Can.EDIT_SCENARIOS: _("Change dunning scenarios"),
    Can.APPROVE_GO_LIVE: _("Approve the start of sending"),
    Can.ASK_TERMINAL: _("Ask for a stop of deliveries, a formal notice, a hand-over or a write-off"),
    Can.STOP_DELIVERIES: _("Decide whether deliveries stop"),
    Can.APPROVE_TERMINAL: _("Approve formal notices, hand-overs and write-offs"),
    Can.SET_PROVISION: _("Set rates of provision"),
    Can.VIEW_AUDIT: _("Read the audit trail"),
    Can.MANAGE_MEMBERS: _("Invite and change members"),
    Can.MANAGE_ROLES: _("Change roles"),
    Can.MANAGE_API_KEYS: _("Create and revoke API keys"),
    Can.MANAGE_ORGANISATION: _("Change the organisation's settings"),
}

EVERYTHING = frozenset(Can)
READING = frozenset(
    {
        Can.VIEW_CUSTOMERS,
        Can.VIEW_ITEMS,
        Can.VIEW_AGEING,
        Can.EXPORT,
        Can.VIEW_MESSAGES,
        Can.VIEW_ACTIONS,
        Can.VIEW_ALERTS,
        Can.VIEW_PROFILES,
    }
)
# Who may change members and roles: somebody in each organisation always can (accounts.services.rights).
GOVERNING = frozenset({Can.MANAGE_MEMBERS, Can.MANAGE_ROLES})
COLLECTING = READING | {
    Can.EDIT_CUSTOMERS,
    Can.RECORD_PROMISE,
    Can.RECORD_DISPUTE,
    Can.ANSWER_DISPUTE,
    Can.PLACE_HOLD,
    Can.CONFIRM_ACTIONS,
    Can.LOG_CALLS,
    Can.APPLY_CASH,
    Can.CLAIM_CHARGES,
    Can.SET_CODES,
    Can.ASK_TERMINAL,
    Can.FIX_DATA,
    Can.ACKNOWLEDGE_ALERTS,
}


@dataclass(frozen=True)
class DefaultRole:
    """A role that every new organisation receives. `portfolio_only`: sees only the customers assigned to the member."""

    code: str
    name: "StrOrPromise"
    can: frozenset[Can]
    portfolio_only: bool = False


DEFAULT_ROLES = (
    DefaultRole(
        "cfo",
        _("CFO"),
        READING
        | {
            Can.VIEW_AUDIT,
            Can.APPROVE_GO_LIVE,
            Can.EDIT_SCENARIOS,
            Can.EDIT_CLASS_LIMITS,
            Can.ACKNOWLEDGE_ALERTS,
            Can.STOP_DELIVERIES,
            Can.APPROVE_TERMINAL,
            Can.SET_PROVISION,
        },
    ),
    DefaultRole(
        "credit_manager",
        _("Credit manager"),
        COLLECTING
        | {
            Can.EDIT_ITEMS,
            Can.IMPORT_LEDGER,
            Can.SET_CASH_RULES,
            Can.MANAGE_CONNECTIONS,
            Can.ANSWER_QUESTIONS,
            Can.WAIVE_CHARGES,
            Can.STOP_DELIVERIES,
            Can.APPROVE_TERMINAL,
            Can.SET_PROVISION,
            Can.EDIT_SCENARIOS,
            Can.EDIT_TEMPLATES,
            Can.EDIT_CLASS_LIMITS,
            Can.APPROVE_GO_LIVE,
            Can.VIEW_AUDIT,
        },
    ),
    DefaultRole("collector", _("Collector"), COLLECTING),
    DefaultRole(
        "sales",
        _("Sales"),
        frozenset(
            {
                Can.VIEW_CUSTOMERS,
                Can.VIEW_ITEMS,
                Can.VIEW_AGEING,
                Can.VIEW_PROFILES,
                Can.EXPORT,
                Can.RECORD_DISPUTE,
                Can.ANSWER_DISPUTE,
            }
        ),
        portfolio_only=True,
    ),
    DefaultRole(
        "dispute_resolver",
        _("Dispute resolver"),
        # What they were asked about, and nothing else.
        frozenset({Can.ANSWER_DISPUTE}),
    ),
    DefaultRole("auditor", _("Auditor"), READING | {Can.VIEW_AUDIT}),
    # Everything: nobody may grant what they lack, so whoever sets the organisation up must have it all to give.
    DefaultRole("admin", _("Administrator"), EVERYTHING),
)


def default_role(code: str) -> DefaultRole:
    """Raises KeyError for a code that is not among DEFAULT_ROLES."""
    return {role.code: role for role in DEFAULT_ROLES}[code]

"""The audit trail and the rights in words for a reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import LABELS, Can
from core.formats import current

# Where a group of rights belongs: the part of a capability's name before the point.
GROUPS = {
    "receivables": gettext_lazy("Customers and ledger"),
    "collection": gettext_lazy("Collections"),
    "desk": gettext_lazy("Messages"),
    "risk": gettext_lazy("Risk"),
    "integrations": gettext_lazy("Data"),
    "accounts": gettext_lazy("Administration"),
}

ACTIONS = {
    "accounts.organisation_created": gettext_lazy("Organisation created"),
    "accounts.organisation_changed": gettext_lazy("Settings of the organisation changed"),
    "accounts.sending_hours_changed": gettext_lazy("Sending hours changed"),
    "accounts.sandbox_clock_set": gettext_lazy("Sandbox clock set"),
    "accounts.member_invited": gettext_lazy("Invitation sent"),
    "accounts.invitation_resent": gettext_lazy("Invitation sent again"),
    "accounts.invitation_withdrawn": gettext_lazy("Invitation withdrawn"),
    "accounts.invitation_accepted": gettext_lazy("Invitation accepted"),
    "accounts.invitation_deleted": gettext_lazy("Closed invitation deleted"),
    "accounts.member_joined": gettext_lazy("Member joined"),
    "accounts.member_named": gettext_lazy("Name from the ERP added"),
    "accounts.member_changed": gettext_lazy("Member changed"),
    "accounts.member_deactivated": gettext_lazy("Access taken away"),
    "accounts.profile_changed": gettext_lazy("Own profile changed"),
    "accounts.role_created": gettext_lazy("Role created"),
    "accounts.role_changed": gettext_lazy("Role changed"),
    "accounts.role_deleted": gettext_lazy("Role deleted"),
    "accounts.api_key_created": gettext_lazy("API key created"),
    "accounts.api_key_revoked": gettext_lazy("API key revoked"),
    "receivables.loaded": gettext_lazy("File loaded"),
    "receivables.load_undone": gettext_lazy("Load undone"),
    "receivables.open_amount_repaired": gettext_lazy("Open amount put right"),
    "receivables.account_assigned": gettext_lazy("Customer assigned"),
    "receivables.terms_changed": gettext_lazy("Payment terms changed"),
    "receivables.identifiers_changed": gettext_lazy("Identifiers changed"),
    "receivables.address_changed": gettext_lazy("Address changed"),
    "receivables.contact_added": gettext_lazy("Contact added"),
    "receivables.contact_changed": gettext_lazy("Contact changed"),
    "receivables.promise_recorded": gettext_lazy("Promise recorded"),
    "receivables.promise_withdrawn": gettext_lazy("Promise withdrawn"),
    "receivables.promise_kept": gettext_lazy("Promise kept"),
    "receivables.promise_broken": gettext_lazy("Promise broken"),
    "receivables.hold_placed": gettext_lazy("Hold placed"),
    "receivables.hold_lifted": gettext_lazy("Hold lifted"),
    "receivables.dispute_recorded": gettext_lazy("Dispute recorded"),
    "receivables.dispute_unrecorded": gettext_lazy("Dispute taken back"),
    "desk.task_unmade": gettext_lazy("Task taken back"),
    "receivables.dispute_closed": gettext_lazy("Dispute closed"),
    "collection.scenario_created": gettext_lazy("Scenario created"),
    "collection.scenario_renamed": gettext_lazy("Scenario renamed"),
    "collection.scenario_archived": gettext_lazy("Scenario archived"),
    "collection.scenario_restored": gettext_lazy("Scenario back in use"),
    "collection.draft_opened": gettext_lazy("Draft of a scenario begun"),
    "collection.draft_saved": gettext_lazy("Draft of a scenario saved"),
    "collection.draft_discarded": gettext_lazy("Draft of a scenario thrown away"),
    "collection.version_published": gettext_lazy("Scenario changed"),
    "collection.rules_set": gettext_lazy("Assignment rules changed"),
    "collection.scenario_chosen": gettext_lazy("Scenario chosen for a customer"),
    "collection.scenario_choice_ended": gettext_lazy("Choice of a scenario ended"),
    "collection.go_live_approved": gettext_lazy("Sending approved"),
    "collection.call_logged": gettext_lazy("Call logged"),
    "collection.call_completed": gettext_lazy("What a call made and settled"),
    "collection.call_taken_back": gettext_lazy("Call taken back"),
    "collection.taken_back": gettext_lazy("Taken back"),
    "collection.note_logged": gettext_lazy("Note written"),
    "collection.follow_up_done": gettext_lazy("Follow-up done"),
    "collection.decision_undone": gettext_lazy("Decision taken back"),
    "desk.alert_raised": gettext_lazy("Alert raised"),
    "desk.alert_acknowledged": gettext_lazy("Alert acknowledged"),
    "risk.payer_class_changed": gettext_lazy("Payer class changed"),
    "risk.class_limits_set": gettext_lazy("Limits of the payer classes changed"),
    "collection.statement_sent": gettext_lazy("Statement sent"),
    "desk.notice_set": gettext_lazy("Messages beside reminders changed"),
    "desk.notice_opt_out": gettext_lazy("Wish about messages changed"),
    "desk.receipt_noted": gettext_lazy("Receipt of a letter written down"),
    "desk.unsure_decided": gettext_lazy("Uncertain message decided"),
    "desk.template_saved": gettext_lazy("Template changed"),
    "desk.template_dropped": gettext_lazy("Template set back"),
    "desk.template_code_created": gettext_lazy("Text added"),
    "integrations.file_received": gettext_lazy("File received"),
    "integrations.run_queued": gettext_lazy("Import started"),
    "integrations.run_stopped": gettext_lazy("Import stopped"),
    "integrations.mapping_chosen": gettext_lazy("Columns matched"),
    "integrations.mapping_remembered": gettext_lazy("Column matching remembered"),
    "desk.mail_received": gettext_lazy("Mail received"),
    "desk.mail_assigned": gettext_lazy("Mail assigned to a customer"),
    "desk.proposal_decided": gettext_lazy("Proposal of a mail decided"),
    "desk.mail_done": gettext_lazy("Mail dealt with"),
    "desk.mail_answered": gettext_lazy("Mail answered"),
    "desk.reply_rules_changed": gettext_lazy("Rules of replies changed"),
    "integrations.mailbox_created": gettext_lazy("Mailbox connected"),
    "integrations.mailbox_changed": gettext_lazy("Mailbox changed"),
    "integrations.mail_address_created": gettext_lazy("Address for mail created"),
    "integrations.connection_created": gettext_lazy("Connection created"),
    "integrations.connection_switched": gettext_lazy("Connection switched on or off"),
    "reporting.export_started": gettext_lazy("Export started"),
    "core.view_shared": gettext_lazy("View shared"),
}

OBJECTS = {
    "accounts.Tenant": gettext_lazy("organisation"),
    "accounts.Member": gettext_lazy("member"),
    "accounts.Invitation": gettext_lazy("invitation"),
    "accounts.Role": gettext_lazy("role"),
    "accounts.ApiKey": gettext_lazy("API key"),
    "receivables.Customer": gettext_lazy("customer"),
    "receivables.CustomerAccount": gettext_lazy("account"),
    "receivables.Contact": gettext_lazy("contact"),
    "receivables.LedgerItem": gettext_lazy("item"),
    "receivables.Promise": gettext_lazy("promise"),
    "receivables.Hold": gettext_lazy("hold"),
    "receivables.Dispute": gettext_lazy("dispute"),
    "collection.Scenario": gettext_lazy("scenario"),
    "collection.ScenarioVersion": gettext_lazy("scenario"),
    "collection.RuleSet": gettext_lazy("assignment rules"),
    "collection.ScenarioOverride": gettext_lazy("scenario of a customer"),
    "collection.Action": gettext_lazy("action"),
    "collection.Interaction": gettext_lazy("call or note"),
    "desk.Alert": gettext_lazy("alert"),
    "risk.PayerProfile": gettext_lazy("payer profile"),
    "risk.PayerClassLimits": gettext_lazy("payer classes"),
    "desk.Message": gettext_lazy("message"),
    "desk.Template": gettext_lazy("template"),
    "desk.TemplateCode": gettext_lazy("template"),
    "integrations.SyncRun": gettext_lazy("import"),
    "integrations.Connection": gettext_lazy("connection"),
    "reporting.Export": gettext_lazy("export"),
    "core.SavedView": gettext_lazy("view"),
}

FIELDS = {
    "name": gettext_lazy("name"),
    "role": gettext_lazy("role"),
    "entities": gettext_lazy("companies"),
    "capabilities": gettext_lazy("rights"),
    "scopes": gettext_lazy("narrowed to"),
    "portfolio_only": gettext_lazy("own customers only"),
    "is_active": gettext_lazy("active"),
    "expires_at": gettext_lazy("expires"),
    "sandbox_on": gettext_lazy("day of the clock"),
    "country": gettext_lazy("country"),
    "currency": gettext_lazy("currency"),
    "language": gettext_lazy("language"),
    "time_zone": gettext_lazy("time zone"),
    "code": gettext_lazy("code"),
    "state": gettext_lazy("state"),
    "reason": gettext_lazy("reason"),
    "note": gettext_lazy("note"),
    "amount": gettext_lazy("amount"),
    "due_on": gettext_lazy("due day"),
    "from_on": gettext_lazy("from"),
    "until_on": gettext_lazy("until"),
    "lifted_on": gettext_lazy("lifted"),
    "closed_on": gettext_lazy("closed"),
    "collector": gettext_lazy("collector"),
    "salesperson": gettext_lazy("salesperson"),
    "payment_terms": gettext_lazy("payment terms"),
    "disputed_amount": gettext_lazy("disputed amount"),
    "live_from": gettext_lazy("live since"),
    "number": gettext_lazy("number"),
    "items": gettext_lazy("items"),
}

# Steps of the night (creditmgmt.schedule), by what their count counts.
NIGHT_STEPS = {
    "sync": gettext_lazy("files taken from connections"),
    "open_amounts": gettext_lazy("open amounts put right"),
    "promises": gettext_lazy("promises decided"),
    "balances": gettext_lazy("balances that changed with the day"),
    "plan": gettext_lazy("reminders proposed"),
    "confirm": gettext_lazy("automatic reminders confirmed"),
    "outbox": gettext_lazy("messages waiting to be sent"),
    "profile": gettext_lazy("customers that pay otherwise than before"),
    "bank": gettext_lazy("matched payments settled with the books"),
    "allocate": gettext_lazy("bank lines matched by themselves"),
    "answers": gettext_lazy("old answers of the API forgotten"),
    "thanks": gettext_lazy("customers thanked for payments"),
    "delivery_notes": gettext_lazy("invoices announced to customers"),
    "digests": gettext_lazy("summaries of the day sent to colleagues"),
    "terminal": gettext_lazy("stops lifted and write-offs followed"),
    "mail": gettext_lazy("mails taken from mailboxes"),
    "causes": gettext_lazy("items whose cause was decided anew"),
    "claims": gettext_lazy("claims of interest and charges made"),
    "disputes": gettext_lazy("colleagues reminded of disputes"),
}

LONGEST_VALUE = 120
# Fields of which the trail says that they changed, not from what to what.
UNTOLD = frozenset({"name"})


@dataclass(frozen=True)
class Change:
    """A field's change in words: `before` and `after`, or for a set what was added and removed."""

    field: str
    before: str = ""
    after: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def action_words(action: str) -> str:
    """What an action is called; one without words of its own is read out of its name."""
    return str(ACTIONS.get(action) or _spelled_out(action.rpartition(".")[2]).capitalize())


def object_words(object_type: str) -> str:
    """What a kind of row is called: the words of accounts, else the model's own name for it."""
    from django.apps import apps

    if object_type in OBJECTS:
        return str(OBJECTS[object_type])
    try:
        return str(apps.get_model(object_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return _spelled_out(object_type.rpartition(".")[2])


def night_step_words(name: str) -> str:
    """What the count of a step of the night counts."""
    return str(NIGHT_STEPS.get(name) or _spelled_out(name))


def choice_words(object_type: str, field: str) -> Mapping[str, str]:
    """The words of a field's codes, {} for one that holds no codes."""
    from django.apps import apps
    from django.core.exceptions import FieldDoesNotExist

    try:
        of_model = apps.get_model(object_type)._meta.get_field(field)
    except (LookupError, ValueError, FieldDoesNotExist):
        return {}
    # What refers to the row (its steps, say) is a field of the model too, without codes.
    return {str(code): str(words) for code, words in getattr(of_model, "flatchoices", ())}


def change_words(changes: Mapping[str, Any], names: Mapping[UUID, str], object_type: str = "") -> list[Change]:
    """The changes of an audit record, one for each field. `names`: of the rows that a value may refer to."""
    out = []
    for field, value in changes.items():
        label = str(FIELDS.get(field) or _spelled_out(field))
        codes = choice_words(object_type, field)
        if codes and isinstance(value, list):
            value = [codes.get(one, one) if isinstance(one, str) else one for one in value]
        if isinstance(value, list) and len(value) == 2:
            before, after = value
            if isinstance(before, list) or isinstance(after, list):
                old = [value_words(one, names) for one in before or []]
                new = [value_words(one, names) for one in after or []]
                added, removed = tuple(w for w in new if w not in old), tuple(w for w in old if w not in new)
                if added or removed:
                    out.append(Change(label, added=added, removed=removed))
            else:
                words = Change(label, before=value_words(before, names), after=value_words(after, names))
                if field in UNTOLD or words.before or words.after:
                    out.append(words)
        else:
            out.append(Change(label, after=value_words(value, names)))
    return out


def value_words(value: Any, names: Mapping[UUID, str]) -> str:
    """One value: yes and no, a right or a row by its name, days by the reader's custom, long ones cut; "" for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = str(value)
    if text in _CAPABILITIES:
        return str(LABELS[Can(text)])
    if _UUID.fullmatch(text):
        return names.get(UUID(text), text)
    try:
        if _MOMENT.fullmatch(text):
            return current().moment(datetime.fromisoformat(text))
        if _DAY.fullmatch(text):
            return current().day(date.fromisoformat(text))
    except ValueError:  # looks like a day, but is none: somebody's text
        return text
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def references_in(changes: Mapping[str, Any]) -> set[UUID]:
    """The ids among the values, to look their names up."""
    found = set()
    for value in changes.values():
        for one in _flat(value):
            if _UUID.fullmatch(str(one)):
                found.add(UUID(str(one)))
    return found


_CAPABILITIES = frozenset(can.value for can in Can)
# The shapes that core.audit.plain gives.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DAY = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]")
_MOMENT = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-9:.]+[+-][0-9]{2}:[0-9]{2}")


def _flat(value: Any) -> list[Any]:
    return [inner for one in value for inner in _flat(one)] if isinstance(value, list) else [value]


def _spelled_out(name: str) -> str:
    return name.replace("_", " ").strip()

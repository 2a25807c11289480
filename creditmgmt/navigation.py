"""The sidebar, and who answers the questions of the shell. Named in settings.NAVIGATION, read by core.web.

To add a page: one Entry with its URL name and the capabilities that its view asks for. An entry whose address does not
exist yet is not shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope, business_today, load_member, load_scope
from accounts.models import Member, Tenant, UserTenant
from accounts.roles import Can
from collection.queries.day import reminders_waiting
from core.web import Entry, Section, Setting, address, remembered
from desk.models import InboundMessage
from desk.queries.alerts import alerts_to_see
from desk.queries.inbound import inbound_in
from integrations.models import SyncRun
from receivables.models import BankLine, Dispute, Promise
from receivables.queries.matching import bank_lines_in
from receivables.queries.visible import disputes_in, promises_in

GOOD_RUNS = (SyncRun.State.APPLIED, SyncRun.State.UNCHANGED)
BAD_RUNS = (SyncRun.State.FAILED, SyncRun.State.REFUSED, SyncRun.State.HELD)
STALE_AFTER = timedelta(hours=36)


# What waits behind an entry of the sidebar: asked at most once a minute per member, in the member's own scope.
def actions_waiting(request: HttpRequest) -> int:
    """Reminders to confirm: those with which the list of the day begins."""
    member = load_member(request)
    assert member is not None  # the sidebar is a member's
    on = business_today(request.tenant)  # type: ignore[attr-defined]
    return reminders_waiting(member_id=member.id, scope=_scope(request), on=on)


def replies_waiting(request: HttpRequest) -> int:
    """Mails that came in and nobody has dealt with."""
    return inbound_in(scope=_scope(request)).exclude(state=InboundMessage.State.DONE).count()


def promises_due(request: HttpRequest) -> int:
    """Open promises whose day is today or has passed."""
    on = business_today(request.tenant)  # type: ignore[attr-defined]
    return promises_in(scope=_scope(request)).filter(state=Promise.State.OPEN, due_on__lte=on).count()


def disputes_open(request: HttpRequest) -> int:
    """Disputes that nobody has closed."""
    return disputes_in(scope=_scope(request)).filter(closed_on__isnull=True).count()


def cash_waiting(request: HttpRequest) -> int:
    """Lines of the bank that are matched to nothing yet."""
    return bank_lines_in(scope=_scope(request)).filter(state=BankLine.State.OPEN).count()


def disputes_to_answer(request: HttpRequest) -> int:
    """Disputes that the member was asked to answer, and has not."""
    member = load_member(request)
    assert member is not None  # the sidebar is a member's
    return Dispute.objects.filter(owner_id=member.id, closed_on__isnull=True, answered_on__isnull=True).count()


def imports_waiting(request: HttpRequest) -> int:
    """Files that wait for a person: how they are read is not decided, they were checked and not loaded, or are held."""
    waiting = (SyncRun.State.RECEIVED, SyncRun.State.CHECKED, SyncRun.State.HELD)
    return SyncRun.objects.filter(state__in=waiting).count()


def _scope(request: HttpRequest) -> Scope:
    """That of the view, or the member's own where the page asks for no capability."""
    found: Scope | None = getattr(request, "scope", None)
    if found is not None:
        return found
    return load_scope(request)  # the sidebar is a member's


SECTIONS = (
    Section(
        "",
        (
            Entry(_("Home"), "home", "home", phone=True),
            Entry(_("My actions"), "checklist", "worklist", (Can.VIEW_ACTIONS,), actions_waiting, phone=True),
            Entry(_("Tasks"), "list-check", "tasks", ()),
            Entry(_("Aged balance"), "table", "ageing", (Can.VIEW_AGEING,)),
            Entry(_("Customers"), "users", "customers", (Can.VIEW_CUSTOMERS,), phone=True),
            Entry(_("Items"), "file-invoice", "items", (Can.VIEW_ITEMS,), phone=True),
            Entry(_("Documents"), "files", "documents", (Can.VIEW_ITEMS,)),
            Entry(_("Orders"), "shopping-cart", "orders", (Can.VIEW_ITEMS,)),
        ),
    ),
    Section(
        _("Collections"),
        (
            Entry(_("Scenarios"), "route", "scenarios", (Can.EDIT_SCENARIOS,)),
            Entry(_("Messages"), "mail-forward", "messages", (Can.VIEW_MESSAGES,)),
            Entry(_("Replies"), "mail-opened", "replies", (Can.VIEW_MESSAGES,), replies_waiting),
            Entry(_("Alerts"), "bell", "alerts", (Can.VIEW_ALERTS,)),
            Entry(_("Payments received"), "building-bank", "cash", (Can.APPLY_CASH,), cash_waiting),
            Entry(_("Promises"), "calendar-event", "promises", (Can.VIEW_ITEMS,), promises_due),
            Entry(_("Disputes"), "message-report", "disputes", (Can.VIEW_ITEMS,), disputes_open),
            Entry(_("Suspensions"), "player-pause", "holds", (Can.VIEW_ITEMS,)),
            Entry(_("To answer"), "message-report", "my_disputes", (Can.ANSWER_DISPUTE,), disputes_to_answer),
            Entry(_("Interest and charges"), "percentage", "claims", (Can.VIEW_ITEMS,)),
            Entry(_("Why items are late"), "help-circle", "cause_statistics", (Can.VIEW_AGEING,)),
        ),
    ),
    Section(
        _("Litigation"),
        (
            Entry(_("Stops of deliveries"), "ban", "delivery_stops", (Can.VIEW_ITEMS,)),
            Entry(_("Formal notices"), "gavel", "formal_notices", (Can.VIEW_ITEMS,)),
            Entry(_("Cases"), "briefcase", "legal_cases", (Can.VIEW_ITEMS,)),
            Entry(_("Write-offs"), "file-off", "write_offs", (Can.VIEW_ITEMS,)),
            Entry(_("Provision"), "scale", "provision", (Can.VIEW_AGEING,)),
        ),
    ),
    Section(
        _("Data"),
        (
            Entry(_("Imports"), "file-import", "imports", (Can.IMPORT_LEDGER,), imports_waiting),
            Entry(_("Data quality"), "stethoscope", "quality", (Can.FIX_DATA,)),
        ),
    ),
    Section(
        _("Administration"),
        (
            Entry(_("Settings"), "settings", "settings"),
            Entry(_("Members"), "users-group", "members", (Can.MANAGE_MEMBERS,)),
            Entry(_("Audit trail"), "history", "audit", (Can.VIEW_AUDIT,)),
            Entry(_("Demo mailbox"), "mailbox", "mailbox", (Can.VIEW_MESSAGES,)),
        ),
    ),
)

# What is laid down once and rarely looked at: on a page of its own, and found by Ctrl K.
SETTINGS = (
    Section(
        _("Yours"),
        (
            Setting(
                _("Your account"), "user", "profile", about=_("Name, language, password, second factor, sessions.")
            ),
            Setting(_("Mail to you"), "mail", "my_notices", about=_("Which digests you receive.")),
        ),
    ),
    Section(
        _("Organisation"),
        (
            Setting(
                _("Organisation"),
                "building",
                "organisation",
                (Can.MANAGE_ORGANISATION,),
                about=_("Name, country, currency and time zone."),
            ),
            Setting(
                _("Roles"),
                "shield-half",
                "roles",
                (Can.MANAGE_ROLES,),
                about=_("What members of each role may see and do."),
            ),
            Setting(
                _("API keys"), "key", "api_keys", (Can.MANAGE_API_KEYS,), about=_("What your ERP and CRM call with.")
            ),
            Setting(
                _("Connections"),
                "plug-connected",
                "connections",
                (Can.MANAGE_CONNECTIONS,),
                about=_("Where files of your systems and replies of customers come from."),
            ),
        ),
    ),
    Section(
        _("Collections"),
        (
            Setting(
                _("When a customer writes"),
                "mail-opened",
                "reply_rules",
                (Can.EDIT_SCENARIOS,),
                about=_("Whether its reminders wait, and for how long."),
            ),
            Setting(
                _("Sending hours"),
                "clock",
                "sending_hours",
                (Can.MANAGE_ORGANISATION,),
                about=_("On which days and at what hours messages may leave."),
            ),
            Setting(
                _("Message texts"),
                "template",
                "templates",
                (Can.VIEW_MESSAGES,),
                about=_("What reminders, letters and text messages say, by channel and language."),
            ),
            Setting(
                _("Messages beside reminders"),
                "mail-forward",
                "notice_settings",
                (Can.EDIT_SCENARIOS,),
                about=_("Thanks for payments, delivery notes of invoices, digests to your colleagues."),
            ),
            Setting(
                _("Late-payment law"),
                "gavel",
                "law",
                (Can.EDIT_SCENARIOS,),
                about=_("Rates of interest and recovery charges by country, and what you agreed instead."),
            ),
            Setting(
                _("Reasons of disputes"),
                "list-details",
                "dispute_reasons",
                (Can.EDIT_SCENARIOS,),
                about=_("What customers object to, who answers, and within how many days."),
            ),
            Setting(
                _("Agencies and lawyers"),
                "briefcase",
                "agencies",
                (Can.APPROVE_TERMINAL,),
                about=_("Who collects for you what you do not get yourself."),
            ),
            Setting(
                _("Decisions by two"),
                "users",
                "terminal_settings",
                (Can.MANAGE_ORGANISATION,),
                about=_(
                    "Which formal notices, hand-overs and write-offs a second person approves, and up to how much."
                ),
            ),
            Setting(
                _("Rates of provision"),
                "percentage",
                "provision_rates",
                (Can.SET_PROVISION,),
                about=_("What you expect to lose, by age and standing."),
            ),
            Setting(
                _("Status codes"),
                "tag",
                "status_codes",
                (Can.EDIT_SCENARIOS,),
                about=_("What you say about single items, and what that does to their reminders."),
            ),
            Setting(
                _("Causes"),
                "help-circle",
                "causes",
                (Can.EDIT_SCENARIOS,),
                about=_("Why items are late, and the rules that say so each night."),
            ),
            Setting(
                _("Payer classes"),
                "scale",
                "payer_classes",
                (Can.EDIT_CLASS_LIMITS,),
                about=_("From which average delay a customer counts as slow, very slow or defaulting."),
            ),
            Setting(
                _("Customers to review"),
                "calendar-event",
                "review_rules",
                (Can.EDIT_CLASS_LIMITS,),
                about=_("After which alert or silence a customer stands on the day's list to be reviewed."),
            ),
        ),
    ),
)


def member_of(request: HttpRequest) -> Member | None:
    """The member behind the request in its organisation. At most 1 SQL query per request."""
    return load_member(request)


def organisations_of(request: HttpRequest) -> Iterable[Tenant]:
    """The active organisations that the person may enter, by name. 1 SQL query."""
    return Tenant.objects.filter(
        id__in=UserTenant.objects.filter(user_id=str(request.user.pk)).values("of_tenant_id"),
        status=Tenant.Status.ACTIVE,
    ).order_by("name", "id")


@dataclass(frozen=True)
class Sync:
    """What the top bar says of the ledger: when it last came in, and "stale", "broken" or "" (fine)."""

    at: datetime | None
    state: str
    url: str


def sync_of(request: HttpRequest) -> Sync | None:
    """The last load of a file or sync; None before the first. 1 SQL query, at most once a minute per organisation.

    Broken: the newest file of a connection failed, was refused or waits for a person. Stale: nothing for 36 hours
    (a sandbox, whose days pass as one likes, is never stale). The real clock, as for every stamp.
    """
    tenant = request.tenant  # type: ignore[attr-defined]
    runs = remembered(request, _sync_key(tenant.pk), _ended_runs)
    good = next((at for state, _connected, at in runs if state in GOOD_RUNS), None)
    if not runs:
        return None
    member = member_of(request)
    url = address("imports") if member and member.can(Can.IMPORT_LEDGER) else ""
    connected = next((state for state, by_connection, _at in runs if by_connection), None)
    if connected and connected not in GOOD_RUNS:
        return Sync(at=good, state="broken", url=url)
    is_stale = good is None or (timezone.now() - good > STALE_AFTER and not tenant.is_sandbox)
    return Sync(at=good, state="stale" if is_stale else "", url=url)


def _ended_runs() -> list[tuple[str, bool, datetime]]:
    ended = SyncRun.objects.filter(state__in=(*GOOD_RUNS, *BAD_RUNS), finished_at__isnull=False)
    rows = ended.order_by("-received_at", "id").values_list("state", "connection_id", "finished_at")[:20]
    return [(state, connection is not None, at) for state, connection, at in rows if at]


def alerts_of(request: HttpRequest) -> int | None:
    """Alerts that nobody has acknowledged; None for members who may not see them. 1 SQL query, at most once a minute."""
    member = member_of(request)
    if member is None or not member.can(Can.VIEW_ALERTS):
        return None
    on = business_today(request.tenant)  # type: ignore[attr-defined]
    return remembered(request, _alerts_key(member), lambda: alerts_to_see(scope=_scope(request), on=on).count())


def kept_keys(request: HttpRequest) -> list[str]:
    """Under which keys the top bar's answers are kept: the shell asks for all it needs in one call of the cache."""
    member = member_of(request)
    return [_sync_key(member.tenant_id), _alerts_key(member)] if member else []


def _sync_key(tenant_id: UUID) -> str:
    return f"{tenant_id}:sync"


def _alerts_key(member: Member) -> str:
    return f"{member.tenant_id}:{member.pk}:alerts"

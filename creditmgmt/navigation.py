"""The sidebar, and who answers the questions of the shell. Named in settings.NAVIGATION, read by core.web.

To add a page: one Entry with its URL name and the capabilities that its view asks for. An entry whose address does not
exist yet is not shown.
"""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.access import load_member
from accounts.models import Member, Tenant, UserTenant
from accounts.roles import Can
from core.web import Entry, Section

SECTIONS = (
    Section(
        "",
        (
            Entry(_("Home"), "home", "home", phone=True),
            Entry(_("My actions"), "checklist", "worklist", (Can.VIEW_ACTIONS,), phone=True),
            Entry(_("Aged balance"), "table", "ageing", (Can.VIEW_AGEING,)),
            Entry(_("Customers"), "users", "customers", (Can.VIEW_CUSTOMERS,), phone=True),
            Entry(_("Items"), "file-invoice", "items", (Can.VIEW_ITEMS,), phone=True),
            Entry(_("Documents"), "files", "documents", (Can.VIEW_ITEMS,)),
        ),
    ),
    Section(
        _("Collections"),
        (
            Entry(_("Scenarios"), "route", "scenarios", (Can.EDIT_SCENARIOS,)),
            Entry(_("Messages"), "mail-forward", "messages", (Can.VIEW_MESSAGES,)),
            Entry(_("Promises"), "calendar-event", "promises", (Can.VIEW_ITEMS,)),
            Entry(_("Disputes"), "message-report", "disputes", (Can.VIEW_ITEMS,)),
        ),
    ),
    Section(
        _("Data"),
        (
            Entry(_("Imports"), "file-import", "imports", (Can.IMPORT_LEDGER,)),
            Entry(_("Connections"), "plug-connected", "connections", (Can.MANAGE_CONNECTIONS,)),
            Entry(_("Data quality"), "stethoscope", "quality", (Can.FIX_DATA,)),
        ),
    ),
    Section(
        _("Administration"),
        (
            Entry(_("Organisation"), "building", "organisation", (Can.MANAGE_ORGANISATION,)),
            Entry(_("Members"), "users-group", "members", (Can.MANAGE_MEMBERS,)),
            Entry(_("Roles"), "shield-half", "roles", (Can.MANAGE_ROLES,)),
            Entry(_("API keys"), "key", "api_keys", (Can.MANAGE_API_KEYS,)),
            Entry(_("Audit trail"), "history", "audit", (Can.VIEW_AUDIT,)),
            Entry(_("Demo mailbox"), "mailbox", "mailbox", (Can.VIEW_MESSAGES,)),
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


def sync_of(request: HttpRequest) -> Any:
    """The last sync with the ERP (see core.web.Shell.sync); None while the organisation has no connection."""
    return None


def alerts_of(request: HttpRequest) -> int | None:
    """Unread notifications; None while there is no page for them."""
    return None

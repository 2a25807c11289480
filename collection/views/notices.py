"""Messages beside reminders: which of them the organisation sends, and who wants none."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.access import MemberRequest, requires
from accounts.roles import Can
from core.errors import NotAllowed, Refusal
from core.rows import row_of
from core.web import page, say
from desk.models import Notice, NoticeOptOut
from desk.services import notice_settings as service
from receivables.queries.visible import customers_in

ABOUT = {
    Notice.THANKS: gettext_lazy("After a payment has come in, the morning after. Once for each payment."),
    Notice.DELIVERY: gettext_lazy("When a new invoice comes into the books, to who handles invoices there."),
    Notice.SALES_DIGEST: gettext_lazy("What is overdue at the customers that they look after."),
    Notice.DAY_DIGEST: gettext_lazy("What waits to be confirmed, called, answered and read."),
}


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def notice_settings(request: MemberRequest) -> HttpResponse:
    """Which messages are sent beside reminders, from when, and how often at most. All are off to begin with."""
    known = service.settings_by_kind()
    errors: dict[str, str] = {}
    if request.method == "POST":
        for kind in service.OF_ORGANISATION:
            text = request.POST.get(f"days-{kind}", "").strip()
            try:
                days = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else service.USUAL_DAYS[kind]
                service.set_notice(
                    kind=kind,
                    is_on=f"on-{kind}" in request.POST,
                    every_days=days,
                    now=timezone.now(),
                    actor=request.actor,
                )
            except Refusal as refusal:
                errors[kind] = next((str(one) for all_ in refusal.fields.values() for one in all_), str(refusal))
        if not errors:
            say(request, _("Saved."))
            return redirect("notice_settings")
    rows = [_row(kind, known.get(kind), errors.get(kind, "")) for kind in service.OF_ORGANISATION]
    return page(request, "collection/notice_settings.html", {"rows": rows}, status=422 if errors else 200)


def _row(kind: Notice, found: Any, error: str) -> dict[str, Any]:
    return {
        "kind": kind.value,
        "label": kind.label,
        "about": ABOUT[kind],
        "since": found.since if found else None,
        "days": found.every_days if found else service.USUAL_DAYS[kind],
        "has_days": kind != Notice.DELIVERY,
        "error": error,
    }


@requires(Can.VIEW_CUSTOMERS)
@require_http_methods(["GET", "POST"])
def customer_notices(request: MemberRequest, customer_id: UUID) -> HttpResponse:
    """What a customer wants to receive beside reminders, in the drawer."""
    customer = row_of(customers_in(scope=request.scope), customer_id)
    if request.method == "POST":
        if not request.member.can(Can.EDIT_CUSTOMERS):
            raise NotAllowed
        for kind in service.TO_CUSTOMERS:
            service.set_wish(kind=kind, wanted=kind.value in request.POST, actor=request.actor, customer_id=customer.id)
        say(request, _("Saved."))
        return redirect("customer", customer.id)
    unwanted = set(NoticeOptOut.objects.filter(customer=customer).values_list("kind", flat=True))
    rows = [(kind.value, kind.label, kind.value not in unwanted) for kind in service.TO_CUSTOMERS]
    context = {"customer": customer, "rows": rows, "may_change": request.member.can(Can.EDIT_CUSTOMERS)}
    return page(request, "collection/customer_notices.html", context)


@requires()
@require_http_methods(["GET", "POST"])
def my_notices(request: MemberRequest) -> HttpResponse:
    """Which digests one receives by e-mail."""
    if request.method == "POST":
        for kind in service.TO_MEMBERS:
            wanted = kind.value in request.POST
            service.set_wish(kind=kind, wanted=wanted, actor=request.actor, member_id=request.member.id)
        say(request, _("Saved."))
        return redirect("my_notices")
    unwanted = set(NoticeOptOut.objects.filter(member=request.member).values_list("kind", flat=True))
    known = service.settings_by_kind()
    rows = [
        {
            "kind": kind.value,
            "label": kind.label,
            "wanted": kind.value not in unwanted,
            "is_on": kind not in service.OF_ORGANISATION or bool(kind in known and known[kind].since),
        }
        for kind in service.TO_MEMBERS
    ]
    return page(request, "collection/my_notices.html", {"rows": rows})

"""Forms that change what is chased: holds, disputes, promises. Opened in the drawer, from lists and pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, requires
from accounts.roles import Can
from core import formats
from core.errors import NotFound, Refusal
from core.lists import show
from core.rows import row_of
from core.web import add_refusal
from receivables.forms import CloseDisputeForm, DisputeForm, HoldForm, PromiseForm
from receivables.lists.standing import HOLDS
from receivables.models import CustomerGroup, Dispute, Hold, Promise
from receivables.queries import EVERY_ITEM, OpenItem, open_items
from receivables.queries.visible import customers_in, disputes_in, holds_in, items_in
from receivables.services import bulk, standing
from receivables.views.drawers import drawer, go_on, is_sent, picked
from receivables.words import HOLD_EFFECTS

UNDONE_AT_ONCE = 20
# Open items that a form offers to choose from.
CHOICES = 60


@requires(Can.PLACE_HOLD)
@require_http_methods(["GET", "POST"])
def holds_new(request: MemberRequest) -> HttpResponse:
    """Suspend the reminders of picked items."""
    items = list(items_in(scope=request.scope).filter(id__in=picked(request)).select_related("customer"))
    if not items:
        raise NotFound
    one = _("Suspend reminders of %(number)s") % {"number": items[0].number}
    many = ngettext("Suspend reminders of %(n)d item", "Suspend reminders of %(n)d items", len(items))
    title = one if len(items) == 1 else many % {"n": len(items)}
    return _hold(request, title, {"item_ids": [item.id for item in items]}, reverse("items"))


@requires(Can.PLACE_HOLD)
@require_http_methods(["GET", "POST"])
def customer_holds_new(request: MemberRequest) -> HttpResponse:
    """Suspend all reminders of picked customers."""
    customers = list(customers_in(scope=request.scope).filter(id__in=picked(request)).select_related("group"))
    if not customers:
        raise NotFound
    one = _("Suspend reminders of %(name)s") % {"name": customers[0].name}
    many = ngettext("Suspend reminders of %(n)d customer", "Suspend reminders of %(n)d customers", len(customers))
    title = one if len(customers) == 1 else many % {"n": len(customers)}
    # A hold on a group concerns customers of everybody: for readers of everything only, as such holds are.
    group = customers[0].group if len(customers) == 1 and request.scope.is_everything else None
    return _hold(request, title, {"customer_ids": [one.id for one in customers]}, reverse("customers"), group=group)


def _hold(
    request: MemberRequest, title: str, ids: dict[str, Any], fallback: str, *, group: CustomerGroup | None = None
) -> HttpResponse:
    form = HoldForm(request.POST if is_sent(request) else None, group=group.name if group else "")
    if form.is_bound and form.is_valid():
        given = dict(form.cleaned_data)
        whole_group = given.pop("whole_group", False)
        given["from_on"] = given["from_on"] or request.on
        try:
            if whole_group and group is not None:
                holds = [standing.place_hold(group_id=group.id, **given, actor=request.actor)]
            else:
                holds = bulk.place_holds(**ids, **given, actor=request.actor)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return go_on(request, _held(len(holds)), fallback=fallback, undo=_undo_of(holds))
    return drawer(
        request,
        form,
        title=title,
        save=_("Suspend"),
        picks=[one for some in ids.values() for one in some],
        effects=[(reason.label, text) for reason, text in HOLD_EFFECTS.items()],
    )


@requires(Can.VIEW_ITEMS)
@require_safe
def hold_list(request: MemberRequest) -> HttpResponse:
    """What is and was out of dunning, why and by whom."""
    return show(request, HOLDS)


def _held(count: int) -> str:
    if not count:
        return _("They were suspended for this reason already.")
    return ngettext("%(n)d suspension placed.", "%(n)d suspensions placed.", count) % {"n": count}


def _undo_of(holds: list[Hold]) -> str:
    if not 0 < len(holds) <= UNDONE_AT_ONCE:
        return ""
    return reverse("holds_lift") + "?" + urlencode([("pick", hold.id) for hold in holds])


@requires(Can.PLACE_HOLD)
@require_POST
def holds_lift(request: MemberRequest) -> HttpResponse:
    """Let reminders go on."""
    holds = list(holds_in(scope=request.scope).filter(id__in=picked(request)))
    if not holds:
        raise NotFound
    for hold in holds:
        standing.lift_hold(hold_id=hold.id, on=request.on, actor=request.actor)
    return go_on(request, _("Reminders go on."), fallback=reverse("customers"))


@requires(Can.RECORD_DISPUTE)
@require_http_methods(["GET", "POST"])
def disputes_new(request: MemberRequest) -> HttpResponse:
    """Open a dispute on a picked item, or on several wholly."""
    items = list(items_in(scope=request.scope).filter(id__in=picked(request)).select_related("customer"))
    if not items:
        raise NotFound
    several = len(items) > 1
    form = DisputeForm(request.POST if is_sent(request) else None, several=several)
    if form.is_bound and form.is_valid() and (done := _open_disputes(request, form, items)):
        return done
    many = ngettext("Dispute %(n)d item", "Dispute %(n)d items", len(items)) % {"n": len(items)}
    return drawer(
        request,
        form,
        title=many if several else _("Dispute %(number)s") % {"number": items[0].number},
        lead="" if several else _open_words(items[0]),
        save=_("Open the dispute"),
        picks=[item.id for item in items],
    )


@requires(Can.RECORD_DISPUTE)
@require_http_methods(["GET", "POST"])
def dispute_new(request: MemberRequest, customer_id: UUID) -> HttpResponse:
    """Open a dispute on items of a customer, chosen in the form."""
    scope = request.scope
    customer = row_of(customers_in(scope=scope), customer_id)
    form = DisputeForm(request.POST if is_sent(request) else None, items=choices_of(owed_items(request, customer_id)))
    if form.is_bound and form.is_valid():
        items = list(items_in(scope=scope).filter(customer_id=customer_id, id__in=form.cleaned_data["items"]))
        if done := _open_disputes(request, form, items):
            return done
    return drawer(request, form, title=_("Dispute of %(name)s") % {"name": customer.name}, save=_("Open the dispute"))


def _open_disputes(request: MemberRequest, form: DisputeForm, items: list[Any]) -> HttpResponse | None:
    """Opened, all or none; None when refused, with the reason in the form."""
    given = form.cleaned_data
    try:
        bulk.record_disputes(
            item_ids=[item.id for item in items],
            reason=given["reason"],
            disputed_amount=given.get("disputed_amount"),
            comment=given["comment"],
            opened_on=request.on,
            actor=request.actor,
        )
    except Refusal as refusal:
        add_refusal(form, refusal)
        return None
    text = ngettext("%(n)d dispute opened.", "%(n)d disputes opened.", len(items)) % {"n": len(items)}
    return go_on(request, text, fallback=reverse("disputes"))


def owed_items(request: MemberRequest, customer_id: UUID) -> list[OpenItem]:
    """What a customer may speak of: its open debits, the oldest first."""
    selection = EVERY_ITEM.of_customer(customer_id)
    found = open_items(on=request.on, scope=request.scope, selection=selection, limit=CHOICES)
    return [item for item in found if item.open_amount > 0]


def choices_of(items: list[OpenItem]) -> list[tuple[str, str]]:
    shown = formats.current()
    return [
        (
            str(item.item_id),
            f"{item.number} · {shown.day(item.due_date)} · {shown.money(item.open_amount, item.currency)}",
        )
        for item in items
    ]


def _open_words(item: Any) -> str:
    shown = formats.current()
    return _("%(customer)s · %(amount)s open · due %(day)s") % {
        "customer": item.customer.name,
        "amount": shown.money(item.open_amount, item.currency),
        "day": shown.day(item.due_date),
    }


@requires(Can.ANSWER_DISPUTE)
@require_http_methods(["GET", "POST"])
def disputes_close(request: MemberRequest) -> HttpResponse:
    """Close picked disputes with a word on how they were settled."""
    disputes: list[Dispute] = list(
        disputes_in(scope=request.scope).filter(id__in=picked(request), closed_on__isnull=True).select_related("item")
    )
    if not disputes:
        raise standing.AlreadyOver
    form = CloseDisputeForm(request.POST if is_sent(request) else None)
    if form.is_bound and form.is_valid():
        for dispute in disputes:
            standing.close_dispute(
                dispute_id=dispute.id,
                closed_on=request.on,
                comment=form.cleaned_data["comment"],
                actor=request.actor,
            )
        text = ngettext("%(n)d dispute closed.", "%(n)d disputes closed.", len(disputes)) % {"n": len(disputes)}
        return go_on(request, text, fallback=reverse("disputes"))
    many = ngettext("Close %(n)d dispute", "Close %(n)d disputes", len(disputes)) % {"n": len(disputes)}
    one = _("Close the dispute on %(number)s") % {"number": disputes[0].item.number}
    return drawer(
        request,
        form,
        title=one if len(disputes) == 1 else many,
        lead=_("The items are chased again from the next run on."),
        save=_("Close the dispute") if len(disputes) == 1 else _("Close the disputes"),
        picks=[dispute.id for dispute in disputes],
    )


@requires(Can.RECORD_PROMISE)
@require_http_methods(["GET", "POST"])
def promise_new(request: MemberRequest, customer_id: UUID) -> HttpResponse:
    """Record what a customer promises to pay, and for which of its open items."""
    scope, on = request.scope, request.on
    customer = row_of(customers_in(scope=scope), customer_id)
    shown = formats.current()
    owed = owed_items(request, customer_id)
    choices = choices_of(owed)
    currencies = list(dict.fromkeys(item.currency for item in owed)) or [request.tenant.currency]
    initial = {"items": [str(item.item_id) for item in owed if item.due_date < on and item.currency == currencies[0]]}
    form = PromiseForm(
        request.POST if is_sent(request) else None, items=choices, currencies=currencies, initial=initial
    )
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        chosen = [item for item in owed if str(item.item_id) in given.get("items", ())]
        amount = given["amount"]
        if amount is None:
            amount = sum((item.open_amount for item in chosen if item.currency == given["currency"]), Decimal(0))
        entities = {item.entity_id for item in chosen}
        try:
            promise: Promise = standing.record_promise(
                customer_id=customer.id,
                amount=amount,
                currency=given["currency"],
                due_on=given["due_on"],
                made_on=on,
                entity_id=entities.pop() if len(entities) == 1 else None,
                item_ids=[item.item_id for item in chosen],
                comment=given["comment"],
                actor=request.actor,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            text = _("Promise of %(amount)s by %(day)s recorded.") % {
                "amount": shown.money(promise.amount, promise.currency),
                "day": shown.day(promise.due_on),
            }
            undo = reverse("promises_withdraw") + "?" + urlencode({"pick": promise.id})
            return go_on(request, text, fallback=reverse("promises"), undo=undo)
    return drawer(request, form, title=_("Promise of %(name)s") % {"name": customer.name}, save=_("Record the promise"))

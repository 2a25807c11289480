"""Stops of deliveries and write-offs: asked for in the drawer, decided on their page."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import requires
from accounts.models import Role
from accounts.roles import Can
from collection.lists.terminal import DELIVERY_STOPS, STATE_KINDS, WRITE_OFFS
from collection.models import DeliveryStop, WriteOff, WriteOffLimit
from collection.queries.terminal import stops_in, write_offs_in
from collection.services import terminal, write_offs
from collection.terminal_forms import DecideForm, LimitForm, ReasonForm, StopForm, TerminalSettingsForm
from core import formats
from core.errors import NotFound, Refusal
from core.lists import show
from core.rows import row_of
from core.web import add_refusal, page, say
from receivables.models import LedgerItem
from receivables.queries.visible import customers_in, entities_in, items_in
from receivables.views.drawers import drawer, go_on, is_sent, picked


def asked(
    request: HttpRequest, form: Form, act: Callable[[dict[str, Any]], object], *, done: str, to: str, **context: Any
) -> HttpResponse:
    """The form in the drawer; once it is right, what it asks for, and the page that was open again."""
    if form.is_bound and form.is_valid():
        try:
            act(form.cleaned_data)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return go_on(request, done, fallback=to)
    return drawer(request, form, **context)


def shown_sums(amounts: dict[str, str]) -> str:
    """`1,200.00 €, $50.00`, as the reader writes amounts."""
    shown = formats.current()
    return ", ".join(shown.money(Decimal(amount), currency) for currency, amount in amounts.items())


def who(request: Any) -> dict[str, Any]:
    """What every service here is told."""
    return {"scope": request.scope, "actor": request.actor, "on": request.on}


def sent(request: HttpRequest) -> Any:
    """The data of the drawer's own form, if it was sent."""
    return request.POST if is_sent(request) else None


# --- Stops of deliveries ----------------------------------------------------------------------------------------------


@requires(Can.VIEW_ITEMS)
@require_safe
def delivery_stops(request: HttpRequest) -> HttpResponse:
    """Requests to stop deliveries, and what became of them."""
    return show(request, DELIVERY_STOPS)


@requires(Can.ASK_TERMINAL)
@require_http_methods(["GET", "POST"])
def delivery_stop_new(request: Any, customer_id: UUID) -> HttpResponse:
    """Ask for a stop of deliveries to a customer."""
    customer = row_of(customers_in(scope=request.scope), customer_id)
    entities = [(str(one.id), one.name) for one in entities_in(scope=request.scope)]
    return asked(
        request,
        StopForm(sent(request), entities=entities),
        lambda given: terminal.request_delivery_stop(
            customer_id=customer.id,
            entity_id=UUID(given["entity"]) if given["entity"] else None,
            reason=given["reason"],
            **who(request),
        ),
        done=_("Asked: whoever decides about deliveries has it as a task."),
        to=reverse("customer", args=[customer.id]),
        title=_("Stop deliveries to %(name)s?") % {"name": customer.name},
        lead=_("A person decides. It ends by itself once nothing is overdue any more."),
        save=_("Ask for it"),
    )


@requires(Can.VIEW_ITEMS)
@require_safe
def delivery_stop(request: Any, stop_id: UUID) -> HttpResponse:
    """A stop of deliveries."""
    rows = stops_in(scope=request.scope).select_related(
        "customer", "entity", "requested_by", "decided_by", "ended_by", "action"
    )
    row = row_of(rows, stop_id)
    buttons = []
    if row.state == DeliveryStop.State.REQUESTED and request.member.can(Can.STOP_DELIVERIES):
        buttons.append((_("Decide…"), reverse("delivery_stop_decide", args=[row.id]), "check"))
    if row.state == DeliveryStop.State.ACCEPTED and request.member.can(Can.STOP_DELIVERIES):
        buttons.append((_("Let deliveries go on…"), reverse("delivery_stop_end", args=[row.id]), "player-play"))
    if row.state == DeliveryStop.State.REQUESTED and request.member.can(Can.ASK_TERMINAL):
        buttons.append((_("Withdraw…"), reverse("delivery_stop_end", args=[row.id]), "x"))
    facts = [
        (_("Company"), row.entity.name if row.entity else _("all companies")),
        (_("Overdue then"), shown_sums(row.amounts)),
        (_("Why"), row.reason),
        (_("Answer"), row.answer),
        (_("Why it ended"), row.end_reason or _ended_because(row)),
    ]
    items = items_in(scope=request.scope).filter(id__in=row.items).order_by("due_date", "number")
    ended = [(_("ended"), row.ended_on, row.ended_by)] if row.ended_on else []
    return decision(
        request, row, _("Stop of deliveries"), "delivery_stops", facts, buttons, items=list(items[:500]), more=ended
    )


def _ended_because(row: DeliveryStop) -> str:
    """Why the night has ended it; "" while it has not ended."""
    if not row.ended_on:
        return ""
    if row.state == DeliveryStop.State.WITHDRAWN:
        return _("what it was asked for has been paid")
    return _("nothing is overdue any more")


@requires(Can.STOP_DELIVERIES)
@require_http_methods(["GET", "POST"])
def delivery_stop_decide(request: Any, stop_id: UUID) -> HttpResponse:
    """Decide whether deliveries stop."""
    row = row_of(stops_in(scope=request.scope).select_related("customer"), stop_id)
    return asked(
        request,
        DecideForm(sent(request)),
        lambda given: terminal.decide_delivery_stop(
            stop_id=row.id, accept=given["decision"] == "yes", answer=given["answer"], **who(request)
        ),
        done=_("Decided."),
        to=reverse("delivery_stop", args=[row.id]),
        title=_("Stop deliveries to %(name)s?") % {"name": row.customer.name},
        lead=f"{shown_sums(row.amounts)} · {row.reason}",
        save=_("Decide"),
    )


@requires(Can.ASK_TERMINAL)
@require_http_methods(["GET", "POST"])
def delivery_stop_end(request: Any, stop_id: UUID) -> HttpResponse:
    """Withdraw a request, or let deliveries go on."""
    row = row_of(stops_in(scope=request.scope).select_related("customer"), stop_id)
    if row.state == DeliveryStop.State.ACCEPTED and not request.member.can(Can.STOP_DELIVERIES):
        raise NotFound
    return asked(
        request,
        ReasonForm(sent(request)),
        lambda given: terminal.end_delivery_stop(stop_id=row.id, reason=given["reason"], **who(request)),
        done=_("Ended."),
        to=reverse("delivery_stop", args=[row.id]),
        title=_("Let deliveries to %(name)s go on") % {"name": row.customer.name},
        save=_("End it"),
    )


# --- Write-offs -------------------------------------------------------------------------------------------------------


@requires(Can.VIEW_ITEMS)
@require_safe
def write_off_list(request: HttpRequest) -> HttpResponse:
    """Write-offs asked for, approved and posted."""
    return show(request, WRITE_OFFS)


@requires(Can.ASK_TERMINAL)
@require_http_methods(["GET", "POST"])
def write_offs_new(request: Any) -> HttpResponse:
    """Ask for the write-off of picked items."""
    ids = list(items_in(scope=request.scope).filter(id__in=picked(request)).values_list("id", flat=True))
    if not ids:
        raise NotFound
    return asked(
        request,
        ReasonForm(sent(request)),
        lambda given: write_offs.request_write_off(item_ids=ids, reason=given["reason"], **who(request)),
        done=_("Asked: who may approve it has it as a task."),
        to=reverse("write_offs"),
        title=ngettext("Write off %(n)d item?", "Write off %(n)d items?", len(ids)) % {"n": len(ids)},
        lead=_("Your ERP keeps the books: once approved it has to be posted there."),
        save=_("Ask for it"),
        picks=ids,
    )


@requires(Can.VIEW_ITEMS)
@require_safe
def write_off(request: Any, write_off_id: UUID) -> HttpResponse:
    """A write-off with its items."""
    rows = write_offs_in(scope=request.scope).select_related("customer", "entity", "requested_by", "decided_by")
    row = row_of(rows, write_off_id)
    buttons = []
    if row.state == WriteOff.State.REQUESTED and request.member.can(Can.APPROVE_TERMINAL):
        buttons.append((_("Decide…"), reverse("write_off_decide", args=[row.id]), "check"))
    posts = []
    if row.state in (WriteOff.State.REQUESTED, WriteOff.State.APPROVED) and request.member.can(Can.ASK_TERMINAL):
        posts.append((_("Withdraw"), reverse("write_off_withdraw", args=[row.id]), "x"))
    facts = [
        (_("Company"), row.entity.name),
        (_("Amount"), shown_sums({row.currency: str(row.amount)})),
        (_("Why"), row.reason),
        (_("Answer"), row.answer),
    ]
    items = LedgerItem.objects.filter(id__in=row.write_off_items.values("item_id")).order_by("due_date", "number")  # type: ignore[attr-defined]
    more = [(_("ended"), row.ended_on, None)] if row.ended_on else []
    title = _("Write-off")
    return decision(request, row, title, "write_offs", facts, buttons, posts=posts, items=list(items), more=more)


@requires(Can.APPROVE_TERMINAL)
@require_http_methods(["GET", "POST"])
def write_off_decide(request: Any, write_off_id: UUID) -> HttpResponse:
    """Approve a write-off, or not."""
    row = row_of(write_offs_in(scope=request.scope).select_related("customer"), write_off_id)
    return asked(
        request,
        DecideForm(sent(request)),
        lambda given: write_offs.decide_write_off(
            write_off_id=row.id, approve=given["decision"] == "yes", answer=given["answer"], **who(request)
        ),
        done=_("Decided."),
        to=reverse("write_off", args=[row.id]),
        title=_("Write off what %(name)s owes?") % {"name": row.customer.name},
        lead=f"{shown_sums({row.currency: str(row.amount)})} · {row.reason}",
        save=_("Decide"),
    )


@requires(Can.ASK_TERMINAL)
@require_POST
def write_off_withdraw(request: Any, write_off_id: UUID) -> HttpResponse:
    """Not given up after all."""
    write_offs.withdraw_write_off(write_off_id=write_off_id, **who(request))
    say(request, _("Withdrawn: the items are chased again."))
    return redirect("write_off", write_off_id)


# --- What they share --------------------------------------------------------------------------------------------------


def decision(
    request: HttpRequest,
    row: Any,
    title: str,
    listed: str,
    facts: list[tuple[str, str]],
    buttons: list[tuple[str, str, str]],
    *,
    posts: list[tuple[str, str, str]] | None = None,
    items: list[LedgerItem] | None = None,
    more: list[tuple[str, Any, Any]] | None = None,
) -> HttpResponse:
    """The page of something that was asked for: what, by whom, how it was decided, and what can be done now."""
    by = row.requested_by or (_("by a scenario") if getattr(row, "action", None) else None)
    story = [(_("asked for"), row.on, by)]
    if row.decided_on:
        story.append((_("decided"), row.decided_on, row.decided_by))
    context = {
        "row": row,
        "title": title,
        "listed": listed,
        "kind": STATE_KINDS.get(row.state, ""),
        "facts": [(label, value) for label, value in facts if value],
        "buttons": buttons,
        "posts": posts or [],
        "items": items or [],
        "story": [*story, *(more or [])],
        "needs_other": getattr(row, "four_eyes", False) and row.state == "REQUESTED",
    }
    return page(request, "collection/decision.html", context)


@requires(Can.MANAGE_ORGANISATION)
@require_http_methods(["GET", "POST"])
def terminal_settings(request: Any) -> HttpResponse:
    """Which decisions need a second person, and how much each role may write off."""
    row = terminal.terminal_settings()
    names = ("four_eyes_notice", "four_eyes_hand_over", "four_eyes_write_off")
    form = TerminalSettingsForm(request.POST or None, initial={name: getattr(row, name) for name in names})
    if request.method == "POST":
        form = TerminalSettingsForm(request.POST)
        if form.is_valid():
            terminal.save_terminal_settings(actor=request.actor, **form.cleaned_data)
            say(request, _("Saved."))
            return redirect("terminal_settings")
    limits = dict(WriteOffLimit.objects.values_list("role_id", "amount"))
    roles = [one for one in Role.objects.order_by("name", "id") if one.can(Can.APPROVE_TERMINAL)]
    context = {
        "form": form,
        "limits": [(role, limits.get(role.id)) for role in roles],
        "currency": request.tenant.currency,
    }
    return page(request, "collection/terminal_settings.html", context)


@requires(Can.MANAGE_ORGANISATION)
@require_http_methods(["GET", "POST"])
def write_off_limit(request: Any, role_id: UUID) -> HttpResponse:
    """The most that a role writes off."""
    role = row_of(Role.objects.all(), role_id)
    former = WriteOffLimit.objects.filter(role=role).values_list("amount", flat=True).first()
    return asked(
        request,
        LimitForm(sent(request), initial={"amount": former}),
        lambda given: write_offs.set_write_off_limit(role_id=role.id, amount=given["amount"], actor=request.actor),
        done=_("Saved."),
        to=reverse("terminal_settings"),
        title=_("Write-offs by %(role)s") % {"role": role.name},
        lead=_("In %(currency)s; other currencies by the last rate known.") % {"currency": request.tenant.currency},
    )

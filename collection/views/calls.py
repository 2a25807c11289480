"""Logging a call: how it ended, what that makes, what comes next; all in one drawer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires
from accounts.roles import Can
from collection.forms_calls import AnnouncedForm, CallForm, ContestedForm, NextForm, PromisedForm, WrongContactForm
from collection.rules.calls import CallOutcome, next_step, proposed_day
from collection.services import calls
from collection.services.call_undo import undo_call
from collection.views.panel import back_to_page
from core import formats
from core.days import BusinessCalendar
from core.errors import Refusal
from core.phones import spoken
from core.phrases import in_words
from core.rows import row_of
from core.web import add_refusal, page, say
from receivables.queries import EVERY_ITEM, OpenItem, open_items
from receivables.queries.visible import contacts_in, customers_in

CHOICES = 60


@requires(Can.LOG_CALLS)
@require_http_methods(["GET", "POST"])
def call_new(request: Any, customer_id: UUID) -> HttpResponse:
    """Log a call in few clicks. `?outcome=` and `part=details`: only what belongs to how it ended; `?action=` the
    call of the worklist that it is.
    """
    customer = row_of(customers_in(scope=request.scope), customer_id)
    form = _call_form(request, customer_id)
    if request.GET.get("part") == "details":
        return page(request, "collection/call_details.html", _details(request, customer, _outcome(request.GET)))
    outcome = _outcome(request.POST)
    details = _details(request, customer, outcome, data=request.POST or None)
    parts = [one for one in (form, details["said"], details["next"]) if one is not None]
    if request.method == "POST":
        checked = [one.is_valid() for one in parts]  # each, so that each says what it lacks
        if outcome and all(checked) and (done := _log(request, customer_id, outcome, form, details)):
            return done
    action = _action_id(request)
    query = f"?action={action}" if action else ""
    context = {"form": form, "customer": customer, "address": f"{request.path}{query}", **details}
    return page(request, "collection/call.html", context, status=422 if request.method == "POST" else 200)


def _log(
    request: Any, customer_id: UUID, outcome: CallOutcome, form: CallForm, details: dict[str, Any]
) -> HttpResponse | None:
    """Logged; None when refused, with the reason in the forms."""
    said, after = details["said"], details["next"].cleaned_data
    try:
        call = calls.log_call(
            customer_id=customer_id,
            outcome=outcome,
            said=said.said() if said is not None else None,
            contact_id=form.contact_id(),
            text=form.cleaned_data["text"],
            next_on=after["next_on"],
            next_time=after["next_time"],
            next_text=after["next_text"] if after["next_on"] else "",
            action_id=_action_id(request),
            tenant=request.tenant,
            scope=request.scope,
            actor=request.actor,
            now=timezone.now(),
            on=request.on,
        )
    except Refusal as refusal:
        _add(refusal, [one for one in (said, details["next"], form) if one is not None])
        return None
    say(request, _made_words(call), undo=reverse("call_undo", args=[call.interaction.id]))
    return back_to_page(request)


@requires(Can.LOG_CALLS)
@require_POST
def call_undo(request: Any, interaction_id: UUID) -> HttpResponse:
    """Take a logged call back with all that it made, within its 30 seconds."""
    undo_call(
        interaction_id=interaction_id, scope=request.scope, actor=request.actor, now=timezone.now(), on=request.on
    )
    say(request, _("Call taken back, with what it had made."), level="info")
    return back_to_page(request)


def _add(refusal: Refusal, parts: list[forms.Form]) -> None:
    """The refusal beside the fields it names; what no form has stands above."""
    named = refusal.fields or {}
    for form in parts:
        if set(named) & set(form.fields):
            add_refusal(form, refusal)
            return
    add_refusal(parts[-1], refusal)


def _made_words(call: calls.Call) -> str:
    """What the call made, for the toast."""
    shown = formats.current()
    if call.promise:
        values = {
            "amount": shown.money(call.promise.amount, call.promise.currency),
            "day": shown.day(call.promise.due_on),
        }
        return _("Call logged: %(amount)s promised by %(day)s.") % values
    if call.plan:
        parts = call.plan.promises.count()
        text = ngettext("Call logged: %(amount)s in %(n)d part.", "Call logged: %(amount)s in %(n)d parts.", parts)
        return text % {"amount": shown.money(call.plan.amount, call.plan.currency), "n": parts}
    if call.disputes:
        owner = call.disputes[0].owner
        if owner:
            return _("Call logged: %(name)s is asked to answer the dispute.") % {"name": owner.name}
        return _("Call logged: the dispute is open. Choose who answers it.")
    if call.interaction.next_on:
        return _("Call logged: next on %(day)s.") % {"day": shown.day(call.interaction.next_on)}
    return _("Call logged.")


def _call_form(request: Any, customer_id: UUID) -> CallForm:
    contacts = contacts_in(scope=request.scope).filter(customer_id=customer_id, is_active=True)
    rows = list(contacts.order_by("-is_primary", "last_name", "first_name")[:CHOICES])
    chosen = request.GET.get("contact", "")
    return CallForm(
        request.POST or None,
        outcomes=[
            one for one in CallOutcome if one not in calls.CALL_NEEDS or request.member.can(calls.CALL_NEEDS[one])
        ],
        contacts=[(str(c.id), f"{c} · {spoken(c.phone)}" if c.phone else str(c)) for c in rows],
        initial={"contact": chosen or (str(rows[0].id) if rows else "")},
    )


def _outcome(given: Any) -> CallOutcome | None:
    try:
        return CallOutcome(given.get("outcome", ""))
    except ValueError:
        return None


def _action_id(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("action", ""))
    except ValueError:
        return None


def _details(request: Any, customer: Any, outcome: CallOutcome | None, *, data: Any = None) -> dict[str, Any]:
    """The forms that belong to how the call ended, filled with what is proposed. `next`: shown in any case."""
    country = customer.country or request.tenant.country
    calendar = BusinessCalendar(countries=(country,) if country else ())
    before = calls.unanswered_calls(customer_id=customer.id) if outcome is CallOutcome.NO_ANSWER else 0
    step = next_step(outcome=outcome, on=request.on, unanswered=before + 1, calendar=calendar) if outcome else None
    initial = (
        {"next_on": step.on, "next_time": step.at, "next_text": in_words(step.text.plain()) if step.text else ""}
        if step
        else {}
    )
    return {
        "outcome": outcome.value if outcome else "",
        "said": _said_form(request, customer.id, outcome, calendar, data) if outcome else None,
        "next": NextForm(data, initial=initial),
        "next_why": in_words(step.why.plain()) if step and step.why else "",
    }


def _said_form(
    request: Any, customer_id: UUID, outcome: CallOutcome, calendar: BusinessCalendar, data: Any
) -> forms.Form | None:
    match outcome:
        case CallOutcome.PROMISED:
            owed = _owed(request, customer_id)
            currencies = list(dict.fromkeys(item.currency for item in owed)) or [request.tenant.currency]
            late = [str(one.item_id) for one in owed if one.due_date < request.on and one.currency == currencies[0]]
            initial = {"due_on": proposed_day(outcome=outcome, on=request.on, calendar=calendar), "items": late}
            return PromisedForm(data, items=_choices(owed), currencies=currencies, initial=initial)
        case CallOutcome.DISPUTED:
            return ContestedForm(data, items=_choices(_owed(request, customer_id)))
        case CallOutcome.PAYMENT_ANNOUNCED:
            initial = {"until_on": proposed_day(outcome=outcome, on=request.on, calendar=calendar)}
            return AnnouncedForm(data, items=_choices(_owed(request, customer_id)), initial=initial)
        case CallOutcome.WRONG_CONTACT:
            return WrongContactForm(data)
        case _:
            return None


def _owed(request: Any, customer_id: UUID) -> list[OpenItem]:
    """What a customer may speak of: its open debits, the oldest first."""
    found = open_items(on=request.on, scope=request.scope, selection=EVERY_ITEM.of_customer(customer_id), limit=CHOICES)
    return [item for item in found if item.open_amount > 0]


def _choices(items: list[OpenItem]) -> list[tuple[str, str]]:
    shown = formats.current()
    return [
        (
            str(item.item_id),
            f"{item.number} · {shown.day(item.due_date)} · {shown.money(item.open_amount, item.currency)}",
        )
        for item in items
    ]

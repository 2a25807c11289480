"""Promises to pay: the list with the kept rate, plans in parts, what is let pass, and taking them back."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import requires
from accounts.roles import Can
from core import formats
from core.days import add_months
from core.errors import NotFound, Refusal
from core.lists import Reading, show
from core.money import Money
from core.rows import row_of
from core.web import add_refusal, page
from receivables.forms_promises import PlanForm, PromiseSettingsForm, part_forms, parts_of
from receivables.lists.standing import PROMISES
from receivables.models import Promise
from receivables.queries import OpenItem
from receivables.queries.promises import kept_rate, promise_settings
from receivables.queries.visible import customers_in, promises_in
from receivables.rules.promises import Every, Part, equal_parts
from receivables.services import plans, promises, standing
from receivables.views.drawers import drawer, go_on, is_sent, picked
from receivables.views.standing import choices_of, owed_items

# The kept rate speaks of promises that were due in so many months.
RATE_MONTHS = 12
FIRST_PART_DAYS = 7  # proposed


@requires(Can.VIEW_ITEMS)
@require_safe
def promise_list(request: HttpRequest) -> HttpResponse:
    """Promises to pay, the next due first, and how many were kept."""
    return show(request, PROMISES, context=_figures)


def _figures(reading: Reading) -> dict[str, Any]:
    on, scope = reading.reader.on, reading.reader.scope
    waiting = promises_in(scope=scope).filter(state=Promise.State.OPEN)
    return {
        "rate": kept_rate(scope=scope, since=add_months(on, -RATE_MONTHS)),
        "due": waiting.filter(due_on__lte=on).count(),
        "waiting": waiting.count(),
        "may_set_rules": reading.reader.may(Can.EDIT_SCENARIOS),
    }


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def promise_rules(request: Any) -> HttpResponse:
    """What is let pass before a promise is called broken."""
    now = promise_settings()
    initial = {name: getattr(now, name) for name in ("late_days", "missing_pct", "missing_amount")}
    form = PromiseSettingsForm(request.POST if is_sent(request) else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            promises.set_promise_settings(**form.cleaned_data, actor=request.actor)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return go_on(request, _("It counts from the next night on."), fallback=reverse("promises"))
    return drawer(request, form, title=_("When a promise counts as broken"))


@requires(Can.RECORD_PROMISE)
@require_http_methods(["GET", "POST"])
def plan_new(request: Any, customer_id: UUID) -> HttpResponse:
    """Agree on a plan: parts that are proposed equal, to be changed by hand. `part=rows`: the parts alone."""
    customer = row_of(customers_in(scope=request.scope), customer_id)
    owed = owed_items(request, customer_id)
    currencies = list(dict.fromkeys(item.currency for item in owed)) or [request.tenant.currency]
    late = [one for one in owed if one.due_date < request.on and one.currency == currencies[0]]
    first_on = request.on + timedelta(days=FIRST_PART_DAYS)
    initial = {"items": [str(one.item_id) for one in late], "due_on": first_on, "count": 3, "every": Every.MONTH}
    given = request.POST if is_sent(request) else request.GET if request.GET.get("part") == "rows" else None
    form = PlanForm(given, items=choices_of(owed), currencies=currencies, initial=initial)
    if request.method == "GET" and given is not None:
        return page(request, "receivables/plan_rows.html", {"rows": _proposed_rows(form, owed), "form": form})
    if not form.is_bound:
        proposed = _equal(sum((one.open_amount for one in late), Decimal(0)), currencies[0], 3, first_on, Every.MONTH)
        return _plan_drawer(request, customer, form, part_forms(proposed, currencies[0]))
    rows, parts = parts_of(request.POST)
    if form.is_valid() and parts is not None and (done := _record(request, customer_id, form, parts, owed)):
        return done
    return _plan_drawer(request, customer, form, rows, status=422)


def _record(
    request: Any, customer_id: UUID, form: PlanForm, parts: list[Part], owed: list[OpenItem]
) -> HttpResponse | None:
    """Recorded; None when refused, with the reason in the form."""
    given = form.cleaned_data
    chosen = [item for item in owed if str(item.item_id) in given.get("items", ())]
    entities = {item.entity_id for item in chosen}
    try:
        plan = plans.record_plan(
            customer_id=customer_id,
            amount=_amount(given, owed),
            currency=given["currency"],
            parts=parts,
            agreed_on=request.on,
            entity_id=entities.pop() if len(entities) == 1 else None,
            item_ids=[item.item_id for item in chosen],
            comment=given["comment"],
            actor=request.actor,
        )
    except Refusal as refusal:
        add_refusal(form, refusal)
        return None
    shown = formats.current()
    text = _("%(amount)s in %(n)d parts recorded.") % {
        "amount": shown.money(plan.amount, plan.currency),
        "n": len(parts),
    }
    first = plan.promises.order_by("due_on").first()
    undo = reverse("promises_withdraw") + "?" + urlencode({"pick": first.id if first else ""})
    return go_on(request, text, fallback=reverse("promises"), undo=undo)


def _plan_drawer(request: Any, customer: Any, form: PlanForm, rows: list[Any], *, status: int = 200) -> HttpResponse:
    context = {"form": form, "customer": customer, "rows": rows}
    return page(request, "receivables/plan.html", context, status=status)


def _amount(given: dict[str, Any], owed: list[OpenItem]) -> Decimal:
    """What was entered, or all that is open of the chosen items in the currency."""
    if given["amount"] is not None:
        return Decimal(given["amount"])
    chosen = given.get("items", ())
    sums = (one.open_amount for one in owed if str(one.item_id) in chosen and one.currency == given["currency"])
    return sum(sums, Decimal(0))


def _proposed_rows(form: PlanForm, owed: list[OpenItem]) -> list[Any]:
    if not form.is_valid():
        return []
    given = form.cleaned_data
    parts = _equal(_amount(given, owed), given["currency"], given["count"], given["due_on"], Every(given["every"]))
    return part_forms(parts, given["currency"])


def _equal(amount: Decimal, currency: str, count: int, first_on: date, every: Every) -> list[Part]:
    """Equal parts, none where the sum is too small for them."""
    try:
        return equal_parts(money=Money(amount, currency), count=count, first_on=first_on, every=every)
    except ValueError:
        return []


@requires(Can.RECORD_PROMISE)
@require_POST
def promises_withdraw(request: Any) -> HttpResponse:
    """Take picked promises back; of a part of a plan the whole plan."""
    rows = list(promises_in(scope=request.scope).filter(id__in=picked(request)))
    if not rows:
        raise NotFound
    for plan_id in dict.fromkeys(row.plan_id for row in rows if row.plan_id):
        plans.withdraw_plan(plan_id=plan_id, on=request.on, actor=request.actor)
    for row in rows:
        if row.plan_id is None:
            standing.withdraw_promise(promise_id=row.id, on=request.on, actor=request.actor)
    text = ngettext("%(n)d promise withdrawn.", "%(n)d promises withdrawn.", len(rows)) % {"n": len(rows)}
    return go_on(request, text, fallback=reverse("promises"))

"""A scenario over the last 90 days, by a worker where the ledger is long; and one message of a dry run in full."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from accounts.access import MemberRequest, requires
from accounts.roles import Can
from collection import tasks
from collection.models import Scenario, ScenarioVersion, Trial
from collection.rules.steps import LeftOut, OldItems
from collection.services import scenarios, trials
from collection.services.replay import replay
from collection.services.said import Said
from collection.views.panel import LEFT_OUT
from core.errors import NotFound
from core.models import JobRun
from core.rows import row_of
from core.web import page
from receivables.models import LedgerItem
from receivables.queries.visible import customers_in

# So many open items are replayed while the person waits.
AT_ONCE = 1_000
SHOWN = 100


@requires(Can.EDIT_SCENARIOS)
@require_POST
def scenario_try(request: MemberRequest, scenario_id: UUID) -> HttpResponse:
    """Have a version replayed over the last 90 days, or today alone."""
    version = version_of(request, scenario_id, number=request.POST.get("version", ""))
    trial = trials.start_trial(
        version=version,
        old_items=old_items_of(request.POST.get("old_items", "")),
        member=request.member,
        on=request.on,
        days=1 if request.POST.get("days") == "1" else trials.DAYS,
    )
    if LedgerItem.objects.filter(is_open=True)[: AT_ONCE + 1].count() <= AT_ONCE:
        trials.run_trial(trial_id=trial.id)
    else:
        transaction.on_commit(partial(_ring, request.tenant.id, trial.id))
    return redirect("trial", trial.id)


def _ring(tenant_id: UUID, trial_id: UUID) -> None:
    """Send for a worker. Where the queue is away the page rings again."""
    with suppress(OperationalError):
        tasks.run_trial.delay(tenant=str(tenant_id), trial=str(trial_id))


@requires(Can.EDIT_SCENARIOS)
@require_safe
def trial(request: MemberRequest, trial_id: UUID) -> HttpResponse:
    """How far it is, then what it would have said and what is different from what was in force. Of one's own only."""
    shown = _own(request, trial_id)
    if trials.is_forgotten(trial=shown, now=timezone.now()):
        transaction.on_commit(partial(_ring, request.tenant.id, shown.id))
    number = _page_number(request.GET.get("page", ""))
    differs = request.GET.get("show") == "differences" if "show" in request.GET else shown.is_compared
    total = shown.difference_count if differs else shown.message_count
    rows: list[Any] = []
    if shown.run.state == JobRun.State.DONE:
        find = trials.differences_of if differs else trials.messages_of
        rows = [_row(row, differs) for row in find(shown, page=number, size=SHOWN)]
    context = {
        "trial": shown,
        "run": shown.run,
        "version": shown.version,
        "is_running": shown.run.state == JobRun.State.RUNNING,
        "differs": differs,
        "rows": rows,
        "amounts": {currency: Decimal(text) for currency, text in shown.amounts.items()},
        "left_out": [(LEFT_OUT.get(LeftOut(reason), reason), count) for reason, count in shown.left_out.items()],
        "number": number,
        "total": total,
        "first": (number - 1) * SHOWN + 1,
        "last": (number - 1) * SHOWN + len(rows),
        "kept": min(total, trials.MOST_KEPT),
        "more": number * SHOWN < min(total, trials.MOST_KEPT),
        "on": request.on,
    }
    return page(request, "collection/trial.html", context, part="collection/trial_state.html")


def _row(row: Any, differs: bool) -> Any:
    if not differs:
        return _shown(row)
    sides = [_shown(side) if side else None for side in row]
    return {"one": sides[1] or sides[0], "sides": sides}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    amounts = {currency: Decimal(text) for currency, text in row["amounts"].items()}
    return {**row, "on": date.fromisoformat(row["on"]), "amounts": amounts, "more": row["items"] - len(row["numbers"])}


def _page_number(text: str) -> int:
    return max(int(text[:6]), 1) if text.isdecimal() else 1


@requires(Can.EDIT_SCENARIOS)
@require_POST
def trial_stop(request: MemberRequest, trial_id: UUID) -> HttpResponse:
    """Stop trying it out."""
    trials.stop_trial(trial=_own(request, trial_id))
    return redirect("trial", trial_id)


def _own(request: MemberRequest, trial_id: UUID) -> Trial:
    rows = Trial.objects.filter(member_id=request.member.id).select_related("run", "version__scenario")
    return row_of(rows, trial_id)


@requires(Can.EDIT_SCENARIOS)
@require_safe
def scenario_message(request: MemberRequest, scenario_id: UUID) -> HttpResponse:
    """One message of a dry run in full, as the facts are now: `?version=`, `customer`, `entity`, `part`, `on`, and of a
    replay `since`. With `side=now` the one of what is in force."""
    given = request.GET
    version = version_of(request, scenario_id, number=given.get("version", ""))
    customer = row_of(customers_in(scope=request.scope), _uuid(given.get("customer", "")))
    on, since = _day(given.get("on", "")) or request.on, _day(given.get("since", ""))
    if since is not None and not timedelta(0) <= on - since < timedelta(days=trials.DAYS + 1):
        raise NotFound
    found = replay(
        tenant=request.tenant,
        on=on,
        since=since,
        version=None if given.get("side") == "now" else version,
        old_items=old_items_of(given.get("old_items", "")),
        days_off=since is None,
        customer_ids=[customer.id],
        with_files=True,
    )
    said = next((one for one in found.said if _is_it(one, given, on=on)), None)
    left_out = [
        (one.item.number, LEFT_OUT.get(one.reason, one.reason))
        for _customer, entity_id, _scenario, one in found.left_out
        if str(entity_id) == given.get("entity") and one.reason is not LeftOut.NOT_REACHED
    ]
    context = {"said": said, "left_out": left_out[:SHOWN], "customer": customer, "on": on}
    return page(request, "collection/scenario_message.html", context)


def _is_it(one: Said, given: Any, *, on: date) -> bool:
    wanted = (given.get("entity", ""), given.get("part", ""), given.get("step", one.step_key))
    return one.on == on and (str(one.entity.id), one.part, one.step_key) == wanted


def version_of(request: HttpRequest, scenario_id: UUID, *, number: str = "") -> ScenarioVersion:
    """The one with the number; else the one in force, the next one, or the draft. Raises NotFound."""
    rows = ScenarioVersion.objects.filter(scenario_id=scenario_id).select_related("scenario")
    if number.isdecimal():
        found = rows.filter(number=int(number[:6])).first()
    else:
        on = request.on  # type: ignore[attr-defined]
        found = scenarios.version_in_force(on=on, scenario_id=scenario_id) or rows.order_by("-number").first()
    if found is None:
        raise NotFound
    return found


def old_items_of(text: str) -> OldItems:
    """The choice by its name; the first step for anything else."""
    try:
        return OldItems(text)
    except ValueError:
        return OldItems.FIRST_STEP


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def trials_of(scenario: Scenario, request: Any) -> list[Trial]:
    """The last ones that the reader asked for. 1 SQL query."""
    rows = Trial.objects.filter(version__scenario=scenario, member_id=request.member.id)
    return list(rows.select_related("run", "version").order_by("-created_at")[:5])

"""What is let pass of promises, and how many were kept."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Q

from accounts.access import Scope
from receivables.models import Promise, PromiseSettings
from receivables.queries.visible import promises_in
from receivables.rules.promises import Tolerance


class KeptRate(NamedTuple):
    """Promises decided within some time, by how they ended."""

    kept: int
    partly: int
    broken: int

    @property
    def decided(self) -> int:
        return self.kept + self.partly + self.broken

    @property
    def pct(self) -> int | None:
        """0-100, rounded down: 100 is all of them. None: none was decided."""
        return 100 * self.kept // self.decided if self.decided else None


def promise_settings() -> PromiseSettings:
    """The organisation's, or the defaults. 1 SQL query."""
    return PromiseSettings.objects.first() or PromiseSettings()


def promise_tolerance() -> Tolerance:
    """What the organisation lets pass. 1 SQL query."""
    row = promise_settings()
    return Tolerance(late_days=row.late_days, missing_pct=row.missing_pct, missing_amount=row.missing_amount)


def kept_rate(*, scope: Scope, since: date, customer_id: UUID | None = None) -> KeptRate:
    """How the promises ended that were due from `since` on, of a customer or of all in scope. 1 SQL query.

    By their due day, so that promises of a loaded history count where they belong.
    """
    rows = promises_in(scope=scope).filter(due_on__gte=since)
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    state = Promise.State
    found = rows.aggregate(
        kept=Count("id", filter=Q(state=state.KEPT)),
        partly=Count("id", filter=Q(state=state.PARTLY)),
        broken=Count("id", filter=Q(state=state.BROKEN)),
    )
    return KeptRate(**found)


def plan_places(*, plan_ids: Collection[UUID], scope: Scope) -> dict[UUID, tuple[int, int]]:
    """Of each part of these plans: which it is and how many there are, by the promise's id. 1 SQL query."""
    if not plan_ids:
        return {}
    rows = promises_in(scope=scope).filter(plan_id__in=plan_ids).order_by("plan_id", "due_on")
    parts: dict[UUID, list[UUID]] = {}
    for promise_id, plan_id in rows.values_list("id", "plan_id"):
        parts.setdefault(plan_id, []).append(promise_id)
    return {one: (n, len(ids)) for ids in parts.values() for n, one in enumerate(ids, start=1)}

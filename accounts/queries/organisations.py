"""Which organisations a person may enter (asked before a tenant scope is open), and what the last night did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from accounts.models import Tenant, UserTenant
from accounts.words import night_step_words
from core.models import JobRun


def enterable(*, user_id: UUID) -> list[Tenant]:
    """The active organisations that the person may enter, by name. 1 SQL query."""
    entries = (
        UserTenant.objects.filter(user_id=user_id, of_tenant__status=Tenant.Status.ACTIVE)
        .select_related("of_tenant")
        .order_by("of_tenant__name", "id")
    )
    return [entry.of_tenant for entry in entries]


def may_enter(*, user_id: UUID, tenant_id: UUID) -> bool:
    """1 SQL query."""
    return UserTenant.objects.filter(
        user_id=user_id, of_tenant_id=tenant_id, of_tenant__status=Tenant.Status.ACTIVE
    ).exists()


@dataclass(frozen=True)
class NightLine:
    """One step of a night in words: how much it did, or why it did not ("" when it did)."""

    name: str
    count: int
    problem: str


@dataclass(frozen=True)
class LastNight:
    on: date
    steps: list[NightLine]


def last_night() -> LastNight | None:
    """The newest night of the organisation, None before its first. 1 SQL query."""
    run = JobRun.objects.filter(job="night", number=0).order_by("-on").first()
    if run is None:
        return None
    return LastNight(
        on=run.on,
        steps=[
            NightLine(
                name=night_step_words(step["name"]),
                count=step["count"],
                problem=step.get("error") or step.get("left_out") or "",
            )
            for step in run.steps
        ],
    )

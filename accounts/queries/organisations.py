"""Which organisations a person may enter (asked before a tenant scope is open), and what the last night did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Tenant, UserTenant
from accounts.queries.doors import organisations_of
from accounts.words import night_step_words
from core.models import JobRun


def enterable(*, user_id: UUID) -> list[Tenant]:
    """The active organisations that the person may enter, by name. 1 SQL query."""
    return organisations_of(user_id=user_id)


def may_enter(*, user_id: UUID, tenant_id: UUID) -> bool:
    """1 SQL query."""
    return UserTenant.objects.filter(
        user_id=user_id, of_tenant_id=tenant_id, of_tenant__status=Tenant.Status.ACTIVE
    ).exists()


@dataclass(frozen=True)
class NightLine:
    """One step of a night in words: how much it did, or a plain sentence why it did not ("" when it did).

    `detail` is what the program said when it failed: for administrators, who may have to tell others.
    """

    name: str
    count: int
    problem: str = ""
    detail: str = ""


@dataclass(frozen=True)
class LastNight:
    on: date
    steps: list[NightLine]


def last_night() -> LastNight | None:
    """The newest night of the organisation, None before its first. 1 SQL query."""
    run = JobRun.objects.filter(job="night", number=0).order_by("-on").first()
    if run is None:
        return None
    return LastNight(on=run.on, steps=[_night_line(step) for step in run.steps])


def _night_line(step: Mapping[str, Any]) -> NightLine:
    """A step as creditmgmt.schedule keeps it: {"name", "count"}, and "error" or "left_out" where it was not done."""
    name = night_step_words(step["name"])
    if "error" in step:
        return NightLine(name, 0, _("Something went wrong. The next night does it again."), step["error"])
    if "left_out" in step:
        missing = ", ".join(night_step_words(one) for one in step["left_out"].split(", "))
        return NightLine(name, 0, _("Waits for what comes before it: %(steps)s.") % {"steps": missing})
    return NightLine(name, step["count"])

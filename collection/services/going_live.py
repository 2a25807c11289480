"""The approval that lets messages leave, tied to the dry run that the approver was shown.

What was seen is named by its fingerprint. When the ledger or the scenario has changed since, the approval is refused
and the fresh dry run says what is different; what was seen is kept for a day, for that comparison only.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from accounts.models import Member
from collection.models import GoLiveApproval, ScenarioVersion
from collection.rules.steps import OldItems
from collection.services.dry_run import DryRun, dry_run
from collection.services.scenarios import AlreadyLive, approve_go_live, version_in_force
from core.audit import Actor
from core.errors import Conflict
from core.tenancy import require_tenant_id

KEPT_SECONDS = 24 * 3600
# So many messages of a dry run are kept for the comparison; of a longer one the sums alone are compared.
MOST_KEPT = 20_000

# What a message asks: its step, and the amounts by currency.
Asked = tuple[str, dict[str, Decimal]]


@dataclass(frozen=True)
class Change:
    """A message that is another one now: `before` or `after` is None where there was or is none."""

    customer: str
    entity: str
    before: Asked | None
    after: Asked | None


@dataclass
class Changes:
    """What is different from the dry run that was shown. `is_known` is False when that one is not kept any more."""

    is_known: bool = False
    messages: list[Change] = field(default_factory=list)
    # Currency -> (count and sum of open items before, now), where they differ.
    ledger: dict[str, tuple[tuple[int, Decimal], tuple[int, Decimal]]] = field(default_factory=dict)
    counts: tuple[int, int] = (0, 0)
    is_another_day: bool = False
    is_another_version: bool = False


class DryRunChanged(Conflict):
    code = "dry_run_changed"
    message = _("The ledger or the scenario has changed since you looked. Look at the new dry run, then approve it.")

    def __init__(self, *, run: DryRun, version: ScenarioVersion, changes: Changes) -> None:
        super().__init__()
        self.run, self.version, self.changes = run, version, changes


def show(*, version: ScenarioVersion, on: date, old_items: OldItems) -> DryRun:
    """The dry run for somebody who may approve it; what it shows is kept for a day. 7 SQL queries."""
    run = dry_run(version=version, on=on, old_items=old_items)
    # An approval does not rest on it: without, only the comparison will be poorer.
    with suppress(RedisError):
        cache.set(_key(run.fingerprint), _summary(run, version=version, on=on), KEPT_SECONDS)
    return run


@transaction.atomic
def approve_dry_run(
    *, version: ScenarioVersion, fingerprint: str, old_items: OldItems, on: date, approved_by: Member, actor: Actor
) -> GoLiveApproval:
    """Let messages leave from the day `on`, if the dry run of now is the one with this fingerprint.

    One approver at a time: the second one meets AlreadyLive. Raises AlreadyLive, DryRunChanged.
    """
    locked = ScenarioVersion.objects.select_for_update().get(id=version.id)
    if locked.live_from is not None:
        raise AlreadyLive
    in_force = version_in_force(on=on, scenario_id=locked.scenario_id) or locked
    if in_force.live_from is not None:
        raise AlreadyLive
    run = dry_run(version=in_force, on=on, old_items=old_items)
    if run.fingerprint != fingerprint:
        changes = _changes(_kept(fingerprint), _summary(run, version=in_force, on=on))
        raise DryRunChanged(run=show(version=in_force, on=on, old_items=old_items), version=in_force, changes=changes)
    live = approve_go_live(
        version=in_force, old_items=old_items, live_from=on, approved_by=approved_by, actor=actor, seen=run.fingerprint
    )
    return GoLiveApproval.objects.create(
        version=live,
        approved_by=approved_by,
        on=on,
        old_items=old_items,
        fingerprint=run.fingerprint,
        message_count=len(run.messages),
        item_count=run.item_count,
        amounts={currency: str(amount) for currency, amount in sorted(run.amounts.items())},
        by_step=dict(run.by_step),
        left_out={str(reason): count for reason, count in run.left_out.items()},
    )


def approval_of(version: ScenarioVersion) -> GoLiveApproval | None:
    """The approval under which the version's scenario is live, also given to a former version. 1 SQL query."""
    found = GoLiveApproval.objects.filter(version__scenario_id=version.scenario_id).select_related("approved_by")
    return found.order_by("approved_at").first()


def _key(fingerprint: str) -> str:
    return f"{require_tenant_id()}:dry-run:{fingerprint}"


def _kept(fingerprint: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] | None = cache.get(_key(fingerprint))
    except RedisError:
        return None
    return found


def _summary(run: DryRun, *, version: ScenarioVersion, on: date) -> dict[str, Any]:
    """What a later dry run is compared with: plain values."""
    messages = {
        f"{would.customer.id} {would.entity.id} {would.part}": (
            str(would.customer),
            would.entity.code,
            would.step_key,
            dict(sorted(would.amounts.items())),
        )
        for would in run.messages[:MOST_KEPT]
    }
    return {
        "messages": messages if len(run.messages) <= MOST_KEPT else {},
        "ledger": run.ledger,
        "count": len(run.messages),
        "on": on.isoformat(),
        "version": str(version.id),
    }


def _changes(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> Changes:
    if before is None:
        return Changes()
    then, fresh = before["messages"], now["messages"]
    messages = []
    for key in sorted({*then, *fresh}, key=lambda key: (fresh.get(key) or then[key])[:2]):
        old, new = then.get(key), fresh.get(key)
        if old != new:
            customer, entity = (new or old)[:2]
            messages.append(Change(customer, entity, old and tuple(old[2:]), new and tuple(new[2:])))
    nothing = (0, Decimal(0))
    currencies = sorted({*before["ledger"], *now["ledger"]})
    pairs = {one: (before["ledger"].get(one, nothing), now["ledger"].get(one, nothing)) for one in currencies}
    return Changes(
        is_known=True,
        messages=messages,
        ledger={one: (old, new) for one, (old, new) in pairs.items() if old != new},
        counts=(before["count"], now["count"]),
        is_another_day=before["on"] != now["on"],
        is_another_version=before["version"] != now["version"],
    )

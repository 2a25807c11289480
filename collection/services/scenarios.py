"""Scenarios: the default one, and the approval that lets messages leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import Member, Tenant
from collection.models import ActionLine, Scenario, ScenarioVersion, Step
from collection.queries.candidates import candidates
from collection.rules.steps import Anchor, OldItems, StepRule, Steps, set_by_go_live
from core.audit import SYSTEM, Actor, record
from core.errors import Conflict, Invalid
from desk.models import Channel


class AlreadyLive(Conflict):
    code = "already_live"
    message = gettext_lazy("Sending has been approved for this scenario already.")


@dataclass(frozen=True)
class DefaultStep:
    step_key: str
    offset_days: int
    channel: str


DEFAULT_STEPS = (
    DefaultStep("before_due", -7, Channel.EMAIL),
    DefaultStep("reminder_1", 5, Channel.EMAIL),
    DefaultStep("reminder_2", 15, Channel.EMAIL),
    DefaultStep("reminder_3", 30, Channel.EMAIL),
    DefaultStep("formal_notice", 45, Channel.LETTER),
)


def _step_name(step_key: str) -> str:
    return {
        "before_due": _("Before the due date"),
        "reminder_1": _("First reminder"),
        "reminder_2": _("Second reminder"),
        "reminder_3": _("Last reminder"),
        "formal_notice": _("Formal notice"),
    }[step_key]


@transaction.atomic
def ensure_default_scenario(*, tenant: Tenant, on: date) -> ScenarioVersion:
    """The default scenario's version in force on the day `on`; made, to confirm and not live, where there is none.

    Steps: 7 days before the due date, 5, 15 and 30 days after it by e-mail, 45 days after it by letter.
    """
    version = version_in_force(on=on)
    if version is not None:
        return version
    with override(tenant.language):
        scenario, created = Scenario.objects.get_or_create(is_default=True, defaults={"name": _("Standard")})
        if not created and scenario.versions.exists():
            # Asked for a day before the first version: that one is the earliest there is.
            return scenario.versions.order_by("valid_from")[0]
        version = ScenarioVersion.objects.create(
            scenario=scenario,
            number=1,
            valid_from=date.min,
            # A sandbox is fed by hand: its ledger is as old as its owner likes.
            stale_after_days=None if tenant.is_sandbox else 4,
        )
        Step.objects.bulk_create(
            Step(
                version=version,
                step_key=step.step_key,
                position=position,
                name=_step_name(step.step_key),
                offset_days=step.offset_days,
                channel=step.channel,
                template_code=step.step_key,
            )
            for position, step in enumerate(DEFAULT_STEPS, start=1)
        )
    record(actor=SYSTEM, action="collection.scenario_created", row=scenario)
    return version


def version_in_force(*, on: date) -> ScenarioVersion | None:
    """The default scenario's version on the day `on`. 1 SQL query."""
    return (
        ScenarioVersion.objects.filter(scenario__is_default=True, valid_from__lte=on)
        .exclude(valid_to__lte=on)
        .select_related("scenario")
        .first()
    )


def step_rules(version: ScenarioVersion) -> Steps:
    """The version's steps as the rule takes them, in order. 1 SQL query."""
    return Steps(step_rule(step) for step in version.steps.order_by("position"))


def step_rule(step: Step) -> StepRule:
    """The step as the rule takes it."""
    return StepRule(step.step_key, step.position, Anchor(step.anchor), step.offset_days)


@transaction.atomic
def approve_go_live(
    *,
    version: ScenarioVersion,
    old_items: OldItems,
    live_from: date,
    approved_by: Member | None,
    actor: Actor,
    seen: str = "",
) -> ScenarioVersion:
    """Let messages leave from `live_from` on, and set where items start that are overdue on that day.

    Raises AlreadyLive. Until this is called no run proposes anything. People approve by going_live.approve_dry_run,
    which holds the fingerprint of what they were shown (`seen`) against the ledger.
    """
    locked = ScenarioVersion.objects.select_for_update().get(id=version.id)
    if locked.live_from is not None:
        raise AlreadyLive
    locked.live_from, locked.old_items = live_from, old_items
    locked.approved_by, locked.approved_at = approved_by, timezone.now()
    locked.save(update_fields=["live_from", "old_items", "approved_by", "approved_at"])
    set_count = _set_steps_of_old_items(locked)
    changes: dict[str, list[Any]] = {
        "live_from": [None, live_from],
        "old_items": [None, old_items],
        "steps_set": [0, set_count],
    }
    record(
        actor=actor,
        action="collection.go_live_approved",
        row=locked,
        changes=changes | ({"dry_run": [None, seen]} if seen else {}),
    )
    return locked


def _set_steps_of_old_items(version: ScenarioVersion) -> int:
    """Record the steps that old items start behind. Returns how many."""
    if version.live_from is None or version.old_items == OldItems.FIRST_STEP:
        return 0
    steps, live_from = step_rules(version), version.live_from
    lines = [
        ActionLine(
            item_id=item.item_id,
            customer_id=item.customer_id,
            step_key=step.step_key,
            on=live_from,
            currency=item.currency,
            open_amount=item.chased_amount,
            state=ActionLine.State.SET_BY_GO_LIVE,
        )
        for item in candidates(on=live_from, due_until=live_from - timedelta(days=1))
        for step in set_by_go_live(
            steps=steps, due_date=item.due_date, live_from=live_from, old_items=OldItems(version.old_items)
        )
    ]
    ActionLine.objects.bulk_create(lines, ignore_conflicts=True, batch_size=5000)
    return len(lines)


class BadVersion(Invalid):
    code = "bad_version"
    message = gettext_lazy("The scenario cannot be saved like this.")


@dataclass(frozen=True)
class StepChange:
    """What an editor may change of a step; its key, anchor, channel and text stay."""

    step_key: str
    offset_days: int
    mode: str


@transaction.atomic
def publish_version(
    *,
    version: ScenarioVersion,
    limits: Mapping[str, Any],
    steps: Sequence[StepChange],
    on: date,
    actor: Actor,
) -> ScenarioVersion:
    """A new version with these limits and steps in the place of `version`: from tomorrow, at once while not live.

    Steps keep their keys, so what was done for an item stays done. `limits`: minimum_delay_days, minimum_item_amount,
    minimum_total_amount, working_days_only. Raises BadVersion when steps are not in the order of their days.
    """
    locked = ScenarioVersion.objects.select_for_update().get(id=version.id)
    if locked.valid_to is not None:
        raise BadVersion(gettext_lazy("A newer version exists already. Load the page again."))
    _check_order(locked, steps)
    is_live = locked.live_from is not None
    starts = on + timedelta(days=1) if is_live else on
    if starts <= locked.valid_from:
        # Not in force yet: it is replaced, since nothing was ever planned by it.
        starts = locked.valid_from
    changes = {step.step_key: step for step in steps}
    values = {name: getattr(locked, name) for name in _CARRIED} | dict(limits)
    if starts == locked.valid_from and not locked.actions.exists():
        for name, value in limits.items():
            setattr(locked, name, value)
        locked.save()
        successor = locked
        for step in locked.steps.all():
            step.offset_days, step.mode = changes[step.step_key].offset_days, changes[step.step_key].mode
            step.save(update_fields=["offset_days", "mode"])
    else:
        if starts == locked.valid_from:
            starts = on + timedelta(days=1)
        locked.valid_to = starts
        locked.save(update_fields=["valid_to"])
        successor = ScenarioVersion.objects.create(
            scenario_id=locked.scenario_id, number=locked.number + 1, valid_from=starts, **values
        )
        Step.objects.bulk_create(
            Step(
                version=successor,
                step_key=step.step_key,
                position=step.position,
                name=step.name,
                anchor=step.anchor,
                offset_days=changes[step.step_key].offset_days,
                channel=step.channel,
                mode=changes[step.step_key].mode,
                template_code=step.template_code,
            )
            for step in locked.steps.order_by("position")
        )
    record(
        actor=actor,
        action="collection.version_published",
        row=successor,
        changes={
            **{name: [getattr(version, name), value] for name, value in limits.items()},
            "steps": [None, [[step.step_key, step.offset_days, step.mode] for step in steps]],
        },
    )
    return successor


_CARRIED = (
    "minimum_delay_days",
    "minimum_item_amount",
    "minimum_total_amount",
    "stale_after_days",
    "working_days_only",
    "live_from",
    "old_items",
    "approved_by_id",
    "approved_at",
)


def _check_order(version: ScenarioVersion, steps: Sequence[StepChange]) -> None:
    known = list(version.steps.order_by("position"))
    given = {step.step_key: step for step in steps}
    if set(given) != {step.step_key for step in known}:
        raise BadVersion
    problems: dict[str, list[Any]] = {}
    for earlier, later in pairwise(known):
        same_anchor = earlier.anchor == later.anchor == Step.Anchor.DUE_DATE
        if same_anchor and given[later.step_key].offset_days <= given[earlier.step_key].offset_days:
            problems[f"days_{later.step_key}"] = [gettext_lazy("Later than the step before it, please.")]
        if given[later.step_key].offset_days == 0:
            problems[f"days_{later.step_key}"] = [gettext_lazy("Before or after the due date, not on it.")]
    if problems:
        raise BadVersion(fields=problems)

"""Scenarios: the default one, and the approval that lets messages leave."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import Member, Tenant
from collection.models import ActionLine, Scenario, ScenarioVersion, Step
from collection.queries.candidates import candidates
from collection.rules.steps import OldItems
from collection.services.assigning import assignments, live_scenario_ids, pinned_versions
from collection.services.playbooks import playbook, steps_set
from collection.services.versions import add_draft
from core.audit import SYSTEM, Actor, record
from core.errors import Conflict, Invalid
from desk.models import Channel


class BadScenario(Invalid):
    code = "bad_scenario"
    message = gettext_lazy("The scenario cannot be saved like this.")


class NotArchivable(Conflict):
    code = "not_archivable"
    message = gettext_lazy("The default scenario is kept: it applies to what nothing else applies to.")


class AlreadyLive(Conflict):
    code = "already_live"
    message = gettext_lazy("Sending has been approved for this scenario already.")


@dataclass(frozen=True)
class DefaultStep:
    step_key: str
    offset_days: int
    channel: str
    kind: str = Step.Kind.REMINDER


DEFAULT_STEPS = (
    DefaultStep("before_due", -7, Channel.EMAIL),
    DefaultStep("reminder_1", 5, Channel.EMAIL),
    DefaultStep("reminder_2", 15, Channel.EMAIL),
    DefaultStep("reminder_3", 30, Channel.EMAIL),
    # By letter, and only once somebody else has approved it: what comes after it is a court or an agency.
    DefaultStep("formal_notice", 45, Channel.LETTER, Step.Kind.FORMAL_NOTICE),
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

    Steps: 7 days before the due date, 5, 15 and 30 days after it by e-mail, 45 days after it a formal notice by letter,
    which leaves once it is approved.
    """
    version = version_in_force(on=on)
    if version is not None:
        return version
    with override(tenant.language):
        scenario, created = Scenario.objects.get_or_create(is_default=True, defaults={"name": _("Standard")})
        if not created and scenario.versions.exists():
            # Asked for a day before the first version: that one is the earliest there is.
            return scenario.versions.order_by("valid_from", "number")[0]
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
                kind=step.kind,
                template_code=step.step_key,
            )
            for position, step in enumerate(DEFAULT_STEPS, start=1)
        )
    record(actor=SYSTEM, action="collection.scenario_created", row=scenario)
    return version


def version_in_force(*, on: date, scenario_id: UUID | None = None) -> ScenarioVersion | None:
    """The scenario's version on the day `on`; of the default one where none is named. 1 SQL query."""
    rows = ScenarioVersion.objects.filter(valid_from__lte=on).exclude(valid_to__lte=on)
    rows = rows.filter(scenario_id=scenario_id) if scenario_id else rows.filter(scenario__is_default=True)
    return rows.select_related("scenario").first()


@transaction.atomic
def create_scenario(*, name: str, description: str = "", copy_of: Scenario | None = None, actor: Actor) -> Scenario:
    """A new scenario with a draft: the steps of another one (its newest version), or none yet. Raises BadScenario.

    Copied steps keep their keys, so that what was done for an item stays done when it changes scenario.
    """
    name = name.strip()
    if not name:
        raise BadScenario(fields={"name": [gettext_lazy("Give it a name, please.")]})
    if Scenario.objects.filter(name__iexact=name).exists():
        raise BadScenario(fields={"name": [gettext_lazy("Another scenario has this name.")]})
    scenario = Scenario.objects.create(name=name, description=description.strip())
    source = copy_of.versions.order_by("-number").first() if copy_of else None
    add_draft(scenario=scenario, source=source)
    record(
        actor=actor,
        action="collection.scenario_created",
        row=scenario,
        changes={"name": [None, name], "copy_of": [None, copy_of.name if copy_of else None]},
    )
    return scenario


@transaction.atomic
def rename_scenario(*, scenario: Scenario, name: str, description: str, actor: Actor) -> Scenario:
    """Another name or description. Raises BadScenario."""
    name, description = name.strip(), description.strip()
    if not name:
        raise BadScenario(fields={"name": [gettext_lazy("Give it a name, please.")]})
    if Scenario.objects.filter(name__iexact=name).exclude(id=scenario.id).exists():
        raise BadScenario(fields={"name": [gettext_lazy("Another scenario has this name.")]})
    changes = {"name": [scenario.name, name], "description": [scenario.description, description]}
    scenario.name, scenario.description = name, description
    scenario.save(update_fields=["name", "description"])
    record(actor=actor, action="collection.scenario_renamed", row=scenario, changes=changes)
    return scenario


@transaction.atomic
def archive_scenario(*, scenario: Scenario, on: date, actor: Actor) -> Scenario:
    """Out of use from the day `on`: its rules and choices are passed over, so the next ones apply. Raises NotArchivable.

    What it has done stays; the nights take back what it has proposed and nobody decided.
    """
    locked = Scenario.objects.select_for_update().get(id=scenario.id)
    if locked.is_default:
        raise NotArchivable
    if locked.archived_on is None:
        locked.archived_on = on
        locked.save(update_fields=["archived_on"])
        record(actor=actor, action="collection.scenario_archived", row=locked, changes={"archived_on": [None, on]})
    return locked


@transaction.atomic
def restore_scenario(*, scenario: Scenario, actor: Actor) -> Scenario:
    """Back in use."""
    locked = Scenario.objects.select_for_update().get(id=scenario.id)
    if locked.archived_on is not None:
        changes = {"archived_on": [locked.archived_on, None]}
        locked.archived_on = None
        locked.save(update_fields=["archived_on"])
        record(actor=actor, action="collection.scenario_restored", row=locked, changes=changes)
    return locked


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
    book, live_from = playbook(version), version.live_from
    known = live_scenario_ids(on=live_from) | {book.scenario_id}
    assigned = assignments(on=live_from, known=known, versions=pinned_versions(on=live_from))
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
        if assigned.of(item).scenario_id == book.scenario_id
        for step in steps_set(item, book, live_from=live_from, old_items=OldItems(version.old_items))
    ]
    ActionLine.objects.bulk_create(lines, ignore_conflicts=True, batch_size=5000)
    return len(lines)

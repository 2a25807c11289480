"""Versions of a scenario: a draft that people work on, then the version that applies from a day on.

Steps keep their keys through versions, so what was done for an item stays done.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from collection.models import Scenario, ScenarioVersion, Step, Trial
from collection.services.by_hand import REQUESTS
from core.audit import Actor, record
from core.errors import Conflict, Invalid
from desk.models import Channel
from desk.queries.templates import template_codes
from receivables.models import Contact

MOST_STEPS = 30
MOST_DEADLINE_DAYS = 180
MOST_INSTRUCTION = 300
# What a version takes over from the one before it.
LIMITS = (
    "minimum_delay_days", "minimum_item_amount", "minimum_total_amount", "stale_after_days", "working_days_only",
    "grouping", "credits",
)  # fmt: skip
_APPROVAL = ("live_from", "old_items", "approved_by_id", "approved_at")


class BadVersion(Invalid):
    code = "bad_version"
    message = _("The scenario cannot be saved like this.")


class NoDraft(Conflict):
    code = "no_draft"
    message = _("This version is published: it is followed by a new one, not changed.")


@dataclass(frozen=True)
class StepValues:
    """A step as an editor gives it, in the order of the list. `step_key` is empty for a new one.

    What a task or a call has no use for is left out when it is saved: a task has no channel, neither has words.
    """

    name: str
    anchor: str
    offset_days: int
    channel: str
    mode: str
    template_code: str
    step_key: str = ""
    in_working_days: bool = False
    minimum_amount: Decimal = Decimal(0)
    kind: str = Step.Kind.REMINDER.value
    instruction: str = ""
    new_deadline_days: int | None = None
    recipient_roles: list[str] = field(default_factory=list)
    cc_salesperson: bool = False
    sender: str = Step.Sender.COLLECTOR.value
    attach_invoices: bool = False
    attach_statement: bool = False
    attach_interest: bool = False
    claims: bool = False

    @property
    def is_before_due(self) -> bool:
        return self.anchor == Step.Anchor.DUE_DATE and self.offset_days < 0


STEP_FIELDS = tuple(StepValues.__dataclass_fields__)


def add_draft(*, scenario: Scenario, source: ScenarioVersion | None) -> ScenarioVersion:
    """A draft of the scenario with the limits and steps of `source`."""
    last = scenario.versions.order_by("-number").values_list("number", flat=True).first()
    values = {name: getattr(source, name) for name in LIMITS} if source else {}
    draft = ScenarioVersion.objects.create(scenario=scenario, number=(last or 0) + 1, **values)
    rows = source.steps.order_by("position") if source else ()
    Step.objects.bulk_create(
        Step(version=draft, position=place, **{name: getattr(row, name) for name in STEP_FIELDS})
        for place, row in enumerate(rows, start=1)
    )
    return draft


@transaction.atomic
def open_draft(*, scenario: Scenario, actor: Actor) -> ScenarioVersion:
    """The scenario's draft; made as a copy of its newest version where there is none."""
    locked = Scenario.objects.select_for_update().get(id=scenario.id)
    draft = locked.versions.filter(valid_from__isnull=True).first()
    if draft is None:
        draft = add_draft(scenario=locked, source=locked.versions.order_by("-number").first())
        record(actor=actor, action="collection.draft_opened", row=draft, changes={"number": [None, draft.number]})
    return draft


@transaction.atomic
def discard_draft(*, version: ScenarioVersion, actor: Actor) -> None:
    """Throw the draft away; the version in force stays. Raises NoDraft, BadVersion for a scenario that has no other."""
    locked = _draft(version)
    if not locked.scenario.versions.exclude(id=locked.id).exists():
        raise BadVersion(_("It is the only version. Archive the scenario instead."))
    record(actor=actor, action="collection.draft_discarded", row=locked, changes={"number": [locked.number, None]})
    Trial.objects.filter(version=locked).delete()
    locked.steps.all().delete()
    locked.delete()


@transaction.atomic
def save_draft(
    *, version: ScenarioVersion, limits: Mapping[str, Any], steps: Sequence[StepValues], actor: Actor
) -> ScenarioVersion:
    """The draft with these limits (some of LIMITS) and these steps in their order. Raises NoDraft, BadVersion."""
    locked = _draft(version)
    steps = [_without_idle(one) for one in _with_keys(steps)]
    _check(steps)
    before = [asdict(step_values(row)) for row in locked.steps.order_by("position")]
    changes: dict[str, list[Any]] = {
        name: [getattr(locked, name), value] for name, value in limits.items() if getattr(locked, name) != value
    }
    for name, value in limits.items():
        setattr(locked, name, value)
    locked.save(update_fields=[*limits])
    after = [asdict(one) for one in steps]
    if before != after:
        locked.steps.all().delete()
        Step.objects.bulk_create(
            Step(version=locked, position=place, **asdict(one)) for place, one in enumerate(steps, start=1)
        )
        changes["steps"] = [before, after]
    if changes:
        record(actor=actor, action="collection.draft_saved", row=locked, changes=changes)
    return locked


@transaction.atomic
def publish_draft(*, version: ScenarioVersion, from_on: date | None = None, on: date, actor: Actor) -> ScenarioVersion:
    """Let the draft be what the scenario does from a day on: from tomorrow at the earliest, at once while not live.

    The version before it ends on the day before, and hands on the approval of sending. Without steps it is the scenario
    of those to whom nothing is written. Raises NoDraft, BadVersion.
    """
    locked = _draft(version)
    former = (
        ScenarioVersion.objects.select_for_update()
        .filter(scenario_id=locked.scenario_id, valid_from__isnull=False, valid_to__isnull=True)
        .first()
    )
    earliest = on + timedelta(days=1) if former and former.live_from is not None else on
    if former and former.valid_from and former.valid_from >= earliest:
        earliest = former.valid_from + timedelta(days=1)
    starts = from_on or earliest
    if starts < earliest:
        raise BadVersion(fields={"from_on": [_("It can apply from %(day)s at the earliest.") % {"day": earliest}]})
    if former:
        former.valid_to = starts
        former.save(update_fields=["valid_to"])
        for name in _APPROVAL:
            setattr(locked, name, getattr(former, name))
    locked.valid_from = starts
    locked.save()
    record(
        actor=actor,
        action="collection.version_published",
        row=locked,
        changes={"valid_from": [None, starts], "number": [former.number if former else None, locked.number]},
    )
    return locked


def _draft(version: ScenarioVersion) -> ScenarioVersion:
    locked = ScenarioVersion.objects.select_for_update(of=("self",)).select_related("scenario").get(id=version.id)
    if not locked.is_draft:
        raise NoDraft
    return locked


def step_values(row: Step) -> StepValues:
    """A step of a version as an editor gives it."""
    return StepValues(**{name: getattr(row, name) for name in STEP_FIELDS})


def _with_keys(steps: Sequence[StepValues]) -> list[StepValues]:
    """New steps get a key from their name; none that another step has."""
    taken = {one.step_key for one in steps if one.step_key}
    out = []
    for one in steps:
        if not one.step_key:
            stem = re.sub(r"[^a-z0-9_]", "_", slugify(one.name))[:34] or "step"
            key, place = stem, 1
            while key in taken:
                place += 1
                key = f"{stem}_{place}"
            taken.add(key)
            one = replace(one, step_key=key)
        out.append(one)
    return out


# What only a message has.
_OF_MESSAGES: dict[str, Any] = {
    "template_code": "", "new_deadline_days": None, "recipient_roles": [], "cc_salesperson": False,
    "attach_invoices": False, "attach_statement": False, "attach_interest": False,
}  # fmt: skip
_FILES = ("attach_invoices", "attach_statement", "attach_interest")


def _without_idle(one: StepValues) -> StepValues:
    if one.mode == Step.Mode.TASK:
        return replace(one, channel="", **_OF_MESSAGES)
    if one.channel == Channel.CALL:
        return replace(one, **_OF_MESSAGES)
    return one


def _check(steps: Sequence[StepValues]) -> None:
    """Names, days and texts; problems by field "<name>-<place>", counted from 0."""
    problems: dict[str, list[Any]] = {}
    codes = template_codes()
    if len(steps) > MOST_STEPS:
        problems[""] = [_("At most %(n)d steps.") % {"n": MOST_STEPS}]
    keys = [one.step_key for one in steps]
    if len(set(keys)) < len(keys):
        problems[""] = [_("Two steps have the same key.")]
    for place, one in enumerate(steps):
        if not one.name.strip():
            problems[f"name-{place}"] = [_("Give it a name, please.")]
        if one.anchor == Step.Anchor.DUE_DATE and one.offset_days == 0:
            problems[f"offset_days-{place}"] = [_("Before or after the due date, not on it.")]
        if one.anchor != Step.Anchor.DUE_DATE and one.offset_days < 0:
            problems[f"offset_days-{place}"] = [_("Only steps that count from the due date come before it.")]
        if one.anchor == Step.Anchor.PREVIOUS_STEP and place == 0:
            problems[f"anchor-{place}"] = [_("There is no step before the first one.")]
        problems |= {f"{name}-{place}": [text] for name, text in _step_problems(one, codes).items()}
    due = [(place, one) for place, one in enumerate(steps) if one.anchor == Step.Anchor.DUE_DATE]
    for (_earlier_place, earlier), (place, later) in pairwise(due):
        if later.in_working_days == earlier.in_working_days and later.offset_days <= earlier.offset_days:
            problems[f"offset_days-{place}"] = [_("Later than the step before it, please.")]
    if problems:
        raise BadVersion(fields=problems)


def _step_problems(one: StepValues, codes: Collection[str]) -> dict[str, Any]:
    """What is wrong with a step by itself, beside its days: by field."""
    out: dict[str, Any] = {}
    is_message = one.mode != Step.Mode.TASK and one.channel != Channel.CALL
    if one.mode not in Step.Mode.values:
        out["mode"] = _("Automatic, to confirm, or a task.")
    elif one.mode != Step.Mode.TASK and one.kind in REQUESTS:
        out["mode"] = _("A request that a person decides: choose task.")
    elif one.mode == Step.Mode.AUTOMATIC and one.kind != Step.Kind.REMINDER:
        out["mode"] = _("A person decides this step: to confirm, or a task.")
    elif one.mode == Step.Mode.AUTOMATIC and one.channel == Channel.CALL:
        out["mode"] = _("A call is made by a person: to confirm.")
    if one.mode != Step.Mode.TASK and one.channel not in Channel.values:
        out["channel"] = _("Choose how it reaches the customer.")
    if one.kind not in Step.Kind.values:
        out["kind"] = _("Choose what it is.")
    elif one.kind != Step.Kind.REMINDER and one.is_before_due:
        out["kind"] = _("Only reminders come before the due date.")
    if is_message and one.template_code not in codes:
        out["template_code"] = _("There is no text with this code.")
    if one.new_deadline_days is not None and not 1 <= one.new_deadline_days <= MOST_DEADLINE_DAYS:
        out["new_deadline_days"] = _("Between 1 and %(most)d days.") % {"most": MOST_DEADLINE_DAYS}
    elif one.new_deadline_days is not None and one.is_before_due:
        out["new_deadline_days"] = _("Before the due date there is no other deadline to ask for.")
    if len(set(one.recipient_roles)) < len(one.recipient_roles) or set(one.recipient_roles) - set(Contact.Role.values):
        out["recipient_roles"] = _("Each role of the list once, please.")
    if one.sender not in Step.Sender.values:
        out["sender"] = _("The collector or the company.")
    if one.channel == Channel.SMS and any(getattr(one, name) for name in _FILES):
        out["attach_invoices"] = _("A text message carries no files.")
    if one.is_before_due and (one.claims or one.attach_interest):
        out["claims"] = _("Before the due date there is nothing to claim.")
    if len(one.instruction) > MOST_INSTRUCTION:
        out["instruction"] = _("At most %(most)d characters.") % {"most": MOST_INSTRUCTION}
    return out

"""The sample company at work: two scenarios, approved on their dry runs, and the reminders of its day to be confirmed."""

from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Member, Tenant
from collection.models import Scenario, ScenarioVersion, Step
from collection.rules.steps import OldItems
from collection.services.dry_run import dry_run
from collection.services.going_live import approve_dry_run
from collection.services.planning import plan_actions
from collection.services.rule_sets import RuleValues, set_rules
from collection.services.scenarios import create_scenario
from collection.services.versions import StepValues, publish_draft, save_draft, step_values
from core.audit import Actor
from desk.models import Channel
from risk.models import PayerProfile

# Whoever owes that much, in the organisation's currency, and pays late is telephoned before the second reminder.
LARGE_OVERDUE = "10000"
LATE_PAYERS = [PayerProfile.Class.SLOW, PayerProfile.Class.VERY_SLOW, PayerProfile.Class.DEFAULTING]


def put_sample_to_work(*, tenant: Tenant, default: ScenarioVersion, on: date) -> None:
    """Do what the credit manager would: a scenario for large late payers, its rule, both approvals; then plan the day."""
    manager = _approver()
    with override(tenant.language):
        large = _large_late_payers(default.scenario, on=on, actor=Actor.member(manager))
        set_rules(
            rules=[
                RuleValues(
                    name=large.scenario.name,
                    scenario_id=large.scenario_id,
                    criteria=[
                        {"fact": "overdue_amount", "operator": "AT_LEAST", "values": [LARGE_OVERDUE]},
                        {"fact": "payer_class", "operator": "IN", "values": LATE_PAYERS},
                    ],
                )
            ],
            on=on,
            by=manager,
            actor=Actor.member(manager),
        )
    for version in (large, default):
        _go_live(version, approved_by=manager, on=on)
    plan_actions(tenant=tenant, on=on)


def _approver() -> Member:
    """The credit manager; of a sample without one, the person it was made for."""
    people = Member.objects.filter(user__isnull=False).order_by("joined_at", "id")
    return people.filter(role__code="credit_manager").first() or people.filter(role__code="admin").get()


def _large_late_payers(default: Scenario, *, on: date, actor: Actor) -> ScenarioVersion:
    """The default scenario, closer together, with a phone call after the first reminder."""
    scenario = create_scenario(
        name=_("Large late payers"),
        description=_("Whoever pays late and owes much: sooner, and by telephone before it is written again."),
        copy_of=default,
        actor=actor,
    )
    draft = scenario.versions.get()
    usual = {row.step_key: step_values(row) for row in draft.steps.all()}
    call = StepValues(
        name=_("Phone call"),
        anchor=Step.Anchor.DUE_DATE,
        offset_days=8,
        channel=Channel.CALL,
        mode=Step.Mode.TO_CONFIRM,
        template_code="",
        instruction=_("Ask for a day and an amount, and log what is promised."),
    )
    steps = [
        usual["before_due"],
        replace(usual["reminder_1"], offset_days=2),
        call,
        replace(usual["reminder_2"], offset_days=12, attach_statement=True),
        replace(usual["reminder_3"], offset_days=20, attach_statement=True, cc_salesperson=True),
        replace(usual["formal_notice"], offset_days=30),
    ]
    save_draft(version=draft, limits={}, steps=steps, actor=actor)
    return publish_draft(version=draft, on=on, actor=actor)


def _go_live(version: ScenarioVersion, *, approved_by: Member, on: date) -> None:
    """Approve the dry run of the day, as a person does in the browser: old items stand at the step they have reached."""
    seen = dry_run(version=version, on=on, old_items=OldItems.REACHED_STEP)
    approve_dry_run(
        version=version,
        fingerprint=seen.fingerprint,
        old_items=OldItems.REACHED_STEP,
        on=on,
        approved_by=approved_by,
        actor=Actor.member(approved_by),
    )

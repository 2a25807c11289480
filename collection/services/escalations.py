"""A collector asks the credit manager, who answers, decides the action, or chooses another scenario."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.models import Member
from accounts.roles import Can
from collection.models import Action, Escalation, Scenario
from collection.queries.actions import action_in_scope
from collection.services.deciding import skip_action
from collection.services.decision_mails import mail_deciders
from collection.services.rule_sets import choose_scenario
from collection.services.sending import confirm_action
from core.audit import Actor, record
from core.errors import Conflict, Invalid, NotFound
from core.text import Phrase, gettext_noop
from desk.models import Event, Task
from desk.services.tasks import NewTask, finish_tasks_about, make_tasks
from receivables.models import Customer
from receivables.queries.visible import customers_in

OBJECT = "collection.Escalation"
LONGEST = 2_000


class BadQuestion(Invalid):
    code = "bad_question"
    message = _("The question cannot be asked like this.")


class BadDecision(Invalid):
    code = "bad_decision"
    message = _("The answer is not complete.")


class AnsweredAlready(Conflict):
    code = "answered_already"
    message = _("Somebody has answered this question already.")


def managers() -> list[Member]:
    """Who may answer, the credit managers first, then by name. 1 SQL query."""
    rows = Member.objects.filter(
        is_active=True, user__isnull=False, role__capabilities__contains=[Can.ANSWER_QUESTIONS.value]
    ).select_related("role")
    return sorted(rows, key=lambda one: (one.role.code != "credit_manager", one.name, one.id))


@transaction.atomic
def ask_manager(
    *,
    customer_id: UUID,
    question: str,
    manager_id: UUID,
    action_id: UUID | None = None,
    by: UUID | None = None,
    scope: Scope,
    actor: Actor,
    on: date,
) -> Escalation:
    """Ask about a customer, or about one of its actions: it stands on the manager's list until it is answered.

    `by`: the member in whose name a program asks; else whoever acts. Raises NotFound, BadQuestion.
    """
    customer: Customer | None = customers_in(scope=scope).filter(id=customer_id).first()
    asked_by = by or actor.member_id
    if customer is None or asked_by is None:
        raise NotFound
    action = action_in_scope(action_id=action_id, scope=scope) if action_id else None
    if action is not None and action.customer_id != customer.id:
        raise NotFound
    wrong: dict[str, list[Any]] = {}
    if not question.strip():
        wrong["question"] = [_("Write the question.")]
    elif len(question) > LONGEST:
        wrong["question"] = [_("At most %(most)d characters.") % {"most": LONGEST}]
    if manager_id not in {one.id for one in managers()}:
        wrong["manager"] = [_("Choose somebody who may answer.")]
    if wrong:
        raise BadQuestion(fields=wrong)
    row = Escalation.objects.create(
        customer=customer,
        action=action,
        question=question.strip(),
        asked_by_id=asked_by,
        asked_on=on,
        manager_id=manager_id,
    )
    _tell(row, "question.asked", text=row.question, actor=actor, on=on)
    record(actor=actor, action="collection.question_asked", row=row, changes={"manager": [None, manager_id]})
    sentence = Phrase(gettext_noop("Question: %(question)s"), {"question": row.question[:160]})
    make_tasks(tasks=[_task(row, "asked", sentence, assignee_id=manager_id, on=on)], on=on, actor=actor)
    waiting = Task.objects.filter(object_id=row.id, assignee_id=manager_id, done_on__isnull=True)
    mail_deciders(
        tasks=list(waiting.select_related("customer")),
        capability=Can.ANSWER_QUESTIONS,
        asked_by=asked_by,
        on=on,
    )
    return row


@transaction.atomic
def answer_question(
    *,
    escalation_id: UUID,
    outcome: str,
    answer: str = "",
    scenario_id: UUID | None = None,
    by: UUID | None = None,
    scope: Scope,
    actor: Actor,
    now: datetime,
    on: date,
) -> Escalation:
    """Answer with a text, and perhaps with a decision: the action is sent or left out, or the customer gets another
    scenario, as if one had done it oneself. Whoever asked is told.

    `by`: the member in whose name a program answers; else whoever acts. Raises NotFound, AnsweredAlready, BadDecision and what those decisions raise.
    """
    row = Escalation.objects.select_for_update(of=("self",)).select_related("customer").filter(id=escalation_id).first()
    if row is None or not customers_in(scope=scope).filter(id=row.customer_id).exists():
        raise NotFound
    if row.answered_on is not None:
        raise AnsweredAlready
    kind = Escalation.Outcome
    if outcome not in kind.values:
        raise BadDecision(fields={"outcome": [_("Choose how you answer.")]})
    if outcome == kind.ANSWERED and not answer.strip():
        raise BadDecision(fields={"answer": [_("Write the answer.")]})
    if outcome in (kind.CONFIRMED, kind.SKIPPED):
        _decide(row, outcome, answer, scope=scope, actor=actor, now=now, on=on)
    if outcome == kind.SCENARIO:
        _choose(row, scenario_id, answer, actor=actor, on=on)
    row.answer, row.outcome = answer.strip()[:LONGEST], outcome
    row.answered_by_id, row.answered_on = by or actor.member_id, on
    row.updated_at = Now()  # type: ignore[assignment]
    row.save(update_fields=["answer", "outcome", "answered_by", "answered_on", "updated_at"])
    _tell(row, "question.answered", text=row.answer, actor=actor, on=on)
    changes: dict[str, Sequence[Any]] = {"outcome": ["", outcome], "answered_on": [None, on]}
    record(actor=actor, action="collection.question_answered", row=row, changes=changes)
    finish_tasks_about(object_id=row.id, actor=actor, on=on)
    sentence = Phrase(gettext_noop("Your question has been answered: %(answer)s"), {"answer": row.answer[:160] or "–"})
    make_tasks(tasks=[_task(row, "answered", sentence, assignee_id=row.asked_by_id, on=on)], on=on, actor=actor)
    return row


def _decide(row: Escalation, outcome: str, note: str, *, scope: Scope, actor: Actor, now: datetime, on: date) -> Action:
    if row.action_id is None:
        raise BadDecision(fields={"outcome": [_("The question is about no action that could be decided.")]})
    if outcome == Escalation.Outcome.CONFIRMED:
        return confirm_action(action_id=row.action_id, scope=scope, actor=actor, now=now, on=on)
    return skip_action(action_id=row.action_id, note=note, scope=scope, actor=actor, now=now)


def _choose(row: Escalation, scenario_id: UUID | None, reason: str, *, actor: Actor, on: date) -> None:
    scenario = Scenario.objects.filter(id=scenario_id, archived_on__isnull=True).first() if scenario_id else None
    if scenario is None:
        raise BadDecision(fields={"scenario": [_("Choose a scenario that is in use.")]})
    choose_scenario(
        customer=row.customer,
        scenario=scenario,
        reason=(reason.strip() or row.question)[:200],
        on=on,
        by=Member.objects.filter(id=actor.member_id).first() if actor.member_id else None,
        actor=actor,
    )


def _task(row: Escalation, what: str, sentence: Phrase, *, assignee_id: UUID | None, on: date) -> NewTask:
    return NewTask(
        kind=Task.Kind.ESCALATION,
        key=f"{row.id}:{what}",
        customer_id=row.customer_id,
        sentence=sentence,
        due_on=on,
        assignee_id=assignee_id,
        object_type=OBJECT,
        object_id=row.id,
    )


def _tell(row: Escalation, kind: str, *, text: str, actor: Actor, on: date) -> None:
    Event.objects.create(
        customer_id=row.customer_id,
        kind=kind,
        on=on,
        member_id=actor.member_id,
        object_type=OBJECT,
        object_id=row.id,
        data={"text": text[:500], "outcome": row.outcome},
    )

"""Two collectors at once: what one decides the other finds decided, and nothing happens twice."""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.access import EVERYTHING
from collection.models import Action, Interaction
from collection.rules.calls import CallOutcome
from collection.services.call_undo import BuiltUpon, TooLateForCall, undo_call
from collection.services.calls import Announced, Promised, log_call
from collection.services.deciding import NotProposed, skip_action
from collection.services.escalations import AnsweredAlready, answer_question, ask_manager
from collection.services.sending import confirm_action, confirm_actions
from core.audit import Actor
from core.errors import Refusal
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Message, Task
from desk.services.tasks import AlreadyDone, finish_task
from receivables.models import Hold, Promise
from receivables.services.standing import AlreadyOver, withdraw_promise
from tests.collection.story import MONDAY, NOW, approve, make_contact, make_debtor, propose
from tests.make import make_member, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant(transactional_db):
    tenant = make_tenant()
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def action(tenant):
    with transaction.atomic():
        approve(tenant)
        account = make_debtor()
        make_contact(account)
        return propose(tenant, account)


@pytest.fixture
def two(tenant):
    with transaction.atomic():
        return [Actor.member(make_member(role="collector")) for _ in range(2)]


def at_once(*functions):
    """Each in a thread and a connection of its own, in the tenant's scope; their results, refusals included."""

    def run(function):
        try:
            return function()
        except Refusal as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as pool:
        running = [pool.submit(contextvars.copy_context().run, run, function) for function in functions]
        return [one.result(timeout=30) for one in running]


def refusals(results) -> list[type]:
    return [type(one) for one in results if isinstance(one, Refusal)]


def test_one_of_two_confirms_and_one_message_is_written(action, two):
    who = {"action_id": action.id, "scope": EVERYTHING, "now": NOW, "on": MONDAY}
    results = at_once(*(lambda actor=actor: confirm_action(actor=actor, **who) for actor in two))
    assert refusals(results) == [NotProposed]
    with transaction.atomic():
        assert Message.objects.count() == 1


def test_one_sends_while_the_other_skips_and_one_of_them_is_told(action, two):
    results = at_once(
        lambda: confirm_action(action_id=action.id, scope=EVERYTHING, actor=two[0], now=NOW, on=MONDAY),
        lambda: skip_action(action_id=action.id, note="", scope=EVERYTHING, actor=two[1], now=NOW),
    )
    assert refusals(results) == [NotProposed]
    with transaction.atomic():
        state = Action.objects.get().state
        assert Message.objects.count() == (1 if state == "CONFIRMED" else 0)


@pytest.mark.parametrize("shown_at", [None, NOW])
def test_ticked_together_each_reminder_leaves_once(tenant, two, shown_at):
    with transaction.atomic():
        approve(tenant)
        first = make_debtor(name="A", email="a@d.example")
        propose(tenant, first)
        for n in range(5):
            propose(tenant, make_debtor(name=f"B{n}", email=f"b{n}@d.example", entity=first.entity))
        ids = list(Action.objects.order_by("id").values_list("id", flat=True))
    who = {"scope": EVERYTHING, "now": NOW, "on": MONDAY, "shown_at": shown_at}
    results = at_once(*(lambda actor=actor: confirm_actions(action_ids=ids, actor=actor, **who) for actor in two))
    assert sum(len(confirmed) for confirmed, _refused in results) == 6
    assert sum(len(refused) for _confirmed, refused in results) == 6
    with transaction.atomic():
        assert Message.objects.count() == 6


def test_the_call_of_the_list_is_made_by_one_and_nothing_is_kept_of_the_others(tenant, action, two):
    with transaction.atomic():
        Action.objects.update(channel="CALL")

    def call(actor):
        return log_call(
            customer_id=action.customer_id, outcome=CallOutcome.PAYMENT_ANNOUNCED, said=Announced(until_on=MONDAY),
            action_id=action.id, tenant=tenant, scope=EVERYTHING, actor=actor, now=NOW, on=MONDAY,
        )  # fmt: skip

    results = at_once(*(lambda actor=actor: call(actor) for actor in two))
    assert refusals(results) == [NotProposed]
    with transaction.atomic():
        assert (Interaction.objects.count(), Hold.objects.count()) == (1, 1)


def test_a_task_is_done_once_and_a_question_answered_once(tenant, action, two):
    with transaction.atomic():
        mia = make_member(role="credit_manager")
        asked = ask_manager(
            customer_id=action.customer_id, question="?", manager_id=mia.id, scope=EVERYTHING, actor=two[0], on=MONDAY
        )
        task = Task.objects.create(
            customer_id=action.customer_id, kind="REPLY", key="1", on=MONDAY, due_on=MONDAY, text="Read"
        )
    done = at_once(*(lambda actor=actor: finish_task(task_id=task.id, actor=actor, on=MONDAY) for actor in two))
    assert refusals(done) == [AlreadyDone]

    def answer(text):
        return answer_question(
            escalation_id=asked.id, outcome="ANSWERED", answer=text, scope=EVERYTHING, actor=Actor.member(mia),
            now=NOW, on=MONDAY,
        )  # fmt: skip

    assert refusals(at_once(lambda: answer("yes"), lambda: answer("no"))) == [AnsweredAlready]


def test_a_call_is_taken_back_once_and_not_over_a_colleague(tenant, action, two):
    """Two windows of whoever logged it, and a colleague who withdraws the promise at the same moment."""
    for colleague in (None, two[1]):
        with transaction.atomic():
            logged = log_call(
                customer_id=action.customer_id, outcome=CallOutcome.PROMISED,
                said=Promised(due_on=MONDAY, currency="EUR", amount=Decimal(10)), tenant=tenant, scope=EVERYTHING,
                actor=two[0], now=timezone.now(), on=MONDAY,
            )  # fmt: skip
        who = {"scope": EVERYTHING, "actor": two[0], "now": timezone.now(), "on": MONDAY}

        def undo(logged=logged, who=who):
            return undo_call(interaction_id=logged.interaction.id, **who)

        def withdraw(logged=logged, colleague=colleague):
            return withdraw_promise(promise_id=logged.promise.id, on=MONDAY, actor=colleague)

        results = at_once(undo, withdraw if colleague else undo)
        assert len(refusals(results)) == 1
        assert set(refusals(results)) <= ({BuiltUpon, AlreadyOver} if colleague else {TooLateForCall})
        with transaction.atomic():
            assert Promise.objects.get().state == "WITHDRAWN"
            taken_back = AuditRecord.objects.filter(
                action="collection.call_taken_back", object_id=logged.interaction.id
            )
            undone = [one for one in results if not isinstance(one, Refusal | Promise)]
            assert taken_back.count() == len(undone)

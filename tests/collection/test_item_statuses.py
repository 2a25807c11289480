"""Status codes of items: what they do to reminders, how they are set and taken off, and by whom."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from accounts.access import EVERYTHING, Scope
from collection.models import Action
from collection.rules.steps import LeftOut, OldItems
from collection.services.dry_run import dry_run
from collection.services.item_statuses import BadStatus, clear_status, set_status
from collection.services.planning import plan_actions
from collection.services.scenarios import ensure_default_scenario
from collection.services.status_codes import SHIPPED, BadStatusCode, ensure_status_codes, save_status_code
from core.audit import SYSTEM, Actor
from core.errors import NotFound
from core.models import AuditRecord
from core.tenancy import require_tenant_id, tenant_scope
from desk.models import Task
from receivables.models import ItemStatus, LedgerItem, StatusCode
from tests.accounts.test_at_once import at_once
from tests.collection.story import MONDAY, approve, due
from tests.make import make_account, make_entity, make_item, make_member, make_tenant
from tests.pages import enter


@pytest.fixture
def codes(tenant):
    ensure_status_codes()
    return {row.code: row for row in StatusCode.objects.all()}


def mark(items, status, *, on=MONDAY, **fields):
    return set_status(
        item_ids=[item.id for item in items], status_id=status.id, scope=EVERYTHING, actor=SYSTEM, on=on, **fields
    )


def planned(tenant, on=MONDAY) -> set[str]:
    plan_actions(tenant=tenant, on=on)
    lines = Action.objects.filter(on=on, state="PROPOSED").values_list("lines__item__number", flat=True)
    return set(lines)


def test_an_organisation_begins_with_codes_in_its_language_and_keeps_its_own(tenant):
    ensure_status_codes()
    ensure_status_codes()
    assert StatusCode.objects.count() == len(SHIPPED)
    StatusCode.objects.exclude(code="WATCH").delete()
    ensure_status_codes()
    assert StatusCode.objects.get().code == "WATCH"


def test_an_item_that_waits_is_not_reminded_until_the_day_after_its_last_one(tenant, codes):
    make_entity(code="FR", country="FR")
    approve(tenant)
    account = make_account()
    waits = make_item(account=account, number="WAITS", due=due(10))
    make_item(account=account, number="OTHER", due=due(10))
    mark([waits], codes["CHECKING"])  # 7 days
    assert ItemStatus.objects.get().until_on == MONDAY + timedelta(days=7)
    assert planned(tenant) == {"OTHER"}
    assert "WAITS" not in planned(tenant, MONDAY + timedelta(days=7))
    assert "WAITS" in planned(tenant, MONDAY + timedelta(days=8))


def test_a_stop_lasts_until_it_is_taken_off_and_a_mark_or_task_stops_nothing(tenant, codes):
    make_entity(code="FR", country="FR")
    approve(tenant)
    account = make_account()
    names = ("STOPS", "MARKED", "TASK")
    items = {name: make_item(account=account, number=name, due=due(10)) for name in names}
    mark([items["STOPS"]], codes["CREDIT_COMES"])
    mark([items["MARKED"]], codes["WATCH"])
    mark([items["TASK"]], codes["TO_CALL"])
    assert planned(tenant) == {"MARKED", "TASK"}
    clear_status(item_ids=[items["STOPS"].id], scope=EVERYTHING, actor=SYSTEM, on=MONDAY + timedelta(days=1))
    assert "STOPS" in planned(tenant, MONDAY + timedelta(days=1))


def test_the_dry_run_says_that_the_status_keeps_the_item_back(tenant, codes):
    make_entity(code="FR", country="FR")
    version = ensure_default_scenario(tenant=tenant, on=MONDAY)
    mark([make_item(due=due(10))], codes["CREDIT_COMES"])
    run = dry_run(version=version, on=MONDAY, old_items=OldItems.FIRST_STEP)
    assert (run.messages, run.left_out) == ([], {LeftOut.STATUS: 1})


def test_a_message_confirmed_before_leaves_without_the_item_that_was_marked_since(tenant, codes):
    from collection.services.sending import prepare

    make_entity(code="FR", country="FR")
    approve(tenant)
    account = make_account()
    item = make_item(account=account, number="MARKED", due=due(10))
    make_item(account=account, number="OTHER", due=due(10))
    plan_actions(tenant=tenant, on=MONDAY)
    mark([item], codes["WITH_MANAGEMENT"])
    actions = list(Action.objects.select_related("customer", "entity", "version"))
    plan = prepare(actions=actions, on=MONDAY)[0].plan
    assert [line.item.number for line in plan.lines] == ["OTHER"]
    assert [(one.item.number, one.reason) for one in plan.excluded] == [("MARKED", LeftOut.STATUS)]


def test_each_change_is_a_row_of_the_items_history_and_audited(tenant, codes):
    item, member = make_item(), make_member()
    for day, code in enumerate(("CHECKING", "WATCH")):
        set_status(
            item_ids=[item.id], status_id=codes[code].id, note=f"n{day}", scope=EVERYTHING,
            actor=Actor.member(member), on=MONDAY + timedelta(days=day),
        )  # fmt: skip
    first, second = ItemStatus.objects.order_by("from_on")
    assert (first.status.code, first.ended_on, first.ended_by_id) == ("CHECKING", MONDAY + timedelta(days=1), member.id)
    assert (second.status.code, second.ended_on, second.note, second.set_by_id) == ("WATCH", None, "n1", member.id)
    assert AuditRecord.objects.filter(action="collection.status_set", actor_id=member.id).count() == 2
    assert AuditRecord.objects.get(action="collection.status_ended").customer_id == item.customer_id


def test_the_same_again_changes_nothing(tenant, codes):
    items = [make_item(), make_item()]
    assert mark(items, codes["CHECKING"]) == 2
    assert mark(items, codes["CHECKING"]) == 0
    assert ItemStatus.objects.count() == 2
    assert clear_status(item_ids=[items[0].id], scope=EVERYTHING, actor=SYSTEM, on=MONDAY) == 1
    assert clear_status(item_ids=[items[0].id], scope=EVERYTHING, actor=SYSTEM, on=MONDAY) == 0


def test_a_task_is_made_once_for_each_customer_and_handed_to_its_collector(tenant, codes):
    collector = make_member(role="collector")
    one, other = make_account(collector=collector), make_account()
    items = [make_item(account=one, number=f"A{n}") for n in range(3)] + [make_item(account=other, number="B")]
    mark(items, codes["TO_CALL"])
    mark(items, codes["TO_CALL"])
    tasks = {task.customer_id: task for task in Task.objects.filter(kind="STATUS")}
    assert len(tasks) == 2
    assert tasks[one.customer_id].assignee_id == collector.id
    assert (tasks[one.customer_id].values["number"], tasks[one.customer_id].values["n"]) == ("A0", 2)


def test_5000_items_are_marked_by_as_many_statements_as_two(tenant, codes, django_assert_num_queries):
    account = make_account()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO receivables_ledgeritem (tenant_id, customer_id, account_id, entity_id, source, source_ref, kind, number,"
            " instalment, document_date, posting_date, due_date, currency, amount, open_amount, payment_method, is_factored,"
            " is_doubtful, known_on, is_history) SELECT %s, %s, %s, %s, 'file', 'F' || n, 'INVOICE', 'F' || n, 1, %s, %s, %s, 'EUR',"
            " 100, 100, '', false, false, %s, false FROM generate_series(1, 5000) n",
            [require_tenant_id(), account.customer_id, account.id, account.entity_id, *[MONDAY] * 4],
        )
    ids = list(LedgerItem.objects.values_list("id", flat=True))
    # The code, the items, two statements, and the transaction's savepoint.
    with django_assert_num_queries(6):
        assert (
            set_status(item_ids=ids, status_id=codes["CHECKING"].id, scope=EVERYTHING, actor=SYSTEM, on=MONDAY) == 5000
        )
    assert ItemStatus.objects.filter(ended_on__isnull=True).count() == 5000
    with pytest.raises(BadStatus):
        set_status(
            item_ids=[*ids, ids[0].__class__(int=1)], status_id=codes["CHECKING"].id, scope=EVERYTHING, actor=SYSTEM,
            on=MONDAY,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "until", "field"),
    [
        ("WATCH", MONDAY, "until_on"),
        ("CHECKING", MONDAY - timedelta(days=1), "until_on"),
        ("CHECKING", MONDAY + timedelta(days=366), "until_on"),
    ],
)
def test_days_that_make_no_sense_are_refused(tenant, codes, code, until, field):
    with pytest.raises(BadStatus) as refused:
        mark([make_item()], codes[code], until_on=until)
    assert field in refused.value.fields
    assert not ItemStatus.objects.exists()


def test_all_or_none_of_the_items_are_marked(tenant, codes):
    own = make_member(role="sales")
    seen, unseen = make_item(account=make_account(salesperson=own)), make_item()
    with pytest.raises(NotFound):
        set_status(
            item_ids=[seen.id, unseen.id], status_id=codes["WATCH"].id, scope=Scope(portfolio_of=own.id),
            actor=SYSTEM, on=MONDAY,
        )  # fmt: skip
    assert not ItemStatus.objects.exists()


def test_a_code_that_waits_needs_its_days_and_a_new_one_its_own_code(tenant, codes):
    with pytest.raises(BadStatusCode) as refused:
        save_status_code(status_id=None, code="", label=" ", behaviour="WAIT", wait_days=0, actor=SYSTEM)
    assert set(refused.value.fields) == {"code", "label", "wait_days"}
    with pytest.raises(BadStatusCode):
        save_status_code(status_id=None, code="watch", label="x", behaviour="NONE", wait_days=None, actor=SYSTEM)
    row = save_status_code(status_id=codes["WATCH"].id, label="Look", behaviour="STOP", wait_days=5, actor=SYSTEM)
    assert (row.code, row.label, row.wait_days) == ("WATCH", "Look", None)


def test_another_organisations_code_and_items_do_not_exist_here(organisation):
    with tenant_scope(make_tenant()):
        ensure_status_codes()
        theirs, item = StatusCode.objects.get(code="WATCH"), make_item()
    with tenant_scope(organisation):
        ensure_status_codes()
        ours, own = StatusCode.objects.get(code="WATCH"), make_item()
        for status, one in ((theirs, own), (ours, item)):
            with pytest.raises(NotFound):
                mark([one], status)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_leave_one_status_in_force():
    tenant = make_tenant()
    with tenant_scope(tenant), transaction.atomic():
        ensure_status_codes()
        codes = list(StatusCode.objects.exclude(behaviour="TASK").exclude(behaviour="WAIT")[:2])
        item = make_item()
    assert sorted(at_once(tenant, *(lambda status=status: mark([item], status) for status in codes))) == [1, 1]
    with tenant_scope(tenant), transaction.atomic():
        assert ItemStatus.objects.filter(ended_on__isnull=True).count() == 1
        assert ItemStatus.objects.count() == 2


def test_marked_in_bulk_from_the_list_and_shown_there_and_on_the_item(organisation):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        ensure_status_codes()
        items = [make_item(number=f"F-{n}") for n in range(3)]
        watch = StatusCode.objects.get(code="WATCH")
    form = client.get("/collections/items/status/", {"pick": [item.id for item in items[:2]]})
    assert "2 items" in form.content.decode()
    answer = client.post(
        "/collections/items/status/",
        {"sent": "1", "pick": [item.id for item in items[:2]], "status": str(watch.id), "note": "see mail"},
    )
    assert answer.status_code == 302
    shown = client.get("/items/?state=open&status=WATCH").content.decode()
    assert "F-0" in shown
    assert "F-1" in shown
    assert "F-2" not in shown
    assert "F-2" in client.get("/items/?state=open&status=none").content.decode()
    assert "see mail" in client.get(f"/items/{items[0].id}/").content.decode()

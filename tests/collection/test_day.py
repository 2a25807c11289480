"""The day's list: every kind of work, whose it is, what comes first, and ticking it off and back."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.access import EVERYTHING, Scope
from accounts.models import Member
from accounts.queries.replacements import represented_by
from accounts.services.replacements import name_replacement
from collection.models import Action, Interaction
from collection.queries.day import Reader, day_of
from collection.rules.day import WorkKind
from collection.services import day as services
from collection.services.deciding import NothingToUndo
from core.audit import SYSTEM, Actor
from core.errors import NotFound
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Alert, Task
from desk.services.tasks import finish_task
from receivables.models import Promise
from receivables.services.open_amounts import refresh_balances
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, approve, due, make_contact, make_debtor, make_sender, propose
from tests.make import make_account, make_allocation, make_item, make_member, make_tenant
from tests.pages import statements

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/collections/"}
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def reader(member: Member, **fields) -> Reader:
    values = {"scope": EVERYTHING, "on": MONDAY, "now": NINE, "currency": "EUR"}
    return Reader(member_id=member.id, **values | fields)


def listed(member: Member, **fields) -> list[tuple[str, str]]:
    """(kind, customer) of the list, in its order."""
    return [(one.kind.value, one.customer.name) for one in day_of(reader=reader(member, **fields)).work]


@pytest.fixture
def anne(tenant):
    return make_member(role="collector", name="Anne")


@pytest.fixture
def paul(tenant):
    return make_member(role="collector", name="Paul")


@pytest.fixture
def entity(tenant):
    return make_sender()


@pytest.fixture
def debtor(entity, anne):
    """A customer of Anne's that owes since ten days."""

    def make(name: str, amount: str = "100.00", collector: Member | None = anne):
        account = make_debtor(name=name, email=f"{name.lower()}@d.example", entity=entity)
        account.collector = collector
        account.save()
        make_item(account=account, amount=amount, due=due(10))
        return account

    return make


def promise(account, state="OPEN", days=0, amount="100.00", **fields):
    values = {
        "customer": account.customer,
        "currency": "EUR",
        "made_on": due(99),
        "due_on": day(days),
        "amount": amount,
    }
    if state != "OPEN":
        values["decided_on"] = day(days + 1)
    return Promise.objects.create(**values | fields, state=state)


def task(account, kind="REPLY", **fields):
    values = {"customer": account.customer, "kind": kind, "key": uuid4().hex, "on": MONDAY, "due_on": MONDAY}
    return Task.objects.create(**values | fields, text="Read the reply")


def note(account, **fields):
    values = {"customer": account.customer, "kind": "CALL", "outcome": "CALL_BACK", "on": due(1), "next_on": MONDAY}
    return Interaction.objects.create(**values | fields)


def alert(account, **fields):
    values = {"customer": account.customer, "kind": "risk.payer_class", "key": uuid4().hex, "severity": "WARNING"}
    return Alert.objects.create(**values | fields, on=MONDAY, text="Pays worse")


# --- what is listed ---------------------------------------------------------------------------------------------------


def test_every_kind_is_listed_and_counted_and_the_rest_is_not(tenant, anne, debtor):
    approve(tenant)
    beta = propose(tenant, debtor("Beta", "900.00"))
    called = propose(tenant, debtor("Gamma", "50.00"))
    Action.objects.filter(id=called.id).update(channel="CALL")
    account = debtor("Alpha", "500.00")
    for kind in ("DISPUTE", "REPLY", "BOUNCE", "CONTACT", "STEP", "ESCALATION", "REVIEW", "MENTION"):
        task(account, kind, assignee=anne)
    task(account, assignee=anne, done_on=MONDAY)
    promise(account)
    promise(account, days=3, amount="7.00")
    note(account)
    note(account, next_on=day(1))
    alert(account)
    found = day_of(reader=reader(anne))
    assert {one.value: n for one, n in found.counts.items()} == {
        "REMINDER": 1, "CALL": 2, "PROMISE": 1, "DISPUTE": 1, "REPLY": 1, "BOUNCE": 1, "CONTACT": 1, "STEP": 1,
        "ESCALATION": 1, "REVIEW": 2, "MENTION": 1,
    }  # fmt: skip
    assert len(found.work) == 13
    for kind, count in found.counts.items():
        of_kind = day_of(reader=reader(anne), kind=kind).work
        assert [one.kind for one in of_kind] == [kind] * count
    assert {one.id for one in day_of(reader=reader(anne), kind=WorkKind.REMINDER).work} == {beta.id}
    assert called.id in {one.id for one in day_of(reader=reader(anne), kind=WorkKind.CALL).work}


def test_broken_promises_and_agreed_calls_come_first_then_money_by_its_chance(tenant, anne, debtor):
    approve(tenant)
    propose(tenant, debtor("Reminded", "1000.00"))
    small, large = debtor("Small", "10.00"), debtor("Large", "5000.00")
    broken, later = debtor("Broken"), debtor("Later", "1.00")
    refresh_balances(on=MONDAY)
    task(small, assignee=anne)
    task(large, assignee=anne)
    promise(broken, state="BROKEN", days=-2, amount="300.00")
    promise(broken, state="PARTLY", days=-3, amount="900.00", received_amount="100.00")
    note(later, next_time=time(9, 10))
    note(small, next_time=time(15, 0))
    names = listed(anne)
    assert names[:3] == [("PROMISE", "Broken"), ("PROMISE", "Broken"), ("CALL", "Later")]
    assert names[3:5] == [("REPLY", "Large"), ("REMINDER", "Reminded")]
    assert set(names[5:]) == {("CALL", "Small"), ("REPLY", "Small")}
    missing = [one.amounts["EUR"] for one in day_of(reader=reader(anne), kind=WorkKind.PROMISE).work]
    assert missing == [800, 300]


def test_a_promise_leaves_the_list_once_looked_after_until_it_changes(tenant, anne, debtor):
    account = debtor("Alpha")
    due_today = promise(account)
    promise(account, state="BROKEN", days=-90, amount="3.00")
    assert listed(anne) == [("PROMISE", "Alpha")]
    actor = Actor.member(anne)
    services.look_after_promise(promise_id=due_today.id, scope=EVERYTHING, actor=actor, on=MONDAY)
    assert listed(anne) == []
    Promise.objects.filter(id=due_today.id).update(state="BROKEN", decided_on=day(1))
    assert listed(anne, on=day(1)) == [("PROMISE", "Alpha")]
    services.look_after_promise(promise_id=due_today.id, scope=EVERYTHING, actor=actor, on=day(1))
    assert listed(anne, on=day(1)) == []


def test_a_broken_promise_whose_items_are_paid_after_all_is_no_work(tenant, anne, debtor):
    account = debtor("Alpha", "300.00")
    item = account.customer.items.get()
    broken = promise(account, state="BROKEN", days=-2, amount="250.00")
    broken.promise_items.create(item=item)
    assert day_of(reader=reader(anne)).work[0].amounts == {"EUR": 250}
    make_allocation(debit=item, amount="200.00", on=MONDAY)
    assert day_of(reader=reader(anne)).work[0].amounts == {"EUR": 100}
    make_allocation(debit=item, amount="100.00", on=MONDAY)
    assert listed(anne) == []


def test_a_new_agreement_follows_what_was_not_kept(tenant, anne, debtor):
    account = debtor("Alpha")
    promise(account, state="BROKEN", days=-2)
    anew = promise(account, days=9, amount="90.00", made_on=MONDAY)
    assert listed(anne) == []
    Promise.objects.filter(id=anew.id).update(state="WITHDRAWN")
    assert listed(anne) == [("PROMISE", "Alpha")]


def test_pages_follow_each_other_without_a_gap(tenant, anne, debtor):
    approve(tenant)
    for n in range(5):
        propose(tenant, debtor(f"C{n}", f"{100 + n}.00"))
        task(debtor(f"T{n}"), assignee=anne)
    task(debtor("Q"), "ESCALATION", assignee=anne)
    whole = [one.place for one in day_of(reader=reader(anne)).work]
    assert len(set(whole)) > 9
    paged, after = [], None
    for _page in range(10):
        found = day_of(reader=reader(anne), after=after, limit=3)
        paged += [one.place for one in found.work]
        if not found.has_more:
            break
        after = paged[-1]
    assert paged == whole


# --- whose ------------------------------------------------------------------------------------------------------------


def test_mine_is_that_of_my_customers_and_all_is_what_i_see(tenant, anne, paul, debtor):
    approve(tenant)
    propose(tenant, debtor("Hers"))
    propose(tenant, debtor("His", collector=paul))
    his = Action.objects.get(customer__name="His")
    note(his, customer=his.customer)
    task(his, assignee=paul)
    assert listed(anne) == [("REMINDER", "Hers")]
    assert {name for _kind, name in listed(anne, is_mine=False)} == {"Hers", "His"}
    assert ("REPLY", "His") not in listed(anne, is_mine=False)  # another's task stays another's
    assert listed(anne, is_mine=False, scope=Scope(portfolio_of=anne.id)) == [("REMINDER", "Hers")]


def test_who_stands_in_has_the_work_too_within_their_own_rights(tenant, anne, paul, debtor):
    approve(tenant)
    propose(tenant, debtor("Hers"))
    task(debtor("Hers too"), assignee=anne)
    name_replacement(
        member_id=anne.id, replacement_id=paul.id, from_on=MONDAY, until_on=day(2), on=MONDAY, actor=SYSTEM
    )
    absent = represented_by(member_id=paul.id, on=MONDAY)
    assert absent == {anne.id: "Anne"}
    work = day_of(reader=reader(paul, absent=absent)).work
    assert {(one.kind.value, one.for_name) for one in work} == {("REMINDER", "Anne"), ("REPLY", "Anne")}
    # A portfolio of one's own stays what it is: nothing of hers is in it.
    assert listed(paul, absent=absent, scope=Scope(portfolio_of=paul.id)) == []
    assert represented_by(member_id=paul.id, on=day(3)) == {}


def test_another_organisation_has_none_of_it(db):
    one, other = make_tenant(), make_tenant()
    with tenant_scope(one):
        account = make_account()
        promise(account)
        made = task(account)
    with tenant_scope(other):
        member = make_member(role="collector")
        assert listed(member, is_mine=False) == []
        with pytest.raises(NothingToUndo):
            services.take_back(row_id=made.id, scope=EVERYTHING, actor=Actor.member(member), now=timezone.now())


# --- ticking off and back ---------------------------------------------------------------------------------------------


def test_what_was_ticked_off_is_taken_back_by_the_same_person_within_half_a_minute(tenant, anne, paul, debtor):
    account = debtor("Alpha")
    rows = {
        "task": task(account, assignee=anne),
        "note": note(account),
        "promise": promise(account),
        "alert": alert(account),
    }
    actor = Actor.member(anne)
    finish_task(task_id=rows["task"].id, actor=actor, on=MONDAY)
    services.move_follow_up(interaction_id=rows["note"].id, until=day(3), scope=EVERYTHING, actor=actor, on=MONDAY)
    services.look_after_promise(promise_id=rows["promise"].id, scope=EVERYTHING, actor=actor, on=MONDAY)
    services.see_alert(alert_id=rows["alert"].id, member=anne, scope=EVERYTHING, actor=actor, on=MONDAY)
    assert listed(anne) == []
    now = timezone.now()
    for row in rows.values():
        with pytest.raises(NothingToUndo):
            services.take_back(row_id=row.id, scope=EVERYTHING, actor=Actor.member(paul), now=now)
        with pytest.raises(NothingToUndo):
            services.take_back(row_id=row.id, scope=EVERYTHING, actor=actor, now=now + timedelta(seconds=60))
        services.take_back(row_id=row.id, scope=EVERYTHING, actor=actor, now=now)
        with pytest.raises(NothingToUndo):
            services.take_back(row_id=row.id, scope=EVERYTHING, actor=actor, now=now)
    assert sorted(kind for kind, _name in listed(anne)) == ["CALL", "PROMISE", "REPLY", "REVIEW"]
    assert AuditRecord.objects.filter(action="collection.taken_back").count() == 4


def test_a_finished_step_is_not_taken_back(tenant, anne, debtor):
    row = task(debtor("Alpha"), "STEP", assignee=anne)
    finish_task(task_id=row.id, actor=Actor.member(anne), on=MONDAY)
    with pytest.raises(NothingToUndo):
        services.take_back(row_id=row.id, scope=EVERYTHING, actor=Actor.member(anne), now=timezone.now())


@pytest.mark.parametrize("until", [MONDAY, due(1), MONDAY + timedelta(days=91)])
def test_putting_off_is_until_a_later_day(tenant, anne, debtor, until):
    row = note(debtor("Alpha"))
    with pytest.raises(services.BadDay):
        services.move_follow_up(
            interaction_id=row.id, until=until, scope=EVERYTHING, actor=Actor.member(anne), on=MONDAY
        )


def test_rows_out_of_scope_do_not_exist(tenant, anne, debtor):
    account = debtor("Alpha")
    theirs = Scope(portfolio_of=uuid4())
    who = {"scope": theirs, "actor": Actor.member(anne), "on": MONDAY}
    with pytest.raises(NotFound):
        services.look_after_promise(promise_id=promise(account).id, **who)
    with pytest.raises(NotFound):
        services.move_follow_up(interaction_id=note(account).id, until=day(1), **who)
    with pytest.raises(NotFound):
        services.see_alert(alert_id=alert(account).id, member=anne, **who)


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def work(organisation):
    """One of each kind that has a panel of its own, of one customer."""
    with tenant_scope(organisation):
        account = make_debtor()
        make_contact(account, phone="+33142685300")
        make_item(account=account, amount="100.00", due=due(10))
        return {
            "follow_up": note(account, next_text="Ask for the cheque"),
            "day_promise": promise(account, state="PARTLY", days=-2, received_amount="40.00"),
            "day_task": task(account),
            "day_alert": alert(account),
        }


@pytest.mark.parametrize("name", ["follow_up", "day_promise", "day_task", "day_alert"])
def test_each_kind_has_a_panel_with_its_few_actions(organisation, work, name):
    client, _member = enter(organisation, role="collector")
    address = reverse(name, args=[work[name].id])
    part = client.get(address, headers=HTMX).content.decode()
    assert "<html" not in part
    assert "+33 1 42 68 53 00" in part
    whole = client.get(address).content.decode()
    assert "<html" in whole
    assert "is-chosen" in whole
    cfo, _member = enter(organisation, role="cfo")
    assert 'hx-get="/collections/customers/' not in cfo.get(address, headers=HTMX).content.decode()


def test_ticking_off_answers_with_the_list_and_a_way_back(organisation, work):
    client, _member = enter(organisation, role="collector")
    done = {
        "follow_up_done": "follow_up", "promise_seen": "day_promise", "day_task_done": "day_task",
        "day_alert_seen": "day_alert",
    }  # fmt: skip
    for name, row in done.items():
        answer = client.post(reverse(name, args=[work[row].id]), headers=HTMX)
        assert reverse("day_undo") in answer["HX-Trigger"], name
        assert str(work[row].id) not in answer.content.decode(), name
        assert client.post(reverse("day_undo") + f"?row={work[row].id}", headers=HTMX)["HX-Redirect"] == "/collections/"
    assert client.post(reverse("day_undo") + "?row=nonsense", headers=HTMX).status_code == 409
    later = reverse("follow_up_later", args=[work["follow_up"].id])
    assert client.post(later, {"until": "2026-03-01"}, headers=HTMX).status_code == 422
    assert client.post(later, {"until": "2026-03-09"}, headers=HTMX).status_code == 200


def test_the_list_keeps_its_filter_after_a_decision(organisation, work):
    client, _member = enter(organisation, role="collector")
    headers = {**HTMX, "HX-Current-URL": "http://testserver/collections/?kind=PROMISE&who=all"}
    shown = client.post(reverse("day_task_done", args=[work["day_task"].id]), headers=headers).content.decode()
    assert str(work["day_promise"].id) in shown
    assert str(work["follow_up"].id) not in shown
    for query in ("kind=NONSENSE", "after=nonsense", "who=nobody", "kind=REMINDER"):
        assert client.get(f"/collections/?{query}").status_code == 200


def test_the_page_asks_a_bounded_number_of_questions(organisation):
    with tenant_scope(organisation):
        approve(organisation)
        sender = make_sender()
        for n in range(12):
            account = make_debtor(name=f"C{n}", email=f"c{n}@d.example", entity=sender)
            propose(organisation, account)
            for make in (promise, task, note, alert):
                make(account)
    client, _member = enter(organisation, role="collector")
    client.get("/collections/?who=all")
    with statements() as sql:
        assert client.get("/collections/?who=all").status_code == 200
    assert len(sql) <= 45, "\n".join(sql)

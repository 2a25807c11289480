"""Promises and plans: recorded, decided by the night, withdrawn; what is let pass of them; how many were kept."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from accounts.access import EVERYTHING, Scope
from core.audit import SYSTEM
from core.models import AuditRecord
from core.tenancy import tenant_scope
from receivables.models import InstalmentPlan, Promise
from receivables.queries.promises import kept_rate
from receivables.rules.promises import Part
from receivables.services.plans import record_plan, withdraw_plan
from receivables.services.promises import BadPromiseSettings, decide_promises, set_promise_settings
from receivables.services.standing import (
    AlreadyOver,
    AlreadyRecorded,
    BadPromise,
    PartOfPlan,
    UnknownCustomer,
    UnknownItem,
    UnknownStanding,
    record_promise,
    withdraw_promise,
)
from tests.examples import examples
from tests.make import TODAY, make_account, make_allocation, make_item, make_tenant

pytestmark = pytest.mark.django_db


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def promise(account, amount="100.00", due=5, **fields):
    values = {"currency": "EUR", "made_on": TODAY, "due_on": day(due), "actor": SYSTEM} | fields
    return record_promise(customer_id=account.customer_id, amount=Decimal(amount), **values)


def plan_of(account, parts=((5, "100.00"), (12, "100.00"), (19, "100.00")), amount="300.00", **fields):
    values = {"currency": "EUR", "agreed_on": TODAY, "actor": SYSTEM} | fields
    return record_plan(
        customer_id=account.customer_id,
        amount=Decimal(amount),
        parts=[Part(day(n), Decimal(text)) for n, text in parts],
        **values,
    )


def states(plan) -> str:
    return " ".join(plan.promises.order_by("due_on").values_list("state", flat=True))


@pytest.mark.parametrize(
    "example", examples("promises", "A plan: 300.00 in three parts of 100.00, by days 5, 12 and 19")
)
@pytest.mark.parametrize("every_night", [True, False], ids=["every night", "one night"])
def test_a_plan_is_decided_part_by_part(tenant, example, every_night):
    account = make_account()
    item = make_item(account=account, amount="300.00")
    plan = plan_of(account, item_ids=[item.id])
    paid = [entry.split(" on ") for entry in example["Paid"].split(", ")]
    for number in range(1, int(example["Night"]) + 1):
        for amount, on in paid:
            if int(on) == number:
                make_allocation(debit=item, amount=amount, on=day(number))
        if every_night or number == int(example["Night"]):
            decide_promises(on=day(number))
    plan.refresh_from_db()
    assert (states(plan), plan.state) == (example["Parts"], example["Plan"])


def test_a_second_run_decides_nothing_and_what_came_in_is_kept(tenant):
    account = make_account()
    item = make_item(account=account, amount="100.00")
    made = promise(account, item_ids=[item.id])
    make_allocation(debit=item, amount="40.00", on=day(1))
    assert decide_promises(on=day(6))["PARTLY"] == 1
    before = AuditRecord.objects.count()
    assert sum(decide_promises(on=day(6)).values()) == 0
    made.refresh_from_db()
    assert (made.state, made.received_amount, made.decided_on) == ("PARTLY", Decimal("40.00"), day(6))
    assert AuditRecord.objects.count() == before


def test_what_the_organisation_lets_pass(tenant):
    account = make_account()
    item = make_item(account=account, amount="100.00")
    made = promise(account, item_ids=[item.id])
    set_promise_settings(late_days=2, missing_pct=Decimal(2), missing_amount=Decimal(0), actor=SYSTEM)
    make_allocation(debit=item, amount="98.00", on=day(7))
    decide_promises(on=day(6))
    made.refresh_from_db()
    assert made.state == "OPEN"
    decide_promises(on=day(7))
    made.refresh_from_db()
    assert made.state == "KEPT"


@pytest.mark.parametrize(
    "values",
    [
        {"late_days": 31, "missing_pct": Decimal(0), "missing_amount": Decimal(0)},
        {"late_days": -1, "missing_pct": Decimal(0), "missing_amount": Decimal(0)},
        {"late_days": 0, "missing_pct": Decimal("20.01"), "missing_amount": Decimal(0)},
        {"late_days": 0, "missing_pct": Decimal(0), "missing_amount": Decimal("-0.01")},
    ],
)
def test_settings_out_of_range_are_refused(tenant, values):
    with pytest.raises(BadPromiseSettings):
        set_promise_settings(**values, actor=SYSTEM)


@pytest.mark.parametrize(
    ("parts", "amount"),
    [
        (((5, "100.00"),), "100.00"),
        (((5, "100.00"), (12, "99.99")), "200.00"),
        (((5, "100.00"), (12, "100.01")), "200.00"),
        (((5, "200.00"), (12, "0.00")), "200.00"),
        (((5, "100.005"), (12, "99.995")), "200.00"),
        (((5, "100.00"), (5, "100.00")), "200.00"),
        (((12, "100.00"), (5, "100.00")), "200.00"),
        (((-1, "100.00"), (5, "100.00")), "200.00"),
        (tuple((n, "1.00") for n in range(61)), "61.00"),
    ],
    ids=[
        "one part",
        "a cent less",
        "a cent more",
        "nothing",
        "half cents",
        "same day",
        "backwards",
        "past",
        "too many",
    ],
)
def test_plans_that_do_not_add_up_are_refused(tenant, parts, amount):
    with pytest.raises(BadPromise):
        plan_of(make_account(), parts=parts, amount=amount)
    assert not Promise.objects.exists()
    assert not InstalmentPlan.objects.exists()


def test_a_plan_speaks_of_items_of_the_customer_in_its_currency(tenant):
    account = make_account()
    for item in (make_item(), make_item(account=account, currency="USD")):
        with pytest.raises(UnknownItem):
            plan_of(account, item_ids=[item.id])


def test_a_plan_is_withdrawn_whole_and_may_be_agreed_again(tenant):
    account = make_account()
    plan = plan_of(account)
    with pytest.raises(PartOfPlan):
        withdraw_promise(promise_id=plan.promises.first().id, on=TODAY, actor=SYSTEM)
    withdraw_plan(plan_id=plan.id, on=TODAY, actor=SYSTEM)
    assert states(plan) == "WITHDRAWN WITHDRAWN WITHDRAWN"
    with pytest.raises(AlreadyOver):
        withdraw_plan(plan_id=plan.id, on=TODAY, actor=SYSTEM)
    again = plan_of(account)
    assert states(again) == "OPEN OPEN OPEN"
    with pytest.raises(UnknownStanding):
        withdraw_plan(plan_id=uuid4(), on=TODAY, actor=SYSTEM)


def test_the_same_promise_is_recorded_once_but_again_after_it_was_withdrawn(tenant):
    account = make_account()
    made = promise(account)
    with pytest.raises(AlreadyRecorded):
        promise(account)
    withdraw_promise(promise_id=made.id, on=TODAY, actor=SYSTEM)
    assert promise(account, comment="after all").id == made.id
    made.refresh_from_db()
    assert (made.state, made.comment, made.decided_on) == ("OPEN", "after all", None)


def test_the_kept_rate_counts_what_was_due_since_a_day_in_scope(tenant):
    account, other = make_account(), make_account()
    for n, (whose, state) in enumerate(
        [
            (account, "KEPT"),
            (account, "KEPT"),
            (account, "BROKEN"),
            (account, "OPEN"),
            (account, "WITHDRAWN"),
            (other, "PARTLY"),
        ]
    ):
        made = promise(whose, due=n)
        Promise.objects.filter(id=made.id).update(state=state)
    rate = kept_rate(scope=EVERYTHING, since=TODAY, customer_id=account.customer_id)
    assert (tuple(rate), rate.pct) == ((2, 0, 1), 66)
    assert tuple(kept_rate(scope=EVERYTHING, since=TODAY)) == (2, 1, 1)
    assert tuple(kept_rate(scope=EVERYTHING, since=day(1))) == (1, 1, 1)
    assert kept_rate(scope=Scope(portfolio_of=uuid4()), since=TODAY).pct is None


def test_another_organisation_decides_and_sees_nothing_of_it(db):
    one, other = make_tenant(), make_tenant()
    with tenant_scope(one):
        account = make_account()
        item = make_item(account=account)
        promise(account)
        plan_of(account, parts=((6, "1.00"), (7, "1.00")), amount="2.00")
    with tenant_scope(other):
        set_promise_settings(late_days=30, missing_pct=Decimal(0), missing_amount=Decimal(0), actor=SYSTEM)
        assert sum(decide_promises(on=day(40)).values()) == 0
        assert kept_rate(scope=EVERYTHING, since=TODAY).decided == 0
        with pytest.raises(UnknownCustomer):
            plan_of(account, item_ids=[item.id])
    with tenant_scope(one):
        assert decide_promises(on=day(6))["BROKEN"] == 1

"""Whose habit the chance of a payment is judged by."""

import pytest

from accounts.access import EVERYTHING, Scope
from risk.queries.habits import payment_habits
from risk.rules.chance import UNKNOWN_MEDIAN, Habit
from risk.services.profiles import refresh_profiles
from tests.make import make_account
from tests.risk.parts import ON, paid

pytestmark = pytest.mark.django_db


def make_payer(*, late, count=5):
    account = make_account()
    for n in range(count):
        paid(account, amount="100.00", days=late, ago=20 + n)
    return account


def test_each_customer_has_its_own_median_and_others_the_organisations(tenant):
    quick, slow, slower, new = (
        make_payer(late=3),
        make_payer(late=14),
        make_payer(late=40),
        make_payer(late=99, count=1),
    )
    refresh_profiles(on=ON)
    habits = payment_habits(scope=EVERYTHING)
    assert [habits.of(one.customer_id) for one in (quick, slow, slower)] == [Habit(3), Habit(14), Habit(40)]
    assert habits.of(new.customer_id) == Habit(14, is_own=False)
    some = payment_habits(scope=EVERYTHING, customer_ids=[quick.customer_id])
    assert (list(some.own), some.usual) == ([quick.customer_id], habits.usual)


def test_a_reader_gets_the_habits_of_customers_in_scope(tenant, collector):
    own, other = make_payer(late=3), make_payer(late=40)
    own.collector = collector
    own.save()
    refresh_profiles(on=ON)
    habits = payment_habits(scope=Scope(portfolio_of=collector.id))
    assert list(habits.own) == [own.customer_id]
    assert not habits.of(other.customer_id).is_own


def test_without_any_history_a_month_is_assumed(tenant):
    assert payment_habits(scope=EVERYTHING).usual == Habit(UNKNOWN_MEDIAN, is_own=False)

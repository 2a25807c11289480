"""What comes first in the day's list: the amount, times the chance that it comes in soon, with the reason in words."""

from decimal import Decimal

import pytest
from django.urls import reverse

from collection.models import Action
from collection.rules.grouping import priority_cents
from collection.services.planning import plan_actions
from core.tenancy import tenant_scope
from risk.queries.habits import Habits
from risk.rules.chance import Habit
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, approve, due, make_debtor
from tests.make import make_item

pytestmark = pytest.mark.django_db


def test_the_rank_is_the_amount_times_the_chance_in_cents():
    assert priority_cents(amount=Decimal("1000.00"), chance=Decimal("0.25")) == 25_000
    assert priority_cents(amount=Decimal("-5"), chance=Decimal("0.5")) == 0


@pytest.fixture
def planned(organisation, monkeypatch):
    """Three debtors of 100.00, ten days late: one usually pays after 2 days, one after 60, one has no history."""
    with tenant_scope(organisation):
        approve(organisation)
        quick = make_debtor(name="Quick SA")
        slow, new = (make_debtor(name=name, entity=quick.entity) for name in ("Slow SA", "New SA"))
        for account in (slow, new, quick):
            make_item(account=account, due=due(10), amount="100.00", issued=due(40))
        own = {quick.customer_id: Habit(2), slow.customer_id: Habit(60)}
        monkeypatch.setattr(
            "collection.services.planning.payment_habits", lambda scope: Habits(own, Habit(30, is_own=False))
        )
        plan_actions(tenant=organisation, on=MONDAY)


def test_who_usually_pays_sooner_comes_first_for_the_same_amount(organisation, planned):
    with tenant_scope(organisation):
        found = list(Action.objects.order_by("-priority_cents").values_list("customer__name", "priority_cents"))

    # 14 / (2 + 10 + 14), 14 / (30 + 10 + 14), 14 / (60 + 10 + 14)
    assert found == [("Quick SA", 5380), ("New SA", 2590), ("Slow SA", 1670)]


def test_the_list_says_why(organisation, planned):
    client, _member = enter(organisation, role="collector")

    shown = client.get(reverse("worklist")).content.decode()

    assert "usually pays 2 days late: 53 % within 14 days" in shown
    assert "no history of its own: 25 % within 14 days" in shown
    assert shown.index("Quick SA") < shown.index("New SA") < shown.index("Slow SA")

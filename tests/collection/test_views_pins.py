"""The item's page says which scenario it follows and how far it is; items are pinned to a version and let go."""

import pytest
from django.urls import reverse

from collection.models import ItemPin, Scenario
from collection.services.planning import plan_actions
from collection.services.versions import open_draft, publish_draft
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from receivables.models import EntityAccess
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, approve, due, make_debtor, make_sender
from tests.make import make_entity, make_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def owed(organisation):
    with tenant_scope(organisation):
        approve(organisation)
        account = make_debtor(entity=make_sender())
        return [
            make_item(account=account, number=number, due=due(days), issued=due(days + 30))
            for number, days in (("A", 2), ("B", 10))
        ]


def test_items_are_pinned_with_a_reason_and_let_go_again(organisation, owed):
    manager, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        scenario = Scenario.objects.get(is_default=True)
        first = scenario.versions.get()
        draft = open_draft(scenario=scenario, actor=SYSTEM)
        publish_draft(version=draft, on=MONDAY, actor=SYSTEM)
    pin, picks = reverse("items_pin"), [str(item.id) for item in owed]
    shown = manager.post(pin, {"pick": picks}).content.decode()
    assert "Scenario of 2 items" in shown
    assert "follow the rules again" not in shown
    sent = {"pick": picks, "sent": "1", "version": str(first.id)}
    refused = manager.post(pin, {**sent, "reason": " "})
    assert (refused.status_code, "required" in refused.content.decode()) == (422, True)
    assert manager.post(pin, {**sent, "version": "nonsense", "reason": "x"}).status_code == 422
    assert manager.post(pin, {**sent, "reason": "Agreed in court"}).status_code == 302
    with tenant_scope(organisation):
        assert set(ItemPin.objects.values_list("item__number", "version__number", "reason")) == {
            ("A", 1, "Agreed in court"), ("B", 1, "Agreed in court"),
        }  # fmt: skip
    part = manager.get(reverse("item_scenario", args=[owed[0].id])).content.decode()
    assert "pinned: Agreed in court" in part
    assert "stays with Standard 1" in part
    again = manager.get(pin, {"pick": picks[0]}).content.decode()
    assert "none: follow the rules again" in again
    assert manager.post(pin, {"pick": picks[0], "sent": "1", "version": "", "reason": ""}).status_code == 302
    with tenant_scope(organisation):
        assert ItemPin.objects.get(ended_on__isnull=True).item.number == "B"
    assert manager.post(pin, {"sent": "1"}).status_code in (400, 409, 422)


def test_the_item_says_what_was_done_and_what_comes_next(organisation, owed):
    collector, _member = enter(organisation, role="collector")
    early, late = (collector.get(reverse("item_scenario", args=[item.id])).content.decode() for item in owed)
    assert "First reminder from" in early
    assert "First reminder is due." in late
    assert "Scenario…" not in late
    assert (
        reverse("item_scenario", args=[owed[0].id])
        in collector.get(reverse("item", args=[owed[0].id])).content.decode()
    )
    with tenant_scope(organisation):
        plan_actions(tenant=organisation, on=MONDAY)
    assert "A step is being taken." in collector.get(reverse("item_scenario", args=[owed[1].id])).content.decode()


def test_others_items_are_not_there(organisation, owed):
    with tenant_scope(organisation):
        elsewhere = make_entity(code="UK", country="GB")
    sales, member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        EntityAccess.objects.create(member=member, entity=elsewhere)
    assert sales.get(reverse("item_scenario", args=[owed[0].id])).status_code == 404
    assert sales.post(reverse("items_pin"), {"pick": str(owed[0].id)}).status_code == 404

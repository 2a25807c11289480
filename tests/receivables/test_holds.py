"""Suspensions: what they are on, from when until when, what each kind does, their history, many at once."""

from datetime import timedelta

import pytest

from accounts.access import EVERYTHING
from collection.models import Action
from collection.queries.candidates import candidates
from collection.services.planning import plan_actions
from collection.services.sending import NothingLeft, confirm_action
from core.audit import SYSTEM
from core.models import AuditRecord
from core.tenancy import tenant_scope
from receivables.models import CustomerGroup, Hold
from receivables.queries.contact_stops import not_to_be_contacted
from receivables.services.bulk import hold_items, place_holds
from receivables.services.standing import lift_hold, place_hold
from receivables.words import HOLD_EFFECTS
from tests.collection.story import MONDAY, NOW, approve, due, make_debtor
from tests.make import make_account, make_customer, make_item, make_member, make_tenant
from tests.pages import enter

TUESDAY = MONDAY + timedelta(days=1)


def held(on=MONDAY) -> dict[str, str]:
    return {one.number: one.held for one in candidates(on=on, due_until=on)}


@pytest.mark.parametrize("reason", Hold.Reason.values)
def test_every_kind_takes_an_item_out_and_leaves_the_others(tenant, reason):
    account = make_account()
    item = make_item(account=account, number="HELD", due=due(5))
    make_item(account=account, number="OTHER", due=due(5))
    hold = place_hold(item_id=item.id, reason=reason, from_on=MONDAY, until_on=TUESDAY, actor=SYSTEM)
    assert held() == {"HELD": reason, "OTHER": ""}
    assert held(TUESDAY)["HELD"] == reason
    assert held(TUESDAY + timedelta(days=1))["HELD"] == ""
    lift_hold(hold_id=hold.id, on=TUESDAY, actor=SYSTEM)
    assert held(TUESDAY)["HELD"] == ""


def test_a_hold_on_a_group_holds_all_its_customers(tenant):
    group = CustomerGroup.objects.create(ref="G", name="Holding")
    for name in ("A", "B"):
        make_item(account=make_account(customer=make_customer(group=group)), number=name, due=due(5))
    make_item(number="C", due=due(5))
    place_hold(group_id=group.id, reason="COMMERCIAL", from_on=MONDAY, actor=SYSTEM)
    assert held() == {"A": "COMMERCIAL", "B": "COMMERCIAL", "C": ""}


def test_insolvency_takes_what_was_proposed_out_at_once(tenant):
    approve(tenant)
    account = make_debtor()
    make_item(account=account, due=due(10))
    plan_actions(tenant=tenant, on=MONDAY)
    place_hold(customer_id=account.customer_id, reason="INSOLVENCY", from_on=MONDAY, actor=SYSTEM)
    with pytest.raises(NothingLeft):
        confirm_action(action_id=Action.objects.get().id, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=MONDAY)
    assert plan_actions(tenant=tenant, on=TUESDAY).actions == 0


def test_nothing_at_all_is_written_to_whom_nobody_may_contact(tenant):
    group = CustomerGroup.objects.create(ref="G", name="Holding")
    alone, member, free, waiting = make_customer(), make_customer(group=group), make_customer(), make_customer()
    place_hold(customer_id=alone.id, reason="DO_NOT_CONTACT", from_on=MONDAY, until_on=MONDAY, actor=SYSTEM)
    place_hold(group_id=group.id, reason="DO_NOT_CONTACT", from_on=MONDAY, actor=SYSTEM)
    place_hold(customer_id=free.id, reason="COMMERCIAL", from_on=MONDAY, actor=SYSTEM)
    place_hold(customer_id=waiting.id, reason="DO_NOT_CONTACT", from_on=TUESDAY, actor=SYSTEM)
    ids = [alone.id, member.id, free.id, waiting.id]
    assert not_to_be_contacted(customer_ids=ids, on=MONDAY) == {alone.id, member.id}
    assert not_to_be_contacted(customer_ids=ids, on=TUESDAY) == {member.id, waiting.id}
    assert not_to_be_contacted(customer_ids=[free.id], on=MONDAY) == set()


def test_items_are_held_in_one_statement_each_with_its_audit(tenant, django_assert_num_queries):
    items = [make_item() for _n in range(20)]
    with django_assert_num_queries(4):  # two, and the savepoint
        holds = hold_items(
            item_ids=[item.id for item in items], reason="LITIGATION", note="x", from_on=MONDAY, actor=SYSTEM
        )
    assert set(holds) == {item.id for item in items}
    assert AuditRecord.objects.filter(action="receivables.hold_placed").count() == 20


def test_a_hold_of_another_organisation_is_not_seen(organisation):
    with tenant_scope(make_tenant()):
        theirs = make_customer()
        place_hold(customer_id=theirs.id, reason="DO_NOT_CONTACT", from_on=MONDAY, actor=SYSTEM)
    with tenant_scope(organisation):
        assert not_to_be_contacted(customer_ids=[theirs.id], on=MONDAY) == set()


def test_what_each_reason_does_is_said_where_it_is_chosen(organisation):
    client, _member = enter(organisation)
    with tenant_scope(organisation):
        item = make_item()
    shown = client.get("/items/hold/", {"pick": str(item.id)}).content.decode()
    assert "no thank-you, no delivery note" in shown
    assert set(HOLD_EFFECTS) == set(Hold.Reason) - {Hold.Reason.REPLY, Hold.Reason.WRITE_OFF}


def test_the_history_shows_them_all_and_several_are_lifted_at_once(organisation):
    client, _member = enter(organisation)
    with tenant_scope(organisation):
        group = CustomerGroup.objects.create(ref="G", name="Holding")
        customer = make_customer(name="Durand", group=group)
        make_account(customer=customer)
        item = make_item(number="F-1")
        placed = place_holds(item_ids=[item.id], reason="DISPUTE", from_on=MONDAY, actor=SYSTEM)
        place_hold(item_id=item.id, reason="PLAN", from_on=due(9), until_on=due(2), actor=SYSTEM)
    answer = client.post(
        "/customers/hold/",
        {"sent": "1", "pick": str(customer.id), "reason": "COMMERCIAL", "whole_group": "on", "from_on": ""},
    )
    assert answer.status_code == 302
    with tenant_scope(organisation):
        assert Hold.objects.get(group=group).from_on == MONDAY
    shown = client.get("/holds/").content.decode()
    assert "Holding" in shown
    assert "F-1" in shown
    assert "instalment plan" not in shown.partition("<tbody")[2]
    assert "instalment plan" in client.get("/holds/?state=all").content.decode().partition("<tbody")[2]
    assert client.post("/holds/lift/", {"pick": str(placed[0].id)}).status_code in (200, 302)
    assert "F-1" not in client.get("/holds/?state=in_force").content.decode().partition("<tbody")[2]


def test_a_salesperson_sees_holds_of_own_customers_and_none_of_groups(organisation):
    client, member = enter(organisation, role="sales")
    with tenant_scope(organisation):
        own = make_item(number="MINE", account=make_account(salesperson=member))
        other = make_item(number="THEIRS")
        for item in (own, other):
            place_hold(item_id=item.id, reason="COMMERCIAL", from_on=MONDAY, actor=SYSTEM)
        group = CustomerGroup.objects.create(ref="G", name="Holding")
        place_hold(group_id=group.id, reason="COMMERCIAL", from_on=MONDAY, actor=SYSTEM)
        assert make_member()
    shown = client.get("/holds/").content.decode()
    assert "MINE" in shown
    assert "THEIRS" not in shown
    assert "Holding" not in shown

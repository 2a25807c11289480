"""Why items are late: rules each night, a person's word that stays, and the history of both."""

from datetime import timedelta

import pytest

from accounts.access import EVERYTHING, Scope
from collection.models import CauseRule
from collection.queries.cause_statistics import cause_sums, late_ones
from collection.queries.facts import item_facts
from collection.rules.causes import CauseRule as Rule
from collection.rules.causes import Fact, LateFacts, decide
from collection.services.cause_codes import (
    SHIPPED_RULES,
    BadCause,
    BadCauseRule,
    RuleValues,
    ensure_causes,
    save_cause,
    save_cause_rules,
)
from collection.services.item_causes import decide_causes, leave_cause_to_rules, set_cause
from core.audit import SYSTEM, Actor
from core.errors import NotFound
from core.models import AuditRecord
from core.tenancy import tenant_scope
from receivables.models import Cause, Contact, Dispute, Hold, ItemCause, Promise, PromiseItem
from receivables.queries.selection import EVERY_ITEM
from tests.collection.story import MONDAY, due
from tests.make import make_account, make_allocation, make_customer, make_item, make_member, make_tenant
from tests.pages import enter, table

A, B = "a", "b"


@pytest.mark.parametrize(
    ("rule", "facts", "holds"),
    [
        (Rule(Fact.ANY, A), LateFacts("1"), True),
        (Rule(Fact.DISPUTE, A), LateFacts("1"), False),
        (Rule(Fact.DISPUTE, A), LateFacts("1", disputes=["PRICE"]), True),
        (Rule(Fact.DISPUTE, A, frozenset({"PRICE"})), LateFacts("1", disputes=["QUALITY", "PRICE"]), True),
        (Rule(Fact.DISPUTE, A, frozenset({"PRICE"})), LateFacts("1", disputes=["QUALITY"]), False),
        (Rule(Fact.HOLD, A, frozenset({"PLAN"})), LateFacts("1", holds=["PLAN"]), True),
        (Rule(Fact.STATUS, A, frozenset({"WATCH"})), LateFacts("1", status="WATCH"), True),
        (Rule(Fact.PROFILE, A, frozenset({"SLOW"})), LateFacts("1", profile="PROMPT"), False),
        (Rule(Fact.PROMISE, A), LateFacts("1", has_promise=True), True),
        (Rule(Fact.BROKEN_PROMISE, A), LateFacts("1", has_promise=True), False),
        (Rule(Fact.BOUNCED, A), LateFacts("1", is_bounced=True), True),
        (Rule(Fact.NO_ADDRESS, A), LateFacts("1", has_no_address=True), True),
        (Rule(Fact.NO_ORDER_REF, A), LateFacts("1", has_no_order_ref=True), True),
        (Rule(Fact.PART_PAID, A), LateFacts("1", is_part_paid=True), True),
        (Rule(Fact.CLAIMED, A), LateFacts("1", is_claimed=True), True),
    ],
)
def test_when_a_rule_holds(rule, facts, holds):
    assert rule.holds(facts) is holds


def test_the_first_rule_that_holds_decides():
    rules = [Rule(Fact.PROMISE, A), Rule(Fact.ANY, B)]
    assert decide(rules, LateFacts("1", has_promise=True)).cause_id == A
    assert decide(rules, LateFacts("1")).cause_id == B
    assert decide(rules[:1], LateFacts("1")) is None


def causes() -> dict[str, str]:
    """Number of an item -> the code of its cause now."""
    rows = ItemCause.objects.filter(ended_on__isnull=True)
    return dict(rows.values_list("item__number", "cause__code"))


def late(number: str, **fields):
    customer = fields.pop("customer", None) or make_customer(email="ap@client.example")
    return make_item(account=make_account(customer=customer), number=number, due=due(10), **fields)


def test_the_night_says_why_items_are_late_from_what_is_known(tenant):
    """Example 1 of docs/rules/root-causes.md."""
    price, quality = late("PRICE"), late("QUALITY")
    Dispute.objects.create(customer=price.customer, item=price, reason="PRICE", currency="EUR", opened_on=MONDAY)
    Dispute.objects.create(customer=quality.customer, item=quality, reason="ODD", currency="EUR", opened_on=MONDAY)
    insolvent = late("INSOLVENT")
    Hold.objects.create(customer=insolvent.customer, reason="INSOLVENCY", from_on=MONDAY)
    bounced = late("BOUNCED")
    Contact.objects.create(
        customer=bounced.customer, last_name="D", email="d@client.example", email_bounced_at="2026-03-01T08:00Z"
    )
    late("NOBODY", customer=make_customer())
    broken, promised = late("BROKEN"), late("PROMISED")
    for item, state in ((broken, "BROKEN"), (promised, "OPEN")):
        promise = Promise.objects.create(
            customer=item.customer, amount=1, currency="EUR", made_on=due(5), due_on=MONDAY, state=state
        )
        PromiseItem.objects.create(promise=promise, item=item)
    make_allocation(debit=late("PART"), amount="10.00", on=due(2))
    late("UNKNOWN")
    make_item(account=make_account(customer=make_customer()), number="NOT_DUE", due=MONDAY)
    assert decide_causes(on=MONDAY) == 8
    assert causes() == {
        "PRICE": "PRICING",
        "QUALITY": "CONTESTS",
        "INSOLVENT": "INSOLVENCY",
        "BOUNCED": "INVOICE_LATE",
        "NOBODY": "INVOICE_LATE",
        "BROKEN": "CASH",
        "PROMISED": "REMINDER",
        "PART": "CASH",
    }
    assert ItemCause.objects.get(item=price).rule_name == "in dispute: price"


def test_a_second_run_changes_nothing_and_what_changed_is_history(tenant):
    """Example 2."""
    item = late("F")
    dispute = Dispute.objects.create(
        customer=item.customer, item=item, reason="PRICE", currency="EUR", opened_on=MONDAY
    )
    assert decide_causes(on=MONDAY) == 1
    before = list(ItemCause.objects.values())
    assert decide_causes(on=MONDAY) == 0
    assert list(ItemCause.objects.values()) == before
    Dispute.objects.filter(id=dispute.id).update(closed_on=MONDAY + timedelta(days=1))
    assert decide_causes(on=MONDAY + timedelta(days=1)) == 1
    assert causes() == {}
    assert ItemCause.objects.get().ended_on == MONDAY + timedelta(days=1)
    assert AuditRecord.objects.filter(action="collection.causes_decided").count() == 2


def test_a_night_that_is_killed_between_leaves_what_was_and_is_run_again(tenant, monkeypatch):
    item = late("F")
    dispute = Dispute.objects.create(
        customer=item.customer, item=item, reason="PRICE", currency="EUR", opened_on=MONDAY
    )
    decide_causes(on=MONDAY)
    Dispute.objects.filter(id=dispute.id).update(reason="QUALITY")
    before = list(ItemCause.objects.values())

    def killed(**_fields):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("collection.services.item_causes.AuditRecord.objects.create", killed)
        with pytest.raises(KeyboardInterrupt):
            decide_causes(on=MONDAY)
    assert list(ItemCause.objects.values()) == before
    assert decide_causes(on=MONDAY) == 1
    assert causes() == {"F": "QUALITY"}


def test_what_a_person_says_stays_until_it_is_left_to_the_rules(tenant):
    """Example 3."""
    item, member = late("F"), make_member()
    Hold.objects.create(customer=item.customer, reason="INSOLVENCY", from_on=MONDAY)
    decide_causes(on=MONDAY)
    quality = Cause.objects.get(code="QUALITY")
    who = {"scope": EVERYTHING, "actor": Actor.member(member), "on": MONDAY}
    assert set_cause(item_ids=[item.id], cause_id=quality.id, note="says the foreman", **who) == 1
    assert set_cause(item_ids=[item.id], cause_id=quality.id, note="says the foreman", **who) == 0
    assert decide_causes(on=MONDAY + timedelta(days=1)) == 0
    assert causes() == {"F": "QUALITY"}
    assert leave_cause_to_rules(item_ids=[item.id], **who) == 1
    assert decide_causes(on=MONDAY + timedelta(days=1)) == 1
    assert causes() == {"F": "INSOLVENCY"}
    origins = ItemCause.objects.order_by("set_at", "id").values_list("cause__code", "origin", "set_by_id")
    assert list(origins) == [("INSOLVENCY", "RULE", None), ("QUALITY", "HAND", member.id), ("INSOLVENCY", "RULE", None)]


def test_a_paid_item_keeps_why_it_was_late(tenant):
    item = late("F")
    Hold.objects.create(customer=item.customer, reason="INSOLVENCY", from_on=MONDAY)
    decide_causes(on=MONDAY)
    make_allocation(debit=item, amount="100.00", on=MONDAY)
    type(item).objects.filter(id=item.id).update(open_amount=0)
    assert decide_causes(on=MONDAY + timedelta(days=1)) == 0
    assert causes() == {"F": "INSOLVENCY"}


def test_rules_are_saved_whole_in_their_order_and_checked(tenant):
    ensure_causes()
    cause = Cause.objects.get(code="CASH")
    assert CauseRule.objects.count() == len(SHIPPED_RULES)
    save_cause_rules(rules=[RuleValues("ANY", (), cause.id), RuleValues("DISPUTE", ("PRICE",), cause.id)], actor=SYSTEM)
    assert [row.fact for row in CauseRule.objects.order_by("position")] == ["ANY", "DISPUTE"]
    for bad in (
        RuleValues("NONSENSE", (), cause.id),
        RuleValues("ANY", ("x",), cause.id),
        RuleValues("ANY", (), cause.id.__class__(int=7)),
    ):
        with pytest.raises(BadCauseRule):
            save_cause_rules(rules=[bad], actor=SYSTEM)
    assert CauseRule.objects.count() == 2


def test_a_cause_is_not_below_itself_and_its_code_is_its_own(tenant):
    ensure_causes()
    top, below = Cause.objects.get(code="OURS"), Cause.objects.get(code="PRICING")
    values = {"label": "x", "side": "OURS", "actor": SYSTEM}
    with pytest.raises(BadCause):
        save_cause(cause_id=top.id, parent_id=below.id, **values)
    with pytest.raises(BadCause):
        save_cause(cause_id=None, code="pricing", parent_id=top.id, **values)
    with pytest.raises(BadCause):
        save_cause(cause_id=None, code="new", label="", side="THEIRS", parent_id=None, actor=SYSTEM)


def test_scenarios_may_ask_for_cause_and_status(tenant):
    item = late("F")
    Hold.objects.create(customer=item.customer, reason="INSOLVENCY", from_on=MONDAY)
    decide_causes(on=MONDAY)
    assert item_facts(on=MONDAY)[str(item.id)]["cause"] == "insolvency"
    assert item_facts(on=MONDAY - timedelta(days=1))[str(item.id)]["cause"] is None


def test_another_organisations_cause_does_not_exist_here(organisation):
    with tenant_scope(make_tenant()):
        ensure_causes()
        theirs = Cause.objects.get(code="CASH")
    with tenant_scope(organisation):
        with pytest.raises(NotFound):
            set_cause(item_ids=[late("F").id], cause_id=theirs.id, scope=EVERYTHING, actor=SYSTEM, on=MONDAY)
        assert decide_causes(on=MONDAY) == 0


def test_causes_are_said_in_bulk_and_rules_changed_in_the_browser(organisation):
    client, _member = enter(organisation)
    with tenant_scope(organisation):
        ensure_causes()
        items, cash = [late("F-1"), late("F-2")], Cause.objects.get(code="CASH")
    pick = [item.id for item in items]
    assert (
        client.post("/collections/items/cause/", {"sent": "1", "pick": pick, "cause": str(cash.id)}).status_code == 302
    )
    assert "F-2" in client.get("/items/?state=open&cause=CUSTOMER").content.decode()
    with tenant_scope(organisation):
        first = CauseRule.objects.order_by("position").first()
    answer = client.post(
        f"/collections/causes/rules/{first.id}/",
        {"position": "2", "fact": "HOLD", "values": ["DISPUTE:PRICE"], "cause": str(cash.id), "is_active": "on"},
    )
    assert answer.status_code == 422
    answer = client.post(
        f"/collections/causes/rules/{first.id}/",
        {"position": "2", "fact": "HOLD", "values": ["HOLD:PLAN"], "cause": str(cash.id), "is_active": "on"},
    )
    assert answer.status_code == 302
    with tenant_scope(organisation):
        moved = CauseRule.objects.get(position=2)
        assert (moved.fact, moved.values, moved.cause_id) == ("HOLD", ["PLAN"], cash.id)
        assert CauseRule.objects.count() == len(SHIPPED_RULES)


def test_sums_by_cause_lead_to_their_items_on_any_day(organisation):
    """Example 5 of docs/rules/root-causes.md."""
    client, _member = enter(organisation)
    with tenant_scope(organisation):
        account = make_account(customer=make_customer(email="ap@client.example"), product="Pumps")
        items = [make_item(account=account, number=f"F-{n}", amount=f"{n}00.00", due=due(10 * n)) for n in (1, 2, 3)]
        make_item(account=account, number="USD", amount="50.00", currency="USD", due=due(1))
        Hold.objects.create(customer=items[0].customer, item=items[0], reason="INSOLVENCY", from_on=MONDAY)
        decide_causes(on=MONDAY)
        quality = Cause.objects.get(code="QUALITY")
        set_cause(item_ids=[items[2].id], cause_id=quality.id, scope=EVERYTHING, actor=SYSTEM, on=MONDAY)
        sums = cause_sums(on=MONDAY, scope=EVERYTHING, selection=EVERY_ITEM, by="cause")
        assert [(one.key, one.currency, one.items, one.amount, round(one.mean_days)) for one in sums] == [
            ("QUALITY", "EUR", 1, 300, 30),
            ("", "EUR", 1, 200, 20),
            ("INSOLVENCY", "EUR", 1, 100, 10),
            ("", "USD", 1, 50, 1),
        ]
        before = cause_sums(on=due(15), scope=EVERYTHING, selection=EVERY_ITEM, by="cause", then="product")
        assert [(one.key, one.then_key, one.amount) for one in before] == [("", "Pumps", 500)]
        behind = late_ones(
            on=MONDAY, scope=EVERYTHING, selection=EVERY_ITEM, only={"cause": "CUSTOMER", "product": "Pumps"}, limit=10
        )
        assert [one.number for one in behind] == ["F-1"]
    shown = client.get("/collections/late/")
    assert shown.status_code == 200
    assert "Quality" in shown.content.decode().replace("quality", "Quality")
    rows = table(client.get("/collections/late/?by=side&then=month"))
    assert [row[0] for row in rows[1:5]] == ["our own", "not known", "the customer's", "not known"]
    assert "F-3" in client.get("/collections/late/items/?only_side=OURS").content.decode()
    assert "F-3" not in client.get("/collections/late/items/?only_cause=-").content.decode()


def test_sums_keep_to_what_the_reader_sees(tenant):
    own = make_member(role="sales")
    make_item(account=make_account(salesperson=own), due=due(10))
    make_item(due=due(10))
    scope = Scope(portfolio_of=own.id)
    assert [one.items for one in cause_sums(on=MONDAY, scope=scope, selection=EVERY_ITEM, by="side")] == [1]


@pytest.mark.parametrize("address", ["by=nonsense", "only_month=x", "on=yesterday", "then=cause&after=AAAA"])
def test_an_address_that_is_nonsense_is_answered(organisation, address):
    client, _member = enter(organisation)
    with tenant_scope(organisation):
        late("F")
    assert client.get(f"/collections/late/?{address}").status_code in (200, 400)

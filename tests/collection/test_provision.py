"""What is expected to be lost: by age and standing, for single customers, on any day."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.access import EVERYTHING, Scope
from collection.models import ProvisionOverride, ProvisionRate
from collection.queries.provision import overrides_in_force, provision_parts, rates_in_force
from collection.rules.provision import BUCKETS, SUGGESTED, Standing, expected_loss
from collection.services.provisions import BadRate, override_provision, set_provision_rates
from core.audit import SYSTEM
from core.errors import NotFound
from core.tenancy import tenant_scope
from receivables.models import Dispute, Hold
from receivables.queries.selection import EVERY_ITEM
from tests.collection.story import MONDAY, due
from tests.make import make_account, make_item, make_member, make_tenant
from tests.pages import enter, table

WHO = {"scope": EVERYTHING, "actor": SYSTEM, "on": MONDAY}


@pytest.mark.parametrize(
    ("base", "standing", "bucket", "override", "expected"),
    [
        ("1000.00", "NORMAL", "d31_60", None, "30.00"),
        ("1000.00", "NORMAL", "d91_plus", None, "300.00"),
        ("1000.00", "INSOLVENCY", "not_due", None, "1000.00"),
        ("1000.00", "NORMAL", "d31_60", "12.5", "125.00"),
        ("-50.00", "NORMAL", "d91_plus", None, "0"),
        ("0.33", "DOUBTFUL", "d1_30", None, "0.17"),  # half up
    ],
)
def test_the_rate_of_the_bracket_and_the_standing_or_of_the_customer(base, standing, bucket, override, expected):
    loss = expected_loss(
        base=Decimal(base), currency="EUR", standing=Standing(standing), bucket=bucket, rates=SUGGESTED,
        override=Decimal(override) if override else None,
    )  # fmt: skip
    assert loss == Decimal(expected)


def parts(on=MONDAY, scope=EVERYTHING):
    found = provision_parts(on=on, scope=scope, selection=EVERY_ITEM)
    return sorted(
        (one.standing, one.bucket, one.currency, one.amount, one.base.quantize(Decimal("0.01"))) for one in found
    )


def test_items_stand_by_their_worst_and_their_age_without_vat(tenant):
    """Example 8 of docs/rules/terminal.md."""
    plain = make_item(amount="120.00", vat_amount=Decimal(20), due=due(40))
    disputed = make_item(amount="50.00", due=due(10))
    Dispute.objects.create(
        customer=disputed.customer, item=disputed, reason="PRICE", currency="EUR", opened_on=due(5), closed_on=MONDAY
    )
    make_item(amount="60.00", due=due(91), is_doubtful=True)
    insolvent = make_item(amount="70.00", due=MONDAY, currency="USD")
    Hold.objects.create(customer=insolvent.customer, reason="INSOLVENCY", from_on=MONDAY)
    Hold.objects.create(customer=plain.customer, reason="COMMERCIAL", from_on=MONDAY)
    assert parts() == [
        ("DOUBTFUL", "d91_plus", "EUR", 60, 60),
        ("INSOLVENCY", "not_due", "USD", 70, 70),
        ("NORMAL", "d1_30", "EUR", 50, 50),
        ("NORMAL", "d31_60", "EUR", 120, 100),
    ]
    yesterday = parts(MONDAY - timedelta(days=1))
    assert ("DISPUTED", "d1_30", "EUR", 50, 50) in yesterday
    assert not any(one[0] == "INSOLVENCY" for one in yesterday)


@pytest.mark.parametrize(
    ("days", "bucket"), [(0, "not_due"), (1, "d1_30"), (30, "d1_30"), (31, "d31_60"), (90, "d61_90"), (91, "d91_plus")]
)
def test_brackets_are_those_of_the_aged_balance(tenant, days, bucket):
    make_item(due=due(days))
    assert parts()[0][1] == bucket


def test_rates_count_from_the_day_on_which_they_are_set(tenant):
    assert rates_in_force(on=MONDAY) == SUGGESTED
    wanted = {("NORMAL", "d1_30"): Decimal("7.25")}
    assert set_provision_rates(rates=wanted, actor=SYSTEM, on=MONDAY) == 1
    assert set_provision_rates(rates=wanted, actor=SYSTEM, on=MONDAY) == 0
    assert set_provision_rates(rates={("NORMAL", "d1_30"): Decimal(8)}, actor=SYSTEM, on=MONDAY) == 1
    assert ProvisionRate.objects.count() == 1
    assert rates_in_force(on=MONDAY)[(Standing.NORMAL, "d1_30")] == 8
    assert rates_in_force(on=MONDAY - timedelta(days=1)) == SUGGESTED


@pytest.mark.parametrize("percent", ["-0.01", "100.01", "1.005", "NaN", "Infinity"])
def test_a_rate_that_is_none_is_refused(tenant, percent):
    with pytest.raises(BadRate):
        set_provision_rates(rates={("NORMAL", "d1_30"): Decimal(percent)}, actor=SYSTEM, on=MONDAY)
    with pytest.raises(BadRate):
        override_provision(customer_id=make_account().customer_id, percent=Decimal(percent), reason="x", **WHO)
    with pytest.raises(BadRate):
        set_provision_rates(rates={("NORMAL", "d5"): Decimal(1)}, actor=SYSTEM, on=MONDAY)


def test_a_customer_has_a_rate_of_its_own_with_a_reason_until_it_is_taken_away(tenant):
    """Example 9."""
    customer = make_account().customer
    with pytest.raises(BadRate):
        override_provision(customer_id=customer.id, percent=Decimal(20), reason=" ", **WHO)
    override_provision(customer_id=customer.id, percent=Decimal(20), reason="Group guarantee", **WHO)
    later = MONDAY + timedelta(days=5)
    override_provision(customer_id=customer.id, percent=Decimal(40), reason="Gone", **{**WHO, "on": later})
    assert overrides_in_force(on=MONDAY)[customer.id].percent == 20
    assert overrides_in_force(on=later)[customer.id].percent == 40
    override_provision(customer_id=customer.id, percent=None, **{**WHO, "on": later + timedelta(days=1)})
    assert overrides_in_force(on=later + timedelta(days=1)) == {}
    assert ProvisionOverride.objects.count() == 2


def test_nobody_sets_a_rate_for_a_customer_out_of_scope(organisation):
    with tenant_scope(make_tenant()):
        theirs = make_account().customer
    with tenant_scope(organisation):
        own = make_member(role="sales")
        for customer_id, scope in ((theirs.id, EVERYTHING), (make_account().customer_id, Scope(portfolio_of=own.id))):
            with pytest.raises(NotFound):
                override_provision(
                    customer_id=customer_id, percent=Decimal(1), reason="x", scope=scope, actor=SYSTEM, on=MONDAY
                )
        make_item()
        assert parts(scope=Scope(portfolio_of=own.id)) == []


def test_the_page_adds_up_by_currency_and_rates_are_changed_there(organisation):
    client, _member = enter(organisation)
    with tenant_scope(organisation):
        account = make_account()
        make_item(account=account, amount="1000.00", due=due(40))
        make_item(account=account, amount="200.00", due=due(91))
        make_item(account=make_account(), amount="10.00", currency="USD", due=MONDAY)
    rows = table(client.get("/collections/provision/"))
    assert any("90" in cell for cell in rows[1])  # 3 % of 1,000 and 30 % of 200
    values = {f"{standing}-{bucket}": "10" for standing in Standing for bucket in BUCKETS}
    assert client.post("/collections/provision/rates/", {**values, "NORMAL-d1_30": "ten"}).status_code == 422
    assert client.post("/collections/provision/rates/", values).status_code == 302
    with tenant_scope(organisation):
        assert set(rates_in_force(on=MONDAY).values()) == {Decimal(10)}
    address = f"/collections/customers/{account.customer_id}/provision/"
    assert client.post(address, {"sent": "1", "percent": "5"}).status_code == 422
    assert client.post(address, {"sent": "1", "percent": "5", "reason": "Pledge"}).status_code == 302
    assert "Pledge" in client.get("/collections/provision/?only=on").content.decode()

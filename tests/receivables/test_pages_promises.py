"""Pages of promises: the list with the kept rate, plans in parts, what is let pass; the API of plans."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from core.tenancy import tenant_scope
from receivables.models import InstalmentPlan, Promise, PromiseSettings
from tests.make import TODAY, make_account, make_customer, make_item
from tests.pages import enter

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/promises/"}


@pytest.fixture
def owing(organisation):
    """Alpha owes 300.00, forty days late, and 90.00 in the future."""
    with tenant_scope(organisation):
        account = make_account(customer=make_customer(name="Alpha"))
        late = make_item(account=account, number="F-1", amount="300.00", due=TODAY - timedelta(days=40))
        make_item(account=account, number="F-2", amount="90.00", due=TODAY + timedelta(days=9))
        return late


def agreed(item, **values):
    """What the drawer sends: 300.00 in three parts of 100.00."""
    days = [(TODAY + timedelta(days=n)).isoformat() for n in (5, 12, 19)]
    form = {
        "sent": "1", "items": [str(item.id)], "currency": "EUR", "due_on": days[0], "count": "3", "every": "WEEK",
        "part_on": days, "part_amount": ["100.00"] * 3, "comment": "By e-mail",
    }  # fmt: skip
    return form | values


def test_the_plan_is_proposed_in_equal_parts_of_what_is_late(organisation, owing):
    client, _member = enter(organisation, role="collector")
    address = reverse("plan_new", args=[owing.customer_id])
    shown = client.get(address, headers=HTMX).content.decode()
    assert shown.count('name="part_amount" value="100') == 3
    rows = {
        "part": "rows",
        "items": [str(owing.id)],
        "currency": "EUR",
        "due_on": "2026-03-10",
        "count": "4",
        "every": "MONTH",
    }
    shown = client.get(address, rows, headers=HTMX).content.decode()
    assert shown.count('name="part_amount" value="75') == 4
    assert 'value="2026-06-10"' in shown
    assert 'name="part_amount"' not in client.get(address, rows | {"count": "99"}, headers=HTMX).content.decode()


def test_what_is_proposed_can_be_sent_back_in_french_too(organisation, owing):
    client, _member = enter(organisation, role="collector")
    client.cookies["language"] = "fr"
    address = reverse("plan_new", args=[owing.customer_id])
    shown = client.get(address, headers=HTMX).content.decode()
    parts = {name: re.findall(f'name="{name}" value="([^"]*)"', shown) for name in ("part_on", "part_amount")}
    assert parts["part_amount"] == ["100.00", "100.00", "100.00"]
    assert client.post(address, agreed(owing, **parts), headers=HTMX)["HX-Redirect"] == "/promises/"


def test_a_plan_is_recorded_shown_and_taken_back_whole(organisation, owing):
    client, _member = enter(organisation, role="collector")
    answer = client.post(reverse("plan_new", args=[owing.customer_id]), agreed(owing), headers=HTMX)
    assert answer["HX-Redirect"] == "/promises/"
    with tenant_scope(organisation):
        plan = InstalmentPlan.objects.get()
        first = plan.promises.order_by("due_on").first()
        assert (plan.amount, plan.comment, plan.promises.count()) == (300, "By e-mail", 3)
    assert "1/3" in client.get("/promises/").content.decode()
    shown = client.get(reverse("customer", args=[owing.customer_id]), {"tab": "promises"}).content.decode()
    assert "part 3/3" in shown
    client.post(reverse("promises_withdraw"), {"pick": [str(first.id)]}, headers=HTMX)
    with tenant_scope(organisation):
        assert set(Promise.objects.values_list("state", flat=True)) == {"WITHDRAWN"}


@pytest.mark.parametrize(
    "values",
    [
        {"part_amount": ["100.00", "100.00", "99.99"]},
        {"part_amount": ["100.00", "100.00", "1e2x"]},
        {"part_amount": ["100.00", "100.00", "-100.00"]},
        {"part_on": ["2026-03-10", "soon", "2026-03-20"]},
        {"part_on": ["2026-03-10", "2026-03-10", "2026-03-20"]},
        {"part_on": ["2026-03-01", "2026-03-10", "2026-03-20"]},
        {"part_on": [], "part_amount": []},
        {"items": [str(uuid4())]},
        {"currency": "USD"},
    ],
)
def test_plans_that_do_not_add_up_are_refused_with_the_reason(organisation, owing, values):
    client, _member = enter(organisation, role="collector")
    answer = client.post(reverse("plan_new", args=[owing.customer_id]), agreed(owing, **values), headers=HTMX)
    assert answer.status_code == 422
    with tenant_scope(organisation):
        assert not Promise.objects.exists()


def test_what_is_let_pass_is_set_by_those_who_set_scenarios(organisation):
    client, _member = enter(organisation, role="credit_manager")
    values = {"sent": "1", "late_days": "3", "missing_pct": "2", "missing_amount": "5.00"}
    assert client.post(reverse("promise_rules"), values, headers=HTMX)["HX-Redirect"] == "/promises/"
    assert client.post(reverse("promise_rules"), values | {"late_days": "31"}, headers=HTMX).status_code == 422
    with tenant_scope(organisation):
        row = PromiseSettings.objects.get()
        assert (row.late_days, row.missing_pct, row.missing_amount) == (3, 2, 5)
    collector, _member = enter(organisation, role="collector")
    assert collector.get(reverse("promise_rules")).status_code == 403
    assert reverse("promise_rules") not in collector.get("/promises/").content.decode()


def test_the_kept_rate_stands_on_the_list_and_on_the_customers_page(organisation, owing):
    with tenant_scope(organisation):
        common = {"customer_id": owing.customer_id, "currency": "EUR", "made_on": TODAY - timedelta(days=30)}
        for n, state in enumerate(["KEPT", "KEPT", "PARTLY", "BROKEN"]):
            Promise.objects.create(**common, amount=n + 1, due_on=TODAY - timedelta(days=9), state=state)
    client, _member = enter(organisation, role="cfo")
    assert "2 of 4 due in 12 months" in client.get("/promises/").content.decode()
    shown = client.get(reverse("customer", args=[owing.customer_id]), {"tab": "promises"}).content.decode()
    assert "Kept: 50" in shown
    assert "1 broken" in shown

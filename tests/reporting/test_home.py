"""The first page: what each kind of member sees, figures that are the ledger's, and the first hour."""

from datetime import date, timedelta

import pytest

from accounts.access import EVERYTHING, Scope
from accounts.models import Role
from core.tenancy import tenant_scope
from receivables.models import Dispute, Promise
from receivables.queries import Selection, ageing_totals
from reporting.queries.outlook import cash_due, dispute_sums, promise_sums
from reporting.queries.trend import overdue_trend
from tests.make import TODAY, make_account, make_allocation, make_customer, make_item, make_member
from tests.pages import enter, statements

DAYS = [date(2025, 3, 31) + timedelta(days=31 * n) for n in range(12)]


def make_year() -> None:
    """Items and payments over a year, in two currencies, some paid in parts, a credit set against an invoice."""
    for c in range(3):
        account = make_account(customer=make_customer(ref=f"C{c}"))
        for n in range(9):
            issued = date(2025, 2, 3) + timedelta(days=39 * n + 5 * c)
            item = make_item(
                account=account, number=f"F-{c}{n}", amount=f"{200 + 31 * n}.{10 * c + n:02}", issued=issued,
                due=issued + timedelta(days=30), currency="USD" if c == 2 else "EUR",
            )  # fmt: skip
            if n % 2:
                make_allocation(debit=item, amount="60.00", on=issued + timedelta(days=20 + 9 * n))
            if n % 3 == 0:
                credit = make_item(
                    account=account, number=f"A-{c}{n}", amount="-40.00", issued=issued + timedelta(days=3),
                    due=issued + timedelta(days=3), currency=item.currency,
                )  # fmt: skip
                make_allocation(debit=item, credit=credit, amount="25.00", on=issued + timedelta(days=45))


def test_the_trend_is_the_aged_balance_of_each_day(tenant):
    make_year()
    points = {(one.on, one.currency): (one.total, one.overdue) for one in overdue_trend(days=DAYS, scope=EVERYTHING)}
    for day in DAYS:
        for total in ageing_totals(on=day, scope=EVERYTHING):
            assert points[(day, total.currency)] == (total.total, total.overdue)


def test_the_trend_keeps_to_scope_and_selection(tenant):
    make_year()
    member = make_member(role="sales")
    account = make_account(customer=make_customer(), salesperson=member)
    make_item(account=account, amount="70.00", issued=DAYS[3], due=DAYS[4])
    own = overdue_trend(days=DAYS, scope=Scope(portfolio_of=member.id))
    assert [one.total for one in own] == [0, 0, 0, *[70] * 9]
    assert [one.overdue for one in own] == [0] * 5 + [70] * 7
    assert own == overdue_trend(days=DAYS, scope=EVERYTHING, selection=Selection(salesperson_id=member.id))


def test_cash_due_is_told_by_week_and_sums_up_to_what_is_open(tenant):
    account = make_account()
    for days, amount in ((-1, "10.00"), (0, "20.00"), (6, "30.00"), (7, "40.00"), (200, "50.00")):
        make_item(account=account, amount=amount, due=TODAY + timedelta(days=days))
    found = {one.week: one.amount for one in cash_due(on=TODAY, scope=EVERYTHING)}
    assert found == {-1: 10, 0: 50, 1: 40, 8: 50}


def test_promises_and_disputes_are_summed_by_currency(tenant):
    account = make_account()
    item = make_item(account=account, amount="100.00", open_amount="60.00")
    Dispute.objects.create(customer=account.customer, item=item, reason="PRICE", currency="EUR", opened_on=TODAY)
    for days, amount, state in ((-1, 5, "OPEN"), (3, 7, "OPEN"), (7, 9, "OPEN"), (-9, 11, "BROKEN")):
        Promise.objects.create(
            customer=account.customer, amount=amount, currency="EUR", made_on=TODAY - timedelta(days=30),
            due_on=TODAY + timedelta(days=days), state=state, decided_on=TODAY if state == "BROKEN" else None,
        )  # fmt: skip
    (promises,) = promise_sums(on=TODAY, scope=EVERYTHING)
    assert promises[1:] == (5, 1, 7, 1, 9, 1, 11, 1)
    (disputes,) = dispute_sums(scope=EVERYTHING)
    assert (disputes.amount, disputes.disputes) == (60, 1)  # no more than what is open
    nobody = Scope(portfolio_of=make_member().id)
    assert promise_sums(on=TODAY, scope=nobody) == dispute_sums(scope=nobody) == []


@pytest.mark.parametrize(
    ("role", "layout"),
    [
        ("cfo", "cfo"),
        ("credit_manager", "manager"),
        ("collector", "collector"),
        ("sales", "sales"),
        ("dispute_resolver", "reader"),
        ("auditor", "cfo"),
        ("admin", "manager"),
    ],
)
def test_what_one_may_do_chooses_the_first_page(organisation, role, layout):
    client, _ = enter(organisation, role=role)
    with tenant_scope(organisation):
        make_year()
    response = client.get("/")
    assert (response.status_code, response.context["layout"]) == (200, layout)


def test_who_resolves_disputes_begins_with_those_to_answer(organisation):
    client, member = enter(organisation, role="dispute_resolver")
    page = client.get("/").content.decode()
    assert "Nothing waits for you" in page
    assert "No figures for your role" not in page
    with tenant_scope(organisation):
        account = make_account(customer=make_customer(name="Contests SA"))
        for number, owner, days in (("F-LATE", member, -1), ("F-SOON", member, 2), ("F-THEIRS", make_member(), 1)):
            item = make_item(account=account, number=number, amount="70.00")
            Dispute.objects.create(
                customer=account.customer, item=item, reason="PRICE", currency="EUR", opened_on=TODAY, owner=owner,
                answer_due_on=TODAY + timedelta(days=days),
            )  # fmt: skip
    shown = client.get("/")
    assert [one["row"].item.number for one in shown.context["to_answer"]["rows"]] == ["F-LATE", "F-SOON"]
    assert [one["is_late"] for one in shown.context["to_answer"]["rows"]] == [True, False]
    assert shown.context["to_answer"]["count"] == 2


def test_whose_role_opens_no_panel_learns_where_to_go(organisation):
    with tenant_scope(organisation):
        role = Role.objects.create(code="typist", name="Typist", capabilities=[])
    client, _ = enter(organisation, role=role.code)
    assert "No figures for your role" in client.get("/").content.decode()


def test_a_salesperson_sees_own_late_customers_and_no_more(organisation):
    client, member = enter(organisation, role="sales")
    with tenant_scope(organisation):
        make_year()
        account = make_account(customer=make_customer(name="Mine SA"), salesperson=member)
        make_item(account=account, amount="70.00", due=TODAY - timedelta(days=5))
    response = client.get("/")
    assert [one["row"].name for one in response.context["late"]["rows"]] == ["Mine SA"]
    assert not response.context["side"]
    assert not response.context["top"]


def test_figures_of_the_first_page_are_those_of_the_aged_balance(organisation):
    client, _ = enter(organisation, role="cfo")
    with tenant_scope(organisation):
        make_year()
        (main,) = [one for one in ageing_totals(on=TODAY, scope=EVERYTHING) if one.currency == "EUR"]
    figures = client.get("/").context["figures"]
    assert (figures["main"].total, figures["main"].overdue) == (main.total, main.overdue)


def test_the_chart_of_the_trend_ends_today(organisation):
    client, _ = enter(organisation, role="cfo")
    with tenant_scope(organisation):
        make_year()
        (main,) = [one for one in ageing_totals(on=TODAY, scope=EVERYTHING) if one.currency == "EUR"]
    chart = client.get("/home/trend/?currency=EUR").context["chart"]
    assert len(chart["labels"]) == 13
    assert chart["series"][0]["values"][-1] == float(main.overdue)
    assert client.get("/home/trend/?currency=XXX").status_code == 404


def test_an_empty_organisation_is_shown_its_first_steps(organisation):
    client, _ = enter(organisation, role="admin")
    page = client.get("/").content.decode()
    assert "Bring your ledger in" in page
    assert 'href="/imports/"' in page
    assert "Invite a colleague" in page
    reader, _ = enter(organisation, role="auditor")
    assert "Bring your ledger in" not in reader.get("/").content.decode()


@pytest.mark.parametrize("role", ["cfo", "credit_manager", "collector", "sales"])
def test_the_first_page_costs_few_statements(organisation, role):
    client, _ = enter(organisation, role=role)
    with tenant_scope(organisation):
        make_year()
    client.get("/items/")
    with statements() as sql:
        client.get("/")
    assert len(sql) <= 32, "\n".join(sql)

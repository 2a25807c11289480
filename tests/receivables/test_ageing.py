"""The aged balance: buckets, credits, order, pages, filters, the items behind a cell, and the command."""

import json
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.access import EVERYTHING
from core.tenancy import tenant_scope
from receivables.models import CustomerGroup
from receivables.queries import (
    AgeingSort,
    Selection,
    UnknownBucket,
    ageing_by_customer,
    ageing_totals,
    known_from,
    open_items,
    open_items_totals,
)
from receivables.rules.ageing import Buckets, CreditTreatment
from tests.make import make_account, make_allocation, make_customer, make_entity, make_item, make_member, make_tenant

ON = date(2026, 3, 2)


def due(days_late: int) -> date:
    return ON - timedelta(days=days_late)


def issue(account, days_late: int, amount: str = "100.00", **fields):
    """An item that is so many days late on ON."""
    return make_item(account=account, amount=amount, due=due(days_late), issued=due(max(days_late, 0) + 60), **fields)


@pytest.fixture
def account(tenant):
    return make_account()


def aged(**options):
    return ageing_by_customer(on=ON, scope=EVERYTHING, **options)


@pytest.mark.parametrize(
    ("days_late", "place"),
    [(-30, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (4000, 4)],
)
def test_an_item_is_in_the_bucket_of_its_days_overdue(account, days_late, place):
    make_item(account=account, due=due(days_late), issued=due(4100))
    [row] = aged()
    assert row.amounts == tuple(Decimal(100 if n == place else 0) for n in range(5))
    assert (row.total, row.overdue) == (100, 100 if place else 0)


def test_buckets_may_have_other_bounds(account):
    for days_late in (0, 8, 15, 16, 46):
        issue(account, days_late)
    [row] = aged(buckets=Buckets((7, 15, 45)))
    assert row.amounts == (100, 0, 200, 100, 100)


def test_settled_on_the_day_is_paid_and_the_day_before_is_not(account):
    item = issue(account, 10)
    make_allocation(debit=item, amount="100.00", on=ON)
    assert aged() == []
    [row] = ageing_by_customer(on=ON - timedelta(days=1), scope=EVERYTHING)
    assert row.amounts == (0, 100, 0, 0, 0)


def test_a_payment_dated_in_the_future_has_not_come_yet(account):
    """A sandbox whose clock stands in the past has such rows: the stored open amount is already lower."""
    item = issue(account, 10)
    make_allocation(debit=item, amount="40.00", on=ON + timedelta(days=3))
    item.refresh_from_db()
    assert item.open_amount == 60
    assert aged()[0].total == 100
    assert ageing_by_customer(on=ON + timedelta(days=3), scope=EVERYTHING)[0].total == 60


def test_an_invoice_posted_after_the_day_is_not_there(account):
    make_item(account=account, due=ON + timedelta(days=30), issued=ON + timedelta(days=1))
    assert aged() == []


def test_an_invoice_paid_since_is_in_the_aged_balance_of_the_past(account):
    item = issue(account, 40)
    make_allocation(debit=item, amount="100.00", on=due(5))
    assert ageing_by_customer(on=due(10), scope=EVERYTHING)[0].amounts == (0, 100, 0, 0, 0)


def test_figures_as_they_were_known_on_a_day(account):
    """Learned of on the 20th, although posted on the 10th; its payment of the 15th was reported on the 25th."""
    item = make_item(
        account=account, due=date(2026, 2, 10), issued=date(2026, 1, 10), known_on=date(2026, 2, 20), is_history=False
    )
    make_allocation(debit=item, amount="100.00", on=date(2026, 2, 15), known_on=date(2026, 2, 25))

    def total(known_on):
        rows = ageing_by_customer(on=date(2026, 2, 18), known_on=known_on, scope=EVERYTHING)
        return [row.total for row in rows]

    assert total(date(2026, 2, 19)) == []
    assert total(date(2026, 2, 20)) == [100]
    assert total(date(2026, 2, 24)) == [100]
    assert total(date(2026, 2, 25)) == []
    assert total(None) == []


def test_an_undone_load_is_in_no_figure_but_in_those_known_before(account):
    issue(account, 10, void_on=ON)
    assert aged() == []
    assert ageing_by_customer(on=ON, known_on=ON, scope=EVERYTHING) == []
    assert ageing_by_customer(on=ON, known_on=ON - timedelta(days=1), scope=EVERYTHING)[0].total == 100


def test_two_currencies_of_a_customer_are_two_rows_and_two_totals(account):
    issue(account, 10, "100.00", currency="EUR")
    issue(account, 40, "5000", currency="JPY")
    assert [(row.currency, row.total) for row in aged()] == [("EUR", 100), ("JPY", 5000)]
    totals = ageing_totals(on=ON, scope=EVERYTHING)
    assert [(t.currency, t.amounts, t.total, t.customers) for t in totals] == [
        ("EUR", (0, 100, 0, 0, 0), 100, 1),
        ("JPY", (0, 0, 5000, 0, 0), 5000, 1),
    ]


class TestCredits:
    """A credit of 150 beside debits of 100 (not due), 100 (10 days late) and 80 (100 days late)."""

    @pytest.fixture
    def ledger(self, account):
        issue(account, -10)
        issue(account, 10)
        issue(account, 100, "80.00")
        issue(account, 10, "-150.00")
        return account

    def test_lower_the_bucket_of_their_own_due_date(self, ledger):
        [row] = aged()
        assert (row.amounts, row.credits, row.total, row.overdue) == ((100, -50, 0, 0, 80), 0, 130, 30)

    def test_stand_in_their_own_column(self, ledger):
        [row] = aged(treatment=CreditTreatment.OWN_COLUMN)
        assert (row.amounts, row.credits, row.total, row.overdue) == ((100, 100, 0, 0, 80), -150, 130, 180)

    def test_are_set_against_the_oldest_debits(self, ledger):
        [row] = aged(treatment=CreditTreatment.OLDEST_FIRST)
        assert (row.amounts, row.credits, row.total, row.overdue) == ((100, 30, 0, 0, 0), 0, 130, 30)

    def test_are_left_over_when_no_debit_takes_them(self, ledger):
        issue(ledger, 1, "-200.00")
        [row] = aged(treatment=CreditTreatment.OLDEST_FIRST)
        assert (row.amounts, row.credits, row.total) == ((0, 0, 0, 0, 0), -70, -70)

    def test_totals_of_set_off_credits_are_the_sum_of_the_rows(self, ledger):
        issue(make_account(), 100, "1000.00")
        [total] = ageing_totals(on=ON, scope=EVERYTHING, treatment=CreditTreatment.OLDEST_FIRST)
        assert (total.amounts, total.total) == ((100, 30, 0, 0, 1000), 1130)


def test_a_customer_whose_items_cancel_out_is_still_listed(account):
    issue(account, 10)
    issue(account, 10, "-100.00")
    [row] = aged()
    assert row.amounts == (0, 0, 0, 0, 0)
    assert row.total == 0


class TestOrder:
    @pytest.fixture
    def rows(self, tenant):
        """Five customers; C owes in two currencies; A and E owe the same."""
        for ref, name, amounts in [
            ("A", "Zeta", {"EUR": "50"}),
            ("B", "Yvon", {"EUR": "-20"}),
            ("C", "Xavier", {"EUR": "90", "USD": "10"}),
            ("D", "Éric", {"USD": "70"}),
            ("E", "Victor", {"EUR": "50"}),
        ]:
            account = make_account(customer=make_customer(ref=ref, name=name))
            for currency, amount in amounts.items():
                issue(account, 5, amount, currency=currency)

    def pages(self, **options):
        """The list read forwards in pages of 2, and backwards from its end."""
        sort = options["sort"]
        whole = aged(limit=None, **options)
        forwards, page = [], aged(limit=2, **options)
        while page:
            forwards += page
            page = aged(limit=2, after=page[-1].position(sort), **options)
        assert forwards == whole
        backwards, page = whole[-1:], whole[-1:]
        while page := aged(limit=2, before=page[0].position(sort), **options):
            backwards = page + backwards
        assert backwards == whole
        return [(row.ref, row.currency) for row in whole]

    def test_by_reference(self, rows):
        upwards = [("A", "EUR"), ("B", "EUR"), ("C", "EUR"), ("C", "USD"), ("D", "USD"), ("E", "EUR")]
        assert self.pages(sort=AgeingSort.REF) == upwards
        assert self.pages(sort=AgeingSort.REF, reverse=True) == upwards[::-1]

    def test_by_name_as_people_spell_it(self, rows):
        assert [ref for ref, _currency in self.pages(sort=AgeingSort.NAME)] == ["D", "E", "C", "C", "B", "A"]

    def test_by_amount_within_each_currency_the_largest_first(self, rows):
        found = self.pages(sort=AgeingSort.TOTAL)
        assert found[0] == ("C", "EUR")
        assert set(found[1:3]) == {("A", "EUR"), ("E", "EUR")}
        assert found[3:] == [("B", "EUR"), ("D", "USD"), ("C", "USD")]

    def test_by_amount_the_smallest_first(self, rows):
        found = self.pages(sort=AgeingSort.OVERDUE, reverse=True)
        assert found[0] == ("B", "EUR")
        assert found[3:] == [("C", "EUR"), ("C", "USD"), ("D", "USD")]


def test_filters_leave_what_the_account_says(tenant):
    group = CustomerGroup.objects.create(ref="G", name="G")
    kim, lou = make_member(role="collector"), make_member(role="sales")
    entity = make_entity(code="E9")
    account = make_account(
        customer=make_customer(ref="IN", group=group), entity=entity, collector=kim, salesperson=lou,
        sector="steel", region="north", product="beams",
    )  # fmt: skip
    issue(account, 5, "7.00", currency="USD")
    issue(make_account(customer=make_customer(ref="OUT"), entity=make_entity(code="E8")), 5, "900.00")
    for selection in (
        Selection(entity_ids=frozenset({entity.id})),
        Selection(customer_id=account.customer_id),
        Selection(group_id=group.id),
        Selection(currency="USD"),
        Selection(collector_id=kim.id),
        Selection(salesperson_id=lou.id),
        Selection(sector="steel"),
        Selection(region="north"),
        Selection(product="beams"),
    ):
        for on in (ON, ON - timedelta(days=4)):
            assert [row.ref for row in ageing_by_customer(on=on, scope=EVERYTHING, selection=selection)] == ["IN"]
        assert [total.total for total in ageing_totals(on=ON, scope=EVERYTHING, selection=selection)] == [7]
    both = Selection(sector="steel", region="south")
    assert aged(selection=both) == []


def test_the_items_behind_a_cell_sum_up_to_it(account):
    for days_late, amount in [(-5, "10"), (5, "20"), (30, "30"), (31, "40"), (5, "-7"), (61, "5"), (95, "50")]:
        issue(account, days_late, amount)
    issue(account, 5, "1000", currency="USD")
    issue(make_account(), 5, "500")
    selection = Selection(customer_id=account.customer_id, currency="EUR")
    [row] = aged(selection=selection)
    for place, name in enumerate(Buckets().names):
        behind = open_items(on=ON, scope=EVERYTHING, selection=selection, bucket=name)
        assert sum(item.open_amount for item in behind) == row.amounts[place]
        totals = open_items_totals(on=ON, scope=EVERYTHING, selection=selection, bucket=name)
        assert [(t.currency, t.open_amount, t.items) for t in totals] == [("EUR", row.amounts[place], len(behind))]
    late = open_items_totals(on=ON, scope=EVERYTHING, selection=selection, bucket="overdue")
    assert [(t.open_amount, t.items) for t in late] == [(row.overdue, 6)]
    apart = aged(selection=selection, treatment=CreditTreatment.OWN_COLUMN)[0]
    debits = open_items(on=ON, scope=EVERYTHING, selection=selection, bucket="d1_30", credits_apart=True)
    assert sum(item.open_amount for item in debits) == apart.amounts[1] == 50
    credit = open_items(on=ON, scope=EVERYTHING, selection=selection, bucket="credits", credits_apart=True)
    assert [item.open_amount for item in credit] == [apart.credits] == [-7]
    with pytest.raises(UnknownBucket):
        open_items(on=ON, scope=EVERYTHING, bucket="d1_31")


def test_open_items_come_in_pages_with_the_oldest_first(account):
    for days_late in (3, 1, 2, 2, 2, -4):
        issue(account, days_late)
    whole = open_items(on=ON, scope=EVERYTHING, limit=None)
    assert [item.days_overdue for item in whole] == [3, 2, 2, 2, 1, 0]
    assert (whole[0].amount, whole[0].customer_ref, whole[0].due_date) == (100, account.customer.ref, due(3))
    paged, page = [], open_items(on=ON, scope=EVERYTHING, limit=4)
    while page:
        paged += page
        page = open_items(on=ON, scope=EVERYTHING, limit=4, after=page[-1].position)
    assert paged == whole


def test_figures_are_known_from_the_first_posting_of_a_history_or_from_the_first_snapshot(tenant):
    history, snapshot = make_account(entity=make_entity(code="H")), make_account(entity=make_entity(code="S"))
    for issued in (date(2024, 1, 5), date(2024, 3, 5)):
        make_item(account=history, issued=issued, due=ON, is_history=True)
        make_item(account=snapshot, issued=issued, due=ON, known_on=date(2026, 2, 1))
    found = known_from(scope=EVERYTHING)
    assert [(row.entity_code, row.source, row.known_from) for row in found] == [
        ("H", "file", date(2024, 1, 5)),
        ("S", "file", date(2026, 2, 1)),
    ]


def test_a_figure_is_one_statement_and_a_probe(account, django_assert_num_queries):
    issue(account, 5)
    with django_assert_num_queries(2):
        aged()
    with django_assert_num_queries(1):
        ageing_by_customer(on=ON, known_on=ON, scope=EVERYTHING)


class TestCommand:
    @pytest.fixture
    def ledger(self, organisation):
        with tenant_scope(organisation):
            account = make_account(customer=make_customer(ref="C-1"), entity=make_entity(code="FR"))
            issue(account, 40, "1234.50")
            issue(account, -5, "-5000", currency="JPY")
            make_item(account=account, due=ON, issued=ON, amount="0.125", currency="TND", is_history=False)
        return organisation

    def run(self, *arguments):
        out = StringIO()
        call_command("ageing", *arguments, stdout=out)
        return out.getvalue()

    def test_prints_one_document(self, ledger):
        said = json.loads(self.run("--tenant", ledger.slug, "--on", "2026-03-02", "--json"))
        zero = {"not_due": "0.00", "d1_30": "0.00", "d31_60": "0.00", "d61_90": "0.00", "d91_plus": "0.00"}
        yen = dict.fromkeys(zero, "0")
        dinar = dict.fromkeys(zero, "0.000")
        rows = [
            {"currency": "EUR", **zero, "d31_60": "1234.50", "total": "1234.50"},
            {"currency": "JPY", **yen, "not_due": "-5000", "total": "-5000"},
            {"currency": "TND", **dinar, "not_due": "0.125", "total": "0.125"},
        ]
        assert said["on"] == "2026-03-02"
        assert said["rows"] == [{"customer": "C-1", **row} for row in rows]
        assert said["totals"] == rows
        assert said["known_from"] == [{"entity": "FR", "source": "file", "on": "2025-11-22"}]
        assert "known_on" not in said

    def test_prints_a_table(self, ledger):
        lines = self.run("--tenant", ledger.slug, "--on", "2026-03-02").splitlines()
        assert lines[0].split() == ["customer", "currency", *Buckets().names, "total"]
        assert lines[1].split() == ["C-1", "EUR", "0.00", "0.00", "1234.50", "0.00", "0.00", "1234.50"]
        assert lines[4].split()[:2] == ["TOTAL", "EUR"]
        assert len(lines) == 7

    def test_says_from_when_figures_are_known(self, ledger):
        text = self.run("--tenant", ledger.slug, "--on", "2025-01-01")
        assert text.splitlines()[-1] == "Figures of FR (file) are known from 2025-11-22 on."

    def test_shows_nothing_of_another_organisation(self, ledger):
        said = json.loads(self.run("--tenant", make_tenant().slug, "--on", "2026-03-02", "--json"))
        assert (said["rows"], said["totals"], said["known_from"]) == ([], [], [])

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (["--tenant", "nobody", "--on", "2026-03-02"], "nobody"),
            (["--tenant", "SLUG", "--on", "2026-02-30"], "2026-02-30"),
            (["--tenant", "SLUG", "--on", "2026-03-02", "--known-on", "soon"], "--known-on"),
        ],
    )
    def test_refuses_bad_input_with_status_1(self, ledger, arguments, word):
        with pytest.raises(CommandError, match=word) as refused:
            self.run(*[ledger.slug if argument == "SLUG" else argument for argument in arguments])
        assert refused.value.returncode == 1

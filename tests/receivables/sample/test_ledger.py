"""The sample's ledger holds together to the cent, on the day itself and on every day before it."""

from datetime import date, timedelta
from decimal import Decimal

import holidays
import pytest

from receivables.rules.terms_code import parse
from receivables.sample import generate
from tests.receivables.sample.books import Books, by_side

CREDIT_KINDS = {"PAYMENT", "CREDIT_NOTE", "DISCOUNT", "WRITE_OFF"}
CALENDARS = {
    "NFR": holidays.country_holidays("FR"),
    "NDE": holidays.country_holidays("DE"),
    "NUK": holidays.country_holidays("GB", subdiv="ENG"),
}


def is_working_day(entity_code: str, day: date) -> bool:
    return day.weekday() < 5 and day not in CALENDARS[entity_code]


def test_two_years_of_a_mid_sized_group(books: Books) -> None:
    kinds = [item.kind for item in books.company.items]
    assert 15_000 <= len(kinds) <= 18_000
    assert 8_500 <= kinds.count("INVOICE") <= 10_500
    assert 5_500 <= kinds.count("PAYMENT") <= 7_500
    assert kinds.count("CREDIT_NOTE") > 400
    assert {"DISCOUNT", "DEBIT_NOTE", "WRITE_OFF"} < set(kinds)
    assert {item.currency for item in books.company.items} == {"EUR", "GBP", "USD"}


def test_numbers_are_unique_and_have_no_gap_within_the_last_year(friday: Books) -> None:
    assert len(friday.items) == len(friday.company.items)
    invoices = [item.number for item in friday.company.items if item.entity_code == "NFR" and item.kind == "INVOICE"]
    of_2025 = sorted(int(number[5:]) for number in invoices if number.startswith("FA25-"))
    assert of_2025 == list(range(1, len(of_2025) + 1))


def test_debits_are_positive_and_credits_negative(friday: Books) -> None:
    for item in friday.company.items:
        assert (item.amount < 0) == (item.kind in CREDIT_KINDS)
        assert item.amount != 0
        assert item.amount.as_tuple().exponent == -2


def test_vat_is_that_of_the_country_or_none_across_a_border(friday: Books) -> None:
    country = {row.customer_ref: row.country for row in friday.company.customers}
    home = {"NFR": ("FR", 20), "NDE": ("DE", 19), "NUK": ("GB", 20)}
    for item in friday.company.items:
        if item.kind != "INVOICE":
            continue
        here, pct = home[item.entity_code]
        net = item.amount - item.vat_amount
        expected = net * pct / 100 if country[item.customer_ref] == here else Decimal(0)
        assert abs(item.vat_amount - expected) <= Decimal("0.005")


def test_due_dates_follow_the_terms(friday: Books) -> None:
    rules = {terms.code: parse(terms.rule) for terms in friday.company.organisation.terms}
    for item in friday.company.items:
        if item.kind == "INVOICE":
            due = rules[item.terms_code].parts[0].due
            assert item.due_date == due.on(document_date=item.document_date)
        else:
            assert item.due_date == item.document_date


def test_allocations_join_a_debit_and_a_credit_of_one_account_and_currency(books: Books) -> None:
    seen = set()
    for row in books.company.allocations:
        debit, credit = books.items[row.entity_code, row.debit_number], books.items[row.entity_code, row.credit_number]
        assert debit.amount > 0 > credit.amount
        assert debit.customer_ref == credit.customer_ref == row.customer_ref
        assert debit.currency == credit.currency == row.currency
        assert row.amount > 0
        assert max(debit.document_date, credit.document_date) <= row.on <= books.on
        key = (row.entity_code, row.debit_number, row.credit_number, row.on)
        assert key not in seen
        seen.add(key)


def test_nothing_is_allocated_beyond_its_amount(books: Books) -> None:
    for key, rows in by_side(books.company.allocations).items():
        assert sum(row.amount for row in rows) <= abs(books.items[key].amount)
    for key, open_amount in books.open.items():
        assert abs(open_amount) <= abs(books.items[key].amount)
        assert open_amount == 0 or (open_amount > 0) == (books.items[key].amount > 0)


def test_debits_less_credits_is_what_is_open(books: Books) -> None:
    for currency in ("EUR", "GBP", "USD"):
        posted = sum(item.amount for item in books.company.items if item.currency == currency)
        still_open = sum(books.open[key] for key, item in books.items.items() if item.currency == currency)
        assert posted == still_open


def test_the_first_day_shown_already_has_a_full_ledger(books: Books) -> None:
    """24 months ago the receivables were of the same order, late ones among them: no ramp at the start of a curve."""
    start = date(books.on.year - 2, books.on.month, min(books.on.day, 28)) + timedelta(days=4)
    then = books.open_on(start)
    total = sum(books.euros(amount, books.items[key].currency) for key, amount in then.items())
    late = sum(
        books.euros(amount, books.items[key].currency)
        for key, amount in then.items()
        if books.items[key].due_date < start
    )
    assert total > books.receivables() * Decimal("0.6")
    assert total * Decimal("0.12") < late < total * Decimal("0.45")


def test_nothing_happened_after_the_day_itself(books: Books) -> None:
    company, on = books.company, books.on
    assert max(item.document_date for item in company.items) <= on
    assert all(item.delivery_date is None or item.delivery_date <= item.document_date for item in company.items)
    assert max(row.opened_on for row in company.disputes) <= on
    assert all(row.closed_on is None or row.opened_on <= row.closed_on <= on for row in company.disputes)
    assert all(row.made_on <= min(row.due_on, on) for row in company.promises)
    assert all(row.order_date <= on <= row.delivery_date for row in company.orders)
    assert all(hold.from_on <= on for hold in company.holds)


def test_what_people_do_is_dated_on_working_days(books: Books) -> None:
    for item in books.company.items:
        if item.kind in ("INVOICE", "PAYMENT", "CREDIT_NOTE", "DEBIT_NOTE"):
            assert is_working_day(item.entity_code, item.document_date), item
    for row in books.company.promises:
        assert is_working_day(row.entity_code, row.made_on), row
    for order in books.company.orders:
        assert is_working_day(order.entity_code, order.order_date), order


@pytest.mark.parametrize("share", ["one payment for several invoices", "part payments", "unapplied payments"])
def test_payments_have_the_faults_of_real_ones(books: Books, share: str) -> None:
    sides = by_side(books.company.allocations)
    payments = [key for key, item in books.items.items() if item.kind == "PAYMENT"]
    if share == "one payment for several invoices":
        assert sum(1 for key in payments if len(sides[key]) > 2) > 300
    elif share == "part payments":
        by_two = [
            key
            for key, item in books.items.items()
            if item.kind == "INVOICE"
            and len(
                {row.credit_number for row in sides[key] if books.items[key[0], row.credit_number].kind == "PAYMENT"}
            )
            > 1
        ]
        assert len(by_two) > 150
    else:
        assert sum(1 for key in payments if books.open[key] < 0) >= 5


def test_credit_notes_are_mostly_allocated_and_a_few_open(books: Books) -> None:
    notes = [key for key, item in books.items.items() if item.kind == "CREDIT_NOTE"]
    still_open = [key for key in notes if books.open[key] < 0]
    assert 2 <= len(still_open) < len(notes) / 10


def test_a_disputed_amount_is_part_of_an_invoice_and_still_open_while_the_dispute_is(books: Books) -> None:
    for row in books.company.disputes:
        invoice = books.items[row.entity_code, row.number]
        assert invoice.kind == "INVOICE"
        assert invoice.customer_ref == row.customer_ref
        assert invoice.document_date < row.opened_on
        assert 0 < row.amount <= invoice.amount
        if row.closed_on is None:
            assert books.open[row.entity_code, row.number] >= row.amount


def test_disputes_have_all_reasons_open_and_solved_whole_and_in_part(books: Books) -> None:
    disputes = books.company.disputes
    assert {row.reason for row in disputes} == {"PRICE", "QUANTITY", "DAMAGED", "MISSING_PO", "NOT_RECEIVED"}
    assert 20 <= sum(1 for row in disputes if row.closed_on is None) <= 80
    whole = [row for row in disputes if row.amount == books.items[row.entity_code, row.number].amount]
    assert len(disputes) * 0.25 < len(whole) < len(disputes) * 0.6


def test_promises_speak_of_what_was_overdue_and_are_open_kept_or_broken(books: Books) -> None:
    sides = by_side(books.company.allocations)
    states = {"open": 0, "kept": 0, "broken": 0}
    for row in books.company.promises:
        keys = [(row.entity_code, number) for number in row.numbers.split()]
        paid = settled = Decimal(0)
        for key in keys:
            item = books.items[key]
            assert item.customer_ref == row.customer_ref
            assert item.currency == row.currency
            assert item.due_date < row.made_on
            paid += sum(one.amount for one in sides[key] if one.on <= row.made_on)
            settled += sum(one.amount for one in sides[key] if one.on <= row.due_on)
        total = sum(books.items[key].amount for key in keys)
        assert row.amount == total - paid
        is_kept = settled == total
        states["kept" if is_kept else "open" if row.due_on >= books.on else "broken"] += 1
    assert states["open"] >= 5
    assert states["broken"] >= 20
    assert states["kept"] > states["broken"]


def test_open_orders_are_partly_invoiced_at_most(friday: Books) -> None:
    orders = friday.company.orders
    assert len({(row.entity_code, row.number) for row in orders}) == len(orders) > 150
    assert all(0 < row.open_amount <= row.amount for row in orders)
    assert any(row.open_amount < row.amount for row in orders)


def test_another_seed_gives_another_company_that_holds_together_too() -> None:
    other = Books(generate(date(2025, 11, 21), seed=7))
    assert all(abs(amount) <= abs(other.items[key].amount) for key, amount in other.open.items())
    assert Decimal(9_000_000) < other.receivables() < Decimal(24_000_000)

"""receivables.rules.terms: due dates, instalments, early payment, lateness, legal notes."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.days import BusinessCalendar
from core.money import MixedCurrencies, Money, has_excess_decimals, total
from receivables.rules.terms import (
    CASH_IN_ADVANCE,
    CASH_ON_DELIVERY,
    Days,
    Due,
    EarlyDiscount,
    EndOfMonth,
    Fixed,
    LegalLimits,
    LegalNote,
    Months,
    OnDay,
    Part,
    PaymentTerm,
    PctOfRemainder,
    PctOfTotal,
    Remainder,
    counts_as_on_time,
    days_end_of_month,
    discount_offers,
    due_date,
    end_of_month_plus,
    instalments,
    legal_notes,
    net,
)
from receivables.rules.terms_code import parse
from tests.examples import examples
from tests.receivables.rules.strategies import terms

FRANCE = BusinessCalendar(("FR",))
# Samples lie beside the checkout, where there are any.
TRYTON = Path(__file__).parents[4] / "shared" / "samples" / "H_expected" / "tryton_payment_terms.yaml"


def eur(text: str) -> Money:
    return Money(Decimal(text), "EUR")


def day(text: str) -> date:
    return date.fromisoformat(text)


def money(text: str) -> Money:
    amount, currency = text.split()
    return Money(Decimal(amount), currency)


@pytest.mark.parametrize("row", examples("payment-terms", "Due dates"))
def test_due_dates_are_as_documented(row):
    assert due_date(parse(row["Terms"]), document_date=day(row["Document"])) == day(row["Due"])


@pytest.mark.parametrize("row", examples("payment-terms", "Instalments"))
def test_instalments_are_as_documented(row):
    due_amounts = instalments(parse(row["Terms"]), total=money(row["Total"]), document_date=day(row["Document"]))
    expected = [part.split() for part in row["Instalments"].split(", ")]
    assert [(one.due_date, one.money.amount) for one in due_amounts] == [
        (day(due), Decimal(amount)) for due, amount in expected
    ]


@pytest.mark.parametrize("row", examples("payment-terms", "Early payment"))
def test_discounts_are_as_documented(row):
    base = eur(row["Base"]) if row["Base"] else None
    offers = discount_offers(
        parse(row["Terms"]), total=money(row["Total"]), document_date=day(row["Document"]), base=base
    )
    expected = [] if row["Offers"] == "none" else [offer.split() for offer in row["Offers"].split(", ")]
    assert [(offer.until, offer.discount, offer.to_pay) for offer in offers] == [
        (day(until), eur(discount), eur(to_pay)) for until, discount, to_pay in expected
    ]


@pytest.mark.parametrize("row", examples("payment-terms", "In time"))
def test_lateness_is_as_documented(row):
    on_time = counts_as_on_time(day(row["Paid"]), day(row["Due"]), FRANCE, tolerant=row["Tolerant"] == "yes")
    assert on_time is (row["In time"] == "yes")


@pytest.mark.parametrize("row", examples("payment-terms", "What the law says of a term"))
def test_legal_notes_are_as_documented(row):
    notes = legal_notes(parse(row["Terms"]), document_date=day(row["Document"]))
    assert (LegalNote.BEYOND_NET_LIMIT in notes) is (row["Beyond"] == "yes")
    assert (LegalNote.ONLY_AS_STIPULATED_END_OF_MONTH in notes) is (row["Stipulated"] == "yes")


def test_legal_limits_are_parameters():
    term = parse("NET 45")
    assert legal_notes(term, document_date=date(2025, 1, 1), limits=LegalLimits(30, 30)) == {LegalNote.BEYOND_NET_LIMIT}


# The payment-term cases of another program's tests, where the file is at hand.

TRYTON_SHARES = {
    "percent of remainder": lambda line, _: PctOfRemainder(Decimal(str(line["ratio"])) * 100),
    "percent of total": lambda line, _: PctOfTotal(Decimal(str(line["ratio"])) * 100),
    "fixed": lambda line, fixed: Fixed(Money(fixed or Decimal(str(line["amount"])), "USD")),
    "remainder": lambda _line, _fixed: Remainder(),
}
TRYTON_DELTAS = {
    "30 days": (Days(30),),
    "1 month": (Months(1),),
    "1 month 30 days": (Months(1), Days(30)),
    "2 months, day set to 15, then 30 days": (Months(2), OnDay(15), Days(30)),
}


def tryton_cases() -> list:
    if not TRYTON.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"the sample {TRYTON.name} is not on this machine"))]
    cases = yaml.safe_load(TRYTON.read_text(encoding="utf-8"))["cases"]
    for case in cases:
        if isinstance(case["given"]["lines"], str):
            assert case["given"]["lines"] == "as first case but fixed amount 4.00"
            case["given"]["fixed"] = Decimal("4.00")
            case["given"]["lines"] = cases[0]["given"]["lines"]
    return [pytest.param(case, id=f"tryton-{n}") for n, case in enumerate(cases, 1)]


@pytest.mark.parametrize("case", tryton_cases())
def test_terms_give_what_tryton_gives(case):
    given_ = case["given"]
    parts = [
        Part(Due(TRYTON_DELTAS[line["add"]]), TRYTON_SHARES[line["type"]](line, given_.get("fixed")))
        for line in given_["lines"]
    ]
    due_amounts = instalments(
        PaymentTerm(tuple(parts)),
        total=Money(Decimal(str(given_["amount"])), "USD"),
        document_date=day(given_["date"]),
    )
    assert [(one.due_date, one.money.amount) for one in due_amounts] == [
        (day(due), Decimal(str(amount))) for due, amount in case["expected"]
    ]


def test_the_two_readings_of_45_days_end_of_month_are_two_terms():
    assert days_end_of_month(45).on(document_date=date(2025, 3, 10)) == date(2025, 4, 30)
    assert end_of_month_plus(45).on(document_date=date(2025, 3, 10)) == date(2025, 5, 15)


def test_days_from_the_delivery_count_from_it_where_it_is_known():
    term = parse("30 days from delivery")
    assert due_date(term, document_date=date(2025, 3, 1), delivery_date=date(2025, 3, 10)) == date(2025, 4, 9)
    assert due_date(term, document_date=date(2025, 3, 1)) == date(2025, 3, 31)
    assert due_date(parse("COD"), document_date=date(2025, 3, 1), delivery_date=date(2025, 3, 10)) == date(2025, 3, 10)
    assert due_date(parse("NET 30"), document_date=date(2025, 3, 1), delivery_date=date(2025, 3, 10)) == date(
        2025, 3, 31
    )


def test_goods_paid_before_or_at_delivery_are_not_sold_on_credit():
    assert not parse("CIA").on_credit
    assert not parse("COD").on_credit
    assert not parse("30% CIA, REST COD").on_credit
    assert parse("30% CIA, REST NET 30").on_credit
    assert parse("NET 0").on_credit
    assert CASH_IN_ADVANCE.on(document_date=date(2025, 3, 1), delivery_date=date(2025, 3, 10)) == date(2025, 3, 1)
    assert CASH_ON_DELIVERY.on(document_date=date(2025, 3, 1), delivery_date=date(2025, 3, 10)) == date(2025, 3, 10)


def test_a_day_of_the_month_is_at_most_the_month_s_last():
    assert Due((OnDay(31),)).on(document_date=date(2025, 2, 5)) == date(2025, 2, 28)


def test_a_fixed_part_in_another_currency_is_refused():
    term = parse("10.00 USD NET 10, REST NET 30")
    with pytest.raises(MixedCurrencies):
        instalments(term, total=eur("100"), document_date=date(2025, 1, 1))


@pytest.mark.parametrize(
    "build",
    [
        lambda: PaymentTerm(()),
        lambda: PaymentTerm((Part(net(30), PctOfTotal(Decimal(50))),)),
        lambda: PaymentTerm((Part(net(30)), Part(net(60)))),
        lambda: Part(net(30), PctOfTotal(Decimal(0))),
        lambda: Part(net(30), PctOfRemainder(Decimal("100.01"))),
        lambda: net(-1),
        lambda: Due((Months(1), Months(1))),
        lambda: Due((EndOfMonth(), EndOfMonth())),
        lambda: Due((Days(30),), on_credit=False),
        lambda: OnDay(0),
        lambda: OnDay(32),
        lambda: Fixed(eur("0")),
        lambda: Fixed(eur("-5")),
        lambda: Fixed(eur("5.001")),
        lambda: EarlyDiscount(Decimal(0), 10),
        lambda: EarlyDiscount(Decimal(100), 10),
        lambda: EarlyDiscount(Decimal(2), -1),
        lambda: PaymentTerm((Part(net(30)),), (EarlyDiscount(Decimal(2), 10), EarlyDiscount(Decimal(3), 20))),
        lambda: PaymentTerm((Part(net(30)),), (EarlyDiscount(Decimal(2), 10), EarlyDiscount(Decimal(1), 10))),
    ],
)
def test_a_term_that_makes_no_sense_cannot_be_built(build):
    with pytest.raises(ValueError):
        build()


def test_steps_of_nothing_make_no_difference():
    assert days_end_of_month(0) == Due((EndOfMonth(),)) == end_of_month_plus(0)
    assert net(0) == Due()


@given(
    terms(), st.decimals(min_value=-(10**12), max_value=10**12, places=2), st.dates(date(2000, 1, 1), date(2040, 1, 1))
)
def test_instalments_sum_to_the_total_keep_its_sign_and_are_rounded(term, amount, document_date):
    whole = Money(amount, "EUR")
    due_amounts = instalments(term, total=whole, document_date=document_date)
    assert total((one.money for one in due_amounts), currency="EUR") == whole
    assert len(due_amounts) <= len(term.parts)
    for one in due_amounts:
        assert not has_excess_decimals(one.money.amount, "EUR")
        assert one.money == whole or (one.money.amount > 0) == (whole.amount > 0)
        assert one.money or not whole


@given(st.integers(0, 200), st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_n_days_end_of_month_is_the_last_day_of_the_month_n_days_on(n, document_date):
    due = days_end_of_month(n).on(document_date=document_date)
    assert (due + (date(2000, 1, 2) - date(2000, 1, 1))).day == 1
    assert due >= net(n).on(document_date=document_date)
    assert (due - document_date).days <= n + 30

"""The bank's lines of the sample: money for what is open, in every wording that cash application must cope with."""

import re
from decimal import Decimal

from core.days import BusinessCalendar
from tests.receivables.sample.books import Books


def test_each_entity_has_lines_of_the_last_working_day_to_its_own_account(books: Books) -> None:
    own = {entity.code: entity for entity in books.company.organisation.entities}
    assert {line.entity_code for line in books.company.bank_lines} == set(own)
    for line in books.company.bank_lines:
        entity = own[line.entity_code]
        assert line.own_iban == entity.iban
        assert line.booked_on == BusinessCalendar((entity.country,)).previous_working_day(books.on)
        assert line.amount > 0


def test_what_a_line_names_is_open_and_comes_to_no_less_than_was_paid(books: Books) -> None:
    """Paid to the cent, or less by the bank's charges."""
    named = 0
    for line in books.company.bank_lines:
        numbers = re.findall(r"\b(?:FA|RE|SI)\d\d[- ]\d{5}\b", line.text)
        keys = [(line.entity_code, number.replace(" ", "-")) for number in numbers]
        if not keys:
            continue
        named += 1
        due = sum((books.open[key] for key in keys), Decimal(0))
        assert {books.items[key].currency for key in keys} == {line.currency}
        assert Decimal(0) <= due - line.amount <= Decimal(12)
    assert named >= len(books.company.bank_lines) // 2


def test_some_lines_leave_a_person_something_to_do(books: Books) -> None:
    lines = books.company.bank_lines
    assert [line for line in lines if not line.payer_name]
    assert len({line.reference for line in lines}) == len(lines)
    assert 15 <= len(lines) <= 39

"""Lines of the bank are stored once, as received."""

from datetime import date
from decimal import Decimal

import pytest

from core.audit import SYSTEM
from receivables.models import BankLine
from receivables.services.loading import RowsRejected
from receivables.services.undo import undo_load
from tests.make import make_entity
from tests.receivables.rows import load_rows

pytestmark = pytest.mark.django_db
LINE = {
    "booked_on": date(2026, 3, 2),
    "amount": "120.00",
    "currency": "EUR",
    "text": "FA-100001",
    "payer_name": "Martin",
}


def load(*rows, **given):
    return load_rows("bank_lines", rows, **given)


def test_a_line_is_stored_with_what_was_received(tenant):
    result = load({**LINE, "payer_iban": "fr7630006000011234567890189", "value_on": date(2026, 3, 3)})
    line = BankLine.objects.get()
    assert (result.created, result.totals) == (1, {"EUR": Decimal(120)})
    assert (line.amount, line.remaining_amount, line.state) == (120, 120, "OPEN")
    assert line.payer_iban == "FR7630006000011234567890189"
    assert (line.payload["text"], line.payload["value_on"]) == ("FA-100001", "2026-03-03")


def test_the_same_file_again_adds_nothing_and_an_overlapping_one_what_is_new(tenant):
    load(LINE, {**LINE, "text": "other"})
    assert load(LINE, {**LINE, "text": "other"}).created == 0
    assert load({**LINE, "text": "other"}, {**LINE, "booked_on": date(2026, 3, 3)}).created == 1
    assert BankLine.objects.count() == 3


def test_two_alike_in_one_file_are_two_payments(tenant):
    assert load(LINE, LINE).created == 2
    assert load(LINE, LINE).created == 0


def test_a_reference_of_the_bank_tells_lines_apart_whatever_else_they_say(tenant):
    assert load({**LINE, "reference": "T1"}).created == 1
    assert load({**LINE, "reference": "T1", "text": "the bank says more now"}).created == 0
    assert load({**LINE, "reference": "T2"}).created == 1


def test_matched_lines_stay_matched_when_their_file_comes_again(tenant):
    load(LINE)
    BankLine.objects.update(state="MATCHED", remaining_amount=0)
    load(LINE)
    assert BankLine.objects.get().state == "MATCHED"


def test_a_line_of_nothing_is_set_aside(tenant):
    with pytest.raises(RowsRejected):
        load({**LINE, "amount": "0"}, all_or_nothing=True)


def test_own_account_says_which_company_and_currency(tenant):
    make_entity(code="FR", currency="EUR")
    uk = make_entity(code="UK", currency="GBP", iban="GB33 BUKB 2020 1555 5555 55")
    rows = [{"booked_on": date(2026, 3, 2), "amount": "5.00", "text": "x", "own_iban": "GB33BUKB20201555555555"}]
    assert load_rows("bank_lines", rows).created == 1
    assert (BankLine.objects.get().entity_id, BankLine.objects.get().currency) == (uk.id, "GBP")
    without = [{"booked_on": date(2026, 3, 2), "amount": "5.00", "text": "x"}]
    assert "currency" in {one.field for one in load_rows("bank_lines", without).rejected}


def test_an_undone_load_takes_its_lines_away(tenant):
    result = load(LINE)
    undo_load(run_id=result.run_id, source="file", on=date(2026, 3, 2), actor=SYSTEM)
    assert not BankLine.objects.exists()

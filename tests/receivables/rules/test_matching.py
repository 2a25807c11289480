"""What a line of the bank statement pays, and how sure that is."""

import random
import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receivables.rules.matching.book import Book
from receivables.rules.matching.decide import match_line, match_lines
from receivables.rules.matching.facts import Fit, Found, Line, Offer, OpenItem, Piece, Policy, cash_of
from receivables.rules.matching.payers import Payers, Sure, name_key
from receivables.rules.matching.references import creditor_reference, number_keys, text_keys
from receivables.rules.matching.sums import Way, sums

DAY = date(2025, 3, 10)
NAMES = (("A", "Boulangerie Martin SARL"), ("B", "Dupont & Fils"), ("C", "Dupont & Fils"), ("D", "Transports Martin"))
POLICY = Policy()


def item(number, amount, *, customer="A", due=DAY, currency="EUR", also=(), offers=(), issued=DAY - timedelta(days=30)):
    return OpenItem(number, customer, currency, Decimal(amount), number, issued, due, also, offers)


def line(amount, text="", *, ref="L1", currency="EUR", on=DAY, **more):
    return Line(ref, on, Decimal(amount), currency, text, **more)


def propose(one, *items, payers=None, policy=POLICY):
    return match_line(one, book=Book(items), payers=payers or Payers.of(names=NAMES), policy=policy)


def paid(proposal):
    return {piece.item: (piece.cash, piece.difference) for piece in proposal.pieces}


def said(proposal):
    return " ".join(map(str, proposal.reasons))


# --- what it names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "FA-2025-0417",
        "fact fa20250417",
        "PAIEMENT FA 2025 0417 MERCI",
        "20250417",
        "VIR:FA2025/0417",
        "FACTURE FA.2025.0417.",
    ],
)
def test_number_is_found_however_it_is_spelt(text):
    found = propose(line("120.00", text), item("FA-2025-0417", "120"), item("FA-2025-0418", "120"))
    assert paid(found) == {"FA-2025-0417": (Decimal(120), 0)}
    assert found.automatic
    assert found.found is Found.NUMBER


def test_creditor_reference_with_right_check_digits_is_surer_than_a_number():
    invoice = item("539007547034", "75")
    structured = propose(line("75", "", structured="RF18 5390 0754 7034"), invoice)
    assert (structured.found, structured.automatic) == (Found.STRUCTURED, True)
    assert structured.confidence > propose(line("75", "539007547034"), invoice).confidence
    assert creditor_reference("RF19 5390 0754 7034") == ""


def test_order_reference_names_all_invoices_of_the_order():
    found = propose(
        line("300", "commande PO-778812"),
        item("F1", "100", also=("PO-778812",)),
        item("F2", "200", also=("PO-778812",)),
    )
    assert set(paid(found)) == {"F1", "F2"}
    assert found.automatic


def test_one_payment_for_several_customers():
    found = propose(line("300", "100001 100002"), item("100001", "100"), item("100002", "200", customer="B"))
    assert found.automatic
    assert found.customers == ("A", "B")
    assert "One payment for 2 customers." in said(found)


def test_several_invoices_less_a_credit_note_that_is_not_named():
    found = propose(
        line("249.63", "100001 100002"), item("100001", "100"), item("100002", "200"), item("AV1", "-50.37")
    )
    assert paid(found)["AV1"] == (Decimal("-50.37"), 0)
    assert cash_of(found.pieces) == Decimal("249.63")
    assert found.automatic


def test_ends_of_numbers_count_for_a_customer_who_is_known():
    known = [item("22040954", "100"), item("22041624", "50"), item("22041844", "25")]
    found = propose(line("150", "Boulangerie Martin FACT 0954 / 1624"), *known)
    assert set(paid(found)) == {"22040954", "22041624"}
    assert found.automatic
    assert not propose(line("150", "FACT 0954 / 1624"), *known).automatic


def test_short_number_alone_is_a_suggestion():
    found = propose(line("75", "rue 417"), item("F-417", "75", customer="B"))
    assert paid(found) == {"F-417": (Decimal(75), 0)}
    assert not found.automatic


def test_number_of_one_customer_paid_under_the_name_of_another_is_a_suggestion():
    found = propose(line("75", "TRANSPORTS MARTIN 100001"), item("100001", "75", customer="B"))
    assert not found.automatic
    assert "another customer" in said(found)


def test_same_number_at_two_customers_is_told_apart_by_the_payer_alone():
    both = [item("100001", "75"), OpenItem("x", "D", "EUR", Decimal(75), "100001", DAY, DAY)]
    assert not propose(line("75", "100001"), *both).automatic
    assert paid(propose(line("75", "TRANSPORTS MARTIN 100001"), *both)) == {"x": (Decimal(75), 0)}


# --- how much ---------------------------------------------------------------------------------------------------------


def test_discount_is_taken_while_it_is_offered_and_its_days_of_grace_last():
    invoice = item("100001", "1000", offers=(Offer(DAY, Decimal(20)),))
    in_time = propose(line("980", "100001", on=DAY + timedelta(days=3)), invoice)
    assert paid(in_time) == {"100001": (Decimal(980), Decimal(20))}
    assert (in_time.fit, in_time.pieces[0].why, in_time.automatic) == (Fit.DISCOUNT, Fit.DISCOUNT, True)
    late = propose(line("980", "100001", on=DAY + timedelta(days=4)), invoice)
    assert (late.fit, late.automatic) == (Fit.PARTIAL, False)


@pytest.mark.parametrize(
    ("amount", "fit"), [("999.00", Fit.TOLERANCE), ("998.99", Fit.PARTIAL), ("1000.99", Fit.TOLERANCE)]
)
def test_tolerance_is_the_lesser_of_an_amount_and_a_share(amount, fit):
    assert propose(line(amount, "100001"), item("100001", "1000")).fit is fit


def test_tolerance_of_a_small_amount_is_small():
    assert propose(line("9.94", "100001"), item("100001", "10")).fit is Fit.PARTIAL
    assert propose(line("9.95", "100001"), item("100001", "10")).fit is Fit.TOLERANCE


def test_part_payment_of_a_named_invoice_is_automatic_when_the_payer_is_the_customer():
    found = propose(line("400", "BOULANGERIE MARTIN acompte 100001"), item("100001", "1000"))
    assert (paid(found), found.fit, found.automatic) == ({"100001": (Decimal(400), 0)}, Fit.PARTIAL, True)
    assert not propose(line("400", "acompte 100001"), item("100001", "1000")).automatic


def test_too_much_is_never_automatic_and_the_rest_stays_on_the_line():
    found = propose(line("1500", "BOULANGERIE MARTIN 100001"), item("100001", "1000"))
    assert (found.fit, found.left, found.automatic) == (Fit.OVERPAID, Decimal(500), False)


def test_currencies_are_never_mixed():
    found = propose(line("100", "100001", currency="USD"), item("100001", "100"))
    assert found.pieces == ()
    assert "another currency" in said(found)


def test_money_that_went_out_pays_no_invoice_but_may_repay_a_credit_note():
    assert "Money went out" in said(propose(line("-100", "RETOUR"), item("100001", "100")))
    found = propose(line("-100", "Boulangerie Martin AV100001"), item("AV100001", "-100"), item("100002", "100"))
    assert paid(found) == {"AV100001": (Decimal(-100), 0)}


# --- who paid ---------------------------------------------------------------------------------------------------------


def test_learned_account_and_an_amount_that_one_item_has():
    payers = Payers.of(names=NAMES, learned_ibans=[("FR7630006000011234567890189", "B")])
    one = line("75.30", "merci", payer_iban="FR7630006000011234567890189")
    found = propose(one, item("1", "75.30", customer="B"), item("2", "75.30", customer="C"), payers=payers)
    assert paid(found) == {"1": (Decimal("75.30"), 0)}
    assert found.automatic


def test_two_customers_with_the_same_name_are_not_told_apart():
    one = line("75.30", "DUPONT ET FILS")
    both = propose(one, item("1", "75.30", customer="B"), item("2", "75.30", customer="C"))
    assert not both.automatic
    assert "2 customers could have paid it" in said(both)
    only_one_owes_it = propose(one, item("1", "75.30", customer="B"), item("2", "99", customer="C"))
    assert not only_one_owes_it.automatic
    assert paid(only_one_owes_it) == {"1": (Decimal("75.30"), 0)}


def test_equal_amounts_of_one_customer_are_not_told_apart():
    found = propose(line("75.30", "Boulangerie Martin"), *(item(f"F{n}", "75.30") for n in range(5)))
    assert not found.automatic
    assert "5 items have this amount" in said(found)


def test_longer_name_wins_over_one_that_it_contains():
    names = (("A", "Martin"), ("B", "Martin Transports"))
    found = propose(
        line("75.30", "MARTIN TRANSPORTS"),
        item("1", "75.30"),
        item("2", "75.30", customer="B"),
        payers=Payers.of(names=names),
    )
    assert set(paid(found)) == {"2"}


def test_all_that_is_owed_and_the_oldest_of_it():
    owed = [item(f"F{n}", f"{100 + n}.17", due=DAY + timedelta(days=n)) for n in range(6)]
    everything = propose(line(str(sum(one.amount for one in owed)), "Boulangerie Martin"), *owed)
    assert (len(everything.pieces), everything.automatic) == (6, True)
    oldest = propose(line(str(sum(one.amount for one in owed[:4])), "Boulangerie Martin"), *owed)
    assert set(paid(oldest)) == {"F0", "F1", "F2", "F3"}
    assert "4 oldest" in said(oldest)


def test_an_invoice_and_the_credit_note_that_takes_it_back_are_left_alone():
    owed = [item("F1", "100.11"), item("F2", "55.55"), item("AV2", "-55.55"), item("F3", "200.22")]
    found = propose(line("300.33", "Boulangerie Martin"), *owed)
    assert set(paid(found)) == {"F1", "F3"}


def test_known_payer_and_an_amount_that_fits_nothing_goes_to_the_oldest_as_a_suggestion():
    old, new = item("F1", "100", due=DAY - timedelta(days=9)), item("F2", "100")
    found = propose(line("150", "Boulangerie Martin"), new, old)
    assert [(piece.item, piece.cash) for piece in found.pieces] == [("F1", 100), ("F2", 50)]
    assert not found.automatic
    assert "oldest items first" in said(found)


def test_amount_alone_is_never_automatic():
    found = propose(line("1234.56", "CHEQUE 0230395"), item("F1", "1234.56", customer="D"))
    assert (found.found, found.automatic) == (Found.AMOUNT, False)


def test_who_knows_nothing_says_so():
    found = propose(line("50", "virement"), item("F1", "75"))
    assert (found.pieces, found.confidence) == ((), 0)
    assert "nobody has this bank account" in said(found)


def test_a_person_who_said_whose_payment_it_is_decides():
    one = line("75.30", "DUPONT ET FILS", customer="C")
    found = propose(one, item("1", "75.30", customer="B"), item("2", "75.30", customer="C"))
    assert set(paid(found)) == {"2"}
    assert found.automatic


def test_invoice_of_later_is_not_paid_by_its_amount_alone():
    later = item("F1", "75.30", issued=DAY + timedelta(days=20), due=DAY + timedelta(days=50))
    assert propose(line("75.30", "Boulangerie Martin"), later).pieces == ()


# --- many lines -------------------------------------------------------------------------------------------------------


def test_what_names_an_invoice_comes_before_what_merely_adds_up():
    first = line("75.30", "Boulangerie Martin", ref="L1")
    second = line("75.30", "100001", ref="L2", on=DAY + timedelta(days=1))
    out = match_lines(
        [first, second], book=Book([item("100001", "75.30")]), payers=Payers.of(names=NAMES), policy=POLICY
    )
    assert [one.automatic for one in out] == [False, True]


def test_an_item_is_paid_once():
    lines = [line("75.30", "100001", ref=f"L{n}") for n in range(3)]
    out = match_lines(lines, book=Book([item("100001", "75.30")]), payers=Payers.of(names=NAMES), policy=POLICY)
    assert [one.automatic for one in out] == [True, False, False]
    assert "settled already" in said(out[1])


def test_book_refuses_to_take_more_than_is_open():
    with pytest.raises(ValueError, match="more than is open"):
        Book([item("F1", "10")]).take([Piece("F1", "A", Decimal(11))])


AMOUNTS = st.lists(st.integers(-50_00, 300_00).filter(bool), min_size=1, max_size=9)


@given(
    owed=AMOUNTS, paid_cents=st.integers(1, 900_00), text=st.sampled_from(["", "Boulangerie Martin", "100001 100003"])
)
def test_pieces_never_exceed_what_is_open_and_always_sum_to_what_was_paid(owed, paid_cents, text):
    items = [item(f"{100001 + n}", str(Decimal(cents) / 100)) for n, cents in enumerate(owed)]
    found = propose(line(str(Decimal(paid_cents) / 100), text), *items)
    assert cash_of(found.pieces) + found.left == Decimal(paid_cents) / 100
    by_ref = {one.ref: one for one in items}
    for piece in found.pieces:
        lowered = piece.cash + piece.difference
        assert lowered * by_ref[piece.item].amount > 0
        assert abs(lowered) <= abs(by_ref[piece.item].amount)
    assert len({piece.item for piece in found.pieces}) == len(found.pieces)
    assert 0 <= found.confidence <= 1
    assert found.reasons


def test_order_in_which_lines_and_items_come_changes_nothing():
    rng = random.Random(7)
    items = [item(f"{100000 + n}", str(rng.randint(100, 99999) / 100), customer=rng.choice("ABCD")) for n in range(60)]
    lines = [
        line(str(one.amount), rng.choice([one.number, "DUPONT", "Boulangerie Martin", ""]), ref=f"L{n}")
        for n, one in enumerate(items[:40])
    ]
    outs = []
    for _ in range(3):
        rng.shuffle(items)
        rng.shuffle(lines)
        outs.append(match_lines(lines, book=Book(items), payers=Payers.of(names=NAMES), policy=POLICY))
    assert outs[0] == outs[1] == outs[2]


def test_adversarial_equal_amounts_are_searched_in_bounded_time():
    """400 items of one amount at one customer, and a thousand payments that none of their sums make up."""
    items = [item(f"F{n}", "100.00", customer="D") for n in range(400)]
    lines = [line("250.01", "TRANSPORTS MARTIN", ref=f"L{n:04d}") for n in range(1000)]
    started = time.monotonic()
    out = match_lines(lines, book=Book(items), payers=Payers.of(names=NAMES), policy=POLICY)
    assert time.monotonic() - started < 20
    assert not any(one.automatic for one in out)


# --- its parts --------------------------------------------------------------------------------------------------------


def test_keys_of_numbers_and_texts():
    assert number_keys("INV-2024-00123") == ("INV202400123", "202400123", "00123", "123")
    assert number_keys("ACOMPTE") == ()
    assert {"CEH8251626639", "8251626639"} <= text_keys("FACT C E H 8251626639")


def test_sums_say_how_likely_chance_is():
    (one,) = sums([10_0000, 25_0000, 31_0000], 35_0000)
    assert (one.places, one.way) == ((0, 1), Way.OLDEST)
    crowd = sums([n * 1_0100 for n in range(1, 41)], 150_0000 + 4_0000)
    assert not crowd or crowd[0].chance > Decimal("0.01")


def test_names_are_compared_without_what_kind_of_company_it_is():
    assert name_key("Société JAUNO & Cie") == "jauno"
    assert name_key("Jauno SARL") == "jauno"


def test_a_name_that_ends_the_text_counts_by_its_own_words():
    """Nord Gaz Services is not in it: Nord Gaz is no longer for that, and ties with the other name of two words."""
    payers = Payers.of(names=[("A", "Nord Gaz"), ("B", "Nord Gaz Services"), ("C", "Martin Transport")])
    said = line("10", "Martin Transport Nord Gaz")
    assert payers.of_line(said) == {"A": Sure.NAME, "C": Sure.NAME}

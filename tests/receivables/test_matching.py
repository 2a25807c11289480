"""Matching in the ledger: the night proposes and carries out, a person decides, the books confirm."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.access import EVERYTHING
from core.audit import SYSTEM, Actor
from core.models import AuditRecord
from receivables.models import BankLine, CashAllocation, CashMatch, KnownPayer, LedgerItem, PaymentTerms
from receivables.queries.matching import cash_counts, chased_amounts, match_rate
from receivables.services import matching
from receivables.services.matching_run import match_bank_lines, settle_with_books
from tests.make import make_account, make_allocation, make_bank_line, make_customer, make_item, make_member

DAY = date(2026, 3, 2)
pytestmark = pytest.mark.django_db


@pytest.fixture
def account(tenant):
    return make_account(customer=make_customer(name="Boulangerie Martin"))


@pytest.fixture
def actor(tenant):
    return Actor.member(make_member(role="collector"))


def night(on=DAY):
    settle_with_books(on=on)
    return match_bank_lines(on=on)


def chased(item):
    return chased_amounts(item_ids=[item.id], on=DAY, scope=EVERYTHING)[item.id]


def state(row):
    row.refresh_from_db()
    return row.state


def books_show(item, open_amount):
    """The ERP says what is open: a sync writes it by an allocation of its own."""
    item.refresh_from_db()
    make_allocation(debit=item, amount=item.open_amount - Decimal(open_amount), on=DAY)


def test_a_sure_match_is_carried_out_and_leaves_the_books_alone(account):
    invoice = make_item(account=account, number="FA-100001", amount="120.00")
    line = make_bank_line(amount="120.00", text="virement FA-100001")
    assert night().automatic == 1
    assert state(line) == "MATCHED"
    assert chased(invoice) == 0
    invoice.refresh_from_db()
    assert invoice.open_amount == 120
    match = CashMatch.objects.get()
    assert (match.is_automatic, match.customer_id) == (True, account.customer_id)
    assert AuditRecord.objects.filter(action="receivables.cash_matched", object_id=match.id).exists()


def test_a_second_run_changes_nothing(account):
    make_item(account=account, number="FA-100001", amount="120.00")
    make_bank_line(amount="120.00", text="virement FA-100001")
    make_bank_line(amount="55.00", text="merci")
    night()
    before = list(BankLine.objects.order_by("id").values()), CashMatch.objects.count(), AuditRecord.objects.count()
    night()
    assert (
        list(BankLine.objects.order_by("id").values()),
        CashMatch.objects.count(),
        AuditRecord.objects.count(),
    ) == before


def test_an_unsure_match_waits_with_its_reasons(account):
    make_item(account=account, number="FA-100001", amount="120.00")
    line = make_bank_line(amount="120.00", text="cheque 77")
    assert night().suggested == 1
    line.refresh_from_db()
    assert (line.state, line.proposal["found"], len(line.proposal["pieces"])) == ("OPEN", "AMOUNT", 1)
    assert 0 < line.confidence < Decimal("0.9")
    assert line.proposal["reasons"]


def test_confirming_teaches_the_account_and_the_next_payment_goes_by_itself(account, actor):
    first, second = (
        make_item(account=account, number="F1", amount="75.30"),
        make_item(account=account, number="F2", amount="80.10"),
    )
    line = make_bank_line(amount="75.30", payer_name="SCI du Moulin", payer_iban="FR7630006000011234567890189")
    night()
    matching.confirm_proposal(line_id=line.id, on=DAY, actor=actor)
    known = KnownPayer.objects.get()
    assert (known.kind, known.customer_id, known.confirmed_by_id) == ("IBAN", account.customer_id, actor.id)
    make_bank_line(amount="80.10", payer_iban="FR7630006000011234567890189")
    assert night().automatic == 1
    assert (chased(first), chased(second)) == (0, 0)
    matching.revoke_payer(payer_id=known.id, on=DAY, actor=actor)
    make_item(account=account, number="F3", amount="90.20")
    make_bank_line(amount="90.20", payer_iban="FR7630006000011234567890189")
    assert night().automatic == 0


def test_automatic_matches_teach_nothing(account):
    make_item(account=account, number="FA-100001", amount="120.00")
    make_bank_line(amount="120.00", text="FA-100001", payer_iban="FR7630006000011234567890189")
    night()
    assert not KnownPayer.objects.exists()


def test_a_match_taken_back_is_chased_again_and_not_made_again(account, actor):
    invoice = make_item(account=account, number="FA-100001", amount="120.00")
    line = make_bank_line(amount="120.00", text="FA-100001")
    night()
    matching.reverse_match(match_id=CashMatch.objects.get().id, on=DAY, actor=actor)
    assert (chased(invoice), state(line), line.remaining_amount) == (120, "OPEN", 120)
    assert night().automatic == 0
    assert "refused" in line.proposal["reasons"][0]["text"]
    with pytest.raises(matching.NotMatched):
        matching.reverse_match(match_id=CashMatch.objects.get(state="REVERSED").id, on=DAY, actor=actor)


def test_what_was_refused_is_not_proposed_again(account, actor):
    make_item(account=account, number="F1", amount="75.30")
    line = make_bank_line(amount="75.30", text="cheque")
    night()
    matching.refuse_proposal(line_id=line.id, on=DAY, actor=actor)
    line.refresh_from_db()
    assert line.proposal["pieces"] == []
    with pytest.raises(matching.NothingProposed):
        matching.confirm_proposal(line_id=line.id, on=DAY, actor=actor)


def test_split_over_customers_with_the_rest_on_the_line(account, actor):
    other = make_account()
    one, two = make_item(account=account, number="F1", amount="100"), make_item(account=other, number="F2", amount="50")
    line = make_bank_line(amount="175.00")
    shares = [matching.Share(one.id, Decimal(100)), matching.Share(two.id, Decimal(20))]
    matching.split_line(line_id=line.id, shares=shares, on=DAY, actor=actor)
    line.refresh_from_db()
    assert (line.state, line.remaining_amount) == ("OPEN", 55)
    assert (chased(one), chased(two)) == (0, 30)
    assert not KnownPayer.objects.exists()


@pytest.mark.parametrize("cash", ["0", "-5", "100.01", "0.001", "176"])
def test_split_refuses_what_is_not_part_of_both(account, actor, cash):
    item = make_item(account=account, number="F1", amount="100")
    line = make_bank_line(amount="175.00")
    with pytest.raises(matching.BadSplit):
        matching.split_line(line_id=line.id, shares=[matching.Share(item.id, Decimal(cash))], on=DAY, actor=actor)
    assert not CashMatch.objects.exists()


def test_currencies_are_not_mixed_by_hand_either(account, actor):
    item = make_item(account=account, number="F1", amount="100", currency="USD")
    line = make_bank_line(amount="100.00")
    with pytest.raises(matching.BadSplit):
        matching.split_line(line_id=line.id, shares=[matching.Share(item.id, Decimal(100))], on=DAY, actor=actor)


def test_a_proposal_whose_item_was_paid_meanwhile_is_refused(account, actor):
    item = make_item(account=account, number="F1", amount="75.30")
    line = make_bank_line(amount="75.30", text="cheque")
    night()
    books_show(item, "0")
    with pytest.raises(matching.ProposalOutdated):
        matching.confirm_proposal(line_id=line.id, on=DAY, actor=actor)


def test_a_person_says_whose_payment_it_is(account, actor):
    make_item(account=account, number="F1", amount="75.30")
    make_item(account=make_account(), number="F2", amount="75.30")
    line = make_bank_line(amount="75.30", text="cheque")
    night()
    assert not line.proposal.get("pieces")
    matching.assign_line(line_id=line.id, customer_id=account.customer_id, on=DAY, actor=actor)
    assert state(line) == "MATCHED"


def test_a_line_set_aside_waits_no_longer_until_it_is_taken_up(account, actor):
    make_item(account=account, number="F1", amount="75.30")
    line = make_bank_line(amount="75.30")
    matching.set_line_aside(line_id=line.id, reason="fee", actor=actor)
    assert night() == match_bank_lines(on=DAY)
    with pytest.raises(matching.LineNotOpen):
        matching.confirm_proposal(line_id=line.id, on=DAY, actor=actor)
    matching.take_line_up(line_id=line.id, on=DAY, actor=actor)
    assert state(line) == "OPEN"


def test_discount_of_the_terms_is_taken(account):
    account.terms = PaymentTerms.objects.create(code="S", rule="2/10 NET30")
    account.save()
    invoice = make_item(account=account, number="FA-100001", amount="1000.00", issued=DAY - timedelta(days=5))
    make_bank_line(amount="980.00", text="FA-100001", booked_on=DAY)
    assert night().automatic == 1
    allocation = CashAllocation.objects.get()
    assert (allocation.difference_amount, allocation.difference) == (20, "DISCOUNT")
    assert chased(invoice) == 0


# --- the books --------------------------------------------------------------------------------------------------------


def partly_paid(account, actor, cash="400"):
    invoice = make_item(account=account, number="F1", amount="1000")
    line = make_bank_line(amount=cash)
    matching.split_line(line_id=line.id, shares=[matching.Share(invoice.id, Decimal(cash))], on=DAY, actor=actor)
    return invoice, CashAllocation.objects.latest("id")


def test_what_is_chased_is_the_lesser_of_what_the_books_show_and_should_show(account, actor):
    invoice, allocation = partly_paid(account, actor)
    assert chased(invoice) == 600
    books_show(invoice, "850")  # part of ours, perhaps
    assert chased(invoice) == 600
    books_show(invoice, "600")
    assert chased(invoice) == 600
    assert settle_with_books(on=DAY) == 1
    assert (state(allocation), chased(invoice)) == ("CONFIRMED", 600)


def test_books_that_have_not_followed_leave_it_open_and_it_shows_in_the_worklist_after_some_days(account, actor):
    invoice, _ours = partly_paid(account, actor)
    assert settle_with_books(on=DAY) == 0
    assert cash_counts(on=DAY + timedelta(days=6), scope=EVERYTHING)["late"] == 0
    assert cash_counts(on=DAY + timedelta(days=7), scope=EVERYTHING)["late"] == 1
    assert chased(invoice) == 600


def test_two_of_ours_on_one_item_are_confirmed_one_after_the_other(account, actor):
    invoice, first = partly_paid(account, actor)
    line = make_bank_line(amount="200")
    matching.split_line(line_id=line.id, shares=[matching.Share(invoice.id, Decimal(200))], on=DAY, actor=actor)
    second = CashAllocation.objects.latest("id")
    books_show(invoice, "600")
    settle_with_books(on=DAY)
    assert (state(first), state(second), chased(invoice)) == ("CONFIRMED", "PROPOSED", 400)


def test_taking_the_first_of_two_back_raises_what_is_expected_after_the_second(account, actor):
    invoice, first = partly_paid(account, actor)
    line = make_bank_line(amount="200")
    matching.split_line(line_id=line.id, shares=[matching.Share(invoice.id, Decimal(200))], on=DAY, actor=actor)
    matching.reverse_match(match_id=first.match_id, on=DAY, actor=actor)
    assert chased(invoice) == 800


def test_books_that_open_the_item_again_contradict(account, actor):
    invoice, allocation = partly_paid(account, actor)
    books_show(invoice, "600")
    settle_with_books(on=DAY)
    books_show(invoice, "1000")
    settle_with_books(on=DAY)
    assert (state(allocation), chased(invoice)) == ("CONTRADICTED", 1000)
    assert cash_counts(on=DAY, scope=EVERYTHING)["late"] == 1


def test_an_item_that_is_void_contradicts(account, actor):
    invoice, allocation = partly_paid(account, actor)
    LedgerItem.objects.filter(id=invoice.id).update(void_on=DAY)
    settle_with_books(on=DAY)
    assert state(allocation) == "CONTRADICTED"


def test_ours_that_were_sent_to_the_books_are_confirmed_all_the_same(account, actor):
    invoice, allocation = partly_paid(account, actor)
    assert matching.mark_exported(allocation_ids=[allocation.id], on=DAY, actor=SYSTEM) == 1
    assert (state(allocation), chased(invoice)) == ("EXPORTED", 600)
    assert matching.mark_exported(allocation_ids=[allocation.id], on=DAY, actor=SYSTEM) == 0
    books_show(invoice, "600")
    settle_with_books(on=DAY)
    assert state(allocation) == "CONFIRMED"


def test_match_rate_counts_money_that_came_in(account, actor):
    make_item(account=account, number="FA-100001", amount="120.00")
    item = make_item(account=account, number="F2", amount="70.00")
    make_bank_line(amount="120.00", text="FA-100001")
    by_hand = make_bank_line(amount="70.00")
    make_bank_line(amount="11.11")
    make_bank_line(amount="-5.00")
    night()
    matching.split_line(line_id=by_hand.id, shares=[matching.Share(item.id, Decimal(70))], on=DAY, actor=actor)
    rate = match_rate(since=DAY - timedelta(days=30), until=DAY, scope=EVERYTHING)
    assert rate == (3, 1, 1, 1)
    assert round(rate.automatic_pct, 1) == Decimal("33.3")

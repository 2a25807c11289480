"""What a file of items does to the ledger: modes, corrections, closings, refusals. Examples of docs/rules/loading.md."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from core.errors import Refusal
from receivables.models import (
    Allocation,
    Customer,
    CustomerAccount,
    CustomerBalance,
    Dispute,
    Document,
    Entity,
    LedgerItem,
    LedgerItemRevision,
    LoadChange,
)
from receivables.services.loading_parties import EntityNeeded
from receivables.services.loading_stage import Contradictory, Held, RowsRejected
from receivables.services.open_amounts import check_open_amounts
from tests.make import make_account, make_allocation, make_customer, make_entity, make_item
from tests.receivables.rows import load_rows, open_on, tables

pytestmark = pytest.mark.django_db
D1, D2, D3, D4 = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 5)


def row(number="F1", amount="100.00", **fields):
    return {
        "customer_ref": "C1",
        "number": number,
        "document_date": "2026-01-10",
        "due_date": "2026-02-10",
        "amount": amount,
        "currency": "EUR",
        **fields,
    }


def snapshot(rows, day, **given):
    return load_rows("items", rows, mode="snapshot", as_of=day, **given)


def test_what_a_file_mentions_is_made(tenant):
    rows = [
        row(customer_name="Alpha", entity_code="FR1", terms_code="NET30", salesperson="Anne", region="North"),
        row("F2", customer_name="Alpha SA", entity_code="FR1", terms_code="NET30", salesperson="Anne", region="North"),
        row("F3", customer_name="Alpha SA", entity_code="DE1", terms_code="odd terms", salesperson="Anne"),
    ]
    result = snapshot(rows, D1)
    assert result.made == {"entities": 2, "members": 1, "terms": 2, "customers": 1, "accounts": 2, "documents": 3}
    customer = Customer.objects.get()
    assert (customer.ref, customer.name, customer.name_key) == ("C1", "Alpha SA", "alpha sa")
    account = CustomerAccount.objects.get(entity__code="FR1")
    assert (account.ref, account.terms.rule, account.salesperson.name, account.region) == (
        "C1",
        "NET 30",
        "Anne",
        "North",
    )
    assert account.salesperson.user is None
    assert account.salesperson.role.code == "sales"
    assert CustomerAccount.objects.get(entity__code="DE1").terms.rule == ""
    assert snapshot(rows, D1).wrote_nothing


def test_rows_without_entity_belong_to_the_only_one_or_to_one_that_is_made(tenant):
    snapshot([row()], D1)
    assert Entity.objects.get().code == "MAIN"
    assert Entity.objects.get().name == tenant.name
    snapshot([row(), row("F2")], D2)
    make_entity(code="X")
    with pytest.raises(EntityNeeded):
        snapshot([row(), row("F2")], D3)
    assert snapshot([row("F3")], D3, entity_code="X").created == 1


def test_instalments_that_name_different_sites_change_nothing_when_they_come_again(tenant):
    """The document has the last one; in whatever order they come, and beside rows that name none."""
    said = [("1", "Lyon"), ("2", "Paris"), ("3", "Brest"), ("4", None)]
    rows = [
        row(instalment=int(number), amount=f"{number}.00", site=site, product="Gas" if number == "2" else None)
        for number, site in said
    ]
    load_rows("items", rows)
    before = Document.objects.get()
    assert (before.site, before.product) == ("Paris", "Gas")
    for mode in ("delta", "snapshot"):
        again = load_rows("items", list(reversed(rows)), mode=mode)
        assert (again.created, again.changed, again.unchanged) == (0, 0, 4)
    after = Document.objects.get()
    assert (after.site, after.product, after.updated_at) == ("Paris", "Gas", before.updated_at)


def test_instalments_of_one_number_share_a_document(tenant):
    rows = [
        row(instalment=1, amount="60.00", vat_amount="10.00"),
        row(instalment=2, amount="40.00", due_date="2026-03-10"),
    ]
    load_rows("items", rows)
    document = Document.objects.get()
    assert (document.total_amount, document.vat_amount, document.items.count()) == (100, 10, 2)
    load_rows("items", [row(instalment=2, amount="45.00", due_date="2026-03-10")], as_of=D2)
    load_rows("items", [row(instalment=3, amount="5.00", due_date="2026-04-10")], as_of=D2)
    document.refresh_from_db()
    assert (document.total_amount, document.items.count(), Document.objects.count()) == (110, 3, 1)


def test_kinds_follow_the_sign(tenant):
    rows = [
        row(),
        row("A1", "-30.00"),
        row("F2", "-5.00", kind="INVOICE"),
        row("R1", "-20.00", kind="PAYMENT"),
        row("R2", "7.00", kind="PAYMENT"),
    ]
    result = load_rows("items", rows)
    assert dict(LedgerItem.objects.values_list("number", "kind")) == {
        "F1": "INVOICE", "A1": "CREDIT_NOTE", "F2": "CREDIT_NOTE", "R1": "PAYMENT",
    }  # fmt: skip
    assert [(one.line, one.field) for one in result.rejected] == [(6, "amount")]


class TestSnapshot:
    def test_what_vanished_is_closed_on_the_day_of_the_file_and_open_before(self, tenant):
        snapshot([row("F1"), row("F2", "50.00"), row("F3", "25.00")], D1)
        result = snapshot([row("F1"), row("F3", "25.00")], D2)
        assert (result.closed, result.unchanged, result.changed) == (1, 2, 0)
        allocation = Allocation.objects.get()
        assert (allocation.reason, allocation.on, allocation.known_on, allocation.debit_amount) == (
            "VANISHED",
            D2,
            D2,
            50,
        )
        assert allocation.credit_item is None
        assert open_on(D1) == {"F1": 100, "F2": 50, "F3": 25}
        assert open_on(D2) == {"F1": 100, "F3": 25}
        assert CustomerBalance.objects.get().open_amount == 125

    def test_what_appears_again_is_open_again_from_that_day(self, tenant):
        days = {
            D1: [row("F1"), row("F2", "50.00"), row("F3")],
            D2: [row("F1"), row("F3")],
            D3: [row("F1"), row("F2", "50.00"), row("F3")],
            D4: [row("F2", "50.00"), row("F3")],
        }
        for day, rows in days.items():
            snapshot(rows, day)
        for day, rows in days.items():
            wanted = {one["number"]: Decimal(one["amount"]) for one in rows}
            assert open_on(day) == wanted
            assert open_on(day, known_on=day) == wanted
        assert Allocation.objects.filter(reason="REVERSED").count() == 1
        assert check_open_amounts() == []

    def test_a_smaller_open_amount_closes_the_difference(self, tenant):
        snapshot([row(open_amount="70.00")], D1)
        assert LedgerItem.objects.get().open_amount == 70
        snapshot([row(open_amount="20.00")], D2)
        snapshot([row(open_amount="60.00")], D3)
        assert [open_on(day) for day in (D1, D2, D3)] == [{"F1": 70}, {"F1": 20}, {"F1": 60}]
        assert LedgerItem.objects.get().amount == 100
        assert snapshot([row(open_amount="60.00")], D3).wrote_nothing
        assert check_open_amounts() == []

    def test_without_a_column_of_open_amounts_a_smaller_amount_is_a_part_settled(self, tenant):
        snapshot([row(amount="100.00")], D1)
        snapshot([row(amount="60.00")], D2)
        item = LedgerItem.objects.get()
        assert (item.amount, item.open_amount) == (100, 60)
        snapshot([row(amount="100.00")], D3)
        assert [open_on(day) for day in (D1, D2, D3)] == [{"F1": 100}, {"F1": 60}, {"F1": 100}]
        snapshot([row(amount="120.00")], D4)
        assert LedgerItem.objects.get().amount == 120
        assert open_on(D4, known_on=D3) == {"F1": 100}

    def test_only_entities_in_the_file_are_covered(self, tenant):
        snapshot([row("F1", entity_code="A"), row("F2", entity_code="A"), row("F3", entity_code="B")], D1)
        assert snapshot([row("F1", entity_code="A"), row("F4", entity_code="A")], D2).closed == 1
        assert set(open_on(D2)) == {"F1", "F3", "F4"}

    def test_only_items_of_the_source_are_covered(self, tenant):
        make_item(account=make_account(entity=make_entity(code="MAIN")), number="BY HAND", source="ours")
        snapshot([row("F1"), row("F2")], D1)
        snapshot([row("F1")], D2)
        assert set(open_on(D2)) == {"F1", "BY HAND"}

    def test_a_file_that_closes_more_than_half_waits_for_a_person(self, tenant):
        snapshot([row("F1"), row("F2"), row("F3")], D1)
        with pytest.raises(Held) as held:
            snapshot([row("F1")], D2)
        assert (held.value.closing, held.value.open_items) == (2, 3)
        assert LedgerItem.objects.exclude(open_amount=0).count() == 3
        assert snapshot([row("F1")], D2, force=True).closed == 2

    def test_a_row_that_cannot_be_loaded_keeps_everything_open(self, tenant):
        snapshot([row("F1"), row("F2"), row("F3")], D1)
        result = snapshot([row("F1"), row("F2", open_amount="100.01")], D2)
        assert [(one.line, one.field) for one in result.rejected] == [(3, "open_amount")]
        assert result.closed == 0
        assert set(open_on(D2)) == {"F1", "F2", "F3"}

    def test_our_own_allocation_is_never_undone_and_counts_once(self, tenant):
        snapshot([row("F1"), row("F2")], D1)
        item = LedgerItem.objects.get(number="F1")
        make_allocation(debit=item, amount="100.00", on=D1, origin="OURS")
        assert snapshot([row("F1"), row("F2")], D2).wrote_nothing
        assert LedgerItem.objects.get(number="F1").open_amount == 0
        snapshot([row("F2")], D3)
        assert LedgerItem.objects.get(number="F1").open_amount == 0
        assert Allocation.objects.count() == 1
        assert check_open_amounts() == []


class TestHistory:
    def test_a_settled_item_is_closed_on_its_day_and_always_known(self, tenant):
        load_rows("items", [row(settled_date="2026-02-15"), row("F2", settled_date=None)], mode="history")
        item, allocation = LedgerItem.objects.get(number="F1"), Allocation.objects.get()
        assert (item.known_on, item.is_history, item.open_amount) == (date(2026, 1, 10), True, 0)
        assert (allocation.on, allocation.known_on, allocation.is_history) == (date(2026, 2, 15),) * 2 + (True,)
        assert open_on(date(2026, 2, 14), known_on=date(2026, 2, 14)) == {"F1": 100, "F2": 100}
        assert open_on(date(2026, 2, 15)) == {"F2": 100}

    def test_another_settled_date_takes_the_former_one_back(self, tenant):
        load_rows("items", [row(settled_date="2026-02-15")], mode="history", as_of=D1)
        result = load_rows("items", [row(settled_date="2026-02-20")], mode="history", as_of=D2)
        assert (result.changed, result.created) == (1, 0)
        assert open_on(date(2026, 2, 16)) == {"F1": 100}
        assert open_on(date(2026, 2, 16), known_on=D1) == {}
        assert open_on(date(2026, 2, 20)) == {}
        assert Allocation.objects.count() == 3
        assert load_rows("items", [row(settled_date="2026-02-20")], mode="history", as_of=D3).wrote_nothing
        load_rows("items", [row(settled_date=None)], mode="history", as_of=D3)
        assert LedgerItem.objects.get().open_amount == 100
        assert check_open_amounts() == []

    def test_a_file_without_settled_dates_says_nothing_of_what_is_settled(self, tenant):
        load_rows("items", [row(settled_date="2026-02-15")], mode="history", as_of=D1)
        assert load_rows("items", [row()], mode="history", as_of=D2).wrote_nothing
        assert LedgerItem.objects.get().open_amount == 0


class TestDelta:
    def test_it_closes_only_what_it_says_is_settled(self, tenant):
        load_rows("items", [row("F1"), row("F2"), row("F3")], as_of=D1)
        result = load_rows("items", [row("F1", open_amount="0"), row("F4", open_amount="100.00")], as_of=D2)
        assert (result.created, result.changed, result.closed) == (1, 1, 1)
        assert open_on(D2) == {"F2": 100, "F3": 100, "F4": 100}
        result = load_rows(
            "items", [row("F2", settled_date="2026-02-20"), row("F3", settled_date="2026-04-01")], as_of=D3
        )
        assert result.closed == 1
        assert Allocation.objects.get(debit_item__number="F2").on == date(2026, 2, 20)
        assert open_on(D3) == {"F3": 100, "F4": 100}


class TestCorrection:
    def test_the_former_version_stays_known_for_its_days(self, tenant):
        load_rows("items", [row()], as_of=D1)
        load_rows("items", [row(amount="90.00", due_date="2026-02-28")], as_of=D2)
        load_rows("items", [row(amount="95.00", due_date="2026-02-28")], as_of=D4)
        assert [open_on(D4, known_on=day) for day in (D1, D2, D3, D4)] == [
            {"F1": 100},
            {"F1": 90},
            {"F1": 90},
            {"F1": 95},
        ]
        revisions = list(
            LedgerItemRevision.objects.order_by("known_from").values_list("known_from", "known_until", "amount")
        )
        assert revisions == [(D1, D2, 100), (D2, D4, 90)]
        assert LoadChange.objects.count() == 4  # twice the item, twice its document

    def test_an_unchanged_row_is_never_written(self, tenant):
        load_rows("items", [row(), row("F2")], as_of=D1)
        stamps = dict(LedgerItem.objects.values_list("number", "updated_at"))
        LedgerItem.objects.update(updated_at="2020-01-01T00:00:00Z")
        load_rows("items", [row(), row("F2", due_date="2026-02-11")], as_of=D2)
        now = dict(LedgerItem.objects.values_list("number", "updated_at"))
        assert now["F1"].year == 2020
        assert now["F2"] >= stamps["F2"]

    def test_a_correction_on_the_same_day_leaves_no_former_version(self, tenant):
        load_rows("items", [row()], as_of=D1)
        load_rows("items", [row(amount="90.00")], as_of=D1)
        assert not LedgerItemRevision.objects.exists()
        assert open_on(D1, known_on=D1) == {"F1": 90}

    def test_a_blank_or_absent_field_leaves_what_is_there(self, tenant):
        load_rows("items", [row(payment_method="SEPA", vat_amount="16.67", order_ref="PO1")], as_of=D1)
        assert load_rows("items", [row(payment_method=None, vat_amount=None, order_ref="")], as_of=D2).wrote_nothing
        assert load_rows("items", [row()], as_of=D2).wrote_nothing
        assert load_rows("items", [row(order_ref="PO2")], as_of=D2).changed == 1
        assert Document.objects.get().order_ref == "PO2"

    def test_an_amount_below_what_is_allocated_is_refused(self, tenant):
        load_rows("items", [row(), row("R1", "-80.00", kind="PAYMENT")], as_of=D1)
        load_rows(
            "allocations",
            [{"debit_number": "F1", "credit_number": "R1", "amount": "80.00", "on": "2026-02-01"}],
            as_of=D1,
        )
        result = load_rows("items", [row(amount="70.00")], as_of=D2)
        assert [(one.line, one.field) for one in result.rejected] == [(2, "amount")]
        assert LedgerItem.objects.get(number="F1").amount == 100

    def test_another_customer_takes_the_item_and_both_balances_follow(self, tenant):
        load_rows("items", [row()], as_of=D1)
        load_rows("items", [row(customer_ref="C2")], as_of=D2)
        assert LedgerItem.objects.get().customer.ref == "C2"
        assert {b.customer.ref: b.open_amount for b in CustomerBalance.objects.all()} == {"C2": 100}


class TestRefusal:
    def test_one_reference_with_two_contents_refuses_the_file_and_names_the_lines(self, tenant):
        load_rows("items", [row("F0")], as_of=D1)
        before = tables()
        with pytest.raises(Contradictory, match="2, 4"):
            load_rows("items", [row(), row("F2"), row(amount="101.00")], as_of=D2)
        assert tables() == before

    def test_the_same_content_twice_counts_once(self, tenant):
        result = load_rows("items", [row(), row("F2"), row()])
        assert (result.created, result.repeated, result.rows) == (2, 1, 3)
        assert result.totals == {"EUR": 200}

    def test_all_or_nothing(self, tenant):
        with pytest.raises(RowsRejected) as refused:
            load_rows("items", [row(), row("R1", "5.00", kind="PAYMENT")], all_or_nothing=True)
        assert [one.line for one in refused.value.rejected] == [3]
        assert not LedgerItem.objects.exists()
        assert not Customer.objects.exists()

    def test_refusals_say_why(self, tenant):
        with pytest.raises(Refusal, match="cannot be loaded"):
            load_rows("items", [row("R1", "5.00", kind="PAYMENT")], all_or_nothing=True)


def test_a_mark_of_the_source_opens_a_dispute_and_its_end_closes_it(tenant):
    load_rows("items", [row(disputed=True), row("F2", disputed=False)], as_of=D1)
    dispute = Dispute.objects.get()
    assert (dispute.item.number, dispute.opened_on, dispute.closed_on) == ("F1", D1, None)
    assert load_rows("items", [row(disputed=True), row("F2", disputed=False)], as_of=D2).wrote_nothing
    load_rows("items", [row(disputed=False)], as_of=D3)
    dispute.refresh_from_db()
    assert dispute.closed_on == D3


def test_the_database_itself_refuses_an_open_amount_beyond_the_amount(tenant):
    item = make_item(account=make_account(customer=make_customer()))
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerItem.objects.filter(id=item.id).update(open_amount=Decimal("100.01"))


def test_the_database_itself_refuses_an_account_that_is_not_the_items_customers_at_its_entity(tenant):
    here, elsewhere = make_entity(code="E1"), make_entity(code="E2")
    account = make_account(customer=make_customer(), entity=here)
    item = make_item(account=account)
    other = make_account(customer=make_customer(), entity=here)
    for wrong in ({"customer": other.customer}, {"entity": elsewhere}, {"account": other}):
        with pytest.raises(IntegrityError), transaction.atomic():
            LedgerItem.objects.filter(id=item.id).update(**wrong)
    LedgerItem.objects.filter(id=item.id).update(account=other, customer=other.customer)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM receivables_customeraccount WHERE id = %s", [other.id])

"""Customers, contacts, allocations, orders, disputes and promises of a file."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Member
from receivables.models import (
    Allocation,
    Contact,
    Customer,
    CustomerAccount,
    CustomerGroup,
    Dispute,
    LedgerItem,
    OpenOrder,
    Promise,
    PromiseItem,
)
from receivables.ports import ROW_FIELDS
from receivables.services.loading_stage import Contradictory, Held
from receivables.services.open_amounts import check_open_amounts
from tests.make import make_account, make_customer, make_entity
from tests.receivables.rows import load_rows, open_on, tables

pytestmark = pytest.mark.django_db
D1, D2, D3 = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)


def test_the_fields_are_those_that_files_are_read_into():
    from integrations.files import FIELDS, field_names

    assert {kind: field_names(kind) for kind in FIELDS} == ROW_FIELDS


class TestCustomers:
    def test_customers_groups_accounts_and_people_are_made_once(self, tenant):
        make_entity(code="FR")
        rows = [
            {"customer_ref": "C1", "name": "Société Alpha", "country": "FR", "group_ref": "G", "group_name": "Groupe",
             "entity_code": "FR", "terms_code": "NET30", "salesperson": "Anne", "collector": "Bob", "sector": "retail"},
            {"customer_ref": "C2", "name": "Beta", "country": "DE", "group_ref": "G", "group_name": "Groupe",
             "entity_code": "DE", "terms_code": None, "salesperson": "Anne", "collector": None, "sector": None},
        ]  # fmt: skip
        result = load_rows("customers", rows)
        assert (result.created, result.changed) == (2, 0)
        assert result.made == {"groups": 1, "members": 2, "terms": 1, "entities": 1, "accounts": 2}
        assert CustomerGroup.objects.get().customers.count() == 2
        account = CustomerAccount.objects.get(customer__ref="C1")
        assert (account.salesperson.name, account.collector.name, account.sector) == ("Anne", "Bob", "retail")
        assert dict(Member.objects.values_list("name", "role__code")) == {"Anne": "sales", "Bob": "collector"}
        assert Customer.objects.get(ref="C1").name_key == "societe alpha"
        assert load_rows("customers", rows).wrote_nothing
        rows[1]["name"] = "Beta GmbH"
        result = load_rows("customers", rows)
        assert (result.created, result.changed, result.unchanged) == (0, 1, 1)
        assert Customer.objects.get(ref="C2").name_key == "beta gmbh"

    def test_two_accounts_of_one_customer_are_two_rows_that_agree(self, tenant):
        rows = [
            {"customer_ref": "C1", "name": "Alpha", "entity_code": "A", "account_ref": "100", "terms_code": "NET30"},
            {"customer_ref": "C1", "name": "Alpha", "entity_code": "B", "account_ref": "200", "terms_code": "NET60"},
        ]
        assert load_rows("customers", rows).created == 2
        assert Customer.objects.count() == 1
        assert set(CustomerAccount.objects.values_list("ref", flat=True)) == {"100", "200"}
        rows[1]["name"] = "Omega"
        with pytest.raises(Contradictory, match="2, 3"):
            load_rows("customers", rows)

    def test_an_items_file_may_name_the_account(self, tenant):
        rows = [{"customer_ref": "C1", "name": "Alpha", "entity_code": "A", "account_ref": "411100"}]
        load_rows("customers", rows)
        load_rows("items", [{"customer_ref": "411100", "entity_code": "A", "number": "F1", "document_date": "2026-01-01",
                             "due_date": "2026-02-01", "amount": "5.00"}])  # fmt: skip
        assert LedgerItem.objects.get().customer.ref == "C1"
        assert Customer.objects.count() == 1

    def test_identifiers_are_stored_well_formed_or_not_at_all(self, tenant):
        load_rows(
            "customers", [{"customer_ref": "C1", "name": "A", "siren": "732 829 320", "vat_number": "FR44732829320"}]
        )
        customer = Customer.objects.get()
        assert (customer.siren, customer.vat_number) == ("732829320", "FR44732829320")
        result = load_rows("customers", [{"customer_ref": "C1", "name": "A", "siren": "732829321"},
                                         {"customer_ref": "C2", "name": "B", "siren": "12345"}])  # fmt: skip
        assert [(one.line, one.field, one.values) for one in result.warnings] == [
            (2, "siren", ("732829321",)), (3, "siren", ("12345",)),
        ]  # fmt: skip
        assert result.rejected == []
        assert list(Customer.objects.order_by("ref").values_list("siren", flat=True)) == ["732829320", ""]

    def test_a_blank_cell_leaves_what_is_there(self, tenant):
        load_rows("customers", [{"customer_ref": "C1", "name": "A", "email": "a@alpha.example", "city": "Lyon"}])
        assert load_rows("customers", [{"customer_ref": "C1", "name": "A", "email": None}]).wrote_nothing
        assert Customer.objects.get().city == "Lyon"

    def test_an_account_reference_of_another_customer_is_refused(self, tenant):
        load_rows("customers", [{"customer_ref": "C1", "name": "A", "entity_code": "E", "account_ref": "100"}])
        result = load_rows("customers", [{"customer_ref": "C2", "name": "B", "entity_code": "E", "account_ref": "100"}])
        assert [one.field for one in result.rejected] == ["account_ref"]


def test_contacts_belong_to_known_customers(tenant):
    make_customer(ref="C1")
    rows = [
        {"customer_ref": "C1", "last_name": "Martin", "first_name": "Léa", "role": "BUYER", "email": "lea@alpha.example", "is_primary": True},
        {"customer_ref": "C9", "last_name": "Nobody", "first_name": None, "role": None, "email": None, "is_primary": None},
    ]  # fmt: skip
    result = load_rows("contacts", rows)
    assert (result.created, [(one.line, one.field) for one in result.rejected]) == (1, [(3, "customer_ref")])
    contact = Contact.objects.get()
    assert (contact.role, contact.is_primary, contact.influence, contact.is_active) == ("BUYER", True, "UNKNOWN", True)
    assert load_rows("contacts", rows[:1]).wrote_nothing
    rows[0]["email"] = "l.martin@alpha.example"
    assert load_rows("contacts", rows[:1]).changed == 1
    assert Contact.objects.get().email == "l.martin@alpha.example"


class TestAllocations:
    @pytest.fixture(autouse=True)
    def ledger(self, tenant):
        def item(number, amount, due="2026-02-01", **fields):
            return {"customer_ref": "C1", "number": number, "document_date": "2026-01-01", "due_date": due,
                    "amount": amount, "currency": "EUR", **fields}  # fmt: skip

        rows = [item("F1", "100.00"), item("F2", "60.00", instalment=1), item("F2", "40.00", "2026-03-01", instalment=2),
                item("R1", "-130.00", kind="PAYMENT"), item("R2", "-70.00", kind="PAYMENT")]  # fmt: skip
        load_rows("items", rows, as_of=D1)

    def rows(self, *amounts):
        return [
            {"debit_number": debit, "credit_number": credit, "amount": amount, "on": on}
            for debit, credit, amount, on in amounts
        ]

    def test_a_payment_is_set_against_the_oldest_instalment_first(self):
        rows = self.rows(
            ("F1", "R1", "100.00", "2026-02-05"),
            ("F2", "R1", "30.00", "2026-02-05"),
            ("F2", "R2", "50.00", "2026-02-20"),
        )
        result = load_rows("allocations", rows, as_of=D1)
        assert (result.created, result.changed, result.rejected) == (3, 0, [])
        opens = {(i.number, i.instalment): i.open_amount for i in LedgerItem.objects.all()}
        assert opens == {("F1", 1): 0, ("F2", 1): 0, ("F2", 2): 20, ("R1", 1): 0, ("R2", 1): -20}
        assert Allocation.objects.count() == 4
        assert open_on(date(2026, 2, 10)) == {"F2": 70, "R2": -70}
        before = tables()
        assert load_rows("allocations", rows, as_of=D2).wrote_nothing
        assert tables() == before
        assert check_open_amounts() == []

    def test_another_amount_takes_the_former_one_back(self):
        load_rows("allocations", self.rows(("F1", "R1", "100.00", "2026-02-05")), as_of=D1)
        result = load_rows("allocations", self.rows(("F1", "R1", "80.00", "2026-02-05")), as_of=D2)
        assert (result.created, result.changed) == (0, 1)
        assert LedgerItem.objects.get(number="F1").open_amount == 20
        assert open_on(date(2026, 2, 6), known_on=D1)["F2"] == 100
        assert "F1" not in open_on(date(2026, 2, 6), known_on=D1)
        assert open_on(date(2026, 2, 6), known_on=D2)["F1"] == 20
        assert check_open_amounts() == []

    def test_more_than_is_open_and_what_is_unknown_are_set_aside(self):
        rows = self.rows(("F1", "R2", "70.01", "2026-02-05"), ("F9", "R1", "1.00", "2026-02-05"), ("F1", "R9", "1.00", "2026-02-05"),
                         ("F1", "R1", "100.00", "2026-02-06"))  # fmt: skip
        result = load_rows("allocations", rows, as_of=D1)
        assert [(one.line, one.field) for one in result.rejected] == [
            (2, "amount"),
            (3, "debit_number"),
            (4, "credit_number"),
        ]
        assert result.created == 1
        assert LedgerItem.objects.get(number="F1").open_amount == 0

    def test_a_history_is_known_from_its_days(self):
        load_rows("allocations", self.rows(("F1", "R1", "100.00", "2026-02-05")), as_of=D2, mode="history")
        assert Allocation.objects.get().known_on == date(2026, 2, 5)

    def test_a_later_amount_of_the_source_covers_the_allocation(self):
        load_rows("allocations", self.rows(("F1", "R1", "40.00", "2026-02-05")), as_of=D1)
        row = {
            "customer_ref": "C1",
            "number": "F1",
            "document_date": "2026-01-01",
            "due_date": "2026-02-01",
            "amount": "100.00",
        }
        assert load_rows("items", [{**row, "open_amount": "60.00"}], as_of=D2).wrote_nothing
        load_rows("items", [{**row, "open_amount": "10.00"}], as_of=D2)
        assert LedgerItem.objects.get(number="F1").open_amount == 10
        result = load_rows("items", [{**row, "open_amount": "70.00"}], as_of=D3)
        assert [one.field for one in result.rejected] == ["open_amount"]


class TestOrders:
    def rows(self, *numbers, **fields):
        return [
            {
                "customer_ref": "C1",
                "number": n,
                "order_date": "2026-02-01",
                "amount": "10.00",
                "open_amount": "10.00",
                **fields,
            }
            for n in numbers
        ]

    def test_a_list_of_open_orders_closes_those_it_lacks(self, tenant):
        make_account(customer=make_customer(ref="C1"), entity=make_entity(code="E"))
        first = load_rows("orders", self.rows("O1", "O2", "O3"), mode="snapshot")
        assert (first.created, first.totals) == (3, {"EUR": Decimal(30)})
        assert load_rows("orders", self.rows("O1", "O2", "O3"), mode="snapshot").wrote_nothing
        result = load_rows("orders", self.rows("O1", "O2", open_amount="4.00"), mode="snapshot")
        assert (result.changed, result.closed) == (2, 1)
        assert dict(OpenOrder.objects.values_list("number", "open_amount")) == {"O1": 4, "O2": 4, "O3": 0}
        with pytest.raises(Held):
            load_rows("orders", self.rows("O9"), mode="snapshot")
        assert load_rows("orders", self.rows("O9"), mode="delta").closed == 0


def test_disputes_belong_to_an_invoice(tenant):
    load_rows(
        "items",
        [
            {
                "customer_ref": "C1",
                "number": "F1",
                "document_date": "2026-01-01",
                "due_date": "2026-02-01",
                "amount": "100.00",
            }
        ],
    )
    row = {
        "customer_ref": "C1",
        "number": "F1",
        "reason": "PRICE",
        "opened_on": "2026-02-10",
        "closed_on": None,
        "amount": "30.00",
    }
    result = load_rows("disputes", [row, {**row, "number": "F2"}])
    assert (result.created, [(one.line, one.field) for one in result.rejected]) == (1, [(3, "number")])
    assert load_rows("disputes", [row]).wrote_nothing
    assert load_rows("disputes", [{**row, "closed_on": "2026-02-20"}]).changed == 1
    dispute = Dispute.objects.get()
    assert (dispute.closed_on, dispute.disputed_amount, dispute.currency) == (date(2026, 2, 20), 30, "EUR")
    assert load_rows("disputes", [{**row, "closed_on": "2026-02-01"}]).rejected[0].field == "closed_on"


def test_promises_name_their_invoices(tenant):
    load_rows("items", [{"customer_ref": "C1", "number": n, "document_date": "2026-01-01", "due_date": "2026-02-01", "amount": "100.00"} for n in ("F1", "F2", "F3")])  # fmt: skip
    row = {
        "customer_ref": "C1",
        "amount": "200.00",
        "currency": "EUR",
        "due_on": "2026-03-20",
        "made_on": "2026-03-01",
        "numbers": "F1, F3;F9",
    }
    assert load_rows("promises", [row]).created == 1
    assert load_rows("promises", [row]).wrote_nothing
    assert Promise.objects.get().state == "OPEN"
    assert set(PromiseItem.objects.values_list("item__number", flat=True)) == {"F1", "F3"}
    wrong = [{**row, "amount": "0.00"}, {**row, "due_on": "2026-02-01"}, {**row, "customer_ref": "C9"}]
    assert [one.field for one in load_rows("promises", wrong).rejected] == ["amount", "due_on", "customer_ref"]

"""Bulk upsert: up to 1,000 rows by reference, on the path of files, with errors by row."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import AuditRecord
from core.tenancy import tenant_scope
from receivables.api.rows import ROWS, rows_of
from receivables.models import Contact, Customer, LedgerItem, OpenOrder
from receivables.ports import ROW_FIELDS
from tests.api.conftest import caller_of
from tests.make import make_entity, make_member


@pytest.fixture
def entity(organisation):
    with tenant_scope(organisation):
        return make_entity(code="FR", currency="EUR")


def item(n: int, **fields) -> dict:
    row = {"customer_ref": f"C{n % 50}", "number": f"F{n}", "document_date": "2026-01-31", "due_date": "2026-02-28"}
    return {**row, "amount": f"{100 + n}.50", **fields}


def test_a_thousand_items_in_one_call_and_again(api, organisation, entity):
    rows = [item(n) for n in range(1000)]
    first = api.post("items/bulk/", {"rows": rows})
    assert first.status_code == 200, first.content
    assert {name: first.json()[name] for name in ("rows", "created", "changed", "unchanged", "rejected")} == {
        "rows": 1000, "created": 1000, "changed": 0, "unchanged": 0, "rejected": [],
    }  # fmt: skip
    total = sum(Decimal(row["amount"]) for row in rows)
    assert first.json()["totals"] == [{"amount": str(total), "currency": "EUR"}]
    again = api.post("items/bulk/", {"rows": [*rows[:999], item(999, amount="7.00")]}).json()
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 1, 999)
    with tenant_scope(organisation):
        assert LedgerItem.objects.count() == 1000
        assert Customer.objects.count() == 50
        assert AuditRecord.objects.filter(action="receivables.loaded", actor_kind="API_KEY").count() == 2


def test_errors_name_the_row_the_field_and_the_reason(api, organisation, entity):
    rows = [
        item(0),
        item(1, amount="12,50"),
        item(2, amount=12.5),
        item(3, due_date="31.01.2026"),
        item(4, colour="red"),
        item(5, currency="EURO"),
        item(6, amount="1.005"),
        item(7, instalment=0),
        {"customer_ref": "C8"},
        "nine",
        item(10, number="x" * 81),
        item(11, due_date=None),
        item(12, kind="BILL"),
        item(13, amount="-5.00", due_date=None, kind="CREDIT_NOTE"),
    ]
    answer = api.post("items/bulk/", {"rows": rows}).json()
    assert [(one["row"], one["field"]) for one in answer["rejected"]] == [
        (1, "amount"), (2, "amount"), (3, "due_date"), (4, "colour"), (5, "currency"), (6, "amount"), (7, "instalment"),
        (8, "number"), (9, ""), (10, "number"), (11, "due_date"), (12, "kind"),
    ]  # fmt: skip
    assert all(one["reason"] for one in answer["rejected"])
    assert answer["created"] == 2
    with tenant_scope(organisation):
        assert sorted(LedgerItem.objects.values_list("number", flat=True)) == ["F0", "F13"]


def test_of_a_row_with_several_faults_the_first_is_told():
    rows = [
        {"colour": "red", "amount": "?", **item(0)},
        {**item(1), "amount": "?", "colour": "red"},
        {"number": "F2", "amount": "1.005", "currency": "JPY"},
        item(3, customer_ref="  "),
        item(4, due_date="", currency="JPY"),
        item(5, amount="7", currency="JPY"),
        item(6, amount="7.0000", currency="JPY"),
        item(7, amount="-7.50", due_date=None),
    ]
    good, bad, fed = rows_of("items", rows, currencies={"FR": "EUR"}, entity_code="FR", default_currency="USD")
    assert [(one.line, one.field) for one in bad] == [
        (0, "colour"), (1, "amount"), (2, "customer_ref"), (3, "customer_ref"), (4, "due_date"),
    ]  # fmt: skip
    assert [dict(zip(("line", *ROW_FIELDS["items"]), row, strict=True))["currency"] for row in good] == [
        "JPY", "JPY", "EUR",
    ]  # fmt: skip
    assert [row[0] for row in good] == [5, 6, 7]
    assert fed == {"customer_ref", "number", "document_date", "due_date", "amount", "currency"}


def test_all_or_nothing_loads_nothing_and_names_the_places(api, organisation, entity):
    answer = api.post("items/bulk/", {"rows": [item(0), item(1, amount="?")], "all_or_nothing": True})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["rows.1.amount"]
    with tenant_scope(organisation):
        assert LedgerItem.objects.count() == 0


@pytest.mark.parametrize("kind", sorted(ROWS))
@pytest.mark.parametrize("rows", [[], [7], [{"customer_ref": "C1"}]])
def test_a_call_without_a_row_that_can_be_loaded_loads_nothing(api, organisation, entity, kind, rows):
    answer = api.post(f"{kind}/bulk/", {"rows": rows})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["rows"], answer.json()["created"], len(answer.json()["rejected"])) == (
        len(rows),
        0,
        len(rows),
    )


def test_more_than_a_thousand_rows_are_too_many(api):
    assert api.post("items/bulk/", {"rows": [{}] * 1001}).status_code == 413


@pytest.mark.parametrize(
    "body",
    [{}, {"rows": {}}, [], {"rows": [], "colour": 1}, {"rows": [], "source": ""}, {"rows": [], "as_of": "2030-01-01"},
     {"rows": [], "source": "a b"}],
)  # fmt: skip
def test_a_call_of_another_shape_is_refused(api, body):
    answer = api.post("items/bulk/", body)
    assert answer.status_code == 400, answer.content


def test_customers_contacts_and_orders(api, organisation, entity):
    customers = [{"customer_ref": "C1", "name": "Nordis", "country": "FR", "city": "Lyon", "entity_code": "FR"}]
    assert api.post("customers/bulk/", {"rows": customers}).json()["created"] == 1
    # What is left out stays as it is.
    assert api.post("customers/bulk/", {"rows": [{"customer_ref": "C1", "name": "Nordis SA"}]}).json()["changed"] == 1
    contacts = [{"customer_ref": "C1", "last_name": "Petit", "email": "petit@nordis.example", "is_primary": True}]
    assert api.post("contacts/bulk/", {"rows": contacts}).json()["created"] == 1
    orders = [{"customer_ref": "C1", "number": "O1", "order_date": "2026-02-01", "amount": "80.00"}]
    assert api.post("orders/bulk/", {"rows": orders}).json()["created"] == 1
    with tenant_scope(organisation):
        customer = Customer.objects.get(ref="C1")
        assert (customer.name, customer.city) == ("Nordis SA", "Lyon")
        assert Contact.objects.get().email == "petit@nordis.example"
        assert OpenOrder.objects.get().open_amount == 80


def test_orders_that_a_call_does_not_name_stay_open(api, organisation, entity):
    api.post("customers/bulk/", {"rows": [{"customer_ref": "C1", "name": "Nordis"}]})
    for number in ("O1", "O2"):
        order = {"customer_ref": "C1", "number": number, "order_date": "2026-02-01", "amount": "80.00"}
        api.post("orders/bulk/", {"rows": [order]})
    with tenant_scope(organisation):
        assert list(OpenOrder.objects.values_list("open_amount", flat=True)) == [80, 80]


def test_a_key_that_sees_a_part_of_the_ledger_cannot_load(organisation):
    with tenant_scope(organisation):
        maker = make_member(role="sales")
    assert (
        caller_of(organisation, role="sales", portfolio_of=maker.id).post("items/bulk/", {"rows": []}).status_code
        == 403
    )


def test_rights_of_a_bulk_call_are_those_of_entering(organisation):
    assert caller_of(organisation, role="cfo").post("items/bulk/", {"rows": []}).status_code == 403
    scoped = caller_of(organisation, role="admin", scopes=["receivables.view_items"])
    assert scoped.post("items/bulk/", {"rows": []}).status_code == 403
    assert scoped.get("items/").status_code == 200
    assert scoped.get("customers/").status_code == 403


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 40000),
    st.text(max_size=12),
    st.sampled_from(
        [
            "12.50",
            "-3",
            "1_000",
            "１２",
            "EUR",
            "eur",
            "2026-02-28",
            "2026-02-30",
            "INVOICE",
            "DECIDES",
            "a@b.fr",
            "a@b",
        ]
    ),
)


@pytest.mark.parametrize("kind", sorted(ROWS))
@given(values=st.lists(VALUES, min_size=30, max_size=30))
def test_what_the_reader_takes_the_serializer_of_the_schema_takes(kind, values):
    """One value at a time in a row that is right otherwise: what loads fits the schema that clients were given."""
    right = {
        "customers": {"customer_ref": "C", "name": "N"},
        "contacts": {"customer_ref": "C", "last_name": "L"},
        "items": item(1),
        "orders": {"customer_ref": "C", "number": "O", "order_date": "2026-02-01", "amount": "1.00"},
    }[kind]
    for name, value in zip(ROW_FIELDS[kind], values, strict=False):
        row = {**right, name: value}
        good, bad, _fed = rows_of(kind, [row], currencies={}, entity_code="", default_currency="EUR")
        assert len(good) + len(bad) == 1
        if good and isinstance(value, str) and value.strip():
            serializer = ROWS[kind](data=row)
            assert serializer.is_valid(), (name, value, serializer.errors)


def test_rows_and_files_have_the_same_fields():
    for kind, row in ROWS.items():
        assert tuple(row().fields) == ROW_FIELDS[kind]

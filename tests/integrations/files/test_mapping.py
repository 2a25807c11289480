"""A mapping is remembered as JSON and refuses what no file could be read with."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refusal
from integrations.files import ColumnFormat, Mapping
from integrations.files.refusals import InvalidMapping, UnknownColumns

COLUMNS = {"customer_ref": "C", "number": "N", "document_date": "D", "due_date": "U", "amount": "A"}


def mapping(**changes):
    return Mapping(**({"kind": "items", "mode": "snapshot", "columns": COLUMNS} | changes))


def test_a_mapping_survives_json():
    one = mapping(
        constants={"currency": "USD"},
        date_order="mdy",
        two_digit_years=True,
        decimal=",",
        formats={"D": ColumnFormat(date_order="ymd"), "A": ColumnFormat(decimal=".")},
        sign="by_kind",
        extra_decimals="refuse",
        encoding="cp1252",
        delimiter="\t",
        quote="",
        sheet="Ledger",
        header_row=3,
        trailer="end",
        ignored=("X", "Y"),
    )
    assert Mapping.from_json(json.loads(json.dumps(one.to_json()))) == one


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "invoices"}, "kind"),
        ({"mode": ""}, "mode"),
        ({"mode": "everything"}, "mode"),
        ({"kind": "customers", "columns": {"customer_ref": "C", "name": "N"}}, "mode"),
        ({"columns": COLUMNS | {"colour": "X"}}, "colour"),
        ({"kind": "contacts", "mode": "", "columns": {"debit": "X"}}, "debit"),
        ({"constants": {"currency": "ZZZ"}}, "currency"),
        ({"date_order": "ydm"}, "date_order"),
        ({"decimal": "·"}, "decimal"),
        ({"sign": "maybe"}, "sign"),
        ({"extra_decimals": "cut"}, "extra_decimals"),
        ({"encoding": "klingon"}, "encoding"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"delimiter": "\n"}, "delimiter"),
        ({"quote": "«"}, "quote"),
        ({"header_row": -1}, "header_row"),
        ({"trailer": "moon"}, "trailer"),
        ({"formats": {"D": ColumnFormat(date_order="xyz")}}, "formats"),
    ],
)
def test_impossible_choices_are_refused_by_name(changes, field):
    with pytest.raises(InvalidMapping) as refused:
        mapping(**changes)
    assert field in refused.value.fields


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"kind": "items"},
        {"kind": "items", "mode": "snapshot", "columns": {"amount": 3}},
        {"kind": "items", "mode": "snapshot", "columns": []},
        {"kind": "items", "mode": "snapshot", "columns": {}, "colour": "red"},
        {"kind": "items", "mode": "snapshot", "columns": {}, "version": 99},
        {"kind": "items", "mode": "snapshot", "columns": {}, "ignored": "X"},
        {"kind": "items", "mode": "snapshot", "columns": {}, "formats": {"A": {"colour": "red"}}},
        {"kind": "items", "mode": {}, "columns": {}},
        {"kind": ["items"], "mode": "snapshot", "columns": {}},
    ],
)
def test_other_documents_are_refused(document):
    if document == {"kind": "items"}:
        document = {"kind": "items", "columns": {}}
    with pytest.raises(InvalidMapping):
        Mapping.from_json(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(mapping().to_json())), JSON, max_size=6))
def test_any_json_is_a_mapping_or_a_refusal(changes):
    with suppress(Refusal):
        Mapping.from_json(mapping().to_json() | changes)


def test_required_fields_are_missed_unless_something_stands_in():
    assert mapping(columns={}).missing == ["customer_ref", "number", "document_date", "due_date", "amount"]
    columns = {"customer_ref": "C", "number": "N", "posting_date": "P", "due_date": "U", "debit": "D", "credit": "E"}
    assert mapping(columns=columns).missing == []
    assert mapping(columns={**columns, "number": "N"}, constants={"customer_ref": "C1"}).missing == []
    assert mapping(columns={name: label for name, label in columns.items() if name != "credit"}).missing == ["amount"]


def test_a_mapping_that_does_not_fit_a_header_names_field_column_and_what_is_there():
    with pytest.raises(UnknownColumns) as refused:
        mapping(columns={**COLUMNS, "amount": "Total"}).check_against(["C", "N", "D", "U", "A"])
    assert list(refused.value.fields) == ["amount"]
    assert "Total" in str(refused.value)
    assert "C, N, D, U, A" in str(refused.value)

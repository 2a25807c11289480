"""The two public ledgers: what the commands print on many days is what the files say, to the cent."""

import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command

from core.tenancy import tenant_scope
from tests.make import make_tenant
from tests.receivables import recompute
from tests.receivables.rows import SAMPLES, ibm_rows, load_rows, needs_samples

IBM, HRC = SAMPLES / "ibm_late_payment_histories.csv", SAMPLES / "hrc_open_invoices_v1.csv"

IBM_DAYS = [
    date(2012, 1, 2),
    date(2012, 1, 31),
    date(2012, 2, 29),
    date(2012, 4, 30),
    date(2012, 7, 14),
    date(2012, 9, 30),
    date(2012, 12, 31),
    date(2013, 2, 28),
    date(2013, 5, 1),
    date(2013, 6, 30),
    date(2013, 8, 31),
    date(2013, 10, 31),
    date(2013, 11, 30),
    date(2013, 12, 31),
    date(2014, 1, 9),
    date(2026, 3, 2),
]
HRC_SNAPSHOT = date(2020, 5, 22)
HRC_DAYS = [
    date(2020, 2, 28),
    date(2020, 3, 31),
    date(2020, 4, 15),
    HRC_SNAPSHOT,
    date(2020, 7, 10),
    date(2020, 12, 31),
]


@pytest.fixture
def organisation(db, settings, tmp_path):
    settings.SPOOL_DIR = tmp_path
    return make_tenant(currency="USD")


def said(command: str, tenant, **options) -> dict:
    """The document that a command prints."""
    out = StringIO()
    call_command(command, tenant=tenant.slug, json=True, stdout=out, **options)
    return json.loads(out.getvalue())


def import_file(path, tenant, **options) -> dict:
    out = StringIO()
    call_command("import_ledger", str(path), tenant=tenant.slug, mapping="auto", json=True, stdout=out, **options)
    return json.loads(out.getvalue())


def check(tenant, items: list[recompute.Item], on: date) -> None:
    """Both commands say what the file says; what they say besides is not the file's."""
    ageing = said("ageing", tenant, on=on.isoformat())
    ageing.pop("known_from")
    assert ageing == recompute.ageing_document(items, on=on), on
    balances = said("balances", tenant, on=on.isoformat())
    balances.pop("known_from")
    assert balances == recompute.balances_document(items, on=on), on


@needs_samples
def test_ibm_history_is_the_file_on_every_day(organisation):
    items = recompute.read_ibm(IBM)
    assert import_file(IBM, organisation)["totals"] == {"USD": "147703.18"}
    for on in IBM_DAYS:
        check(organisation, items, on)
    # Not an empty comparison: on most of these days money was owed in every bucket.
    middle = said("ageing", organisation, on="2013-06-30")
    assert len(middle["rows"]) > 20
    assert all(float(middle["totals"][0][name]) > 0 for name in ("not_due", "d1_30", "total"))


@needs_samples
def test_ibm_history_is_known_on_the_day_itself(organisation):
    """A history load sets known_on to the business day, so both questions have one answer."""
    items = recompute.read_ibm(IBM)
    import_file(IBM, organisation)
    for on in (date(2012, 6, 30), date(2013, 6, 30)):
        known = said("ageing", organisation, on=on.isoformat(), known_on=on.isoformat())
        assert known["rows"] == recompute.ageing_document(items, on=on)["rows"]
        assert known["known_on"] == on.isoformat()
        assert [source["on"] for source in known["known_from"]] == ["2012-01-03"]


@needs_samples
def test_hrc_open_items_are_the_file_on_every_day(organisation):
    items = recompute.read_hrc(HRC)
    import_file(HRC, organisation, as_of=HRC_SNAPSHOT.isoformat(), decimals="round")
    for on in HRC_DAYS:
        check(organisation, items, on)
    assert said("ageing", organisation, on="2020-12-31")["totals"][0]["total"] == "310427859.34"


@needs_samples
def test_before_the_first_snapshot_nothing_was_known(organisation):
    import_file(HRC, organisation, as_of=HRC_SNAPSHOT.isoformat(), decimals="round")
    before = said("ageing", organisation, on="2020-05-21", known_on="2020-05-21")
    assert before["rows"] == []
    assert [(source["entity"], source["on"]) for source in before["known_from"]] == [
        (code, HRC_SNAPSHOT.isoformat()) for code in ("CA02", "U001", "U002", "U005", "U007", "U013")
    ]


@needs_samples
def test_a_day_of_the_ibm_file_read_by_hand(organisation):
    """2012-02-02: 3993-QUNVJ has paid on 23/01, 6708-DPYTF is due today and pays on the 16th: not late."""
    with tenant_scope(organisation):
        load_rows("items", [row for row in ibm_rows() if row["number"] in ("280670965", "5133177585")], mode="history")
    assert said("ageing", organisation, on="2012-01-22")["totals"][0]["total"] == "105.76"
    assert said("ageing", organisation, on="2012-01-23")["totals"][0]["total"] == "55.37"
    due_today = said("ageing", organisation, on="2012-02-02")["rows"]
    assert due_today == [
        {"customer": "6708-DPYTF", "currency": "USD", "not_due": "55.37", "d1_30": "0.00", "d31_60": "0.00",
         "d61_90": "0.00", "d91_plus": "0.00", "total": "55.37"}
    ]  # fmt: skip
    assert said("ageing", organisation, on="2012-02-03")["rows"][0]["d1_30"] == "55.37"
    assert said("ageing", organisation, on="2012-02-16")["rows"] == []

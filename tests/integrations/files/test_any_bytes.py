"""Whatever arrives, the answer is rows or a named refusal."""

import random
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Refusal
from integrations.files import Mapping, convert, guess, inspect, open_source
from integrations.files.refusals import BrokenWorkbook
from tests.integrations.files.ledgers import FRENCH, Shape, comma, dmy, small_ledger, write_csv, write_xlsx

ANYTHING = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

FORCED = Mapping(
    kind="items",
    mode="snapshot",
    columns={"customer_ref": "(1)", "number": "(2)", "document_date": "(3)", "due_date": "(3)", "amount": "(2)"},
    header_row=0,
)


def swallow(path, mapping=None):
    """Read a file to its end by its guess, or by a mapping; True when rows or bad rows came, False when refused."""
    try:
        source = open_source(path)
        if mapping is None:
            found = guess(inspect(source))
            found.to_json()
            mapping = found.sure()
        with convert(source, mapping, default_currency="EUR") as conversion:
            for batch in conversion:
                assert all(row.reason() for row in batch.bad)
    except Refusal as refusal:
        return not str(refusal)
    return True


@ANYTHING
@given(data=st.binary(max_size=3000))
def test_random_bytes(tmp_path, data):
    path = tmp_path / "f"
    path.write_bytes(data)
    swallow(path)
    swallow(path, FORCED)


LETTERS = st.sampled_from(
    [*"abcÉ€0123456789.,;:\t|\"'-/ \n\r\u00a0\u202f()#", "Total", "END", "2025-01-31", "31/01/25"]
)


@ANYTHING
@given(text=st.lists(LETTERS, max_size=300).map("".join), encoding=st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_random_tables(tmp_path, text, encoding):
    path = tmp_path / "f"
    path.write_bytes(text.encode(encoding, errors="replace"))
    swallow(path)
    swallow(path, FORCED)


@ANYTHING
@given(seed=st.integers(0, 10**9))
def test_a_ledger_with_random_damage(tmp_path, seed):
    """Bytes cut out, doubled, swapped and replaced in a real ledger."""
    chance = random.Random(seed)
    path = write_csv(tmp_path / "f", small_ledger(40), Shape(headers=FRENCH, dates=dmy, amounts=comma))
    data = bytearray(path.read_bytes())
    for _n in range(chance.randrange(1, 12)):
        at = chance.randrange(len(data))
        damage = chance.choice(["cut", "insert", "replace", "double"])
        if damage == "cut":
            del data[at : at + chance.randrange(1, 60)]
        elif damage == "insert":
            data[at:at] = chance.choice([b'"', b";", b"\n", b"\x00", b"\xff", b"\xc3", b";;;;", b'"\n'])
        elif damage == "replace":
            data[at] = chance.randrange(256)
        else:
            data[at:at] = data[at : at + 80]
        if not data:
            break
    path.write_bytes(bytes(data))
    swallow(path)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(seed=st.integers(0, 10**9))
def test_a_workbook_with_random_damage(tmp_path, seed):
    """Damage in the archive's bytes, and in the XML inside a sound archive."""
    chance = random.Random(seed)
    whole = write_xlsx(tmp_path / "whole", small_ledger(30))
    path = tmp_path / "f"
    if chance.random() < 0.5:
        data = bytearray(whole.read_bytes())
        for _n in range(chance.randrange(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(bytes(data))
    else:
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for entry in source.infolist():
                data = bytearray(source.read(entry))
                if chance.random() < 0.4:
                    for _n in range(chance.randrange(1, 6)):
                        at = chance.randrange(len(data))
                        data[at : at + chance.randrange(3)] = bytes([chance.randrange(256)])
                target.writestr(entry.filename, bytes(data))
    swallow(path)


@pytest.mark.parametrize("reference", ["XFD1048576", "ZZZZZZZ9", "A99999999999", "A0", "-1", "&#65;1", ""])
def test_a_workbook_with_impossible_cell_references(tmp_path, reference):
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        f'<c r="A1" t="str"><v>a</v></c><c r="{reference}" t="str"><v>b</v></c></row></sheetData></worksheet>'
    )
    whole = write_xlsx(tmp_path / "whole", small_ledger(3))
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(tmp_path / "f", "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry.filename, sheet if entry.filename.endswith("sheet1.xml") else data)
    assert not swallow(tmp_path / "f")


def test_a_workbook_that_never_ends_is_given_up(tmp_path, monkeypatch):
    """The reader has a time limit of its own."""
    from integrations.files import sheets

    monkeypatch.setattr(sheets, "READER_SECONDS", 1)
    slow = tmp_path / "reader.py"
    slow.write_text(
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[5]),) * 2)\nwhile True: pass\n"
    )
    monkeypatch.setattr(sheets, "READER", slow)
    with pytest.raises(BrokenWorkbook):
        inspect(open_source(write_xlsx(tmp_path / "f", small_ledger(3))))

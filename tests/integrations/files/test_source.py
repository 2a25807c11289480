"""Which bytes are let in: formats, encodings, sizes, archives built to explode."""

import hashlib
import zipfile

import pytest
import xlsxwriter

from core.errors import Refusal, TooLarge
from integrations.files import ENCODINGS, Limits, inspect, open_source, spool
from integrations.files.refusals import BrokenWorkbook, EmptyFile, FileTooLarge, NotATable, Undecodable
from tests.integrations.files.ledgers import small_ledger, write_xlsx

TEXT = "Client;Ville\nÉtoile;Besançon\nMüller;Zürich\nPeña;Málaga\n"


def put(tmp_path, data):
    path = tmp_path / "f"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "encoding", "why"),
    [
        (TEXT.encode("utf-8"), "utf-8", "valid"),
        (TEXT.encode("utf-8-sig"), "utf-8", "bom"),
        (TEXT.encode("utf-16"), "utf-16", "bom"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16", "bom"),
        (TEXT.encode("utf-16-le"), "utf-16-le", "zeros"),
        (TEXT.encode("utf-16-be"), "utf-16-be", "zeros"),
        (TEXT.encode("cp1252"), "cp1252", "else"),
        (TEXT.encode("cp850"), "cp850", "letters"),
        (b"Client;Ville\nA;B\n", "utf-8", "valid"),
    ],
)
def test_the_encoding_is_found_with_its_reason(tmp_path, data, encoding, why):
    source = open_source(put(tmp_path, data))
    assert (source.encoding, source.encoding_why) == (encoding, why)
    rows = [cells for _line, cells in inspect(source).first_rows]
    if encoding != "utf-8" or why == "bom" or b"toile" in data:
        assert rows[0] == ["Étoile", "Besançon"]


def test_a_byte_that_is_not_utf8_late_in_the_file_makes_it_cp1252(tmp_path):
    data = b"a;b\n" + b"1;2\n" * 700_000 + "é;1\n".encode("cp1252")
    source = open_source(put(tmp_path, data))
    assert source.encoding == "cp1252"


def test_quotes_and_dashes_of_windows_are_not_taken_for_dos_letters(tmp_path):
    data = "Nom;Ville\nL’étoile d’or;l’île\nC’est–à–dire;d’été\n".encode("cp1252")
    assert open_source(put(tmp_path, data)).encoding == "cp1252"


def test_a_file_put_together_from_two_encodings_is_pointed_out(tmp_path):
    data = "Nom;Ville\nÉtoile;Besançon\n".encode() + "Müller;Zürich\n".encode("cp1252")
    source = open_source(put(tmp_path, data))
    assert source.encoding == "cp1252"
    assert source.stray_utf8 == 2
    assert any("two" in str(warning) for warning in inspect(source).warnings)


def test_an_encoding_can_be_chosen_and_is_checked_over_the_whole_file(tmp_path):
    path = put(tmp_path, TEXT.encode("iso-8859-15"))
    assert open_source(path, encoding="iso-8859-15").encoding_why == "chosen"
    with pytest.raises(Undecodable) as refused:
        open_source(path, encoding="utf-8")
    assert "byte 13" in str(refused.value)
    with pytest.raises(Undecodable):
        open_source(path, encoding="klingon")


def test_every_encoding_on_offer_exists():
    for codec in ENCODINGS.values():
        "A;1".encode(codec)


def test_bytes_that_are_no_text_in_any_encoding_are_refused(tmp_path):
    with pytest.raises(Undecodable):
        open_source(put(tmp_path, b"a;b\n\x81\x8d\x8f;1\n"))


@pytest.mark.parametrize("data", [b"", b"\n\n  \r\n", b"\xef\xbb\xbf", b"\xff\xfe", b" ;\n".strip(b";")])
def test_a_file_without_content_is_refused(tmp_path, data):
    with pytest.raises(Refusal):
        inspect(open_source(put(tmp_path, data)))


@pytest.mark.parametrize("data", [b"", b"  \r\n\n"])
def test_an_empty_file_is_called_empty(tmp_path, data):
    with pytest.raises(EmptyFile):
        open_source(put(tmp_path, data))


@pytest.mark.parametrize(
    "data",
    [
        b"a;b\n1;\x002\n",
        b"%PDF-1.7 ...",
        b"\x1f\x8b\x08...",
        b"\x89PNG\r\n\x1a\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"<html><table><tr><td>1</td></tr></table>",
        b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>",
        b"just one column\nof words\nand more\n",
        b"\xff\xfe\x00\x00a\x00\x00\x00",
    ],
)
def test_what_is_no_table_is_refused(tmp_path, data):
    with pytest.raises(NotATable):
        inspect(open_source(put(tmp_path, data)))


def test_hash_size_and_last_line(tmp_path):
    data = b"a;b\n1;2"
    source = open_source(put(tmp_path, data))
    assert (source.size, source.sha256) == (7, hashlib.sha256(data).hexdigest())
    assert not source.ends_with_newline
    assert open_source(put(tmp_path, data + b"\r\n")).ends_with_newline
    assert open_source(put(tmp_path, "a;b\n1;2\n".encode("utf-16"))).ends_with_newline


def test_a_file_above_the_limit_is_refused_before_it_is_read(tmp_path):
    path = put(tmp_path, b"a;b\n" * 1000)
    with pytest.raises(FileTooLarge) as refused:
        open_source(path, limits=Limits(text_bytes=1 << 10))
    assert isinstance(refused.value, TooLarge)
    assert refused.value.status == 413


def test_a_line_without_end_is_refused(tmp_path):
    """A reader holds one line in memory, so a file of a single one would be all in memory."""
    with pytest.raises(FileTooLarge):
        open_source(put(tmp_path, b"a;b\n" + b"x" * (3 << 20)))


def test_spooling_stops_at_the_limit_and_leaves_nothing(tmp_path):
    path = tmp_path / "spooled"
    assert spool([b"ab", b"cd"], path=path) == 4
    assert path.read_bytes() == b"abcd"
    with pytest.raises(FileExistsError):
        spool([b"x"], path=path)
    with pytest.raises(FileTooLarge):
        spool([b"x" * 600] * 2, path=tmp_path / "large", limits=Limits(text_bytes=1000))
    assert not (tmp_path / "large").exists()


def archive(path, entries, *, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return path


def test_an_archive_that_would_explode_is_refused_before_anything_unpacks_it(tmp_path):
    bomb = archive(tmp_path / "f", {"xl/workbook.xml": "<x/>", "xl/worksheets/sheet1.xml": b"0" * (20 << 20)})
    assert bomb.stat().st_size < 30_000
    with pytest.raises(FileTooLarge) as refused:
        open_source(bomb)
    assert "packed" in str(refused.value)


def test_a_workbook_of_more_than_100_mb_unpacked_is_refused(tmp_path):
    random_xml = {f"xl/worksheets/sheet{n}.xml": bytes(range(256)) * 1024 * 60 for n in range(7)}
    large = archive(tmp_path / "f", {"xl/workbook.xml": "<x/>"} | random_xml)
    with pytest.raises(FileTooLarge):
        open_source(large)


def test_an_archive_of_very_many_entries_is_refused(tmp_path):
    entries = {f"xl/media/{n}": b"" for n in range(2001)}
    with pytest.raises(FileTooLarge):
        open_source(archive(tmp_path / "f", {"xl/workbook.xml": "<x/>"} | entries))


@pytest.mark.parametrize("entries", [{"data.csv": "a;b"}, {"xl/workbook.bin": ""}, {"content.xml": "<x/>"}])
def test_other_archives_are_refused(tmp_path, entries):
    with pytest.raises(NotATable):
        open_source(archive(tmp_path / "f", entries))


def test_damaged_workbooks_are_refused(tmp_path):
    whole = write_xlsx(tmp_path / "whole", small_ledger(20)).read_bytes()
    for cut in (100, len(whole) // 2, len(whole) - 10):
        with pytest.raises(BrokenWorkbook):
            open_source(put(tmp_path, whole[:cut]))
    with pytest.raises(BrokenWorkbook):
        inspect(open_source(archive(tmp_path / "g", {"xl/workbook.xml": "<not a workbook"})))


def test_a_workbook_that_claims_a_far_cell_ends_its_reader_and_not_us(tmp_path):
    """6 kB that make the reader ask for 500 GB: it is aborted, in its own process."""
    workbook = xlsxwriter.Workbook(str(tmp_path / "f"))
    sheet = workbook.add_worksheet()
    sheet.write(0, 0, "a")
    sheet.write(1_048_575, 16_383, 1)
    workbook.close()
    with pytest.raises(BrokenWorkbook) as refused:
        inspect(open_source(tmp_path / "f"))
    assert "memory" in str(refused.value)


def test_a_sheet_can_be_chosen_and_must_exist(tmp_path):
    workbook = xlsxwriter.Workbook(str(tmp_path / "f"))
    for name, rows in (("Cover", 1), ("Small", 3), ("Large", 9)):
        sheet = workbook.add_worksheet(name)
        for row in range(rows):
            sheet.write_row(row, 0, [f"{name}a", f"{name}b"] if row == 0 else [row, row])
    workbook.add_worksheet("Hidden").hide()
    workbook.close()
    source = open_source(tmp_path / "f")
    assert inspect(source).layout.sheet == "Large"
    chosen = inspect(source, sheet="Small")
    assert (chosen.layout.labels, chosen.row_count) == (("Smalla", "Smallb"), 2)
    assert [sheet.visible for sheet in chosen.layout.sheets] == [True, True, True, False]
    with pytest.raises(BrokenWorkbook) as refused:
        inspect(source, sheet="None")
    assert "Cover" in str(refused.value)

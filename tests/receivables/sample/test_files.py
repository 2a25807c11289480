"""The files: the same bytes each time, under the headers and in the values that the import reads."""

import csv
import hashlib
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from integrations.files.fields import FIELDS, MODES, Type
from receivables.sample import SampleFile, generate, write_files

ON = date(2025, 11, 21)

IN_ANOTHER_PROCESS = """
import sys
from datetime import date
from pathlib import Path
from receivables.sample import generate, write_files
write_files(generate(date(2025, 11, 21)), Path(sys.argv[1]))
"""


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[SampleFile]:
    return write_files(generate(ON), tmp_path_factory.mktemp("sample"))


def rows_of(file: SampleFile) -> list[dict[str, str]]:
    with file.path.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_the_same_day_gives_the_same_bytes_in_another_process(written: list[SampleFile], tmp_path: Path) -> None:
    """Also under another seed of Python's own hashes: nothing depends on the order of a set."""
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run([sys.executable, "-c", IN_ANOTHER_PROCESS, str(tmp_path)], check=True, env=environment)
    assert digests(tmp_path) == digests(written[0].path.parent)


def test_another_day_or_seed_gives_other_bytes(written: list[SampleFile], tmp_path: Path) -> None:
    here = digests(written[0].path.parent)
    for name, company in (("day", generate(date(2025, 11, 22))), ("seed", generate(ON, seed=7))):
        (tmp_path / name).mkdir()
        write_files(company, tmp_path / name)
        assert digests(tmp_path / name)["items.csv"] != here["items.csv"]


def test_files_come_in_the_order_of_import(written: list[SampleFile]) -> None:
    assert [file.kind for file in written] == list(FIELDS)
    assert {file.kind: file.mode for file in written if file.mode} == {"items": "history"}
    assert "history" in MODES


def test_headers_are_fields_of_the_import_and_required_ones_are_filled(written: list[SampleFile]) -> None:
    for file in written:
        rows = rows_of(file)
        fields = {field.name: field for field in FIELDS[file.kind]}
        assert set(rows[0]) <= set(fields)
        required = [name for name, field in fields.items() if field.required]
        assert all(row[name] for row in rows for name in required)
        for name in rows[0]:
            longest = fields[name].max_length
            assert not longest or max(len(row[name]) for row in rows) <= longest


def test_dates_and_amounts_can_be_read_in_one_way_only(written: list[SampleFile]) -> None:
    for file in written:
        types = {field.name: field.type for field in FIELDS[file.kind]}
        for row in rows_of(file):
            for name, text in row.items():
                if types[name] is Type.DATE and text:
                    assert date.fromisoformat(text).isoformat() == text
                if types[name] is Type.AMOUNT:
                    whole, _, cents = text.lstrip("-").partition(".")
                    assert whole.isdecimal()
                    assert len(cents) == 2


def test_no_cell_is_run_by_a_spreadsheet_as_a_formula(written: list[SampleFile]) -> None:
    """Telephone numbers and negative amounts begin with a sign; nothing else may."""
    for file in written:
        for row in rows_of(file):
            for name, text in row.items():
                assert name in ("phone", "amount", "vat_amount") or not text.startswith(("=", "+", "-", "@"))


def test_generation_is_quick() -> None:
    """A second on a quiet machine; five are the limit that a person waits for."""
    started = time.process_time()
    generate(ON)
    assert time.process_time() - started < 5

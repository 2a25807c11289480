"""Memory does not grow with the file, and reading keeps its pace."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integrations.files import guess, inspect, open_source

MEASURE = """
import json, re, sys, time
from django.conf import settings
settings.configure(USE_I18N=False)
from integrations.files import convert, guess, inspect, open_source
start = time.process_time()
source = open_source(sys.argv[1])
inspection = inspect(source)
mapping = guess(inspection).sure()
looked = time.process_time()
rows = 0
with convert(source, mapping, default_currency="EUR") as conversion:
    for batch in conversion:
        assert not batch.bad, batch.bad[0]
        rows += len(batch.rows)
read = time.process_time()
# Not getrusage: after a fork its peak is still that of the parent.
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
print(json.dumps({
    "rows": rows, "megabytes": peak / 1024,
    "looking_seconds": looked - start, "rows_per_second": rows / (read - looked),
    "total": str(conversion.summary.totals["EUR"]),
}))
"""

HEADER = "Client;Raison sociale;Société;Facture;Date;Échéance;Date comptable;Montant;TVA;Devise;Conditions;Commande\r\n"


def write_ledger(path: Path, megabytes: int) -> tuple[int, int]:
    """A ledger of 12 columns of about so many megabytes; returns its rows and total in cents."""
    rows = cents = size = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        while size < megabytes << 20:
            block = []
            for _n in range(10_000):
                rows += 1
                amount = rows * 7919 % 5_000_000
                cents += amount
                day, month = rows % 28 + 1, rows % 12 + 1
                block.append(
                    f"C{rows % 99_991:06d};Société à responsabilité limitée n° {rows % 99_991};FR{rows % 5};F{rows:09d}"
                    f";{day:02d}/{month:02d}/2024;{day:02d}/{month:02d}/2025;{day:02d}/{month:02d}/2024"
                    f";{amount // 100},{amount % 100:02d};{amount // 600},00;EUR;NET30;BC{rows * 31 % 999_999_999}\r\n"
                )
            text = "".join(block)
            size += len(text)
            file.write(text)
    return rows, cents


def measure(path: Path) -> dict:
    answer = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return json.loads(answer.stdout)


def test_a_file_of_20_mb_is_read_within_100_mb(tmp_path):
    rows, cents = write_ledger(tmp_path / "f", 20)
    found = measure(tmp_path / "f")
    (tmp_path / "f").unlink()
    assert found["rows"] == rows
    assert found["total"] == f"{cents // 100}.{cents % 100:02d}"
    assert found["megabytes"] < 100
    # The pace is some 250,000 rows a second; this only notices when a batch is no longer read by columns.
    assert found["rows_per_second"] > 40_000


@pytest.mark.soak
def test_a_file_of_200_mb_is_read_within_150_mb(tmp_path, record_property):
    rows, cents = write_ledger(tmp_path / "f", 200)
    found = measure(tmp_path / "f")
    (tmp_path / "f").unlink()
    for name in ("rows", "megabytes", "looking_seconds", "rows_per_second"):
        record_property(name, round(found[name], 1))
    assert found["rows"] == rows
    assert found["total"] == f"{cents // 100}.{cents % 100:02d}"
    assert found["megabytes"] < 150


def test_a_very_wide_table_does_not_take_long(tmp_path):
    """A thousand columns, of dates too, with headers that look like endless compounds: seconds, not minutes."""
    labels = [("rechnungs" * 25)[: 150 + n % 40] + str(n) for n in range(500)] + ["amount"] * 250 + ["Datum"] * 250
    row = ["text"] * 500 + ["1.50"] * 250 + ["2025-01-31"] * 250
    lines = [";".join(labels)] + [";".join(row)] * 3000
    (tmp_path / "f").write_text("\n".join(lines) + "\n")
    start = time.process_time()
    found = guess(inspect(open_source(tmp_path / "f")))
    assert found.mapping.columns["amount"] == "amount"
    assert time.process_time() - start < 20

"""The benchmark's judgement: medians, ratios, suspect floors; and that it runs from end to end."""

import json
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

from bench import measure
from bench.__main__ import LOADS, READS
from bench.loading import Files
from bench.measure import FLOORS, Measurement, in_turns, is_suspect, table
from bench.shape import SIZES, statements
from bench.sink import sink

ROOT = Path(__file__).resolve().parents[2]


def measured(ours: list[float], floor: list[float], **options) -> Measurement:
    return Measurement("P8", "work", options.pop("goal", 1.5), ours, floor, **options)


def test_the_ratio_is_of_medians_and_the_goal_is_met_up_to_it():
    one = measured([0.1, 0.3, 9.0], [0.2, 0.1, 0.2])
    assert one.ratio == pytest.approx(1.5)
    assert one.is_met
    assert not measured([0.1, 0.31, 9.0], [0.2, 0.1, 0.2]).is_met


def test_what_broke_off_is_not_met_and_still_shown():
    broken = measured([], [], note="ValueError: no")
    assert not broken.is_met
    assert "FAILED" in table([broken], size="SMALL", calibration=1)[1]


def test_both_are_measured_in_turns_and_the_first_round_does_not_count(monkeypatch):
    monkeypatch.setattr(measure, "SPENT_SECONDS", 0)
    order: list[str] = []
    ours, floor = in_turns(ours=lambda: order.append("ours"), floor=lambda: order.append("floor"), rounds=5)
    assert len(ours) == len(floor) == 5
    assert order[:4] == ["floor", "ours", "ours", "floor"]
    assert len(order) == 12


def test_a_slow_floor_is_suspect_on_a_machine_of_the_same_speed():
    slow = measured([1.0], [0.080], seen="P8")
    same, half = measure.CALIBRATION_SEEN, measure.CALIBRATION_SEEN * 2
    assert is_suspect(slow, size="FULL", calibration=same)
    assert not is_suspect(slow, size="FULL", calibration=half)
    assert not is_suspect(slow, size="SMALL", calibration=same)
    assert not is_suspect(measured([1.0], [0.070], seen="P8"), size="FULL", calibration=same)
    assert "floor suspect" in table([slow], size="FULL", calibration=same)[1]


def test_floors_are_short_enough_to_be_reviewed():
    for path in FLOORS.glob("*.sql"):
        text = path.read_text()
        assert text.startswith("-- "), path
        assert len(text.splitlines()) <= 45, path
        assert statements(text), path


def test_files_of_the_loads_differ_as_the_figures_say(tmp_path):
    files = Files(tmp_path, SIZES["TINY"])
    files.write()
    first, full, again, delta = (
        path.read_text().splitlines()[1:] for path in (files.first, files.full, files.again, files.delta)
    )
    assert (len(first), len(full), len(delta)) == (2000, 2040, 140)
    assert len(set(first) - set(full)) == 100
    assert full != again
    assert sorted(full) == sorted(again)
    assert not set(delta) & set(full)


def test_the_sink_counts_what_it_takes():
    with sink() as taken, smtplib.SMTP("127.0.0.1", taken.port) as connection:
        for number in (1, 2, 2):
            connection.sendmail("a@x.example", ["b@x.example"], f"Message-ID: <{number}@x>\r\n\r\n.\r\nbody")
    assert (taken.messages, taken.message_ids) == (3, 2)


@pytest.mark.soak
def test_it_runs_from_end_to_end(tmp_path):
    """At the smallest size: every figure is measured. Whether goals are met is not asked at that size."""
    out = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--size", "TINY", "--json", str(out)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr
    said = json.loads(out.read_text())
    assert {one["id"] for one in said["figures"]} == {*LOADS, *READS}
    assert [one["note"] for one in said["figures"] if not one["ratio"]] == []

"""Timing: ours and the floor in turns, medians, ratios, and what they are worth on this machine."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench.shape import statements

FLOORS = Path(__file__).parent / "floors"

# Seconds that floors took at size FULL when the goals were set, on a machine like the one of CALIBRATION_SEEN.
# P1 is the floor with documents, on a quiet machine; 13.5 s were measured for items alone.
FLOORS_SEEN = {"P1": 16.6, "P2": 5.7, "P3": 1.24, "P5": 0.46, "P8": 0.05, "P9": 1.6}
# Seconds of floors/calibration.sql on the machine where this benchmark was written, when nothing else ran.
CALIBRATION_SEEN = 0.60
SUSPECT = 1.5

MOST_ROUNDS = 41
SPENT_SECONDS = 6.0


@dataclass
class Measurement:
    """One line of the table. `ours` and `floor` are seconds of each round; `goal` the largest ratio that is good.

    `seen`: the key in FLOORS_SEEN, where the floor is one of those. `note` says what the reader must know.
    """

    id: str
    work: str
    goal: float
    ours: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    seen: str = ""
    note: str = ""

    @property
    def is_measured(self) -> bool:
        """False for what broke on the way; the note says how."""
        return bool(self.ours and self.floor)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.floor)

    @property
    def is_met(self) -> bool:
        return self.is_measured and self.ratio <= self.goal


Step = Callable[[], Any]


def in_turns(*, ours: Step, floor: Step, rounds: int = 5) -> tuple[list[float], list[float]]:
    """Seconds of each, after one round that does not count. Who goes first changes with each round.

    Short steps get more than `rounds`, up to MOST_ROUNDS or SPENT_SECONDS: the shorter, the more they are disturbed.
    """
    times: dict[Step, list[float]] = {ours: [], floor: []}
    started = time.perf_counter()
    for number in range(MOST_ROUNDS + 1):
        if number > rounds and time.perf_counter() - started > SPENT_SECONDS:
            break
        for step in (ours, floor) if number % 2 else (floor, ours):
            spent = seconds(step)
            if number:
                times[step].append(spent)
    return times[ours], times[floor]


def seconds(step: Step) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def floor_sql(name: str) -> str:
    return (FLOORS / f"{name}.sql").read_text()


def run_floor(owner: psycopg.Connection, name: str, params: dict[str, Any], *, copy: Path | None = None) -> list[Any]:
    """Run the statements of a floor in one transaction; `copy` is the file that its COPY reads. The last one's rows."""
    rows: list[Any] = []
    with owner.transaction(), psycopg.ClientCursor(owner) as cursor:
        for statement in statements(floor_sql(name)):
            if statement.startswith("COPY") and copy is not None:
                with copy.open("rb") as file, cursor.copy(statement.encode()) as sink:
                    while block := file.read(1 << 20):
                        sink.write(block)
                continue
            cursor.execute(statement.encode(), params)
            rows = cursor.fetchall() if cursor.description else []
    return rows


def calibrate(owner: psycopg.Connection) -> float:
    """Seconds of the fixed statement, best of three: how fast the machine is today."""
    return min(seconds(lambda: run_floor(owner, "calibration", {})) for _ in range(3))


def is_suspect(measurement: Measurement, *, size: str, calibration: float) -> bool:
    """A floor slower than it has been seen, on the same size and a machine of this speed: it proves nothing."""
    seen = FLOORS_SEEN.get(measurement.seen)
    if seen is None or size != "FULL" or not measurement.floor:
        return False
    return statistics.median(measurement.floor) > SUSPECT * seen * calibration / CALIBRATION_SEEN


def table(found: Sequence[Measurement], *, size: str, calibration: float) -> list[str]:
    """Lines for a terminal."""
    head = ("id", "work", "ours", "floor", "ratio", "goal", "", "rounds", "note")
    lines = [head]
    for one in found:
        if not one.is_measured:
            lines.append((one.id, one.work, "", "", "", f"{one.goal:g}", "FAILED", "0", one.note))
            continue
        verdict = "met" if one.is_met else "NOT MET"
        notes = [one.note] if one.note else []
        if is_suspect(one, size=size, calibration=calibration):
            notes.append("floor suspect")
        lines.append(
            (
                one.id,
                one.work,
                spell(statistics.median(one.ours)),
                spell(statistics.median(one.floor)),
                f"{one.ratio:.2f}",
                f"{one.goal:g}",
                verdict,
                str(len(one.ours)),
                "; ".join(notes),
            )
        )
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def spell(spent: float) -> str:
    return f"{spent:.2f} s" if spent >= 1 else f"{spent * 1000:.1f} ms"


def write_json(path: Path, found: Sequence[Measurement], *, size: str, calibration: float) -> None:
    document = {
        "size": size,
        "calibration_seconds": calibration,
        "calibration_seen": CALIBRATION_SEEN,
        "figures": [
            {
                "id": one.id,
                "work": one.work,
                "ours_seconds": statistics.median(one.ours) if one.is_measured else None,
                "floor_seconds": statistics.median(one.floor) if one.is_measured else None,
                "ratio": one.ratio if one.is_measured else None,
                "goal": one.goal,
                "met": one.is_met,
                "rounds": len(one.ours),
                "floor_suspect": is_suspect(one, size=size, calibration=calibration),
                "note": one.note,
                "ours": one.ours,
                "floor": one.floor,
            }
            for one in found
        ],
    }
    path.write_text(json.dumps(document, indent=1) + "\n")

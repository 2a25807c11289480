"""python -m bench [--size TINY|SMALL|FULL] [--only P1,P8] [--json FILE] [--keep]    (make bench ARGS="...")

Our speed beside hand-written SQL, measured in the same run, in a database of its own that is dropped at the end. Exit
status 1 when a goal is not met, 2 on a wrong call. docs/speed.md says what the figures mean.
"""

import argparse
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.measure import Measurement

LOADS = ("P1", "P2", "P3", "P4")
READS = ("P5", "P8", "P9", "P10", "P11", "P12", "P13", "P14", "P15", "P7", "P17", "P18", "P21", "P16", "P20")
API = ("P13", "P14")
NIGHTS = ("P7", "P17", "P18")
PAGES = ("P11", "P12", "P15")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Our speed beside the floor's.")
    parser.add_argument("--size", default="SMALL", choices=("TINY", "SMALL", "FULL"))
    parser.add_argument("--only", default="", metavar="P1,P8", help=f"some of {', '.join(LOADS + READS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of the loads (default: 5, FULL 1)")
    parser.add_argument("--keep", action="store_true", help="take up the database of the last run and leave it there")
    options = parser.parse_args()
    wanted = [name for name in options.only.upper().split(",") if name] or [*LOADS, *READS]
    unknown = [name for name in wanted if name not in LOADS + READS]
    if unknown:
        parser.error(f"--only {unknown[0]}: there is no such figure")
    from creditmgmt.local import ServerError
    from creditmgmt.startup import SettingsError

    try:
        _open_the_project()
    except (SettingsError, ServerError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return _run(wanted, options)


def _open_the_project() -> None:
    from creditmgmt import local, startup

    startup.read_settings()
    if startup.uses_local_servers():
        local.ensure_servers()
    import django

    django.setup()


def _run(wanted: list[str], options: argparse.Namespace) -> int:
    from bench.database import as_owner, own_database
    from bench.measure import Measurement, calibrate, table, write_json
    from bench.shape import SIZES, fill, fill_small

    size = SIZES[options.size]
    found: list[Measurement] = []
    calibration = 0.0
    if set(wanted) & set(LOADS):
        from bench.loading import measure_loads

        with own_database():
            _say(f"{size.small_tenants} small organisations ...")
            fill_small(size)
            with as_owner(autocommit=True) as owner:
                calibration = calibrate(owner)
            _say("loads ...")
            rounds = options.rounds or (1 if size.name == "FULL" else 5)
            loads = _kept("P1", lambda: measure_loads(size, rounds=rounds))
            found += _told([one for one in loads if one.id in wanted])
    if set(wanted) & set(READS):
        from bench import api, matching, neighbours, nights, pages, reading

        with own_database(keep=options.keep):
            _say(f"a ledger of {size.invoices:,} invoices among {size.small_tenants} small ones ...")
            fill(size)
            with as_owner(autocommit=True) as owner:
                calibration = calibrate(owner)
            for name in READS:
                if name in wanted:
                    _say(f"{name} ...")
                    module = api if name in API else pages if name in PAGES else nights if name in NIGHTS else reading
                    module = {"P16": neighbours, "P21": matching}.get(name, module)
                    measure = getattr(module, f"measure_{name.lower()}")
                    found += _told(_kept(name, partial(measure, size)))
    order = [*LOADS, *READS]
    found.sort(key=lambda one: order.index(one.id))
    print("\n".join(table(found, size=size.name, calibration=calibration)))
    if options.json:
        write_json(options.json, found, size=size.name, calibration=calibration)
    return 0 if all(one.is_met for one in found) else 1


def _kept(name: str, measure: "Callable[[], Iterator[Measurement]]") -> "list[Measurement]":
    """The measurements of one figure. What breaks in one of them is told, and takes none of the others with it."""
    from bench.measure import Measurement

    found: list[Measurement] = []
    try:
        for one in measure():
            found.append(one)
    except Exception as error:
        traceback.print_exc()
        found.append(Measurement(name, "broke off", 0, note=f"{type(error).__name__}: {error}"[:200]))
    return found


def _told(found: "list[Measurement]") -> "list[Measurement]":
    """Say each figure at once: a run of the largest size takes most of an hour, and may be broken off."""
    from bench.measure import spell

    for one in found:
        if one.is_measured:
            ours, floor = (spell(median(times)) for times in (one.ours, one.floor))
            _say(f"    {one.id} {one.work}: {ours}, floor {floor}, ratio {one.ratio:.2f}, goal {one.goal:g}")
    return found


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

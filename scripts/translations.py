"""Compile the translations that changed: every locale/*/LC_MESSAGES/*.po to its .mo. Needs no gettext on the machine.

Usage: python scripts/translations.py

Fuzzy entries stay out, as with msgfmt. Exit status 1 and one line per fault when a file has errors.
"""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

ROOT = Path(__file__).resolve().parent.parent


def compile_file(source: Path) -> list[str]:
    """Write source's .mo if it is older; the faults found, and then nothing is written."""
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
        return []
    try:
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name, abort_invalid=True)
    except PoFileError as error:
        return [f"{source.relative_to(ROOT)}: {error}"]
    faults = [
        f"{source.relative_to(ROOT)}:{message.lineno}: {error}"
        for message, errors in catalogue.check()
        for error in errors
    ]
    if not faults:
        fresh = target.with_suffix(".mo.new")
        with fresh.open("wb") as file:
            write_mo(file, catalogue)
        fresh.replace(target)
    return faults


def main() -> int:
    sources = sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po"))
    faults = [fault for source in sources for fault in compile_file(source)]
    for fault in faults:
        print(f"translations: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

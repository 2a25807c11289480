"""Collect the texts of the interface into locale/{en,fr}: new ones appear empty in French, and as they are in English.

Usage: python scripts/messages.py        needs GNU gettext (apt-get install gettext)
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
IGNORED = ("node_modules", "static", "staticfiles", ".venv", "tests", "bench", "scripts", "docs")


def collect() -> int:
    """Run makemessages for both languages; its exit status."""
    command = [sys.executable, "manage.py", "makemessages", "-l", "en", "-l", "fr", "--no-location", "--no-obsolete"]
    for folder in IGNORED:
        command += ["--ignore", folder]
    # Texts of rules that know no Django are marked with gettext_noop, which xgettext collects like the others.
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "ENCOURS_MODE": "local"}, check=False).returncode


def settle(language: str) -> int:
    """English texts stand for themselves; guesses of msgmerge are emptied. Returns how many texts are still empty."""
    path = ROOT / "locale" / language / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    empty = 0
    for message in catalogue:
        if not message.id:
            continue
        # What msgmerge guessed from is no news to anybody.
        message.user_comments = [comment for comment in message.user_comments if not comment.startswith("|")]
        if message.fuzzy:
            message.flags.discard("fuzzy")
            message.string = tuple("" for _one in message.string) if message.pluralizable else ""
        if language == "en":
            message.string = tuple(message.id) if message.pluralizable else message.id
        elif not message.string or (message.pluralizable and not all(message.string)):
            empty += 1
    catalogue.fuzzy = False
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, omit_header=False, sort_output=True)
    # No date in the header: the same texts give the same file.
    text = re.sub(r'"(POT-Creation|PO-Revision)-Date: [^"]*\\n"\n', "", path.read_text())
    path.write_text(text)
    return empty


def main() -> int:
    if status := collect():
        return status
    for language in ("en", "fr"):
        print(f"{language}: {settle(language)} texts to translate")
    return 0


if __name__ == "__main__":
    sys.exit(main())

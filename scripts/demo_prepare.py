"""The demo's database: migrate as the owner, load the sample company where it is absent.

Usage: ENCOURS_MODE=local python scripts/demo_prepare.py

One process for all of it, as each start of Django takes a second. The last line of standard output is one JSON object:
{"logins": [{"role": "..", "email": "..", "password": ".."}], "mailbox": whether the demo mailbox exists}.
"""

import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from creditmgmt import startup


def main() -> None:
    startup.read_settings()
    import django
    from django.core.management import call_command, get_commands

    django.setup()
    call_command("migrate", verbosity=1, interactive=False)
    call_command("load_sample_company", if_absent=True)
    answer = io.StringIO()
    call_command("demo_logins", json=True, stdout=answer)
    logins = json.loads(answer.getvalue())
    print(json.dumps({"logins": logins, "mailbox": "demo_mailbox" in get_commands()}))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The command line: settings are read first, and in local mode the servers are there when the command needs them."""

import os
import sys
import warnings

# These read no database (--help neither): they start nothing, and must work on a machine without any server.
WITHOUT_SERVERS = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "makemigrations",
    "spectacular",
    "version",
}


def needs_servers(arguments: list[str]) -> bool:
    """Whether the command `manage.py ARGUMENTS` talks to the database or the broker."""
    if not arguments or {"--help", "-h", "--version"} & set(arguments):
        return False
    if arguments[0] == "check":  # ... and its live checks do
        return any(word.startswith("--database") for word in arguments)
    return arguments[0] not in WITHOUT_SERVERS


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditmgmt.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("encours: the Python packages are missing. Run make setup, then make manage ARGS=...")

    from creditmgmt import local, startup

    arguments = sys.argv[1:]
    # Django asks a database that is up whether its history is consistent; one that is down is nothing to warn of.
    warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
    try:
        if arguments[:1] not in ([], ["help"], ["version"], ["--version"]):
            startup.read_settings()
        if startup.uses_local_servers() and needs_servers(arguments):
            local.ensure_servers()
    except (startup.SettingsError, local.ServerError) as error:
        sys.exit(f"encours: {error}")
    from django.db.utils import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        # No SQLSTATE: nothing was asked yet, the server itself is away. All else keeps its traceback.
        if getattr(error.__cause__, "sqlstate", None) is not None:
            raise
        sys.exit(f"encours: the database does not answer: {str(error).strip().splitlines()[0]}")


if __name__ == "__main__":
    main()

"""Why a mailbox or a file could not be read, in the reader's language: what failed and what to check."""

import re
from functools import cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text import gettext_noop

# What mail servers, the network and TLS say (in English, each in its own words), and what that means to whoever set it up.
# The first that fits; the more exact before the vaguer.
_SAYINGS = (
    (("present key",), gettext_lazy("The stored password cannot be read with the present key: enter it again.")),
    (
        ("authenticat", "credential", "login", "invalid user", "password"),
        gettext_lazy(
            "The mail server refuses the user name or the password. Check both; some providers want a password of its own "
            "for programs, or IMAP to be switched on."
        ),
    ),
    (
        ("certificate", "hostname mismatch"),
        gettext_lazy(
            "The mail server's certificate is not valid for this name, or nobody vouches for it. Check the server's name."
        ),
    ),
    (
        ("wrong version number", "starttls", "ssl", "tls"),
        gettext_lazy("Encryption does not come about. Check that it fits the port: 993 with TLS, 143 with STARTTLS."),
    ),
    (
        ("not exist", "nonexistent", "unknown mailbox", "no such mailbox", "trycreate"),
        gettext_lazy("The folder does not exist on the mail server. Check how it is written there."),
    ),
    (
        ("no host", "name or service not known", "getaddrinfo", "nodename", "name resolution"),
        gettext_lazy("There is no mail server of this name. Check how it is written."),
    ),
    (
        ("refused", "unreachable"),
        gettext_lazy("The mail server takes no connection on this port. Check server, port and encryption."),
    ),
    (
        ("timed out", "timeout"),
        gettext_lazy("The mail server does not answer in time. It is tried again; check the server's name if this goes on."),
    ),
    (
        ("eof", "reset by peer", "closed", "broken pipe", "bye"),
        gettext_lazy("The mail server ended the connection. It is tried again."),
    ),
)  # fmt: skip


def mailbox_error(said: str) -> str:
    """The sentence for what was said when the mailbox was read last; "" where nothing went wrong.

    What fits none is given as it is, behind a sentence that says what it is.
    """
    if not said:
        return ""
    lower = said.lower()
    for signs, sentence in _SAYINGS:
        if any(sign in lower for sign in signs):
            return str(sentence)
    return _("The mailbox could not be read. The mail server says: %(said)s") % {"said": said}


# What systems say of files and folders (in English), and what that means to whoever set the connection up.
_FILE_SAYINGS = (
    (
        ("permissionerror", "permission denied", "not permitted"),
        gettext_lazy(
            "The folder or a file in it may not be read or moved. Check the rights of the account that runs the application."
        ),
    ),
    (
        ("filenotfounderror", "no such file"),
        gettext_lazy("The folder or the file is not there any more. Check whether somebody has moved or removed it."),
    ),
    (
        ("notadirectoryerror", "not a directory"),
        gettext_lazy("Where the folder should be there is something else. Remove it, and create the folder again."),
    ),
    (
        ("no space left", "disk quota", "file too large"),
        gettext_lazy("The disk is full. Make room: what was left behind is taken the next time."),
    ),
    (
        ("read-only file system",),
        gettext_lazy("The disk can only be read, so nothing that was loaded can be moved away. Check how it is mounted."),
    ),
    (
        ("input/output error", "stale", "timed out", "timeouterror", "host is down", "not connected", "unreachable"),
        gettext_lazy("The disk or the network drive does not answer. It is tried again."),
    ),
)  # fmt: skip

# Refusals with values, as the process that loads at night says them: in English, put in words again where they are read.
_REFUSALS = (
    gettext_noop("The file is of %(day)s; one of %(last)s has already been loaded from this source."),
    gettext_noop("The total given is %(given)s %(currency)s; the rows of the file make %(found)s."),
    gettext_noop("The same reference stands in the file twice with different content, in the lines %(lines)s."),
    gettext_noop("%(count)s rows cannot be loaded, so none was. The first: line %(line)s, %(field)s: %(reason)s"),
    gettext_noop("The file would close %(closing)s of %(open)s open items. Look at it before it is loaded."),
)
# Only its beginning is said again; the rest names columns.
_BEGINNING = gettext_noop("The file has a header and no row below it: nothing is loaded, and nothing is closed.")
_PLACE = re.compile(r"%\((\w+)\)s")
# The name of a fault, perhaps with what the system says.
_FAULT = re.compile(r"[A-Z]\w*(: .*)?")


def file_error(said: str) -> tuple[str, str]:
    """The sentence for what was said when a file or a folder was read, and beneath it what was said where the sentence
    does not hold all of it; "" for none. What fits nothing is given as it is.
    """
    if not said:
        return "", ""
    if (again := _(said)) != said:
        return again, ""
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(said):
            return _(sentence) % {name: _(text) if text else "" for name, text in found.groupdict().items()}, ""
    if said.startswith(_BEGINNING) and _(_BEGINNING) != _BEGINNING:
        return _(_BEGINNING), said
    if not _FAULT.fullmatch(said) or " " in said.partition(":")[0]:
        return said, ""
    lower = said.lower()
    for signs, what in _FILE_SAYINGS:
        if any(sign in lower for sign in signs):
            return str(what), said
    return _(
        "The application failed over this file. Its log says more: load the file again, and tell whoever runs the "
        "application if it fails again."
    ), said


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    out = []
    for sentence in _REFUSALS:
        parts = _PLACE.split(sentence)
        text = "".join(f"(?P<{part}>.*?)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
        out.append((sentence, re.compile(text, re.DOTALL)))
    return out

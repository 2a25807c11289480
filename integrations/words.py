"""Why a mailbox could not be read, in the reader's language: what failed and what to check."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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

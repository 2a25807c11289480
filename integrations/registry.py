"""Which adapter serves whom: one explicit table, so that a search finds all of them."""

from datetime import date

from django.conf import settings

from accounts.models import Tenant
from core.ports import open_port
from desk.models import ON_PAPER, Channel
from desk.ports import Reasons, Transport
from integrations.adapters.messaging.letters import LetterTray
from integrations.adapters.messaging.mailbox import MailboxTransport
from integrations.adapters.messaging.smtp import SmtpTransport


def transport(*, channel: str, tenant: Tenant) -> Transport:
    """The carrier of a channel for an organisation. Raises ValueError for a channel that nothing carries.

    A sandbox's mail is only ever given to the demo mailbox: to the folder itself, or to the server on this machine that
    fills it. Whatever mail server is configured never hears of it.
    """
    if channel == Channel.EMAIL:
        return MailboxTransport() if tenant.is_sandbox and not settings.DEMO_MAILBOX else SmtpTransport()
    if channel in ON_PAPER:
        return LetterTray()
    raise ValueError(f"nothing carries {channel!r}")


def reasons(reason_type: str, *, on: date) -> Reasons:
    """The app whose rows messages of this type belong to, asked about the business day `on`."""
    found: Reasons = open_port(f"desk.reasons/{reason_type}")(on=on)
    return found

"""Which adapter serves whom: one explicit table, so that a search finds all of them."""

from datetime import date

from django.conf import settings
from django.db import transaction

from accounts.models import Tenant
from core.ports import has_port, open_port
from desk.models import ON_PAPER, Channel
from desk.ports import TEXT_CARRIER, Reasons, TextCarrier, Transport
from desk.queries.receipts import receipts_are_asked
from integrations.adapters.messaging.letters import LetterTray
from integrations.adapters.messaging.mailbox import MailboxTransport
from integrations.adapters.messaging.smtp import SmtpTransport
from integrations.adapters.messaging.text_messages import DemoCarrier, TextTransport
from integrations.queries.connections import return_addresses


def transport(*, channel: str, tenant: Tenant) -> Transport:
    """The carrier of a channel for an organisation. Raises ValueError for a channel that nothing carries.

    A sandbox's mail is only ever given to the demo mailbox: to the folder itself, or to the server on this machine that
    fills it. Whatever mail server is configured never hears of it.
    """
    if channel == Channel.EMAIL:
        with transaction.atomic():  # rows are read within one only; what they say holds for the batch
            asks_receipts = receipts_are_asked()
            if tenant.is_sandbox and not settings.DEMO_MAILBOX:
                return MailboxTransport(asks_receipts=asks_receipts)
            return SmtpTransport(return_addresses(), asks_receipts=asks_receipts)
    if channel in ON_PAPER:
        return LetterTray()
    if channel == Channel.SMS:
        return TextTransport(_text_carrier(tenant))
    raise ValueError(f"nothing carries {channel!r}")


def _text_carrier(tenant: Tenant) -> TextCarrier | None:
    """Who takes text messages: for a sandbox always the one that is played; None where nobody is set up."""
    if tenant.is_sandbox:
        return DemoCarrier(tenant=tenant)
    if not has_port(TEXT_CARRIER):
        return None
    found: TextCarrier = open_port(TEXT_CARRIER)(tenant=tenant)
    return found


def reasons(reason_type: str, *, on: date) -> Reasons:
    """The app whose rows messages of this type belong to, asked about the business day `on`."""
    found: Reasons = open_port(f"desk.reasons/{reason_type}")(on=on)
    return found

"""Text messages: given to a carrier once, under the message's own id; a carrier that is played on this machine."""

from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Tenant
from desk.models import Message
from desk.ports import NoConnection, RefusedForGood, RefusedForNow, TextCarrier
from desk.rules.texting import length, mobile_number, plain
from integrations.adapters.messaging import mailbox

# What a telephone shows as the sender in place of a number.
LONGEST_SENDER = 11


class TextTransport:
    """desk.ports.Transport for text messages.

    Before one is given to the carrier again, the carrier is asked whether it has it: its answer may have been lost.
    """

    def __init__(self, carrier: TextCarrier | None) -> None:
        self._carrier = carrier

    def expect(self, messages: Sequence[Message]) -> None:
        """Nothing is done ahead."""

    def deliver(self, message: Message, *, hand: Callable[[], bool]) -> bool:
        if self._carrier is None:
            raise NoConnection("no carrier of text messages is set up")
        text = plain(message.body_text)
        if mobile_number(message.recipient, "") != message.recipient:
            raise RefusedForGood(f"{message.recipient!r} is no mobile number", is_address_wrong=True)
        if not text or length(text).is_too_long:
            raise RefusedForGood("the text is empty or too long")
        key = carrier_key(message)
        known = self._carrier.find(key) if message.attempts > 1 else None
        if not hand():
            return False
        if known is None:
            try:
                known = self._carrier.send(key=key, to=message.recipient, text=text, sender=sender_of(message))
            except RefusedForNow:
                raise
            except OSError:
                # The carrier may have it. The lease decides; then it is asked.
                return False
        _note(message, known)
        return True

    def close(self) -> None:
        if self._carrier is not None:
            self._carrier.close()


def carrier_key(message: Message) -> str:
    """What the carrier knows the message by: the same each time."""
    return f"{message.tenant_id.hex}.{message.id.hex}"


def sender_of(message: Message) -> str:
    """The sender as telephones show it: at most 11 letters and digits."""
    kept = "".join(mark for mark in message.sender_name if mark.isascii() and (mark.isalnum() or mark == " "))
    return kept[:LONGEST_SENDER].strip()


@transaction.atomic
def _note(message: Message, name: str) -> None:
    rows = Message.objects.filter(id=message.id, lease_token=message.lease_token)
    rows.update(carrier_ref=name[:80])


class DemoCarrier:
    """desk.ports.TextCarrier that leaves this machine never: texts lie in the demo mailbox, under their keys."""

    def __init__(self, *, tenant: Tenant) -> None:
        self._tenant_id = tenant.pk

    def find(self, key: str) -> str | None:
        name = _name(key)
        return name if mailbox.one(self._tenant_id, name) else None

    def send(self, *, key: str, to: str, text: str, sender: str) -> str:
        known = self.find(key)
        if known is None:
            known = _name(key)
            mailbox.keep(tenant_id=self._tenant_id, payload=_kept(to=to, text=text, sender=sender), name=known)
        return known

    def close(self) -> None:
        """Nothing is kept open."""


def _name(key: str) -> str:
    return f"{key}@sms"


def _kept(*, to: str, text: str, sender: str) -> bytes:
    """As the mailbox keeps it: like an e-mail without subject."""
    kept = EmailMessage(policy=SMTP)
    kept[mailbox.CHANNEL_HEADER] = "SMS"
    kept["From"], kept["To"] = sender, to
    kept["Date"] = format_datetime(timezone.now())
    kept.set_content(text)
    return kept.as_bytes()

"""Registered letters: their number and the day on which they were received, written down by a person."""

from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, changed, record
from core.errors import Conflict, Invalid, NotFound
from desk.models import Channel, Event, Message


class NotRegistered(Conflict):
    code = "not_registered"
    message = _("Only a registered letter that has left has a number and a day of receipt.")


class BadReceipt(Invalid):
    code = "bad_receipt"
    message = _("This cannot be written down.")


@transaction.atomic
def note_receipt(
    *, message_id: UUID, tracking_number: str, received_on: date | None, on: date, actor: Actor
) -> Message:
    """Write down the number of a registered letter and, once known, when it was received; both may be corrected.

    Each day of receipt is a line of the customer's timeline. Raises NotFound, NotRegistered, BadReceipt.
    """
    message = Message.objects.select_for_update().filter(id=message_id, customer__isnull=False).first()
    if message is None:
        raise NotFound
    if message.channel != Channel.REGISTERED_LETTER or message.state != Message.State.SENT:
        raise NotRegistered
    number = " ".join(tracking_number.split())
    if not ((number.isascii() and number.replace(" ", "").replace("-", "").isalnum()) or number == ""):
        raise BadReceipt(fields={"tracking_number": [_("Letters and digits only.")]})
    if len(number) > 40:
        raise BadReceipt(fields={"tracking_number": [_("At most %(most)d characters.") % {"most": 40}]})
    if received_on is not None and not message.on <= received_on <= on:
        raise BadReceipt(fields={"received_on": [_("A day from the letter's own until today.")]})
    changes = changed(message, {"tracking_number": number, "received_on": received_on})
    if changes:
        Message.objects.filter(id=message.id).update(tracking_number=number, received_on=received_on, updated_at=Now())
        record(actor=actor, action="desk.receipt_noted", row=message, changes=changes)
    assert message.customer_id is not None
    if "received_on" in changes and received_on is not None:
        Event.objects.create(
            customer_id=message.customer_id,
            kind="message.received.registered_letter",
            on=received_on,
            member_id=actor.member_id,
            object_type="desk.Message",
            object_id=message.id,
            data={"subject": message.subject, "recipient": message.recipient, "number": number},
        )
    return message

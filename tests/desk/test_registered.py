"""Registered letters: a tray of their own, a number and a day of receipt that a person writes down."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core.audit import SYSTEM
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Event, Message
from desk.services.registered import BadReceipt, NotRegistered, note_receipt
from tests.accounts.conftest import enter
from tests.desk.test_views_messages import make_message, within
from tests.make import TODAY

pytestmark = pytest.mark.django_db
ADDRESS = "3 rue du Port, 44000 Nantes"


def make_registered(**fields) -> Message:
    return make_message(**{"channel": "REGISTERED_LETTER", "recipient": ADDRESS, **fields})


def note(message: Message, number: str = "2C 123 456 789 0", received_on=None) -> Message:
    return note_receipt(message_id=message.id, tracking_number=number, received_on=received_on, on=TODAY, actor=SYSTEM)


def test_number_first_and_receipt_later_each_kept_and_told(tenant):
    letter = make_registered(on=TODAY - timedelta(days=3))
    note(letter)
    assert not Event.objects.filter(object_id=letter.id).exists()
    note(letter, received_on=TODAY)
    letter.refresh_from_db()
    assert (letter.tracking_number, letter.received_on) == ("2C 123 456 789 0", TODAY)
    event = Event.objects.get(object_id=letter.id)
    assert (event.kind, event.on, event.data["number"]) == (
        "message.received.registered_letter", TODAY, "2C 123 456 789 0",
    )  # fmt: skip
    note(letter, received_on=TODAY)  # twice: nothing more
    assert Event.objects.filter(object_id=letter.id).count() == 1
    assert AuditRecord.objects.filter(action="desk.receipt_noted").count() == 2


@pytest.mark.parametrize(
    ("number", "day", "field"),
    [
        ("<script>", None, "tracking_number"),
        ("9" * 41, None, "tracking_number"),
        ("\u0669\u0669", None, "tracking_number"),
        ("A1", TODAY + timedelta(days=1), "received_on"),
        ("A1", TODAY - timedelta(days=1), "received_on"),  # before it was written
    ],
)
def test_what_cannot_be_a_receipt_is_refused(tenant, number, day, field):
    letter = make_registered()
    with pytest.raises(BadReceipt) as refused:
        note(letter, number, day)
    assert field in refused.value.fields


def test_only_a_registered_letter_that_has_left(tenant):
    for letter in (make_message(), make_registered(state="DUE", sent_at=None)):
        with pytest.raises(NotRegistered):
            note(letter)


def test_a_collector_writes_it_down_on_the_page_of_the_letter(organisation):
    client, _member = enter(organisation, role="collector")
    letter = within(organisation, make_registered)
    address = reverse("message_receipt", args=[letter.id])
    assert address in client.get(reverse("message", args=[letter.id])).content.decode()
    answer = client.post(address, {"tracking_number": "A 1", "received_on": TODAY.isoformat()})
    assert answer.status_code == 302
    shown = client.get(reverse("message", args=[letter.id])).content.decode()
    assert "A 1" in shown
    assert client.post(address, {"tracking_number": "<b>"}).status_code == 422
    with tenant_scope(organisation):
        assert Message.objects.get(id=letter.id).tracking_number == "A 1"


def test_an_auditor_reads_it_and_writes_nothing(organisation):
    client, _member = enter(organisation, role="auditor")
    letter = within(organisation, make_registered)
    assert client.post(reverse("message_receipt", args=[letter.id]), {"tracking_number": "A1"}).status_code == 403
    assert (
        reverse("message_receipt", args=[letter.id])
        not in client.get(reverse("message", args=[letter.id])).content.decode()
    )

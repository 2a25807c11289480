"""Text messages: each is given to the carrier once, whatever becomes of its answer; none leaves a sandbox."""

import pytest

from accounts.models import Tenant
from desk.models import Message
from desk.ports import CannotTell, NoConnection, RefusedForGood, RefusedForNow
from integrations import registry
from integrations.adapters.messaging import mailbox
from integrations.adapters.messaging.text_messages import DemoCarrier, TextTransport, sender_of
from tests.desk.fakes import Notes
from tests.desk.test_outbox import drain, let_lease_expire, post, state

pytestmark = pytest.mark.django_db
NUMBER = "+33612345678"


@pytest.fixture(autouse=True)
def scope(tenant):
    """Everything here happens in one organisation."""


class Carrier:
    """Remembers what it was given; `answers`: what becomes of each call, in order ("lost": taken, the answer is lost)."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.given: list[tuple[str, str, str, str]] = []
        self.asked: list[str] = []
        self.remembers = True

    def find(self, key):
        self.asked.append(key)
        if not self.remembers:
            raise CannotTell("this carrier does not remember")
        return next((f"ref-{key}" for known, *_rest in self.given if known == key), None)

    def send(self, *, key, to, text, sender):
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        self.given.append((key, to, text, sender))
        if answer == "lost":
            raise TimeoutError("no answer")
        return f"ref-{key}"

    def close(self):
        pass


def leave(carrier) -> int:
    return drain(TextTransport(carrier), Notes(), channel="SMS")


def test_a_text_is_given_once_under_its_own_key():
    (message,) = post(NUMBER, channel="SMS", sender_name="Nordis France SAS")
    carrier = Carrier()
    assert leave(carrier) == 1
    assert state(message) == "SENT"
    key = f"{message.tenant_id.hex}.{message.id.hex}"
    assert carrier.given == [(key, NUMBER, "Please pay.", "Nordis Fran")]
    assert message.carrier_ref == f"ref-{key}"[:80]
    assert carrier.asked == []  # nothing was tried before


def test_an_answer_that_was_lost_is_asked_for_and_the_text_not_given_again():
    (message,) = post(NUMBER, channel="SMS")
    carrier = Carrier("lost")
    leave(carrier)
    assert state(message) == "HANDED"
    let_lease_expire()
    leave(carrier)
    assert state(message) == "SENT"
    assert len(carrier.given) == 1
    assert len(carrier.asked) == 1


def test_what_never_reached_the_carrier_is_given_when_it_is_tried_again():
    (message,) = post(NUMBER, channel="SMS")
    carrier = Carrier(ConnectionRefusedError("away"))
    leave(carrier)
    let_lease_expire()
    leave(carrier)
    assert state(message) == "SENT"
    assert len(carrier.given) == 1


def test_a_carrier_that_cannot_tell_leaves_it_to_a_person():
    (message,) = post(NUMBER, channel="SMS")
    carrier = Carrier("lost")
    carrier.remembers = False
    leave(carrier)
    let_lease_expire()
    leave(carrier)
    assert state(message) == "UNSURE"
    assert len(carrier.given) == 1


def test_refusals_for_now_and_for_good():
    (later,) = post(NUMBER, channel="SMS")
    leave(Carrier(RefusedForNow("too many")))
    assert state(later) == "DUE"
    (never,) = post("+33712345678", channel="SMS")
    leave(Carrier(RefusedForGood("unknown number", is_address_wrong=True)))
    assert state(never) == "BOUNCED"


@pytest.mark.parametrize("number", ["0612345678", "+33142685300", "ap@durand.example", "+33612345678\nBcc: x"])
def test_what_is_no_mobile_number_is_not_given_to_anybody(number):
    (message,) = post(number, channel="SMS")
    carrier = Carrier()
    leave(carrier)
    assert state(message) == "BOUNCED"
    assert carrier.given == []


def test_without_a_carrier_texts_wait():
    (message,) = post(NUMBER, channel="SMS")
    assert drain(TextTransport(None), channel="SMS") == 0
    assert (state(message), message.attempts) == ("DUE", 0)


def test_a_carrier_that_cannot_be_asked_keeps_the_text_waiting():
    (message,) = post(NUMBER, channel="SMS")
    carrier = Carrier("lost")
    leave(carrier)
    let_lease_expire()
    carrier.find = lambda key: (_ for _ in ()).throw(NoConnection("away"))
    leave(carrier)
    assert state(message) == "DUE"
    assert len(carrier.given) == 1


def test_the_sender_is_what_telephones_show():
    message = post(NUMBER, channel="SMS", sender_name="Société <b>Écu</b>\r\n& Cie")[0]
    assert sender_of(message) == "Socit bcub"


@pytest.fixture
def box(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def test_the_played_carrier_puts_texts_into_the_mailbox_once(tenant, box):
    (message,) = post(NUMBER, channel="SMS", sender_name="Nordis")
    Message.objects.update(body_text="Bonjour\u202f: 100\u00a0€ <b>dus</b>")
    carrier = DemoCarrier(tenant=tenant)
    assert drain(TextTransport(carrier), channel="SMS") == 1
    (arrived,) = mailbox.arrived(tenant.id)
    assert (arrived.channel, arrived.recipient, arrived.sender) == ("SMS", NUMBER, "Nordis")
    assert arrived.text.strip() == "Bonjour : 100 € <b>dus</b>"
    assert arrived.size.segments == 1
    assert arrived.name.partition(".")[2].startswith(message.id.hex)
    key = arrived.name.removesuffix("@sms")
    assert carrier.find(key) == arrived.name
    assert carrier.send(key=key, to=NUMBER, text="again", sender="") == arrived.name
    assert len(list(mailbox.arrived(tenant.id))) == 1
    assert mailbox.one(tenant.id, arrived.name).copies == 1


def test_a_sandbox_has_the_played_carrier_whatever_is_set_up(settings, monkeypatch):
    monkeypatch.setitem(settings.PORTS, "desk.text_carrier", "tests.integrations.test_text_messages.Real")
    sandbox, real = Tenant(is_sandbox=True), Tenant(is_sandbox=False)
    assert isinstance(registry._text_carrier(sandbox), DemoCarrier)
    assert isinstance(registry._text_carrier(real), Real)
    monkeypatch.delitem(settings.PORTS, "desk.text_carrier")
    assert registry._text_carrier(real) is None


class Real(Carrier):
    def __init__(self, *, tenant) -> None:
        super().__init__()
        self.tenant = tenant

"""Carriers of messages against a real SMTP server, the demo mailbox, and who gets which carrier."""

import smtplib
import socket
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller

from core import audit
from core.ports import NoSuchPort, open_port
from core.tenancy import tenant_scope
from desk.models import Message
from desk.ports import NoConnection, RefusedForGood, RefusedForNow
from desk.services.inbound_handling import save_rules
from integrations import registry
from integrations.adapters.messaging import mailbox
from integrations.adapters.messaging.letters import LetterTray
from integrations.adapters.messaging.mailbox import MailboxTransport
from integrations.adapters.messaging.smtp import SmtpTransport, as_email, message_id
from integrations.mailbox_server import LARGEST, SYSTEM, controller
from integrations.models import Connection
from integrations.services import mailboxes
from integrations.services.mailboxes import BadMailbox, MailboxSettings
from tests.make import TODAY, make_entity, make_tenant

TENANT = UUID(int=7)


def make_message(**fields) -> Message:
    values = {
        "id": uuid4(), "tenant_id": TENANT, "on": TODAY, "channel": "EMAIL", "language": "en",
        "recipient": "ap@durand.example", "recipient_name": "Claire Martin", "sender_name": "Nordis",
        "reply_to": "credit@nordis.example", "subject": "Overdue invoices, €100.00", "body_text": "Please pay.\n",
        "body_html": "<p>Please pay.</p>", "lease_token": uuid4(),
    }  # fmt: skip
    return Message(**{**values, **fields})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A real server that keeps what it accepts and answers as told, by recipient or for the data."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.senders: list[str] = []
        self.connections = 0
        self.answers: dict[str, str] = {}

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        if address in self.answers:
            return self.answers[address]
        envelope.mail_from = address
        self.senders.append(address)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answers.get("DATA") == "hang up":
            server.transport.close()
            return "250 never heard"
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.received.append(envelope.original_content)
        return "250 OK"


@pytest.fixture
def server(settings):
    handler, port = Server(), free_port()
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    running = Controller(handler, hostname="127.0.0.1", port=port, ready_timeout=20)
    running.start()
    yield handler
    running.stop()


@pytest.fixture
def smtp():
    transport = SmtpTransport()
    yield transport
    transport.close()


def test_messages_go_over_one_connection_with_a_stable_message_id(server, smtp):
    messages = [make_message(), make_message(recipient="b@x.example")]
    assert [smtp.deliver(message, hand=lambda: True) for message in messages] == [True, True]
    assert server.connections == 1
    emails = [message_from_bytes(payload, policy=policy.default) for payload in server.received]
    assert [email["Message-ID"] for email in emails] == [message_id(message) for message in messages]
    assert message_id(messages[0]) == message_id(messages[0])
    assert TENANT.hex in message_id(messages[0])
    assert messages[0].id.hex in message_id(messages[0])
    first = emails[0]
    assert str(first["Subject"]) == "Overdue invoices, €100.00"
    assert str(first["From"]) == "Nordis <no-reply@encours.example>"
    assert str(first["Reply-To"]) == "Nordis <credit@nordis.example>"
    assert first.get_body(("plain",)).get_content().splitlines() == ["Please pay."]
    assert "<p>Please pay.</p>" in first.get_body(("html",)).get_content()


# --- where what cannot be delivered goes --------------------------------------------------------------------------------


def returning(address: str, *, entity=None, name="Replies"):
    given = MailboxSettings(host="imap.example.com", user_name=name, password="x", return_address=address)
    return mailboxes.create_mailbox(name=name, given=given, entity_id=entity and entity.id, actor=audit.SYSTEM)[0]


@pytest.mark.django_db
def test_each_organisation_has_its_own_mail_returned_to_its_own_mailbox(server):
    """The mail itself is the same, its Message-ID names the organisation; the envelope says where it comes back to."""
    for number, address in enumerate(("replies@nordis.example", "kredit@sued.example", "")):
        tenant = make_tenant()
        with tenant_scope(tenant):
            if address:
                returning(address)
            transport = registry.transport(channel="EMAIL", tenant=tenant)
            assert transport.deliver(make_message(), hand=lambda: True)
            transport.close()
        assert server.senders[number] == (address or "no-reply@encours.example")
    assert {message_from_bytes(raw, policy=policy.default)["From"] for raw in server.received} == {
        "Nordis <no-reply@encours.example>"
    }


@pytest.mark.django_db
def test_a_company_may_have_a_mailbox_of_its_own(server, tenant):
    entity, other = make_entity(), make_entity()
    returning("all@nordis.example", name="All")
    own = returning("own@nordis.example", entity=entity, name="Own")
    for switched_on in (True, False):
        Connection.objects.filter(id=own.id).update(is_active=switched_on)
        transport = registry.transport(channel="EMAIL", tenant=tenant)
        for one in (entity, other):
            transport.deliver(make_message(entity_id=one.id), hand=lambda: True)
        transport.close()
    all_others = "all@nordis.example"
    assert server.senders == ["own@nordis.example", all_others, all_others, all_others]


def test_a_mail_server_that_wants_no_other_sender_gets_our_own(server):
    server.answers["replies@nordis.example"] = "553 5.7.1 not owned by you"
    transport = SmtpTransport({None: "replies@nordis.example"})
    assert [transport.deliver(make_message(), hand=lambda: True) for _again in range(2)] == [True, True]
    transport.close()
    assert server.senders == ["no-reply@encours.example"] * 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["x", "a@b", "é@x.example", "a@x.example> BODY=8BITMIME", "a@x.example\r\nDATA", "<a@x.example>"]
)
def test_no_more_than_an_address_can_be_set(tenant, address):
    with pytest.raises(BadMailbox) as refusal:
        returning(address)
    assert "return_address" in refusal.value.fields


def test_nothing_is_transmitted_once_the_hand_over_is_refused(server, smtp):
    assert not smtp.deliver(make_message(), hand=lambda: False)
    assert smtp.deliver(make_message(), hand=lambda: True)
    assert len(server.received) == 1


def test_the_hand_over_comes_after_all_that_can_fail_cheaply(server, smtp):
    server.answers["ap@durand.example"] = "450 4.2.1 mailbox busy"
    handed = []
    with pytest.raises(RefusedForNow, match="450"):
        smtp.deliver(make_message(), hand=lambda: handed.append(1) or True)
    assert handed == []


@pytest.mark.parametrize(
    ("where", "answer", "expected", "is_address_wrong"),
    [
        ("ap@durand.example", "550 5.1.1 no such user", RefusedForGood, True),
        ("ap@durand.example", "552 5.2.2 mailbox full", RefusedForGood, False),
        ("ap@durand.example", "421 4.3.2 shutting down", RefusedForNow, None),
        ("DATA", "554 5.7.1 looks like spam", RefusedForGood, False),
        ("DATA", "451 4.3.0 try later", RefusedForNow, None),
        ("MAIL", "530 5.7.0 authentication required", NoConnection, None),
    ],
)
def test_refusals_say_whose_fault_they_are(server, smtp, where, answer, expected, is_address_wrong):
    server.answers[where] = answer
    with pytest.raises(expected) as refusal:
        smtp.deliver(make_message(), hand=lambda: True)
    assert getattr(refusal.value, "is_address_wrong", None) is is_address_wrong
    server.answers.clear()
    assert smtp.deliver(make_message(), hand=lambda: True)


def test_a_server_that_is_away_stops_the_batch_and_not_the_message(settings, smtp):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    with pytest.raises(NoConnection):
        smtp.deliver(make_message(), hand=lambda: True)


def test_a_connection_lost_after_the_dot_is_no_answer(server, smtp):
    server.answers["DATA"] = "hang up"
    assert not smtp.deliver(make_message(), hand=lambda: True)


def test_a_kept_connection_that_the_server_closed_is_opened_again(server, smtp):
    assert smtp.deliver(make_message(), hand=lambda: True)
    smtp._connection.sock.shutdown(socket.SHUT_RDWR)
    assert smtp.deliver(make_message(), hand=lambda: True)
    assert (len(server.received), server.connections) == (2, 2)


@pytest.mark.parametrize("evil", ["Eve\r\nBcc: all@x.example", "Eve\nSubject: free", "Eve\x00\x0bx", "Eve\u2028Bcc: y"])
def test_no_name_or_subject_can_add_a_header(evil):
    email = as_email(make_message(recipient_name=evil, sender_name=evil, subject=evil))
    headers = email.payload.split(b"\r\n\r\n")[0]
    names = [line.split(b":")[0] for line in headers.split(b"\r\n") if not line.startswith(b" ")]
    assert set(names) == {
        b"Message-ID", b"Date", b"From", b"To", b"Reply-To", b"Subject", b"Auto-Submitted", b"X-Encours-Tenant",
        b"MIME-Version", b"Content-Type",
    }  # fmt: skip


HARD = [
    "Plain words.\n",
    ".\n..\n.a line of dots\n",
    "From here on\n--\nno signature = none\n",
    "trailing \t \nspace ",
    "été, Größe, €100,00, 日本語, 🙂\n" * 9,
    "x" * 2000,
    "--=_boundary\n=_\n",
    "",
]


@pytest.mark.parametrize("text", HARD)
@pytest.mark.parametrize("html", ["", "<p>.</p>\n.\n<b>" + "ü" * 300 + "</b>"])
def test_every_text_arrives_as_it_was_written(server, smtp, text, html):
    message = make_message(body_text=text, body_html=html, recipient_name="Zoë, O'Neil", subject=text[:200])
    assert smtp.deliver(message, hand=lambda: True)
    (payload,) = server.received
    assert payload.isascii()
    assert max(len(line) for line in payload.split(b"\r\n")) <= 120
    assert b"\n" not in payload.replace(b"\r\n", b"")
    email = message_from_bytes(payload, policy=policy.default)
    assert email.defects == []
    assert email.get_body(("plain",)).get_content().rstrip("\r\n").splitlines() == text.rstrip("\n").splitlines()
    if html:
        assert email.get_body(("html",)).get_content().splitlines() == html.splitlines()
    assert (email["To"].addresses[0].display_name, email["Subject"]) == ("Zoë, O'Neil", " ".join(text[:200].split()))


@pytest.mark.parametrize(
    "name",
    ["", "Nordis", "Durand & Fils", "A.B. (ACME)", "Größe GmbH", "x" * 160, '"q" <a@b.c>', "=?x", "=?utf-8?q?Nordis?="],
)
def test_names_in_addresses_arrive_as_they_were_written(name):
    email = message_from_bytes(as_email(make_message(sender_name=name, cc=["c@x.example", "d@x.example"])).payload)
    shown = str(make_header(decode_header(email["From"])))
    assert " ".join(shown.split()) == (f"{name} <no-reply@encours.example>" if name else "no-reply@encours.example")
    assert email["Cc"] == "c@x.example, d@x.example"


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b@c", "a b@x.example", "a@x.example\nBcc: b@x.example", "é@x.example", "a@", "@x.example"],
)
def test_what_is_no_address_is_refused_before_any_talk(server, smtp, address):
    with pytest.raises(RefusedForGood) as refusal:
        smtp.deliver(make_message(recipient=address), hand=lambda: True)
    assert refusal.value.is_address_wrong
    assert server.received == []


def test_a_domain_in_another_script_is_written_for_the_wire(server, smtp):
    assert smtp.deliver(make_message(recipient="ap@münchen.example"), hand=lambda: True)
    email = message_from_bytes(server.received[0], policy=policy.default)
    assert email["To"].addresses[0].domain == "xn--mnchen-3ya.example"


def test_a_sandbox_never_gets_a_mail_server_outside(settings, db):
    sandbox, real = make_tenant(), make_tenant(sandbox_on=None)
    settings.DEMO_MAILBOX = False
    with tenant_scope(sandbox):
        assert isinstance(registry.transport(channel="EMAIL", tenant=sandbox), MailboxTransport)
    with tenant_scope(real):
        assert isinstance(registry.transport(channel="EMAIL", tenant=real), SmtpTransport)
    settings.DEMO_MAILBOX = True
    with tenant_scope(sandbox):
        assert isinstance(registry.transport(channel="EMAIL", tenant=sandbox), SmtpTransport)
    assert isinstance(registry.transport(channel="LETTER", tenant=sandbox), LetterTray)
    with pytest.raises(ValueError, match="CALL"):
        registry.transport(channel="CALL", tenant=real)


@pytest.mark.parametrize("wished", [True, False])
@pytest.mark.parametrize("demo_mailbox", [True, False])
def test_what_a_batch_wishes_to_hear_of_its_readers_is_read_once(settings, db, server, box, wished, demo_mailbox):
    settings.DEMO_MAILBOX = demo_mailbox
    tenant = make_tenant()
    with tenant_scope(tenant):
        save_rules(hold_days=5, asks_receipts=wished, actor=audit.SYSTEM)
        transport = registry.transport(channel="EMAIL", tenant=tenant)
    messages = [make_message(customer_id=uuid4(), tenant_id=tenant.id) for _ in range(3)]
    for message in messages:  # outside a scope, where nothing can be read
        transport.expect([message])
        assert transport.deliver(message, hand=lambda: True)
    transport.close()
    mails = server.received or [path.read_bytes() for path in mailbox.folder(tenant.id).glob("*.eml")]
    asked = ["Disposition-Notification-To" in message_from_bytes(mail) for mail in mails]
    assert asked == [wished] * 3


def test_ports_are_opened_by_name(settings):
    assert callable(open_port("desk.transport"))
    for name in settings.PORTS:
        assert callable(open_port(name))
    with pytest.raises(NoSuchPort, match="nothing"):
        open_port("nothing")


@pytest.fixture
def box(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_what_a_sandbox_sends_lies_in_its_mailbox(box):
    message = make_message()
    transport = MailboxTransport()
    assert transport.deliver(message, hand=lambda: True)
    assert not transport.deliver(make_message(), hand=lambda: False)
    (arrived,) = mailbox.arrived(TENANT)
    assert (arrived.subject, arrived.recipient, arrived.copies) == (
        "Overdue invoices, €100.00",
        "Claire Martin <ap@durand.example>",
        1,
    )
    assert transport.deliver(message, hand=lambda: True)
    assert [one.copies for one in mailbox.arrived(TENANT)] == [2]
    assert list(mailbox.arrived(uuid4())) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", ".hidden", "a/b", "x" * 500])
def test_no_name_leads_out_of_the_mailbox(box, name):
    mailbox.keep(tenant_id=TENANT, payload=b"Subject: x\r\n\r\nbody", name=name)
    assert [path.parent for path in box.rglob("*.eml")] == [mailbox.folder(TENANT)]
    assert mailbox.one(TENANT, name) is not None
    assert mailbox.one(uuid4(), name) is None


def test_the_mailbox_keeps_the_newest(box, monkeypatch):
    monkeypatch.setattr(mailbox, "KEPT", 3)
    for n in range(5):
        mailbox.keep(tenant_id=TENANT, payload=f"Subject: {n}\r\n\r\n".encode(), name=f"m{n}")
    assert len(list(mailbox.folder(TENANT).glob("*.eml"))) == 3
    assert len(list(mailbox.folder(TENANT).glob("*.copies"))) == 3


def test_the_demo_mailbox_takes_mail_over_smtp_and_survives_its_own_end(box, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    server = controller(port=settings.EMAIL_PORT)
    server.start()
    transport = SmtpTransport()
    assert transport.deliver(make_message(), hand=lambda: True)
    transport.close()
    with smtplib.SMTP("127.0.0.1", settings.EMAIL_PORT) as other:
        other.sendmail("a@x.example", ["b@x.example"], b"Subject: Reset your password\r\n\r\nlink")
        with pytest.raises(smtplib.SMTPException):
            other.sendmail("a@x.example", ["b@x.example"], b"Subject: big\r\n\r\n" + b"x" * (LARGEST + 1))
    server.stop()
    assert [one.subject for one in mailbox.arrived(TENANT)] == ["Overdue invoices, €100.00"]
    assert [one.subject for one in mailbox.arrived(SYSTEM)] == ["Reset your password"]


def test_what_arrives_broken_can_still_be_looked_at(box):
    for n, payload in enumerate((b"", b"\xff\xfe\x00", b"Subject: =?x?y?=\r\n\r\n\xff", b"Date: never\r\n\r\n")):
        mailbox.keep(tenant_id=TENANT, payload=payload, name=f"b{n}")
    assert len(list(mailbox.arrived(TENANT))) == 4

"""Mailboxes read from a real IMAP server: taken once, left on the server, whatever is in them and wherever it stops."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Doorbell
from core.audit import SYSTEM
from core.sealed import seal, unseal
from core.tenancy import tenant_scope
from desk.models import InboundMessage
from integrations import hosts
from integrations.adapters.messaging import imap
from integrations.messaging_tasks import read_mailboxes as task
from integrations.models import Mailbox
from integrations.services import mailboxes
from integrations.services.connections import set_active
from integrations.services.mailboxes import SEALED_FOR, BadMailbox, MailboxSettings
from tests.desk.inbound import mail
from tests.integrations.imap_server import PASSWORD, USER, running

GIVEN = MailboxSettings(host="imap.example.com", user_name=USER, password=PASSWORD)


@pytest.fixture
def server(tmp_path, monkeypatch):
    with running(tmp_path) as found:
        monkeypatch.setenv("SSL_CERT_FILE", str(found.ca))
        yield found


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def box(server, tenant):
    return make_box(server)


def make_box(server, *, tls=False, **fields) -> Mailbox:
    _connection, mailbox = mailboxes.create_mailbox(name="Replies", given=GIVEN, actor=SYSTEM)
    security = Mailbox.Security.TLS if tls else Mailbox.Security.STARTTLS
    port = server.tls_port if tls else server.port
    values = {"host": "localhost", "port": port, "security": security, **fields}
    Mailbox.objects.filter(id=mailbox.id).update(**values)
    mailbox.refresh_from_db()
    return mailbox


def read(tenant) -> int:
    return mailboxes.read_mailboxes(tenant=tenant, now=timezone.now())


def subjects() -> list[str]:
    return list(InboundMessage.objects.order_by("id").values_list("subject", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("tls", [True, False], ids=["TLS", "STARTTLS"])
def test_new_mails_are_taken_and_marked_as_read(server, tenant, tls):
    box = make_box(server, tls=tls)
    server.lay(mail(subject="one"), mail(subject="two"))
    assert read(tenant) == 2
    assert subjects() == ["one", "two"]
    assert all("Seen" in flags for flags in server.flags())
    box.refresh_from_db()
    assert (box.taken_count, box.error) == (2, "")
    assert box.read_at is not None
    assert InboundMessage.objects.first().connection_id == box.connection_id


@pytest.mark.django_db
def test_a_second_reading_takes_only_what_has_come_since(server, tenant, box):
    server.lay(mail(subject="one"))
    assert read(tenant) == 1
    assert read(tenant) == 0
    server.lay(mail(subject="two"))
    assert read(tenant) == 1
    assert subjects() == ["one", "two"]


@pytest.mark.django_db
def test_numbers_that_begin_anew_bring_nothing_twice(server, tenant, box):
    server.lay(mail(subject="one"))
    read(tenant)
    Mailbox.objects.update(uid_validity=1, last_uid=999_999)
    server.lay(mail(subject="two"))
    assert read(tenant) == 1
    assert subjects() == ["one", "two"]


@pytest.mark.django_db
def test_mails_are_moved_where_that_is_wished(server, tenant):
    make_box(server, afterwards="MOVE", moved_to="Encours/Traités")
    server.lay(mail(subject="one"), mail(subject="two"))
    assert read(tenant) == 2
    assert server.flags() == []
    assert len(server.flags('"Encours/Trait&AOk-s"')) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("afterwards", ["FLAG", "MOVE"])
def test_a_worker_killed_anywhere_loses_and_doubles_nothing(server, tenant, monkeypatch, afterwards):
    make_box(server, afterwards=afterwards, moved_to="Done" if afterwards == "MOVE" else "")
    server.lay(*(mail(subject=f"m{n}") for n in range(4)))

    class Killed(BaseException):
        pass

    def killed(*_args, **_kwargs):
        raise Killed

    # After each of the steps of a mail in turn: fetched, kept, noted, flagged or moved.
    for place in ("_keep", "_note", "_leave_behind"):
        with monkeypatch.context() as patch:
            patch.setattr(mailboxes, place, killed)
            with pytest.raises(Killed):
                read(tenant)
    read(tenant)
    assert subjects() == ["m0", "m1", "m2", "m3"]
    assert read(tenant) == 0
    if afterwards == "MOVE":
        assert server.flags() == []


@pytest.mark.django_db
def test_a_broken_mail_does_not_stop_the_others_and_is_named(server, tenant, box):
    nested = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(100)
    )  # a server of its own would choke on more
    server.lay(
        mail(subject="one"),
        f"From: a@b.example\nSubject: deep\n{nested}\nx".encode(),
        b"\x00\xff\xfe not a mail at all",
        b"Subject: =?utf-8?b?broken?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe\r\n",
        mail(subject="last"),
    )
    assert read(tenant) == 5
    named = InboundMessage.objects.exclude(problem={})
    assert [row.subject for row in named] == ["deep"]
    assert subjects()[0] == "one"
    assert subjects()[-1] == "last"


@pytest.mark.django_db
def test_of_a_mail_that_is_too_large_the_head_is_kept(server, tenant, box, monkeypatch):
    monkeypatch.setattr(mailboxes, "LARGEST", 2_000)
    monkeypatch.setattr("desk.rules.inbound.mail.LARGEST", 2_000)
    server.lay(mail("x" * 70 + "\n" + "y\n" * 2_000, subject="huge"), mail(subject="small"))
    assert read(tenant) == 2
    huge = InboundMessage.objects.get(subject="huge")
    assert (huge.text, huge.raw_size > 4_000) == ("", True)
    assert "larger than" in huge.problem["text"]


@pytest.mark.django_db
def test_a_reading_is_bounded_and_the_next_one_goes_on(server, tenant, box, monkeypatch):
    monkeypatch.setattr(mailboxes, "SLICE", 2)
    server.lay(*(mail(subject=f"m{n}") for n in range(5)))
    assert [read(tenant), read(tenant), read(tenant), read(tenant)] == [2, 2, 1, 0]


@pytest.mark.django_db
def test_what_was_there_long_before_is_left_alone(server, tenant, box):
    client = server.client()
    client.append("INBOX", "", '"01-Jan-2020 10:00:00 +0000"', mail(subject="old"))
    client.logout()
    assert read(tenant) == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password": "wrong"}, "credentials"),
        ({"folder": "Nowhere"}, "not exist"),
        ({"port": 1}, "refused"),
        ({"host": "no-such-host.invalid"}, "There is no host"),
    ],
)
def test_a_mailbox_that_cannot_be_opened_says_why(server, tenant, fields, said):
    if "password" in fields:
        fields = {"password": seal(fields["password"], purpose=SEALED_FOR)}
    box = make_box(server, **fields)
    assert read(tenant) == 0
    box.refresh_from_db()
    assert said in box.error
    assert box.read_at is None


@pytest.mark.django_db
def test_a_certificate_that_nobody_vouches_for_is_refused(server, tenant, monkeypatch):
    box = make_box(server, tls=True)
    monkeypatch.delenv("SSL_CERT_FILE")
    server.lay(mail())
    assert read(tenant) == 0
    box.refresh_from_db()
    assert "certificate" in box.error.lower()


@pytest.mark.django_db
def test_private_addresses_are_not_connected_to(server, tenant, box, settings):
    settings.PRIVATE_HOSTS = frozenset()
    server.lay(mail())
    assert read(tenant) == 0
    box.refresh_from_db()
    assert "private network" in box.error


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True), ("2a00:1450:4007::8", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False),
        ("fd00::1", False), ("fe80::1%eth0", False), ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)  # fmt: skip
def test_only_addresses_of_the_internet_are_public(address, expected):
    assert hosts.is_public(address) is expected


def test_the_address_that_was_checked_is_the_one_connected_to(settings, monkeypatch):
    asked = []
    monkeypatch.setattr(
        hosts.socket, "getaddrinfo", lambda *a, **k: asked.append(a) or [(0, 0, 0, "", ("203.0.114.9", 993))]
    )
    connected = []

    def create(address, timeout):
        connected.append(address)
        raise OSError("stop here")

    monkeypatch.setattr(imap.socket, "create_connection", create)
    access = imap.Access("rebinding.example", 993, False, "u", "p", "INBOX")
    with pytest.raises(imap.MailboxAway), imap.opened(access):
        pass
    assert (len(asked), connected) == (1, [("203.0.114.9", 993)])


@pytest.mark.django_db
def test_the_password_rests_sealed(tenant):
    _connection, box = mailboxes.create_mailbox(name="R", given=GIVEN, actor=SYSTEM)
    assert PASSWORD not in box.password
    assert unseal(box.password, purpose=SEALED_FOR) == PASSWORD
    with pytest.raises(KeyError):
        unseal(box.password, purpose="encours second factor")


@pytest.mark.django_db
def test_a_stored_password_is_not_sent_to_another_server(tenant):
    connection, _box = mailboxes.create_mailbox(name="R", given=GIVEN, actor=SYSTEM)
    elsewhere = MailboxSettings(host="imap.evil.example", user_name=USER, password="")
    with pytest.raises(BadMailbox) as refused:
        mailboxes.change_mailbox(connection_id=connection.id, given=elsewhere, actor=SYSTEM)
    assert "password" in refused.value.fields
    kept = MailboxSettings(host=GIVEN.host, user_name=USER, password="", folder="Replies")
    box = mailboxes.change_mailbox(connection_id=connection.id, given=kept, actor=SYSTEM)
    assert (box.folder, unseal(box.password, purpose=SEALED_FOR)) == ("Replies", PASSWORD)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"host": "http://x"}, "host"), ({"host": "a b"}, "host"), ({"port": 25}, "port"), ({"user_name": ""}, "user_name"),
        ({"password": ""}, "password"), ({"folder": "a\r\nb"}, "folder"), ({"afterwards": "MOVE"}, "moved_to"),
        ({"afterwards": "MOVE", "moved_to": "INBOX"}, "moved_to"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(tenant, fields, wrong):
    values = {"host": "imap.example.com", "user_name": USER, "password": PASSWORD, **fields}
    with pytest.raises(BadMailbox) as refused:
        mailboxes.create_mailbox(name="R", given=MailboxSettings(**values), actor=SYSTEM)
    assert list(refused.value.fields) == [wrong]


@pytest.mark.django_db(transaction=True)
def test_the_beat_reads_a_mailbox_every_few_minutes(server, organisation, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    with tenant_scope(organisation), transaction.atomic():
        box = make_box(server)
    server.lay(mail(subject="by the beat"))
    assert task(tenant=str(organisation.id)) == 1
    bell = Doorbell.objects.get(queue=mailboxes.BELL)
    assert timedelta(seconds=170) < bell.due_at - datetime.now(UTC) < timedelta(seconds=190)
    with tenant_scope(organisation), transaction.atomic():
        set_active(connection_id=box.connection_id, is_active=False, actor=SYSTEM)
    server.lay(mail(subject="switched off"))
    assert task(tenant=str(organisation.id)) == 0
    assert not Doorbell.objects.filter(queue=mailboxes.BELL).exists()


@pytest.mark.django_db
def test_another_organisations_mailbox_is_not_read(server, organisation):
    from tests.make import make_tenant

    with tenant_scope(make_tenant()):
        make_box(server)
    server.lay(mail())
    with tenant_scope(organisation):
        assert read(organisation) == 0
        assert InboundMessage.objects.count() == 0

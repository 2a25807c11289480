"""Mailboxes that replies come to: set up, tried, and read every few minutes and by the night.

Each mail is taken once: by its number on the server, and again by its Message-ID, so that a worker that is killed
anywhere leaves nothing out and brings nothing twice. What a mail holds stops no other one.
"""

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import doorbells
from accounts.access import business_today
from accounts.models import Tenant
from core import jobs
from core.audit import Actor, record
from core.errors import Invalid
from core.sealed import seal, unseal
from desk.models import InboundMessage
from desk.rules.inbound.mail import LARGEST
from desk.services.inbound import Arrival, take_in
from integrations.adapters.messaging.imap import Access, Entry, Imap, MailboxAway, Refused, opened
from integrations.hosts import BadHost
from integrations.models import Connection, Mailbox
from integrations.services.connections import MAIL_BELL, BadConnection, ConnectionTaken, UnknownConnection
from receivables.models import Entity

BELL = MAIL_BELL
SEALED_FOR = "encours mailbox"
# The ports of mail programs, and no others: a mailbox is not a way to knock at any door.
PORTS = (143, 993)
# A mailbox is begun with what came in so many days before it was set up.
BACK_DAYS = 7
# One reading takes at most so many mails, for so long; the next one goes on.
SLICE, SLICE_SECONDS = 200, 40.0
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))*", re.I)
# What may stand in the envelope of a mail: plain, so that no server could take it for more than an address.
_ADDRESS = re.compile(r"[A-Za-z0-9._+=-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


class BadMailbox(Invalid):
    code = "bad_mailbox"
    message = _("The mailbox cannot be set up like this.")


@dataclass(frozen=True)
class MailboxSettings:
    """How a mailbox is reached and what becomes of mails in it. `password` empty: the one that is stored."""

    host: str
    user_name: str
    password: str
    port: int = 993
    security: str = Mailbox.Security.TLS
    folder: str = "INBOX"
    afterwards: str = Mailbox.Afterwards.FLAG
    moved_to: str = ""
    return_address: str = ""


@dataclass(frozen=True)
class Reading:
    """What one reading came to: mails taken, the last thing that the server refused, whether none was left."""

    taken: int = 0
    refused: str = ""
    is_over: bool = False


@transaction.atomic
def create_mailbox(
    *, name: str, given: MailboxSettings, actor: Actor, entity_id: UUID | None = None
) -> tuple[Connection, Mailbox]:
    """A new connection that reads a mailbox. Raises BadMailbox, BadConnection, ConnectionTaken. Nothing is tried yet."""
    _check(given, needs_password=True)
    connection = _connection(name=name, kind=Connection.Kind.IMAP, actor=actor, entity_id=entity_id)
    mailbox = Mailbox.objects.create(connection=connection, **_fields(given))
    changes: dict[str, Any] = {"host": [None, mailbox.host], "user_name": [None, mailbox.user_name]}
    record(actor=actor, action="integrations.mailbox_created", row=connection, changes=changes)
    doorbells.ring(BELL)
    return connection, mailbox


@transaction.atomic
def create_mail_address(*, name: str, actor: Actor, entity_id: UUID | None = None) -> tuple[Connection, str]:
    """A new address to which mail is posted, and its secret, which is shown once and stored hashed."""
    secret = secrets.token_hex(32)
    connection = _connection(name=name, kind=Connection.Kind.MAIL, actor=actor, entity_id=entity_id, secret=secret)
    record(actor=actor, action="integrations.mail_address_created", row=connection)
    return connection, secret


def _connection(*, name: str, kind: str, actor: Actor, entity_id: UUID | None, secret: str = "") -> Connection:
    if not name.strip():
        raise BadConnection
    if entity_id is not None and not Entity.objects.filter(id=entity_id).exists():
        raise BadConnection(fields={"entity": [_("There is no such company.")]})
    try:
        with transaction.atomic():
            return Connection.objects.create(
                name=name.strip()[:80],
                kind=kind,
                source="mail",
                entity_id=entity_id,
                secret_hash=hashlib.sha256(secret.encode()).hexdigest() if secret else "",
                created_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise ConnectionTaken from error


def _check(given: MailboxSettings, *, needs_password: bool) -> None:
    wrong: dict[str, Any] = {}
    if not _HOST.fullmatch(given.host.strip()):
        wrong["host"] = [_("The name of a mail server, such as imap.example.com.")]
    if given.port not in PORTS:
        wrong["port"] = [_("993, or 143 with STARTTLS.")]
    if given.security not in Mailbox.Security.values:
        wrong["security"] = [_("Choose one of these.")]
    texts = {"user_name": given.user_name, "password": given.password, "folder": given.folder}
    if given.afterwards == Mailbox.Afterwards.MOVE:
        texts["moved_to"] = given.moved_to
    for name, text in texts.items():
        may_lack = name == "password" and not needs_password
        if (not text.strip() and not may_lack) or not text.isprintable():
            wrong[name] = [_("Enter this, without line breaks.")]
    if given.afterwards not in Mailbox.Afterwards.values:
        wrong["afterwards"] = [_("Choose one of these.")]
    elif given.afterwards == Mailbox.Afterwards.MOVE and given.moved_to.strip() == given.folder.strip():
        wrong["moved_to"] = [_("Another folder than the one that is read.")]
    if given.return_address.strip() and not _ADDRESS.fullmatch(given.return_address.strip()):
        wrong["return_address"] = [_("An address such as replies@example.com, without accents.")]
    if wrong:
        raise BadMailbox(fields=wrong)


def _fields(given: MailboxSettings) -> dict[str, Any]:
    moves = given.afterwards == Mailbox.Afterwards.MOVE
    fields = {
        "host": given.host.strip().lower(),
        "port": given.port,
        "security": given.security,
        "user_name": given.user_name.strip(),
        "folder": given.folder.strip(),
        "afterwards": given.afterwards,
        "moved_to": given.moved_to.strip() if moves else "",
        "return_address": given.return_address.strip(),
    }
    return fields | ({"password": seal(given.password, purpose=SEALED_FOR)} if given.password else {})


@transaction.atomic
def change_mailbox(*, connection_id: UUID, given: MailboxSettings, actor: Actor) -> Mailbox:
    """Other settings of a mailbox. Another server, user or folder is read from its beginning. Raises as creating does.

    To another server or user the stored password is never sent: it must be entered again.
    """
    mailbox = Mailbox.objects.select_for_update().filter(connection_id=connection_id).first()
    if mailbox is None:
        raise UnknownConnection
    fields = _fields(given)
    is_elsewhere = (mailbox.host, mailbox.user_name) != (fields["host"], fields["user_name"])
    _check(given, needs_password=is_elsewhere)
    if is_elsewhere or mailbox.folder != fields["folder"]:
        fields |= {"uid_validity": None, "last_uid": 0}
    changes = {
        name: [getattr(mailbox, name), value]
        for name, value in fields.items()
        if name not in ("password", "uid_validity", "last_uid") and getattr(mailbox, name) != value
    }
    if given.password:
        changes["password"] = ["…", "…"]
    for name, value in {**fields, "error": "", "updated_at": Now()}.items():
        setattr(mailbox, name, value)
    mailbox.save()
    record(actor=actor, action="integrations.mailbox_changed", row=mailbox.connection, changes=changes)
    doorbells.ring(BELL)
    return mailbox


def mail_address_with(*, connection_id: UUID, secret: str) -> Connection:
    """The active address for mail that the secret opens. Raises UnknownConnection, whichever of the two is wrong."""
    with transaction.atomic():
        found = Connection.objects.filter(id=connection_id, kind=Connection.Kind.MAIL, is_active=True).first()
    sent = hashlib.sha256(secret.encode()).hexdigest()
    if found is None or not hmac.compare_digest(found.secret_hash, sent):
        raise UnknownConnection
    return found


def receive_mail(*, connection: Connection, raw: bytes, tenant: Tenant, now: datetime) -> InboundMessage | None:
    """Take a mail that was posted to an address; None for one that is known already."""
    return take_in(
        Arrival(
            raw=raw,
            received_at=now,
            on=business_today(tenant, now=now),
            connection_id=connection.id,
            entity_id=connection.entity_id,
        )
    )


def _access(mailbox: Mailbox) -> Access:
    return Access(
        host=mailbox.host,
        port=mailbox.port,
        starttls=mailbox.security == Mailbox.Security.STARTTLS,
        user_name=mailbox.user_name,
        password=unseal(mailbox.password, purpose=SEALED_FOR),
        folder=mailbox.folder,
    )


def read_mailboxes(*, tenant: Tenant, now: datetime) -> int:
    """Read every active mailbox of the organisation in scope; how many mails were taken. One that is away waits.

    Two workers at once do not read the same mailbox: the second one leaves it alone.
    """
    with transaction.atomic():
        ids = list(
            Mailbox.objects.filter(connection__is_active=True, connection__kind=Connection.Kind.IMAP)
            .order_by("id")
            .values_list("id", flat=True)
        )
    taken = 0
    for mailbox_id in ids:
        try:
            with jobs.exclusive(f"mailbox:{mailbox_id}"):
                taken += _read(mailbox_id, tenant=tenant, now=now)
        except jobs.AlreadyRunning:
            continue
    return taken


@transaction.atomic
def read_soon(*, connection_id: UUID) -> None:
    """Have the organisation's mailboxes read within seconds. Raises UnknownConnection."""
    if not Mailbox.objects.filter(connection_id=connection_id, connection__is_active=True).exists():
        raise UnknownConnection
    doorbells.ring(BELL)


def rest(*, now: datetime) -> None:
    """Let the bell ring again in a few minutes while there is an active mailbox, else take it down."""
    with transaction.atomic():
        doorbells.hold(BELL)
        active = Mailbox.objects.filter(connection__is_active=True).exists()
        doorbells.rest(BELL, until=now + timedelta(seconds=settings.MAILBOX_SECONDS) if active else None)


def _read(mailbox_id: UUID, *, tenant: Tenant, now: datetime) -> int:
    with transaction.atomic():
        mailbox = Mailbox.objects.select_related("connection").get(id=mailbox_id)
    reading, error = Reading(), ""
    try:
        with opened(_access(mailbox)) as folder:
            reading = _read_folder(folder, mailbox, tenant=tenant, now=now)
    except (MailboxAway, BadHost) as away:
        error = str(away)
    except KeyError:
        error = str(_("The stored password cannot be read with the present key: enter it again."))
    with transaction.atomic():
        rows = Mailbox.objects.filter(id=mailbox_id)
        rows.update(error=(error or reading.refused)[:300], **({"read_at": now} if reading.is_over else {}))
    return reading.taken


def _read_folder(folder: Imap, mailbox: Mailbox, *, tenant: Tenant, now: datetime) -> Reading:
    """Take what is new, as much of it as one reading may."""
    if folder.uid_validity != mailbox.uid_validity:
        mailbox.uid_validity, mailbox.last_uid = folder.uid_validity, 0
        _note(mailbox, taken=0)
    since = mailbox.connection.created_at.date() - timedelta(days=BACK_DAYS)
    moves = mailbox.afterwards == Mailbox.Afterwards.MOVE
    # What was taken and not moved before a worker died still lies there.
    waiting = folder.uids(since=since, after=0 if moves else mailbox.last_uid)
    until, taken, refused = time.monotonic() + SLICE_SECONDS, 0, ""
    for number, uid in enumerate(waiting):
        if number >= SLICE or time.monotonic() > until:
            return Reading(taken, refused, is_over=False)
        if uid > mailbox.last_uid:
            taken += _take(folder, mailbox, uid, tenant=tenant, now=now)
        try:
            _leave_behind(folder, mailbox, uid)
        except Refused as refusal:
            # It was taken, and the others are waiting: only where it lies is not as wished.
            refused = str(refusal)
    return Reading(taken, refused, is_over=True)


def _take(folder: Imap, mailbox: Mailbox, uid: int, *, tenant: Tenant, now: datetime) -> int:
    """One mail, and the number up to which the mailbox was read, in this order: killed between, it is taken again."""
    entry = folder.entry(uid)
    is_new = False
    if entry is not None:
        raw = folder.read(uid, head_only=entry.size > LARGEST)
        if raw is not None:
            is_new = _keep(raw, entry, mailbox, tenant=tenant, now=now)
    mailbox.last_uid = uid
    _note(mailbox, taken=int(is_new))
    return int(is_new)


def _keep(raw: bytes, entry: Entry, mailbox: Mailbox, *, tenant: Tenant, now: datetime) -> bool:
    received_at = min(entry.received_at or now, now)
    arrival = Arrival(
        raw=raw,
        received_at=received_at,
        on=business_today(tenant, now=received_at),  # a sandbox has only its own day
        connection_id=mailbox.connection_id,
        entity_id=mailbox.connection.entity_id,
        size=entry.size,
    )
    return take_in(arrival) is not None


@transaction.atomic
def _note(mailbox: Mailbox, *, taken: int) -> None:
    rows = Mailbox.objects.filter(id=mailbox.id)
    rows.update(uid_validity=mailbox.uid_validity, last_uid=mailbox.last_uid, taken_count=F("taken_count") + taken)


def _leave_behind(folder: Imap, mailbox: Mailbox, uid: int) -> None:
    """Flag or move what was taken. Raises Refused."""
    if mailbox.afterwards == Mailbox.Afterwards.MOVE:
        folder.move(uid, mailbox.moved_to)
    else:
        folder.flag(uid)

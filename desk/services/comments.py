"""Comments and files about a row: said once, kept as received, given out as downloads."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path, PurePosixPath
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.audit import Actor, record
from core.errors import Conflict, Invalid, NotFound, TooLarge
from core.tenancy import require_tenant_id
from core.text import Phrase, gettext_noop
from desk.models import Attachment, Comment, Task
from desk.services.tasks import NewTask, make_tasks

LONGEST = 5_000
LARGEST = 10 * 1024 * 1024
MOST_FILES = 50
# What colleagues send each other as proof, and how such a file begins. None: any beginning, it is text or a mail.
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
ENDINGS: dict[str, bytes | None] = {
    ".pdf": b"%PDF-",
    ".png": b"\x89PNG\r\n\x1a\n",
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
    ".docx": _ZIP,
    ".xlsx": _ZIP,
    ".odt": _ZIP,
    ".ods": _ZIP,
    ".msg": _OLE,
    ".eml": None,
    ".txt": None,
    ".csv": None,
}


class BadComment(Invalid):
    code = "bad_comment"
    message = _("The comment cannot be kept like this.")


class BadFile(Invalid):
    code = "bad_file"
    message = _("The file cannot be kept.")


class FileTwice(Conflict):
    code = "file_twice"
    message = _("The same file is there already.")


@transaction.atomic
def add_comment(
    *,
    customer_id: UUID,
    object_type: str,
    object_id: UUID,
    text: str,
    mentions: Collection[UUID] = (),
    about: str,
    on: date,
    actor: Actor,
) -> Comment:
    """Say something about a row; each member mentioned gets a task to read it. `about`: the row in a word or two.

    Raises BadComment; unknown and inactive members are not mentioned.
    """
    if not text.strip():
        raise BadComment(fields={"text": [_("Write something first.")]})
    if len(text) > LONGEST:
        raise BadComment(fields={"text": [_("At most %(most)d characters.") % {"most": LONGEST}]})
    members = list(Member.objects.filter(id__in=list(mentions), is_active=True).order_by("name", "id"))
    comment = Comment.objects.create(
        customer_id=customer_id,
        object_type=object_type,
        object_id=object_id,
        text=text.strip(),
        mentions=[str(member.id) for member in members],
        member_id=actor.member_id,
        on=on,
    )
    record(actor=actor, action="desk.commented", row=comment, changes={"object_id": [None, object_id]})
    sentence = Phrase(gettext_noop("You are asked to read a comment on %(about)s"), {"about": about})
    make_tasks(
        tasks=[
            NewTask(
                kind=Task.Kind.MENTION,
                key=f"{comment.id}:{member.id}",
                customer_id=customer_id,
                sentence=sentence,
                due_on=on,
                assignee_id=member.id,
                object_type=object_type,
                object_id=object_id,
            )
            for member in members
            if member.id != actor.member_id
        ],
        on=on,
        actor=actor,
    )
    return comment


@transaction.atomic
def attach_file(
    *,
    customer_id: UUID,
    object_type: str,
    object_id: UUID,
    file_name: str,
    chunks: Iterable[bytes],
    on: date,
    actor: Actor,
) -> Attachment:
    """Keep a file that belongs to a row. Raises BadFile (type, name, emptiness), TooLarge, FileTwice.

    The name is the sender's and never a path of ours; the ending must be one of ENDINGS and fit how the file begins.
    """
    name = PurePosixPath(file_name.replace("\\", "/")).name[-160:]
    ending = PurePosixPath(name).suffix.lower()
    if ending not in ENDINGS:
        kinds = ", ".join(sorted(one[1:].upper() for one in ENDINGS))
        raise BadFile(
            fields={"file": [_("%(name)s is none of these kinds: %(kinds)s.") % {"name": name, "kinds": kinds}]}
        )
    if Attachment.objects.filter(object_id=object_id).count() >= MOST_FILES:
        raise BadFile(fields={"file": [_("At most %(most)d files.") % {"most": MOST_FILES}]})
    content = _read(chunks)
    begins = ENDINGS[ending]
    if not content or (begins is not None and not content.startswith(begins)):
        raise BadFile(fields={"file": [_("%(name)s does not hold what its name says.") % {"name": name}]})
    path = f"attachments/{require_tenant_id()}/{uuid4()}"
    try:
        with transaction.atomic():
            row = Attachment.objects.create(
                customer_id=customer_id,
                object_type=object_type,
                object_id=object_id,
                file_name=name,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                path=path,
                member_id=actor.member_id,
                on=on,
            )
    except IntegrityError as error:
        raise FileTwice from error
    # The row first: a file without a row would be found by nobody, a row whose file is not written is rolled back.
    place = _files() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    record(actor=actor, action="desk.file_attached", row=row, changes={"file_name": [None, name]})
    return row


def _read(chunks: Iterable[bytes]) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > LARGEST:
            raise TooLarge(_("At most %(most)d MB.") % {"most": LARGEST // 1024 // 1024})
    return bytes(content)


def content_of(attachment: Attachment) -> bytes:
    """The file as it was received. Raises NotFound when it is gone or changed."""
    path = (_files() / attachment.path).resolve()
    if not path.is_relative_to(_files().resolve()) or not path.is_file():
        raise NotFound
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise NotFound
    return content


def _files() -> Path:
    return Path(settings.DATA_DIR) / "files"

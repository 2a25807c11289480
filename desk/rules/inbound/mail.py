"""A mail as bytes, taken apart: who, about what, in which words, with which files. Everything in it is foreign.

It never raises for what a sender wrote: what cannot be read is left out and named in `problem`. Attachments are never
opened, archives in them never unpacked. Source of the formats: RFC 5322, 2045-2047, 3464, 3834.
"""

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message as Part
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime

from core.text import Phrase, gettext_noop
from desk.rules.inbound.html_text import text_of_html

LARGEST = 25 * 1024 * 1024
LONGEST_TEXT = 100_000
# A head longer than this is no head of a letter; each header of it is read to LONGEST_HEADER.
LONGEST_HEAD, LONGEST_HEADER = 256 * 1024, 4_000
# Parts within parts: each of these begins one, so that their number bounds the depth and the work.
MOST_PARTS = 60
# Reading takes as long as parts times lines: so much is read within about two seconds.
MOST_WORK = 20_000_000
MOST_FILES = 30
UNREADABLE = Phrase(gettext_noop("The mail could not be taken apart: only its head was read."))
_BEGINS_PART = re.compile(rb"boundary[*0-9]*[ \t\r\n]*=|message/", re.I)
# Charsets that are what they say. Others of Python's codecs run in the square of the length, or are no charsets.
_CHARSET = re.compile(
    r"ascii|utf-?(8|16|32)(-[bl]e|-sig)?|(utf_)(8|16|32)(_[bl]e|_sig)?|iso8859-\d{1,2}|cp\d{3,4}|koi8-[ru]|mac-roman|"
    r"gb2312|gbk|gb18030|big5(hkscs)?|shift_jis|euc_(jp|kr)|iso2022_(jp|kr)"
)
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f]{1,64}@[^\s@<>,;:\"()\[\]\\\x00-\x1f]{1,255}")
_ID = re.compile(r"<([^\s<>]{3,290})>")


@dataclass(frozen=True)
class FilePart:
    """A file in a mail: its sender's name for it, and what is in it."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """What a mail says of itself. `auto`: the headers by which a program says that no person wrote it.

    `report`: the fields of each recipient of a delivery report (RFC 3464), lower-case names; () for any other mail.
    """

    mail_id: str
    in_reply_to: str
    references: tuple[str, ...]
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    sent_at: datetime | None
    auto: frozenset[str]
    report: tuple[dict[str, str], ...] = ()
    reported_id: str = ""  # Message-ID of the message that a report or receipt speaks of
    # What the recipient's program says was done with our message (RFC 8098), such as "displayed"; "" for any other mail.
    receipt: str = ""
    files: tuple[FilePart, ...] = ()
    problem: Phrase | None = None

    def digest(self) -> str:
        """What is in it, whatever way it came: the same mail in two mailboxes has the same."""
        return hashlib.sha256("\x00".join((self.sender, self.subject, self.text)).encode()).hexdigest()


def read_mail(raw: bytes, *, size: int = 0) -> Mail:
    """Take a mail apart. Of one that is too large or too deep only the head is read, and `problem` says so.

    `size`: of the whole mail, where `raw` is only its head.
    """
    problem = None
    if max(len(raw), size) > LARGEST:
        problem = Phrase(
            gettext_noop("The mail is larger than %(most)d MB: read it in the mailbox."),
            {"most": LARGEST // 1024 // 1024},
        )
    elif (parts := len(_BEGINS_PART.findall(raw))) > MOST_PARTS or parts * raw.count(b"\n") > MOST_WORK:
        problem = Phrase(gettext_noop("The mail has parts within parts beyond measure: only its head was read."))
    elif _head_size(raw) > LONGEST_HEAD:
        problem = Phrase(gettext_noop("The head of the mail is too long: only its beginning was read."))
    if problem is None:
        try:
            part = message_from_bytes(raw, policy=policy.compat32)
            return _mail(part, raw)
        except Exception:  # whatever a hostile mail does to the parser, the mail itself must not be lost
            problem = UNREADABLE
    return read_head(raw[:LONGEST_HEAD], problem=problem)


def read_head(raw: bytes, *, problem: Phrase) -> Mail:
    """Only the headers of a mail, with the reason."""
    head = raw[: min(_head_size(raw), LONGEST_HEAD)]
    return _mail(BytesHeaderParser(policy=policy.compat32).parsebytes(head + b"\r\n\r\n"), raw, problem=problem)


def _head_size(raw: bytes) -> int:
    found = re.search(rb"\r?\n\r?\n", raw)
    return found.start() if found else len(raw)


def _mail(part: Part, raw: bytes, *, problem: Phrase | None = None) -> Mail:
    texts: list[str] = []
    markups: list[str] = []
    files: list[FilePart] = []
    reports: list[dict[str, str]] = []
    reported_id = receipt = ""
    for one in _parts(part) if problem is None else ():
        kind = one.get_content_type()
        if kind == "message/delivery-status":
            reports += _report(one)
        elif kind == "message/disposition-notification":
            said = _inner(one)
            receipt = receipt or _disposition(_header(said, "Disposition"))
            reported_id = reported_id or _first_id(_header(said, "Original-Message-ID"))
        elif kind in ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"):
            inner = _inner(one)
            reported_id = reported_id or _first_id(_header(inner, "Message-ID"))
            if kind == "message/rfc822" and len(files) < MOST_FILES and not reports:
                name = one_line(_file_name(one) or _header(inner, "Subject") or "mail")
                files.append(FilePart(f"{name.removesuffix('.eml')[:150]}.eml", _bytes_of(inner)))
        elif _file_name(one) or _is_attached(one) or not kind.startswith("text/"):
            if len(files) < MOST_FILES and not one.is_multipart():
                files.append(FilePart(_file_name(one) or f"file.{kind.rpartition('/')[2]}", _payload(one)))
        elif kind == "text/html":
            markups.append(_text(one))
        else:
            texts.append(_text(one))
    text = "\n\n".join(filter(None, (clean(text) for text in texts)))
    if not text.strip():
        text = "\n\n".join(clean(text_of_html(markup)) for markup in markups)
    addresses = _addresses(part, "From") or _addresses(part, "Sender")
    mail_id = _first_id(_header(part, "Message-ID"))
    return Mail(
        mail_id=mail_id or f"{hashlib.sha256(raw).hexdigest()}@no-id.invalid",
        # Some programs encode long identifiers as if they were words.
        in_reply_to=_first_id(_words(part, "In-Reply-To")),
        references=tuple(dict.fromkeys(_ID.findall(_words(part, "References"))))[-30:],
        sender=addresses[0][1] if addresses else "",
        sender_name=addresses[0][0][:160] if addresses else "",
        recipients=tuple(dict.fromkeys(a for h in ("To", "Cc", "Delivered-To") for _n, a in _addresses(part, h)))[:50],
        subject=_words(part, "Subject")[:250],
        text=text[:LONGEST_TEXT].strip(),
        sent_at=_date(_header(part, "Date")),
        auto=_auto(part),
        report=tuple(reports[:50]),
        reported_id=reported_id if reports or receipt else "",
        receipt=receipt,
        files=tuple(files),
        problem=problem,
    )


def _parts(top: Part) -> Iterator[Part]:
    """The leaves of a mail in their order. A mail within it is one leaf."""
    waiting = [top]
    while waiting:
        one = waiting.pop()
        if one.get_content_maintype() == "multipart" and one.is_multipart():
            waiting += reversed(_inner_parts(one))
        else:
            yield one


def _inner_parts(part: Part) -> list[Part]:
    """The parts of a part. Asked of one that has none, the library would decode its text in whatever charset it names."""
    payload = part.get_payload() if part.is_multipart() else []
    return [one for one in payload if isinstance(one, Part)]


def _inner(part: Part) -> Part:
    """The mail within a part, or what stands in its place."""
    if part.is_multipart():
        return next(iter(_inner_parts(part)), Part())
    return BytesHeaderParser(policy=policy.compat32).parsebytes(_payload(part)[:LONGEST_HEAD])


def _bytes_of(part: Part) -> bytes:
    try:
        return part.as_bytes()
    except Exception:  # a mail within a mail that cannot be written again is not worth losing the outer one
        return b""


def _report(part: Part) -> list[dict[str, str]]:
    """The fields per recipient of a delivery report."""
    found = [
        {name.lower(): _plain(str(value)) for name, value in block.items()[:40]} for block in _inner_parts(part)[:60]
    ]
    return [fields for fields in found if "final-recipient" in fields or "original-recipient" in fields]


def _disposition(text: str) -> str:
    """`displayed` of `manual-action/MDN-sent-manually; displayed`."""
    return text.rpartition(";")[2].partition("/")[0].strip().lower()[:40]


def _header(part: Part, name: str) -> str:
    """A header as it stands, on one line, its beginning only."""
    return _plain(_raw(part, name))


def _raw(part: Part, name: str) -> str:
    """A header as it came; bytes beyond ASCII, which have no business there, are read as a body's would be."""
    for known, value in part.raw_items():
        if known.lower() == name.lower():
            return decode_bytes(str(value)[:LONGEST_HEADER].encode("ascii", "surrogateescape"), "utf-8")
    return ""


def _plain(text: str) -> str:
    return one_line(text[:LONGEST_HEADER])


def _words(part: Part, name: str) -> str:
    """A header with its encoded words decoded (RFC 2047)."""
    return decoded(_raw(part, name))


def decoded(text: str) -> str:
    """A header's text; what cannot be decoded stays as it is written."""
    try:
        pieces = [
            decode_bytes(piece, charset or "utf-8") if isinstance(piece, bytes) else piece
            for piece, charset in decode_header(text)
        ]
    except Exception:  # binascii.Error, HeaderParseError and others: no common base
        pieces = [text]
    return one_line("".join(pieces))


def _addresses(part: Part, name: str) -> list[tuple[str, str]]:
    """(name, address) of each address in a header that is one; addresses in lower case."""
    try:
        pairs = getaddresses([_raw(part, name)])
    except Exception:  # as above
        pairs = []
    found = [(decoded(shown), address.strip().lower()) for shown, address in pairs[:50]]
    return [(shown, address) for shown, address in found if _ADDRESS.fullmatch(address)]


def _first_id(text: str) -> str:
    found = _ID.search(text)
    return found[1] if found else ""


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _auto(part: Part) -> frozenset[str]:
    """Which headers say that a program wrote it (RFC 3834 and older habits): "auto-replied", "bulk" ..."""
    found = set()
    submitted = _header(part, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        found.add("submitted")
    if any(_header(part, name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Mail-Autoreply")):
        found.add("autoreply")
    if _header(part, "Precedence").lower() in ("auto_reply", "auto-reply"):
        found.add("autoreply")
    if _header(part, "Precedence").lower() in ("bulk", "junk", "list"):
        found.add("bulk")
    if _header(part, "Return-Path").strip() == "<>":
        found.add("no return")
    return frozenset(found)


def _is_attached(part: Part) -> bool:
    return part.get_content_disposition() == "attachment"


def _file_name(part: Part) -> str:
    try:
        return decoded(str(part.get_filename() or "")[:LONGEST_HEADER])[-160:]
    except Exception:  # RFC 2231 pieces that do not fit each other
        return "file"


def _payload(part: Part) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except Exception:  # an encoding that is none
        return b""
    return payload if isinstance(payload, bytes) else b""


def _text(part: Part) -> str:
    try:
        charset = str(part.get_content_charset() or "utf-8")
    except Exception:  # as in _file_name
        charset = "utf-8"
    return decode_bytes(_payload(part)[: LONGEST_TEXT * 10], charset)


def decode_bytes(content: bytes, charset: str) -> str:
    """Bytes in the charset they are said to be in, else UTF-8, else Windows' western one, which reads everything."""
    for name in (charset[:40], "utf-8"):
        try:
            if _CHARSET.fullmatch(codecs.lookup(name).name):
                return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace")


def clean(text: str) -> str:
    """Text that any database holds and any page shows: no control characters, no lone surrogates, plain line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = "".join(mark for mark in text if mark in "\n\t" or (ord(mark) >= 32 and not 127 <= ord(mark) < 160))
    return kept.encode("utf-8", "replace").decode()


def one_line(text: str) -> str:
    return " ".join(clean(text).split())

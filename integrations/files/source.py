"""A file as it came: how big, which bytes, which format, which encoding, is its end there.

One pass over the bytes in blocks of 1 MB, whatever the size; nothing is unpacked and nothing is parsed here, except
the directory of an archive, whose promises (`sheets.check_archive`) are looked at before anything opens it.
"""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from integrations.files import sheets
from integrations.files.refusals import EmptyFile, FileTooLarge, NotATable, Undecodable

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, rows and columns beyond which a file is refused before it is read."""

    text_bytes: int = 512 << 20
    workbook_bytes: int = 50 << 20  # as it lies there, packed
    unpacked_bytes: int = 100 << 20
    unpacked_ratio: int = 120  # of one entry; more is an archive built to explode
    entries: int = 2000
    line_bytes: int = BLOCK
    columns: int = 1000


LIMITS = Limits()

# What can be chosen, and the codec's name. Detection finds the first four and cp850; the others look like cp1252.
ENCODINGS = {
    "utf-8": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "cp1252": "cp1252",
    "iso-8859-15": "iso-8859-15",
    "cp850": "cp850",
    "cp1250": "cp1250",
    "mac-roman": "mac-roman",
}

# Accented letters of the old DOS code page between two letters (0x91-0x97 are left out: in cp1252 they are quotes and
# dashes, which do stand between letters), and those of cp1252.
_DOS_LETTER = re.compile(rb"(?<=[A-Za-z])[\x81-\x85\x87\x88\x8a-\x8c\x90\xa0-\xa3](?=[A-Za-z])")
_WINDOWS_LETTER = re.compile(rb"(?<=[A-Za-z])[\xc0-\xff](?=[A-Za-z])")
_UTF8_LETTER = re.compile(rb"[\xc3][\x80-\xbf]")

_FOREIGN = (
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "GZIP"),
    (b"7z\xbc\xaf", "7Z"),
    (b"Rar!", "RAR"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"SQLite format 3", "SQLite"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that passed the checks. `encoding` is a key of ENCODINGS, empty for a workbook.

    `encoding_why` says what the encoding was concluded from: chosen, bom, zeros (UTF-16 without a mark), valid (every
    byte of the file is UTF-8), letters (accents where the DOS code page has them) or else (none of these).
    `stray_utf8` counts letters that look like UTF-8 in a file that as a whole is not: it was put together from two.
    """

    path: Path
    size: int
    sha256: str
    format: str  # csv, xlsx
    encoding: str = ""
    encoding_why: str = ""
    stray_utf8: int = 0
    ends_with_newline: bool = True

    @property
    def codec(self) -> str:
        return ENCODINGS[self.encoding]


def spool(chunks: Iterable[bytes], *, path: Path, limits: Limits = LIMITS) -> int:
    """Write what arrives to a new file, and give its size in bytes. Refused beyond the limit; nothing is left then."""
    size = 0
    try:
        with path.open("xb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > limits.text_bytes:
                    raise FileTooLarge(_too_large(limits.text_bytes))
                file.write(chunk)
    except FileExistsError:
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return size


def open_source(path: str | Path, *, encoding: str = "auto", limits: Limits = LIMITS) -> Source:
    """Look at every byte of a spooled file once. Raises a refusal (EmptyFile, FileTooLarge, NotATable, Undecodable).

    `encoding` is a key of ENCODINGS where somebody chose one. The file's name plays no part.
    """
    path = Path(path)
    if encoding != "auto" and encoding not in ENCODINGS:
        raise Undecodable(_("The encoding %(name)s is not known.") % {"name": encoding})
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise EmptyFile
    if head.startswith(b"PK\x03\x04"):
        if size > limits.workbook_bytes:
            raise FileTooLarge(_too_large(limits.workbook_bytes))
        sheets.check_archive(path, limits)
        return Source(path=path, size=size, sha256=_sha256(path), format="xlsx")
    _refuse_foreign(head)
    if size > limits.text_bytes:
        raise FileTooLarge(_too_large(limits.text_bytes))
    return _text_source(path, size, head, encoding, limits)


def _refuse_foreign(head: bytes) -> None:
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise NotATable(_("This is an old Excel file, or one with a password. Save it as XLSX without a password."))
    for magic, name in _FOREIGN:
        if head.startswith(magic):
            raise NotATable(_("This is a %(format)s file. Send a CSV or an XLSX file.") % {"format": name})
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:200].lower()
    if start.startswith((b"<?xml", b"<!doctype", b"<html", b"<table")):
        raise NotATable(
            _("This is a web page or an XML file, whatever its name says. Open it and save it as CSV or XLSX.")
        )


def _text_source(path: Path, size: int, head: bytes, chosen: str, limits: Limits) -> Source:
    name, why = (chosen, "chosen") if chosen != "auto" else _encoding_by_zeros(head)
    stray = 0
    scan = _Scan(path, limits)
    if name:
        if not scan.decodes(ENCODINGS[name]):
            raise Undecodable(
                _("The file is not text in %(encoding)s: byte %(position)s does not fit.")
                % {"encoding": name, "position": scan.failed_at}
            )
    elif scan.decodes("utf-8"):
        name, why = "utf-8", "valid"
    else:
        dos, windows, stray = _accents(path)
        name, why = ("cp850", "letters") if dos >= 3 and dos > 3 * windows else ("cp1252", "else")
        if not scan.decodes(ENCODINGS[name]):
            raise Undecodable(
                _("The file is neither UTF-8 nor Windows-1252: byte %(position)s does not fit. Choose the encoding.")
                % {"position": scan.failed_at}
            )
    if scan.blank:
        raise EmptyFile
    return Source(
        path=path,
        size=size,
        sha256=scan.sha256,
        format="csv",
        encoding=name,
        encoding_why=why,
        stray_utf8=stray if name == "cp1252" else 0,
        ends_with_newline=scan.ends_with_newline,
    )


class _Scan:
    """One pass: hash, decoding from the first to the last byte, null characters, endless lines, the last character."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self.limits = limits

    def decodes(self, codec: str) -> bool:
        """Whether the whole file is text in it. Raises NotATable on a null character, FileTooLarge on endless lines."""
        sha = hashlib.sha256()
        decoder = codecs.getincrementaldecoder(codec)()
        self.blank, self.failed_at, last, line = True, 0, "", 0
        for block in _blocks(self.path):
            sha.update(block)
            try:
                text = decoder.decode(block)
            except UnicodeDecodeError as error:
                self.failed_at += error.start
                return False
            self.failed_at += len(block)
            if "\0" in text:
                raise NotATable(_("The file contains null characters: it is not text, or it is damaged."))
            if self.blank and text.strip("\ufeff \t\r\n"):
                self.blank = False
            last = text[-1:] or last
            line = self._line_after(text, line)
        try:
            last = decoder.decode(b"", True)[-1:] or last
        except UnicodeDecodeError:
            return False
        self.sha256 = sha.hexdigest()
        self.ends_with_newline = last in "\r\n"
        return True

    def _line_after(self, text: str, line: int) -> int:
        """Length of the line that is not yet finished. A reader holds one line in memory: it must have an end."""
        end = max(text.rfind("\n"), text.rfind("\r"))
        line = line + len(text) if end < 0 else len(text) - end - 1
        if line > self.limits.line_bytes:
            raise FileTooLarge(_("A line of the file is longer than %(size)s characters.") % {"size": line})
        return line


def _encoding_by_zeros(head: bytes) -> tuple[str, str]:
    """UTF-8 and UTF-16 by their mark; UTF-16 without one by the zeros beside plain letters. Else ("", "")."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8", "bom"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "bom"
    pairs = len(head) // 2
    zeros_first, zeros_second = head[0::2].count(0), head[1::2].count(0)
    if zeros_second > 0.4 * pairs and not zeros_first:
        return "utf-16-le", "zeros"
    if zeros_first > 0.4 * pairs and not zeros_second:
        return "utf-16-be", "zeros"
    return "", ""


def _accents(path: Path) -> tuple[int, int, int]:
    """How many accents stand between letters where DOS, and where Windows has them, and how many look like UTF-8."""
    dos = windows = utf8 = 0
    for block in _blocks(path):
        dos += len(_DOS_LETTER.findall(block))
        windows += len(_WINDOWS_LETTER.findall(block))
        utf8 += len(_UTF8_LETTER.findall(block))
    return dos, windows, utf8


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _sha256(path: Path) -> str:
    with contextlib.closing(path.open("rb")) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _too_large(limit: int) -> str:
    return _("The file is larger than %(size)s MB.") % {"size": limit >> 20}

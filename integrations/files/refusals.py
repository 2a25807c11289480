"""Why a file is refused as a whole. A row that cannot be read is not one of these: it is data (`rows.BadRow`)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Invalid, TooLarge


class FileTooLarge(TooLarge):
    """More bytes, packed or unpacked, more rows or columns than are read; or an archive built to explode."""

    code = "file_too_large"
    message = _("The file is too large.")


class EmptyFile(Invalid):
    """No byte, or nothing but blank lines."""

    code = "file_empty"
    message = _("The file is empty.")


class NotATable(Invalid):
    """Something else than a table in CSV or XLSX: a picture, an archive, a web page, bytes without columns."""

    code = "file_not_a_table"
    message = _("This is not a table. Send a CSV or an XLSX file.")


class Undecodable(Invalid):
    """The bytes are not text in the encoding that was chosen, or in any that is tried."""

    code = "file_undecodable"
    message = _("The file cannot be read as text. Save it as CSV in UTF-8.")


class BrokenWorkbook(Invalid):
    """An XLSX file that is damaged, protected, or has no sheet with that name."""

    code = "file_broken_workbook"
    message = _("The workbook cannot be read.")


class Truncated(Invalid):
    """The file says, or shows, that its end is missing."""

    code = "file_truncated"
    message = _("The end of the file is missing.")


class WrongTotal(Invalid):
    """The count or the total that the file itself, or its sender, gives is not that of its rows."""

    code = "file_wrong_total"
    message = _("The control total does not agree with the rows of the file.")


class UnknownColumns(Invalid):
    """Required fields for which no column was recognised. `fields` says which, and what they could be."""

    code = "file_unknown_columns"
    message = _("Not every required column was recognised.")


class ChoiceNeeded(Invalid):
    """The file can be read in two ways that mean different things, and nobody chose."""

    code = "file_choice_needed"
    message = _("The file can be read in more than one way. Choose one.")


class InvalidMapping(Invalid):
    """A column mapping that says something impossible, or does not fit the file."""

    code = "mapping_invalid"
    message = _("The column mapping cannot be used.")

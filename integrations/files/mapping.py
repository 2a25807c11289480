"""How the columns of a source's files are read: decided once, remembered, and applied to each file of that source.

A `Mapping` speaks of columns by their labels, so it fits a file whose columns changed places or got company. It goes to
and from JSON (`to_json`, `Mapping.from_json`); the version says how to read one that an earlier release stored.
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from django.utils.translation import gettext as _

from core.money import is_currency
from integrations.files.amounts import MARKS
from integrations.files.dates import ORDERS
from integrations.files.fields import FALLBACKS, FIELDS, KINDS, MODES, fields_by_name, has_amount
from integrations.files.refusals import InvalidMapping, UnknownColumns
from integrations.files.source import ENCODINGS

VERSION = 1
SIGNS = ("as_is", "reversed", "by_kind")
EXTRA_DECIMALS = ("round", "refuse")
TRAILERS = ("", "end", "total")


@dataclass(frozen=True, slots=True)
class ColumnFormat:
    """How one column differs from the rest of its file; an empty value says that it does not."""

    date_order: str = ""
    decimal: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which column feeds which field, and how cells are read.

    `columns`: field -> label; two fields may share a column. Beside the kind's fields there are `debit`, `credit` and
    `sign`: debit and credit together replace `amount`; `sign` is a column that says which of the two an amount is.
    `constants`: field -> text, for every row (a currency, an entity); a column of the same field goes first.
    `sign`: as_is (positive = owed to us), reversed, or by_kind (amounts without a sign; credit notes, payments,
    discounts and write-offs are negative). Cells with a sign of their own are turned like the others.
    `extra_decimals`: what happens to an amount with more decimals than its currency has.
    `encoding`, `delimiter`, `quote`: "auto" looks at each file anew. `sheet` empty: the largest one. `header_row` None:
    looked for. `trailer`: what the file must end with, or it is incomplete ("" nothing).
    `ignored`: labels that were seen and are not wanted; a label in neither is new (`rows.Summary.new_columns`).
    """

    kind: str
    columns: dict[str, str]
    mode: str = ""
    constants: dict[str, str] = field(default_factory=dict)
    date_order: str = "dmy"
    two_digit_years: bool = False
    decimal: str = "."
    formats: dict[str, ColumnFormat] = field(default_factory=dict)
    sign: str = "as_is"
    extra_decimals: str = "round"
    encoding: str = "auto"
    delimiter: str = "auto"
    quote: str = "auto"
    sheet: str = ""
    header_row: int | None = None
    trailer: str = ""
    ignored: tuple[str, ...] = ()
    version: int = VERSION

    def __post_init__(self) -> None:
        """Raises InvalidMapping, with a message by field, on anything a file could not be read with."""
        wrong = _wrong_choices(self)
        if self.kind in KINDS:
            known = fields_by_name(self.kind)
            for name in (*self.columns, *self.constants):
                if name not in known or (name in ("debit", "credit", "sign") and not has_amount(self.kind)):
                    wrong[name] = _("There is no such field.")
            if "currency" in self.constants and not is_currency(self.constants["currency"]):
                wrong["currency"] = _("This is not the code of a currency.")
        if wrong:
            raise InvalidMapping(fields=wrong)

    @property
    def missing(self) -> list[str]:
        """Required fields that nothing feeds: no column, no constant, no other field that stands in for it."""
        return missing_fields(self.kind, {*self.columns, *self.constants})

    def with_changes(self, **changes: Any) -> Mapping:
        """The same mapping with other choices. Raises InvalidMapping."""
        return replace(self, **changes)

    def check_against(self, labels: Sequence[str]) -> None:
        """Raises UnknownColumns when the mapping is incomplete or speaks of a column that the file has not."""
        problems = {name: _("No column was chosen for it.") for name in self.missing}
        for name, label in self.columns.items():
            if label not in labels:
                problems[name] = _("The file has no column %(label)s. It has: %(labels)s.") % {
                    "label": label,
                    "labels": ", ".join(labels),
                }
        if problems:
            raise UnknownColumns(fields=problems)

    def to_json(self) -> dict[str, Any]:
        document = asdict(self)
        document["ignored"] = list(self.ignored)
        return document

    @classmethod
    def from_json(cls, document: object) -> Mapping:
        """The mapping in a parsed JSON document. Raises InvalidMapping on anything `to_json` would not give."""
        if not isinstance(document, dict):
            raise InvalidMapping(_("A mapping is a JSON object."))
        names = {one.name for one in fields(cls)}
        if unknown := sorted(str(name) for name in document if name not in names):
            raise InvalidMapping(_("A mapping has no %(names)s.") % {"names": ", ".join(unknown)})
        if document.get("version", VERSION) != VERSION:
            raise InvalidMapping(_("This mapping was stored by another version."))
        values = dict(document)
        if not isinstance(values.get("kind"), str):
            raise InvalidMapping(fields={"kind": _("A mapping says what the file holds.")})
        for name in ("columns", "constants"):
            values[name] = _texts(name, values.get(name, {}))
        values["formats"] = _formats(values.get("formats", {}))
        ignored = values.get("ignored", [])
        if not isinstance(ignored, (list, tuple)) or not all(isinstance(label, str) for label in ignored):
            raise InvalidMapping(fields={"ignored": _("This is a list of column names.")})
        values["ignored"] = tuple(ignored)
        return cls(**values)


def missing_fields(kind: str, fed: set[str]) -> list[str]:
    """The required fields of a kind that nothing in `fed` (names of fields) feeds or stands in for."""
    missing = []
    for one in FIELDS[kind]:
        if not one.required or one.name in fed or FALLBACKS.get(one.name) in fed:
            continue
        if one.name == "amount" and {"debit", "credit"} <= fed:
            continue
        missing.append(one.name)
    return missing


def _wrong_choices(mapping: Mapping) -> dict[str, str]:
    """Messages by attribute for every value that is not one of its choices."""
    choices: dict[str, tuple[object, Sequence[object]]] = {
        "kind": (mapping.kind, KINDS),
        "mode": (mapping.mode, MODES if mapping.kind == "items" else ("",)),
        "date_order": (mapping.date_order, ORDERS),
        "decimal": (mapping.decimal, MARKS),
        "sign": (mapping.sign, SIGNS),
        "extra_decimals": (mapping.extra_decimals, EXTRA_DECIMALS),
        "encoding": (mapping.encoding, ("auto", *ENCODINGS)),
        "trailer": (mapping.trailer, TRAILERS),
        "quote": (mapping.quote, ("auto", '"', "'", "")),
        "two_digit_years": (mapping.two_digit_years, (True, False)),
    }
    wrong = {
        name: _("This must be one of %(choices)s.") % {"choices": ", ".join(str(choice) for choice in allowed)}
        for name, (value, allowed) in choices.items()
        if value not in allowed
    }
    if mapping.delimiter != "auto" and (not isinstance(mapping.delimiter, str) or len(mapping.delimiter) != 1):
        wrong["delimiter"] = _("The delimiter is one character.")
    if mapping.delimiter in ("\r", "\n", '"', "'", " "):
        wrong["delimiter"] = _("This cannot be a delimiter.")
    row = mapping.header_row
    if row is not None and (not isinstance(row, int) or isinstance(row, bool) or not 0 <= row <= 1000):
        wrong["header_row"] = _("This is a row number, or 0 for none.")
    if not isinstance(mapping.sheet, str):
        wrong["sheet"] = _("This is the name of a sheet.")
    for one in mapping.formats.values():
        if one.date_order not in ("", *ORDERS) or one.decimal not in ("", *MARKS):
            wrong["formats"] = _("A column has an order of dates or a decimal mark that does not exist.")
    return wrong


def _object(name: str, value: object) -> AnyMapping[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise InvalidMapping(fields={name: _("This is a JSON object.")})
    return value


def _texts(name: str, value: object) -> dict[str, str]:
    document = _object(name, value)
    if not all(isinstance(text, str) for text in document.values()):
        raise InvalidMapping(fields={name: _("Its values are texts.")})
    return dict(document)


def _formats(value: object) -> dict[str, ColumnFormat]:
    formats = {}
    for label, one in _object("formats", value).items():
        texts = _texts("formats", one)
        if not texts.keys() <= {"date_order", "decimal"}:
            raise InvalidMapping(fields={"formats": _("A column's format is an order of dates and a decimal mark.")})
        formats[label] = ColumnFormat(**texts)
    return formats

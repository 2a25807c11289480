"""How a file writes dates and amounts: decided from all columns that hold them, since one file has one habit."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.text import Phrase, gettext_noop
from integrations.files.fields import Type, fields_by_name
from integrations.files.fit import Gaps, read_dates
from integrations.files.inspection import ColumnProfile, Inspection
from integrations.files.mapping import Mapping
from integrations.files.table import cell_text

# Without evidence: what most of the world writes.
DEFAULT_ORDER = "dmy"
PAIRED_ROWS = 2000
_CONTRADICTION = gettext_noop("%(label)s holds %(example)s, which is not as the remembered mapping reads it")


@dataclass(slots=True)
class Formats:
    """`by_column` holds what differs from the file's habit: label -> {"date_order": ..., "decimal": ...}."""

    date_order: str = DEFAULT_ORDER
    decimal: str = "."
    by_column: dict[str, dict[str, str]] = field(default_factory=dict)
    choices: dict[str, Phrase] = field(default_factory=dict)
    defaults: dict[str, Phrase] = field(default_factory=dict)
    notes: list[Phrase] = field(default_factory=list)


def decide_formats(inspection: Inspection, kind: str, labels: dict[str, str]) -> Formats:
    """`labels`: field -> label of the columns that were found."""
    formats = Formats()
    specs = fields_by_name(kind)
    columns = {name: column for name, label in labels.items() if (column := inspection.column(label))}
    _decide_dates(inspection, {name: one for name, one in columns.items() if specs[name].type is Type.DATE}, formats)
    _decide_decimal([one for name, one in columns.items() if specs[name].type is Type.AMOUNT], formats)
    return formats


def contradictions(mapping: Mapping, inspection: Inspection) -> dict[str, Phrase]:
    """What the cells of a file prove against a mapping that was made for another file, by field.

    A source that changes its date order would else be read wrong in silence wherever a day is 12 or less. Nothing is
    said of columns that the file has not (`Mapping.check_against` says it) or whose cells prove nothing.
    """
    found: dict[str, Phrase] = {}
    specs = fields_by_name(mapping.kind)
    for name, label in mapping.columns.items():
        column = inspection.column(label)
        if not column:
            continue
        own = mapping.formats.get(label)
        order = (own and own.date_order) or mapping.date_order
        decimal = (own and own.decimal) or mapping.decimal
        if specs[name].type is Type.DATE:
            proven, shown = column.dates.order, column.dates.examples
            if proven in ("dmy", "mdy") and proven != order and not column.dates.is_mixed:
                found[name] = Phrase(_CONTRADICTION, {"label": label, "example": shown[_proof(proven)]})
        elif specs[name].type is Type.AMOUNT and column.numbers.decimal not in ("", decimal):
            shown = column.numbers.examples
            if not column.numbers.is_mixed:
                example = shown["point" if column.numbers.decimal == "." else "comma"]
                found[name] = Phrase(_CONTRADICTION, {"label": label, "example": example})
    return found


def cell_texts(inspection: Inspection, column: ColumnProfile, rows: int | None = None) -> list[str]:
    """The sample's cells of one column, as text; of all its rows, or of the first so many."""
    place = column.position
    return [cell_text(row[place]) if place < len(row) else "" for row in inspection.sample[:rows]]


def _decide_dates(inspection: Inspection, columns: dict[str, ColumnProfile], formats: Formats) -> None:
    day_first = sum(column.dates.day_first for column in columns.values())
    month_first = sum(column.dates.month_first for column in columns.values())
    either = sum(column.dates.either for column in columns.values())
    proven = [column.dates.order for column in columns.values() if column.dates.order]
    if day_first or month_first:
        formats.date_order = "dmy" if day_first >= month_first else "mdy"
    elif either:
        _decide_by_terms(inspection, columns, formats)
    elif proven:
        formats.date_order = max(set(proven), key=proven.count)
    for column in columns.values():
        found = column.dates
        own = found.order
        if own in ("dmy", "mdy", "serial") and own != formats.date_order:
            formats.by_column.setdefault(column.label, {})["date_order"] = own
            if own != "serial":
                formats.notes.append(
                    Phrase(
                        gettext_noop(
                            "%(label)s is written in another order than the other dates, such as %(example)s."
                        ),
                        {"label": column.label, "example": found.examples[_proof(own)]},
                    )
                )
        if found.is_mixed:
            formats.notes.append(
                Phrase(
                    gettext_noop("%(label)s holds %(one)s and %(other)s, which cannot be the same order."),
                    {
                        "label": column.label,
                        "one": found.examples["day_first"],
                        "other": found.examples["month_first"],
                    },
                )
            )
        if found.two_digit_years:
            formats.choices["two_digit_years"] = Phrase(
                gettext_noop("The years of %(label)s have two digits. Say that 00 to 69 mean 2000 to 2069."),
                {"label": column.label},
            )


def _decide_by_terms(inspection: Inspection, columns: dict[str, ColumnProfile], formats: Formats) -> None:
    """Every day is 12 or less, so that no cell proves the order. Terms may: due dates do not lie before their invoices,
    and follow them by few different gaps. What even that leaves open is day first, as a default that is shown."""
    first = columns.get("document_date") or columns.get("posting_date")
    second = columns.get("due_date") or columns.get("settled_date")
    example = next(iter(one.dates.examples["either"] for one in columns.values() if "either" in one.dates.examples), "")
    formats.date_order = DEFAULT_ORDER
    if first and second:
        before, after = cell_texts(inspection, first, PAIRED_ROWS), cell_texts(inspection, second, PAIRED_ROWS)
        day, month = (Gaps(read_dates(before, order=one), read_dates(after, order=one)) for one in ("dmy", "mdy"))
        if month.share_after - day.share_after >= 0.05 or (
            month.share_after >= day.share_after and month.regularity - day.regularity >= 0.2
        ):
            formats.date_order = "mdy"
    formats.defaults["date_order"] = Phrase(
        gettext_noop("Dates such as %(example)s can be read day first or month first; no day above 12 tells."),
        {"example": example, "chosen": formats.date_order},
    )


def _decide_decimal(columns: list[ColumnProfile], formats: Formats) -> None:
    point = sum(column.numbers.point for column in columns)
    comma = sum(column.numbers.comma for column in columns)
    if point or comma:
        formats.decimal = "." if point >= comma else ","
    else:
        undecided = next((column for column in columns if column.numbers.either), None)
        if undecided:
            example = undecided.numbers.examples["either"]
            formats.decimal = "," if "." in example else "."
            formats.choices["decimal"] = Phrase(
                gettext_noop(
                    "Amounts such as %(example)s can be thousands or have three decimals. Choose the decimal mark."
                ),
                {"example": example},
            )
    for column in columns:
        found = column.numbers
        if found.decimal and found.decimal != formats.decimal:
            formats.by_column.setdefault(column.label, {})["decimal"] = found.decimal
        if found.is_mixed:
            formats.notes.append(
                Phrase(
                    gettext_noop("%(label)s holds %(one)s and %(other)s, which cannot have the same decimal mark."),
                    {"label": column.label, "one": found.examples["point"], "other": found.examples["comma"]},
                )
            )


def _proof(order: str) -> str:
    return "day_first" if order == "dmy" else "month_first"

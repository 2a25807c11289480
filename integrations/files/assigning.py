"""Which column is which field, for one kind of file.

First the headers speak, as far as the cells agree with them. What a required field of items then still lacks is looked
for among the cells of the remaining columns: two dates of which one regularly follows the other, the only column with
decimals, the only one without repetitions. Nothing here looks at a file's name, and no header or value is tied to one
file.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.text import Phrase, gettext_noop, search_key
from integrations.files import words
from integrations.files.fields import fields_by_name, has_amount
from integrations.files.fit import Gaps, fit, known_share, read_dates
from integrations.files.formats import PAIRED_ROWS, cell_texts
from integrations.files.headers import header_score, names_only_a_currency
from integrations.files.inspection import ColumnProfile, Inspection
from integrations.files.mapping import missing_fields

# Below it a required field counts as not found; a page may still show what it could be.
SURE = 0.5
_FROM_CELLS = 0.55
_UNDECIDED = 0.35
_DATE_COLUMNS = 12  # how many are compared with each other
# A required field is at least proposed from here on; a wrong optional one would do more harm than none.
_UNLIKELY = 0.2


@dataclass(frozen=True, slots=True)
class FieldGuess:
    """The column that probably feeds a field."""

    label: str
    confidence: float
    reason: Phrase
    by_header: bool


def assign(inspection: Inspection, kind: str) -> dict[str, FieldGuess]:
    """The column of each field of a kind that was found; by header, the best pairs first, each column once."""
    scored = []
    for name, spec in fields_by_name(kind).items():
        if name in ("debit", "credit", "sign") and not has_amount(kind):
            continue
        for column in inspection.columns:
            by_header = _label_score(kind, name, column)
            if by_header and (fits := fit(kind, name, column)):
                scored.append((round(by_header * fits, 4), spec.required, name, column.label))
    assigned: dict[str, FieldGuess] = {}
    taken: set[str] = set()
    for score, required, name, label in sorted(scored, key=lambda one: (-one[0], not one[1])):
        if name in assigned or label in taken or score < (_UNLIKELY if required else SURE):
            continue
        reason = Phrase(gettext_noop("the header %(label)s says so"), {"label": label})
        assigned[name] = FieldGuess(label, min(score, 1.0), reason, by_header=True)
        taken.add(label)
    _settle_amounts(assigned)
    if "open_amount" in assigned and "debit" not in assigned:
        _share("amount", "open_amount", gettext_noop("no other amount is given than the open one, %(label)s"), assigned)
    if kind == "items":
        _look_at_cells(inspection, assigned)
    _share_names(inspection, kind, assigned)
    return assigned


def _label_score(kind: str, name: str, column: ColumnProfile) -> float:
    """What the header says; our own name of the field says it best."""
    if search_key(column.label) == search_key(name):
        return 1.0
    if column.label == f"({column.position + 1})":
        return 0.0
    score = header_score(kind, name, column.label)
    if name == "amount" and not score and column.has_decimals and names_only_a_currency(column.label):
        return 0.6
    return score


def _settle_amounts(assigned: dict[str, FieldGuess]) -> None:
    """Debit and credit make an amount together or not at all; a clear column of amounts goes before them."""
    if not {"debit", "credit"} <= set(assigned):
        assigned.pop("debit", None)
        assigned.pop("credit", None)
    elif "amount" in assigned and assigned["amount"].confidence >= 0.95:
        assigned.pop("debit")
        assigned.pop("credit")
    else:
        assigned.pop("amount", None)
        assigned.pop("sign", None)


def _share(missing: str, present: str, reason: str, assigned: dict[str, FieldGuess]) -> None:
    """Let the column of one field feed another one too, when that has none."""
    if missing not in assigned and present in assigned:
        one = assigned[present]
        phrase = Phrase(reason, {"label": one.label})
        assigned[missing] = FieldGuess(one.label, 0.9 * one.confidence, phrase, by_header=one.by_header)


def _share_names(inspection: Inspection, kind: str, assigned: dict[str, FieldGuess]) -> None:
    """Customers without a reference are known by their name, and references that look like names are names."""
    names = fields_by_name(kind)
    name = "name" if kind == "customers" else "customer_name"
    if "customer_ref" not in names or name not in names:
        return
    _share("customer_ref", name, gettext_noop("customers are told apart by their name, %(label)s"), assigned)
    ref = assigned.get("customer_ref")
    column = inspection.column(ref.label) if ref else None
    if column and column.filled and column.spaced >= 0.5 * column.filled:
        _share(name, "customer_ref", gettext_noop("%(label)s holds names"), assigned)


def _look_at_cells(inspection: Inspection, assigned: dict[str, FieldGuess]) -> None:
    """Required fields of items that no header names, from what the remaining columns hold."""
    taken = {one.label for one in assigned.values()}
    left = [column for column in inspection.columns if column.filled and column.label not in taken]
    missing = missing_fields("items", set(assigned))

    def found(name: str, columns: list[ColumnProfile], reason: str) -> None:
        """The only candidate, or the first of several, which then is no more than a proposal."""
        if columns and name in missing:
            sure = _FROM_CELLS if len(columns) == 1 else _UNDECIDED
            phrase = Phrase(reason, {"label": columns[0].label})
            assigned[name] = FieldGuess(columns[0].label, sure, phrase, by_header=False)
            left.remove(columns[0])

    _look_for_dates(inspection, assigned, left)
    found(
        "amount",
        [column for column in left if column.has_decimals and not column.is_date],
        gettext_noop("%(label)s holds amounts"),
    )
    keys = [
        column
        for column in left
        if column.uniqueness >= 0.98 and not (column.is_date or column.has_decimals or column.ascending)
    ]
    found("number", [column for column in keys if not column.spaced], gettext_noop("no value of %(label)s repeats"))
    repeated = [
        column
        for column in left
        if column.distinct >= 2 and 0.003 <= column.uniqueness <= 0.8 and not (column.is_date or column.has_decimals)
    ]
    codes = [column for column in repeated if column.spaced < 0.3 * column.filled and column.longest >= 3]
    codes = [column for column in codes if not _is_of_words(column)]
    if name := assigned.get("customer_name"):
        codes = [column for column in codes if _go_together(inspection, column, name.label)]
    found(
        "customer_ref",
        sorted(codes, key=lambda column: -column.distinct),
        gettext_noop("the values of %(label)s return as customers do"),
    )
    if "currency" not in assigned:
        currencies = [column for column in left if known_share(column, words.currency) >= 0.98 and column.longest == 3]
        if len(currencies) == 1:
            phrase = Phrase(gettext_noop("%(label)s holds currencies"), {"label": currencies[0].label})
            assigned["currency"] = FieldGuess(currencies[0].label, _FROM_CELLS, phrase, by_header=False)


def _go_together(inspection: Inspection, code: ColumnProfile, name: str) -> bool:
    """Whether a column's values and the customers' names come in fixed pairs, as a customer's number and name do."""
    named = inspection.column(name)
    assert named
    codes, names = cell_texts(inspection, code), cell_texts(inspection, named)
    pairs = set(zip(codes, names, strict=True))
    return len(pairs) <= 1.1 * max(len(set(codes)), len(set(names))) and len(set(codes)) >= 0.3 * len(set(names))


def _is_of_words(column: ColumnProfile) -> bool:
    return any(
        known_share(column, read) >= 0.9 for read in (words.yes_no, words.currency, words.country, words.item_kind)
    )


def _look_for_dates(inspection: Inspection, assigned: dict[str, FieldGuess], left: list[ColumnProfile]) -> None:
    """Document and due date among the date columns that no header names.

    The due date lies after the document date by a regular gap; a payment after it by any gap.
    """
    dates = [column for column in left if column.is_date]
    has_start = "document_date" in assigned or "posting_date" in assigned
    has_due = "due_date" in assigned
    if not dates or (has_start and has_due):
        return
    known = assigned.get("document_date") or assigned.get("posting_date")
    start = inspection.column(known.label) if known else None
    due = inspection.column(assigned["due_date"].label) if has_due else None
    starts, ends = [start] if start else dates[:_DATE_COLUMNS], [due] if due else dates[:_DATE_COLUMNS]
    days = {
        column.label: read_dates(cell_texts(inspection, column, PAIRED_ROWS), order=column.dates.order or "dmy")
        for column in (*starts, *ends)
    }
    pairs = [
        (gaps, first, second)
        for first in starts
        for second in ends
        if first is not second
        and (gaps := Gaps(days[first.label], days[second.label])).share_after >= 0.95
        and 0 < gaps.average < 400
    ]
    pairs.sort(key=lambda one: (-round(one[0].regularity, 2), one[0].average))
    if not pairs:
        return
    clear = len(pairs) == 1 or pairs[0][0].regularity - pairs[1][0].regularity >= 0.05
    sure = _FROM_CELLS if clear else _UNDECIDED
    _gap, first, second = pairs[0]
    if not has_start:
        phrase = Phrase(gettext_noop("%(label)s lies before %(other)s"), {"label": first.label, "other": second.label})
        assigned["document_date"] = FieldGuess(first.label, sure, phrase, by_header=False)
        left.remove(first)
    if not has_due:
        phrase = Phrase(
            gettext_noop("%(label)s follows %(other)s by regular terms"), {"label": second.label, "other": first.label}
        )
        assigned["due_date"] = FieldGuess(second.label, sure, phrase, by_header=False)
        left.remove(second)

"""What a file probably holds: its kind, which column is which field, how dates and amounts are written.

First the headers speak, as far as the cells agree with them. What a required field then still lacks is looked for among
the cells of the remaining columns: two dates of which one regularly follows the other, the only column with decimals,
the only one without repetitions. Nothing here looks at a file's name, and no header or value is tied to one file.

Each guess has a confidence (0 to 1) and a reason. `Guess.sure` is the mapping when nothing essential is in doubt, else
a refusal that names the fields and what they could be: that is what a night or a command uses; a page shows the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, ngettext

from core.text import Phrase, gettext_noop, search_key
from integrations.files import phrases, words
from integrations.files.amounts import from_number, parse_amount
from integrations.files.fields import FIELDS, KINDS, Type, fields_by_name, has_amount
from integrations.files.fit import Gaps, fit, known_share, read_dates
from integrations.files.formats import PAIRED_ROWS, Formats, cell_texts, decide_formats
from integrations.files.headers import currency_in_label, header_score, names_only_a_currency
from integrations.files.inspection import ColumnProfile, Inspection
from integrations.files.mapping import ColumnFormat, Mapping, missing_fields
from integrations.files.refusals import ChoiceNeeded, UnknownColumns
from integrations.files.sheets import Cell
from integrations.files.table import cell_text
from integrations.files.vocabulary import concepts

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


@dataclass(slots=True)
class Guess:
    """A mapping with the reasons for it. The mapping may lack required fields: see `missing`.

    `candidates`: for each required field that is missing, columns that it could be, best first. `choices`: what can be
    read in two ways and must be chosen by a person (`decimal`, `two_digit_years`); `defaults`: what can be read in two
    ways and was chosen for you (`date_order`). `notes`: what one should know. `ignored`: why a column is not read.
    """

    mapping: Mapping
    fields: dict[str, FieldGuess]
    missing: list[str]
    candidates: dict[str, list[str]]
    choices: dict[str, Phrase] = field(default_factory=dict)
    defaults: dict[str, Phrase] = field(default_factory=dict)
    notes: list[Phrase] = field(default_factory=list)
    ignored: dict[str, Phrase] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For a page that shows the guess, now or later; phrases as `phrases.to_json` gives them."""
        return {
            "mapping": self.mapping.to_json(),
            "confidence": self.confidence,
            "fields": {
                name: {
                    "label": one.label,
                    "confidence": one.confidence,
                    "by_header": one.by_header,
                    "reason": phrases.to_json(one.reason),
                }
                for name, one in self.fields.items()
            },
            "missing": self.missing,
            "candidates": self.candidates,
            "choices": {name: phrases.to_json(phrase) for name, phrase in self.choices.items()},
            "defaults": {name: phrases.to_json(phrase) for name, phrase in self.defaults.items()},
            "notes": [phrases.to_json(phrase) for phrase in self.notes],
            "ignored": {label: phrases.to_json(phrase) for label, phrase in self.ignored.items()},
        }

    @property
    def confidence(self) -> float:
        """That of the least sure required field; 0 when one is missing."""
        if self.missing:
            return 0.0
        required = [one.name for one in FIELDS[self.mapping.kind] if one.required]
        return min((self.fields[name].confidence for name in required if name in self.fields), default=1.0)

    def sure(self) -> Mapping:
        """The mapping, when no person is needed. Raises UnknownColumns or ChoiceNeeded, with a message by field.

        At least half of the required fields must be known by their header: cells alone may be anything.
        """
        labels = {one.name: one.label for one in FIELDS[self.mapping.kind]}
        required = [one.name for one in FIELDS[self.mapping.kind] if one.required]
        unsure = [name for name in required if name in self.fields and self.fields[name].confidence < SURE]
        known = sum(1 for one in self.fields.values() if one.by_header)
        if not self.missing and not unsure and known * 2 < len(required):
            unsure = [name for name in required if name in self.fields and not self.fields[name].by_header]
        problems = {
            name: gettext("No column was recognised as %(field)s. It could be: %(candidates)s.")
            % {"field": labels[name], "candidates": ", ".join(self.candidates.get(name, [])) or gettext("none")}
            for name in [*self.missing, *unsure]
        }
        if problems:
            message = ngettext(
                "A required column was not recognised: %(fields)s.",
                "Required columns were not recognised: %(fields)s.",
                len(problems),
            ) % {"fields": ", ".join(str(labels[name]) for name in problems)}
            raise UnknownColumns(message, fields=problems)
        if self.choices:
            raise ChoiceNeeded(fields={name: phrase.in_words(gettext) for name, phrase in self.choices.items()})
        return self.mapping


def guess(inspection: Inspection, *, kind: str | None = None) -> Guess:
    """The most probable mapping of a file; of a given kind, where somebody knows it."""
    found = {one: _assign(inspection, one) for one in ([kind] if kind else KINDS)}
    best = max(found, key=lambda one: _kind_score(one, found[one]))
    return _complete(inspection, best, found[best])


def _kind_score(kind: str, assigned: dict[str, FieldGuess]) -> float:
    """Each required field that is found counts for a kind, each that is not counts against it; others a little."""
    missing = missing_fields(kind, set(assigned))
    required = {one.name for one in FIELDS[kind] if one.required}
    score = sum(
        one.confidence if one.by_header else 0.4 * one.confidence for name, one in assigned.items() if name in required
    )
    score -= len(missing)
    if kind in _TELLING and not any(one.by_header and _tells(kind, name, one) for name, one in assigned.items()):
        score -= 2
    if "amount" in required and "amount" not in assigned and "amount" not in missing:
        score += min(assigned["debit"].confidence, assigned["credit"].confidence)
    return score + 0.1 * sum(one.confidence for name, one in assigned.items() if name not in required)


# Files of these kinds look like parts of a list of items: something in the header must say what they are.
_TELLING = {"allocations": ("ALLOCATION", "credit_number"), "promises": ("PROMISE", "made_on")}


def _tells(kind: str, name: str, one: FieldGuess) -> bool:
    concept, field_name = _TELLING[kind]
    return name == field_name or concept in concepts(one.label)


def _assign(inspection: Inspection, kind: str) -> dict[str, FieldGuess]:
    """By header: the best pairs of column and field first, each column and each field once."""
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
        codes = [column for column in codes if _go_together(inspection, column.label, name.label)]
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


def _go_together(inspection: Inspection, code: str, name: str) -> bool:
    """Whether a column's values and the customers' names come in fixed pairs, as a customer's number and name do."""
    codes, names = _texts(inspection, code), _texts(inspection, name)
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


def _complete(inspection: Inspection, kind: str, assigned: dict[str, FieldGuess]) -> Guess:
    """The guess with everything that is decided for the file as a whole, and what one should know of it."""
    formats = decide_formats(inspection, kind, {name: one.label for name, one in assigned.items()})
    constants = _constants(inspection, kind, assigned)
    sign = _sign(inspection, assigned, formats)
    mapping = Mapping(
        kind=kind,
        mode=_mode(inspection, assigned) if kind == "items" else "",
        columns={name: one.label for name, one in assigned.items()},
        constants=constants,
        date_order=formats.date_order,
        decimal=formats.decimal,
        formats={label: ColumnFormat(**one) for label, one in formats.by_column.items()},
        sign=sign,
        sheet=inspection.layout.sheet if len(inspection.layout.sheets) > 1 else "",
        trailer=inspection.trailer,
        ignored=tuple(
            column.label
            for column in inspection.columns
            if column.label not in {one.label for one in assigned.values()}
        ),
    )
    missing = mapping.missing
    doubtful = [name for name, one in assigned.items() if one.confidence < SURE or not one.by_header]
    return Guess(
        mapping=mapping,
        fields=assigned,
        missing=missing,
        candidates={name: _candidates(inspection, kind, name, assigned) for name in [*missing, *doubtful]},
        choices=formats.choices,
        defaults=formats.defaults,
        notes=[*inspection.warnings, *_notes(inspection, kind, assigned, constants, formats)],
        ignored={label: _why_ignored(inspection, kind, label, assigned) for label in mapping.ignored},
    )


def _mode(inspection: Inspection, assigned: dict[str, FieldGuess]) -> str:
    """History when items come with the date of their settlement, else a snapshot of what is open. Never delta."""
    settled = assigned.get("settled_date")
    column = inspection.column(settled.label) if settled else None
    return "history" if column and column.dates.dates else "snapshot"


def _constants(inspection: Inspection, kind: str, assigned: dict[str, FieldGuess]) -> dict[str, str]:
    """The currency, when no column holds it and the amount's header or its cells name one."""
    if "currency" in assigned or not any(one.name == "currency" for one in FIELDS[kind]) or not has_amount(kind):
        return {}
    for name in ("amount", "open_amount", "debit"):
        column = inspection.column(assigned[name].label) if name in assigned else None
        if not column:
            continue
        if code := currency_in_label(column.label):
            return {"currency": code}
        found = column.numbers.currencies
        if len(found) == 1 and sum(found.values()) >= 0.9 * column.filled:
            return {"currency": next(iter(found))}
    return {}


def _sign(inspection: Inspection, assigned: dict[str, FieldGuess], formats: Formats) -> str:
    """By kind, when credit notes and payments come without a minus; reversed, when invoices come with one.

    A column of signs is given up when the amounts have the same signs already: turning them once more would be wrong.
    """
    amounts = assigned.get("amount")
    marks = assigned.get("sign") or assigned.get("kind")
    if not marks or not amounts:
        return "as_is"
    decimal = formats.by_column.get(amounts.label, {}).get("decimal", formats.decimal)
    read = words.sign if "sign" in assigned else _sign_of_kind
    seen = {(1, True): 0, (1, False): 0, (-1, True): 0, (-1, False): 0}
    for mark, text in zip(_texts(inspection, marks.label), _cells(inspection, amounts.label), strict=True):
        amount = from_number(text) if isinstance(text, float) else parse_amount(str(text), decimal=decimal)
        sign = read(mark)
        if isinstance(amount, Decimal) and amount and sign:
            seen[sign, amount < 0] += 1
    if "sign" in assigned:
        if seen[-1, True] > seen[-1, False]:
            del assigned["sign"]
        return "as_is"
    if seen[-1, False] and not seen[-1, True] and not seen[1, True]:
        return "by_kind"
    if seen[1, True] and not seen[1, False] and not seen[-1, True]:
        return "reversed"
    return "as_is"


def _cells(inspection: Inspection, label: str) -> list[Cell]:
    position = inspection.layout.labels.index(label)
    return [row[position] if position < len(row) else "" for row in inspection.sample]


def _texts(inspection: Inspection, label: str) -> list[str]:
    return [cell_text(cell) for cell in _cells(inspection, label)]


def _sign_of_kind(text: str) -> int | None:
    """-1 for kinds that lower what is owed, 1 for invoices and debit notes; the others may be either."""
    kind = words.item_kind(text)
    if kind in words.CREDIT_KINDS:
        return -1
    return 1 if kind in ("INVOICE", "DEBIT_NOTE") else None


def _candidates(inspection: Inspection, kind: str, name: str, assigned: dict[str, FieldGuess]) -> list[str]:
    """Columns that could be a field, by what they hold: the one that was guessed first, those not used otherwise next."""
    own = assigned[name].label if name in assigned else ""
    others = {one.label for field_name, one in assigned.items() if field_name != name}
    scored = [
        (column.label != own, column.label in others, -header_score(kind, name, column.label), -value, column.label)
        for column in inspection.columns
        if (value := fit(kind, name, column)) >= 0.5
    ]
    return [label for *_order, label in sorted(scored)][:8]


def _why_ignored(inspection: Inspection, kind: str, label: str, assigned: dict[str, FieldGuess]) -> Phrase:
    column = inspection.column(label)
    assert column
    if column.is_empty:
        return Phrase(gettext_noop("it is empty"))
    if column.ascending:
        return Phrase(gettext_noop("it counts the rows"))
    specs = fields_by_name(kind)
    wanted = max(specs, key=lambda name: header_score(kind, name, label))
    if header_score(kind, wanted, label) < 0.4:
        return Phrase(gettext_noop("its header names no field"))
    values = {"field": specs[wanted].phrase, "example": (column.examples(1) or [""])[0]}
    if not fit(kind, wanted, column):
        return Phrase(gettext_noop("its cells, such as %(example)s, are no %(field)s"), values)
    return Phrase(gettext_noop("another column is the %(field)s"), values)


def _notes(
    inspection: Inspection,
    kind: str,
    assigned: dict[str, FieldGuess],
    constants: dict[str, str],
    formats: Formats,
) -> list[Phrase]:
    notes = list(formats.notes)
    columns = {name: inspection.column(one.label) for name, one in assigned.items()}
    if kind == "items" and (repeated := _repeated_numbers(inspection, assigned)):
        label = assigned["number"].label
        notes.append(
            Phrase(
                gettext_noop("%(label)s repeats in %(count)s of the rows looked at."),
                {"label": label, "count": repeated},
            )
        )
    amount = columns.get("amount")
    if amount and amount.numbers.negative > 0.8 * max(1, amount.numbers.numbers):
        notes.append(
            Phrase(
                gettext_noop("Most amounts of %(label)s are negative; positive means owed to you."),
                {"label": amount.label},
            )
        )
    if amount and "currency" not in assigned and "currency" not in constants:
        notes.append(Phrase(gettext_noop("No currency is given: amounts are in the company's own.")))
    more = 0
    if amount:
        more = sum(count for digits, count in amount.numbers.decimals.items() if digits > 2)
        more += amount.numbers.either_by.get(formats.decimal, 0)
    if more:
        notes.append(
            Phrase(
                gettext_noop("%(count)s of the amounts looked at have more than two decimals."),
                {"count": more},
            )
        )
    return notes


def _repeated_numbers(inspection: Inspection, assigned: dict[str, FieldGuess]) -> int:
    """How many of the sample's rows have a number, in their entity, of their kind and instalment, that was there."""
    if "number" not in assigned:
        return 0
    names = [name for name in ("number", "entity_code", "kind", "instalment") if name in assigned]
    keys = list(zip(*(_texts(inspection, assigned[name].label) for name in names), strict=True))
    return len(keys) - len(set(keys))


def required_types(kind: str) -> dict[str, Type]:
    """The required fields of a kind with what they hold, for a page that asks for them."""
    return {one.name: one.type for one in FIELDS[kind] if one.required}

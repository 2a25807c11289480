"""What a file probably holds: its kind, which column is which field, how dates and amounts are written.

Which column is which field is found in `assigning.py` for each kind of file; the kind that explains most of the file is
taken, and what concerns the file as a whole is decided here: mode, currency, sign, how dates and amounts are written.

Each guess has a confidence (0 to 1) and a reason. `Guess.sure` is the mapping when nothing essential is in doubt, else
a refusal that names the fields and what they could be: that is what a night or a command uses; a page shows the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, ngettext

from core.text import Phrase, gettext_noop
from integrations.files import phrases, words
from integrations.files.amounts import from_number, parse_amount
from integrations.files.assigning import SURE, FieldGuess, assign
from integrations.files.fields import FIELDS, KINDS, fields_by_name, has_amount
from integrations.files.fit import fit
from integrations.files.formats import Formats, decide_formats
from integrations.files.headers import currency_in_label, header_score
from integrations.files.inspection import Inspection
from integrations.files.mapping import ColumnFormat, Mapping, missing_fields
from integrations.files.refusals import ChoiceNeeded, UnknownColumns
from integrations.files.sheets import Cell
from integrations.files.table import cell_text
from integrations.files.vocabulary import concepts


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
    found = {one: assign(inspection, one) for one in ([kind] if kind else KINDS)}
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
    if kind == "bank_lines" and any(_ON_STATEMENTS & concepts(one.label) for one in assigned.values() if one.by_header):
        score += 1.5
    if "amount" in required and "amount" not in assigned and "amount" not in missing:
        score += min(assigned["debit"].confidence, assigned["credit"].confidence)
    return score + 0.1 * sum(one.confidence for name, one in assigned.items() if name not in required)


# Files of these kinds look like parts of a list of items: something in the header must say what they are.
_TELLING = {
    "allocations": ("ALLOCATION", "credit_number"),
    "orders": ("ORDER", ""),
    "promises": ("PROMISE", "made_on"),
    "bank_lines": ("NARRATIVE", "text"),
}
# What stands beside a day and an amount on a statement of the bank alone, where a list of items has other columns too.
_ON_STATEMENTS = frozenset({"NARRATIVE", "IBAN"})


def _tells(kind: str, name: str, one: FieldGuess) -> bool:
    concept, field_name = _TELLING[kind]
    return name == field_name or concept in concepts(one.label)


def _complete(inspection: Inspection, kind: str, assigned: dict[str, FieldGuess]) -> Guess:
    """The guess with everything that is decided for the file as a whole, and what one should know of it."""
    formats = decide_formats(inspection, kind, {name: one.label for name, one in assigned.items()})
    constants = _constants(inspection, kind, assigned)
    sign = _sign(inspection, kind, assigned, formats)
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


def _sign(inspection: Inspection, kind: str, assigned: dict[str, FieldGuess], formats: Formats) -> str:
    """By kind, when credit notes and payments come without a minus; reversed, when invoices come with one.

    A column of signs is given up when the amounts have the same signs already: turning them once more would be wrong.
    """
    if kind == "bank_lines":  # what a bank credits came in, and its other amounts have the right sign
        return "reversed" if "debit" in assigned else "as_is"
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

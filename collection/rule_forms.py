"""The editor of assignment rules and the choice for a customer: shapes only, the services check the rules.

A rule has fields `name-<place>`, `scenario-<place>` and, for each criterion, `fact-<place>-<number>`,
`operator-...` and `values-...`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from collection.forms import DayInput
from collection.models import Scenario, ScenarioVersion
from collection.queries.facts import UNFILLED
from collection.rules.criteria import FACTS, OPERATORS, SEVERAL, Kind
from collection.services.rule_sets import MOST_RULES, RuleValues
from collection.words import FACT_CHOICES, FACT_WORDS, OPERATOR_WORDS
from core import formats

MOST_CRITERIA = 12
UPPER, LOWER = frozenset({"country", "currency"}), frozenset({"language"})


@dataclass
class CriterionRow:
    """A criterion in the editor: `choices` (value, label, is chosen) where there is a list, else `text`."""

    fact: str
    operator: str
    values: list[str] = field(default_factory=list)
    choices: list[tuple[str, str, bool]] = field(default_factory=list)
    error: str = ""

    @property
    def label(self) -> Any:
        return FACT_WORDS[self.fact]

    @property
    def is_unfilled(self) -> bool:
        return self.fact in UNFILLED

    @property
    def operators(self) -> list[tuple[str, Any, bool]]:
        kind = FACTS[self.fact].kind
        return [(str(one), OPERATOR_WORDS[one], str(one) == self.operator) for one in OPERATORS[kind]]

    @property
    def takes_several(self) -> bool:
        return not SEVERAL.isdisjoint(OPERATORS[FACTS[self.fact].kind])

    @property
    def text(self) -> str:
        return ", ".join(self.values)

    def as_data(self) -> dict[str, Any]:
        """As collection.rules.criteria.read_criterion() takes it."""
        values: list[Any] = list(self.values)
        if FACTS[self.fact].kind is Kind.YES_NO:
            values = [value == "yes" for value in values]
        return {"fact": self.fact, "operator": self.operator, "values": values}


@dataclass
class RuleRow:
    """A rule in the editor."""

    name: str = ""
    scenario_id: str = ""
    criteria: list[CriterionRow] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    note: str = ""
    words: str = ""
    customers: int | None = None
    items: int | None = None


def rows_posted(data: QueryDict) -> list[RuleRow]:
    """The rules as they were sent, unchecked; facts that there are none of are left out."""
    rows = []
    for place in range(_count(data.get("count", ""), MOST_RULES)):
        row = RuleRow(data.get(f"name-{place}", "")[:80], data.get(f"scenario-{place}", ""))
        for number in range(_count(data.get(f"criteria-{place}", ""), MOST_CRITERIA)):
            fact = data.get(f"fact-{place}-{number}", "")
            if fact in FACTS:
                given = data.getlist(f"values-{place}-{number}")
                operator = data.get(f"operator-{place}-{number}", "")
                row.criteria.append(CriterionRow(fact, operator, _values(fact, given)))
        rows.append(row)
    return rows


def _count(text: str, most: int) -> int:
    return min(int(text), most) if text.isdecimal() else 0


def _values(fact: str, given: Sequence[str]) -> list[str]:
    """Values of one field: of a list as they are, of a text its parts between commas."""
    if FACTS[fact].kind in (Kind.REFERENCE, Kind.YES_NO, Kind.TREE) or fact in FACT_CHOICES:
        return [text for text in given if text]
    text = ",".join(given)
    if FACTS[fact].kind in (Kind.MONEY, Kind.COUNT):
        return [text.strip().replace(" ", "").replace("\u00a0", "").replace(",", ".")]
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return [part.upper() if fact in UPPER else part.lower() if fact in LOWER else part for part in parts]


def rearranged(rows: list[RuleRow], wish: str, *, fact: str = "") -> list[RuleRow]:
    """The rules after "add", "up-<place>", "down-<place>", "remove-<place>", "more-<place>" (a criterion on `fact`)
    or "less-<place>-<number>"; any other wish changes nothing."""
    out = list(rows)
    what, *texts = wish.split("-")
    numbers = [int(text) for text in texts if text.isdecimal()]
    if what == "add" and len(out) < MOST_RULES:
        return [*out, RuleRow()]
    if not numbers or not 0 <= numbers[0] < len(out):
        return out
    place = numbers[0]
    if what == "remove":
        del out[place]
    elif what in ("up", "down"):
        other = place + (-1 if what == "up" else 1)
        if 0 <= other < len(out):
            out[place], out[other] = out[other], out[place]
    elif what == "more" and fact in FACTS and len(out[place].criteria) < MOST_CRITERIA:
        out[place].criteria.append(CriterionRow(fact, str(OPERATORS[FACTS[fact].kind][0])))
    elif what == "less" and len(numbers) > 1 and numbers[1] < len(out[place].criteria):
        del out[place].criteria[numbers[1]]
    return out


def rule_values(rows: Sequence[RuleRow]) -> list[RuleValues]:
    """The rows as the service takes them; a scenario that is none is refused there."""
    return [RuleValues(row.name, _uuid(row.scenario_id), [one.as_data() for one in row.criteria]) for row in rows]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def with_choices(rows: Sequence[RuleRow], references: Mapping[str, Mapping[Any, str]]) -> None:
    """Give each criterion the list that its fact has: rows of the organisation, codes, yes and no."""
    for row in rows:
        for one in row.criteria:
            kind = FACTS[one.fact].kind
            if kind is Kind.REFERENCE:
                listed = [(str(row_id), name) for row_id, name in references.get(one.fact, {}).items()]
            elif kind is Kind.YES_NO:
                listed = [("yes", str(_("yes"))), ("no", str(_("no")))]
            elif kind is Kind.TREE:
                known = references.get(one.fact, {})
                listed = [*known.items(), *((value, value) for value in one.values if value not in known)]
            else:
                listed = [(code, str(word)) for code, word in FACT_CHOICES.get(one.fact, {}).items()]
            one.choices = [(value, label, value in one.values) for value, label in listed]


class ChoiceForm(forms.Form):
    """A scenario for one customer."""

    scenario = forms.ChoiceField(label=_("Scenario"))
    entity = forms.ChoiceField(label=_("Of"), required=False)
    reason = forms.CharField(label=_("Why"), max_length=200)
    until_on = forms.DateField(
        label=_("Until"), widget=DayInput(), required=False, help_text=_("Empty: until somebody ends it.")
    )

    def __init__(
        self, *args: Any, scenarios: Sequence[Scenario], entities: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scenario"].choices = [(str(one.id), one.name) for one in scenarios]  # type: ignore[attr-defined]
        self.fields["entity"].choices = [("", _("all companies")), *entities]  # type: ignore[attr-defined]


class PinForm(forms.Form):
    """The version that items stay with."""

    version = forms.ChoiceField(label=_("Stay with"), required=False)
    reason = forms.CharField(label=_("Why"), max_length=200, required=False)

    def __init__(self, *args: Any, versions: Sequence[ScenarioVersion], is_pinned: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows: list[tuple[str, Any]] = [("", _("none: follow the rules again"))] if is_pinned else []
        for one in versions:
            day = formats.current().day(one.valid_from) if one.valid_from and one.valid_from.year > 1 else ""
            text = _("%(scenario)s, version %(n)d, from %(day)s") if day else _("%(scenario)s, version %(n)d")
            rows.append((str(one.id), str(text) % {"scenario": one.scenario.name, "n": one.number, "day": day}))
        self.fields["version"].choices = rows  # type: ignore[attr-defined]
        self.fields["reason"].required = not is_pinned
        if versions:
            self.initial.setdefault("version", str(versions[0].id))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("version") and not (given.get("reason") or "").strip():
            self.add_error("reason", _("Say why, please."))
        return given

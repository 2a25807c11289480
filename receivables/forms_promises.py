"""Forms of promises: plans in parts, and what is let pass before a promise is called broken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.lists import DayInput
from core.money import amount_text
from receivables.forms import AMOUNT, PromiseForm
from receivables.rules.promises import MOST_PARTS, Every, Part

EVERY = [
    (Every.WEEK.value, _("every week")),
    (Every.TWO_WEEKS.value, _("every two weeks")),
    (Every.MONTH.value, _("every month")),
]


class PlanForm(PromiseForm):
    """What is agreed: for which items, how much, in how many parts. The parts themselves stand in PartForm rows."""

    due_on = forms.DateField(label=_("First part on"), widget=DayInput())
    count = forms.IntegerField(label=_("Parts"), min_value=2, max_value=MOST_PARTS, initial=3)
    every = forms.ChoiceField(label=_("Parts fall due"), choices=EVERY, initial=Every.MONTH.value)
    field_order = ["items", "amount", "currency", "due_on", "count", "every", "comment"]


class PartForm(forms.Form):
    """One part: the day by which it is paid, and how much."""

    due_on = forms.DateField(label=_("Pays by"), widget=DayInput())
    amount = forms.DecimalField(label=_("Amount"), **AMOUNT)


def parts_of(data: Any) -> tuple[list[PartForm], list[Part] | None]:
    """The parts that were entered, and their values; None where one is not complete. Rows left empty are none."""
    rows = list(zip(data.getlist("part_on")[:MOST_PARTS], data.getlist("part_amount")[:MOST_PARTS], strict=False))
    shown = [PartForm({"due_on": on, "amount": amount}) for on, amount in rows if on.strip() or amount.strip()]
    parts = [Part(**form.cleaned_data) for form in shown if form.is_valid()]
    return shown, parts if len(parts) == len(shown) else None


def part_forms(parts: Iterable[Part], currency: str) -> list[PartForm]:
    """Rows to show, filled with proposed parts. The amounts as number inputs read them, in whatever language."""
    return [
        PartForm(initial={"due_on": part.due_on.isoformat(), "amount": amount_text(part.amount, currency)})
        for part in parts
    ]


class PromiseSettingsForm(forms.Form):
    """What is let pass."""

    late_days = forms.IntegerField(
        label=_("Days late that are let pass"),
        min_value=0,
        max_value=30,
        help_text=_("Calendar days after the promised day, in which a payment still keeps the promise."),
    )
    missing_pct = forms.DecimalField(
        label=_("Missing part that is let pass, percent"), min_value=0, max_value=20, decimal_places=2
    )
    missing_amount = forms.DecimalField(
        label=_("or amount, if that is more"),
        min_value=0,
        help_text=_("In the currency of each promise."),
        **AMOUNT,
    )

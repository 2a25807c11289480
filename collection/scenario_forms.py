"""Forms of scenarios: shapes only, the services check the rules."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from collection.forms import DayInput
from collection.models import Scenario, ScenarioVersion
from collection.services.versions import MOST_STEPS, StepValues
from collection.step_forms import CENT, MORE, NAMES, NEW_STEP, StepRow, as_values, step_fields


class ScenarioForm(forms.Form):
    """Name and description; for a new one, what it is a copy of."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("As you would say it: Large late payers."))
    description = forms.CharField(label=_("For whom, and why"), max_length=200, required=False)
    copy_of = forms.ChoiceField(label=_("Begin with the steps of"), required=False)

    def __init__(self, *args: Any, scenarios: Sequence[Scenario] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if scenarios is None:
            del self.fields["copy_of"]
        else:
            rows = [(str(one.id), one.name) for one in scenarios]
            self.fields["copy_of"].choices = [*rows, ("", _("none: an empty scenario"))]  # type: ignore[attr-defined]
            if rows:
                self.initial.setdefault("copy_of", rows[0][0])


class PublishForm(forms.Form):
    from_on = forms.DateField(label=_("Applies from"), widget=DayInput(), required=False)


class VersionForm(forms.Form):
    """Limits of a version and its steps: fields `<name>-<place>`, places counted from 0, as many as `count` says."""

    count = forms.IntegerField(min_value=0, max_value=MOST_STEPS, widget=forms.HiddenInput)
    minimum_delay_days = forms.IntegerField(
        label=_("Days between two messages to a customer"),
        min_value=0,
        max_value=90,
        help_text=_("Messages of other scenarios count as well."),
    )
    minimum_item_amount = forms.DecimalField(
        label=_("Smallest item worth a reminder"), min_value=0, max_digits=16, decimal_places=2
    )
    minimum_total_amount = forms.DecimalField(
        label=_("Smallest total worth a message, per currency"), min_value=0, max_digits=16, decimal_places=2
    )
    stale_after_days = forms.IntegerField(
        label=_("Silent when the ledger is older than (days)"),
        min_value=1,
        max_value=60,
        required=False,
        help_text=_("Empty: not checked."),
    )
    grouping = forms.ChoiceField(label=_("Messages to a customer"), choices=ScenarioVersion.Grouping.choices)
    working_days_only = forms.BooleanField(label=_("On working days only"), required=False)
    credits = forms.ChoiceField(
        label=_("Credit notes and money not set against anything"),
        choices=ScenarioVersion.Credits.choices,
        help_text=_("Deducted, the smallest total is judged on what is left."),
    )
    LIMITS = (
        "grouping", "credits", "minimum_delay_days", "minimum_item_amount", "minimum_total_amount", "stale_after_days",
        "working_days_only",
    )  # fmt: skip

    def __init__(self, *args: Any, rows: Sequence[Mapping[str, Any]], codes: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = len(rows)
        self.initial["count"] = self.places
        for place, row in enumerate(rows):
            for name, made in step_fields(place + 1, codes).items():
                self.fields[f"{name}-{place}"] = made
                self.initial[f"{name}-{place}"] = row[name]

    def limit_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.LIMITS]

    def step_rows(self) -> list[StepRow]:
        out = []
        for place in range(self.places):
            fields = {name: self[f"{name}-{place}"] for name in NAMES}
            differs = any(str(fields[name].value() or "") != str(NEW_STEP[name] or "") for name in MORE)
            wrong = any(fields[name].errors for name in MORE)
            out.append(StepRow(place, fields, wrong or (differs and self.is_bound), [fields[name] for name in MORE]))
        return out

    def limits(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.LIMITS}

    def steps(self) -> list[StepValues]:
        return [as_values(self.cleaned_data, place) for place in range(self.places)]


def limits_shown(version: ScenarioVersion) -> dict[str, Any]:
    """The version's limits as a form shows them."""
    shown = {name: getattr(version, name) for name in VersionForm.LIMITS}
    for name in ("minimum_item_amount", "minimum_total_amount"):
        shown[name] = Decimal(shown[name]).quantize(CENT)
    return shown

"""Forms of scenarios: shapes only, the services check the rules."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext_lazy as _

from collection.forms import DayInput
from collection.models import Scenario, ScenarioVersion, Step
from collection.services.versions import MOST_STEPS, STEP_FIELDS, StepValues
from desk.models import Channel

CENT = Decimal("0.01")
NEW_STEP = {
    "step_key": "",
    "name": "",
    "anchor": Step.Anchor.DUE_DATE.value,
    "offset_days": 5,
    "in_working_days": False,
    "channel": Channel.EMAIL.value,
    "mode": Step.Mode.TO_CONFIRM.value,
    "template_code": "reminder_1",
    "minimum_amount": Decimal("0.00"),
}


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


class StepRow(NamedTuple):
    """A row of the editor: its place, and its fields by name."""

    place: int
    fields: dict[str, forms.BoundField]


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
    LIMITS = (
        "grouping", "minimum_delay_days", "minimum_item_amount", "minimum_total_amount", "stale_after_days",
        "working_days_only",
    )  # fmt: skip

    def __init__(self, *args: Any, rows: Sequence[Mapping[str, Any]], codes: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = len(rows)
        self.initial["count"] = self.places
        for place, row in enumerate(rows):
            for name, made in self._step_fields(place + 1, codes).items():
                self.fields[f"{name}-{place}"] = made
                self.initial[f"{name}-{place}"] = row[name]

    @staticmethod
    def _step_fields(number: int, codes: Sequence[str]) -> dict[str, forms.Field]:
        def named(label: Any, **more: Any) -> dict[str, Any]:
            return {"aria-label": _("Step %(n)d: %(what)s") % {"n": number, "what": label}, **more}

        days = named(_("days"), **{"class": "days"})
        return {
            "step_key": forms.SlugField(max_length=40, required=False, widget=forms.HiddenInput),
            "name": forms.CharField(max_length=80, widget=forms.TextInput(attrs=named(_("name")))),
            "offset_days": forms.IntegerField(min_value=-365, max_value=1000, widget=forms.NumberInput(attrs=days)),
            "in_working_days": forms.BooleanField(
                required=False, widget=forms.CheckboxInput(attrs=named(_("in working days")))
            ),
            "minimum_amount": forms.DecimalField(
                min_value=0,
                max_digits=16,
                decimal_places=2,
                widget=forms.NumberInput(attrs=named(_("smallest amount of an item"))),
            ),
            "anchor": forms.ChoiceField(
                choices=Step.Anchor.choices, widget=forms.Select(attrs=named(_("counts from")))
            ),
            "channel": forms.ChoiceField(choices=Channel.choices, widget=forms.Select(attrs=named(_("how")))),
            "mode": forms.ChoiceField(choices=Step.Mode.choices, widget=forms.Select(attrs=named(_("who sends")))),
            "template_code": forms.ChoiceField(
                choices=[(code, code) for code in codes], widget=forms.Select(attrs=named(_("text")))
            ),
        }

    def limit_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.LIMITS]

    def step_rows(self) -> list[StepRow]:
        return [StepRow(place, {name: self[f"{name}-{place}"] for name in STEP_FIELDS}) for place in range(self.places)]

    def limits(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.LIMITS}

    def steps(self) -> list[StepValues]:
        given = self.cleaned_data
        return [StepValues(**{name: given[f"{name}-{place}"] for name in STEP_FIELDS}) for place in range(self.places)]


def limits_shown(version: ScenarioVersion) -> dict[str, Any]:
    """The version's limits as a form shows them."""
    shown = {name: getattr(version, name) for name in VersionForm.LIMITS}
    for name in ("minimum_item_amount", "minimum_total_amount"):
        shown[name] = Decimal(shown[name]).quantize(CENT)
    return shown


def rows_of(version: ScenarioVersion) -> list[dict[str, Any]]:
    """The version's steps as rows of the editor."""
    return [
        {name: getattr(step, name) for name in STEP_FIELDS} | {"minimum_amount": step.minimum_amount.quantize(CENT)}
        for step in version.steps.order_by("position")
    ]


def posted_rows(data: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of the editor as they were sent, unchecked."""
    text = data.get("count", "")
    count = min(int(text), MOST_STEPS) if text.isdecimal() else 0
    rows = []
    for place in range(count):
        row: dict[str, Any] = {name: data.get(f"{name}-{place}", "") for name in STEP_FIELDS}
        rows.append(row | {"in_working_days": bool(row["in_working_days"])})
    return rows


def rearranged(rows: Sequence[dict[str, Any]], wish: str) -> list[dict[str, Any]]:
    """The rows after "add", "up-<place>", "down-<place>" or "remove-<place>"; any other wish changes nothing."""
    out = list(rows)
    what, _dash, text = wish.partition("-")
    if what == "add" and len(out) < MOST_STEPS:
        return [*out, dict(NEW_STEP)]
    place = int(text) if text.isdecimal() else -1
    if not 0 <= place < len(out):
        return out
    if what == "remove":
        del out[place]
    elif what in ("up", "down"):
        other = place + (-1 if what == "up" else 1)
        if 0 <= other < len(out):
            out[place], out[other] = out[other], out[place]
    return out

"""The steps of a scenario in the editor: a card for each, with fields `<name>-<place>`."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext_lazy as _

from collection.models import ScenarioVersion, Step
from collection.services.versions import (
    MOST_DEADLINE_DAYS,
    MOST_INSTRUCTION,
    MOST_STEPS,
    STEP_FIELDS,
    StepValues,
)
from desk.models import Channel
from receivables.models import Contact

CENT = Decimal("0.01")
# In which order contacts are written to: the first role, else the next one.
ROLES = ("role_1", "role_2", "role_3")
NAMES = (*(name for name in STEP_FIELDS if name != "recipient_roles"), *ROLES)
TICKS = ("in_working_days", "cc_salesperson", "attach_invoices", "attach_statement", "attach_interest", "claims")
# Those that stand behind "more" in the card of a step.
MORE = (
    "kind", "minimum_amount", "instruction", "new_deadline_days", *ROLES, "cc_salesperson", "sender", "attach_invoices",
    "attach_statement", "attach_interest", "claims",
)  # fmt: skip
NEW_STEP: dict[str, Any] = {
    "step_key": "",
    "name": "",
    "kind": Step.Kind.REMINDER.value,
    "anchor": Step.Anchor.DUE_DATE.value,
    "offset_days": 5,
    "in_working_days": False,
    "channel": Channel.EMAIL.value,
    "mode": Step.Mode.TO_CONFIRM.value,
    "template_code": "reminder_1",
    "instruction": "",
    "minimum_amount": Decimal("0.00"),
    "new_deadline_days": None,
    "cc_salesperson": False,
    "sender": Step.Sender.COLLECTOR.value,
    "attach_invoices": False,
    "attach_statement": False,
    "attach_interest": False,
    "claims": False,
    **dict.fromkeys(ROLES, ""),
}


class StepRow(NamedTuple):
    """A card of the editor: its place, its fields by name, and whether something behind "more" is set or wrong."""

    place: int
    fields: dict[str, forms.BoundField]
    is_open: bool
    more: list[forms.BoundField]

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in self.fields.values())


def step_fields(number: int, codes: Mapping[str, str]) -> dict[str, forms.Field]:
    """The fields of one step; `number` counts from 1, for those who hear the page; `codes`: texts by code."""

    def named(label: Any, **more: Any) -> dict[str, Any]:
        return {"aria-label": _("Step %(n)d: %(what)s") % {"n": number, "what": label}, **more}

    def choice(label: Any, choices: Sequence[tuple[str, Any]], *, required: bool = True) -> forms.Field:
        return forms.ChoiceField(
            label=label, choices=choices, required=required, widget=forms.Select(attrs=named(label))
        )

    def tick(label: Any) -> forms.Field:
        return forms.BooleanField(label=label, required=False, widget=forms.CheckboxInput(attrs=named(label)))

    days = named(_("days"), **{"class": "days"})
    roles = [("", _("the usual order")), *Contact.Role.choices]
    return {
        "step_key": forms.SlugField(max_length=40, required=False, widget=forms.HiddenInput),
        "name": forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs=named(_("name")))),
        "kind": choice(_("What it is"), Step.Kind.choices),
        "offset_days": forms.IntegerField(
            label=_("Days"), min_value=-365, max_value=1000, widget=forms.NumberInput(attrs=days)
        ),
        "in_working_days": tick(_("in working days")),
        "anchor": choice(_("Counts from"), Step.Anchor.choices),
        "mode": choice(_("Who sends"), Step.Mode.choices),
        "channel": choice(_("How"), [("", "–"), *Channel.choices], required=False),
        "template_code": choice(_("Text"), [("", "–"), *codes.items()], required=False),
        "instruction": forms.CharField(
            label=_("What to do, or to say"),
            max_length=MOST_INSTRUCTION,
            required=False,
            widget=forms.TextInput(attrs=named(_("What to do, or to say"))),
            help_text=_("For the colleague who has the task or makes the call."),
        ),
        "minimum_amount": forms.DecimalField(
            label=_("Smallest item"),
            min_value=0,
            max_digits=16,
            decimal_places=2,
            widget=forms.NumberInput(attrs=named(_("smallest amount of an item"))),
            help_text=_("A smaller one waits at this step."),
        ),
        "new_deadline_days": forms.IntegerField(
            label=_("Asks to pay within (days)"),
            min_value=1,
            max_value=MOST_DEADLINE_DAYS,
            required=False,
            widget=forms.NumberInput(attrs=named(_("Asks to pay within (days)"))),
            help_text=_("The due date stays as it is. Empty: no other deadline."),
        ),
        "role_1": choice(_("Goes to"), roles, required=False),
        "role_2": choice(_("else to"), [("", "–"), *Contact.Role.choices], required=False),
        "role_3": choice(_("or else to"), [("", "–"), *Contact.Role.choices], required=False),
        "cc_salesperson": tick(_("Copy to the salesperson")),
        "sender": choice(_("In the name of"), Step.Sender.choices),
        "attach_invoices": tick(_("Enclose the invoices")),
        "attach_statement": tick(_("Enclose the statement")),
        "attach_interest": tick(_("Enclose the calculation of interest")),
        "claims": tick(_("Claim interest and recovery charges")),
    }


def as_values(given: Mapping[str, Any], place: int) -> StepValues:
    """The step at a place as the service takes it."""
    values = {name: given[f"{name}-{place}"] for name in NAMES if name not in ROLES}
    roles = [given[f"{name}-{place}"] for name in ROLES]
    return StepValues(**values, recipient_roles=[role for role in roles if role])


def rows_of(version: ScenarioVersion) -> list[dict[str, Any]]:
    """The version's steps as rows of the editor."""
    return [_row(step) for step in version.steps.order_by("position")]


def _row(step: Step) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(step, name) for name in STEP_FIELDS if name != "recipient_roles"}
    roles = [*step.recipient_roles, "", "", ""]
    return (
        row
        | {"minimum_amount": step.minimum_amount.quantize(CENT)}
        | {name: roles[place] for place, name in enumerate(ROLES)}
    )


def posted_rows(data: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of the editor as they were sent, unchecked."""
    text = data.get("count", "")
    count = min(int(text), MOST_STEPS) if text.isdecimal() else 0
    rows = []
    for place in range(count):
        row: dict[str, Any] = {name: data.get(f"{name}-{place}", "") for name in NAMES}
        rows.append(row | {name: bool(row[name]) for name in TICKS})
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

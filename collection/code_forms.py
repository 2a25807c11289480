"""Forms of status codes and causes: shapes only, the services check the rules."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from collection.rules.causes import Fact
from collection.words import CAUSE_FACTS
from core.lists import DayInput
from receivables.models import Cause, DisputeReason, Hold, StatusCode
from receivables.words import DISPUTE_REASONS
from risk.models import PayerProfile


class ItemStatusForm(forms.Form):
    """Mark items."""

    status = forms.ModelChoiceField(label=_("Status code"), queryset=StatusCode.objects.none(), required=False)
    until_on = forms.DateField(
        label=_("No reminder until"),
        required=False,
        widget=DayInput(),
        help_text=_("For a status that waits: the last day. Empty: so many days as the status says."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["status"]
        field.queryset = StatusCode.objects.filter(is_active=True).order_by("position", "label", "id")
        field.empty_label = _("take the status off")


class ItemCauseForm(forms.Form):
    """Say why items are late."""

    cause = forms.ChoiceField(label=_("Cause"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cause"].choices = [  # type: ignore[attr-defined]
            ("", _("leave it to the rules")), *cause_options(offered_only=True),
        ]  # fmt: skip


def cause_options(*, offered_only: bool = False) -> list[tuple[str, str]]:
    """(id, label) of causes, those below another indented by its name. 1 SQL query."""
    rows = Cause.objects.select_related("parent").order_by("position", "label", "id")
    if offered_only:
        rows = rows.filter(is_active=True)
    return [(str(row.id), f"{row.parent.label} › {row.label}" if row.parent else row.label) for row in rows]


class StatusCodeForm(forms.Form):
    """A status code."""

    code = forms.RegexField(
        r"^[A-Za-z0-9_-]{1,40}$", label=_("Code"), help_text=_("Letters, digits, - and _. It stays as it is.")
    )
    label = forms.CharField(label=_("Name"), max_length=80)
    behaviour = forms.ChoiceField(label=_("What it does"), choices=StatusCode.Behaviour.choices)
    wait_days = forms.IntegerField(
        label=_("Days that it waits"), required=False, min_value=1, max_value=365, help_text=_("Calendar days.")
    )
    is_active = forms.BooleanField(label=_("Offered"), required=False, initial=True)


class CauseForm(forms.Form):
    """A cause."""

    code = forms.RegexField(
        r"^[A-Za-z0-9_-]{1,40}$", label=_("Code"), help_text=_("Letters, digits, - and _. It stays as it is.")
    )
    label = forms.CharField(label=_("Name"), max_length=80)
    side = forms.ChoiceField(label=_("Whose doing"), choices=Cause.Side.choices)
    parent = forms.ChoiceField(label=_("Below"), required=False)
    is_active = forms.BooleanField(label=_("Offered"), required=False, initial=True)

    def __init__(self, *args: Any, parents: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = [("", "–"), *parents]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """As the service takes them."""
        given = dict(self.cleaned_data)
        parent = given.pop("parent")
        return {**given, "parent_id": UUID(parent) if parent else None}


class CauseRuleForm(forms.Form):
    """A rule of causes. Values are those of the fact that is chosen; others are not taken."""

    position = forms.IntegerField(
        label=_("Place in the order"), min_value=1, max_value=100, help_text=_("The first rule that holds decides.")
    )
    fact = forms.ChoiceField(label=_("Where"), choices=[(fact.value, label) for fact, label in CAUSE_FACTS.items()])
    values = forms.MultipleChoiceField(
        label=_("One of"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8, "class": "form-select"}),
        help_text=_("Nothing chosen: any. Only for disputes, suspensions, status codes and payer classes."),
    )
    cause = forms.ChoiceField(label=_("Cause"))
    is_active = forms.BooleanField(label=_("In force"), required=False, initial=True)
    remove = forms.BooleanField(label=_("Remove this rule"), required=False)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cause"].choices = cause_options()  # type: ignore[attr-defined]
        self.fields["values"].choices = _value_groups()  # type: ignore[attr-defined]
        if is_new:
            del self.fields["remove"]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        picked = [value.partition(":") for value in given.get("values", ())]
        if any(fact != given.get("fact") for fact, _point, _value in picked):
            self.add_error("values", _("Choose values of what is asked for above."))
        given["values"] = tuple(value for _fact, _point, value in picked)
        return given


def _value_groups() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Values that facts have, named apart by their fact. 2 SQL queries."""
    reasons = DISPUTE_REASONS | dict(DisputeReason.objects.values_list("code", "label"))
    listed: dict[Fact, dict[str, Any]] = {
        Fact.DISPUTE: reasons,
        Fact.HOLD: dict(Hold.Reason.choices),
        Fact.STATUS: dict(StatusCode.objects.order_by("position").values_list("code", "label")),
        Fact.PROFILE: dict(PayerProfile.Class.choices),
    }
    return [
        (CAUSE_FACTS[fact], [(f"{fact.value}:{value}", label) for value, label in values.items()])
        for fact, values in listed.items()
    ]

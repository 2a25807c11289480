"""Forms of terminal steps: shapes only, the services check the rules."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from collection.models import Agency, LegalCase, LegalCost
from core.lists import DayInput

AMOUNT: dict[str, Any] = {"max_digits": 16, "decimal_places": 4}


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Why"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class NoteForm(forms.Form):
    """A word to who decides."""

    note = forms.CharField(label=_("Note"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class StopForm(ReasonForm):
    """Ask for a stop of deliveries."""

    entity = forms.ChoiceField(label=_("Of"), required=False)

    field_order = ("entity", "reason")

    def __init__(self, *args: Any, entities: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entity"].choices = [("", _("all companies")), *entities]  # type: ignore[attr-defined]


class DecideForm(forms.Form):
    """Yes, or no and why."""

    decision = forms.ChoiceField(
        label=_("Decision"), choices=[("yes", _("yes")), ("no", _("no"))], widget=forms.RadioSelect
    )
    answer = forms.CharField(
        label=_("Answer"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A no needs a reason."),
    )


class AgencyForm(forms.Form):
    """Somebody outside who collects."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(label=_("What it is"), choices=Agency.Kind.choices)
    contact_name = forms.CharField(label=_("Contact"), max_length=120, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    terms = forms.CharField(
        label=_("What was agreed"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    is_active = forms.BooleanField(label=_("Offered"), required=False, initial=True)


class AgencyChoiceForm(forms.Form):
    """Who collects."""

    agency = forms.ChoiceField(label=_("Who collects"))

    def __init__(self, *args: Any, agencies: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].choices = list(agencies)  # type: ignore[attr-defined]


class CaseForm(forms.Form):
    """Prepare a case. `items`: (id, text) of what is overdue, all of it chosen at first."""

    agency = forms.ChoiceField(label=_("Who collects"))
    items = forms.MultipleChoiceField(label=_("Items"), widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(
        label=_("What they should know"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(
        self,
        *args: Any,
        agencies: Sequence[tuple[str, str]],
        items: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].choices = list(agencies)  # type: ignore[attr-defined]
        self.fields["items"].choices = list(items)  # type: ignore[attr-defined]
        self.fields["items"].initial = [value for value, _label in items]


class HandOverForm(forms.Form):
    """It goes out."""

    agency_ref = forms.CharField(label=_("Their reference"), max_length=80, required=False)


class CloseCaseForm(forms.Form):
    """How a case ended."""

    outcome = forms.ChoiceField(label=_("How it ended"), choices=LegalCase.Outcome.choices)
    resume = forms.BooleanField(
        label=_("Remind again of what is open"),
        required=False,
        help_text=_("Otherwise it stays out of dunning, to be written off for example."),
    )


class CostForm(forms.Form):
    """What a case cost."""

    kind = forms.ChoiceField(label=_("What for"), choices=LegalCost.Kind.choices)
    on = forms.DateField(label=_("Day"), widget=DayInput())
    amount = forms.DecimalField(label=_("Amount"), help_text=_("Below zero takes back a mistake."), **AMOUNT)
    currency = forms.CharField(label=_("Currency"), max_length=3)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).strip().upper()


class TerminalSettingsForm(forms.Form):
    """Which decisions need a second person."""

    four_eyes_notice = forms.BooleanField(label=_("Formal notices"), required=False)
    four_eyes_hand_over = forms.BooleanField(label=_("Hand-overs"), required=False)
    four_eyes_write_off = forms.BooleanField(label=_("Write-offs"), required=False)


class LimitForm(forms.Form):
    """The most that a role writes off."""

    amount = forms.DecimalField(
        label=_("At most, in one write-off"), required=False, min_value=0, help_text=_("Empty: no limit."), **AMOUNT
    )


class OverrideForm(forms.Form):
    """The rate of one customer."""

    percent = forms.DecimalField(
        label=_("Percent"),
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        help_text=_("Empty: the rates of the age brackets count again."),
    )
    reason = forms.CharField(label=_("Why"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}))

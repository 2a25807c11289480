"""Forms of the day's work: shapes only, the services check the rules."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from collection.rules.steps import OldItems
from collection.words import SERIES
from receivables.models import Dispute


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class PostponeForm(forms.Form):
    until = forms.DateField(label=_("Propose it again on"), widget=DayInput())
    note = forms.CharField(label=_("Why"), max_length=300, required=False)


class SkipForm(forms.Form):
    note = forms.CharField(label=_("Why"), max_length=300, required=False)


class TemplateCodeForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("As it stands in the list of steps: Friendly call.")
    )
    like = forms.ChoiceField(
        label=_("Begins as"), help_text=_("What it says, in each language, until you have written it.")
    )

    def __init__(self, *args: Any, like: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["like"].choices = like  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """A note about a customer. `members`: who can be mentioned."""

    text = forms.CharField(label=_("Note"), widget=forms.Textarea(attrs={"rows": 5}))
    mentions = forms.MultipleChoiceField(label=_("Tell"), required=False)
    next_on = forms.DateField(label=_("Follow up on"), required=False, widget=DayInput())
    next_text = forms.CharField(label=_("What to do then"), max_length=200, required=False)

    def __init__(self, *args: Any, members: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mentions"].choices = members  # type: ignore[attr-defined]


class GoLiveForm(forms.Form):
    old_items = forms.ChoiceField(
        choices=[(choice.value, choice.value) for choice in OldItems], initial=OldItems.FIRST_STEP.value
    )
    # Of the dry run that the page showed (collection.services.going_live).
    fingerprint = forms.RegexField(r"^[0-9a-f]{64}$")


class ClaimForm(forms.Form):
    until = forms.DateField(
        label=_("Until"), widget=DayInput(), help_text=_("Interest for the days until this one, which counts.")
    )


class WaiveForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=300)


class RateForm(forms.Form):
    series = forms.ChoiceField(label=_("Series"), choices=list(SERIES.items()))
    valid_from = forms.DateField(label=_("From"), widget=DayInput())
    percent = forms.DecimalField(label=_("Percent a year"), max_digits=6, decimal_places=3)
    source = forms.CharField(
        label=_("Source"), max_length=200, help_text=_("Where it is published: it is printed on the annex.")
    )


class LateTermsForm(forms.Form):
    entity = forms.ChoiceField(label=_("Company"))
    valid_from = forms.DateField(label=_("For documents from"), widget=DayInput())
    agreed_percent = forms.DecimalField(
        label=_("Agreed percent a year"),
        max_digits=6,
        decimal_places=3,
        required=False,
        help_text=_("Empty: the statutory rate of the company's country."),
    )
    with_fixed_charge = forms.BooleanField(label=_("Claim the fixed recovery charge"), required=False, initial=True)

    def __init__(self, *args: Any, entities: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entity"].choices = entities  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "entity_id": UUID(given["entity"]),
            **{name: given[name] for name in ("valid_from", "agreed_percent", "with_fixed_charge")},
        }


class AssignDisputeForm(forms.Form):
    """Who answers, until when."""

    owner = forms.ChoiceField(label=_("Who answers"))
    answer_due_on = forms.DateField(
        label=_("Until"), required=False, widget=DayInput(), help_text=_("Empty: as the reason says.")
    )

    def __init__(self, *args: Any, members: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = members  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """What the owner found."""

    proposed_outcome = forms.ChoiceField(
        label=_("How it should end"), choices=Dispute.Outcome.choices, widget=forms.RadioSelect
    )
    answer = forms.CharField(label=_("What you found"), widget=forms.Textarea(attrs={"rows": 5}), max_length=5_000)
    expected_credit = forms.DecimalField(
        label=_("Amount of the credit note"), required=False, max_digits=16, decimal_places=4
    )
    file = forms.FileField(label=_("Proof"), required=False, help_text=_("PDF, picture, mail or office file, 10 MB."))


class ResolveForm(forms.Form):
    """How a dispute ended."""

    outcome = forms.ChoiceField(label=_("How it ended"), choices=Dispute.Outcome.choices, widget=forms.RadioSelect)
    credit_note_number = forms.CharField(label=_("Number of the credit note"), required=False, max_length=80)
    comment = forms.CharField(
        label=_("Comment"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000
    )


class CommentForm(forms.Form):
    """A word to colleagues. `members`: who can be mentioned."""

    text = forms.CharField(label=_("Comment"), widget=forms.Textarea(attrs={"rows": 3}), max_length=5_000)
    mentions = forms.MultipleChoiceField(label=_("Tell"), required=False)

    def __init__(self, *args: Any, members: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mentions"].choices = members  # type: ignore[attr-defined]


class FileForm(forms.Form):
    file = forms.FileField(label=_("File"))


class DisputeReasonForm(forms.Form):
    """A reason of disputes."""

    code = forms.SlugField(label=_("Code"), max_length=60)
    label = forms.CharField(label=_("Name"), max_length=80)
    parent = forms.ChoiceField(label=_("Part of"), required=False)
    owner = forms.ChoiceField(label=_("Who answers"), required=False)
    answer_days = forms.IntegerField(label=_("Working days to answer"), min_value=1, max_value=90, initial=5)
    is_active = forms.BooleanField(label=_("Offered for new disputes"), required=False, initial=True)

    def __init__(
        self, *args: Any, parents: list[tuple[str, str]], members: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = [("", "–"), *parents]  # type: ignore[attr-defined]
        self.fields["owner"].choices = [("", "–"), *members]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            **{name: given[name] for name in ("code", "label", "answer_days", "is_active")},
            **{f"{name}_id": UUID(given[name]) if given[name] else None for name in ("parent", "owner")},
        }


class StatementForm(forms.Form):
    """A statement of a customer: of which company, of which day, and to whom it goes when it is sent."""

    entity = forms.ChoiceField(label=_("Company"))
    on = forms.DateField(label=_("As of"), widget=DayInput())
    contact = forms.ChoiceField(label=_("Send to"), required=False)
    # Names this asking, so that a second click sends nothing more.
    asked = forms.UUIDField(widget=forms.HiddenInput())

    def __init__(
        self, *args: Any, entities: list[tuple[str, str]], contacts: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entity"].choices = entities  # type: ignore[attr-defined]
        self.fields["contact"].choices = [("", _("whom reminders go to")), *contacts]  # type: ignore[attr-defined]

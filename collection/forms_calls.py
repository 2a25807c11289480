"""Forms of a call: how it ended, what was said, what comes next. Shapes only, the services check the rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from collection.forms import DayInput
from collection.models import Escalation, Interaction
from collection.rules.calls import MOST_PARTS, CallOutcome
from collection.services.calls import Announced, Contested, Promised, Said, WrongContact
from receivables.forms import DisputeForm, PromiseForm
from receivables.rules.promises import Every

Choices = list[tuple[str, str]]
EVERY = [
    (Every.WEEK.value, _("every week")),
    (Every.TWO_WEEKS.value, _("every two weeks")),
    (Every.MONTH.value, _("every month")),
]
# In the order in which they are offered: the most frequent ends of a call that reached somebody first.
OUTCOMES = [(one.value, Interaction.Outcome(one.value).label) for one in CallOutcome]


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", **kwargs)


class CallForm(forms.Form):
    """How it ended and with whom. `outcomes`: those that the member may enter."""

    outcome = forms.ChoiceField(label=_("How it ended"), widget=forms.RadioSelect)
    contact = forms.ChoiceField(label=_("With whom"), required=False)
    text = forms.CharField(
        label=_("What was said"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=5_000
    )

    def __init__(self, *args: Any, outcomes: Iterable[CallOutcome], contacts: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = set(outcomes)
        self.fields["outcome"].choices = [one for one in OUTCOMES if CallOutcome(one[0]) in offered]  # type: ignore[attr-defined]
        self.fields["contact"].choices = [("", "–"), *contacts]  # type: ignore[attr-defined]

    def contact_id(self) -> UUID | None:
        given = self.cleaned_data["contact"]
        return UUID(given) if given else None


class PromisedForm(PromiseForm):
    """What was promised, at once or in parts."""

    parts = forms.IntegerField(
        label=_("In so many parts"),
        min_value=1,
        max_value=MOST_PARTS,
        initial=1,
        help_text=_("1: all on the day above."),
    )
    every = forms.ChoiceField(label=_("Parts fall due"), choices=EVERY, initial=Every.MONTH.value, required=False)
    field_order = ["due_on", "amount", "currency", "parts", "every", "items"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["comment"]

    def said(self) -> Said:
        given = self.cleaned_data
        return Promised(
            due_on=given["due_on"],
            currency=given["currency"],
            amount=given["amount"],
            item_ids=[UUID(one) for one in given.get("items", ())],
            parts=given["parts"],
            every=Every(given["every"] or Every.MONTH),
        )


class ContestedForm(DisputeForm):
    """What is contested."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["comment"]

    def said(self) -> Said:
        given = self.cleaned_data
        return Contested(
            reason=given["reason"],
            item_ids=[UUID(one) for one in given["items"]],
            disputed_amount=given.get("disputed_amount"),
        )


class AnnouncedForm(forms.Form):
    """Until when a payment is waited for."""

    until_on = forms.DateField(label=_("Wait until"), widget=DayInput())
    items = forms.TypedMultipleChoiceField(
        label=_("Items"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        coerce=str,
        help_text=_("None: all that the customer owes."),
    )

    def __init__(self, *args: Any, items: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["items"].choices = list(items)  # type: ignore[attr-defined]

    def said(self) -> Said:
        given = self.cleaned_data
        return Announced(until_on=given["until_on"], item_ids=[UUID(one) for one in given["items"]])


class WrongContactForm(forms.Form):
    """Whether the person is still there."""

    has_left = forms.BooleanField(label=_("This person has left: write and call no more"), required=False)

    def said(self) -> Said:
        return WrongContact(has_left=self.cleaned_data["has_left"])


class NextForm(forms.Form):
    """What comes next, and when."""

    next_on = forms.DateField(label=_("Next on"), required=False, widget=DayInput())
    next_time = forms.TimeField(label=_("at"), required=False, widget=TimeInput())
    next_text = forms.CharField(label=_("What to do then"), max_length=200, required=False)


class LaterForm(forms.Form):
    """Until when something is put off."""

    until = forms.DateField(label=_("Do it on"), widget=DayInput())
    at = forms.TimeField(label=_("at"), required=False, widget=TimeInput())


class QuestionForm(forms.Form):
    """A question to the credit manager."""

    question = forms.CharField(label=_("Question"), widget=forms.Textarea(attrs={"rows": 5}), max_length=2_000)
    manager = forms.ChoiceField(label=_("To"))

    def __init__(self, *args: Any, managers: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["manager"].choices = managers  # type: ignore[attr-defined]


class AnswerQuestionForm(forms.Form):
    """The answer, and what is decided with it. `with_action`: the action that was asked about waits still."""

    outcome = forms.ChoiceField(label=_("Your answer"), widget=forms.RadioSelect)
    scenario = forms.ChoiceField(label=_("Scenario"), required=False)
    answer = forms.CharField(
        label=_("What you say"), required=False, widget=forms.Textarea(attrs={"rows": 4}), max_length=2_000
    )

    def __init__(self, *args: Any, with_action: bool, scenarios: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = Escalation.Outcome
        offered = [
            (kind.ANSWERED, _("Say what to do")),
            *(
                [(kind.CONFIRMED, _("Send the reminder")), (kind.SKIPPED, _("Skip the reminder"))]
                if with_action
                else []
            ),
            *([(kind.SCENARIO, _("Choose another scenario for the customer"))] if scenarios else []),
        ]
        self.fields["outcome"].choices = offered  # type: ignore[attr-defined]
        if scenarios:
            self.fields["scenario"].choices = [("", "–"), *scenarios]  # type: ignore[attr-defined]
        else:
            del self.fields["scenario"]


class AbsenceForm(forms.Form):
    """Who is away, and who does the work. `members`: those whose absence may be entered; empty: one's own."""

    member = forms.ChoiceField(label=_("Away"))
    replacement = forms.ChoiceField(label=_("Replaced by"))
    from_on = forms.DateField(label=_("First day"), widget=DayInput())
    until_on = forms.DateField(label=_("Last day"), widget=DayInput())

    def __init__(self, *args: Any, members: Choices, people: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["replacement"].choices = [("", "–"), *people]  # type: ignore[attr-defined]
        if members:
            self.fields["member"].choices = members  # type: ignore[attr-defined]
        else:
            del self.fields["member"]

"""Forms of reviews. Shapes only, the services check the rules."""

from django import forms
from django.utils.translation import gettext_lazy as _

from collection.forms import DayInput


class ReviewForm(forms.Form):
    """When customers are to be reviewed, and why."""

    due_on = forms.DateField(label=_("Review on"), widget=DayInput())
    reason = forms.CharField(label=_("Why"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class ReviewDoneForm(forms.Form):
    """What came of a review."""

    note = forms.CharField(
        label=_("What came of it"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class LaterReviewForm(forms.Form):
    """Until when a review is put off."""

    until = forms.DateField(label=_("Review on"), widget=DayInput())

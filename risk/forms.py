"""The form of the payer classes: shapes only, the service checks that the limits rise."""

from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from risk.rules.profile import ClassLimits


class ClassLimitsForm(forms.Form):
    """The limits that classes are given by. All are whole numbers of days, but one."""

    prompt_days = forms.IntegerField(label=_("Prompt: late on average at most, days"), min_value=0, max_value=60)
    slight_days = forms.IntegerField(label=_("Slightly late: at most, days"), min_value=1, max_value=120)
    slow_days = forms.IntegerField(label=_("Slow: at most, days"), min_value=2, max_value=240)
    very_slow_days = forms.IntegerField(
        label=_("Very slow: at most, days"), min_value=3, max_value=720, help_text=_("Above it: defaulting.")
    )
    minimum_instalments = forms.IntegerField(
        label=_("Instalments needed for a class"),
        min_value=1,
        max_value=100,
        help_text=_("Paid or overdue within the window. With fewer the class is not known."),
    )
    window_days = forms.IntegerField(label=_("Window, days"), min_value=30, max_value=1095)
    recent_days = forms.IntegerField(
        label=_("Recent part of the window, days"),
        min_value=7,
        max_value=365,
        help_text=_("The trend compares it with the rest."),
    )
    trend_days = forms.IntegerField(
        label=_("A trend from, days"), min_value=0, max_value=60, help_text=_("A change of up to so many is stable.")
    )

    def __init__(self, *args: Any, limits: ClassLimits, **kwargs: Any) -> None:
        super().__init__(*args, initial=asdict(limits), **kwargs)  # type: ignore[misc]


class ReviewRulesForm(forms.Form):
    """When customers are to be reviewed by themselves."""

    after_alert_days = forms.IntegerField(
        label=_("Working days from an alert to the review"),
        min_value=0,
        max_value=365,
        help_text=_("0: no review. The alert itself stands on the day's list until it was seen."),
    )
    silence_days = forms.IntegerField(
        label=_("Days without contact, from which on to review"),
        min_value=0,
        max_value=365,
        help_text=_("0: no review. A call that was answered, a message sent, a mail that came in or a review count."),
    )
    silence_amount = forms.DecimalField(
        label=_("and at least so much overdue"),
        min_value=0,
        max_digits=20,
        decimal_places=2,
        help_text=_("In the organisation's currency."),
    )

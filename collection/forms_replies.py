"""Forms of mail that came in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from desk.services.answering import LONGEST
from desk.services.inbound_handling import MOST_HOLD_DAYS


class AssignMailForm(forms.Form):
    """Whose mail it is: a reference, or the beginning of a name."""

    customer = forms.CharField(
        label=_("Customer"), max_length=200, help_text=_("Its reference, or the beginning of its name.")
    )
    add_sender = forms.BooleanField(required=False, initial=True)

    def __init__(self, *args: Any, sender: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sender:
            self.fields["add_sender"].label = _("Add %(address)s to its contacts") % {"address": sender}
        else:
            del self.fields["add_sender"]


class AnswerMailForm(forms.Form):
    """What is written back."""

    subject = forms.CharField(label=_("Subject"), max_length=250)
    text = forms.CharField(
        label=_("Text"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("The mail that you answer is repeated below your words."),
    )


class ReplyRulesForm(forms.Form):
    """What happens by itself when a customer writes."""

    hold_days = forms.IntegerField(
        label=_("Days for which its reminders wait"),
        min_value=0,
        max_value=MOST_HOLD_DAYS,
        help_text=_("0: reminders go on, until a promise or a dispute that you record stops them."),
    )
    asks_receipts = forms.BooleanField(
        label=_("Ask for a read receipt"),
        required=False,
        help_text=_(
            "The recipient's mail program asks its user, who may refuse; a receipt that comes back is in the history."
        ),
    )

"""Forms about messages: shapes only, the services check the rules."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ReceiptForm(forms.Form):
    """What the post says about a registered letter."""

    tracking_number = forms.CharField(label=_("Tracking number"), max_length=60, required=False)
    received_on = forms.DateField(
        label=_("Received on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("As the acknowledgement of receipt says."),
    )

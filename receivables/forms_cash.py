"""Forms of cash application."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import formats
from receivables.forms import AMOUNT
from receivables.services.matching import Share


class AsideForm(forms.Form):
    """Why a line pays nothing here."""

    reason = forms.CharField(
        label=_("Why"), max_length=200, help_text=_("A fee, a transfer between own accounts, a supplier's refund …")
    )


class AssignLineForm(forms.Form):
    """Whose payment it is: a reference, or the beginning of a name."""

    customer = forms.CharField(
        label=_("Customer"), max_length=200, help_text=_("Its reference, or the beginning of its name.")
    )


class SplitForm(forms.Form):
    """How much of a line pays which items: one field an item, empty where it pays nothing of it."""

    def __init__(self, *args: Any, items: Sequence[Any], chased: dict[Any, Decimal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = list(items)
        shown = formats.current()
        for item in self.items:
            self.fields[f"item_{item.id}"] = forms.DecimalField(
                label=_("%(number)s · due %(day)s · %(open)s open")
                % {
                    "number": item.number,
                    "day": shown.day(item.due_date),
                    "open": shown.money(chased[item.id], item.currency),
                },
                required=False,
                **AMOUNT,
            )

    def shares(self) -> list[Share]:
        """The parts that were filled in."""
        given = self.cleaned_data
        return [Share(item.id, value) for item in self.items if (value := given.get(f"item_{item.id}"))]


class CashSettingsForm(forms.Form):
    """How the organisation matches."""

    threshold = forms.DecimalField(
        label=_("Carried out by itself from"), min_value=Decimal(0), max_value=Decimal(1), decimal_places=3,
        help_text=_("Confidence from 0 to 1. At 1 nothing is matched without a person."),
    )  # fmt: skip
    tolerance_amount = forms.DecimalField(label=_("Tolerated difference"), min_value=Decimal(0), **AMOUNT)
    tolerance_pct = forms.DecimalField(
        label=_("but at most, percent of the sum"), min_value=Decimal(0), max_value=Decimal(100), decimal_places=2
    )
    grace_days = forms.IntegerField(label=_("Days of grace after the end of a discount"), min_value=0, max_value=60)
    confirm_days = forms.IntegerField(label=_("Days that the books may take to follow"), min_value=1, max_value=90)

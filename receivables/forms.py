"""Forms of the ledger's pages: they check shapes, the services check rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.lists import DayInput, Reader, Select
from receivables.filters import axis_values, owners
from receivables.models import Contact, Customer, CustomerAccount, CustomerGroup, PaymentTerms
from receivables.queries import Selection
from receivables.queries.reasons import offered_reasons
from receivables.queries.visible import customers_in, entities_in
from receivables.rules.ageing import CreditTreatment
from receivables.words import HOLD_EFFECTS

AMOUNT: dict[str, Any] = {"max_digits": 20, "decimal_places": 4}
ANY = _("any")


def languages() -> list[tuple[str, str]]:
    return [("", "–"), *((code, LANG_INFO[code]["name_local"].capitalize()) for code, _name in settings.LANGUAGES)]


class HoldForm(forms.Form):
    """Suspend reminders. `group`: the name of the group of the one customer that is picked."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[(reason.value, reason.label) for reason in HOLD_EFFECTS],
    )
    whole_group = forms.BooleanField(label=_("Of the whole group"), required=False)
    from_on = forms.DateField(label=_("From"), required=False, widget=DayInput(), help_text=_("Empty: today."))
    until_on = forms.DateField(
        label=_("Until"),
        required=False,
        widget=DayInput(),
        help_text=_("The last day. Empty: until somebody lifts it."),
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=1000)

    def __init__(self, *args: Any, group: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if group:
            self.fields["whole_group"].label = _("Of the whole group %(name)s") % {"name": group}
        else:
            del self.fields["whole_group"]


class DisputeForm(forms.Form):
    """Contest an item, or several wholly. `items`: (id, text) to choose from, where the item is not known yet."""

    items = forms.TypedMultipleChoiceField(label=_("Items"), widget=forms.CheckboxSelectMultiple, coerce=str)
    reason = forms.ChoiceField(label=_("Reason"), choices=offered_reasons)
    disputed_amount = forms.DecimalField(
        label=_("Disputed amount"), required=False, help_text=_("Empty: the whole item."), **AMOUNT
    )
    comment = forms.CharField(
        label=_("What the customer says"), required=False, widget=forms.Textarea(attrs={"rows": 4}), max_length=2000
    )

    def __init__(
        self, *args: Any, several: bool = False, items: Iterable[tuple[str, str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if several:
            del self.fields["disputed_amount"]
        if items is None:
            del self.fields["items"]
        else:
            self.fields["items"].choices = list(items)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("disputed_amount") is not None and len(given.get("items", ())) > 1:
            self.add_error("disputed_amount", _("A part can be disputed of one item only."))
        return given


class CloseDisputeForm(forms.Form):
    """End a dispute."""

    comment = forms.CharField(
        label=_("How it was settled"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )


class PromiseForm(forms.Form):
    """Record a promise. `items`: (id, text) of what the customer may speak of; `currencies`: in which it owes."""

    due_on = forms.DateField(label=_("Pays by"), widget=DayInput())
    amount = forms.DecimalField(
        label=_("Amount"), required=False, help_text=_("Empty: all of the items chosen below."), **AMOUNT
    )
    currency = forms.ChoiceField(label=_("Currency"))
    items = forms.TypedMultipleChoiceField(
        label=_("Items"), required=False, widget=forms.CheckboxSelectMultiple, coerce=str
    )
    comment = forms.CharField(
        label=_("Comment"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000
    )

    def __init__(
        self, *args: Any, items: Iterable[tuple[str, str]] = (), currencies: Iterable[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["items"].choices = list(items)  # type: ignore[attr-defined]
        self.fields["currency"].choices = [(code, code) for code in currencies]  # type: ignore[attr-defined]
        if not self.fields["items"].choices:  # type: ignore[attr-defined]
            del self.fields["items"]
            self.fields["amount"].required = True
            self.fields["amount"].help_text = ""


class AssignForm(forms.Form):
    """Who looks after customers."""

    collector = forms.ModelChoiceField(label=_("Collector"), queryset=Member.objects.none(), required=False)
    salesperson = forms.ModelChoiceField(label=_("Salesperson"), queryset=Member.objects.none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("collector", "salesperson"):
            field: Any = self.fields[name]
            field.queryset = Member.objects.filter(is_active=True).order_by("name", "id")
            field.empty_label = _("as it is")


class ContactForm(forms.Form):
    """A person at a customer."""

    first_name = forms.CharField(label=_("First name"), required=False, max_length=80)
    last_name = forms.CharField(label=_("Last name"), max_length=80)
    role = forms.ChoiceField(label=_("Function"), choices=Contact.Role.choices)
    influence = forms.ChoiceField(
        label=_("Influence"),
        choices=Contact.Influence.choices,
        help_text=_("How much this person decides about payments."),
    )
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)
    phone = forms.CharField(label=_("Phone"), required=False, max_length=40)
    mobile = forms.CharField(label=_("Mobile"), required=False, max_length=40)
    language = forms.ChoiceField(label=_("Language"), required=False, choices=languages)
    is_primary = forms.BooleanField(label=_("First to write to"), required=False)
    is_active = forms.BooleanField(label=_("Still works there"), required=False, initial=True)

    def __init__(self, *args: Any, is_new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_new:
            del self.fields["is_active"]


class IdentifiersForm(forms.Form):
    """A customer's legal identifiers."""

    country = forms.CharField(
        label=_("Country"), required=False, max_length=2, help_text=_("Two letters, such as FR or DE.")
    )
    siren = forms.CharField(label=_("SIREN"), required=False, max_length=40)
    siret = forms.CharField(label=_("SIRET"), required=False, max_length=40)
    vat_number = forms.CharField(label=_("VAT number"), required=False, max_length=40)
    registration_number = forms.CharField(label=_("Company register number"), required=False, max_length=40)
    lei = forms.CharField(label=_("LEI"), required=False, max_length=40)

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).strip().upper()


class AddressForm(forms.Form):
    """Where a customer is written to."""

    street = forms.CharField(label=_("Street"), required=False, max_length=200)
    postal_code = forms.CharField(label=_("Postal code"), required=False, max_length=20)
    city = forms.CharField(label=_("City"), required=False, max_length=100)
    country = forms.CharField(
        label=_("Country"), required=False, max_length=2, help_text=_("Two letters, such as FR or DE.")
    )
    email = forms.EmailField(label=_("E-mail of the company"), required=False, max_length=254)
    phone = forms.CharField(label=_("Phone"), required=False, max_length=40)

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).strip().upper()


class TermsForm(forms.Form):
    """Payment terms of an account."""

    terms = forms.ModelChoiceField(label=_("Payment terms"), queryset=PaymentTerms.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["terms"].queryset = PaymentTerms.objects.order_by("code")  # type: ignore[attr-defined]


class SelectionForm(forms.Form):
    """Which part of the ledger a figure speaks of; used like a set of filters: SelectionForm(request.GET, reader=...)."""

    entity: Any = forms.ModelChoiceField(
        label=_("Company"), queryset=None, required=False, widget=Select(), empty_label=ANY
    )
    collector = forms.ModelChoiceField(
        label=_("Collector"), queryset=Member.objects.none(), required=False, widget=Select(), empty_label=ANY
    )
    salesperson = forms.ModelChoiceField(
        label=_("Salesperson"), queryset=Member.objects.none(), required=False, widget=Select(), empty_label=ANY
    )
    sector = forms.CharField(label=_("Sector"), required=False, widget=Select())
    region = forms.CharField(label=_("Region"), required=False, widget=Select())
    product = forms.CharField(label=_("Product"), required=False, widget=Select())
    group = forms.ModelChoiceField(
        label=_("Group"), queryset=CustomerGroup.objects.none(), required=False, widget=forms.HiddenInput()
    )
    customer = forms.ModelChoiceField(
        label=_("Customer"), queryset=Customer.objects.none(), required=False, widget=forms.HiddenInput()
    )
    mine = forms.BooleanField(label=_("Mine"), required=False)

    def __init__(self, data: Any = None, *, reader: Reader, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.reader = reader
        fields: Any = self.fields
        fields["entity"].queryset = entities_in(scope=reader.scope)
        fields["collector"].queryset = fields["salesperson"].queryset = owners(reader)
        fields["customer"].queryset = customers_in(scope=reader.scope)
        fields["group"].queryset = CustomerGroup.objects.all()
        for name in ("sector", "region", "product"):
            fields[name].widget.choices = _with_any(axis_values(name))

    def selection(self, *, currency: str = "") -> Selection:
        """What of it is understood. `mine` stands for the collector or, who is none, the salesperson."""
        self.is_valid()
        given = getattr(self, "cleaned_data", {})
        ids = {name: row.id for name in ("collector", "salesperson", "group", "customer") if (row := given.get(name))}
        if given.get("mine") and self.reader.member_id:
            ids.setdefault(self._own_part(), self.reader.member_id)
        entity = given.get("entity")
        return Selection(
            entity_ids=frozenset({entity.id}) if entity else frozenset(),
            currency=currency,
            sector=given.get("sector", ""),
            region=given.get("region", ""),
            product=given.get("product", ""),
            **{f"{name}_id": row_id for name, row_id in ids.items()},
        )

    def _own_part(self) -> str:
        """1 SQL query."""
        collects = CustomerAccount.objects.filter(collector_id=self.reader.member_id).exists()
        return "collector" if collects else "salesperson"


def _with_any(values: Callable[[], Iterable[tuple[str, str]]]) -> Callable[[], list[tuple[str, Any]]]:
    """Choices that are read when the select shows, "any" first."""
    return lambda: [("", ANY), *values()]


class AgeingForm(SelectionForm):
    """The aged balance: day, what was known, currency and how credits stand."""

    on = forms.DateField(label=_("As of"), required=False, widget=DayInput())
    known_on = forms.DateField(
        label=_("As known on"),
        required=False,
        widget=DayInput(),
        help_text=_("Leaves out what we learned later. Empty: everything known now."),
    )
    currency = forms.CharField(label=_("Currency"), required=False, max_length=3, widget=forms.HiddenInput())
    credits = forms.ChoiceField(
        label=_("Credits"),
        required=False,
        widget=Select(),
        choices=[
            ("", _("in the bucket of their date")),
            (CreditTreatment.OWN_COLUMN.value, _("in a column of their own")),
            (CreditTreatment.OLDEST_FIRST.value, _("set against the oldest debts")),
        ],
    )

    field_order: tuple[str, ...] = ("on", "known_on", "credits")

    @property
    def treatment(self) -> CreditTreatment:
        self.is_valid()
        return CreditTreatment(self.cleaned_data.get("credits") or CreditTreatment.IN_BUCKETS.value)


class OpenItemsForm(AgeingForm):
    """The items behind a figure of the aged balance."""

    bucket = forms.ChoiceField(
        label=_("Age"),
        required=False,
        widget=Select(),
        choices=[
            ("", ANY),
            ("not_due", _("not due")),
            ("d1_30", _("1–30 days")),
            ("d31_60", _("31–60 days")),
            ("d61_90", _("61–90 days")),
            ("d91_plus", _("> 90 days")),
            ("overdue", _("overdue")),
            ("credits", _("credits")),
        ],
    )
    currency = forms.CharField(label=_("Currency"), required=False, max_length=3)

    field_order = ("on", "known_on", "bucket", "currency")

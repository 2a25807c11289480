"""Forms check shapes; the services check rules."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from babel import Locale
from django import forms
from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.entities import entities
from accounts.models import Role
from accounts.queries.members import roles
from accounts.roles import LABELS, Can
from accounts.services.organisations import countries, time_zones
from core.money import is_currency

RICH = {"data-rich": True}
THE_BROWSERS = "auto"


class RoleField(forms.TypedChoiceField):
    """One of the organisation's roles, by id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=UUID, label=kwargs.pop("label", _("Role")), **kwargs)


class EntitiesField(forms.TypedMultipleChoiceField):
    """Entities of the organisation, by id; none chosen means all of them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            coerce=UUID,
            required=False,
            label=kwargs.pop("label", _("Restrict to companies")),
            help_text=_("None chosen: the member sees all companies."),
            widget=forms.CheckboxSelectMultiple,
            **kwargs,
        )


class _MemberFields(forms.Form):
    """Fills the choices of `role` and `entities`; without entities there is nothing to restrict to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = role_choices()  # type: ignore[attr-defined]
        choices = [(str(entity.id), f"{entity.name} ({entity.code})") for entity in entities()]
        if len(choices) > 1:
            self.fields["entities"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["entities"]

    @property
    def entity_ids(self) -> list[UUID]:
        return self.cleaned_data.get("entities", [])


class InviteForm(_MemberFields):
    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput({"autocomplete": "off"})
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    role = RoleField()
    entities = EntitiesField()


class MemberForm(_MemberFields):
    name = forms.CharField(label=_("Name"), max_length=120)
    role = RoleField()
    entities = EntitiesField()


class DeactivateForm(forms.Form):
    also_revoke = forms.BooleanField(
        label=_("Also revoke the API keys and the open invitations that this person gave"), required=False
    )


class RoleForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    portfolio_only = forms.BooleanField(
        label=_("Sees only own customers"),
        required=False,
        help_text=_("Those whose salesperson or collector the member is."),
    )
    capabilities = forms.MultipleChoiceField(
        label=_("Rights"), required=False, choices=[(can.value, LABELS[can]) for can in Can]
    )


class ApiKeyForm(forms.Form):
    VALID_FOR = (("30", _("30 days")), ("90", _("90 days")), ("365", _("1 year")), ("0", _("until it is revoked")))

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What uses it, such as “ERP, nightly”."))
    role = RoleField(help_text=_("The key can never do more than this role."))
    valid_for = forms.ChoiceField(label=_("Valid for"), choices=VALID_FOR, initial="365")
    scopes = forms.MultipleChoiceField(
        label=_("Narrow to"),
        required=False,
        choices=[(can.value, LABELS[can]) for can in Can],
        widget=forms.SelectMultiple(RICH),
        help_text=_("Nothing chosen: all rights of the role."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = role_choices()  # type: ignore[attr-defined]


class OrganisationForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    country = forms.ChoiceField(
        label=_("Country"), widget=forms.Select(RICH), help_text=_("Its public holidays are no working days.")
    )
    currency = forms.ChoiceField(
        label=_("Currency"), widget=forms.Select(RICH), help_text=_("Of files and figures that name none.")
    )
    language = forms.ChoiceField(
        label=_("Language"), help_text=_("Of roles and messages, where a person or customer has none of their own.")
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), widget=forms.Select(RICH), help_text=_("Decides when the business day begins.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        locale = Locale.parse((get_language() or "en").replace("-", "_"))
        self.fields["country"].choices = _by_name(  # type: ignore[attr-defined]
            {code: locale.territories.get(code, code) for code in countries()}
        )
        self.fields["currency"].choices = [  # type: ignore[attr-defined]
            (code, f"{code} · {name}") for code, name in sorted(locale.currencies.items()) if is_currency(code)
        ]
        self.fields["language"].choices = language_choices()  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = [(name, name.replace("_", " ")) for name in sorted(time_zones())]  # type: ignore[attr-defined]


class NewOrganisationForm(OrganisationForm):
    is_sandbox = forms.BooleanField(
        label=_("Sandbox"),
        required=False,
        help_text=_("For trying things out: its clock can be moved, and its mail goes to the demo mailbox only."),
    )
    field_order = ("name", "is_sandbox")


class SendingHoursForm(forms.Form):
    days = forms.TypedMultipleChoiceField(
        label=_("Days"), coerce=int, choices=list(WEEKDAYS.items()), widget=forms.CheckboxSelectMultiple
    )
    start = forms.TimeField(label=_("From"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    end = forms.TimeField(label=_("To"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    on_holidays = forms.BooleanField(
        label=_("Also on public holidays"),
        required=False,
        help_text=_("Those of the country of the company that writes."),
    )


class ClockForm(forms.Form):
    on = forms.DateField(label=_("Day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Language"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [(THE_BROWSERS, _("The browser's")), *language_choices()]  # type: ignore[attr-defined]


class JoinForm(forms.Form):
    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Choose a password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("At least 10 characters; a sentence is easy to remember and hard to guess."),
    )


class AuditFilter(forms.Form):
    """What the audit trail is narrowed to; all of it in the address, so that a view can be sent to a colleague."""

    actor = forms.ChoiceField(label=_("Who"), required=False)
    action = forms.ChoiceField(label=_("What"), required=False)
    object = forms.UUIDField(label=_("About"), required=False)
    before = forms.CharField(required=False, widget=forms.HiddenInput)


def role_choices() -> list[tuple[str, Any]]:
    """Nothing is chosen to begin with: rights are given on purpose, not by leaving a field alone."""
    return [("", _("Choose a role")), *((str(role.id), _role_label(role)) for role in roles())]


def _role_label(role: Role) -> str:
    return str(_("%(role)s (own customers only)") % {"role": role.name}) if role.portfolio_only else role.name


def language_choices() -> list[tuple[str, str]]:
    """The languages of the product, each in its own words."""
    return [(code, LANG_INFO[code]["name_local"].capitalize()) for code, _name in settings.LANGUAGES]


def _by_name(names: dict[str, str]) -> list[tuple[str, str]]:
    from core.text import search_key

    return sorted(names.items(), key=lambda pair: search_key(pair[1]))

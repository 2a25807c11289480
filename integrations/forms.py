"""Forms of imports: how a file is read, as choices over the guessed mapping."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from integrations.files.fields import FIELDS, KINDS, MODES
from integrations.files.mapping import Mapping
from integrations.models import Connection, ImportKind, Mailbox, SyncRun
from receivables.models import Entity
from receivables.services.loading_parties import EntityNeeded

MODE_LABELS = {
    "snapshot": _("Open items as of a day: what is no longer in it is closed"),
    "history": _("Full history with the days of settlement"),
    "delta": _("Changes only"),
}
DATE_ORDERS = [
    ("dmy", _("day, month, year")),
    ("mdy", _("month, day, year")),
    ("ymd", _("year, month, day")),
    ("serial", _("serial numbers of a spreadsheet")),
]
# Kinds whose rows belong to a company; those of other kinds may.
_OF_AN_ENTITY = ("items", "orders")
SIGN_LABELS = [
    ("as_is", _("positive amounts are owed to us")),
    ("reversed", _("negative amounts are owed to us")),
    ("by_kind", _("no signs: the kind of document says it")),
]


class UploadForm(forms.Form):
    file = forms.FileField(label=_("File"))


class MappingForm(forms.Form):
    """One choice per column (`column_<n>`), and how dates and amounts are written. Starts from a mapping."""

    kind = forms.ChoiceField(label=_("What the file holds"), choices=ImportKind.choices)
    mode = forms.ChoiceField(label=_("How it is meant"), required=False)
    as_of = forms.DateField(label=_("As of"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    date_order = forms.ChoiceField(label=_("Dates are written"), choices=DATE_ORDERS)
    decimal = forms.ChoiceField(label=_("Decimal sign"), choices=[(".", _("point")), (",", _("comma"))])
    sign = forms.ChoiceField(label=_("Signs"), choices=SIGN_LABELS)
    extra_decimals = forms.ChoiceField(
        label=_("Amounts with too many decimals"),
        choices=[("round", _("round each row")), ("refuse", _("refuse the row"))],
    )
    currency = forms.CharField(
        label=_("Currency of rows that name none"),
        max_length=3,
        required=False,
        widget=forms.TextInput(attrs={"size": 4}),
    )
    entity = forms.ChoiceField(label=_("Company of rows that name none"), required=False)
    all_or_nothing = forms.BooleanField(label=_("Load all rows or none"), required=False)
    remember = forms.BooleanField(
        label=_("Remember this reading for files with these columns"), required=False, initial=True
    )

    def __init__(self, *args: Any, run: SyncRun, mapping: Mapping, labels: list[str], **kwargs: Any) -> None:
        self.mapping, self.labels = mapping, labels
        asked = str((args[0].get("kind") if args and args[0] else "") or mapping.kind)
        self.chosen_kind = asked if asked in KINDS else "items"
        kind = self.chosen_kind
        by_label = {label: name for name, label in mapping.columns.items()} if kind == mapping.kind else {}
        initial = {
            "kind": kind,
            "mode": run.mode or mapping.mode,
            "as_of": run.as_of,
            "date_order": mapping.date_order,
            "decimal": mapping.decimal,
            "sign": mapping.sign,
            "extra_decimals": mapping.extra_decimals,
            "currency": mapping.constants.get("currency", ""),
            "entity": run.options.get("entity", ""),
            "all_or_nothing": run.all_or_nothing,
            "remember": True,
            **{f"column_{n}": by_label.get(label, "") for n, label in enumerate(labels)},
        }
        super().__init__(*args, initial=initial, **kwargs)  # type: ignore[misc]
        entities = [
            (code, f"{code} · {name}") for code, name in Entity.objects.order_by("code").values_list("code", "name")
        ]
        self.fields["entity"].choices = [("", "–"), *entities]  # type: ignore[attr-defined]
        self.has_several_entities = len(entities) > 1
        modes = [(mode, MODE_LABELS[mode]) for mode in MODES] if kind == "items" else [("", "–")]
        self.fields["mode"].choices = modes  # type: ignore[attr-defined]
        choices = [("", _("not read")), *((one.name, one.label) for one in FIELDS[kind])]
        if any(one.name == "amount" for one in FIELDS[kind]):
            choices += [("debit", _("debit")), ("credit", _("credit")), ("sign", _("sign of the amount"))]
        for n, column in enumerate(labels):
            self.fields[f"column_{n}"] = forms.ChoiceField(
                label=column, choices=choices, required=False, widget=forms.Select(attrs={"class": "form-select"})
            )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        seen: dict[str, str] = {}
        for n, label in enumerate(self.labels):
            name = str(given.get(f"column_{n}", ""))
            if name and name in seen:
                self.add_error(f"column_{n}", _("%(column)s is read as this already.") % {"column": seen[name]})
            elif name:
                seen[name] = label
        needs_entity = self.has_several_entities and given.get("kind") in _OF_AN_ENTITY and "entity_code" not in seen
        if needs_entity and not given.get("entity"):
            self.add_error("entity", EntityNeeded.message)
        return given

    def new_mapping(self) -> Mapping:
        """The mapping as chosen. Raises InvalidMapping."""
        given = self.cleaned_data
        columns = {given[f"column_{n}"]: label for n, label in enumerate(self.labels) if given[f"column_{n}"]}
        ignored = tuple(label for n, label in enumerate(self.labels) if not given[f"column_{n}"])
        constants = {"currency": given["currency"].upper()} if given["currency"] and "currency" not in columns else {}
        is_same_kind = given["kind"] == self.mapping.kind
        kept = {
            name: text
            for name, text in self.mapping.constants.items()
            if is_same_kind and name != "currency" and name not in columns
        }
        return self.mapping.with_changes(
            kind=given["kind"],
            mode=given["mode"] if given["kind"] == "items" else "",
            columns=columns,
            constants={**kept, **constants},
            date_order=given["date_order"],
            decimal=given["decimal"],
            # A column that was read in its own way is read like the others once somebody says how.
            formats={}
            if (given["date_order"], given["decimal"]) != (self.mapping.date_order, self.mapping.decimal)
            else {name: one for name, one in self.mapping.formats.items() if name in columns},
            sign=given["sign"],
            extra_decimals=given["extra_decimals"],
            ignored=ignored,
        )


class ConnectionForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(
        label=_("How files arrive"),
        choices=[
            ("FOLDER", _("in a folder that the night empties")),
            ("UPLOAD", _("sent to an address with a secret")),
        ],
    )
    source = forms.SlugField(
        label=_("Short name of the source"), max_length=40, help_text=_("Files of one source follow each other.")
    )
    folder = forms.SlugField(
        label=_("Folder"), max_length=80, required=False, help_text=_("Its name below the organisation's inbox.")
    )
    entity = forms.ChoiceField(
        label=_("Company of rows that name none"), required=False, widget=forms.Select(attrs={"class": "form-select"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entities = Entity.objects.order_by("code").values_list("id", "code", "name")
        self.fields["entity"].choices = [("", "–"), *((str(pk), f"{code} · {name}") for pk, code, name in entities)]  # type: ignore[attr-defined]


class MailboxForm(forms.Form):
    """Where replies come in: a mailbox that is read, or (only when it is made) an address to which they are posted."""

    name = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(
        label=_("How mail arrives"),
        choices=[
            (Connection.Kind.IMAP, _("in a mailbox that is read every few minutes (IMAP)")),
            (Connection.Kind.MAIL, _("posted by a mail service to an address with a secret")),
        ],
    )
    entity = forms.ChoiceField(label=_("Company that is written to"), required=False)
    host = forms.CharField(label=_("Mail server"), max_length=253, required=False)
    security = forms.ChoiceField(label=_("Encryption"), choices=Mailbox.Security.choices)
    port = forms.IntegerField(label=_("Port"), initial=993, help_text=_("993, or 143 with STARTTLS."))
    user_name = forms.CharField(label=_("User name"), max_length=254, required=False)
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted, shown to nobody."),
    )
    folder = forms.CharField(label=_("Folder that is read"), max_length=120, initial="INBOX")
    afterwards = forms.ChoiceField(
        label=_("What becomes of a mail there"),
        choices=Mailbox.Afterwards.choices,
        help_text=_("Nothing is ever deleted."),
    )
    moved_to = forms.CharField(label=_("Folder to move to"), max_length=120, required=False)
    return_address = forms.CharField(
        label=_("Address of this mailbox, for mail that comes back"),
        max_length=254,
        required=False,
        help_text=_(
            "What cannot be delivered is then returned here, and marks message and contact. Your domain must allow our "
            "mail server to send for it (SPF). Empty: it is returned to whoever runs the mail server."
        ),
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entities = Entity.objects.order_by("code").values_list("id", "code", "name")
        choices = [("", _("as the mail says")), *((str(pk), f"{code} · {name}") for pk, code, name in entities)]
        self.fields["entity"].choices = choices  # type: ignore[attr-defined]
        if not is_new:
            for field in ("name", "kind", "entity"):
                del self.fields[field]
            self.fields["password"].help_text = _("Leave it empty to keep the one that is stored.")

"""The audit trail and the rights in words for a reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit_words import ACTIONS, FIELDS, OBJECTS
from accounts.roles import LABELS, Can
from core.formats import current

# Where a group of rights belongs: the part of a capability's name before the point.
GROUPS = {
    "receivables": gettext_lazy("Customers and ledger"),
    "collection": gettext_lazy("Collections"),
    "desk": gettext_lazy("Messages"),
    "risk": gettext_lazy("Risk"),
    "integrations": gettext_lazy("Data"),
    "accounts": gettext_lazy("Administration"),
}

# Steps of the night (creditmgmt.schedule), by what their count counts.
NIGHT_STEPS = {
    "sync": gettext_lazy("files taken from connections"),
    "statistics": gettext_lazy("big tables counted anew"),
    "open_amounts": gettext_lazy("open amounts put right"),
    "promises": gettext_lazy("promises decided"),
    "balances": gettext_lazy("balances that changed with the day"),
    "plan": gettext_lazy("reminders proposed"),
    "confirm": gettext_lazy("automatic reminders confirmed"),
    "outbox": gettext_lazy("messages waiting to be sent"),
    "profile": gettext_lazy("customers that pay otherwise than before"),
    "bank": gettext_lazy("matched payments settled with the books"),
    "allocate": gettext_lazy("bank lines matched by themselves"),
    "answers": gettext_lazy("old answers of the API forgotten"),
    "thanks": gettext_lazy("customers thanked for payments"),
    "delivery_notes": gettext_lazy("invoices announced to customers"),
    "digests": gettext_lazy("summaries of the day sent to colleagues"),
    "reviews": gettext_lazy("customers to review, or no longer"),
    "terminal": gettext_lazy("stops lifted and write-offs followed"),
    "mail": gettext_lazy("mails taken from mailboxes"),
    "causes": gettext_lazy("items whose cause was decided anew"),
    "claims": gettext_lazy("claims of interest and charges made"),
    "disputes": gettext_lazy("colleagues reminded of disputes"),
}

LONGEST_VALUE = 120
# Fields of which the trail says that they changed, not from what to what.
UNTOLD = frozenset({"name"})


@dataclass(frozen=True)
class Change:
    """A field's change in words: `before` and `after`, or for a set what was added and removed."""

    field: str
    before: str = ""
    after: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def action_words(action: str) -> str:
    """What an action is called; one without words of its own is read out of its name."""
    return str(ACTIONS.get(action) or _spelled_out(action.rpartition(".")[2]).capitalize())


def object_words(object_type: str) -> str:
    """What a kind of row is called: the words of accounts, else the model's own name for it."""
    from django.apps import apps

    if object_type in OBJECTS:
        return str(OBJECTS[object_type])
    try:
        return str(apps.get_model(object_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return _spelled_out(object_type.rpartition(".")[2])


def night_step_words(name: str) -> str:
    """What the count of a step of the night counts."""
    return str(NIGHT_STEPS.get(name) or _spelled_out(name))


def choice_words(object_type: str, field: str) -> Mapping[str, str]:
    """The words of a field's codes, {} for one that holds no codes."""
    from django.apps import apps
    from django.core.exceptions import FieldDoesNotExist

    try:
        of_model = apps.get_model(object_type)._meta.get_field(field)
    except (LookupError, ValueError, FieldDoesNotExist):
        return {}
    # What refers to the row (its steps, say) is a field of the model too, without codes.
    return {str(code): str(words) for code, words in getattr(of_model, "flatchoices", ())}


def change_words(changes: Mapping[str, Any], names: Mapping[UUID, str], object_type: str = "") -> list[Change]:
    """The changes of an audit record, one for each field. `names`: of the rows that a value may refer to."""
    out = []
    for field, value in changes.items():
        label = str(FIELDS.get(field) or _spelled_out(field))
        codes = choice_words(object_type, field)
        if codes and isinstance(value, list):
            value = [codes.get(one, one) if isinstance(one, str) else one for one in value]
        if isinstance(value, list) and len(value) == 2:
            before, after = value
            if isinstance(before, list) or isinstance(after, list):
                old = [value_words(one, names) for one in before or []]
                new = [value_words(one, names) for one in after or []]
                added, removed = tuple(w for w in new if w not in old), tuple(w for w in old if w not in new)
                if added or removed:
                    out.append(Change(label, added=added, removed=removed))
            else:
                words = Change(label, before=value_words(before, names), after=value_words(after, names))
                if field in UNTOLD or words.before or words.after:
                    out.append(words)
        else:
            out.append(Change(label, after=value_words(value, names)))
    return out


def value_words(value: Any, names: Mapping[UUID, str]) -> str:
    """One value: yes and no, a right or a row by its name, days by the reader's custom, long ones cut; "" for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    # Of a step or a rule, which has many fields, its name.
    if isinstance(value, dict):
        return str(value.get("name") or "…")
    if isinstance(value, list):
        return value_words(value[0], names) if value else ""
    text = str(value)
    if text in _CAPABILITIES:
        return str(LABELS[Can(text)])
    if _UUID.fullmatch(text):
        return names.get(UUID(text), text)
    try:
        if _MOMENT.fullmatch(text):
            return current().moment(datetime.fromisoformat(text))
        if _DAY.fullmatch(text):
            return current().day(date.fromisoformat(text))
    except ValueError:  # looks like a day, but is none: somebody's text
        return text
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def references_in(changes: Mapping[str, Any]) -> set[UUID]:
    """The ids among the values, to look their names up."""
    found = set()
    for value in changes.values():
        for one in _flat(value):
            if _UUID.fullmatch(str(one)):
                found.add(UUID(str(one)))
    return found


_CAPABILITIES = frozenset(can.value for can in Can)
# The shapes that core.audit.plain gives.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DAY = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]")
_MOMENT = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-9:.]+[+-][0-9]{2}:[0-9]{2}")


def _flat(value: Any) -> list[Any]:
    return [inner for one in value for inner in _flat(one)] if isinstance(value, list) else [value]


def _spelled_out(name: str) -> str:
    return name.replace("_", " ").strip()

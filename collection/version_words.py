"""What a version's steps do beside sending, in words, and what one version does otherwise than another."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from collection.models import ScenarioVersion, Step
from collection.services.versions import LIMITS, STEP_FIELDS
from core import formats
from receivables.models import Contact

FIELDS = {
    "name": gettext_lazy("name"),
    "kind": gettext_lazy("what it is"),
    "anchor": gettext_lazy("counts from"),
    "offset_days": gettext_lazy("days"),
    "in_working_days": gettext_lazy("in working days"),
    "channel": gettext_lazy("how"),
    "mode": gettext_lazy("who sends"),
    "template_code": gettext_lazy("text"),
    "instruction": gettext_lazy("what to do, or to say"),
    "minimum_amount": gettext_lazy("smallest item"),
    "new_deadline_days": gettext_lazy("asks to pay within (days)"),
    "recipient_roles": gettext_lazy("goes to"),
    "cc_salesperson": gettext_lazy("copy to the salesperson"),
    "sender": gettext_lazy("in the name of"),
    "attach_invoices": gettext_lazy("invoices enclosed"),
    "attach_statement": gettext_lazy("statement enclosed"),
    "attach_interest": gettext_lazy("calculation of interest enclosed"),
    "claims": gettext_lazy("interest and charges claimed"),
    "grouping": gettext_lazy("messages to a customer"),
    "credits": gettext_lazy("credits"),
    "minimum_delay_days": gettext_lazy("days between two messages"),
    "minimum_item_amount": gettext_lazy("smallest item"),
    "minimum_total_amount": gettext_lazy("smallest total"),
    "stale_after_days": gettext_lazy("silent on a ledger older than (days)"),
    "working_days_only": gettext_lazy("on working days only"),
}


def step_words(step: Step) -> str:
    """What a step does beside what its row says: deadline, recipients, enclosures, claims. "" for nothing special."""
    roles = dict(Contact.Role.choices)
    enclosed = [
        str(word)
        for name, word in (
            ("attach_invoices", _("the invoices")),
            ("attach_statement", _("the statement")),
            ("attach_interest", _("the calculation of interest")),
        )
        if getattr(step, name)
    ]
    texts = [
        _request_words(step),
        step.instruction,
        _("asks to pay within %(n)d days") % {"n": step.new_deadline_days} if step.new_deadline_days else "",
        _("goes to: %(roles)s") % {"roles": _(" else ").join(str(roles[role]) for role in step.recipient_roles)}
        if step.recipient_roles
        else "",
        _("copy to the salesperson") if step.cc_salesperson else "",
        _("in the company's name") if step.sender == Step.Sender.ENTITY and step.template_code else "",
        _("with %(files)s") % {"files": ", ".join(enclosed)} if enclosed else "",
        _("claims interest and recovery charges") if step.claims else "",
        _("items of at least %(amount)s") % {"amount": formats.current().number(step.minimum_amount, 2)}
        if step.minimum_amount
        else "",
    ]
    return " · ".join(str(text) for text in texts if text)


def _request_words(step: Step) -> str:
    """What a step asks a person to decide."""
    if step.kind == Step.Kind.FORMAL_NOTICE:
        return _("leaves only once approved")
    if step.mode != Step.Mode.TASK:
        return ""
    if step.kind == Step.Kind.STOP_DELIVERIES:
        return _("asks whoever decides about deliveries")
    return _("prepares a case and its dossier, to be handed over by a person") if step.is_terminal else ""


class Otherwise(NamedTuple):
    """Something that a version does otherwise: of which step ("" for the whole), what, before and after."""

    step: str
    what: str
    before: str
    after: str


def version_changes(before: ScenarioVersion, after: ScenarioVersion) -> list[Otherwise]:
    """What `after` does otherwise than `before`: limits, then steps in their order, then those that are gone."""
    out = [*_differing("", before, after, LIMITS)]
    old = {step.step_key: step for step in before.steps.order_by("position")}
    new = {step.step_key: step for step in after.steps.order_by("position")}
    for key, step in new.items():
        if key in old:
            out += _differing(step.name, old[key], step, [name for name in STEP_FIELDS if name != "step_key"])
        else:
            out.append(Otherwise(step.name, _("new step"), "", step_words(step)))
    out += [Otherwise(step.name, _("no longer a step"), "", "") for key, step in old.items() if key not in new]
    if [key for key in old if key in new] != [key for key in new if key in old]:
        out.append(Otherwise("", _("order of the steps"), _in_order(before), _in_order(after)))
    return out


def _in_order(version: ScenarioVersion) -> str:
    return ", ".join(version.steps.order_by("position").values_list("name", flat=True))


def _differing(step: str, before: Any, after: Any, names: Any) -> Iterator[Otherwise]:
    for name in names:
        if getattr(before, name) != getattr(after, name):
            yield Otherwise(step, str(FIELDS[name]), _value(before, name), _value(after, name))


def _value(row: Any, name: str) -> str:
    value = getattr(row, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "recipient_roles":
        return ", ".join(str(dict(Contact.Role.choices)[role]) for role in value) or _("the usual order")
    if isinstance(value, Decimal):
        return formats.current().number(value, 2)
    shown = getattr(row, f"get_{name}_display", None)
    text = shown() if shown else value
    return "–" if text in (None, "") else str(text)

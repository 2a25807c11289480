"""The organisation's own texts: saved when every name in them is known, removed to return to the common ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, record
from core.errors import Invalid
from desk.models import Channel, Template
from desk.rules.templates import Problem, problems
from desk.texts import DEFAULT_TEXTS, LANGUAGES

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class BadTemplate(Invalid):
    code = "bad_template"
    message = _("The text cannot be saved like this.")


@transaction.atomic
def save_template(*, code: str, channel: str, language: str, subject: str, body: str, actor: Actor) -> Template:
    """The organisation's text for a code, channel and language, in place of the one it had. Raises BadTemplate."""
    if channel not in Channel.values or language not in LANGUAGES or not _is_known(code):
        raise BadTemplate
    fields: dict[str, list[StrOrPromise]] = {
        "subject": [_said(one) for one in problems(subject, with_items=False)],
        "body": [_said(one) for one in problems(body)],
    }
    if not subject.strip() or len(subject) > 200 or len(subject.splitlines()) > 1:
        fields["subject"].append(_("A subject is one line of at most 200 characters."))
    if not body.strip():
        fields["body"].append(_("Write a text."))
    fields = {name: messages for name, messages in fields.items() if messages}
    if fields:
        raise BadTemplate(fields=fields)
    values = {"subject": subject.strip(), "body": body.strip()}
    template, created = Template.objects.select_for_update().get_or_create(
        code=code, channel=channel, language=language, defaults=values
    )
    before = {name: None if created else getattr(template, name) for name in values}
    if before != values:
        Template.objects.filter(id=template.id).update(**values, updated_at=Now())
        template.refresh_from_db()
        changes = {name: [before[name], value] for name, value in values.items()}
        record(actor=actor, action="desk.template_saved", row=template, changes=changes)
    return template


@transaction.atomic
def drop_template(*, code: str, channel: str, language: str, actor: Actor) -> None:
    """Return to the text that every organisation starts with. Nothing happens where there is no own text."""
    template = Template.objects.select_for_update().filter(code=code, channel=channel, language=language).first()
    if template is not None and any(known == code for known, _language in DEFAULT_TEXTS):
        record(actor=actor, action="desk.template_dropped", row=template, changes={"body": [template.body, None]})
        template.delete()


def _is_known(code: str) -> bool:
    return any(known == code for known, _language in DEFAULT_TEXTS) or Template.objects.filter(code=code).exists()


def _said(problem: Problem) -> str:
    return str(_("Line %(line)s: %(found)s is not understood.") % {"line": problem.line, "found": problem.found})

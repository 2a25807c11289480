"""The organisation's own texts: saved when every name in them is known, removed to return to the common ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, record
from core.errors import Invalid
from desk.models import MESSAGE_CHANNELS, Template
from desk.rules.templates import DEEPEST, LONGEST, REMINDERS, VOCABULARIES, Problem, Why, problems
from desk.texts import DEFAULT_TEXTS, LANGUAGES

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class BadTemplate(Invalid):
    code = "bad_template"
    message = _("The text cannot be saved like this.")


@transaction.atomic
def save_template(*, code: str, channel: str, language: str, subject: str, body: str, actor: Actor) -> Template:
    """The organisation's text for a code, channel and language, in place of the one it had. Raises BadTemplate."""
    if channel not in MESSAGE_CHANNELS or language not in LANGUAGES or not _is_known(code):
        raise BadTemplate
    words = VOCABULARIES.get(code, REMINDERS)
    fields: dict[str, list[StrOrPromise]] = {
        "subject": [said(one) for one in problems(subject, with_items=False, vocabulary=words)],
        "body": [said(one) for one in problems(body, vocabulary=words)],
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


def said(problem: Problem) -> str:
    """A problem in words: where, what, and what may have been meant."""
    words = str(_WORDS[problem.why]) % {"found": problem.found, "deepest": DEEPEST, "longest": LONGEST}
    if problem.meant:
        meant = "{{ " + problem.meant + " }}" if problem.why is not Why.UNKNOWN_CONDITION else problem.meant
        words += " " + _("Did you mean %(meant)s?") % {"meant": meant}
    return _("Line %(line)d: %(what)s") % {"line": problem.line, "what": words} if problem.line else words


_WORDS: dict[Why, StrOrPromise] = {
    Why.UNKNOWN_NAME: _("%(found)s is not among the names."),
    Why.UNKNOWN_CONDITION: _("%(found)s is not among the conditions."),
    Why.NOT_UNDERSTOOD: _("%(found)s is not understood."),
    Why.NOT_ALONE: _("%(found)s must stand alone on its line."),
    Why.NO_TABLE_HERE: _("%(found)s cannot stand here."),
    Why.NOT_ENDED: _("%(found)s has no {{ end }}."),
    Why.NOTHING_BEGUN: _("%(found)s without an {{ if }} before it."),
    Why.SECOND_ELSE: _("a second {{ else }}."),
    Why.TOO_DEEP: _("conditions within conditions, at most %(deepest)d deep."),
    Why.UNSEEN: _("a character that nobody sees: %(found)s."),
    Why.TOO_LONG: _("The text is too long: at most %(longest)d characters."),
    Why.TOO_MANY: _("Too many names or tables: %(found)s."),
}

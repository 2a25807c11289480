"""The organisation's own texts: saved when every name in them is known, removed to return to the common ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, record
from core.errors import Conflict, Invalid, NotFound
from desk.models import MESSAGE_CHANNELS, Channel, Template, TemplateCode, TemplateVersion
from desk.queries.templates import Texts, latest_number
from desk.rules.templates import DEEPEST, LONGEST, REMINDERS, VOCABULARIES, Problem, Why, problems
from desk.texts import DEFAULT_TEXTS, LANGUAGES

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class BadTemplate(Invalid):
    code = "bad_template"
    message = _("The text cannot be saved like this.")


class BadTemplateCode(Invalid):
    code = "bad_template_code"
    message = _("This text cannot be added.")


class TemplateChanged(Conflict):
    code = "template_changed"
    message = _(
        "Somebody else has saved this text meanwhile. Nothing of theirs was overwritten, and nothing of yours is lost."
    )


@transaction.atomic
def save_template(
    *,
    code: str,
    channel: str,
    language: str,
    subject: str,
    body: str,
    actor: Actor,
    based_on: int | None = None,
    restored_from: int | None = None,
) -> Template:
    """The organisation's text for a code, channel and language, in place of the one it had; kept as a new version.

    `based_on`: the number of the version that the author had before them (0: none); None asks nothing. The same words
    again make no version. Raises BadTemplate, TemplateChanged.
    """
    _check(code=code, channel=channel, language=language, subject=subject, body=body)
    place = {"code": code, "channel": channel, "language": language}
    values = {"subject": subject.strip(), "body": "\n".join(body.strip().splitlines())}
    template, created = Template.objects.select_for_update().get_or_create(**place, defaults=values)
    before = {name: None if created else getattr(template, name) for name in values}
    number = latest_number(**place)
    if based_on is not None and based_on != number:
        raise TemplateChanged
    if before != values:
        Template.objects.filter(id=template.id).update(**values, updated_at=Now())
        template.refresh_from_db()
        _keep(TemplateVersion(**place, **values, number=number + 1, restored_from=restored_from), actor=actor)
        changes = {name: [before[name], value] for name, value in values.items()}
        record(actor=actor, action="desk.template_saved", row=template, changes=changes)
    return template


@transaction.atomic
def drop_template(*, code: str, channel: str, language: str, actor: Actor, based_on: int | None = None) -> None:
    """Return to the text that every organisation starts with. Nothing happens where there is no own text.

    Raises TemplateChanged.
    """
    place = {"code": code, "channel": channel, "language": language}
    template = Template.objects.select_for_update().filter(**place).first()
    common = Texts().common(code=code, channel=channel, language=language)
    number = latest_number(**place)
    if based_on is not None and based_on != number:
        raise TemplateChanged
    if template is None or common is None:
        return
    words = {"subject": common.subject, "body": common.body}
    _keep(TemplateVersion(**place, **words, number=number + 1, is_common=True), actor=actor)
    record(actor=actor, action="desk.template_dropped", row=template, changes={"body": [template.body, None]})
    template.delete()


@transaction.atomic
def restore_version(
    *, code: str, channel: str, language: str, number: int, actor: Actor, based_on: int | None = None
) -> Template:
    """Bring the words of a version back, as a new version. Raises NotFound, TemplateChanged, BadTemplate.

    A text that the rules of today would refuse is refused.
    """
    place = {"code": code, "channel": channel, "language": language}
    version = TemplateVersion.objects.filter(**place, number=number).first()
    if version is None:
        raise NotFound
    words = {"subject": version.subject, "body": version.body}
    return save_template(**place, **words, actor=actor, based_on=based_on, restored_from=number)


@transaction.atomic
def create_template_code(*, name: str, like: str, actor: Actor) -> TemplateCode:
    """A code of the organisation's own, made of its name; until it has texts it says what `like` says.

    Raises BadTemplateCode: without name, one that exists, an unknown `like`.
    """
    name = " ".join(name.split())
    code = slugify(name).replace("-", "_")[:40].strip("_")
    if not code or len(name) > 80:
        raise BadTemplateCode(fields={"name": [_("A name is letters or digits, at most 80 of them.")]})
    if like not in {known for known, _language in DEFAULT_TEXTS}:
        raise BadTemplateCode(fields={"like": [_("Choose one of the texts.")]})
    taken = TemplateCode.objects.filter(Q(code=code) | Q(name=name)).exists()
    if taken or _is_known(code):
        raise BadTemplateCode(fields={"name": [_("There is a text of this name.")]})
    try:
        with transaction.atomic():
            made = TemplateCode.objects.create(code=code, name=name, like=like, created_by_id=actor.member_id)
    except IntegrityError as error:
        raise BadTemplateCode(fields={"name": [_("There is a text of this name.")]}) from error
    record(actor=actor, action="desk.template_code_created", row=made, changes={"name": [None, name]})
    return made


def _keep(version: TemplateVersion, *, actor: Actor) -> None:
    version.saved_by_id = actor.member_id
    try:
        with transaction.atomic():
            version.save(force_insert=True)
    except IntegrityError as error:
        raise TemplateChanged from error


def _check(*, code: str, channel: str, language: str, subject: str, body: str) -> None:
    """Raises BadTemplate, with what is wrong by field."""
    if channel not in MESSAGE_CHANNELS or language not in LANGUAGES or not _is_known(code):
        raise BadTemplate
    if fields := faults(code=code, subject=subject, body=body, channel=channel):
        raise BadTemplate(fields=fields)


def faults(*, code: str, subject: str, body: str, channel: str = Channel.EMAIL) -> dict[str, list[StrOrPromise]]:
    """What is wrong with a text, in words, by field; {} when it can be saved."""
    words = VOCABULARIES.get(code, REMINDERS)
    fields: dict[str, list[StrOrPromise]] = {
        "subject": [said(one) for one in problems(subject, with_items=False, vocabulary=words)],
        "body": [said(one) for one in problems(body, with_items=channel != Channel.SMS, vocabulary=words)],
    }
    if not subject.strip() or len(subject) > 200 or len(subject.splitlines()) > 1:
        fields["subject"].append(_("A subject is one line of at most 200 characters."))
    if not body.strip():
        fields["body"].append(_("Write a text."))
    return {name: messages for name, messages in fields.items() if messages}


def _is_known(code: str) -> bool:
    return (
        any(known == code for known, _language in DEFAULT_TEXTS)
        or TemplateCode.objects.filter(code=code).exists()
        or Template.objects.filter(code=code).exists()
    )


def said(problem: Problem) -> str:
    """A problem in words: where, what, and what may have been meant."""
    words = str(_WORDS[problem.why]) % {"found": problem.found, "deepest": DEEPEST, "longest": LONGEST}
    if problem.meant:
        meant = "{{ " + problem.meant + " }}" if problem.why is not Why.UNKNOWN_CONDITION else problem.meant
        words += " " + gettext("Did you mean %(meant)s?") % {"meant": meant}
    return gettext("Line %(line)d: %(what)s") % {"line": problem.line, "what": words} if problem.line else words


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
    Why.TOO_MANY_LINES: _("The text has too many lines: %(found)s."),
    Why.TOO_MANY: _("Too many names or tables: %(found)s."),
}

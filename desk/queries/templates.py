"""Which text a message uses: the organisation's own, else the one every organisation starts with."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from desk.models import Channel, Template, TemplateCode, TemplateVersion
from desk.rules.templates import VOCABULARIES
from desk.texts import DEFAULT_TEXTS, LANGUAGES, Text
from desk.texts_sms import TEXTS_SMS

if TYPE_CHECKING:
    from django.db.models import QuerySet

FALLBACK_LANGUAGE = "en"
Place = tuple[str, str, str]  # code, channel, language


class Origin(StrEnum):
    """Where a text comes from."""

    OWN = "OWN"  # the organisation wrote it
    COMMON = "COMMON"  # every organisation starts with it
    LIKE = "LIKE"  # nobody wrote it: the common text of the code that this one is like
    OTHER_LANGUAGE = "OTHER_LANGUAGE"  # nobody wrote it: the organisation's English one
    LETTER = "LETTER"  # a registered letter says what the organisation's letters say
    NONE = "NONE"  # there is nothing to say


def language_of(*wishes: str) -> str:
    """The first of the wished languages ("fr", "fr-be") that there are texts in, else English."""
    for wish in wishes:
        code = wish.lower().replace("_", "-").split("-")[0]
        if code in LANGUAGES:
            return code
    return FALLBACK_LANGUAGE


def template_codes() -> set[str]:
    """The codes that a step may name: those of reminders that every organisation has, and its own. 2 SQL queries."""
    common = {code for code, _language in DEFAULT_TEXTS if code not in VOCABULARIES}
    return common | set(TemplateCode.objects.values_list("code", flat=True)) | _codes_with_text()


def _codes_with_text() -> set[str]:
    return set(Template.objects.values_list("code", flat=True)) - set(VOCABULARIES)


def _common_text(code: str, channel: str, language: str) -> Text | None:
    """The text that every organisation starts with; a text message has one of its own, which is shorter."""
    text = DEFAULT_TEXTS.get((code, language))
    if text is None or channel != Channel.SMS:
        return text
    short = TEXTS_SMS.get((code, language))
    return Text(text.subject, short) if short else None


class Texts:
    """The texts of the tenant in scope, read once for a batch of messages. At most 2 SQL queries, on first use.

    `instead`: a text that is found in place of the one that is kept under its code, channel and language: to be looked
    at before it is saved. `at`: as they were at that moment.
    """

    def __init__(self, *, instead: Mapping[Place, Text] | None = None, at: datetime | None = None) -> None:
        self._instead, self._at = dict(instead or {}), at
        self._own: dict[Place, Text] | None = None
        self._like: dict[str, str] | None = None

    def find(self, *, code: str, channel: str, language: str) -> Text:
        """The text of a template code. Raises KeyError for a code that nobody has a text for."""
        return self.found(code=code, channel=channel, language=language)[0]

    def found(self, *, code: str, channel: str, language: str) -> tuple[Text, Origin]:
        """The text of a template code and where it comes from. Raises KeyError for a code without text."""
        if self._own is None:
            rows = self._rows()
            self._own = {(row[0], row[1], row[2]): Text(row[3], row[4]) for row in rows} | self._instead
        for tongue in dict.fromkeys((language, FALLBACK_LANGUAGE)):
            if own := self._own.get((code, channel, tongue)):
                return own, Origin.OWN if tongue == language else Origin.OTHER_LANGUAGE
            if channel == Channel.REGISTERED_LETTER and (own := self._own.get((code, Channel.LETTER, tongue))):
                return own, Origin.LETTER if tongue == language else Origin.OTHER_LANGUAGE
            if common := self.common(code=code, channel=channel, language=tongue):
                is_own_code = (code, tongue) not in DEFAULT_TEXTS
                return common, Origin.LIKE if is_own_code else Origin.COMMON
        raise KeyError(code)

    def _rows(self) -> Iterable[tuple[str, str, str, str, str]]:
        """(code, channel, language, subject, body) of the organisation's own texts. 1 SQL query."""
        fields = ("code", "channel", "language", "subject", "body")
        if self._at is None:
            return Template.objects.values_list(*fields)
        last = TemplateVersion.objects.filter(saved_at__lte=self._at).order_by("code", "channel", "language", "-number")
        found = last.distinct("code", "channel", "language").values_list(*fields, "is_common")
        return [(row[0], row[1], row[2], row[3], row[4]) for row in found if not row[5]]

    def common(self, *, code: str, language: str, channel: str = Channel.EMAIL) -> Text | None:
        """What there is without a text of the organisation's: the common one of the code, or of the code it is like."""
        if (code, language) in DEFAULT_TEXTS:
            return _common_text(code, channel, language)
        if self._like is None:
            self._like = dict(TemplateCode.objects.values_list("code", "like"))
        return _common_text(self._like.get(code, ""), channel, language)


def versions_of(*, code: str, channel: str, language: str) -> "QuerySet[TemplateVersion]":
    """What a text was, the newest first, with who saved it."""
    rows = TemplateVersion.objects.filter(code=code, channel=channel, language=language)
    return rows.select_related("saved_by").order_by("-number")


def latest_number(*, code: str, channel: str, language: str) -> int:
    """The number of the newest version of a text, 0 for one that was never changed. 1 SQL query."""
    found = versions_of(code=code, channel=channel, language=language).values_list("number", flat=True).first()
    return found or 0


def texts_before(*, code: str, at: datetime) -> Texts | None:
    """The texts as they were at that moment, where one of this code was saved or given up since; else None.

    1 SQL query, and those of reading them.
    """
    since = TemplateVersion.objects.filter(code=code, saved_at__gt=at)
    return Texts(at=at) if since.exists() else None


def former_words(*, code: str, language: str, channel: str, most: int = 50) -> list[Text]:
    """What a message of this code may have been made of before: the versions of its text, the newest first, and the text
    that every organisation starts with. 2 SQL queries."""
    channels = {channel, Channel.LETTER} if channel == Channel.REGISTERED_LETTER else {channel}
    rows = TemplateVersion.objects.filter(
        code=code, channel__in=channels, language__in={language, FALLBACK_LANGUAGE}
    ).order_by("-saved_at", "-number")
    found = [Text(subject, body) for subject, body in rows.values_list("subject", "body")[:most]]
    texts = Texts()
    starts = (texts.common(code=code, language=one, channel=channel) for one in (language, FALLBACK_LANGUAGE))
    return found + [text for text in starts if text]

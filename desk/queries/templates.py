"""Which text a message uses: the organisation's own, else the one every organisation starts with."""

from desk.models import Template
from desk.texts import DEFAULT_TEXTS, LANGUAGES, Text

FALLBACK_LANGUAGE = "en"


def language_of(*wishes: str) -> str:
    """The first of the wished languages ("fr", "fr-be") that there are texts in, else English."""
    for wish in wishes:
        code = wish.lower().replace("_", "-").split("-")[0]
        if code in LANGUAGES:
            return code
    return FALLBACK_LANGUAGE


def template_codes() -> set[str]:
    """The codes that a step may name: those of the texts that every organisation has, and its own. 1 SQL query."""
    return {code for code, _language in DEFAULT_TEXTS} | set(Template.objects.values_list("code", flat=True))


class Texts:
    """The texts of the tenant in scope, read once for a batch of messages. 1 SQL query, on first use."""

    def __init__(self) -> None:
        self._own: dict[tuple[str, str, str], Text] | None = None

    def find(self, *, code: str, channel: str, language: str) -> Text:
        """The text of a template code. Raises KeyError for a code that nobody has a text for."""
        if self._own is None:
            rows = Template.objects.values_list("code", "channel", "language", "subject", "body")
            self._own = {(row[0], row[1], row[2]): Text(row[3], row[4]) for row in rows}
        for tongue in (language, FALLBACK_LANGUAGE):
            if own := self._own.get((code, channel, tongue)):
                return own
            if default := DEFAULT_TEXTS.get((code, tongue)):
                return default
        raise KeyError(code)

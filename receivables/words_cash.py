"""Proposals of cash application in words: the reasons of the rules in the reader's language, and how sure they are."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import formats

# From this confidence on, in the order of the list.
_SURENESS = (
    (Decimal("0.9"), _("almost sure")),
    (Decimal("0.75"), _("probable")),
    (Decimal("0.5"), _("possible")),
    (Decimal(0), _("a guess")),
)


def sureness(confidence: Decimal) -> str:
    """A confidence (0-1) in a word."""
    return str(next(word for least, word in _SURENESS if confidence >= least)) if confidence else ""


def reasons_in_words(proposal: Mapping[str, Any], currency: str) -> list[str]:
    """The reasons of a stored proposal, or why there is none, in the language in use."""
    return [_in_words(reason, currency) for reason in _list(proposal.get("reasons"))]


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _in_words(reason: Mapping[str, Any], currency: str) -> str:
    values = dict(reason["values"])
    if "amount" in values:
        values["amount"] = formats.current().money(Decimal(values["amount"]), currency)
    return gettext(reason["text"]) % values

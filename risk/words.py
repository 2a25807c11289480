"""Payer profiles in words, badges and lines."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from core.formats import Formats
from core.phrases import in_words
from risk.models import PayerProfile, Review

CLASSES = dict(PayerProfile.Class.choices)
TRENDS = dict(PayerProfile.Trend.choices)
# Badge of a class, and the mood of a trend.
CLASS_KINDS = {"PROMPT": "good", "SLIGHT": "info", "SLOW": "warn", "VERY_SLOW": "bad", "DEFAULTING": "bad"}
TREND_MOODS = {"IMPROVING": "good", "WORSENING": "bad"}

# The box of the history line.
WIDTH, HEIGHT = 300, 60


def why(explanation: Mapping[str, Any], formats: Formats | None = None) -> str:
    """Why the customer has its class, in the reader's language."""
    return in_words(explanation["why"], formats)


def index_line(history: Sequence[Any], *, on: date) -> str:
    """The payment index over time as the points of a line in a box of 300 by 60; "" for fewer than two days.

    `history`: profiles, the newest first; the index stays level while a profile holds. Days without index are left out.
    """
    rows = [row for row in reversed(history) if row.payment_index is not None]
    if not rows or rows[0].valid_from >= on:
        return ""
    first, days = rows[0].valid_from, (on - rows[0].valid_from).days
    points = []
    for row in rows:
        until = min(row.valid_to or on, on)
        y = round(HEIGHT * (100 - row.payment_index) / 100, 1)
        points += [f"{round(WIDTH * (day - first).days / days, 1)},{y}" for day in (row.valid_from, until)]
    return " ".join(points)


def class_changes(history: Sequence[Any], *, most: int = 5) -> list[dict[str, Any]]:
    """When the class changed, the newest first: {"on", "payer_class", "kind", "before"}; "before" "" for the first."""
    changes = []
    for row, former in zip(history, [*history[1:], None], strict=True):
        if former is None or former.payer_class != row.payer_class:
            changes.append(
                {
                    "on": row.valid_from,
                    "payer_class": CLASSES[row.payer_class],
                    "kind": CLASS_KINDS.get(row.payer_class, ""),
                    "before": CLASSES[former.payer_class] if former else "",
                }
            )
    return changes[:most]


def review_words(row: Review) -> str:
    """Why a customer is to be reviewed: a person's own words, or a rule's sentence."""
    return row.text if row.source == Review.Source.HAND else in_words({"text": row.text, "values": row.values})

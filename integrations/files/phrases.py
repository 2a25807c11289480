"""Phrases in JSON: kept in English with their values, so that each reader sees them in their own language. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.text import Phrase


def to_json(phrase: Phrase) -> dict[str, Any]:
    """{"text": ..., "values": {...}}; a value may be a phrase again."""
    return {
        "text": phrase.text,
        "values": {
            name: to_json(value) if isinstance(value, Phrase) else value for name, value in phrase.values.items()
        },
    }


def from_json(document: Mapping[str, Any]) -> Phrase:
    """The phrase that `to_json` gave."""
    values = {
        name: from_json(value) if isinstance(value, dict) else value for name, value in document["values"].items()
    }
    return Phrase(document["text"], values)

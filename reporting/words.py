"""The lines of a customer's timeline in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.words import action_words
from collection.models import Escalation, Interaction
from core.formats import Formats, current
from receivables.words import DISPUTE_REASONS, HOLD_REASONS, in_words
from reporting.queries.timeline import Happening

OUTCOMES = dict(Interaction.Outcome.choices)
ANSWERS = dict(Escalation.Outcome.choices)
CHANNELS = {
    "email": gettext_lazy("e-mail"),
    "letter": gettext_lazy("letter"),
    "registered_letter": gettext_lazy("registered letter"),
    "sms": gettext_lazy("text message"),
}
# What became of a message: icon, level and words.
MESSAGES = {
    "sent": ("mail-check", "", gettext_lazy("Reminder sent")),
    "bounced": ("mail-exclamation", "bad", gettext_lazy("Reminder refused by the recipient's server")),
    "delayed": ("mail-exclamation", "quiet", gettext_lazy("Reminder delayed by the recipient's server")),
    "failed": ("mail-off", "bad", gettext_lazy("Reminder could not be sent")),
    "unsure": ("mail-exclamation", "bad", gettext_lazy("Reminder perhaps sent")),
    "cancelled": ("send-off", "quiet", gettext_lazy("Reminder cancelled")),
    "received": ("mail-check", "good", gettext_lazy("Registered letter received")),
}


def line_of(one: Happening) -> dict[str, Any]:
    """A line for <c-timeline-entry>: icon, level, title (safe HTML or text), meta, text."""
    shown = current()
    group, _point, what = one.kind.partition(".")
    tell = _TOLD.get(one.kind) or _TOLD.get(group) or _other
    line = {"icon": "point", "level": "", "text": "", **tell(one, what, shown)}
    line["meta"] = " · ".join(part for part in (shown.day(one.on), one.who, line.get("meta", "")) if part)
    return line


def _message(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    state, _point, channel = what.partition(".")
    icon, level, words = MESSAGES.get(state, ("mail", "", action_words(one.kind)))
    data = one.data
    meta = " · ".join(
        str(part)
        for part in (CHANNELS.get(channel, channel), data.get("recipient", ""), data.get("number", ""))
        if part
    )
    text = data.get("error") or ""
    return {
        "icon": "printer" if channel in ("letter", "registered_letter") and state == "sent" else icon,
        "level": level,
        "title": format_html("<strong>{}</strong> {}", words, data.get("subject", "")),
        "meta": meta,
        "text": text,
    }


def _call(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    outcome = one.data.get("outcome", "")
    title = format_html("<strong>{}</strong> {}", _("Call"), in_words(OUTCOMES, outcome) if outcome else "")
    return {"icon": "phone", "title": title, "text": one.data.get("text", ""), "meta": _next(one, shown)}


def _note(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    title = format_html("<strong>{}</strong>", _("Note"))
    return {"icon": "note", "title": title, "text": one.data.get("text", ""), "meta": _next(one, shown)}


def _question(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    words = _("Question to the credit manager") if what == "asked" else _("Question answered")
    return {
        "icon": "question-mark",
        "title": format_html("<strong>{}</strong>", words),
        "text": one.data.get("text", ""),
        "meta": in_words(ANSWERS, one.data["outcome"]) if one.data.get("outcome") else "",
    }


def _next(one: Happening, shown: Formats) -> str:
    next_on = one.data.get("next_on")
    if not next_on:
        return ""
    day = " ".join(filter(None, [shown.day(date.fromisoformat(next_on)), one.data.get("next_time")]))
    return _("next on %(day)s") % {"day": day}


def _payment(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    title = format_html(
        '<strong>{}</strong> {} <a href="{}">{}</a>',
        _("Payment"),
        _money(one, shown),
        reverse("item", args=[one.data["item"]]),
        one.data["number"],
    )
    unapplied = Decimal(one.data["open"])
    left = (
        _("%(amount)s not applied yet") % {"amount": shown.money(-unapplied, one.data["currency"])} if unapplied else ""
    )
    return {"icon": "coins", "level": "good", "title": title, "meta": left}


def _dispute(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    reason = in_words(DISPUTE_REASONS, one.data["reason"])
    words = _("Dispute opened") if what == "opened" else _("Dispute closed")
    amount = _money(one, shown) if one.data.get("amount") is not None else ""
    return {
        "icon": "message-report",
        "level": "" if what == "opened" else "good",
        "title": format_html(
            '<strong>{}</strong> <a href="{}">{}</a> {} {}',
            words, reverse("item", args=[one.data["item"]]), one.data["number"], reason, amount,
        ),
        "text": one.data.get("text", ""),
    }  # fmt: skip


def _promise(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    words = {
        "made": _("Promise"),
        "kept": _("Promise kept"),
        "broken": _("Promise broken"),
        "withdrawn": _("Promise withdrawn"),
    }
    due = shown.day(date.fromisoformat(one.data["due_on"]))
    title = format_html(
        "<strong>{}</strong> {}",
        words.get(what, what),
        _("%(amount)s by %(day)s") % {"amount": _money(one, shown), "day": due},
    )
    level = {"kept": "good", "broken": "bad", "withdrawn": "quiet"}.get(what, "")
    return {"icon": "calendar-event", "level": level, "title": title, "text": one.data.get("text", "")}


def _hold(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    words = _("Reminders suspended") if what == "placed" else _("Reminders go on")
    reason = in_words(HOLD_REASONS, one.data["reason"])
    until = one.data.get("until_on")
    end = _("until %(day)s") % {"day": shown.day(date.fromisoformat(until))} if until else ""
    number = one.data.get("number") or ""
    title = format_html("<strong>{}</strong> {} {} {}", words, number, reason, end)
    return {
        "icon": "player-pause" if what == "placed" else "player-play",
        "title": title,
        "text": one.data.get("text", ""),
    }


def _other(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    return {"icon": "edit", "level": "quiet", "title": format_html("<strong>{}</strong>", action_words(one.kind))}


def _money(one: Happening, shown: Formats) -> str:
    return shown.money(Decimal(one.data["amount"]), one.data["currency"])


def _reply(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    """A mail that came in: who wrote, with its page behind the subject."""
    words = _("Reply") if what == "received" else _("Automatic answer")
    back = one.data.get("returns_on")
    title = format_html(
        '<strong>{}</strong> <a href="{}">{}</a>',
        words, reverse("reply", args=[one.data["mail"]]), one.data.get("subject") or _("Mail without subject"),
    )  # fmt: skip
    absent = _("absent until %(day)s") % {"day": shown.day(date.fromisoformat(back))} if back else ""
    return {
        "icon": "mail-opened",
        "level": "" if what == "received" else "quiet",
        "title": title,
        "meta": " · ".join(filter(None, (one.data.get("sender", ""), absent))),
        "text": one.data.get("text", "")[:280] if what == "received" else "",
    }


_TOLD: dict[str, Callable[[Happening, str, Formats], dict[str, Any]]] = {
    "message": _message,
    "call": _call,
    "note": _note,
    "question": _question,
    "payment": _payment,
    "dispute": _dispute,
    "promise": _promise,
    "hold": _hold,
    "reply": _reply,
}

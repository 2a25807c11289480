"""The lines of a customer's timeline in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.words import action_words
from collection.models import Escalation, Interaction
from core.formats import Formats, current
from receivables.words import DISPUTE_REASONS, HOLD_REASONS, in_words
from reporting.queries.timeline import Happening, Sort
from risk.models import PayerProfile

OUTCOMES = dict(Interaction.Outcome.choices)
ANSWERS = dict(Escalation.Outcome.choices)
CLASSES = dict(PayerProfile.Class.choices)
# The page of a mail that came in, and what tells a colleague about a dispute (collection.services.disputes).
INBOUND_PAGE = "reply"
DISPUTE_NOTICE = "collection.DisputeNotice"
CHANNELS = {
    "email": gettext_lazy("e-mail"),
    "letter": gettext_lazy("letter"),
    "registered_letter": gettext_lazy("registered letter"),
    "sms": gettext_lazy("text message"),
}
# What became of a message: icon, level and words.
MESSAGES = {
    "sent": ("mail-check", "", gettext_lazy("Reminder sent")),
    "opened": ("mail-opened", "good", gettext_lazy("Reminder opened")),
    "bounced": ("mail-exclamation", "bad", gettext_lazy("Reminder refused by the recipient's server")),
    "delayed": ("mail-exclamation", "quiet", gettext_lazy("Reminder delayed by the recipient's server")),
    "failed": ("mail-off", "bad", gettext_lazy("Reminder could not be sent")),
    "unsure": ("mail-exclamation", "bad", gettext_lazy("Reminder perhaps sent")),
    "cancelled": ("send-off", "quiet", gettext_lazy("Reminder cancelled")),
    "received": ("mail-check", "good", gettext_lazy("Registered letter received")),
}

REMINDER = "collection.Action"
# The same of what is no reminder.
OTHER_MESSAGES = {
    "sent": gettext_lazy("Message sent"),
    "opened": gettext_lazy("Message opened"),
    "bounced": gettext_lazy("Message refused by the recipient's server"),
    "failed": gettext_lazy("Message could not be sent"),
    "unsure": gettext_lazy("Message perhaps sent"),
    "cancelled": gettext_lazy("Message cancelled"),
}

SORTS: dict[Sort, Any] = {
    Sort.MESSAGES: gettext_lazy("Messages"),
    Sort.CALLS: gettext_lazy("Calls and notes"),
    Sort.PAYMENTS: gettext_lazy("Payments"),
    Sort.PROMISES: gettext_lazy("Promises"),
    Sort.DISPUTES: gettext_lazy("Disputes"),
    Sort.HOLDS: gettext_lazy("Suspensions"),
    Sort.DECISIONS: gettext_lazy("Reminders put off or skipped"),
    Sort.LITIGATION: gettext_lazy("Litigation"),
    Sort.PROFILE: gettext_lazy("How it pays"),
    Sort.DATA: gettext_lazy("Corrections of data"),
}


def line_of(one: Happening, *, customer_id: UUID, reads_messages: bool = True) -> dict[str, Any]:
    """A line of the history: icon, level, title (safe HTML or text), meta, text, and the address of what it speaks of.

    `reads_messages`: without that right nothing of what came in is quoted, and no message can be opened.
    """
    shown = current()
    group, _point, what = one.kind.partition(".")
    tell = _TOLD.get(one.kind) or _TOLD.get(group) or _other
    line = {"icon": "point", "level": "", "text": "", **tell(one, what, shown)}
    line["meta"] = " · ".join(part for part in (shown.day(one.on), one.who, line.get("meta", "")) if part)
    line["url"] = _url(one, group, customer_id)
    if group in ("message", "reply") and not reads_messages:
        line["url"] = ""
        line["text"] = "" if group == "reply" else line["text"]
    return line


def _url(one: Happening, group: str, customer_id: UUID) -> str:
    """Where what a line speaks of stands; "" where the line says all of it."""
    page = reverse("customer", args=[customer_id])
    if one.data.get("reason") == DISPUTE_NOTICE:
        return ""  # a colleague's own
    if group in ("message", "reply"):
        name = {"desk.Message": "message", "desk.InboundMessage": INBOUND_PAGE}.get(one.data.get("of") or "", "")
        try:
            return reverse(name, args=[one.data["object"]]) if name else ""
        except NoReverseMatch:
            return ""
    if group == "dispute":
        return reverse("dispute", args=[one.data["object"]])
    if group in ("stop", "case", "loss"):
        name = {"stop": "delivery_stop", "case": "legal_case", "loss": "write_off"}[group]
        return reverse(name, args=[one.data["object"]])
    if group in ("promise", "hold"):
        return f"{page}?tab={group}s"
    if group == "profile":
        return f"{page}#customer-profile"
    return ""


def _message(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    state, _point, channel = what.partition(".")
    icon, level, words = MESSAGES.get(state, ("mail", "", action_words(one.kind)))
    data = one.data
    if data.get("reason") == DISPUTE_NOTICE:
        words = _("Colleague asked about a dispute") if state == "sent" else words
    elif data.get("reason", REMINDER) != REMINDER:
        words = OTHER_MESSAGES.get(state, words)
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


def _reply(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    data = one.data
    words = _("Automatic answer") if what == "automatic" else _("Reply")
    back = data.get("returns_on")
    meta = [data.get("sender", "")]
    if back:
        meta.append(_("absent until %(day)s") % {"day": shown.day(date.fromisoformat(back))})
    return {
        "icon": "mail-opened" if what != "automatic" else "mail",
        "level": "quiet" if what == "automatic" else "",
        "title": format_html("<strong>{}</strong> {}", words, data.get("subject") or _("Mail without subject")),
        "meta": " · ".join(filter(None, meta)),
        "text": data.get("text", "")[:280] if what != "automatic" else "",
    }


def _action(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    until = one.data.get("until_on")
    words = _("Reminder put off") if what == "postponed" else _("Reminder skipped")
    end = _("until %(day)s") % {"day": shown.day(date.fromisoformat(until))} if until else ""
    return {
        "icon": "clock-pause" if what == "postponed" else "player-skip-forward",
        "level": "quiet",
        "title": format_html("<strong>{}</strong> {} {}", words, one.data["step"], end),
        "text": one.data.get("text", ""),
    }


def _profile(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    before, after = (in_words(CLASSES, one.data[name]) for name in ("before", "after"))
    return {
        "icon": "activity",
        "title": format_html("<strong>{}</strong> {} → {}", _("How it pays"), before, after),
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


def _review(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    words = _("Review asked for") if what == "asked" else _("Reviewed")
    title = format_html("<strong>{}</strong>", words)
    return {"icon": "calendar-event", "title": title, "text": one.data.get("text", ""), "meta": _next(one, shown)}


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
    words = {"opened": _("Dispute opened"), "answered": _("Dispute answered")}.get(what, _("Dispute closed"))
    amount = _money(one, shown) if one.data.get("amount") is not None else ""
    return {
        "icon": "message-report",
        "level": "good" if what == "closed" else "",
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


# What is said of each terminal step, and its icon.
_STEPS = {
    "stop.asked": (gettext_lazy("Stop of deliveries asked for"), "ban"),
    "stop.accepted": (gettext_lazy("Deliveries stopped"), "ban"),
    "stop.refused": (gettext_lazy("Stop of deliveries refused"), "ban"),
    "stop.ended": (gettext_lazy("Stop of deliveries ended"), "player-play"),
    "case.handed": (gettext_lazy("Handed over: case"), "briefcase"),
    "case.closed": (gettext_lazy("Closed: case"), "briefcase"),
    "loss.approved": (gettext_lazy("Write-off approved"), "file-off"),
}


def _step(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    words, icon = _STEPS[one.kind]
    amount = shown.money(one.data["amount"], one.data["currency"]) if "amount" in one.data else ""
    title = format_html("<strong>{}</strong> {}", words, amount or one.data.get("number", ""))
    return {"icon": icon, "title": title, "text": one.data.get("text", "")}


def _other(one: Happening, what: str, shown: Formats) -> dict[str, Any]:
    return {"icon": "edit", "level": "quiet", "title": format_html("<strong>{}</strong>", action_words(one.kind))}


def _money(one: Happening, shown: Formats) -> str:
    return shown.money(Decimal(one.data["amount"]), one.data["currency"])


_TOLD: dict[str, Callable[[Happening, str, Formats], dict[str, Any]]] = {
    "message": _message,
    "reply": _reply,
    "action": _action,
    "profile": _profile,
    "call": _call,
    "note": _note,
    "question": _question,
    "review": _review,
    "payment": _payment,
    "dispute": _dispute,
    "promise": _promise,
    "hold": _hold,
    "stop": _step,
    "case": _step,
    "loss": _step,
}

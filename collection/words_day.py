"""The day's work in words: each line's kind, why it stands where it stands, and where its buttons lead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.roles import Can
from collection.models import Interaction
from collection.queries.day import CHANCE_DAYS, Work
from collection.rules.day import WorkKind
from core import formats
from core.phrases import in_words
from desk.models import Channel
from receivables.models import Promise
from risk.models import Review
from risk.words import review_words

KIND_WORDS = {
    WorkKind.REMINDER: gettext_lazy("Reminders"),
    WorkKind.CALL: gettext_lazy("Calls"),
    WorkKind.PROMISE: gettext_lazy("Promises"),
    WorkKind.DISPUTE: gettext_lazy("Disputes"),
    WorkKind.REPLY: gettext_lazy("Replies"),
    WorkKind.BOUNCE: gettext_lazy("Bounced"),
    WorkKind.CONTACT: gettext_lazy("Contacts to find"),
    WorkKind.STEP: gettext_lazy("Steps"),
    WorkKind.ESCALATION: gettext_lazy("Questions"),
    WorkKind.REVIEW: gettext_lazy("Reviews"),
    WorkKind.MENTION: gettext_lazy("Mentions"),
}
ICONS = {
    WorkKind.REMINDER: "mail",
    WorkKind.CALL: "phone",
    WorkKind.PROMISE: "calendar-event",
    WorkKind.DISPUTE: "message-report",
    WorkKind.REPLY: "mail-opened",
    WorkKind.BOUNCE: "mail-off",
    WorkKind.CONTACT: "user-search",
    WorkKind.STEP: "list-check",
    WorkKind.ESCALATION: "question-mark",
    WorkKind.REVIEW: "trending-down",
    WorkKind.MENTION: "message",
}
REVIEW_SOURCES = dict(Review.Source.choices)
OUTCOMES = dict(Interaction.Outcome.choices)


@dataclass(frozen=True)
class Line:
    """One line of the list. `plain_sums`: for the browser to add up. `pick`: what a tick stands for where a reminder can be
    ticked, `review` where a review or an alert can.

    Addresses: `url` of the panel, `send` a reminder at once, `later` a form to put it off, `call` a form to log a
    call, `done` ticks it off.
    """

    work: Work
    key: str
    icon: str
    what: str
    why: str
    sums: str
    plain_sums: str
    pick: str
    review: str
    is_late: bool
    url: str
    send: str = ""
    later: str = ""
    call: str = ""
    done: str = ""


def lines_of(work: Sequence[Work], *, request: Any) -> list[Line]:
    """The lines, with the buttons that the member may use."""
    member = request.member
    may = {
        can: member.can(can) for can in (Can.CONFIRM_ACTIONS, Can.LOG_CALLS, Can.RECORD_PROMISE, Can.ACKNOWLEDGE_ALERTS)
    }
    return [_line(one, may, on=request.on) for one in work]


def _line(one: Work, may: dict[Can, bool], *, on: date) -> Line:
    shown = formats.current()
    sums = " + ".join(shown.money(amount, code, 0) for code, amount in one.amounts.items())
    what, why = _words(one, on=on)
    is_reminder = one.kind is WorkKind.REMINDER
    icon = "file-text" if is_reminder and one.row.channel == Channel.LETTER else ICONS[one.kind]
    return Line(
        work=one,
        key=f"{one.source}-{one.id}",
        icon=icon,
        what=what,
        why=why,
        sums=sums,
        plain_sums=json.dumps({code: str(amount) for code, amount in one.amounts.items()}),
        pick=str(one.id) if is_reminder else "",
        review=f"{one.source}-{one.id}" if one.source in ("alert", "review") else "",
        is_late=one.rank.band > 1,
        **_addresses(one, may),
    )


def _addresses(one: Work, may: dict[Can, bool]) -> dict[str, str]:
    call = reverse("call_new", args=[one.row.customer_id]) if may[Can.LOG_CALLS] else ""
    if one.source == "action":
        is_call = one.kind is WorkKind.CALL
        out = {"url": reverse("action", args=[one.id]), "call": f"{call}?action={one.id}" if is_call and call else ""}
        if may[Can.CONFIRM_ACTIONS]:
            out["later"] = reverse("action_postpone", args=[one.id])
            out["send"] = "" if is_call else reverse("action_confirm", args=[one.id])
        return out
    if one.source == "follow_up":
        out = {"url": reverse("follow_up", args=[one.id]), "call": call}
        if may[Can.LOG_CALLS]:
            out |= {
                "done": reverse("follow_up_done", args=[one.id]),
                "later": reverse("follow_up_later", args=[one.id]),
            }
        return out
    if one.source == "promise":
        done = reverse("promise_seen", args=[one.id]) if may[Can.RECORD_PROMISE] else ""
        return {"url": reverse("day_promise", args=[one.id]), "call": call, "done": done}
    if one.source == "alert":
        out = {"url": reverse("day_alert", args=[one.id])}
        if may[Can.ACKNOWLEDGE_ALERTS]:
            out |= {
                "done": reverse("day_alert_seen", args=[one.id]),
                "later": reverse("day_alert_later", args=[one.id]),
            }
        return out
    if one.source == "review":
        out = {"url": reverse("day_review", args=[one.id]), "call": call}
        if may[Can.ACKNOWLEDGE_ALERTS]:
            out |= {"done": reverse("review_done", args=[one.id]), "later": reverse("review_later", args=[one.id])}
        return out
    # A question is over when it is answered, not before.
    is_asked = one.kind is WorkKind.ESCALATION and one.row.key.endswith(":asked")
    done = "" if is_asked else reverse("day_task_done", args=[one.id])
    return {"url": reverse("day_task", args=[one.id]), "done": done}


def _words(one: Work, *, on: date) -> tuple[str, str]:
    """What it is, and why it stands there."""
    match one.source:
        case "action":
            what, reasons = one.row.step.name, [_action_why(one)]
        case "follow_up":
            what, reasons = _follow_up_words(one), [_due(one.row.next_on, on), _owes(one)]
        case "promise":
            what, reasons = _promise_words(one.row), [_due(one.row.due_on, on), _chance_words(one)]
        case "alert":
            what, reasons = in_words({"text": one.row.text, "values": one.row.values}), [_owes(one)]
        case "review":
            what = review_words(one.row)
            reasons = [str(REVIEW_SOURCES[one.row.source]), _due(one.row.due_on, on), _owes(one)]
        case _:
            what = in_words({"text": one.row.text, "values": one.row.values})
            reasons = [_due(one.row.due_on, on), _owes(one)]
    return what, " · ".join(filter(None, reasons))


def _action_why(one: Work) -> str:
    action, shown = one.row, formats.current()
    reason = action.priority_reason
    items = ngettext("%(n)d item", "%(n)d items", reason.get("items", 1)) % {"n": reason.get("items", 1)}
    days = reason.get("oldest_days", 0)
    if days > 0:
        when = ngettext("oldest %(n)d day late", "oldest %(n)d days late", days) % {"n": days}
    elif days == 0:
        when = _("due today")
    else:
        when = ngettext("due in %(n)d day", "due in %(n)d days", -days) % {"n": -days}
    since = ""
    if action.proposed_since != action.on:
        since = _("proposed since %(day)s") % {"day": shown.day(action.proposed_since)}
    return " · ".join(filter(None, [items, when, chance_of(reason), since]))


def chance_of(reason: dict[str, Any]) -> str:
    """How likely it is paid soon, by how its customer usually pays; "" for actions planned before that was asked."""
    if "chance_pct" not in reason:
        return ""
    values = {"chance": reason["chance_pct"], "days": reason["within_days"], "median": reason["median_days"]}
    if reason["is_own"] and reason["median_days"] <= 0:
        return _("usually pays in time: %(chance)d %% within %(days)d days") % values
    if reason["is_own"]:
        return (
            ngettext(
                "usually pays %(median)d day late: %(chance)d %% within %(days)d days",
                "usually pays %(median)d days late: %(chance)d %% within %(days)d days",
                values["median"],
            )
            % values
        )
    return _("no history of its own: %(chance)d %% within %(days)d days") % values


def _chance_words(one: Work) -> str:
    """The chance behind the rank, of what is worth something."""
    total = sum(one.amounts.values(), Decimal(0))
    if total <= 0 or len(one.amounts) > 1:
        return ""
    chance = Decimal(one.rank.cents) / (100 * total)
    if chance > 1:  # in another currency than the organisation's: the rank is of its value
        return ""
    return _("%(chance)d %% within %(days)d days") % {"chance": int(100 * chance), "days": CHANCE_DAYS}


def _follow_up_words(one: Work) -> str:
    row: Interaction = one.row
    said = row.next_text or row.text or (str(OUTCOMES[row.outcome]) if row.outcome else "")
    at = one.at.strftime("%H:%M") if one.at else ""
    return " ".join(filter(None, [at, said[:140] or _("Follow-up")]))


def _promise_words(row: Promise) -> str:
    shown = formats.current()
    values = {
        "amount": shown.money(row.amount, row.currency),
        "received": shown.money(row.received_amount or Decimal(0), row.currency),
    }
    if row.state == Promise.State.PARTLY:
        return _("Kept in part: %(received)s of %(amount)s came in") % values
    if row.state == Promise.State.BROKEN:
        return _("Broken: %(amount)s promised, nothing came in") % values
    return _("%(amount)s promised") % values


def _due(day: date, on: date) -> str:
    days = (on - day).days
    if days == 0:
        return _("due today")
    if days > 0:
        return ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days}
    return ngettext("due in %(n)d day", "due in %(n)d days", -days) % {"n": -days}


def _owes(one: Work) -> str:
    """Since when the customer is late, and how likely it pays soon."""
    if not one.late_days or not one.amounts:
        return ""
    late = ngettext("oldest %(n)d day late", "oldest %(n)d days late", one.late_days) % {"n": one.late_days}
    return " · ".join(filter(None, [late, _chance_words(one)]))

"""The message of one action as the pages show it: its words, what stays out of it and why, whom one could call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from collection.models import Action, FormalNotice, Step
from collection.rules.grouping import Excluded
from collection.rules.steps import LeftOut
from collection.services import sending
from collection.services.changes import Changed, Kind, changes, seen_mark, text_seen
from collection.services.notice_approvals import approval_of
from collection.services.second_looks import Look
from core import formats
from desk.models import ON_PAPER
from desk.rules.differences import Change, Line, differences
from desk.texts import Text
from receivables.models import Contact
from receivables.words import HOLD_REASONS

EXCLUDED_SHOWN = 10
LEFT_OUT = {
    LeftOut.DISPUTED: gettext_lazy("in dispute"),
    LeftOut.HELD: gettext_lazy("suspended"),
    LeftOut.STATUS: gettext_lazy("kept back by its status code"),
    LeftOut.BELOW_ITEM_MINIMUM: gettext_lazy("below the minimum amount, or a credit"),
    LeftOut.BELOW_TOTAL_MINIMUM: gettext_lazy("total below the minimum"),
    LeftOut.COVERED_BY_CREDITS: gettext_lazy("covered by credits that are not set against anything"),
    LeftOut.POSTPONED: gettext_lazy("postponed"),
    LeftOut.WRITTEN_RECENTLY: gettext_lazy("a message went out recently"),
    LeftOut.NO_RECIPIENT: gettext_lazy("nobody to write to"),
    LeftOut.NOT_REACHED: gettext_lazy("no step reached yet"),
    LeftOut.PENDING: gettext_lazy("in another message"),
    LeftOut.FINISHED: gettext_lazy("all steps done"),
}


def back_to_page(request: HttpRequest) -> HttpResponse:
    """Have the page that one is on loaded anew, with the waiting messages as its toasts."""
    htmx: Any = getattr(request, "htmx", None)
    return redirect((htmx and htmx.current_url_abs_path) or reverse("worklist"))


def prepared_for(request: HttpRequest, actions: Sequence[Action]) -> list[sending.Prepared]:
    """What these actions would send if the reader confirmed them now: in the reader's name, where one is named."""
    for action in actions:
        if action.state == Action.State.PROPOSED:
            action.decided_by_id = request.member.id  # type: ignore[attr-defined]
    return sending.prepare(actions=actions, on=request.on)  # type: ignore[attr-defined]


def panel(request: HttpRequest, prepared: sending.Prepared) -> dict[str, Any]:
    """The message as it would leave now, what stays out of it and why, and whom one could call.

    Where the reader has seen it in another text (`seen`, posted), that text's differences.
    """
    action = prepared.action
    former = text_seen(prepared.draft, seen=request.POST.get("seen", "")) if prepared.draft else None
    excluded = [excluded_words(one) for one in prepared.plan.excluded if one.reason is not LeftOut.NOT_REACHED]
    return {
        "current": action,
        "prepared": prepared,
        "draft": prepared.draft,
        "seen": seen_mark(prepared.draft) if prepared.draft else "",
        "is_paper": bool(prepared.draft and prepared.draft.channel in ON_PAPER),
        "needs_approval": action.step.kind == Step.Kind.FORMAL_NOTICE,
        "approval": _approval(prepared),
        "changes": [changed_words(one) for one in changes(prepared=[prepared])[action.id]],
        "text_lines": text_lines(former, prepared),
        "excluded": excluded[:EXCLUDED_SHOWN],
        "excluded_more": max(len(excluded) - EXCLUDED_SHOWN, 0),
        "callable": Contact.objects.filter(customer_id=action.customer_id, is_active=True).exclude(phone="")[:3],
    }


def _approval(prepared: sending.Prepared) -> FormalNotice | None:
    """Of a formal notice: the request or approval that speaks of all that it speaks of now."""
    if prepared.action.step.kind != Step.Kind.FORMAL_NOTICE:
        return None
    return approval_of(prepared.action, item_ids=[line.item.item_id for line in prepared.plan.lines])


def text_lines(former: Text | None, prepared: sending.Prepared) -> list[Line]:
    """The lines of a message's text that have changed since it was seen: [] where none has."""
    if former is None or prepared.draft is None:
        return []
    now = prepared.draft.text
    found = [*differences(former.subject, now.subject), *differences(former.body, now.body)]
    return [line for line in found if line.change is not Change.SAME]


def look_words(look: Look) -> dict[str, Any]:
    """For the page: what a reminder asks for now, what changed, and its mark."""
    shown = formats.current()
    return {
        "action": look.prepared.action,
        "draft": look.prepared.draft,
        "sums": " + ".join(shown.money(amount, code) for code, amount in look.prepared.plan.amounts.items()),
        "changes": [changed_words(one) for one in look.changes],
        "text_lines": text_lines(look.former_text, look.prepared),
        "seen": look.seen,
    }


def changed_words(one: Changed) -> str:
    """What became of an item since the reminder was proposed."""
    shown = formats.current()
    before = shown.money(one.before, one.currency) if one.before is not None else ""
    after = shown.money(one.after, one.currency) if one.after is not None else ""
    words = {"number": one.number, "before": before, "after": after}
    if one.kind is Kind.AMOUNT:
        return _("%(number)s: %(after)s instead of %(before)s.") % words
    if one.kind is Kind.SETTLED:
        return _("%(number)s is settled: %(before)s no longer asked for.") % words
    if one.kind is Kind.NEW:
        return _("%(number)s is new: %(after)s, not in this message.") % words
    assert one.excluded is not None
    return _("%(number)s is out, %(before)s: %(why)s.") % {**words, "why": excluded_words(one.excluded)["why"]}


def excluded_words(one: Excluded) -> dict[str, Any]:
    """Number, the reason in words (of a hold: which one), and from when it may go in again."""
    why = str(LEFT_OUT.get(one.reason, one.reason))
    if one.reason is LeftOut.HELD and one.item.held in HOLD_REASONS:
        why = f"{why} ({HOLD_REASONS[one.item.held]})"
    return {"number": one.item.number, "why": why, "until": one.until}

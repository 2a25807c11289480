"""The collector's day: reminders to confirm, ranked with the reason, and the follow-ups of calls and notes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from csp.constants import NONE
from csp.decorators import csp
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.roles import Can
from collection.forms import PostponeForm, SkipForm
from collection.models import Action
from collection.queries.actions import action_in_scope, follow_ups, in_scope, worklist
from collection.services import deciding, sending
from collection.views.panel import back_to_page, panel, prepared_for
from collection.views.preview import AT_CUSTOMER, preview_part
from core import formats
from core.errors import NotFound
from core.lists import selected_ids
from core.web import add_refusal, close_dialog, page, say

SHOWN = 60
BULK_LIMIT = 200


@dataclass(frozen=True)
class Shown:
    """An action as a line of the list: its sums as text, the same as JSON for the browser to add up, and why it stands
    where it stands.
    """

    action: Action
    sums: str
    plain_sums: str
    why: str


@requires(Can.VIEW_ACTIONS)
@require_GET
def day(request: HttpRequest) -> HttpResponse:
    """Today's actions, the most promising first, with the message of the chosen one beside them."""
    return page(request, "collection/worklist.html", _context(request, chosen=request.GET.get("action", "")))


def _context(request: HttpRequest, *, chosen: str = "") -> dict[str, Any]:
    scope, on = request.scope, request.on  # type: ignore[attr-defined]
    actions = list(worklist(scope=scope)[: SHOWN + 1])
    counts = in_scope(Action.objects.all(), scope=scope).aggregate(
        waiting=Count("id", filter=Q(state=Action.State.PROPOSED)),
        postponed=Count("id", filter=Q(state=Action.State.POSTPONED)),
        decided=Count("id", filter=Q(decided_at__gte=timezone.now() - timedelta(hours=24))),
    )
    shown = [_shown(action) for action in actions[:SHOWN]]
    current = next((one.action for one in shown if str(one.action.id) == chosen), shown[0].action if shown else None)
    return {
        "actions": shown,
        "more": len(actions) > SHOWN,
        "counts": counts,
        "may_confirm": request.member.can(Can.CONFIRM_ACTIONS),  # type: ignore[attr-defined]
        "follow_ups": list(follow_ups(on=on, scope=scope)),
        "current": current,
        "is_chosen": bool(current and str(current.id) == chosen),
        "on": on,
        **(panel(request, prepared_for(request, [current])[0]) if current else {}),
    }


def _shown(action: Action) -> Shown:
    form = formats.current()
    sums = " + ".join(form.money(Decimal(amount), currency, 0) for currency, amount in action.amounts.items())
    reason = action.priority_reason
    days = reason.get("oldest_days", 0)
    items = ngettext("%(n)d item", "%(n)d items", reason.get("items", 1)) % {"n": reason.get("items", 1)}
    if days > 0:
        why = ngettext("oldest %(n)d day late", "oldest %(n)d days late", days) % {"n": days}
    elif days == 0:
        why = _("due today")
    else:
        why = ngettext("due in %(n)d day", "due in %(n)d days", -days) % {"n": -days}
    return Shown(action, sums, json.dumps(action.amounts), " · ".join(filter(None, [items, why, _chance(reason)])))


def _chance(reason: dict[str, Any]) -> str:
    """How likely it is paid soon, by how its customer usually pays; "" for actions planned before that was asked."""
    if "chance_pct" not in reason:
        return ""
    values = {"chance": reason["chance_pct"], "days": reason["within_days"], "median": reason["median_days"]}
    if reason["is_own"] and reason["median_days"] <= 0:
        return _("usually pays in time: %(chance)d %% within %(days)d days") % values
    if reason["is_own"]:
        return _("usually pays %(median)d days late: %(chance)d %% within %(days)d days") % values
    return _("no history of its own: %(chance)d %% within %(days)d days") % values


@requires(Can.VIEW_ACTIONS)
@require_GET
def action_panel(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """The message of one action; alone for htmx, else the whole day with it chosen."""
    action = action_in_scope(action_id=action_id, scope=request.scope)  # type: ignore[attr-defined]
    if getattr(request, "htmx", None) and not request.htmx.boosted:  # type: ignore[attr-defined]
        prepared = prepared_for(request, [action])[0]
        return page(request, "collection/panel.html", panel(request, prepared))
    return page(request, "collection/worklist.html", _context(request, chosen=str(action.id)))


@requires(Can.VIEW_ACTIONS)  # type: ignore[arg-type]
@require_GET
@xframe_options_sameorigin
@csp(  # type: ignore[arg-type]
    {
        "default-src": [NONE],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "frame-ancestors": ["'self'"],
        "sandbox": [],
    }
)
def action_message(request: HttpRequest, action_id: UUID) -> HttpResponse:  # type: ignore[misc]
    """The HTML of the message, for the frame of the preview: runs nothing, loads nothing."""
    action = action_in_scope(action_id=action_id, scope=request.scope)  # type: ignore[attr-defined]
    draft = prepared_for(request, [action])[0].draft
    if draft is None:
        raise NotFound
    return HttpResponse(draft.body_html)


@requires(Can.CONFIRM_ACTIONS)
@require_POST
def action_confirm(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Send it: the message leaves after 30 seconds, in which the toast takes it back."""
    now = timezone.now()
    try:
        action = sending.confirm_action(
            action_id=action_id,
            seen=request.POST.get("seen", ""),
            scope=request.scope,  # type: ignore[attr-defined]
            actor=request.actor,  # type: ignore[attr-defined]
            now=now,
            on=request.on,  # type: ignore[attr-defined]
        )
    except sending.MessageChanged as refusal:
        say(request, refusal.message, level="warning")
        return _seen_again(request, action_id)
    if later := sending.put_off_until(actions=[action], now=now):
        when = _weekday(request, later)
        return _decided(request, action, _("Reminder to %(customer)s goes out %(when)s."), when=when)
    return _decided(request, action, _("Reminder to %(customer)s leaves in 30 seconds."))


def _seen_again(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """The list with the message of an action as it is now, for another look."""
    if request.GET.get("place") == AT_CUSTOMER:
        action = action_in_scope(action_id=action_id, scope=request.scope)  # type: ignore[attr-defined]
        return preview_part(request, action.customer_id)
    return page(request, "collection/worklist_body.html", _context(request, chosen=str(action_id)))


@requires(Can.CONFIRM_ACTIONS)
@require_http_methods(["GET", "POST"])
def action_skip(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Do not send it; a reason may be given."""
    action = action_in_scope(action_id=action_id, scope=request.scope)  # type: ignore[attr-defined]
    form = SkipForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        action = deciding.skip_action(
            action_id=action_id,
            note=form.cleaned_data["note"],
            scope=request.scope,  # type: ignore[attr-defined]
            actor=request.actor,  # type: ignore[attr-defined]
            now=timezone.now(),
        )
        return _decided(request, action, _("Reminder to %(customer)s skipped."))
    return page(request, "collection/skip.html", {"form": form, "action": action})


@requires(Can.CONFIRM_ACTIONS)
@require_http_methods(["GET", "POST"])
def action_postpone(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Propose it again on a later day, from the facts of that day."""
    action = action_in_scope(action_id=action_id, scope=request.scope)  # type: ignore[attr-defined]
    initial = {"until": request.on + timedelta(days=7)}  # type: ignore[attr-defined]
    form = PostponeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            action = deciding.postpone_action(
                action_id=action_id,
                until=form.cleaned_data["until"],
                note=form.cleaned_data["note"],
                scope=request.scope,  # type: ignore[attr-defined]
                actor=request.actor,  # type: ignore[attr-defined]
                now=timezone.now(),
                on=request.on,  # type: ignore[attr-defined]
            )
            return _decided(request, action, _("Reminder to %(customer)s postponed."))
        except deciding.BadPostponement as refusal:
            add_refusal(form, refusal)
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/postpone.html", {"form": form, "action": action}, status=status)


@requires(Can.CONFIRM_ACTIONS)
@require_POST
def action_undo(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Take a decision back within its 30 seconds."""
    deciding.undo_decision(
        action_id=action_id,
        scope=request.scope,  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
        now=timezone.now(),
    )
    say(request, _("Taken back: the action waits for you again."), level="info")
    return back_to_page(request)


@requires(Can.CONFIRM_ACTIONS)
@require_POST
def bulk_confirm(request: HttpRequest) -> HttpResponse:
    """Confirm the ticked actions; those that cannot leave stay, and are counted."""
    now = timezone.now()
    confirmed, refusals = sending.confirm_actions(
        action_ids=selected_ids(request, limit=BULK_LIMIT),
        scope=request.scope,  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
        now=now,
        on=request.on,  # type: ignore[attr-defined]
    )
    sent, refused = len(confirmed), len(refusals)
    if later := sending.put_off_until(actions=confirmed, now=now):
        when = _weekday(request, later)
        text = ngettext("%(n)d reminder goes out %(when)s.", "%(n)d reminders go out from %(when)s on.", sent)
        say(request, text % {"n": sent, "when": when})
    else:
        text = ngettext("%(n)d reminder leaves in 30 seconds.", "%(n)d reminders leave in 30 seconds.", sent)
        say(request, text % {"n": sent})
    if refused:
        text = ngettext(
            "%(n)d could not be sent: open it to see why.", "%(n)d could not be sent: open them to see why.", refused
        )
        say(request, text % {"n": refused}, level="warning")
    return worklist_body(request)


def _weekday(request: HttpRequest, moment: datetime) -> str:
    """`Monday 08:00`, with the date where it is more than six days away; on the organisation's clock."""
    local = moment.astimezone(ZoneInfo(request.tenant.time_zone))  # type: ignore[attr-defined]
    near = (local.date() - timezone.now().astimezone(local.tzinfo).date()).days < 7
    return format_datetime(local, "EEEE HH:mm" if near else "EEEE d MMMM HH:mm", locale=formats.current().locale)


def _decided(request: HttpRequest, action: Action, text: str, **words: str) -> HttpResponse:
    """The list without the action, and a toast that takes the decision back."""
    say(request, text % {"customer": action.customer.name, **words}, undo=reverse("action_undo", args=[action.id]))
    if request.GET.get("place") == AT_CUSTOMER:
        return close_dialog(preview_part(request, action.customer_id))
    return close_dialog(worklist_body(request))


def worklist_body(request: HttpRequest) -> HttpResponse:
    """The day as it is now, for the place of the former one."""
    return page(request, "collection/worklist_body.html", _context(request))

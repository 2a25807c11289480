"""The day's work in one ranked list, and what is decided about reminders: confirm, skip, postpone, take back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from csp.constants import NONE
from csp.decorators import csp
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.queries.replacements import represented_by
from accounts.roles import Can
from collection.forms import PostponeForm, SkipForm
from collection.models import Action
from collection.queries.actions import action_in_scope
from collection.queries.day import Place, Reader, day_of, owns_work
from collection.rules.day import WorkKind
from collection.services import deciding, sending
from collection.services.call_undo import undo_action
from collection.services.second_looks import look_again
from collection.views.panel import back_to_page, look_words, prepared_for
from collection.views.panels import panel_of
from collection.views.preview import AT_CUSTOMER, preview_part
from collection.words_day import KIND_WORDS, lines_of
from core import formats
from core.errors import NotFound
from core.lists import selected_ids
from core.web import add_refusal, close_dialog, page, say

SHOWN = 60
BULK_LIMIT = 200
MINE, ALL = "mine", "all"


@requires(Can.VIEW_ACTIONS)
@require_GET
def day(request: HttpRequest) -> HttpResponse:
    """What there is to do today, the most promising first, with the chosen one beside it."""
    return page(request, "collection/worklist.html", worklist_context(request, chosen=request.GET.get("action", "")))


def reader_of(request: Any, *, is_mine: bool) -> Reader:
    """The member as the list's reader, with the absent colleagues whose work it is too."""
    member, tenant = request.member, request.tenant
    return Reader(
        member_id=member.id,
        scope=request.scope,
        on=request.on,
        now=_local_now(request),
        currency=tenant.currency,
        is_mine=is_mine,
        absent=represented_by(member_id=member.id, on=request.on),
        sees_promises=member.can(Can.VIEW_ITEMS),
        sees_alerts=member.can(Can.VIEW_ALERTS),
    )


def _local_now(request: Any) -> datetime:
    """The moment on the organisation's clock; of a sandbox the hour of today on its own day."""
    local = timezone.now().astimezone(ZoneInfo(request.tenant.time_zone))
    return local.replace(year=request.on.year, month=request.on.month, day=request.on.day)


def worklist_context(request: Any, *, chosen: str = "") -> dict[str, Any]:
    """The list as the address asks for it: `kind`, `who` ("all" or mine) and `after` a place."""
    asked = _asked(request)
    reader = reader_of(request, is_mine=True)
    who = asked.get("who") if asked.get("who") in (MINE, ALL) else _usual(reader)
    if who == ALL:
        reader = replace(reader, is_mine=False)
    kind = WorkKind(asked["kind"]) if asked.get("kind") in set(WorkKind) else None
    found = day_of(reader=reader, kind=kind, after=_place(asked.get("after", "")), limit=SHOWN)
    lines = lines_of(found.work, request=request)
    current = next((one for one in lines if one.key == chosen), lines[0] if lines else None)
    last = found.work[-1].place if found.has_more else None
    return {
        "lines": lines,
        "kinds": [
            {"value": one.value, "label": KIND_WORDS[one], "count": n, "current": one is kind}
            for one, n in found.counts.items()
        ],
        "kind": kind.value if kind else "",
        "total": sum(found.counts.values()),
        "is_capped": found.is_capped,
        "who": who,
        "absent": sorted(reader.absent.values()),
        "next": f"{last[0]}.{last[1]}.{last[2].hex}" if last else "",
        "is_first_page": not asked.get("after"),
        "may_confirm": request.member.can(Can.CONFIRM_ACTIONS) and any(one.pick for one in lines),
        # Reviews are ticked where nothing else is: what is done with ticked lines is then clear.
        "may_review": kind is WorkKind.REVIEW
        and request.member.can(Can.ACKNOWLEDGE_ALERTS)
        and any(one.review for one in lines),
        "current_key": current.key if current else "",
        "is_chosen": bool(chosen and current and current.key == chosen),
        "on": request.on,
        "shown_at": timezone.now().isoformat(),
        **(panel_of(request, current.work) if current else {}),
    }


def _usual(reader: Reader) -> str:
    """Who collects, or stands in for somebody who does, begins with their own; others with all they see."""
    return MINE if owns_work(members=reader.members) else ALL


def _asked(request: Any) -> dict[str, str]:
    """What the address asks for; after a decision that of the page one is on."""
    if request.method == "GET" and not request.path.startswith(reverse("worklist") + "actions/"):
        return {name: request.GET[name] for name in request.GET}
    htmx: Any = getattr(request, "htmx", None)
    current = urlsplit((htmx and htmx.current_url_abs_path) or "")
    if current.path != reverse("worklist"):
        return {}
    return {name: values[-1] for name, values in parse_qs(current.query).items()}


def _place(text: str) -> Place | None:
    """The place that an address names; the beginning for one that is none."""
    try:
        band, cents, row_id = text.split(".")
        return int(band), int(cents), UUID(row_id)
    except ValueError:
        return None


@requires(Can.VIEW_ACTIONS)
@require_GET
def action_panel(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """The message of one action, or whom to call; alone for htmx, else the whole day with it chosen."""
    action = action_in_scope(action_id=action_id, scope=request.scope)  # type: ignore[attr-defined]
    if getattr(request, "htmx", None) and not request.htmx.boosted:  # type: ignore[attr-defined]
        return page(request, "collection/day_panel.html", panel_of(request, action))
    context = worklist_context(request, chosen=f"action-{action.id}")
    if not context["is_chosen"]:
        context |= {**panel_of(request, action), "is_chosen": True}
    return page(request, "collection/worklist.html", context)


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
    return page(request, "collection/worklist_body.html", worklist_context(request, chosen=f"action-{action_id}"))


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
    undo_action(
        action_id=action_id,
        scope=request.scope,  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
        now=timezone.now(),
        on=request.on,  # type: ignore[attr-defined]
    )
    say(request, _("Taken back: the action waits for you again."), level="info")
    return back_to_page(request)


@requires(Can.CONFIRM_ACTIONS)
@require_POST
def bulk_confirm(request: HttpRequest) -> HttpResponse:
    """Confirm the ticked actions; those that are no longer as the list showed them are shown again, with what changed.

    Of those that were looked at again (`seen-<id>`) what was seen then counts. Others that cannot leave are counted.
    """
    now = timezone.now()
    picked, shown_at = selected_ids(request, limit=BULK_LIMIT), _shown_at(request) or now
    seen = {one: request.POST[f"seen-{one}"] for one in picked if f"seen-{one}" in request.POST}
    confirmed, refusals = sending.confirm_actions(
        action_ids=picked,
        seen=seen,
        shown_at=shown_at,
        scope=request.scope,  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
        now=now,
        on=request.on,  # type: ignore[attr-defined]
    )
    changed = [one for one, refusal in refusals.items() if isinstance(refusal, sending.MessageChanged)]
    sent, refused = len(confirmed), len(refusals) - len(changed)
    if later := sending.put_off_until(actions=confirmed, now=now):
        when = _weekday(request, later)
        text = ngettext("%(n)d reminder goes out %(when)s.", "%(n)d reminders go out from %(when)s on.", sent)
        say(request, text % {"n": sent, "when": when})
    elif sent:
        text = ngettext("%(n)d reminder leaves in 30 seconds.", "%(n)d reminders leave in 30 seconds.", sent)
        say(request, text % {"n": sent})
    if changed:
        text = ngettext(
            "%(n)d reminder has changed since: look at it again.",
            "%(n)d reminders have changed since: look at them again.",
            len(changed),
        )
        say(request, text % {"n": len(changed)}, level="warning")
    if refused:
        text = ngettext(
            "%(n)d could not be sent: open it to see why.", "%(n)d could not be sent: open them to see why.", refused
        )
        say(request, text % {"n": refused}, level="warning")
    context = worklist_context(request)
    if changed:
        looks = look_again(
            action_ids=changed,
            seen=seen,
            shown_at=shown_at,
            scope=request.scope,  # type: ignore[attr-defined]
            actor=request.actor,  # type: ignore[attr-defined]
            on=request.on,  # type: ignore[attr-defined]
        )
        context["second_looks"] = [look_words(one) for one in looks]
    return page(request, "collection/worklist_body.html", context)


def _shown_at(request: HttpRequest) -> datetime | None:
    """When the list was made that the form comes from; None for what is no moment."""
    try:
        found = parse_datetime(request.POST.get("shown_at", ""))
    except ValueError:
        return None
    return found if found and found.tzinfo else None


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
    return page(request, "collection/worklist_body.html", worklist_context(request))

"""Formal notices: asked for one by one or several at once, read, and decided."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import requires
from accounts.roles import Can
from collection.lists.terminal import FORMAL_NOTICES, NOTICES_TO_ASK
from collection.models import Action, FormalNotice
from collection.queries.terminal import notices_in
from collection.services import formal_notices, notices_at_once
from collection.services.formal_notices import amounts_of
from collection.services.notices_at_once import NoticeLook, Prospect
from collection.terminal_forms import DecideForm, NoteForm
from collection.views.terminal import asked, decision, sent, shown_sums, who
from core.errors import NotFound, Refusal
from core.lists import show
from core.rows import row_of
from core.web import page, say
from receivables.queries.visible import customers_in, items_in
from receivables.views.drawers import go_on, picked

# So many are named where something could not be done; the others are counted.
NAMED = 5


@requires(Can.VIEW_ITEMS)
@require_safe
def formal_notice_list(request: HttpRequest) -> HttpResponse:
    """Formal notices that wait for approval, and those decided."""
    return show(request, FORMAL_NOTICES)


@requires(Can.ASK_TERMINAL)
@require_http_methods(["GET", "POST"])
def formal_notice_new(request: Any, action_id: UUID) -> HttpResponse:
    """Ask for the approval of a proposed formal notice."""
    actions = Action.objects.filter(customer__in=customers_in(scope=request.scope)).select_related("customer")
    if request.scope.entity_ids:
        actions = actions.filter(entity_id__in=request.scope.entity_ids)
    action = row_of(actions, action_id)
    return asked(
        request,
        NoteForm(sent(request)),
        lambda given: formal_notices.request_notice(action_id=action.id, note=given["note"], **who(request)),
        done=_("Asked: the letter may leave once it is approved."),
        to=reverse("worklist"),
        title=_("Ask for the approval: formal notice to %(name)s") % {"name": action.customer.name},
        save=_("Ask for it"),
    )


@requires(Can.VIEW_ITEMS)
@require_safe
def formal_notice(request: Any, notice_id: UUID) -> HttpResponse:
    """The approval of a formal notice."""
    rows = notices_in(scope=request.scope).select_related("customer", "entity", "requested_by", "decided_by")
    row = row_of(rows, notice_id)
    buttons = []
    if row.state == FormalNotice.State.REQUESTED and request.member.can(Can.APPROVE_TERMINAL):
        buttons.append((_("Decide…"), reverse("formal_notice_decide", args=[row.id]), "check"))
    facts = [
        (_("Company"), row.entity.name),
        (_("Amount"), shown_sums(row.amounts)),
        (_("Note"), row.note),
        (_("Answer"), row.answer),
    ]
    items = items_in(scope=request.scope).filter(id__in=row.items).order_by("due_date", "number")
    return decision(request, row, _("Formal notice"), "formal_notices", facts, buttons, items=list(items[:500]))


@requires(Can.APPROVE_TERMINAL)
@require_http_methods(["GET", "POST"])
def formal_notice_decide(request: Any, notice_id: UUID) -> HttpResponse:
    """Approve a formal notice, or not."""
    row = row_of(notices_in(scope=request.scope).select_related("customer"), notice_id)
    return asked(
        request,
        DecideForm(sent(request)),
        lambda given: formal_notices.decide_notice(
            notice_id=row.id, approve=given["decision"] == "yes", answer=given["answer"], **who(request)
        ),
        done=_("Decided."),
        to=reverse("formal_notice", args=[row.id]),
        title=_("Formal notice to %(name)s?") % {"name": row.customer.name},
        lead=shown_sums(row.amounts),
        save=_("Decide"),
    )


# --- Several at once --------------------------------------------------------------------------------------------------


@requires(Can.VIEW_ACTIONS)
@require_safe
def notices_to_ask(request: HttpRequest) -> HttpResponse:
    """Proposed formal notices whose approval nobody has asked for."""
    return show(request, NOTICES_TO_ASK)


@requires(Can.ASK_TERMINAL)
@require_POST
def formal_notices_ask(request: Any) -> HttpResponse:
    """Ask for the approval of picked proposals."""
    return _ask(request, notices_at_once.prospects(action_ids=picked(request), scope=request.scope, on=request.on))


@requires(Can.VIEW_CUSTOMERS, Can.ASK_TERMINAL)
@require_POST
def customers_notices_ask(request: Any) -> HttpResponse:
    """Ask for the approval of what is proposed to picked customers."""
    return _ask(request, notices_at_once.prospects(customer_ids=picked(request), scope=request.scope, on=request.on))


def _ask(request: Any, found: Sequence[Prospect]) -> HttpResponse:
    """The drawer with what would be asked for and what cannot be; once it is sent, the list again and what came of it."""
    if not found:
        raise NotFound
    form = NoteForm(sent(request))
    if form.is_bound and form.is_valid():
        ids = [one.prepared.action.id for one in found if one.prepared]
        rows, refused = notices_at_once.request_notices(action_ids=ids, note=form.cleaned_data["note"], **who(request))
        if rows:
            _name(request, [(one.customer.name, one.refusal) for one in refused])
            text = ngettext(
                "Asked for %(n)d formal notice: it may leave once it is approved.",
                "Asked for %(n)d formal notices: each may leave once it is approved.",
                len(rows),
            )
            return go_on(request, text % {"n": len(rows)}, fallback=reverse("notices_to_ask"))
        form.add_error(None, _("None of them can be asked for."))
    to_ask = [one for one in found if one.refusal is None and one.prepared]
    lines = [(one.customer, shown_sums(amounts_of(one.prepared)), one.prepared) for one in to_ask if one.prepared]
    context = {
        "form": form,
        "lines": lines,
        "left_out": [one for one in found if one.refusal],
        "sums": shown_sums(_added([amounts_of(one.prepared) for one in to_ask if one.prepared])),
        "picks": [one.prepared.action.id for one in to_ask if one.prepared],
    }
    return page(request, "collection/notices_ask.html", context, status=422 if form.is_bound else 200)


@requires(Can.APPROVE_TERMINAL)
@require_POST
def formal_notices_read(request: Any) -> HttpResponse:
    """The letters of picked requests, to be read before they are approved together."""
    looks = notices_at_once.look_at_notices(notice_ids=picked(request), **who(request))
    if not looks:
        raise NotFound
    return _letters(request, looks)


@requires(Can.APPROVE_TERMINAL)
@require_POST
def formal_notices_approve(request: Any) -> HttpResponse:
    """Approve picked requests whose letters are those that were read; the others are shown as they are now."""
    seen = {one: request.POST.get(f"seen-{one}", "") for one in picked(request)}
    approved, refused = notices_at_once.approve_notices(seen=seen, **who(request))
    if approved:
        text = ngettext(
            "%(n)d formal notice approved: it may leave.",
            "%(n)d formal notices approved: they may leave.",
            len(approved),
        )
        say(request, text % {"n": len(approved)})
    if not refused:
        return redirect("formal_notices")
    _name(request, [(one.notice.customer.name, one.refusal) for one in refused])
    again = notices_at_once.look_at_notices(notice_ids=[one.notice.id for one in refused], **who(request))
    return _letters(request, again)


def _letters(request: Any, looks: Sequence[NoticeLook]) -> HttpResponse:
    """Each letter as it would leave, ticked where it can be approved."""
    lines: list[dict[str, Any]] = []
    for one in looks:
        amounts = amounts_of(one.prepared) if one.prepared and one.prepared.draft else one.notice.amounts
        lines.append(
            {
                "look": one,
                "notice": one.notice,
                "action": one.prepared.action if one.prepared else None,
                "draft": one.prepared.draft if one.prepared else None,
                "sums": shown_sums(amounts),
                "plain_sums": json.dumps(amounts),
                "items": len(one.prepared.plan.lines) if one.prepared else 0,
            }
        )
    ready = [line for line in lines if line["look"].refusal is None]
    context = {
        "lines": lines,
        "ready": len(ready),
        "sums": shown_sums(_added([json.loads(line["plain_sums"]) for line in ready])),
    }
    return page(request, "collection/notices_read.html", context)


def _added(amounts: Sequence[dict[str, str]]) -> dict[str, str]:
    """Sums of several, by currency."""
    totals: dict[str, Decimal] = {}
    for one in amounts:
        for currency, amount in one.items():
            totals[currency] = totals.get(currency, Decimal(0)) + Decimal(amount)
    return {currency: str(total) for currency, total in sorted(totals.items())}


def _name(request: HttpRequest, refused: Sequence[tuple[str, Refusal | None]]) -> None:
    """Say of each why it was refused; of many how many more."""
    for name, refusal in refused[:NAMED]:
        why = refusal.message if refusal else ""
        say(request, _("%(customer)s: %(why)s") % {"customer": name, "why": why}, level="warning")
    more = len(refused) - NAMED
    if more > 0:
        say(request, ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}, level="warning")

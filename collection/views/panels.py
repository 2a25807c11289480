"""The panel beside the day's list: for each kind what one must know, and its few actions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.roles import Can
from collection.models import Action, Escalation, Interaction
from collection.queries.day import Work
from collection.views.panel import panel, prepared_for
from core.phrases import in_words
from desk.models import Alert, Channel, Task
from desk.task_pages import task_page
from receivables.models import Contact, LedgerItem, Promise
from receivables.queries.marks import customer_lines, customer_marks
from risk.models import Review
from risk.words import review_words

CONTACTS, CALLS, ITEMS = 4, 3, 8


def panel_of(request: Any, one: Work | Action | Interaction | Promise | Task | Alert | Review) -> dict[str, Any]:
    """What the panel of a row shows. `panel`: which part of the template."""
    row = one.row if isinstance(one, Work) else one
    if isinstance(row, Action) and row.channel != Channel.CALL:
        prepared = prepared_for(request, [row])[0]
        return {"panel": "message", "panel_key": f"action-{row.id}", **panel(request, prepared)}
    context = {"panel_customer": row.customer, **_about(request, row.customer_id)}
    if isinstance(row, Action):
        return context | _call(row)
    if isinstance(row, Interaction):
        return context | {"panel": "follow_up", "panel_key": f"follow_up-{row.id}", "row": row}
    if isinstance(row, Promise):
        return context | _promise(row)
    if isinstance(row, Alert):
        text = in_words({"text": row.text, "values": row.values})
        return context | {"panel": "alert", "panel_key": f"alert-{row.id}", "row": row, "text": text}
    if isinstance(row, Review):
        return context | {"panel": "review", "panel_key": f"review-{row.id}", "row": row, "text": review_words(row)}
    return context | _task(request, row)


def _about(request: Any, customer_id: UUID) -> dict[str, Any]:
    """What the customer owes, whom to call, what was said last, and what stands in the way. 5 SQL queries and a probe."""
    scope, on = request.scope, request.on
    calls = Interaction.objects.filter(customer_id=customer_id).select_related("contact", "logged_by")
    return {
        "owed": customer_lines(customer_ids=[customer_id], on=on, scope=scope).get(customer_id, []),
        "marks": customer_marks(customer_ids=[customer_id], on=on, scope=scope).get(customer_id),
        "callable": list(
            Contact.objects.filter(customer_id=customer_id, is_active=True)
            .exclude(phone="")
            .order_by("-is_primary", "last_name", "id")[:CONTACTS]
        ),
        "last_said": list(calls.order_by("-logged_at")[:CALLS]),
    }


def _call(action: Action) -> dict[str, Any]:
    items = action.lines.select_related("item").order_by("item__due_date", "item__number")[: ITEMS + 1]
    found: list[LedgerItem] = [line.item for line in items]
    return {
        "panel": "call",
        "panel_key": f"action-{action.id}",
        "row": action,
        "items": found[:ITEMS],
        "more_items": len(found) > ITEMS,
    }


def _promise(row: Promise) -> dict[str, Any]:
    items = row.promise_items.select_related("item").order_by("item__due_date")[:ITEMS]
    return {
        "panel": "promise",
        "panel_key": f"promise-{row.id}",
        "row": row,
        "received": row.received_amount or Decimal(0),
        "missing": row.amount - (row.received_amount or 0),
        "items": [one.item for one in items],
    }


def _task(request: Any, row: Task) -> dict[str, Any]:
    context = {
        "panel": "task",
        "panel_key": f"task-{row.id}",
        "row": row,
        "text": in_words({"text": row.text, "values": row.values}),
        "task_url": task_page(row),
    }
    if row.kind == Task.Kind.ESCALATION:
        rows = Escalation.objects.select_related("asked_by", "answered_by", "action__step")
        context["escalation"] = rows.filter(id=row.object_id).first() if row.object_id else None
        context["may_answer"] = request.member.can(Can.ANSWER_QUESTIONS)
    return context

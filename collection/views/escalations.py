"""Questions to the credit manager: asked from a customer or an action, answered from the list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.roles import Can
from collection.forms_calls import AnswerQuestionForm, QuestionForm
from collection.models import Action, Escalation, Scenario
from collection.services import escalations
from collection.views.panel import back_to_page
from core.errors import NotFound, Refusal
from core.rows import row_of
from core.web import add_refusal, page, say
from desk.models import Channel
from receivables.queries.visible import customers_in


@requires(Can.LOG_CALLS)
@require_http_methods(["GET", "POST"])
def escalation_new(request: Any, customer_id: UUID) -> HttpResponse:
    """Ask the credit manager about a customer; `?action=` about an action of it."""
    customer = row_of(customers_in(scope=request.scope), customer_id)
    known = [one for one in escalations.managers() if one.id != request.member.id]
    form = QuestionForm(request.POST or None, managers=[(str(one.id), one.name) for one in known])
    if request.method == "POST" and form.is_valid():
        try:
            escalations.ask_manager(
                customer_id=customer.id,
                question=form.cleaned_data["question"],
                manager_id=UUID(form.cleaned_data["manager"]),
                action_id=_action_id(request),
                scope=request.scope,
                actor=request.actor,
                on=request.on,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Asked: the answer comes to your list."))
            return back_to_page(request)
    context = {"form": form, "title": _("Question about %(name)s") % {"name": customer.name}, "save": _("Ask")}
    return page(request, "collection/question.html", context, status=422 if request.method == "POST" else 200)


def _action_id(request: Any) -> UUID | None:
    try:
        return UUID(request.GET.get("action", ""))
    except ValueError:
        return None


@requires(Can.VIEW_ACTIONS, Can.ANSWER_QUESTIONS)
@require_http_methods(["GET", "POST"])
def escalation_answer(request: Any, escalation_id: UUID) -> HttpResponse:
    """Answer, decide the action, or choose another scenario."""
    rows = Escalation.objects.select_related("customer", "action", "asked_by").filter(
        customer__in=customers_in(scope=request.scope)
    )
    row = rows.filter(id=escalation_id).first()
    if row is None:
        raise NotFound
    form = AnswerQuestionForm(
        request.POST or None,
        with_action=_can_be_decided(row.action, request),
        scenarios=_scenarios(request),
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            escalations.answer_question(
                escalation_id=row.id,
                outcome=given["outcome"],
                answer=given["answer"],
                scenario_id=UUID(given["scenario"]) if given.get("scenario") else None,
                scope=request.scope,
                actor=request.actor,
                now=timezone.now(),
                on=request.on,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Answered: %(name)s is told.") % {"name": row.asked_by.name})
            return back_to_page(request)
    context = {"form": form, "title": row.customer.name, "question": row, "save": _("Answer")}
    return page(request, "collection/question.html", context, status=422 if request.method == "POST" else 200)


def _can_be_decided(action: Action | None, request: Any) -> bool:
    """Whether it waits still, is a message, and the member may send it."""
    return bool(
        action
        and action.state == Action.State.PROPOSED
        and action.channel != Channel.CALL
        and request.member.can(Can.CONFIRM_ACTIONS)
    )


def _scenarios(request: Any) -> list[tuple[str, str]]:
    if not request.member.can(Can.EDIT_SCENARIOS):
        return []
    return [(str(one.id), one.name) for one in Scenario.objects.filter(archived_on__isnull=True).order_by("name")]

"""Customers to review: asked for on the customer's page or of several at once, looked at and put off on the day's list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.roles import Can
from collection.forms_reviews import LaterReviewForm, ReviewDoneForm, ReviewForm
from collection.services import reviews_at_once
from collection.services.reviews_at_once import Outcome, Picked, pick_reviews
from collection.views.day import panel_response, ticked
from collection.views.worklist import worklist_body
from core.errors import NotFound, Refusal
from core.lists import NothingSelected
from core.web import add_refusal, close_dialog, page, say
from receivables.queries.visible import customers_in
from receivables.views.drawers import drawer, go_on, is_sent, picked
from risk.queries.reviews import review_in_scope
from risk.services import reviews

# So many are named where something could not be done; the others are counted.
NAMED = 5


@requires(Can.VIEW_CUSTOMERS, Can.ACKNOWLEDGE_ALERTS)
@require_http_methods(["GET", "POST"])
def review_new(request: Any) -> HttpResponse:
    """Have picked customers reviewed on a day, with the reason."""
    customers = list(customers_in(scope=request.scope).filter(id__in=picked(request)).order_by("name", "id"))
    if not customers:
        raise NotFound
    count = len(customers)
    form = ReviewForm(request.POST if is_sent(request) else None, initial={"due_on": request.on + timedelta(days=7)})
    if form.is_bound and form.is_valid():
        try:
            _rows, moved = reviews.ask_reviews(
                customer_ids=[one.id for one in customers], **form.cleaned_data, actor=request.actor, on=request.on
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            text = ngettext("%(n)d customer to review.", "%(n)d customers to review.", count) % {"n": count}
            if moved:
                again = ngettext(
                    "%(n)d had a day already, and was moved.", "%(n)d had a day already, and were moved.", moved
                )
                text = f"{text} {again % {'n': moved}}"
            return go_on(request, text, fallback=reverse("customers"))
    one = _("Review %(name)s") % {"name": customers[0].name}
    title = one if count == 1 else ngettext("Review %(n)d customer", "Review %(n)d customers", count) % {"n": count}
    return drawer(request, form, title=title, save=_("Save"), picks=[one.id for one in customers])


@requires(Can.VIEW_ACTIONS, Can.VIEW_ALERTS)
@require_GET
def day_review(request: Any, review_id: UUID) -> HttpResponse:
    """A customer to review."""
    return panel_response(request, review_in_scope(review_id=review_id, scope=request.scope), "review")


@requires(Can.VIEW_ACTIONS, Can.ACKNOWLEDGE_ALERTS)
@require_http_methods(["GET", "POST"])
def review_done(request: Any, review_id: UUID) -> HttpResponse:
    """Somebody has looked at the customer; a note may say what came of it."""
    row = review_in_scope(review_id=review_id, scope=request.scope)
    form = ReviewDoneForm(request.POST or None)
    if request.method == "POST":
        note = form.cleaned_data["note"] if form.is_valid() else ""
        reviews.end_review(review_id=row.id, note=note, actor=request.actor, on=request.on)
        return ticked(request, row.id, _("Reviewed."))
    return page(request, "collection/review_done.html", {"form": form, "row": row})


@requires(Can.VIEW_ACTIONS, Can.ACKNOWLEDGE_ALERTS)
@require_http_methods(["GET", "POST"])
def review_later(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Review the customer on another day."""
    scope, on = request.scope, request.on  # type: ignore[attr-defined]
    row = review_in_scope(review_id=review_id, scope=scope)
    form = LaterReviewForm(request.POST or None, initial={"until": on + timedelta(days=7)})
    if request.method == "POST" and form.is_valid():
        try:
            actor = request.actor  # type: ignore[attr-defined]
            reviews.move_review(review_id=row.id, until=form.cleaned_data["until"], actor=actor, on=on)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return ticked(request, row.id, _("Put off."))
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/later.html", {"form": form, "row": row}, status=status)


# --- Several at once --------------------------------------------------------------------------------------------------


@requires(Can.VIEW_ACTIONS, Can.ACKNOWLEDGE_ALERTS)
@require_POST
def reviews_done(request: Any) -> HttpResponse:
    """Somebody has looked at the ticked customers; a note may say what came of it."""
    chosen = _chosen(request)
    form = ReviewDoneForm(request.POST if is_sent(request) else None)
    if form.is_bound and form.is_valid():
        outcome = reviews_at_once.end_reviews(
            picked=chosen, **form.cleaned_data, member=request.member, actor=request.actor, on=request.on
        )
        return _told(request, outcome, ngettext("%(n)d reviewed.", "%(n)d reviewed.", outcome.done))
    return _dialog(request, form, chosen, title=_("Reviewed"), save=_("Reviewed"))


@requires(Can.VIEW_ACTIONS, Can.ACKNOWLEDGE_ALERTS)
@require_POST
def reviews_later(request: Any) -> HttpResponse:
    """Look at the ticked customers on another day."""
    chosen = _chosen(request)
    initial = {"until": request.on + timedelta(days=7)}
    form = LaterReviewForm(request.POST if is_sent(request) else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            outcome = reviews_at_once.move_reviews(
                picked=chosen, **form.cleaned_data, actor=request.actor, on=request.on
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return _told(request, outcome, ngettext("%(n)d put off.", "%(n)d put off.", outcome.done))
    return _dialog(request, form, chosen, title=_("Put off"), save=_("Put off"))


def _chosen(request: Any) -> Picked:
    """The ticked lines of the day's list: `review-<id>`, `alert-<id>`. Raises NothingSelected; ignores what is neither."""
    ids: dict[str, list[UUID]] = {"review": [], "alert": []}
    for text in request.POST.getlist("pick"):
        source, _dash, row_id = text.partition("-")
        try:
            ids[source].append(UUID(row_id))
        except (KeyError, ValueError):
            continue
    if not any(ids.values()):
        raise NothingSelected
    return pick_reviews(review_ids=ids["review"], alert_ids=ids["alert"], scope=request.scope)


def _dialog(request: Any, form: Any, chosen: Picked, *, title: str, save: str) -> HttpResponse:
    picks = [f"review-{row.id}" for row in chosen.reviews] + [f"alert-{row.id}" for row in chosen.alerts]
    context = {"form": form, "title": title, "save": save, "picks": picks, "customers": chosen.customers}
    return page(request, "collection/reviews_picked.html", context, status=422 if form.is_bound else 200)


def _told(request: Any, outcome: Outcome, text: str) -> HttpResponse:
    """The day's list without what was done, and what could not be by name."""
    if outcome.done:
        say(request, text % {"n": outcome.done})
    for customer, refusal in outcome.refused[:NAMED]:
        say(request, _("%(customer)s: %(why)s") % {"customer": customer.name, "why": refusal.message}, level="warning")
    more = len(outcome.refused) - NAMED
    if more > 0:
        say(request, ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}, level="warning")
    return close_dialog(worklist_body(request))

"""Calls, notes and their follow-ups."""

from __future__ import annotations

from uuid import UUID

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires
from accounts.roles import Can
from collection.forms import CallForm, NoteForm
from collection.models import Interaction
from collection.services import interactions
from collection.views.panel import back_to_page
from collection.views.worklist import worklist_body
from core.web import add_refusal, page, say
from receivables.models import Contact


@requires(Can.LOG_CALLS)
@require_http_methods(["GET", "POST"])
def call_new(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Log a call in few clicks: how it ended, what was said, what comes next."""
    interactions.check_customer(customer_id=customer_id, scope=request.scope)  # type: ignore[attr-defined]
    contacts = Contact.objects.filter(customer_id=customer_id, is_active=True).order_by("last_name", "first_name")
    form = CallForm(
        request.POST or None, contacts=[(str(c.id), f"{c} · {c.phone}" if c.phone else str(c)) for c in contacts]
    )
    return _log(request, customer_id, form, kind=Interaction.Kind.CALL, title=_("Log a call"))


@requires(Can.LOG_CALLS)
@require_http_methods(["GET", "POST"])
def note_new(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Write a note about a customer."""
    interactions.check_customer(customer_id=customer_id, scope=request.scope)  # type: ignore[attr-defined]
    return _log(
        request, customer_id, NoteForm(request.POST or None), kind=Interaction.Kind.NOTE, title=_("Write a note")
    )


def _log(request: HttpRequest, customer_id: UUID, form: Form, *, kind: str, title: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            interactions.log_interaction(
                customer_id=customer_id,
                kind=kind,
                outcome=given.get("outcome", ""),
                text=given["text"],
                contact_id=UUID(given["contact"]) if given.get("contact") else None,
                next_on=given["next_on"],
                next_text=given["next_text"],
                scope=request.scope,  # type: ignore[attr-defined]
                actor=request.actor,  # type: ignore[attr-defined]
                on=request.on,  # type: ignore[attr-defined]
            )
        except interactions.BadInteraction as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Logged."))
            return back_to_page(request)
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/interaction.html", {"form": form, "title": title}, status=status)


@requires(Can.LOG_CALLS)
@require_POST
def follow_up_done(request: HttpRequest, interaction_id: UUID) -> HttpResponse:
    """Tick off a follow-up."""
    interactions.finish_follow_up(
        interaction_id=interaction_id,
        scope=request.scope,  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
        on=request.on,  # type: ignore[attr-defined]
    )
    return worklist_body(request)

"""Notes about customers."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.queries.members import active_members
from accounts.roles import Can
from collection.forms import NoteForm
from collection.models import Interaction
from collection.services import interactions
from collection.views.panel import back_to_page
from core.web import add_refusal, page, say


@requires(Can.LOG_CALLS)
@require_http_methods(["GET", "POST"])
def note_new(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Write a note about a customer."""
    interactions.check_customer(customer_id=customer_id, scope=request.scope)  # type: ignore[attr-defined]
    form = NoteForm(request.POST or None, members=active_members())
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            interactions.log_interaction(
                customer_id=customer_id,
                kind=Interaction.Kind.NOTE,
                text=given["text"],
                mentions=[UUID(one) for one in given["mentions"]],
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
    return page(request, "collection/interaction.html", {"form": form, "title": _("Write a note")}, status=status)

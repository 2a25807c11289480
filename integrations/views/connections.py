"""Connections that bring files each night: a folder, or an address with a secret, which is shown once."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import requires
from accounts.roles import Can
from core.errors import Refusal
from core.web import add_refusal, page, say
from integrations.forms import ConnectionForm
from integrations.models import Connection
from integrations.queries.connections import connection_lines
from integrations.services import connections as services


@requires(Can.MANAGE_CONNECTIONS)
@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    """Where files come from, when the last one came, and how it ended."""
    lines = [{"line": line, "where": _where(request, line.connection)} for line in connection_lines()]
    return page(request, "integrations/connections.html", {"lines": lines})


@requires(Can.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def connection_new(request: HttpRequest) -> HttpResponse:
    """A folder or an upload address. The answer to the form is the only page that ever shows the secret."""
    form = ConnectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made, secret = services.create_connection(
                name=given["name"],
                kind=given["kind"],
                source=given["source"],
                folder=given["folder"],
                entity_id=UUID(given["entity"]) if given["entity"] else None,
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            response = page(
                request,
                "integrations/connection_made.html",
                {"connection": made, "secret": secret, "where": _where(request, made)},
            )
            response["Cache-Control"] = "no-store"
            return response
    return page(request, "integrations/connection_new.html", {"form": form}, status=422 if form.errors else 200)


@requires(Can.MANAGE_CONNECTIONS)
@require_POST
def connection_switch(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Switch it on (`on=yes`) or off: an address that is off answers as if it did not exist."""
    is_active = request.POST.get("on") == "yes"
    changed = services.set_active(
        connection_id=connection_id,
        is_active=is_active,
        actor=request.actor,  # type: ignore[attr-defined]
    )
    text = _("%(name)s is switched on.") if is_active else _("%(name)s is switched off.")
    say(request, text % {"name": changed.name})
    return redirect("connections")


def _where(request: HttpRequest, connection: Connection) -> str:
    """The folder on the server, or the address to send to."""
    if connection.kind == Connection.Kind.FOLDER:
        return str(services.inbox(connection))
    return request.build_absolute_uri(reverse("upload", args=[connection.tenant_id, connection.id]))

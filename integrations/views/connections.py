"""Connections: folders and addresses that bring files, mailboxes and addresses that bring mail. Secrets are shown once."""

from __future__ import annotations

from typing import Any
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
from integrations.forms import ConnectionForm, MailboxForm
from integrations.models import Connection, Mailbox
from integrations.queries.connections import connection_lines, mailbox_of
from integrations.services import connections as services
from integrations.services import mailboxes
from integrations.words import file_error, mailbox_error


@requires(Can.MANAGE_CONNECTIONS)
@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    """Where files come from, when the last one came, and how it ended."""
    lines = [
        {
            "line": line,
            "where": _where(request, line.connection, line.mailbox),
            "error": mailbox_error(line.mailbox.error) if line.mailbox else "",
            "folder_error": file_error(line.connection.error),
            "file_error": file_error(line.last.error if line.last else ""),
        }
        for line in connection_lines()
    ]
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


@requires(Can.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def mailbox_new(request: HttpRequest) -> HttpResponse:
    """A mailbox that is read, or an address for mail, whose secret only the answer to the form shows."""
    form = MailboxForm(request.POST or None, is_new=True)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        entity_id = UUID(given["entity"]) if given["entity"] else None
        try:
            if given["kind"] == Connection.Kind.MAIL:
                made, secret = mailboxes.create_mail_address(
                    name=given["name"],
                    entity_id=entity_id,
                    actor=request.actor,  # type: ignore[attr-defined]
                )
                context = {"connection": made, "secret": secret, "where": _where(request, made)}
                response = page(request, "integrations/connection_made.html", context)
                response["Cache-Control"] = "no-store"
                return response
            mailboxes.create_mailbox(
                name=given["name"],
                given=_settings(given),
                entity_id=entity_id,
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("The mailbox is read now: look here in a minute whether it could be opened."))
            return redirect("connections")
    return page(request, "integrations/mailbox_form.html", {"form": form}, status=422 if form.errors else 200)


@requires(Can.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def mailbox_edit(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Other settings of a mailbox. Its password is never shown."""
    mailbox = mailbox_of(connection_id)
    kept = ("host", "port", "security", "user_name", "folder", "afterwards", "moved_to", "return_address")
    form = MailboxForm(request.POST or None, is_new=False, initial={name: getattr(mailbox, name) for name in kept})
    if request.method == "POST" and form.is_valid():
        try:
            mailboxes.change_mailbox(
                connection_id=connection_id,
                given=_settings(form.cleaned_data),
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("The mailbox is read now: look here in a minute whether it could be opened."))
            return redirect("connections")
    context = {"form": form, "mailbox": mailbox}
    return page(request, "integrations/mailbox_form.html", context, status=422 if form.errors else 200)


@requires(Can.MANAGE_CONNECTIONS)
@require_POST
def mailbox_read(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Read it now, and not only in a few minutes."""
    mailboxes.read_soon(connection_id=connection_id)
    say(request, _("The mailbox is read now: look here in a minute whether it could be opened."))
    return redirect("connections")


def _settings(given: dict[str, Any]) -> mailboxes.MailboxSettings:
    names = ("host", "port", "security", "user_name", "password", "folder", "afterwards", "moved_to", "return_address")
    return mailboxes.MailboxSettings(**{name: given[name] for name in names})


def _where(request: HttpRequest, connection: Connection, mailbox: Mailbox | None = None) -> str:
    """The folder on the server, the address to send to, or whose mailbox it is."""
    if connection.kind == Connection.Kind.IMAP:
        return f"{mailbox.user_name} · {mailbox.host}" if mailbox else ""
    if connection.kind == Connection.Kind.MAIL:
        return request.build_absolute_uri(reverse("mail_in", args=[connection.tenant_id, connection.id]))
    if connection.kind == Connection.Kind.FOLDER:
        return str(services.inbox(connection))
    return request.build_absolute_uri(reverse("upload", args=[connection.tenant_id, connection.id]))

"""The audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import requires
from accounts.entities import entities
from accounts.forms import AuditFilter
from accounts.queries import audit as queries
from accounts.queries.members import roles
from accounts.roles import Can
from accounts.words import action_words, change_words, object_words, references_in
from core.models import AuditRecord
from core.web import page

SYSTEM = AuditRecord.ActorKind.SYSTEM.value


@requires(Can.VIEW_AUDIT)
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Who changed what, newest first; narrowed by who, what and about which row, in the address."""
    scope = request.scope  # type: ignore[attr-defined]
    form = AuditFilter(request.GET or None)
    form.fields["actor"].choices = _actor_choices()  # type: ignore[attr-defined]
    form.fields["action"].choices = _action_choices(request)  # type: ignore[attr-defined]
    asked = form.cleaned_data if form.is_valid() else {}
    kind, _colon, actor_id = asked.get("actor", "").partition(":")
    found = queries.audit_page(
        scope=scope,
        actor_kind=kind,
        actor_id=UUID(actor_id) if actor_id else None,
        action=asked.get("action", ""),
        object_id=asked.get("object"),
        before=read_position(asked.get("before", "")),
    )
    context = {
        "form": form,
        "lines": _lines(found.entries),
        "older": write_position(found.older) if found.older else "",
        "is_first": not asked.get("before"),
        "is_narrowed": any(asked.get(name) for name in ("actor", "action", "object")),
        "about": _about(asked.get("object"), found.entries),
    }
    return page(request, "accounts/audit.html", context, part="accounts/audit_rows.html")


def write_position(position: tuple[datetime, UUID]) -> str:
    at, record_id = position
    return f"{at.isoformat()}~{record_id.hex}"


def read_position(text: str) -> tuple[datetime, UUID] | None:
    """The position in the trail that an address names; the newest record for one that is none."""
    at, _tilde, record_id = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(record_id)) if moment.utcoffset() is not None else None
    except ValueError:
        return None


def _actor_choices() -> list[tuple[str, str]]:
    named = [(f"{kind}:{key}", name) for kind, key, name in queries.possible_actors()]
    return [("", _("Everybody")), (SYSTEM, _("System")), *named]


def _action_choices(request: HttpRequest) -> list[tuple[str, str]]:
    seen = set(queries.actions_seen(scope=request.scope))  # type: ignore[attr-defined]
    seen |= {request.GET["action"]} if request.GET.get("action") else set()
    return [("", _("Everything")), *sorted(((one, action_words(one)) for one in seen), key=lambda pair: pair[1])]


def _lines(entries: list[queries.AuditEntry]) -> list[dict[str, Any]]:
    referred = {one for entry in entries for one in references_in(entry.record.changes)}
    names = {row.id: row.name for row in (*roles(), *entities())} if referred else {}
    return [
        {
            "record": entry.record,
            "actor": entry.actor_name or (_("System") if entry.record.actor_kind == SYSTEM else _("unknown")),
            "by_key": entry.record.actor_kind == AuditRecord.ActorKind.API_KEY,
            "actor_value": f"{entry.record.actor_kind}:{entry.record.actor_id}" if entry.record.actor_id else SYSTEM,
            "action": action_words(entry.record.action),
            "kind": object_words(entry.record.object_type),
            "object": entry.object_name,
            "changes": change_words(entry.record.changes, names, entry.record.object_type),
        }
        for entry in entries
    ]


def _about(object_id: UUID | None, entries: list[queries.AuditEntry]) -> str:
    """What the row in the filter is called, where the page names it."""
    if object_id is None:
        return ""
    return next((e.object_name for e in entries if e.record.object_id == object_id and e.object_name), str(object_id))

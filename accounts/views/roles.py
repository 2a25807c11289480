"""Roles and their rights."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import requires
from accounts.forms import RoleForm
from accounts.models import Role
from accounts.queries import members as queries
from accounts.roles import LABELS, Can
from accounts.services import roles as services
from accounts.services.rights import capabilities_of, get_role, grantable
from accounts.words import GROUPS
from core.errors import Refusal
from core.web import add_refusal, page, say


@dataclass(frozen=True)
class Cell:
    """A right of the role's form. `fixed`: neither held by the role nor the reader's to give."""

    value: str
    label: str
    checked: bool
    fixed: bool


@requires(Can.MANAGE_ROLES)
@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """All roles side by side: which rights each has, and how many have the role."""
    lines = queries.role_lines()
    held = [capabilities_of(line.role) for line in lines]
    groups = [
        (title, [(LABELS[can], [can in own for own in held]) for can in cans]) for title, cans in _grouped().items()
    ]
    return page(request, "accounts/roles.html", {"lines": lines, "groups": groups})


@requires(Can.MANAGE_ROLES)
@require_http_methods(["GET", "POST"])
def role_new(request: HttpRequest) -> HttpResponse:
    """A role from scratch."""
    form = RoleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            role = services.create_role(**form.cleaned_data, actor=request.actor)  # type: ignore[attr-defined]
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("The role %(name)s is created.") % {"name": role.name})
            return redirect("roles")
    return _role_page(request, form, role=None, held=())


@requires(Can.MANAGE_ROLES)
@require_http_methods(["GET", "POST"])
def role(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """Name and rights of one role."""
    shown = get_role(role_id)
    held = capabilities_of(shown)
    initial = {"name": shown.name, "portfolio_only": shown.portfolio_only, "capabilities": list(held)}
    form = RoleForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_role(role_id=role_id, **form.cleaned_data, actor=request.actor)  # type: ignore[attr-defined]
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("The role %(name)s is saved.") % {"name": form.cleaned_data["name"]})
            return redirect("roles")
    return _role_page(request, form, role=get_role(role_id), held=held)


@requires(Can.MANAGE_ROLES)
@require_POST
def role_copy(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """The same rights under another name, to be changed next."""
    copied = services.copy_role(role_id=role_id, actor=request.actor)  # type: ignore[attr-defined]
    say(request, _("This is the copy. Give it a name and its rights."), level="info")
    return redirect("role", role_id=copied.id)


@requires(Can.MANAGE_ROLES)
@require_POST
def role_delete(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """Delete a role that nobody has."""
    name = get_role(role_id).name
    services.delete_role(role_id=role_id, actor=request.actor)  # type: ignore[attr-defined]
    say(request, _("The role %(name)s is deleted.") % {"name": name})
    return redirect("roles")


def _role_page(request: HttpRequest, form: RoleForm, *, role: Role | None, held: Collection[Can]) -> HttpResponse:
    checked = set(form["capabilities"].value() or ())
    own = grantable(request.actor)  # type: ignore[attr-defined]
    groups = [
        (
            title,
            [
                Cell(
                    value=can.value,
                    label=str(LABELS[can]),
                    checked=can.value in checked,
                    fixed=can not in own and can not in held,
                )
                for can in cans
            ],
        )
        for title, cans in _grouped().items()
    ]
    line = next((line for line in queries.role_lines() if role and line.role == role), None)
    context = {"form": form, "role": role, "groups": groups, "line": line}
    return page(request, "accounts/role.html", context, status=422 if form.errors else 200)


def _grouped() -> dict[str, list[Can]]:
    """Rights under the title of their group, in the order of the enumeration."""
    return {str(title): [can for can in Can if can.value.partition(".")[0] == app] for app, title in GROUPS.items()}

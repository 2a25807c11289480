"""Who is asking, which rows they see, and the question of each page: may this member do this?

The doors that open a tenant scope: accounts.middleware (pages, invitation links, API keys), TenantTask (Celery) and
TenantCommand (commands).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import wraps
from typing import Any
from uuid import UUID

from celery import Task
from django.contrib.auth.views import redirect_to_login
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Member, Tenant
from accounts.queries.doors import membership
from accounts.roles import Can
from core.audit import SYSTEM, Actor
from core.days import today_in
from core.errors import NotAllowed, Refusal
from core.tenancy import current_tenant_id, tenant_scope


@dataclass(frozen=True)
class Scope:
    """Which rows somebody sees. Every public query takes it as keyword `scope`, without default.

    Everything in the tenant unless `portfolio_of` (a member: only customers assigned to them) or `entity_ids`
    (only these entities) narrow it.
    """

    portfolio_of: UUID | None = None
    entity_ids: frozenset[UUID] = field(default_factory=frozenset)

    @property
    def is_everything(self) -> bool:
        return self.portfolio_of is None and not self.entity_ids


EVERYTHING = Scope()


def business_today(tenant: Tenant, *, now: datetime | None = None) -> date:
    """The tenant's business day: its sandbox clock, or the day in its zone. Edges ask; rules are told."""
    if tenant.is_sandbox and tenant.sandbox_on:
        return tenant.sandbox_on
    return today_in(tenant.time_zone, now or timezone.now())


def scope_of(member: Member) -> Scope:
    """The row scope of a member, from the role and the entity restrictions. 1 SQL query."""
    return _scope(member, frozenset(member.entity_accesses.values_list("entity_id", flat=True)))


def _scope(member: Member, entity_ids: frozenset[UUID]) -> Scope:
    return Scope(portfolio_of=member.id if member.role.portfolio_only else None, entity_ids=entity_ids)


def scope_of_key(key: ApiKey) -> Scope:
    """The row scope of an API key: its maker's entities, and with a portfolio role its maker's customers.

    A portfolio key without maker sees no customer: nobody is salesperson or collector under the key's own id.
    1 SQL query.
    """
    return Scope(
        portfolio_of=(key.created_by_id or key.id) if key.role.portfolio_only else None,
        entity_ids=frozenset(
            Member.entity_accesses.rel.related_model.objects.filter(  # type: ignore[attr-defined]
                member_id=key.created_by_id
            ).values_list("entity_id", flat=True)
        )
        if key.created_by_id
        else frozenset(),
    )


class MemberRequest(HttpRequest):
    """What a view behind `requires` gets: the organisation, who asks, what they see, and the business day."""

    tenant: Tenant
    member: Member
    scope: Scope
    actor: Actor
    on: date


class NoSuchRight(NotAllowed):
    code = "not_allowed"
    message = _("Your role does not allow this. Ask an administrator of your organisation.")


def load_member(request: HttpRequest) -> Member | None:
    """The member behind the request in the tenant in scope, once per request. 1 SQL query."""
    if not hasattr(request, "_member"):
        found = membership(user_id=request.user.pk) if current_tenant_id() and request.user.is_authenticated else None
        request._member, request._entity_ids = found or (None, frozenset())  # type: ignore[attr-defined]
    return request._member  # type: ignore[attr-defined]


def load_scope(request: HttpRequest) -> Scope:
    """The row scope of the member behind the request, who must be one. 1 SQL query, unless the member is known."""
    member = load_member(request)
    assert member is not None
    entity_ids: frozenset[UUID] | None = getattr(request, "_entity_ids", None)
    return scope_of(member) if entity_ids is None else _scope(member, entity_ids)


def requires(*capabilities: Can) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page for members who may do all of `capabilities` (none: every member).

    Sets request.member, request.scope, request.actor and request.on (the business day).
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            member = load_member(request)
            if member is None:
                return redirect("organisations")
            if not all(member.can(capability) for capability in capabilities):
                raise NoSuchRight
            request.member = member  # type: ignore[attr-defined]
            request.scope = load_scope(request)  # type: ignore[attr-defined]
            request.actor = Actor.member(member)  # type: ignore[attr-defined]
            request.on = business_today(request.tenant)  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        wrapped.capabilities = frozenset(capabilities)  # type: ignore[attr-defined]
        return wrapped

    return decorate


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page for every signed-in person, member of an organisation or not. Reads and writes nothing of a tenant."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    wrapped.for_persons = True  # type: ignore[attr-defined]
    return wrapped


@dataclass(frozen=True)
class Caller:
    """Who calls the API: stands where a user stands in Django REST framework."""

    key: ApiKey
    tenant: Tenant
    scope: Scope

    is_authenticated = True
    is_anonymous = False

    @property
    def pk(self) -> UUID:
        return self.key.id

    @property
    def actor(self) -> Actor:
        return Actor.api_key(self.key)

    @property
    def on(self) -> date:
        return business_today(self.tenant)

    def can(self, capability: Can) -> bool:
        return self.key.can(capability)


class TenantTask(Task):
    """Base of every task: opens the scope of the tenant named in the message. Unknown arguments are ignored by bodies."""

    abstract = True

    def __call__(self, *args: Any, tenant: str, **kwargs: Any) -> Any:
        with tenant_scope(UUID(tenant)):
            return super().__call__(*args, tenant=tenant, **kwargs)


class RefusingCommand(BaseCommand):
    """Base of every command: a named refusal ends it with the refusal's text on standard error and exit status 1.

    Exit status 2 is a wrong call (a missing argument), which the argument parser answers. Values are therefore read
    in the body, by `day` and by the services, not by the parser's types.
    """

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except Refusal as refusal:
            raise CommandError(str(refusal), returncode=1) from refusal

    def day(self, text: str, option: str = "--on") -> date:
        """The ISO date an option was given. Raises CommandError with exit status 1."""
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise CommandError(f"{option} is {text!r}; expected a date such as 2026-03-31.", returncode=1) from None

    def print_json(self, document: Any) -> None:
        """The one JSON document of `--json`, on standard output."""
        self.stdout.write(json.dumps(document, ensure_ascii=False))


class TenantCommand(RefusingCommand):
    """Base of every command that works in one organisation: `--tenant SLUG` opens its scope."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--tenant", required=True, metavar="SLUG", help="the organisation's short name")
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        with transaction.atomic():
            tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no organisation {options['tenant']!r}.", returncode=1)
        if tenant.status != Tenant.Status.ACTIVE:
            raise CommandError(f"Organisation {tenant.slug!r} is suspended.", returncode=1)
        self.tenant = tenant
        self.actor = SYSTEM
        with tenant_scope(tenant):
            return super().execute(*args, **options)

    @property
    def today(self) -> date:
        return business_today(self.tenant)

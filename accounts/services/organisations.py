"""Organisations are made whole: with their roles, and in a scope of their own."""

from datetime import date
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import Role, Tenant
from accounts.roles import DEFAULT_ROLES
from core.audit import SYSTEM, Actor, record
from core.errors import Conflict, Invalid
from core.money import is_currency
from core.tenancy import tenant_scope


class SlugTaken(Conflict):
    code = "slug_taken"
    message = _("An organisation with this short name exists already.")


class BadOrganisation(Invalid):
    code = "bad_organisation"
    message = _("The organisation cannot be created like this.")


class ClockNotMovable(Conflict):
    code = "clock_not_movable"
    message = _("The clock of this organisation cannot be set to this day.")


@transaction.atomic
def create_organisation(
    *,
    slug: str,
    name: str,
    country: str = "FR",
    currency: str = "EUR",
    language: str = "en",
    time_zone: str = "Europe/Paris",
    sandbox_on: date | None = None,
    actor: Actor = SYSTEM,
) -> Tenant:
    """A new organisation with its default roles, named in `language`.

    `sandbox_on` makes it a sandbox whose clock stands on that day. Raises SlugTaken, BadOrganisation.
    """
    _check(slug=slug, currency=currency, time_zone=time_zone)
    try:
        with transaction.atomic():
            tenant = Tenant.objects.create(
                slug=slug,
                name=name,
                country=country,
                currency=currency,
                language=language,
                time_zone=time_zone,
                is_sandbox=sandbox_on is not None,
                sandbox_on=sandbox_on,
            )
    except IntegrityError as error:
        raise SlugTaken from error
    with tenant_scope(tenant):
        create_default_roles(language=language)
        record(actor=actor, action="accounts.organisation_created", row=tenant)
    return tenant


def create_default_roles(*, language: str) -> None:
    """The roles of accounts.roles.DEFAULT_ROLES as rows of the tenant in scope, named in `language`."""
    with override(language):
        Role.objects.bulk_create(
            Role(
                code=role.code,
                name=str(role.name),
                capabilities=sorted(capability.value for capability in role.can),
                portfolio_only=role.portfolio_only,
            )
            for role in DEFAULT_ROLES
        )


def _check(*, slug: str, currency: str, time_zone: str) -> None:
    from django.core.validators import validate_slug

    try:
        validate_slug(slug)
    except Exception as error:
        raise BadOrganisation(
            fields={"slug": [_("Letters, digits, hyphens and underscores only, 50 at most.")]}
        ) from error
    if len(slug) > 50:
        raise BadOrganisation(fields={"slug": [_("Letters, digits, hyphens and underscores only, 50 at most.")]})
    if not is_currency(currency):
        raise BadOrganisation(fields={"currency": [_("Not a currency code of ISO 4217, such as EUR.")]})
    try:
        ZoneInfo(time_zone)
    except Exception as error:
        raise BadOrganisation(fields={"time_zone": [_("Not a time zone name, such as Europe/Paris.")]}) from error


@transaction.atomic
def set_sandbox_clock(*, tenant: Tenant, on: date, actor: Actor) -> Tenant:
    """Set a sandbox's business day. Free until its first night, forwards only after it. Raises ClockNotMovable."""
    locked = Tenant.objects.select_for_update().get(id=tenant.id)
    if not locked.is_sandbox or locked.sandbox_on is None:
        raise ClockNotMovable(_("Only a sandbox organisation has a clock of its own."))
    if locked.first_night_on is not None and on < locked.sandbox_on:
        raise ClockNotMovable(_("After the first night the clock moves forwards only."))
    before, locked.sandbox_on = locked.sandbox_on, on
    locked.save(update_fields=["sandbox_on"])
    tenant.sandbox_on = on
    record(actor=actor, action="accounts.sandbox_clock_set", row=locked, changes={"sandbox_on": [before, on]})
    return locked

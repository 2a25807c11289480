"""Organisations are made whole: with their roles, and in a scope of their own."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, time
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from babel import Locale
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import Role, Tenant, User
from accounts.roles import DEFAULT_ROLES
from accounts.services.members import join, role_with_code
from accounts.services.rights import lock_organisation
from core.audit import SYSTEM, Actor, changed, record
from core.errors import Conflict, Invalid
from core.money import is_currency
from core.tenancy import tenant_scope

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# In CLDR's list of territories, but no country codes of ISO 3166: unions, lone islands, the rest of the world.
_NOT_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}


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
    _check(slug=slug, name=name, country=country, currency=currency, language=language, time_zone=time_zone)
    try:
        with transaction.atomic():
            tenant = Tenant.objects.create(
                slug=slug,
                name=name.strip(),
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


@transaction.atomic
def create_own_organisation(
    *,
    user: User,
    name: str,
    country: str,
    currency: str,
    language: str,
    time_zone: str,
    sandbox_on: date | None = None,
) -> Tenant:
    """A further organisation of a person, who becomes its administrator. Its short name is made from the name.

    Raises BadOrganisation. Must be called outside of every tenant scope: it opens the new one's.
    """
    tenant = create_organisation(
        slug=free_slug(name),
        name=name,
        country=country,
        currency=currency,
        language=language,
        time_zone=time_zone,
        sandbox_on=sandbox_on,
    )
    with tenant_scope(tenant):
        join(
            user=user,
            name=user.get_full_name(),
            email=user.email,
            role=role_with_code("admin"),
            entity_ids=(),
            member=None,
            actor=None,
        )
    return tenant


@transaction.atomic
def change_organisation(
    *, name: str, country: str, currency: str, language: str, time_zone: str, actor: Actor
) -> Tenant:
    """Change the settings of the organisation in scope. The time zone decides when its days begin.

    `currency` is that of files and figures that name none; amounts already stored keep theirs. Raises BadOrganisation.
    """
    tenant = lock_organisation()
    _check(slug=tenant.slug, name=name, country=country, currency=currency, language=language, time_zone=time_zone)
    differing = changed(
        tenant,
        {
            "name": name.strip(),
            "country": country,
            "currency": currency,
            "language": language,
            "time_zone": time_zone,
        },
    )
    if differing:
        tenant.save(update_fields=list(differing))
        record(actor=actor, action="accounts.organisation_changed", row=tenant, changes=differing)
    return tenant


@transaction.atomic
def change_sending_hours(*, days: Collection[int], start: time, end: time, on_holidays: bool, actor: Actor) -> Tenant:
    """Messages of the organisation in scope leave on these days of the week (0 = Monday), from `start` until `end`.

    Hours are those of its time zone. What waits already is moved where the new hours come earlier (port
    `accounts.hours_changed`), and put off before it leaves where its moment is outside of them now. Raises BadOrganisation.
    """
    fields: dict[str, list[StrOrPromise]] = {}
    if not days or not set(days) <= set(range(7)):
        fields["days"] = [_("Choose at least one day.")]
    if end <= start:
        fields["end"] = [_("Later than the beginning, please.")]
    if fields:
        raise BadOrganisation(_("The sending hours cannot be saved like this."), fields=fields)
    tenant = lock_organisation()
    values = {"sending_days": sorted(set(days)), "sending_from": start, "sending_until": end}
    differing = changed(tenant, values | {"sends_on_holidays": on_holidays})
    if differing:
        tenant.save(update_fields=list(differing))
        record(actor=actor, action="accounts.sending_hours_changed", row=tenant, changes=differing)
    return tenant


def free_slug(name: str) -> str:
    """The name as a short name that no organisation has yet. 1 SQL query."""
    base = slugify(name)[:40] or "organisation"
    taken = set(Tenant.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    slug, n = base, 2
    while slug in taken:
        slug, n = f"{base}-{n}", n + 1
    return slug


def _check(*, slug: str, name: str, country: str, currency: str, language: str, time_zone: str) -> None:
    """Raise BadOrganisation with a message for each value that cannot stay."""
    fields: dict[str, list[StrOrPromise]] = {}
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,50}", slug):
        fields["slug"] = [_("Letters, digits, hyphens and underscores only, 50 at most.")]
    if not name.strip() or len(name) > 120:
        fields["name"] = [_("An organisation needs a name of at most 120 characters.")]
    if country not in countries():
        fields["country"] = [_("Not a country code of ISO 3166, such as FR.")]
    if not is_currency(currency):
        fields["currency"] = [_("Not a currency code of ISO 4217, such as EUR.")]
    if language not in dict(settings.LANGUAGES):
        fields["language"] = [_("Not one of the languages %(codes)s.") % {"codes": ", ".join(dict(settings.LANGUAGES))}]
    if time_zone not in time_zones():
        fields["time_zone"] = [_("Not a time zone name, such as Europe/Paris.")]
    if fields:
        raise BadOrganisation(fields=fields)


@cache
def countries() -> frozenset[str]:
    """The country codes of ISO 3166 (two letters), from CLDR."""
    return frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2) - _NOT_COUNTRIES


@cache
def time_zones() -> frozenset[str]:
    """The names of the zones that this machine knows, regions with cities first of all: Europe/Paris, UTC."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


@transaction.atomic
def set_sandbox_clock(*, tenant: Tenant, on: date, actor: Actor) -> Tenant:
    """Set a sandbox's business day. Free until its first night, forwards only after it. Raises ClockNotMovable."""
    locked = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
    if not locked.is_sandbox or locked.sandbox_on is None:
        raise ClockNotMovable(_("Only a sandbox organisation has a clock of its own."))
    if locked.first_night_on is not None and on < locked.sandbox_on:
        raise ClockNotMovable(_("After the first night the clock moves forwards only."))
    before, locked.sandbox_on = locked.sandbox_on, on
    locked.save(update_fields=["sandbox_on"])
    tenant.sandbox_on = on
    record(actor=actor, action="accounts.sandbox_clock_set", row=locked, changes={"sandbox_on": [before, on]})
    return locked

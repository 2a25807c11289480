"""API keys: made, verified, revoked. The text of a key is known once, to whoever makes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.keys import digest, matches, new_secret
from accounts.models import ApiKey
from accounts.queries.doors import live_key
from accounts.roles import Can
from accounts.services.rights import capabilities_of, check_may_grant, get_role, lock_organisation
from core.audit import Actor, record
from core.errors import Invalid, NotFound
from core.tenancy import require_tenant_id

PREFIX = "enc"
# The time of last use is good enough to the minute, and a write for each call would not be.
USE_NOTED_EVERY = timedelta(minutes=1)


class BadApiKey(Invalid):
    code = "bad_api_key"
    message = _("The key cannot be made like this.")


@dataclass(frozen=True)
class NewKey:
    """A key and its text, which is kept nowhere."""

    key: ApiKey
    text: str


@dataclass(frozen=True)
class KeyText:
    """What the text of a key says: which tenant, which key, and the secret that proves it."""

    tenant_id: UUID
    key_id: UUID
    secret: str


def write_key(*, tenant_id: UUID, key_id: UUID, secret: str) -> str:
    return f"{PREFIX}_{tenant_id.hex}_{key_id.hex}_{secret}"


def read_key(text: str) -> KeyText | None:
    """The parts of `enc_<tenant>_<id>_<secret>`; None for what is no key at all."""
    prefix, *parts = text.split("_", 3)
    if prefix != PREFIX or len(parts) != 3:
        return None
    tenant, key, secret = parts
    if len(tenant) != 32 or len(key) != 32 or not secret.isascii():
        return None
    try:
        return KeyText(tenant_id=UUID(hex=tenant), key_id=UUID(hex=key), secret=secret)
    except ValueError:
        return None


@transaction.atomic
def create_api_key(
    *,
    name: str,
    role_id: UUID,
    scopes: Iterable[str] = (),
    expires_at: datetime | None = None,
    portfolio_of: UUID | None = None,
    actor: Actor,
) -> NewKey:
    """A key with the rights of a role, narrowed to `scopes` where given (capabilities of that role).

    It sees the rows that its maker sees: their entities, and with a portfolio role their own customers. A key made by
    command has no maker; `portfolio_of` (a member's id) says whose rows it sees.
    Raises BadApiKey, NotFound, CannotGrant.
    """
    lock_organisation()
    role = get_role(role_id)
    rights = capabilities_of(role)
    try:
        chosen = frozenset(Can(scope) for scope in scopes)
    except ValueError as error:
        raise BadApiKey(fields={"scopes": [_("One of the rights does not exist.")]}) from error
    if not chosen <= rights:
        raise BadApiKey(fields={"scopes": [_("A key cannot have more rights than its role.")]})
    if not name.strip() or len(name) > 80:
        raise BadApiKey(fields={"name": [_("A key needs a name of at most 80 characters.")]})
    if expires_at is not None and expires_at <= timezone.now():
        raise BadApiKey(fields={"expires_at": [_("The end must be in the future.")]})
    check_may_grant(actor=actor, capabilities=chosen or rights, portfolio_only=role.portfolio_only)
    secret = new_secret()
    key = ApiKey.objects.create(
        name=name.strip(),
        role=role,
        scopes=sorted(can.value for can in chosen),
        secret_hash=digest(secret),
        created_by_id=actor.member_id or portfolio_of,
        expires_at=expires_at,
    )
    record(
        actor=actor,
        action="accounts.api_key_created",
        row=key,
        changes={"role": [None, role], "scopes": [None, key.scopes], "expires_at": [None, expires_at]},
    )
    return NewKey(key=key, text=write_key(tenant_id=require_tenant_id(), key_id=key.id, secret=secret))


@transaction.atomic
def revoke_api_key(*, key_id: UUID, actor: Actor) -> ApiKey:
    """End a key at once. Revoking it again changes nothing. Raises NotFound."""
    key = ApiKey.objects.select_for_update().filter(id=key_id).first()
    if key is None:
        raise NotFound(_("There is no such API key."))
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        record(actor=actor, action="accounts.api_key_revoked", row=key)
    return key


def verify_key(*, key_id: UUID, secret: str) -> ApiKey | None:
    """The key of the tenant in scope that this secret opens, with its role and tenant.

    None when unknown, wrong, revoked or expired, and while the tenant is not active. 1 SQL query, and at most once a
    minute a second one that notes the use.
    """
    key = live_key(key_id=key_id)
    # Compared even when there is no key: an answer in less time would say that it does not exist.
    if not matches(secret, key.secret_hash if key else "") or key is None:
        return None
    if key.last_used_at is None or key.last_used_at < timezone.now() - USE_NOTED_EVERY:
        _note_use(key)
    return key


def _note_use(key: ApiKey) -> None:
    """No audit: it is no change that anybody made. Of many calls at once the first writes, the others go on."""
    due = ApiKey.objects.filter(id=key.id).filter(Q(last_used_at=None) | Q(last_used_at__lt=Now() - USE_NOTED_EVERY))
    ApiKey.objects.filter(id__in=list(due.select_for_update(skip_locked=True).values_list("id", flat=True))).update(
        last_used_at=Now()
    )

"""Who are you, and what may you do? Organisations, persons, members, roles, keys.

Tenant, User, UserTenant and Doorbell are global tables (see core.tenancy.install); all else belongs to a tenant.
"""

from datetime import time

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from core.tenancy.models import TenantForeignKey, TenantModel, UUIDv7


def working_week() -> list[int]:
    """Monday to Friday."""
    return [0, 1, 2, 3, 4]


class Tenant(models.Model):
    """An organisation that sells on credit. Its business day is the day in `time_zone`, or the sandbox clock's."""

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", _("active")
        SUSPENDED = "SUSPENDED", _("suspended")

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2, default="FR")
    currency = models.CharField(max_length=3, default="EUR")
    language = models.CharField(max_length=5, default="en")
    time_zone = models.CharField(max_length=50, default="Europe/Paris")
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    is_sandbox = models.BooleanField(default=False)
    # The sandbox clock: business dates only. Leases, tokens, sessions and audit stamps use the real clock.
    sandbox_on = models.DateField(null=True, blank=True)
    first_night_on = models.DateField(null=True, blank=True)
    # Messages leave on these days of the week (0 = Monday) and hours of `time_zone` only (desk.rules.hours).
    sending_days = ArrayField(models.PositiveSmallIntegerField(), default=working_week)
    sending_from = models.TimeField(default=time(8))
    sending_until = models.TimeField(default=time(18))
    sends_on_holidays = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="tenant_clock_only_in_sandbox",
                condition=Q(is_sandbox=True, sandbox_on__isnull=False) | Q(is_sandbox=False, sandbox_on__isnull=True),
            ),
            models.CheckConstraint(
                name="tenant_sending_hours",
                condition=Q(sending_until__gt=F("sending_from")) & ~Q(sending_days=[]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """A person with a sign-in address; without password only a reset link lets them in."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)


class User(AbstractBaseUser):
    """A person who signs in by e-mail. What they may do is the business of their Member rows."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=5, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(db_default=Now(), editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email


class UserTenant(models.Model):
    """Which organisations a person may enter: the only place that is asked before a tenant scope is open."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="user_tenants")
    of_tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "of_tenant"], name="user_tenant_once")]


class Doorbell(models.Model):
    """Which tenant has work due in which queue: lets a cross-tenant beat find it without entering any tenant."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    of_tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    queue = models.CharField(max_length=40)
    due_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of_tenant", "queue"], name="doorbell_once")]
        indexes = [models.Index(fields=["due_at"], name="doorbell_due")]


class Role(TenantModel):
    """A set of capabilities under a name that the organisation chose."""

    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    capabilities = ArrayField(models.CharField(max_length=60), default=list)
    # Sees only customers whose salesperson or collector the member is.
    portfolio_only = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="role_code_once")]

    def __str__(self) -> str:
        return self.name

    def can(self, capability: Can) -> bool:
        return Can(capability).value in self.capabilities


class Member(TenantModel):
    """A person in one organisation, with one role. Without `user` it is a name only (a salesperson from the ERP)."""

    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    role = TenantForeignKey(Role, models.PROTECT, related_name="members")
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254, blank=True)
    # The reference under which the ERP names this person, for assignment by import.
    source_ref = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user"], name="member_user_once", condition=Q(user__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["tenant", "source_ref"], name="member_source_ref_once", condition=~Q(source_ref="")
            ),
        ]
        indexes = [models.Index(fields=["tenant", "role"], name="member_role")]

    def __str__(self) -> str:
        return self.name

    def can(self, capability: Can) -> bool:
        return self.is_active and self.role.can(capability)


class DaysIncluded(Func):
    """The days from the first to the last, both included."""

    function = "daterange"
    template = "%(function)s(%(expressions)s, '[]')"


class Replacement(TenantModel):
    """Somebody does the work of an absent member from `from_on` until `until_on` (included), within rights of their own.

    In force before `ended_on`, where it was ended early.
    """

    member = TenantForeignKey(Member, models.PROTECT, related_name="replacements")
    replacement = TenantForeignKey(Member, models.PROTECT, related_name="stands_in")
    from_on = models.DateField()
    until_on = models.DateField()
    ended_on = models.DateField(null=True)
    named_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    named_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="replacement_days", condition=Q(until_on__gte=F("from_on"))),
            models.CheckConstraint(name="replacement_is_another", condition=~Q(member=F("replacement"))),
            ExclusionConstraint(
                name="replacement_one_at_a_time",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    ("member", RangeOperators.EQUAL),
                    (DaysIncluded(F("from_on"), F("until_on")), RangeOperators.OVERLAPS),
                ],
                condition=Q(ended_on__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "member"], name="replacement_member"),
            models.Index(fields=["tenant", "replacement", "until_on"], name="replacement_replacement"),
            models.Index(fields=["tenant", "named_by"], name="replacement_named_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="replacement_updated"),
        ]


class Invitation(TenantModel):
    """An open door for one person: the secret in the link is stored hashed, used once, and expires."""

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120, blank=True)
    role = TenantForeignKey(Role, models.PROTECT, related_name="+")
    # The row that the person takes over: a name from the ERP, or a member who had left.
    member = TenantForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    # Entities to which the member will be restricted; empty: all.
    entity_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    invited_by = TenantForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    secret_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "email"],
                name="invitation_open_once",
                condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "role"], name="invitation_role"),
            models.Index(fields=["tenant", "member"], name="invitation_member"),
            models.Index(fields=["tenant", "invited_by"], name="invitation_by"),
        ]


class ApiKey(TenantModel):
    """A key `enc_<tenant>_<id>_<secret>`: the role bounds it, `scopes` narrow it. The secret is stored hashed."""

    name = models.CharField(max_length=80)
    role = TenantForeignKey(Role, models.PROTECT, related_name="+")
    # Capabilities the key is narrowed to; empty: all of the role's.
    scopes = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    secret_hash = models.CharField(max_length=64)
    created_by = TenantForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "role"], name="api_key_role"),
            models.Index(fields=["tenant", "created_by"], name="api_key_by"),
        ]

    def can(self, capability: Can) -> bool:
        return self.role.can(capability) and (not self.scopes or Can(capability).value in self.scopes)

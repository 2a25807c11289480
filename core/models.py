"""Tables without business: what was changed by whom, and which jobs ran."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.tenancy.models import TenantModel


class AuditRecord(TenantModel):
    """One change of one row by one actor. Append-only: the runtime role has no UPDATE and no DELETE on it.

    Keeps references, not names, so that an erased person is found nowhere in it.
    """

    append_only = True

    class ActorKind(models.TextChoices):
        MEMBER = "MEMBER", _("member")
        API_KEY = "API_KEY", _("API key")
        SYSTEM = "SYSTEM", _("system")

    at = models.DateTimeField(db_default=Now(), editable=False)
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    action = models.CharField(max_length=60)  # e.g. "receivables.hold_placed"
    object_type = models.CharField(max_length=60)  # e.g. "receivables.Hold"
    object_id = models.UUIDField(null=True)
    customer_id = models.UUIDField(null=True)
    # {"field": [before, after]}; for a bulk statement its parameters and counts.
    changes = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-at", "-id"], name="audit_newest"),
            models.Index(fields=["tenant", "object_id"], name="audit_object"),
            models.Index(fields=["tenant", "customer_id"], name="audit_customer"),
        ]


class JobRun(TenantModel):
    """One run of a job: its steps with counts and seconds, its progress, and how it ended.

    A nightly run is unique per tenant, job and business date; an on-demand run has a number instead.
    """

    class State(models.TextChoices):
        RUNNING = "RUNNING", _("running")
        DONE = "DONE", _("done")
        FAILED = "FAILED", _("failed")
        STOPPED = "STOPPED", _("stopped")

    job = models.CharField(max_length=40)
    on = models.DateField()
    number = models.PositiveIntegerField(default=0)  # 0: nightly
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    steps = models.JSONField(default=list)  # [{"name", "count", "seconds"}]
    done_count = models.PositiveIntegerField(default=0)
    total_count = models.PositiveIntegerField(null=True)
    stop_requested = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "job", "on", "number"], name="job_run_once"),
            models.CheckConstraint(
                name="job_run_finished", condition=Q(state="RUNNING") | Q(finished_at__isnull=False)
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-started_at"], name="job_run_newest")]


class IdempotencyRecord(TenantModel):
    """The answer that a call of the API with an Idempotency-Key got, for whoever sends the same call again.

    Written first, without an answer, in the transaction of the call itself: of several calls at once one works and the
    others wait for its answer. Kept for 30 days.
    """

    key_id = models.UUIDField()  # the API key that called
    key = models.CharField(max_length=200, db_collation="C")
    fingerprint = models.CharField(max_length=64)  # of method, path and body
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True, default="", db_default="")
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key_id", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["tenant", "created_at"], name="idempotency_created")]


class SavedView(TenantModel):
    """Filters, sort and columns of a list under a name: a tab for its owner, or for everybody."""

    list_name = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    owner_id = models.UUIDField()  # the member
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "list_name", "owner_id", "name"], name="saved_view_name_once")
        ]

"""Scenarios tried out over the past by a worker, for whoever asked."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Member
from collection.models.scenarios import ScenarioVersion
from core.models import JobRun
from core.tenancy.models import TenantForeignKey, TenantModel


class Trial(TenantModel):
    """What a version would have said from `since` to `on`, and what is different from what was in force.

    Progress and end stand in its run. The messages lie in files below the files folder for a week; sums stay.
    """

    run = TenantForeignKey(JobRun, models.PROTECT, related_name="trials")
    version = TenantForeignKey(ScenarioVersion, models.PROTECT, related_name="+")
    member = TenantForeignKey(Member, models.PROTECT, related_name="+")
    since = models.DateField()
    on = models.DateField()
    old_items = models.CharField(max_length=12, choices=ScenarioVersion.OldItems)
    is_compared = models.BooleanField()
    message_count = models.PositiveIntegerField(default=0)
    difference_count = models.PositiveIntegerField(default=0)
    # {"EUR": "1200.00"}: what the messages ask for.
    amounts = models.JSONField(default=dict)
    # {"First reminder": 12}: messages by step.
    by_step = models.JSONField(default=dict)
    # {"HELD": 3}: items left out on the last day, by reason.
    left_out = models.JSONField(default=dict)
    # Below the folder of files, without ending; empty until it is whole, and again once it was removed.
    file_path = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "run"], name="trial_run_once"),
            models.CheckConstraint(name="trial_days", condition=Q(on__gte=F("since"))),
        ]
        indexes = [
            models.Index(fields=["tenant", "member"], name="trial_member"),
            models.Index(fields=["tenant", "version", "-created_at"], name="trial_version"),
        ]

"""How are we doing? Files that a member asked for; figures themselves are never stored here."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.models import JobRun
from core.tenancy.models import TenantForeignKey, TenantModel


class Export(TenantModel):
    """A list written to a file by a worker, for the member who asked. Progress and end stand in its run."""

    class Format(models.TextChoices):
        CSV = "csv", _("CSV")
        XLSX = "xlsx", _("Excel")

    run = TenantForeignKey(JobRun, models.PROTECT, related_name="exports")
    member = TenantForeignKey(Member, models.PROTECT, related_name="+")
    list_name = models.CharField(max_length=40)
    query = models.TextField(blank=True)
    file_format = models.CharField(max_length=4, choices=Format)
    language = models.CharField(max_length=5)
    # Below the folder of files; empty until the file is whole, and again once it was removed.
    file_path = models.CharField(max_length=200, blank=True)
    row_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "run"], name="export_run_once")]
        indexes = [models.Index(fields=["tenant", "member", "-created_at"], name="export_member")]

"""What colleagues have to do and say about a customer: tasks, comments, files."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Customer


class Task(TenantModel):
    """Something that a person has to do about a customer. Made once (`kind`, `key`), then done by somebody.

    `text` and `values` are a sentence of the catalogue (core.text.Phrase). `object_type` and `object_id` name the row
    that it is about, such as ("receivables.Dispute", id). Without `assignee` it is the collector's of the customer.
    """

    class Kind(models.TextChoices):
        MENTION = "MENTION", _("you were mentioned")
        BOUNCE = "BOUNCE", _("address refused a message")
        REPLY = "REPLY", _("reply to read")
        DISPUTE = "DISPUTE", _("dispute to answer")
        ESCALATION = "ESCALATION", _("question to the credit manager")
        REVIEW = "REVIEW", _("customer to review")
        STEP = "STEP", _("step of a scenario")
        CONTACT = "CONTACT", _("contact to find")
        STATUS = "STATUS", _("status of an item")
        APPROVAL = "APPROVAL", _("decision to take")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=12, choices=Kind)
    key = models.CharField(max_length=120)  # the same again makes nothing
    assignee = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    on = models.DateField()
    due_on = models.DateField()
    text = models.CharField(max_length=300)
    values = models.JSONField(default=dict)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.UUIDField(null=True)
    done_on = models.DateField(null=True)
    done_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind", "key"], name="task_once"),
            models.CheckConstraint(name="task_due_after_made", condition=Q(due_on__gte=models.F("on"))),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "assignee", "due_on", "id"], condition=Q(done_on__isnull=True), name="task_open"
            ),
            models.Index(fields=["tenant", "assignee"], name="task_assignee"),
            models.Index(fields=["tenant", "customer", "-on"], name="task_customer"),
            models.Index(fields=["tenant", "done_by"], name="task_done_by"),
            models.Index(fields=["tenant", "object_id"], name="task_object"),
        ]


class Comment(TenantModel):
    """What a colleague says about a row, a dispute say; those mentioned get a task. Append-only."""

    append_only = True

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="comments")
    object_type = models.CharField(max_length=40)
    object_id = models.UUIDField()
    text = models.TextField()
    mentions = models.JSONField(default=list)  # ids of members
    member = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    on = models.DateField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "object_id", "at"], name="comment_object"),
            models.Index(fields=["tenant", "customer", "-at"], name="comment_customer"),
            models.Index(fields=["tenant", "member"], name="comment_member"),
        ]


class Attachment(TenantModel):
    """A file that belongs to a row. Kept as received below the files folder, given out as a download only."""

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="attachments")
    object_type = models.CharField(max_length=40)
    object_id = models.UUIDField()
    file_name = models.CharField(max_length=160)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200)  # below the files folder
    member = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    on = models.DateField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "object_id", "sha256"], name="attachment_once")]
        indexes = [
            models.Index(fields=["tenant", "customer", "-at"], name="attachment_customer"),
            models.Index(fields=["tenant", "member"], name="attachment_member"),
        ]

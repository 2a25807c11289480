"""Mail that came in, and what the organisation wants done about it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from desk.models.messages import Message
from receivables.models import Contact, Customer, Entity


class InboundMessage(TenantModel):
    """One mail that came in: its words, whose it is, and what it may mean. Taken once, by its Message-ID.

    Everything in it was written outside: texts are shown escaped, never as HTML. Without `customer` it waits for a
    person who says whose it is. The mail as received lies below the files folder.
    """

    class Kind(models.TextChoices):
        REPLY = "REPLY", _("written by a person")
        BOUNCE = "BOUNCE", _("a message could not be delivered")
        OUT_OF_OFFICE = "OUT_OF_OFFICE", _("automatic answer")
        RECEIPT = "RECEIPT", _("read receipt")

    class State(models.TextChoices):
        NEW = "NEW", _("to be read")
        READ = "READ", _("read")
        DONE = "DONE", _("done")

    class MatchedBy(models.TextChoices):
        REFERENCE = "REFERENCE", _("it answers our message")
        ADDRESS = "ADDRESS", _("the sender's address is known")
        DOMAIN = "DOMAIN", _("the sender writes from the customer's domain")
        ITEM = "ITEM", _("it names the customer's items")
        PERSON = "PERSON", _("somebody assigned it")

    connection_id = models.UUIDField(null=True)  # the integrations.Connection that brought it
    # Its Message-ID as its sender gave it; made of its content where there is none, or where other content came under it before.
    mail_id = models.CharField(max_length=300)
    in_reply_to = models.CharField(max_length=300, blank=True)
    references = models.JSONField(default=list)
    kind = models.CharField(max_length=14, choices=Kind)
    state = models.CharField(max_length=6, choices=State, default=State.NEW)
    sender = models.CharField(max_length=320, blank=True)
    sender_name = models.CharField(max_length=160, blank=True)
    recipients = models.JSONField(default=list)
    subject = models.CharField(max_length=250, blank=True)
    text = models.TextField(blank=True)  # what is new in it
    quoted = models.TextField(blank=True)  # what it repeats of earlier messages
    sent_at = models.DateTimeField(null=True)  # as the sender says
    received_at = models.DateTimeField(db_default=Now())
    on = models.DateField()  # business date of the day it came in
    customer = TenantForeignKey(Customer, models.PROTECT, null=True, related_name="inbound_messages")
    entity = TenantForeignKey(Entity, models.PROTECT, null=True, related_name="+")
    contact = TenantForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    answers = TenantForeignKey(Message, models.PROTECT, null=True, related_name="replies")  # ours, which it answers
    matched_by = models.CharField(max_length=10, choices=MatchedBy, blank=True)
    items = models.JSONField(default=list)  # ids of the customer's items that it names
    # What it may mean, with the sentence that says so (desk.rules.replies); a person accepts or dismisses each.
    proposals = models.JSONField(default=list)
    # Of a bounce {"recipient", "status", "is_hard", "is_final", "text"}, of an absence {"returns_on"}.
    report = models.JSONField(default=dict)
    # [{"name", "size", "kept": bool, "why"}]: files in it; kept ones are attachments once the customer is known.
    files = models.JSONField(default=list)
    problem = models.JSONField(default=dict)  # why it, or a part of it, could not be read (core.text.Phrase)
    raw_path = models.CharField(max_length=200)
    raw_sha256 = models.CharField(max_length=64)
    raw_size = models.PositiveIntegerField()
    done_on = models.DateField(null=True)
    done_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "mail_id"], name="inbound_once"),
            models.CheckConstraint(
                name="inbound_matched_to_somebody",
                condition=Q(customer__isnull=True, matched_by="") | Q(customer__isnull=False) & ~Q(matched_by=""),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-received_at", "-id"], name="inbound_newest"),
            models.Index(
                fields=["tenant", "-received_at"], condition=Q(customer__isnull=True), name="inbound_unmatched"
            ),
            models.Index(fields=["tenant", "customer", "-received_at"], name="inbound_customer"),
            models.Index(fields=["tenant", "entity"], name="inbound_entity"),
            models.Index(fields=["tenant", "contact"], name="inbound_contact"),
            models.Index(fields=["tenant", "answers"], name="inbound_answers"),
            models.Index(fields=["tenant", "done_by"], name="inbound_done_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="inbound_updated"),
        ]


class ReplyRules(TenantModel):
    """What an organisation wants done by itself about replies: one row, or none for the defaults."""

    # Days for which a customer's reminders wait once it has written; 0: they go on, as a promise or dispute stops them.
    hold_days = models.PositiveSmallIntegerField(default=0)
    # Whether messages to customers ask for a read receipt, which the recipient may refuse.
    asks_receipts = models.BooleanField(default=False, db_default=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="reply_rules_once"),
            models.CheckConstraint(name="reply_hold_days_few", condition=Q(hold_days__lte=30)),
        ]

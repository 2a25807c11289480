"""Templates, and messages out: the outbox and its archive."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Contact, Customer, Entity


class Channel(models.TextChoices):
    EMAIL = "EMAIL", _("e-mail")
    LETTER = "LETTER", _("letter")
    REGISTERED_LETTER = "REGISTERED_LETTER", _("registered letter")
    SMS = "SMS", _("text message")
    CALL = "CALL", _("phone call")


# A call is made by a person: nothing carries it, and it never becomes a message.
MESSAGE_CHANNELS = [one for one in Channel if one is not Channel.CALL]
MESSAGE_CHANNEL_CHOICES = [(one.value, one.label) for one in MESSAGE_CHANNELS]
ON_PAPER = (Channel.LETTER, Channel.REGISTERED_LETTER)


class Template(TenantModel):
    """The text of a message in one language: names from a list and nothing else (desk.rules.templates)."""

    code = models.SlugField(max_length=40)  # e.g. "reminder_1"
    channel = models.CharField(max_length=20, choices=MESSAGE_CHANNEL_CHOICES)
    language = models.CharField(max_length=5)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code", "channel", "language"], name="template_once")]


class TemplateCode(TenantModel):
    """A code of the organisation's own, beside the common ones: what a step of a scenario may have said.

    Where it has no text of its own in a language, it says what the common code `like` says.
    """

    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    like = models.SlugField(max_length=40, default="reminder_1")
    created_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="template_code_once"),
            models.UniqueConstraint(fields=["tenant", "name"], name="template_code_name_once"),
        ]
        indexes = [models.Index(fields=["tenant", "created_by"], name="template_code_creator")]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(TenantModel):
    """A text as it was from `saved_at` on: each saving adds one, numbered from 1. Append-only.

    `is_common`: the organisation went back to the common text, which is kept here in the words it had then.
    Two people who save at once ask for the same number; one of them is refused.
    """

    append_only = True

    code = models.SlugField(max_length=40)
    channel = models.CharField(max_length=20, choices=MESSAGE_CHANNEL_CHOICES)
    language = models.CharField(max_length=5)
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    is_common = models.BooleanField(default=False)
    restored_from = models.PositiveIntegerField(null=True)  # the number of the version that was brought back
    saved_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "code", "channel", "language", "number"], name="template_version_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "saved_by"], name="template_version_saver")]


class Message(TenantModel):
    """One message to one recipient: the outbox row, and afterwards the archive of what was sent.

    To a customer, or to a member of the organisation; about a customer also to a colleague.

    DUE -> CLAIMED (lease) -> HANDED (just before the final dot) -> SENT. A dead worker's CLAIMED rows return by
    themselves; HANDED ones are the only ambiguous ones: e-mail is sent again under the same Message-ID, of a text
    message its carrier is asked, paper waits for a person (UNSURE). The Message-ID is the row's id.
    """

    needs_analyze = True

    class State(models.TextChoices):
        DUE = "DUE", _("to be sent")
        CLAIMED = "CLAIMED", _("being sent")
        HANDED = "HANDED", _("handed over")
        SENT = "SENT", _("sent")
        BOUNCED = "BOUNCED", _("refused by the recipient's server")
        UNSURE = "UNSURE", _("perhaps sent")
        CANCELLED = "CANCELLED", _("cancelled")
        FAILED = "FAILED", _("not sendable")

    customer = TenantForeignKey(Customer, models.PROTECT, null=True, related_name="messages")
    member = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    entity = TenantForeignKey(Entity, models.PROTECT, null=True, related_name="+")
    contact = TenantForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    # Why it exists: which app's row, e.g. ("collection.Action", id). Unique with recipient and channel.
    reason_type = models.CharField(max_length=40)
    reason_id = models.UUIDField()
    on = models.DateField()  # business date
    channel = models.CharField(max_length=20, choices=MESSAGE_CHANNEL_CHOICES)
    recipient = models.CharField(max_length=320)  # address, mobile number, or the postal address in one line
    recipient_name = models.CharField(max_length=160, blank=True)
    cc = models.JSONField(default=list)
    reply_to = models.CharField(max_length=254, blank=True)
    sender_name = models.CharField(max_length=160, blank=True)
    # Message-ID of the mail that it answers, so that the recipient's program shows both as one conversation.
    in_reply_to = models.CharField(max_length=300, blank=True, default="", db_default="")
    language = models.CharField(max_length=5)
    subject = models.CharField(max_length=250)
    body_text = models.TextField()
    body_html = models.TextField(blank=True)
    # [{"item", "number", "due_date", "open_amount", "currency", "step_key"}]: what it speaks of, as composed.
    facts = models.JSONField(default=list)
    # [{"kind", "name", ...}]: the files that go along, made when it leaves; they are its `files` then.
    enclosures = models.JSONField(default=list)
    # [{"what", ...}]: what the second look, just before it left, found otherwise than it had been composed.
    changed = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    not_before = models.DateTimeField(db_default=Now())
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    carrier_ref = models.CharField(max_length=80, blank=True)  # the carrier's own name for it
    # A registered letter's, written down by a person.
    tracking_number = models.CharField(max_length=40, blank=True)
    received_on = models.DateField(null=True)
    created_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "reason_type", "reason_id", "recipient", "channel"], name="message_once"
            ),
            models.CheckConstraint(name="message_sent_has_time", condition=~Q(state="SENT") | Q(sent_at__isnull=False)),
            models.CheckConstraint(
                name="message_to_somebody", condition=Q(customer__isnull=False) | Q(member__isnull=False)
            ),
            models.CheckConstraint(name="message_is_no_call", condition=~Q(channel="CALL")),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "channel", "not_before", "id"],
                condition=Q(state__in=["DUE", "CLAIMED", "HANDED"]),
                name="message_waiting",
            ),
            models.Index(fields=["tenant", "customer", "-created_at"], name="message_customer"),
            models.Index(fields=["tenant", "member"], name="message_member"),
            models.Index(fields=["tenant", "entity"], name="message_entity"),
            models.Index(fields=["tenant", "contact"], name="message_contact"),
            models.Index(fields=["tenant", "created_by"], name="message_created_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="message_updated"),
        ]


class MessageFile(TenantModel):
    """A file of a message, as it left: the letter itself, or what was enclosed. Below the files folder."""

    class Kind(models.TextChoices):
        LETTER = "LETTER", _("letter")
        STATEMENT = "STATEMENT", _("statement")
        INTEREST = "INTEREST", _("calculation of interest")
        INVOICE = "INVOICE", _("invoice")

    message = TenantForeignKey(Message, models.CASCADE, related_name="files")
    position = models.PositiveSmallIntegerField(default=0)  # 0: the letter
    kind = models.CharField(max_length=10, choices=Kind)
    file_name = models.CharField(max_length=160)
    content_type = models.CharField(max_length=80, default="application/pdf", db_default="application/pdf")
    size = models.PositiveIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "message", "position"], name="message_file_once")]

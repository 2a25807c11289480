"""Who tells us? Connections, the runs that read what they brought, and what came in as it came."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Entity


class ImportKind(models.TextChoices):
    CUSTOMERS = "customers", _("customers")
    CONTACTS = "contacts", _("contacts")
    ITEMS = "items", _("invoices and payments")
    ALLOCATIONS = "allocations", _("allocations")
    ORDERS = "orders", _("open orders")
    DISPUTES = "disputes", _("disputes")
    PROMISES = "promises", _("promises")
    BANK_LINES = "bank_lines", _("lines of the bank")


class ColumnMapping(TenantModel):
    """How the columns of a source's file are read: remembered, and offered again for a file with the same header."""

    name = models.CharField(max_length=80)
    source = models.CharField(max_length=40, default="file")
    kind = models.CharField(max_length=20, choices=ImportKind)
    header_fingerprint = models.CharField(max_length=64)
    spec = models.JSONField()  # integrations.files.mapping.Mapping
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="column_mapping_name_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "source", "header_fingerprint"], name="column_mapping_fingerprint"),
        ]

    def __str__(self) -> str:
        return self.name


class Connection(TenantModel):
    """A link to a system outside: a folder or an upload address that brings files, a mailbox or an address for mail."""

    class Kind(models.TextChoices):
        FOLDER = "FOLDER", _("folder")
        UPLOAD = "UPLOAD", _("upload address")
        IMAP = "IMAP", _("mailbox")
        MAIL = "MAIL", _("address for mail")

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind)
    source = models.CharField(max_length=40)
    entity = TenantForeignKey(Entity, models.PROTECT, null=True, blank=True, related_name="+")
    # Folder below the organisation's own inbox; never a path from outside.
    folder = models.CharField(max_length=80, blank=True)
    # Upload address /in/<tenant>/<id>: the secret is sent as a bearer token and stored hashed.
    secret_hash = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    # Why its folder could not be emptied the last time, as the system says it (integrations.words.file_error).
    error = models.CharField(max_length=300, blank=True, default="", db_default="")
    created_by = TenantForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="connection_name_once"),
            models.UniqueConstraint(
                fields=["tenant", "folder"], name="connection_folder_once", condition=~Q(folder="")
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "entity"], name="connection_entity"),
            models.Index(fields=["tenant", "created_by"], name="connection_created_by"),
        ]

    def __str__(self) -> str:
        return self.name


class Mailbox(TenantModel):
    """How a connection of kind IMAP reads its mailbox, and how far it has come.

    The mails stay on the server: flagged as read, or moved to a folder there.
    """

    class Security(models.TextChoices):
        TLS = "TLS", _("TLS from the start")
        STARTTLS = "STARTTLS", _("STARTTLS")

    class Afterwards(models.TextChoices):
        FLAG = "FLAG", _("mark as read")
        MOVE = "MOVE", _("move to a folder")

    connection = TenantForeignKey(Connection, models.CASCADE, related_name="mailboxes")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(max_length=8, choices=Security, default=Security.TLS)
    user_name = models.CharField(max_length=254)
    password = models.CharField(max_length=1000)  # sealed (core.sealed)
    folder = models.CharField(max_length=120, default="INBOX")
    afterwards = models.CharField(max_length=4, choices=Afterwards, default=Afterwards.FLAG)
    moved_to = models.CharField(max_length=120, blank=True)
    # Messages of the connection's company (none: of all) bear it as the envelope's sender: what cannot be delivered is
    # returned to this mailbox. "": to the installation's own address.
    return_address = models.CharField(max_length=254, blank=True, default="", db_default="")
    # The server's numbers are good under one validity; another one means that they all begin anew.
    uid_validity = models.BigIntegerField(null=True)
    last_uid = models.BigIntegerField(default=0)
    taken_count = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField(null=True)  # when it was last read to its end
    error = models.CharField(max_length=300, blank=True)  # why it could not be read the last time
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "connection"], name="mailbox_once"),
            models.CheckConstraint(
                name="mailbox_moves_somewhere", condition=Q(afterwards="FLAG", moved_to="") | Q(afterwards="MOVE")
            ),
        ]


class SyncRun(TenantModel):
    """One file (or batch) that came in: what it was, how it was read, what it changed, how it ended."""

    class State(models.TextChoices):
        RECEIVED = "RECEIVED", _("received")
        CHECKED = "CHECKED", _("checked")  # dry run done, nothing changed
        QUEUED = "QUEUED", _("queued")
        RUNNING = "RUNNING", _("running")
        APPLIED = "APPLIED", _("applied")
        UNCHANGED = "UNCHANGED", _("same file as the last one")
        HELD = "HELD", _("waits for a person")
        REFUSED = "REFUSED", _("refused")
        FAILED = "FAILED", _("failed")
        STOPPED = "STOPPED", _("stopped")
        UNDONE = "UNDONE", _("undone")

    connection = TenantForeignKey(Connection, models.PROTECT, null=True, blank=True, related_name="runs")
    source = models.CharField(max_length=40, default="file")
    entity = TenantForeignKey(Entity, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=20, choices=ImportKind, blank=True)
    mode = models.CharField(max_length=10, blank=True)  # snapshot, history, delta
    as_of = models.DateField()
    file_name = models.CharField(max_length=200)
    file_size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    spool_path = models.CharField(max_length=200, blank=True)  # relative to the spool folder; empty once deleted
    mapping = models.JSONField(default=dict)
    inspection = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    # all_or_nothing: any bad row refuses the file (the browser's default); else bad rows are set aside.
    all_or_nothing = models.BooleanField(default=True)
    row_count = models.PositiveIntegerField(default=0)
    created_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    closed_count = models.PositiveIntegerField(default=0)
    rejected_count = models.PositiveIntegerField(default=0)
    rounded_count = models.PositiveIntegerField(default=0)
    # {"EUR": {"file": "...", "loaded": "...", "rounding": "...", "given": null, "books_before": .., "books_after": ..}}
    totals = models.JSONField(default=dict)
    # What was asked for beside the mapping: {"entity": code, "control_totals": {"EUR": "..."}, "force": false}
    options = models.JSONField(default=dict)
    # What a check or the load found: {"errors": [first ones], "warnings": [..], "made": {..}, "reopened": n, ...}
    result = models.JSONField(default=dict)
    done_count = models.PositiveIntegerField(default=0)  # progress, of row_count
    stop_requested = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    started_by = TenantForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    received_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True)
    # Moves while a process works on it; a RUNNING run whose heart stands still is taken up again.
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-received_at", "id"], name="sync_run_newest"),
            models.Index(fields=["tenant", "connection"], name="sync_run_connection"),
            models.Index(fields=["tenant", "entity"], name="sync_run_entity"),
            models.Index(fields=["tenant", "started_by"], name="sync_run_started_by"),
            models.Index(fields=["tenant", "source", "kind", "-as_of"], name="sync_run_source"),
        ]


class RawRecord(TenantModel):
    """A row that could not be loaded, as it was received, with the reason; or a warning about one that was.

    Replaced when the same file is checked again with another mapping.
    """

    run = TenantForeignKey(SyncRun, models.PROTECT, related_name="raw_records")
    line = models.PositiveIntegerField()
    field = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300)
    is_warning = models.BooleanField(default=False)
    values = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["tenant", "run", "line"], name="raw_record_run")]

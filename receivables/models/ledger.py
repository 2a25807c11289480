"""The ledger: documents, due amounts, what was set against what, and the balances kept beside it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.tenancy.models import CurrentTenant, TenantForeignKey, TenantModel
from receivables.models.customers import Customer, CustomerAccount, Entity

AMOUNT: dict[str, Any] = {"max_digits": 20, "decimal_places": 4}


def tenant_by_reference() -> models.ForeignKey:
    """The tenant of a row whose other references carry it: the database does not look it up once more for each row."""
    return models.ForeignKey(
        settings.TENANT_MODEL,
        models.PROTECT,
        db_default=CurrentTenant(),
        editable=False,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )


class ItemKind(models.TextChoices):
    INVOICE = "INVOICE", _("invoice")
    CREDIT_NOTE = "CREDIT_NOTE", _("credit note")
    DEBIT_NOTE = "DEBIT_NOTE", _("debit note")
    PAYMENT = "PAYMENT", _("payment")
    OPENING = "OPENING", _("opening balance")
    DISCOUNT = "DISCOUNT", _("discount")
    WRITE_OFF = "WRITE_OFF", _("write-off")
    EXCHANGE_DIFFERENCE = "EXCHANGE_DIFFERENCE", _("exchange difference")


class Document(TenantModel):
    """What was issued: one number, one date, one total; its due amounts are ledger items."""

    needs_analyze = True

    tenant = tenant_by_reference()
    customer = TenantForeignKey(Customer, models.PROTECT, related_name="documents", implied_by="account")
    # Of its items, which carry it: a document is made with them, and goes with them.
    account = TenantForeignKey(CustomerAccount, models.PROTECT, related_name="documents", implied_by="items")
    entity = TenantForeignKey(Entity, models.PROTECT, related_name="+", implied_by="account")
    source = models.CharField(max_length=40, default="file")
    number = models.CharField(max_length=80, db_collation="C")
    kind = models.CharField(max_length=20, choices=ItemKind)
    document_date = models.DateField()
    currency = models.CharField(max_length=3)
    total_amount = models.DecimalField(**AMOUNT)
    vat_amount = models.DecimalField(**AMOUNT, null=True)
    order_ref = models.CharField(max_length=80, blank=True)
    project_ref = models.CharField(max_length=80, blank=True)
    biller = models.CharField(max_length=80, blank=True)
    product = models.CharField(max_length=60, blank=True)
    site = models.CharField(max_length=60, blank=True)
    run_id = models.UUIDField(null=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                # The number first: this index also finds documents by the beginning of their number.
                fields=["tenant", "number", "entity", "source", "kind"],
                name="document_number_once",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "customer", "-document_date"], name="document_customer"),
            models.Index(fields=["tenant", "document_date", "id"], name="document_newest"),
            models.Index(fields=["tenant", "updated_at", "id"], name="document_updated"),
        ]


class LedgerItem(TenantModel):
    """One due amount, signed: positive = owed to us. The current version of what the source says.

    `open_amount` is stored: amount less all allocations known now; a nightly check recomputes it.
    `known_on` is when we learned of it; a history load sets it to the posting date (`is_history`).
    """

    needs_analyze = True

    tenant = tenant_by_reference()
    customer = TenantForeignKey(Customer, models.PROTECT, related_name="items", implied_by="account")
    account = TenantForeignKey(CustomerAccount, models.PROTECT, related_name="items", with_same=("customer", "entity"))
    entity = TenantForeignKey(Entity, models.PROTECT, related_name="+", implied_by="account")
    # Both are written and deleted under the lock of their source alone; the night looks for items without one.
    document = TenantForeignKey(Document, models.PROTECT, null=True, related_name="items", implied_by="source")
    source = models.CharField(max_length=40, default="file")
    # Unique per entity and source: kind, number and instalment, as the source tells them apart.
    source_ref = models.CharField(max_length=120, db_collation="C")
    kind = models.CharField(max_length=20, choices=ItemKind)
    number = models.CharField(max_length=80, db_collation="C")
    instalment = models.PositiveSmallIntegerField(default=1)
    document_date = models.DateField()
    posting_date = models.DateField()
    due_date = models.DateField()
    delivery_date = models.DateField(null=True)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(**AMOUNT)
    vat_amount = models.DecimalField(**AMOUNT, null=True)
    open_amount = models.DecimalField(**AMOUNT)
    payment_method = models.CharField(max_length=40, blank=True)
    is_factored = models.BooleanField(default=False)
    is_doubtful = models.BooleanField(default=False)
    known_on = models.DateField()
    is_history = models.BooleanField(default=False)
    # From when the present version is known, where it is not the first; the former ones are LedgerItemRevision.
    corrected_on = models.DateField(null=True)
    # Taken back (an undone load): in no figure known from this day on.
    void_on = models.DateField(null=True)
    # Stands in today's figures. Under the policy only a boolean says so to the planner: comparing numerics is not
    # leakproof, so `open_amount <> 0` counts as true for every row, and plans are made for twenty times too many.
    is_open = models.GeneratedField(
        expression=models.ExpressionWrapper(
            ~Q(open_amount=0) & Q(void_on__isnull=True), output_field=models.BooleanField()
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    run_id = models.UUIDField(null=True)  # the load that brought it
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "entity", "source", "source_ref"],
                name="ledger_item_source_ref_once",
                condition=Q(void_on__isnull=True),
            ),
            models.CheckConstraint(
                name="ledger_item_open_within_amount",
                condition=Q(amount__gte=0, open_amount__gte=0, open_amount__lte=F("amount"))
                | Q(amount__lte=0, open_amount__lte=0, open_amount__gte=F("amount")),
            ),
        ]
        indexes = [
            # Balances and ageing read open items only: a small index that answers alone.
            models.Index(
                fields=["tenant", "customer", "currency", "due_date"],
                include=["id", "open_amount", "posting_date", "entity", "account"],
                condition=Q(is_open=True),
                name="ledger_item_open",
            ),
            # Lists ask for what is not void, though no open item is: with it in the index they count rows by that alone.
            models.Index(
                fields=["tenant", "due_date", "id"],
                include=["void_on"],
                condition=Q(is_open=True),
                name="ledger_item_open_due",
            ),
            models.Index(fields=["tenant", "customer", "-document_date", "id"], name="ledger_item_customer"),
            models.Index(fields=["tenant", "document"], name="ledger_item_document"),
            models.Index(fields=["tenant", "updated_at", "id"], name="ledger_item_updated"),
        ]


class LedgerItemRevision(TenantModel):
    """What an item said before a correction, known from `known_from` until `known_until` (excluded)."""

    append_only = True

    tenant = tenant_by_reference()
    item = TenantForeignKey(LedgerItem, models.PROTECT, related_name="revisions")
    customer_id = models.UUIDField()
    known_from = models.DateField()
    known_until = models.DateField()
    document_date = models.DateField()
    posting_date = models.DateField()
    due_date = models.DateField()
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(**AMOUNT)
    vat_amount = models.DecimalField(**AMOUNT, null=True)
    run_id = models.UUIDField(null=True)  # the load that corrected it
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["tenant", "item", "known_from"], name="item_revision_item")]


class Allocation(TenantModel):
    """Part of a credit set against a debit, append-only: taken back by a row with negative amounts, never deleted.

    `debit_amount` reduces the debit's open amount, `credit_amount` the credit's; both positive, in each one's currency.
    A missing side means that the source closed the item without naming its counterpart.
    """

    append_only = True
    needs_analyze = True

    class Origin(models.TextChoices):
        SOURCE = "SOURCE", _("from the books")
        OURS = "OURS", _("ours")

    class Reason(models.TextChoices):
        ALLOCATED = "ALLOCATED", _("allocated")
        SETTLED = "SETTLED", _("settled at the source")
        VANISHED = "VANISHED", _("no longer open at the source")
        REVERSED = "REVERSED", _("taken back")

    tenant = tenant_by_reference()
    customer = TenantForeignKey(Customer, models.PROTECT, related_name="allocations", implied_by="debit_item")
    debit_item = TenantForeignKey(LedgerItem, models.PROTECT, null=True, related_name="debit_allocations")
    credit_item = TenantForeignKey(LedgerItem, models.PROTECT, null=True, related_name="credit_allocations")
    debit_amount = models.DecimalField(**AMOUNT, null=True)
    debit_currency = models.CharField(max_length=3, blank=True)
    credit_amount = models.DecimalField(**AMOUNT, null=True)
    credit_currency = models.CharField(max_length=3, blank=True)
    on = models.DateField()
    known_on = models.DateField()
    is_history = models.BooleanField(default=False)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.SOURCE)
    reason = models.CharField(max_length=12, choices=Reason, default=Reason.ALLOCATED)
    # The source's own key of this allocation: the same file twice adds nothing.
    source_ref = models.CharField(max_length=200, db_collation="C", blank=True)
    run_id = models.UUIDField(null=True)
    reverses = TenantForeignKey("self", models.PROTECT, null=True, related_name="reversals")
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="allocation_has_a_side", condition=Q(debit_item__isnull=False) | Q(credit_item__isnull=False)
            ),
            models.CheckConstraint(
                name="allocation_sides_complete",
                condition=(
                    Q(debit_item__isnull=True, debit_amount__isnull=True)
                    | Q(debit_item__isnull=False, debit_amount__isnull=False)
                )
                & (
                    Q(credit_item__isnull=True, credit_amount__isnull=True)
                    | Q(credit_item__isnull=False, credit_amount__isnull=False)
                ),
            ),
            # Its index also finds what takes an allocation back.
            models.UniqueConstraint(
                fields=["tenant", "reverses"], name="allocation_reversed_once", condition=Q(reverses__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["tenant", "source_ref"], name="allocation_source_ref_once", condition=~Q(source_ref="")
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "debit_item", "on"], include=["debit_amount", "known_on"], name="allocation_debit"
            ),
            models.Index(
                fields=["tenant", "credit_item", "on"], include=["credit_amount", "known_on"], name="allocation_credit"
            ),
            models.Index(fields=["tenant", "customer", "-on"], name="allocation_customer"),
            # Whether anything was allocated after a day: if not, the stored open amounts are that day's.
            models.Index(fields=["tenant", "on"], name="allocation_on"),
            models.Index(fields=["tenant", "recorded_at", "id"], name="allocation_recorded"),
        ]


class OpenOrder(TenantModel):
    """An order accepted and not yet invoiced: part of the exposure."""

    needs_analyze = True

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="orders")
    entity = TenantForeignKey(Entity, models.PROTECT, related_name="+")
    source = models.CharField(max_length=40, default="file")
    number = models.CharField(max_length=80, db_collation="C")
    order_date = models.DateField()
    delivery_date = models.DateField(null=True)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(**AMOUNT)
    open_amount = models.DecimalField(**AMOUNT)
    run_id = models.UUIDField(null=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "entity", "source", "number"], name="open_order_number_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="open_order_customer"),
            models.Index(fields=["tenant", "updated_at", "id"], name="open_order_updated"),
        ]


class CustomerBalance(TenantModel):
    """Sums of a customer's open items by currency, for sorted lists; refreshed for touched customers and each night."""

    needs_analyze = True

    tenant = tenant_by_reference()
    # Of its items, whose sum it is: made from them, and gone with the last one.
    customer = TenantForeignKey(Customer, models.CASCADE, related_name="balances", implied_by="items")
    currency = models.CharField(max_length=3)
    on = models.DateField()
    open_amount = models.DecimalField(**AMOUNT)
    overdue_amount = models.DecimalField(**AMOUNT)
    oldest_due_date = models.DateField(null=True)
    item_count = models.PositiveIntegerField()
    # Cents of the amounts as integers: only integers may order an index scan under a policy.
    open_cents = models.BigIntegerField(default=0)
    overdue_cents = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "customer", "currency"], name="balance_once")]
        indexes = [
            models.Index(fields=["tenant", "currency", "overdue_cents", "customer"], name="balance_overdue"),
            models.Index(fields=["tenant", "currency", "open_cents", "customer"], name="balance_open"),
        ]


class FxRate(TenantModel):
    """Units of `currency` for one unit of `base`, published for the day `on`, with its source."""

    base = models.CharField(max_length=3)
    currency = models.CharField(max_length=3)
    on = models.DateField()
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    source = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "base", "currency", "on"], name="fx_rate_once"),
            models.CheckConstraint(name="fx_rate_positive", condition=Q(rate__gt=0)),
        ]


class LoadChange(TenantModel):
    """What a load changed in a row that was there before, so that the load can be undone."""

    append_only = True

    run_id = models.UUIDField()
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField()
    before = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "run_id"], name="load_change_run")]

import core.tenancy.models
import django.db.models.deletion
import django.db.models.functions.datetime
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_invitation_entity_ids_and_more"),
        ("receivables", "0007_balance_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="BankLine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=core.tenancy.models.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("source", models.CharField(default="file", max_length=40)),
                ("source_ref", models.CharField(db_collation="C", max_length=140)),
                ("own_iban", models.CharField(blank=True, max_length=34)),
                ("booked_on", models.DateField()),
                ("value_on", models.DateField(null=True)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                ("remaining_amount", models.DecimalField(decimal_places=4, max_digits=20)),
                ("payer_name", models.CharField(blank=True, max_length=200)),
                ("payer_iban", models.CharField(blank=True, max_length=34)),
                ("text", models.TextField(blank=True)),
                ("structured_ref", models.CharField(blank=True, max_length=140)),
                ("payload", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "to match"), ("MATCHED", "matched"), ("SET_ASIDE", "set aside")],
                        default="OPEN",
                        max_length=10,
                    ),
                ),
                ("set_aside_reason", models.CharField(blank=True, max_length=200)),
                ("proposal", models.JSONField(default=dict)),
                ("confidence", models.DecimalField(decimal_places=3, default=Decimal("0"), max_digits=4)),
                ("run_id", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "customer",
                    core.tenancy.models.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_lines",
                        to="receivables.customer",
                    ),
                ),
                (
                    "entity",
                    core.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="receivables.entity",
                    ),
                ),
                (
                    "said_by",
                    core.tenancy.models.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.member",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_default=core.tenancy.models.CurrentTenant(),
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CashMatch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=core.tenancy.models.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("ACCEPTED", "matched"), ("REFUSED", "refused"), ("REVERSED", "taken back")],
                        max_length=10,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                ("is_automatic", models.BooleanField(default=False)),
                ("confidence", models.DecimalField(decimal_places=3, default=Decimal("0"), max_digits=4)),
                ("proposal", models.JSONField(default=dict)),
                ("on", models.DateField()),
                (
                    "decided_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("reversed_on", models.DateField(null=True)),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "customer",
                    core.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cash_matches",
                        to="receivables.customer",
                    ),
                ),
                (
                    "decided_by",
                    core.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.member",
                    ),
                ),
                (
                    "line",
                    core.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="matches",
                        to="receivables.bankline",
                    ),
                ),
                (
                    "reversed_by",
                    core.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.member",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_default=core.tenancy.models.CurrentTenant(),
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CashAllocation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=core.tenancy.models.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("cash_amount", models.DecimalField(decimal_places=4, max_digits=20)),
                ("difference_amount", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                (
                    "difference",
                    models.CharField(
                        blank=True,
                        choices=[("", "none"), ("DISCOUNT", "discount"), ("TOLERANCE", "tolerated difference")],
                        default="",
                        max_length=10,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("leaves_amount", models.DecimalField(decimal_places=4, max_digits=20)),
                ("on", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("PROPOSED", "not in the books yet"),
                            ("EXPORTED", "sent to the books"),
                            ("CONFIRMED", "confirmed by the books"),
                            ("CONTRADICTED", "contradicted by the books"),
                            ("REVERSED", "taken back"),
                        ],
                        default="PROPOSED",
                        max_length=12,
                    ),
                ),
                ("state_on", models.DateField()),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "customer",
                    core.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cash_allocations",
                        to="receivables.customer",
                    ),
                ),
                (
                    "item",
                    core.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cash_allocations",
                        to="receivables.ledgeritem",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_default=core.tenancy.models.CurrentTenant(),
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
                (
                    "match",
                    core.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="receivables.cashmatch",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CashSettings",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=core.tenancy.models.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("threshold", models.DecimalField(decimal_places=3, default=Decimal("0.900"), max_digits=4)),
                ("tolerance_amount", models.DecimalField(decimal_places=4, default=Decimal("1"), max_digits=20)),
                ("tolerance_pct", models.DecimalField(decimal_places=2, default=Decimal("0.50"), max_digits=5)),
                ("grace_days", models.PositiveSmallIntegerField(default=3)),
                ("confirm_days", models.PositiveSmallIntegerField(default=7)),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "tenant",
                    models.ForeignKey(
                        db_default=core.tenancy.models.CurrentTenant(),
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="KnownPayer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=core.tenancy.models.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(choices=[("IBAN", "bank account"), ("NAME", "name")], max_length=4)),
                ("value", models.CharField(db_collation="C", max_length=200)),
                ("confirmed_on", models.DateField()),
                ("revoked_on", models.DateField(null=True)),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "confirmed_by",
                    core.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.member",
                    ),
                ),
                (
                    "customer",
                    core.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="known_payers",
                        to="receivables.customer",
                    ),
                ),
                (
                    "revoked_by",
                    core.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.member",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_default=core.tenancy.models.CurrentTenant(),
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="bankline",
            index=models.Index(fields=["tenant", "state", "-booked_on", "id"], name="bank_line_state"),
        ),
        migrations.AddIndex(
            model_name="bankline",
            index=models.Index(fields=["tenant", "customer"], name="bank_line_customer"),
        ),
        migrations.AddIndex(
            model_name="bankline",
            index=models.Index(fields=["tenant", "entity"], name="bank_line_entity"),
        ),
        migrations.AddIndex(
            model_name="bankline",
            index=models.Index(fields=["tenant", "said_by"], name="bank_line_said_by"),
        ),
        migrations.AddIndex(
            model_name="bankline",
            index=models.Index(fields=["tenant", "updated_at", "id"], name="bank_line_updated"),
        ),
        migrations.AddConstraint(
            model_name="bankline",
            constraint=models.UniqueConstraint(fields=("tenant", "source", "source_ref"), name="bank_line_once"),
        ),
        migrations.AddConstraint(
            model_name="bankline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount__gte", 0), ("remaining_amount__gte", 0), ("remaining_amount__lte", models.F("amount"))
                    ),
                    models.Q(
                        ("amount__lte", 0), ("remaining_amount__gte", models.F("amount")), ("remaining_amount__lte", 0)
                    ),
                    _connector="OR",
                ),
                name="bank_line_remaining_within_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "MATCHED"), _negated=True), ("remaining_amount", 0), _connector="OR"
                ),
                name="bank_line_matched_wholly",
            ),
        ),
        migrations.AddIndex(
            model_name="cashmatch",
            index=models.Index(fields=["tenant", "line"], name="cash_match_line"),
        ),
        migrations.AddIndex(
            model_name="cashmatch",
            index=models.Index(fields=["tenant", "customer"], name="cash_match_customer"),
        ),
        migrations.AddIndex(
            model_name="cashmatch",
            index=models.Index(fields=["tenant", "state", "-on", "id"], name="cash_match_state"),
        ),
        migrations.AddIndex(
            model_name="cashmatch",
            index=models.Index(fields=["tenant", "decided_by"], name="cash_match_decided_by"),
        ),
        migrations.AddIndex(
            model_name="cashmatch",
            index=models.Index(fields=["tenant", "reversed_by"], name="cash_match_reversed_by"),
        ),
        migrations.AddIndex(
            model_name="cashmatch",
            index=models.Index(fields=["tenant", "updated_at", "id"], name="cash_match_updated"),
        ),
        migrations.AddConstraint(
            model_name="cashmatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reversed_on__isnull", False), ("state", "REVERSED")),
                    models.Q(models.Q(("state", "REVERSED"), _negated=True), ("reversed_on", None)),
                    _connector="OR",
                ),
                name="cash_match_reversed_on",
            ),
        ),
        migrations.AddIndex(
            model_name="cashallocation",
            index=models.Index(fields=["tenant", "item"], name="cash_allocation_item"),
        ),
        migrations.AddIndex(
            model_name="cashallocation",
            index=models.Index(fields=["tenant", "customer"], name="cash_allocation_customer"),
        ),
        migrations.AddIndex(
            model_name="cashallocation",
            index=models.Index(
                condition=models.Q(("state__in", ["PROPOSED", "EXPORTED", "CONTRADICTED"])),
                fields=["tenant", "state", "on", "id"],
                name="cash_allocation_pending",
            ),
        ),
        migrations.AddIndex(
            model_name="cashallocation",
            index=models.Index(fields=["tenant", "updated_at", "id"], name="cash_allocation_updated"),
        ),
        migrations.AddConstraint(
            model_name="cashallocation",
            constraint=models.UniqueConstraint(fields=("tenant", "match", "item"), name="cash_allocation_once"),
        ),
        migrations.AddConstraint(
            model_name="cashallocation",
            constraint=models.CheckConstraint(
                condition=models.Q(("cash_amount", 0), _negated=True), name="cash_allocation_not_nothing"
            ),
        ),
        migrations.AddConstraint(
            model_name="cashsettings",
            constraint=models.UniqueConstraint(fields=("tenant",), name="cash_settings_once"),
        ),
        migrations.AddConstraint(
            model_name="cashsettings",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("threshold__gte", 0),
                    ("threshold__lte", 1),
                    ("tolerance_amount__gte", 0),
                    ("tolerance_pct__gte", 0),
                    ("tolerance_pct__lte", 100),
                ),
                name="cash_settings_sensible",
            ),
        ),
        migrations.AddIndex(
            model_name="knownpayer",
            index=models.Index(fields=["tenant", "customer"], name="known_payer_customer"),
        ),
        migrations.AddIndex(
            model_name="knownpayer",
            index=models.Index(fields=["tenant", "confirmed_by"], name="known_payer_confirmed_by"),
        ),
        migrations.AddIndex(
            model_name="knownpayer",
            index=models.Index(fields=["tenant", "revoked_by"], name="known_payer_revoked_by"),
        ),
        migrations.AddConstraint(
            model_name="knownpayer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_on__isnull", True)),
                fields=("tenant", "kind", "value", "customer"),
                name="known_payer_once",
            ),
        ),
    ]

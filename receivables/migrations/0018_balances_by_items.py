from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("receivables", "0017_reversals_by_constraint"),
    ]

    operations = [
        # Implied by the customer's items (core.tenancy.models.TenantForeignKey.implied_by).
        migrations.RunSQL(
            "ALTER TABLE receivables_customerbalance DROP CONSTRAINT IF EXISTS receivables_customerbalance_customer_id_tenant_fk",
            migrations.RunSQL.noop,
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_absences_by_change'),
        ('receivables', '0018_balances_by_items'),
    ]

    operations = [
        # Implied by the source (core.tenancy.models.TenantForeignKey.implied_by).
        migrations.RunSQL(
            "ALTER TABLE receivables_ledgeritem DROP CONSTRAINT IF EXISTS receivables_ledgeritem_document_id_tenant_fk",
            migrations.RunSQL.noop,
        ),
        # The database checks the account together with the item's customer and entity instead (with_same).
        migrations.RunSQL(
            "ALTER TABLE receivables_ledgeritem DROP CONSTRAINT IF EXISTS receivables_ledgeritem_account_id_tenant_fk",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint(
            model_name='customer',
            name='customer_ref_once',
        ),
        migrations.RemoveConstraint(
            model_name='customeraccount',
            name='customer_account_ref_once',
        ),
        migrations.RemoveIndex(
            model_name='customeraccount',
            name='account_customer',
        ),
        migrations.RemoveIndex(
            model_name='document',
            name='document_account',
        ),
        migrations.RemoveIndex(
            model_name='ledgeritem',
            name='ledger_item_account',
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.UniqueConstraint(fields=('tenant', 'ref'), include=('id',), name='customer_ref_once'),
        ),
        migrations.AddConstraint(
            model_name='customeraccount',
            constraint=models.UniqueConstraint(fields=('tenant', 'entity', 'source', 'ref'), include=('id', 'customer'), name='customer_account_ref_once'),
        ),
        migrations.AddConstraint(
            model_name='customeraccount',
            constraint=models.UniqueConstraint(fields=('tenant', 'customer', 'entity', 'id'), name='account_of_customer'),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0002_loading"),
    ]

    operations = [
        migrations.AlterField(
            model_name="columnmapping",
            name="kind",
            field=models.CharField(
                choices=[
                    ("customers", "customers"),
                    ("contacts", "contacts"),
                    ("items", "invoices and payments"),
                    ("allocations", "allocations"),
                    ("orders", "open orders"),
                    ("disputes", "disputes"),
                    ("promises", "promises"),
                    ("bank_lines", "lines of the bank"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="syncrun",
            name="kind",
            field=models.CharField(
                blank=True,
                choices=[
                    ("customers", "customers"),
                    ("contacts", "contacts"),
                    ("items", "invoices and payments"),
                    ("allocations", "allocations"),
                    ("orders", "open orders"),
                    ("disputes", "disputes"),
                    ("promises", "promises"),
                    ("bank_lines", "lines of the bank"),
                ],
                max_length=20,
            ),
        ),
    ]

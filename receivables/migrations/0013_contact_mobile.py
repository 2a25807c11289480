from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('receivables', '0012_item_codes'),
    ]

    operations = [
        migrations.AddField(
            model_name='contact',
            name='mobile',
            field=models.CharField(blank=True, db_default='', default='', max_length=40),
        ),
    ]

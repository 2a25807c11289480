from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('collection', '0009_terminal_steps'),
    ]

    operations = [
        migrations.AlterField(
            model_name='action',
            name='channel',
            field=models.CharField(blank=True, choices=[('EMAIL', 'e-mail'), ('LETTER', 'letter'), ('REGISTERED_LETTER', 'registered letter'), ('SMS', 'text message'), ('CALL', 'phone call')], max_length=20),
        ),
        migrations.AlterField(
            model_name='step',
            name='channel',
            field=models.CharField(blank=True, choices=[('EMAIL', 'e-mail'), ('LETTER', 'letter'), ('REGISTERED_LETTER', 'registered letter'), ('SMS', 'text message'), ('CALL', 'phone call')], max_length=20),
        ),
    ]

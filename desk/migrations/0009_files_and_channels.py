from pathlib import Path

import core.tenancy.models
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


def move_letters(apps, schema_editor):
    """A letter's path and checksum become its first file. The size is the file's on the disk, 0 where it is gone."""
    files = Path(settings.DATA_DIR) / "files"
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT tenant_id, id, attachment_path, attachment_sha256, coalesce(sent_at, updated_at) FROM desk_message"
            " WHERE attachment_path <> ''"
        )
        rows = cursor.fetchall()
        cursor.executemany(
            "INSERT INTO desk_messagefile (tenant_id, message_id, position, kind, file_name, size, sha256, path, at)"
            " VALUES (%s, %s, 0, 'LETTER', 'letter.pdf', %s, %s, %s, %s)",
            [
                (tenant, message, (files / path).stat().st_size if (files / path).is_file() else 0, digest, path, at)
                for tenant, message, path, digest, at in rows
            ],
        )


def letters_back(apps, schema_editor):
    schema_editor.execute(
        "UPDATE desk_message m SET attachment_path = f.path, attachment_sha256 = f.sha256 FROM desk_messagefile f"
        " WHERE f.tenant_id = m.tenant_id AND f.message_id = m.id AND f.kind = 'LETTER'"
    )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_sending_hours'),
        ('desk', '0008_status_tasks'),
        ('receivables', '0009_dispute_answers'),
    ]

    operations = [
        migrations.CreateModel(
            name='MessageFile',
            fields=[
                ('id', models.UUIDField(db_default=core.tenancy.models.UUIDv7(), editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('kind', models.CharField(choices=[('LETTER', 'letter'), ('STATEMENT', 'statement'), ('INTEREST', 'calculation of interest'), ('INVOICE', 'invoice')], max_length=10)),
                ('file_name', models.CharField(max_length=160)),
                ('content_type', models.CharField(db_default='application/pdf', default='application/pdf', max_length=80)),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('path', models.CharField(max_length=200)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('message', core.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='files', to='desk.message')),
                ('tenant', models.ForeignKey(db_default=core.tenancy.models.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='NoticeOptOut',
            fields=[
                ('id', models.UUIDField(db_default=core.tenancy.models.UUIDv7(), editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('THANKS', 'thank-you for a payment'), ('DELIVERY', 'invoice delivery note'), ('SALES', 'late customers, to their salesperson'), ('DAY', 'the day, to collectors and managers')], max_length=10)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('by', core.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                ('customer', core.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notice_opt_outs', to='receivables.customer')),
                ('member', core.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                ('tenant', models.ForeignKey(db_default=core.tenancy.models.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='NoticeSetting',
            fields=[
                ('id', models.UUIDField(db_default=core.tenancy.models.UUIDv7(), editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('THANKS', 'thank-you for a payment'), ('DELIVERY', 'invoice delivery note'), ('SALES', 'late customers, to their salesperson'), ('DAY', 'the day, to collectors and managers')], max_length=10)),
                ('since', models.DateTimeField(null=True)),
                ('every_days', models.PositiveSmallIntegerField(default=0)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('set_by', core.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                ('tenant', models.ForeignKey(db_default=core.tenancy.models.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
        ),
        migrations.RunPython(move_letters, letters_back),
        migrations.RemoveField(
            model_name='message',
            name='attachment_path',
        ),
        migrations.RemoveField(
            model_name='message',
            name='attachment_sha256',
        ),
        migrations.AddField(
            model_name='message',
            name='carrier_ref',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='message',
            name='changed',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='message',
            name='enclosures',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='message',
            name='member',
            field=core.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member'),
        ),
        migrations.AddField(
            model_name='message',
            name='received_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='tracking_number',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AlterField(
            model_name='message',
            name='channel',
            field=models.CharField(choices=[('EMAIL', 'e-mail'), ('LETTER', 'letter'), ('REGISTERED_LETTER', 'registered letter'), ('SMS', 'text message')], max_length=20),
        ),
        migrations.AlterField(
            model_name='message',
            name='customer',
            field=core.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='receivables.customer'),
        ),
        migrations.AlterField(
            model_name='template',
            name='channel',
            field=models.CharField(choices=[('EMAIL', 'e-mail'), ('LETTER', 'letter'), ('REGISTERED_LETTER', 'registered letter'), ('SMS', 'text message')], max_length=20),
        ),
        migrations.AlterField(
            model_name='templateversion',
            name='channel',
            field=models.CharField(choices=[('EMAIL', 'e-mail'), ('LETTER', 'letter'), ('REGISTERED_LETTER', 'registered letter'), ('SMS', 'text message')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['tenant', 'member'], name='message_member'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('customer__isnull', False), ('member__isnull', False), _connector='OR'), name='message_to_somebody'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('channel', 'CALL'), _negated=True), name='message_is_no_call'),
        ),
        migrations.AddConstraint(
            model_name='messagefile',
            constraint=models.UniqueConstraint(fields=('tenant', 'message', 'position'), name='message_file_once'),
        ),
        migrations.AddIndex(
            model_name='noticeoptout',
            index=models.Index(fields=['tenant', 'customer'], name='notice_opt_out_customer'),
        ),
        migrations.AddIndex(
            model_name='noticeoptout',
            index=models.Index(fields=['tenant', 'member'], name='notice_opt_out_member'),
        ),
        migrations.AddIndex(
            model_name='noticeoptout',
            index=models.Index(fields=['tenant', 'by'], name='notice_opt_out_by'),
        ),
        migrations.AddConstraint(
            model_name='noticeoptout',
            constraint=models.UniqueConstraint(condition=models.Q(('customer__isnull', False)), fields=('tenant', 'kind', 'customer'), name='notice_opt_out_customer_once'),
        ),
        migrations.AddConstraint(
            model_name='noticeoptout',
            constraint=models.UniqueConstraint(condition=models.Q(('member__isnull', False)), fields=('tenant', 'kind', 'member'), name='notice_opt_out_member_once'),
        ),
        migrations.AddConstraint(
            model_name='noticeoptout',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('customer__isnull', True), ('member__isnull', False)), models.Q(('customer__isnull', False), ('member__isnull', True)), _connector='OR'), name='notice_opt_out_of_one'),
        ),
        migrations.AddIndex(
            model_name='noticesetting',
            index=models.Index(fields=['tenant', 'set_by'], name='notice_setting_set_by'),
        ),
        migrations.AddConstraint(
            model_name='noticesetting',
            constraint=models.UniqueConstraint(fields=('tenant', 'kind'), name='notice_setting_once'),
        ),
    ]

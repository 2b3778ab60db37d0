"""Duties to publish, their drafts and reports, and each fund's months for everybody."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
import functools
from cishan.disclosures.states import DutyKind
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0018_payouts')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Duty',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charity', fields.ForeignKeyField('cishan.Charity', source_field='charity_id', db_constraint=True, to_field='id', related_name='disclosure_duties', on_delete=OnDelete.RESTRICT)),
                ('project', fields.ForeignKeyField('cishan.Project', source_field='project_id', null=True, db_constraint=True, to_field='id', related_name='disclosure_duties', on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharEnumField(description='CAMPAIGN_PROGRESS: campaign_progress\nCAMPAIGN_FINAL: campaign_final\nUSE_PROGRESS: use_progress\nUSE_FINAL: use_final\nEMERGENCY: emergency\nPARTNER: partner\nSURPLUS: surplus\nANNUAL: annual', enum_type=DutyKind, max_length=20)),
                ('period_from', fields.DateField()),
                ('period_until', fields.DateField()),
                ('due_on', fields.DateField()),
                ('reminded_days', fields.SmallIntField(null=True)),
                ('published_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('dropped_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'disclosure_duty', 'app': 'cishan', 'indexes': [Index(fields=['charity_id', 'published_at', 'due_on'], name='ix_disclosure_duty_due')], 'pk_attr': 'id', 'table_description': "Something to publish by the end of `due_on`; the charity's own yearly report has no project."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Disclosure',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('duty', fields.ForeignKeyField('cishan.Duty', source_field='duty_id', db_constraint=True, to_field='id', related_name='disclosures', on_delete=OnDelete.RESTRICT)),
                ('version', fields.SmallIntField()),
                ('title', fields.CharField(max_length=120)),
                ('body', fields.TextField(unique=False)),
                ('figures', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('reason', fields.CharField(default='', max_length=300)),
                ('written_by', fields.ForeignKeyField('cishan.Account', source_field='written_by_id', db_constraint=True, to_field='id', related_name='disclosures_written', on_delete=OnDelete.RESTRICT)),
                ('published_by', fields.ForeignKeyField('cishan.Account', source_field='published_by_id', db_constraint=True, to_field='id', related_name='disclosures_published', on_delete=OnDelete.RESTRICT)),
                ('published_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'disclosure', 'app': 'cishan', 'indexes': [Index(fields=['published_at', 'id'], name='ix_disclosure_published')], 'pk_attr': 'id', 'table_description': 'A published report. Append-only: a correction is the next version, with its reason (令第81号 art. 16).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DisclosureDraft',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('duty', fields.ForeignKeyField('cishan.Duty', source_field='duty_id', db_constraint=True, to_field='id', related_name='drafts', on_delete=OnDelete.RESTRICT)),
                ('body', fields.TextField(unique=False)),
                ('reason', fields.CharField(default='', max_length=300)),
                ('written_by', fields.ForeignKeyField('cishan.Account', source_field='written_by_id', db_constraint=True, to_field='id', related_name='disclosures_drafted', on_delete=OnDelete.RESTRICT)),
                ('written_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'disclosure_draft', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'What somebody has written for a duty and another has not published yet. Its figures are those of the books then.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FundMonth',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('fund', fields.ForeignKeyField('cishan.Fund', source_field='fund_id', db_constraint=True, to_field='id', related_name='months', on_delete=OnDelete.RESTRICT)),
                ('month', fields.DateField()),
                ('received_fen', fields.BigIntField()),
                ('returned_fen', fields.BigIntField()),
                ('spent_fen', fields.BigIntField()),
                ('fees_fen', fields.BigIntField()),
                ('through_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'fund_month', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'What came into a fund and went out of it in a month, summed from the books by a job, for pages that many read.'},
            bases=['Model'],
        ),
        ops.AddIndex(
            model_name='Entry',
            index=Index(fields=['booked_at'], name='ix_entry_booked'),
        ),
        ops.AddConstraint(
            model_name='Duty',
            constraint=UniqueConstraint(fields=('project_id', 'kind', 'period_from'), name='uq_disclosure_duty'),
        ),
        ops.AddConstraint(
            model_name='Duty',
            constraint=UniqueConstraint(fields=('charity_id', 'kind', 'period_from'), name='uq_disclosure_annual', condition='project_id IS NULL'),
        ),
        ops.AddConstraint(
            model_name='Duty',
            constraint=CheckConstraint(check="(project_id IS NULL) = (kind = 'annual')", name='ck_disclosure_duty_project'),
        ),
        ops.AddConstraint(
            model_name='Duty',
            constraint=CheckConstraint(check='period_until >= period_from AND due_on >= period_until', name='ck_disclosure_duty_days'),
        ),
        ops.AddConstraint(
            model_name='Duty',
            constraint=CheckConstraint(check='dropped_at IS NULL OR published_at IS NULL', name='ck_disclosure_duty_dropped'),
        ),
        ops.AddConstraint(
            model_name='Disclosure',
            constraint=UniqueConstraint(fields=('duty_id', 'version'), name='uq_disclosure_version'),
        ),
        ops.AddConstraint(
            model_name='Disclosure',
            constraint=CheckConstraint(check="version > 0 AND (version = 1) = (reason = '')", name='ck_disclosure_reason'),
        ),
        ops.AddConstraint(
            model_name='Disclosure',
            constraint=CheckConstraint(check='written_by_id <> published_by_id', name='ck_disclosure_two_people'),
        ),
        ops.AddConstraint(
            model_name='DisclosureDraft',
            constraint=UniqueConstraint(fields=('duty_id',), name='uq_disclosure_draft'),
        ),
        ops.AddConstraint(
            model_name='FundMonth',
            constraint=UniqueConstraint(fields=('fund_id', 'month'), name='uq_fund_month'),
        ),
        ops.AddConstraint(
            model_name='FundMonth',
            constraint=CheckConstraint(check='extract(day FROM month) = 1', name='ck_fund_month_first'),
        ),
        ops.RunSQL(
            sql="REVOKE UPDATE, DELETE ON disclosure FROM cishan_app; "
            "REVOKE DELETE ON disclosure_duty, fund_month FROM cishan_app;",
            reverse_sql="GRANT UPDATE, DELETE ON disclosure TO cishan_app; "
            "GRANT DELETE ON disclosure_duty, fund_month TO cishan_app;",
        ),
    ]

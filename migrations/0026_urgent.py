"""Urgent help: a town's reserve with a limit for each case, cases and the opinions of those who decide."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.urgent.states import UrgentCause
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0025_bank_gifts')]

    initial = False

    operations = [
        ops.CreateModel(
            name='UrgentCase',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('payout', fields.OneToOneField('cishan.Payout', source_field='payout_id', db_constraint=True, to_field='id', related_name='urgent_case', on_delete=OnDelete.RESTRICT)),
                ('cause', fields.CharEnumField(description='ILLNESS: illness\nACCIDENT: accident\nFIRE: fire\nDISASTER: disaster\nBREADWINNER: breadwinner\nOTHER: other', enum_type=UrgentCause, max_length=12)),
                ('decide_by', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('complete_by', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('finding_sealed', fields.BinaryField(null=True)),
                ('stands', fields.BooleanField(null=True)),
                ('found_by', fields.ForeignKeyField('cishan.Account', source_field='found_by_id', null=True, db_constraint=True, to_field='id', related_name='urgent_findings', on_delete=OnDelete.RESTRICT)),
                ('found_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('confirmed_by', fields.ForeignKeyField('cishan.Account', source_field='confirmed_by_id', null=True, db_constraint=True, to_field='id', related_name='urgent_confirmations', on_delete=OnDelete.RESTRICT)),
                ('confirmed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('reminded_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'urgent_case', 'app': 'cishan', 'indexes': [Index(fields=['confirmed_at', 'complete_by'], name='ix_urgent_case_open')], 'pk_attr': 'id', 'table_description': 'The case of one urgent payout. `decide_by` is a day after it was opened; `complete_by` stands once it is paid.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='UrgentOpinion',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('case', fields.ForeignKeyField('cishan.UrgentCase', source_field='case_id', db_constraint=True, to_field='id', related_name='opinions', on_delete=OnDelete.RESTRICT)),
                ('account', fields.ForeignKeyField('cishan.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='urgent_opinions', on_delete=OnDelete.RESTRICT)),
                ('opinion_sealed', fields.BinaryField()),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'urgent_opinion', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'Append-only: what somebody of the panel wrote when they agreed.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Allocation',
            name='case_limit_fen',
            field=fields.BigIntField(null=True),
        ),
        ops.AddConstraint(
            model_name='Allocation',
            constraint=CheckConstraint(check='case_limit_fen BETWEEN 1 AND amount_fen', name='ck_allocation_case_limit'),
        ),
        ops.AddField(
            model_name='Payout',
            name='is_urgent',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddConstraint(
            model_name='Payout',
            constraint=CheckConstraint(check='NOT (is_urgent AND needs_third)', name='ck_payout_urgent'),
        ),
        ops.AddConstraint(
            model_name='UrgentCase',
            constraint=CheckConstraint(check='num_nonnulls(finding_sealed, stands, found_by_id, found_at) IN (0, 4)', name='ck_urgent_found'),
        ),
        ops.AddConstraint(
            model_name='UrgentCase',
            constraint=CheckConstraint(check='num_nonnulls(confirmed_by_id, confirmed_at) IN (0, 2) AND (confirmed_at IS NULL OR found_at IS NOT NULL) AND (found_at IS NULL OR complete_by IS NOT NULL)', name='ck_urgent_confirmed'),
        ),
        ops.AddConstraint(
            model_name='UrgentCase',
            constraint=CheckConstraint(check='confirmed_by_id <> found_by_id', name='ck_urgent_two_visitors'),
        ),
        ops.AddConstraint(
            model_name='UrgentOpinion',
            constraint=UniqueConstraint(fields=('case_id', 'account_id'), name='uq_urgent_opinion'),
        ),
        ops.RunSQL(
            sql="REVOKE UPDATE, DELETE ON urgent_opinion FROM cishan_app; REVOKE DELETE ON urgent_case FROM cishan_app;",
            reverse_sql="GRANT UPDATE, DELETE ON urgent_opinion TO cishan_app; GRANT DELETE ON urgent_case TO cishan_app;",
        ),
    ]

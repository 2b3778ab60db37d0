"""Large gifts: the charity's dated figures, and a case for each gift beyond them."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.vigilance.states import CaseOutcome, GiftSource
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0016_monthly')]

    initial = False

    operations = [
        ops.CreateModel(
            name='WatchCase',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('order', fields.ForeignKeyField('cishan.Order', source_field='order_id', db_constraint=True, to_field='id', related_name='watch_cases', on_delete=OnDelete.RESTRICT)),
                ('joined_fen', fields.BigIntField()),
                ('source', fields.CharEnumField(null=True, description='INCOME: income\nSAVINGS: savings\nBUSINESS: business\nCOMPANY: company\nRAISED: raised', enum_type=GiftSource, max_length=10)),
                ('opened_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('handler', fields.ForeignKeyField('cishan.Account', source_field='handler_id', null=True, db_constraint=True, to_field='id', related_name='watch_cases_handled', on_delete=OnDelete.RESTRICT)),
                ('finding', fields.CharField(default='', max_length=300)),
                ('outcome', fields.CharEnumField(null=True, description='CLEARED: cleared\nREPORTED: reported', enum_type=CaseOutcome, max_length=10)),
                ('closed_by', fields.ForeignKeyField('cishan.Account', source_field='closed_by_id', null=True, db_constraint=True, to_field='id', related_name='watch_cases_closed', on_delete=OnDelete.RESTRICT)),
                ('closed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'watch_case', 'app': 'cishan', 'indexes': [Index(fields=['closed_at', 'due_at'], name='ix_watch_case_open')], 'pk_attr': 'id', 'table_description': "Opened with the order, before anything is paid; `joined_fen` counts the donor's gifts of seven days with it."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WatchTerms',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charity', fields.ForeignKeyField('cishan.Charity', source_field='charity_id', db_constraint=True, to_field='id', related_name='watch_terms', on_delete=OnDelete.RESTRICT)),
                ('valid_from', fields.DateField()),
                ('over_fen', fields.BigIntField()),
                ('set_by', fields.ForeignKeyField('cishan.Account', source_field='set_by_id', db_constraint=True, to_field='id', related_name='watch_terms_set', on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'watch_terms', 'app': 'cishan', 'pk_attr': 'id', 'table_description': "From `valid_from` on a gift, or a donor's gifts of seven days together, of more than `over_fen` makes a case."},
            bases=['Model'],
        ),
        ops.AddConstraint(
            model_name='WatchCase',
            constraint=UniqueConstraint(fields=('order_id',), name='uq_watch_case'),
        ),
        ops.AddConstraint(
            model_name='WatchCase',
            constraint=CheckConstraint(check='closed_by_id <> handler_id', name='ck_watch_case_two_people'),
        ),
        ops.AddConstraint(
            model_name='WatchCase',
            constraint=CheckConstraint(check='(closed_at IS NULL) = (closed_by_id IS NULL) AND (closed_at IS NULL OR (outcome IS NOT NULL AND handler_id IS NOT NULL))', name='ck_watch_case_closed'),
        ),
        ops.AddConstraint(
            model_name='WatchTerms',
            constraint=UniqueConstraint(fields=('charity_id', 'valid_from'), name='uq_watch_terms'),
        ),
        ops.AddConstraint(
            model_name='WatchTerms',
            constraint=CheckConstraint(check='over_fen > 0', name='ck_watch_terms_over'),
        ),
        ops.RunSQL(
            sql="REVOKE DELETE ON watch_terms, watch_case FROM cishan_app;",
            reverse_sql="GRANT DELETE ON watch_terms, watch_case TO cishan_app;",
        ),
    ]

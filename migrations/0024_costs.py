"""What a charity costs in a year, and its dated limits."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0023_watch_list')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CostTerms',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charity', fields.ForeignKeyField('cishan.Charity', source_field='charity_id', db_constraint=True, to_field='id', related_name='cost_terms', on_delete=OnDelete.RESTRICT)),
                ('valid_from', fields.DateField()),
                ('least_spent_permille', fields.SmallIntField()),
                ('most_cost_permille', fields.SmallIntField()),
                ('set_by', fields.ForeignKeyField('cishan.Account', source_field='set_by_id', db_constraint=True, to_field='id', related_name='cost_terms_set', on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'cost_terms', 'app': 'cishan', 'pk_attr': 'id', 'table_description': "From `valid_from` on: the least share of last year's income that is spent, the most of all spending that is cost."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ManagementCost',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charity', fields.ForeignKeyField('cishan.Charity', source_field='charity_id', db_constraint=True, to_field='id', related_name='management_costs', on_delete=OnDelete.RESTRICT)),
                ('year', fields.SmallIntField()),
                ('cost_fen', fields.BigIntField()),
                ('until', fields.DateField()),
                ('note', fields.CharField(max_length=200)),
                ('entered_by', fields.ForeignKeyField('cishan.Account', source_field='entered_by_id', db_constraint=True, to_field='id', related_name='management_costs_entered', on_delete=OnDelete.RESTRICT)),
                ('entered_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'management_cost', 'app': 'cishan', 'pk_attr': 'id', 'table_description': "What a year has cost up to a day, as the charity's accounts have it. The newest row of a year counts; none is changed."},
            bases=['Model'],
        ),
        ops.AddConstraint(
            model_name='CostTerms',
            constraint=UniqueConstraint(fields=('charity_id', 'valid_from'), name='uq_cost_terms'),
        ),
        ops.AddConstraint(
            model_name='CostTerms',
            constraint=CheckConstraint(check='least_spent_permille BETWEEN 0 AND 1000 AND most_cost_permille BETWEEN 1 AND 1000', name='ck_cost_terms'),
        ),
        ops.AddConstraint(
            model_name='ManagementCost',
            constraint=CheckConstraint(check='cost_fen >= 0 AND year BETWEEN 2016 AND 2200', name='ck_management_cost'),
        ),
        ops.RunSQL(
            sql="REVOKE UPDATE, DELETE ON management_cost FROM cishan_app; REVOKE DELETE ON cost_terms FROM cishan_app;",
            reverse_sql="GRANT UPDATE, DELETE ON management_cost TO cishan_app; GRANT DELETE ON cost_terms TO cishan_app;",
        ),
    ]

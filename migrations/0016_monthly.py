"""Monthly giving: plans and their turns."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.monthly.states import PlanStatus
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0015_projects_and_donations')]

    initial = False

    operations = [
        ops.CreateModel(
            name='MonthlyPlan',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('fund', fields.ForeignKeyField('cishan.Fund', source_field='fund_id', db_constraint=True, to_field='id', related_name='monthly_plans', on_delete=OnDelete.RESTRICT)),
                ('donor', fields.ForeignKeyField('cishan.Account', source_field='donor_id', db_index=True, db_constraint=True, to_field='id', related_name='monthly_plans', on_delete=OnDelete.RESTRICT)),
                ('status', fields.CharEnumField(description='ACTIVE: active\nPAUSED: paused\nENDED: ended', enum_type=PlanStatus, max_length=8)),
                ('amount_fen', fields.BigIntField()),
                ('day', fields.SmallIntField()),
                ('next_on', fields.DateField()),
                ('unpaid', fields.SmallIntField(default=0)),
                ('shows_name', fields.BooleanField(default=False)),
                ('started_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'monthly_plan', 'app': 'cishan', 'indexes': [Index(fields=['status', 'next_on'], name='ix_monthly_plan_due')], 'pk_attr': 'id', 'table_description': "`day` is the day of the month, its last day where the month is shorter; `next_on` the next turn's day, in China."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='MonthlyTurn',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('plan', fields.ForeignKeyField('cishan.MonthlyPlan', source_field='plan_id', db_constraint=True, to_field='id', related_name='turns', on_delete=OnDelete.RESTRICT)),
                ('month', fields.DateField()),
                ('donation', fields.ForeignKeyField('cishan.Donation', source_field='donation_id', db_constraint=True, to_field='id', related_name='monthly_turns', on_delete=OnDelete.RESTRICT)),
                ('opened_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'monthly_turn', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'The donation of one month of a plan. The database lets a month have one, whoever sweeps.'},
            bases=['Model'],
        ),
        ops.AddConstraint(
            model_name='MonthlyPlan',
            constraint=UniqueConstraint(fields=('donor_id', 'fund_id'), name='uq_monthly_plan_live', condition="status <> 'ended'"),
        ),
        ops.AddConstraint(
            model_name='MonthlyPlan',
            constraint=CheckConstraint(check='amount_fen > 0 AND day BETWEEN 1 AND 31 AND unpaid >= 0', name='ck_monthly_plan_values'),
        ),
        ops.AddConstraint(
            model_name='MonthlyPlan',
            constraint=CheckConstraint(check="(status = 'ended') = (ended_at IS NOT NULL)", name='ck_monthly_plan_ended'),
        ),
        ops.AddConstraint(
            model_name='MonthlyTurn',
            constraint=UniqueConstraint(fields=('plan_id', 'month'), name='uq_monthly_turn'),
        ),
        ops.AddConstraint(
            model_name='MonthlyTurn',
            constraint=UniqueConstraint(fields=('donation_id',), name='uq_monthly_turn_donation'),
        ),
        ops.AddConstraint(
            model_name='MonthlyTurn',
            constraint=CheckConstraint(check='extract(day FROM month) = 1', name='ck_monthly_turn_month'),
        ),
        ops.RunSQL(
            sql="REVOKE DELETE ON monthly_plan FROM cishan_app; REVOKE UPDATE, DELETE ON monthly_turn FROM cishan_app;",
            reverse_sql="GRANT DELETE ON monthly_plan TO cishan_app; GRANT UPDATE, DELETE ON monthly_turn TO cishan_app;",
        ),
    ]

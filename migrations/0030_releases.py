"""Shares of which the rest is taken back."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0029_proofs')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AllocationRelease',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('allocation', fields.ForeignKeyField('cishan.Allocation', source_field='allocation_id', db_index=True, db_constraint=True, to_field='id', related_name='releases', on_delete=OnDelete.RESTRICT)),
                ('amount_fen', fields.BigIntField()),
                ('released_by', fields.ForeignKeyField('cishan.Account', source_field='released_by_id', db_constraint=True, to_field='id', related_name='allocation_releases', on_delete=OnDelete.RESTRICT)),
                ('released_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'allocation_release', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'Append-only: what of a share nobody has applied for and what the fund may promise anew.'},
            bases=['Model'],
        ),
        ops.AddConstraint(
            model_name='AllocationRelease',
            constraint=CheckConstraint(check='amount_fen > 0', name='ck_allocation_release_amount'),
        ),
        ops.RunSQL(
            sql="REVOKE UPDATE, DELETE ON allocation_release FROM cishan_app;",
            reverse_sql="GRANT UPDATE, DELETE ON allocation_release TO cishan_app;",
        ),
    ]

"""What proves that a payout arrived."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0028_transfers')]

    initial = False

    operations = [
        ops.CreateModel(
            name='PayoutProof',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('payout', fields.ForeignKeyField('cishan.Payout', source_field='payout_id', db_constraint=True, to_field='id', related_name='proofs', on_delete=OnDelete.RESTRICT)),
                ('number', fields.CharField(default='', max_length=40)),
                ('dated_on', fields.DateField()),
                ('amount_fen', fields.BigIntField()),
                ('note', fields.CharField(default='', max_length=200)),
                ('recorded_by', fields.ForeignKeyField('cishan.Account', source_field='recorded_by_id', db_constraint=True, to_field='id', related_name='payout_proofs', on_delete=OnDelete.RESTRICT)),
                ('recorded_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'payout_proof', 'app': 'cishan', 'indexes': [Index(fields=['payout_id'], name='ix_payout_proof')], 'pk_attr': 'id', 'table_description': "Append-only: what proves that a payout or a part of it arrived, an invoice or a family's word without a name."},
            bases=['Model'],
        ),
        ops.AddConstraint(
            model_name='PayoutProof',
            constraint=CheckConstraint(check='amount_fen > 0', name='ck_payout_proof_amount'),
        ),
        ops.AddConstraint(
            model_name='PayoutProof',
            constraint=UniqueConstraint(fields=('number',), name='uq_payout_proof_number', condition="number <> ''"),
        ),
        ops.RunSQL(
            sql="REVOKE UPDATE, DELETE ON payout_proof FROM cishan_app;",
            reverse_sql="GRANT UPDATE, DELETE ON payout_proof TO cishan_app;",
        ),
    ]

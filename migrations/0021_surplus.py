"""What is left of a closed project, and the fund it goes to."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.ledger.states import EntryKind
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0020_projects')]

    initial = False

    operations = [
        ops.CreateModel(
            name='SurplusMove',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('project', fields.ForeignKeyField('cishan.Project', source_field='project_id', db_constraint=True, to_field='id', related_name='surplus_moves', on_delete=OnDelete.RESTRICT)),
                ('to_fund', fields.ForeignKeyField('cishan.Fund', source_field='to_fund_id', db_index=True, db_constraint=True, to_field='id', related_name='surplus_received', on_delete=OnDelete.RESTRICT)),
                ('amount_fen', fields.BigIntField()),
                ('reason', fields.CharField(max_length=300)),
                ('proposed_by', fields.ForeignKeyField('cishan.Account', source_field='proposed_by_id', db_constraint=True, to_field='id', related_name='surplus_proposed', on_delete=OnDelete.RESTRICT)),
                ('proposed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('decided_by', fields.ForeignKeyField('cishan.Account', source_field='decided_by_id', null=True, db_constraint=True, to_field='id', related_name='surplus_decided', on_delete=OnDelete.RESTRICT)),
                ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'surplus_move', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'What a closed project did not use, and the fund it goes to (慈善法 art. 58); booked when the director decides.'},
            bases=['Model'],
        ),
        ops.AlterField(
            model_name='Entry',
            name='kind',
            field=fields.CharEnumField(description='GIFT: gift\nADVANCE: advance\nPURCHASE: purchase\nRETURN_OF_ADVANCE: return_of_advance\nASSIGNMENT: assignment\nREFUND_DUE: refund_due\nREFUND: refund\nREFUND_KEPT: refund_kept\nWITHDRAWAL: withdrawal\nFEE: fee\nPAYABLE: payable\nPAYOUT: payout\nSURPLUS_OUT: surplus_out\nSURPLUS_IN: surplus_in\nADJUSTMENT: adjustment\nREVERSAL: reversal', enum_type=EntryKind, max_length=20),
        ),
        ops.AddConstraint(
            model_name='SurplusMove',
            constraint=UniqueConstraint(fields=('project_id',), name='uq_surplus_waiting', condition='decided_at IS NULL'),
        ),
        ops.AddConstraint(
            model_name='SurplusMove',
            constraint=CheckConstraint(check='amount_fen > 0', name='ck_surplus_amount'),
        ),
        ops.AddConstraint(
            model_name='SurplusMove',
            constraint=CheckConstraint(check='decided_by_id <> proposed_by_id', name='ck_surplus_two_people'),
        ),
        ops.AddConstraint(
            model_name='SurplusMove',
            constraint=CheckConstraint(check='(decided_at IS NULL) = (decided_by_id IS NULL)', name='ck_surplus_decided'),
        ),
    ]

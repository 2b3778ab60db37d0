"""Help sent by Alipay: the channel of a file, a transfer for each payout, and whether the contract allows it."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.payouts.states import PayoutChannel, TransferState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0027_donor_words')]

    initial = False

    operations = [
        ops.CreateModel(
            name='PayoutTransfer',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('payout', fields.OneToOneField('cishan.Payout', source_field='payout_id', db_constraint=True, to_field='id', related_name='transfer', on_delete=OnDelete.RESTRICT)),
                ('out_biz_no', fields.CharField(unique=True, max_length=40)),
                ('state', fields.CharEnumField(description='REQUESTED: requested\nUNKNOWN: unknown\nMADE: made\nREFUSED: refused\nCAME_BACK: came_back', enum_type=TransferState, max_length=10)),
                ('state_since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('tries', fields.SmallIntField(default=0)),
                ('next_try_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('fault', fields.CharField(default='', max_length=80)),
            ],
            options={'table': 'payout_transfer', 'app': 'cishan', 'indexes': [Index(fields=['next_try_at'], name='ix_payout_transfer_try')], 'pk_attr': 'id', 'table_description': 'One payout on its way by Alipay. `out_biz_no` is our number of it, written before the call, and there is never another.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='MerchantAccount',
            name='transfers',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AlterModelOptions(
            name='PayoutFile',
            options={'table': 'payout_file', 'app': 'cishan', 'constraints': [UniqueConstraint(fields=('id', 'fund_id'), name='uq_payout_file_fund')], 'pk_attr': 'id', 'table_description': 'A list of approved payouts of one fund that a cashier takes to the bank, or sends by Alipay. No file is kept anywhere.'},
        ),
        ops.AddField(
            model_name='PayoutFile',
            name='channel',
            field=fields.CharEnumField(default=PayoutChannel.BANK, description='BANK: bank\nALIPAY: alipay', db_default=PayoutChannel.BANK, enum_type=PayoutChannel, max_length=6),
        ),
        ops.AddConstraint(
            model_name='PayoutTransfer',
            constraint=CheckConstraint(check="state NOT IN ('requested', 'unknown') OR next_try_at IS NOT NULL", name='ck_payout_transfer_try'),
        ),
    ]

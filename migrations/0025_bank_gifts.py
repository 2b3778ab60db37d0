"""Gifts by bank transfer: an order's channel and code, and what a bank movement belongs to."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.bank.states import BankLineStatus
from cishan.ledger.states import EntryKind
from cishan.payments.states import PayChannel
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0024_costs')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='BankLine',
            name='status',
            field=fields.CharEnumField(description='UNRECOGNISED: unrecognised\nGIFT: gift\nHELD: held\nWITHDRAWAL: withdrawal\nFEE: fee\nREFUND: refund\nSENT_BACK: sent_back\nNOISE: noise', enum_type=BankLineStatus, max_length=12),
        ),
        ops.AlterField(
            model_name='BankLine',
            name='suggestion',
            field=fields.CharEnumField(description='UNRECOGNISED: unrecognised\nGIFT: gift\nHELD: held\nWITHDRAWAL: withdrawal\nFEE: fee\nREFUND: refund\nSENT_BACK: sent_back\nNOISE: noise', enum_type=BankLineStatus, max_length=12),
        ),
        ops.AddField(
            model_name='BankLine',
            name='held_for',
            field=fields.ForeignKeyField('cishan.Fund', source_field='held_for_id', null=True, db_constraint=True, to_field='id', related_name='bank_lines_held', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='BankLine',
            name='order',
            field=fields.ForeignKeyField('cishan.Order', source_field='order_id', null=True, unique=True, db_constraint=True, to_field='id', related_name='bank_lines', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='BankLine',
            name='refund',
            field=fields.ForeignKeyField('cishan.Refund', source_field='refund_id', null=True, unique=True, db_constraint=True, to_field='id', related_name='bank_lines', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='BankLine',
            name='settles',
            field=fields.ForeignKeyField('cishan.BankLine', source_field='settles_id', null=True, unique=True, db_constraint=True, to_field='id', related_name='settled_by', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='BankLine',
            name='transfer_code',
            field=fields.CharField(null=True, max_length=14),
        ),
        ops.AddConstraint(
            model_name='BankLine',
            constraint=CheckConstraint(check="(status = 'gift') = (order_id IS NOT NULL) AND (status = 'refund') = (refund_id IS NOT NULL) AND (status = 'held') = (held_for_id IS NOT NULL) AND (status = 'sent_back') = (settles_id IS NOT NULL)", name='ck_bank_line_what'),
        ),
        ops.AddConstraint(
            model_name='BankLine',
            constraint=CheckConstraint(check="(status IN ('gift', 'held', 'withdrawal') AND amount_fen > 0) OR status IN ('unrecognised', 'noise') OR (status IN ('fee', 'refund', 'sent_back') AND amount_fen < 0)", name='ck_bank_line_way'),
        ),
        ops.AddField(
            model_name='Charity',
            name='bank_name',
            field=fields.CharField(default='', db_default='', max_length=60),
        ),
        ops.AddField(
            model_name='Charity',
            name='bank_number',
            field=fields.CharField(default='', db_default='', max_length=32),
        ),
        ops.AddConstraint(
            model_name='Charity',
            constraint=CheckConstraint(check="(bank_name = '') = (bank_number = '')", name='ck_charity_bank'),
        ),
        ops.AlterField(
            model_name='Entry',
            name='kind',
            field=fields.CharEnumField(description='GIFT: gift\nADVANCE: advance\nPURCHASE: purchase\nRETURN_OF_ADVANCE: return_of_advance\nASSIGNMENT: assignment\nREFUND_DUE: refund_due\nREFUND: refund\nREFUND_KEPT: refund_kept\nWITHDRAWAL: withdrawal\nHOLD: hold\nHOLD_BACK: hold_back\nFEE: fee\nPAYABLE: payable\nPAYOUT: payout\nSURPLUS_OUT: surplus_out\nSURPLUS_IN: surplus_in\nADJUSTMENT: adjustment\nREVERSAL: reversal', enum_type=EntryKind, max_length=20),
        ),
        ops.AddField(
            model_name='Order',
            name='channel',
            field=fields.CharEnumField(default=PayChannel.ALIPAY, description='ALIPAY: alipay\nBANK: bank', db_default=PayChannel.ALIPAY, enum_type=PayChannel, max_length=6),
        ),
        ops.AddField(
            model_name='Order',
            name='transfer_code',
            field=fields.CharField(null=True, unique=True, max_length=14),
        ),
        ops.AddConstraint(
            model_name='Order',
            constraint=CheckConstraint(check="(channel = 'bank') = (transfer_code IS NOT NULL)", name='ck_order_channel'),
        ),
    ]

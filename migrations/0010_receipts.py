"""Receipts, their numbers, reversals and certificates.

Numbers and receipts are insert-only for the app; of a reversal it may only write the red number. A receipt that replaces
another needs that one's reversal: a key that models can't say, because the two tables would each need the other first.
"""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.receipts.states import BillColour, PayerKind, RequestStatus, ReversalReason
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

INSERT_ONLY = """
REVOKE UPDATE, DELETE ON fiscal_bill, receipt, receipt_reversal FROM cishan_app;
GRANT UPDATE (red_bill_id) ON receipt_reversal TO cishan_app;
"""
UNDO_INSERT_ONLY = "GRANT UPDATE, DELETE ON fiscal_bill, receipt, receipt_reversal TO cishan_app;"
REPLACES_A_REVERSED_ONE = """
ALTER TABLE receipt ADD CONSTRAINT fk_receipt_replaces_reversed
    FOREIGN KEY (replaces_id) REFERENCES receipt_reversal (receipt_id);
"""
UNDO_REPLACES = "ALTER TABLE receipt DROP CONSTRAINT fk_receipt_replaces_reversed;"


class Migration(QuickMigration):
    dependencies = [('cishan', '0009_refunds')]

    initial = False

    operations = [
        ops.CreateModel(
            name='FiscalBill',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('code', fields.CharField(max_length=8)),
                ('number', fields.CharField(max_length=10)),
                ('check_code', fields.CharField(max_length=6)),
                ('colour', fields.CharEnumField(description='BLUE: blue\nRED: red', enum_type=BillColour, max_length=4)),
                ('entered_by', fields.ForeignKeyField('cishan.Account', source_field='entered_by_id', db_constraint=True, to_field='id', related_name='bills_entered', on_delete=OnDelete.RESTRICT)),
                ('entered_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'fiscal_bill', 'app': 'cishan', 'pk_attr': 'id', 'table_description': "A number that the finance bureau's system gave out, blue or red. Insert-only: a number is never used again."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='GiftCertificate',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('order', fields.ForeignKeyField('cishan.Order', source_field='order_id', db_constraint=True, to_field='id', related_name='gift_certificates', on_delete=OnDelete.RESTRICT)),
                ('donor', fields.ForeignKeyField('cishan.Account', source_field='donor_id', db_index=True, db_constraint=True, to_field='id', related_name='gift_certificates', on_delete=OnDelete.RESTRICT)),
                ('amount_fen', fields.BigIntField()),
                ('anonymous', fields.BooleanField()),
                ('token_sealed', fields.BinaryField()),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('made_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('voided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'gift_certificate', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'A certificate of thanks for one gift, that anybody who holds it can verify. 128 random bits are its key.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ReceiptRequest',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('order', fields.ForeignKeyField('cishan.Order', source_field='order_id', db_index=True, db_constraint=True, to_field='id', related_name='receipt_requests', on_delete=OnDelete.RESTRICT)),
                ('donor', fields.ForeignKeyField('cishan.Account', source_field='donor_id', db_index=True, db_constraint=True, to_field='id', related_name='receipt_requests', on_delete=OnDelete.RESTRICT)),
                ('payer_kind', fields.CharEnumField(description='PERSON: person\nORGANISATION: organisation', enum_type=PayerKind, max_length=12)),
                ('payer_name_sealed', fields.BinaryField()),
                ('payer_number_sealed', fields.BinaryField(null=True)),
                ('status', fields.CharEnumField(description='WAITING: waiting\nISSUED: issued\nREFUSED: refused\nDROPPED: dropped', enum_type=RequestStatus, max_length=8)),
                ('requested_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('reminded_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('closed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('refusal', fields.CharField(default='', max_length=200)),
            ],
            options={'table': 'receipt_request', 'app': 'cishan', 'indexes': [Index(fields=['status', 'due_at'], name='ix_receipt_request_due')], 'pk_attr': 'id', 'table_description': 'A donor asks for the receipt of one paid order, and says whose name it carries.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Receipt',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('request', fields.ForeignKeyField('cishan.ReceiptRequest', source_field='request_id', db_constraint=True, to_field='id', related_name='receipts', on_delete=OnDelete.RESTRICT)),
                ('order', fields.ForeignKeyField('cishan.Order', source_field='order_id', db_index=True, db_constraint=True, to_field='id', related_name='receipts', on_delete=OnDelete.RESTRICT)),
                ('charity', fields.ForeignKeyField('cishan.Charity', source_field='charity_id', db_constraint=True, to_field='id', related_name='receipts', on_delete=OnDelete.RESTRICT)),
                ('year', fields.SmallIntField()),
                ('number', fields.IntField()),
                ('bill', fields.ForeignKeyField('cishan.FiscalBill', source_field='bill_id', db_constraint=True, to_field='id', related_name='receipts', on_delete=OnDelete.RESTRICT)),
                ('project', fields.CharField(max_length=80)),
                ('amount_fen', fields.BigIntField()),
                ('issued_by', fields.ForeignKeyField('cishan.Account', source_field='issued_by_id', db_constraint=True, to_field='id', related_name='receipts_issued', on_delete=OnDelete.RESTRICT)),
                ('issued_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('replaces', fields.ForeignKeyField('cishan.Receipt', source_field='replaces_id', null=True, db_constraint=True, to_field='id', related_name='followed_by', on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'receipt', 'app': 'cishan', 'pk_attr': 'id', 'table_description': "An issued receipt. Insert-only; `year` and `number` are ours and have no gaps in a charity's year."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ReceiptReversal',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('receipt', fields.ForeignKeyField('cishan.Receipt', source_field='receipt_id', db_constraint=True, to_field='id', related_name='reversals', on_delete=OnDelete.RESTRICT)),
                ('reason', fields.CharEnumField(description='REFUND: refund\nMISTAKE: mistake', enum_type=ReversalReason, max_length=8)),
                ('left_fen', fields.BigIntField()),
                ('reversed_by', fields.ForeignKeyField('cishan.Account', source_field='reversed_by_id', null=True, db_constraint=True, to_field='id', related_name='receipts_reversed', on_delete=OnDelete.RESTRICT)),
                ('reversed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('red_bill', fields.ForeignKeyField('cishan.FiscalBill', source_field='red_bill_id', null=True, db_constraint=True, to_field='id', related_name='reversals', on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'receipt_reversal', 'app': 'cishan', 'pk_attr': 'id', 'table_description': "A receipt that counts no more. The red number comes from the finance bureau's system, later, and has a clock."},
            bases=['Model'],
        ),
        ops.AddConstraint(
            model_name='FiscalBill',
            constraint=UniqueConstraint(fields=('code', 'number'), name='uq_fiscal_bill'),
        ),
        ops.AddConstraint(
            model_name='FiscalBill',
            constraint=CheckConstraint(check="code ~ '^[0-9]{8}$' AND number ~ '^[0-9]{10}$'", name='ck_fiscal_bill_digits'),
        ),
        ops.AddConstraint(
            model_name='GiftCertificate',
            constraint=UniqueConstraint(fields=('order_id',), name='uq_gift_certificate_valid', condition='voided_at IS NULL'),
        ),
        ops.AddConstraint(
            model_name='GiftCertificate',
            constraint=CheckConstraint(check='amount_fen > 0', name='ck_gift_certificate_amount'),
        ),
        ops.AddConstraint(
            model_name='ReceiptRequest',
            constraint=UniqueConstraint(fields=('order_id',), name='uq_receipt_request_waiting', condition="status = 'waiting'"),
        ),
        ops.AddConstraint(
            model_name='ReceiptRequest',
            constraint=CheckConstraint(check="(status = 'waiting') = (closed_at IS NULL)", name='ck_receipt_request_closed'),
        ),
        ops.AddConstraint(
            model_name='ReceiptRequest',
            constraint=CheckConstraint(check="(status = 'refused') = (refusal <> '')", name='ck_receipt_request_refusal'),
        ),
        ops.AddConstraint(
            model_name='Receipt',
            constraint=UniqueConstraint(fields=('charity_id', 'year', 'number'), name='uq_receipt_number'),
        ),
        ops.AddConstraint(
            model_name='Receipt',
            constraint=UniqueConstraint(fields=('request_id',), name='uq_receipt_request'),
        ),
        ops.AddConstraint(
            model_name='Receipt',
            constraint=UniqueConstraint(fields=('bill_id',), name='uq_receipt_bill'),
        ),
        ops.AddConstraint(
            model_name='Receipt',
            constraint=UniqueConstraint(fields=('order_id',), name='uq_receipt_first', condition='replaces_id IS NULL'),
        ),
        ops.AddConstraint(
            model_name='Receipt',
            constraint=UniqueConstraint(fields=('replaces_id',), name='uq_receipt_replaces'),
        ),
        ops.AddConstraint(
            model_name='Receipt',
            constraint=CheckConstraint(check='amount_fen > 0 AND number > 0', name='ck_receipt_positive'),
        ),
        ops.AddConstraint(
            model_name='ReceiptReversal',
            constraint=UniqueConstraint(fields=('receipt_id',), name='uq_receipt_reversal'),
        ),
        ops.AddConstraint(
            model_name='ReceiptReversal',
            constraint=UniqueConstraint(fields=('red_bill_id',), name='uq_receipt_reversal_bill'),
        ),
        ops.AddConstraint(
            model_name='ReceiptReversal',
            constraint=CheckConstraint(check='left_fen >= 0', name='ck_receipt_reversal_left'),
        ),
        ops.RunSQL(sql=INSERT_ONLY, reverse_sql=UNDO_INSERT_ONLY),
        ops.RunSQL(sql=REPLACES_A_REVERSED_ONE, reverse_sql=UNDO_REPLACES),
    ]

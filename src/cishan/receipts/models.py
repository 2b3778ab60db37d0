"""Requests, numbers of the finance bureau, receipts, reversals, certificates.

Numbers and receipts are insert-only, so that a number once used stays used.
"""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity
from cishan.payments.models import Order
from cishan.receipts.states import BillColour, PayerKind, RequestStatus, ReversalReason


class ReceiptRequest(Model):
    """A donor asks for the receipt of one paid order, and says whose name it carries."""

    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "cishan.Order", related_name="receipt_requests", db_index=True, on_delete=fields.RESTRICT
    )
    donor: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="receipt_requests", db_index=True, on_delete=fields.RESTRICT
    )
    payer_kind = fields.CharEnumField(PayerKind, max_length=12)
    payer_name_sealed = fields.BinaryField()
    payer_number_sealed = fields.BinaryField(null=True)
    """A unified social credit code, or an ID number when the person wants it for the tax office."""
    status = fields.CharEnumField(RequestStatus, max_length=8)
    requested_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    reminded_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    refusal = fields.CharField(max_length=200, default="")

    class Meta:
        table = "receipt_request"
        indexes = [Index(fields=("status", "due_at"), name="ix_receipt_request_due")]
        constraints = [
            UniqueConstraint(fields=("order_id",), name="uq_receipt_request_waiting", condition="status = 'waiting'"),
            CheckConstraint(check="(status = 'waiting') = (closed_at IS NULL)", name="ck_receipt_request_closed"),
            CheckConstraint(check="(status = 'refused') = (refusal <> '')", name="ck_receipt_request_refusal"),
        ]


class FiscalBill(Model):
    """A number that the finance bureau's system gave out, blue or red. Insert-only: a number is never used again."""

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=8)
    number = fields.CharField(max_length=10)
    check_code = fields.CharField(max_length=6)
    colour = fields.CharEnumField(BillColour, max_length=4)
    entered_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="bills_entered", on_delete=fields.RESTRICT
    )
    entered_at = fields.DatetimeField()

    class Meta:
        table = "fiscal_bill"
        constraints = [
            UniqueConstraint(fields=("code", "number"), name="uq_fiscal_bill"),
            CheckConstraint(check="code ~ '^[0-9]{8}$' AND number ~ '^[0-9]{10}$'", name="ck_fiscal_bill_digits"),
        ]


class Receipt(Model):
    """An issued receipt. Insert-only; `year` and `number` are ours and have no gaps in a charity's year.

    The first receipt of an order replaces nothing; a later one names the one it replaces, which is replaced once and has
    been reversed (a foreign key of the migration). So an order never has two receipts that count.
    """

    id = fields.BigIntField(primary_key=True)
    request: fields.ForeignKeyRelation[ReceiptRequest] = fields.ForeignKeyField(
        "cishan.ReceiptRequest", related_name="receipts", on_delete=fields.RESTRICT
    )
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "cishan.Order", related_name="receipts", db_index=True, on_delete=fields.RESTRICT
    )
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="receipts", on_delete=fields.RESTRICT
    )
    year = fields.SmallIntField()
    number = fields.IntField()
    bill: fields.ForeignKeyRelation[FiscalBill] = fields.ForeignKeyField(
        "cishan.FiscalBill", related_name="receipts", on_delete=fields.RESTRICT
    )
    project = fields.CharField(max_length=80)
    amount_fen = fields.BigIntField()
    issued_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="receipts_issued", on_delete=fields.RESTRICT
    )
    issued_at = fields.DatetimeField()
    replaces: fields.ForeignKeyNullableRelation["Receipt"] = fields.ForeignKeyField(
        "cishan.Receipt", related_name="followed_by", null=True, on_delete=fields.RESTRICT
    )

    class Meta:
        table = "receipt"
        constraints = [
            UniqueConstraint(fields=("charity_id", "year", "number"), name="uq_receipt_number"),
            UniqueConstraint(fields=("request_id",), name="uq_receipt_request"),
            UniqueConstraint(fields=("bill_id",), name="uq_receipt_bill"),
            UniqueConstraint(fields=("order_id",), name="uq_receipt_first", condition="replaces_id IS NULL"),
            UniqueConstraint(fields=("replaces_id",), name="uq_receipt_replaces"),
            CheckConstraint(check="amount_fen > 0 AND number > 0", name="ck_receipt_positive"),
        ]


class ReceiptReversal(Model):
    """A receipt that counts no more. The red number comes from the finance bureau's system, later, and has a clock."""

    id = fields.BigIntField(primary_key=True)
    receipt: fields.ForeignKeyRelation[Receipt] = fields.ForeignKeyField(
        "cishan.Receipt", related_name="reversals", on_delete=fields.RESTRICT
    )
    reason = fields.CharEnumField(ReversalReason, max_length=8)
    left_fen = fields.BigIntField()
    """What was left of the gift then."""
    reversed_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="receipts_reversed", null=True, on_delete=fields.RESTRICT
    )
    reversed_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    red_bill: fields.ForeignKeyNullableRelation[FiscalBill] = fields.ForeignKeyField(
        "cishan.FiscalBill", related_name="reversals", null=True, on_delete=fields.RESTRICT
    )

    class Meta:
        table = "receipt_reversal"
        constraints = [
            UniqueConstraint(fields=("receipt_id",), name="uq_receipt_reversal"),
            UniqueConstraint(fields=("red_bill_id",), name="uq_receipt_reversal_bill"),
            CheckConstraint(check="left_fen >= 0", name="ck_receipt_reversal_left"),
        ]


class GiftCertificate(Model):
    """A certificate of thanks for one gift, that anybody who holds it can verify. 128 random bits are its key."""

    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "cishan.Order", related_name="gift_certificates", on_delete=fields.RESTRICT
    )
    donor: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="gift_certificates", db_index=True, on_delete=fields.RESTRICT
    )
    amount_fen = fields.BigIntField()
    anonymous = fields.BooleanField()
    token_sealed = fields.BinaryField()
    token_hash = fields.CharField(max_length=64, unique=True)
    made_at = fields.DatetimeField()
    voided_at = fields.DatetimeField(null=True)

    class Meta:
        table = "gift_certificate"
        constraints = [
            UniqueConstraint(fields=("order_id",), name="uq_gift_certificate_valid", condition="voided_at IS NULL"),
            CheckConstraint(check="amount_fen > 0", name="ck_gift_certificate_amount"),
        ]

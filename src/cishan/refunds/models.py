"""Refunds, what of an order each gives back, and the charity's dated terms."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity
from cishan.payments.models import Order, OrderLine, UnassignedMoney
from cishan.refunds.states import RefundReason, RefundStatus


class Refund(Model):
    """`request_no` is our number of it, written before the call; `due_at` the time by which a person must have looked."""

    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "cishan.Order", related_name="refunds", db_index=True, on_delete=fields.RESTRICT
    )
    request_no = fields.CharField(max_length=64)
    amount_fen = fields.BigIntField()
    status = fields.CharEnumField(RefundStatus, max_length=10)
    status_since = fields.DatetimeField()
    reason = fields.CharEnumField(RefundReason, max_length=12)
    note = fields.CharField(max_length=200, default="")
    created_at = fields.DatetimeField()
    requested_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="refunds_requested", null=True, on_delete=fields.RESTRICT
    )
    decided_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="refunds_decided", null=True, on_delete=fields.RESTRICT
    )
    handler: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="refunds_handled", null=True, on_delete=fields.RESTRICT
    )
    sent_at = fields.DatetimeField(null=True)
    tries = fields.SmallIntField(default=0)
    next_try_at = fields.DatetimeField(null=True)
    due_at = fields.DatetimeField(null=True)
    refusal = fields.CharField(max_length=80, default="")
    succeeded_at = fields.DatetimeField(null=True)

    class Meta:
        table = "refund"
        indexes = [
            Index(fields=("next_try_at",), name="ix_refund_try"),
            Index(fields=("due_at",), name="ix_refund_due"),
        ]
        constraints = [
            UniqueConstraint(fields=("order_id", "request_no"), name="uq_refund_number"),
            UniqueConstraint(fields=("order_id",), name="uq_refund_under_way", condition="status = 'unknown'"),
            CheckConstraint(check="amount_fen > 0", name="ck_refund_amount"),
            CheckConstraint(check="decided_by_id <> requested_by_id", name="ck_refund_two_people"),
            CheckConstraint(check="(status = 'succeeded') = (succeeded_at IS NOT NULL)", name="ck_refund_succeeded"),
            CheckConstraint(
                check="(next_try_at IS NOT NULL) = (status IN ('requested', 'unknown'))", name="ck_refund_next_try"
            ),
        ]


class RefundLine(Model):
    """What of the order a refund gives back: part of a line that was taken, or of money that nobody took."""

    id = fields.BigIntField(primary_key=True)
    refund: fields.ForeignKeyRelation[Refund] = fields.ForeignKeyField(
        "cishan.Refund", related_name="lines", db_index=True, on_delete=fields.RESTRICT
    )
    order_line: fields.ForeignKeyNullableRelation[OrderLine] = fields.ForeignKeyField(
        "cishan.OrderLine", related_name="refund_lines", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    unassigned: fields.ForeignKeyNullableRelation[UnassignedMoney] = fields.ForeignKeyField(
        "cishan.UnassignedMoney", related_name="refund_lines", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    amount_fen = fields.BigIntField()

    class Meta:
        table = "refund_line"
        constraints = [
            CheckConstraint(check="amount_fen > 0", name="ck_refund_line_amount"),
            CheckConstraint(check="num_nonnulls(order_line_id, unassigned_id) = 1", name="ck_refund_line_one"),
        ]


class RefundTerms(Model):
    """The charity's figures from a day on; the row with the latest `valid_from` not after a day holds."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="refund_terms", on_delete=fields.RESTRICT
    )
    valid_from = fields.DateField()
    cooling_hours = fields.SmallIntField()
    second_person_over_fen = fields.BigIntField()
    ask_again_times = fields.SmallIntField()
    ask_again_over_fen = fields.BigIntField()
    set_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="refund_terms_set", on_delete=fields.RESTRICT
    )

    class Meta:
        table = "refund_terms"
        constraints = [
            UniqueConstraint(fields=("charity_id", "valid_from"), name="uq_refund_terms"),
            CheckConstraint(
                check="cooling_hours >= 0 AND second_person_over_fen >= 0 AND ask_again_times > 1 "
                "AND ask_again_over_fen >= 0",
                name="ck_refund_terms",
            ),
        ]

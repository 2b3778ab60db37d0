"""Orders, lines, raw notices and money whose owner is not settled."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity, Fund
from cishan.payments.states import LateChoice, NoticeVerdict, OrderStatus, PayChannel, UnassignedReason


class Order(Model):
    """What a donor set out to pay, written before the gateway hears of it. `out_trade_no` is our number."""

    id = fields.BigIntField(primary_key=True)
    out_trade_no = fields.CharField(max_length=40, unique=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="orders", on_delete=fields.RESTRICT
    )
    donor: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="orders", db_index=True, on_delete=fields.RESTRICT
    )
    channel = fields.CharEnumField(PayChannel, max_length=6, default=PayChannel.ALIPAY, db_default=PayChannel.ALIPAY)
    transfer_code = fields.CharField(max_length=14, null=True, unique=True)
    """What the giver of a transfer writes to the bank, and nothing else does."""
    subject = fields.CharField(max_length=60)
    total_fen = fields.BigIntField()
    status = fields.CharEnumField(OrderStatus, max_length=8)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    trade_no = fields.CharField(max_length=40, null=True, unique=True)
    paid_fen = fields.BigIntField(null=True)
    refunded_fen = fields.BigIntField(default=0, db_default=0)
    """What has gone back of it, all refunds together."""
    late_choice = fields.CharEnumField(
        LateChoice, max_length=8, default=LateChoice.REFUND, db_default=LateChoice.REFUND
    )
    paid_at = fields.DatetimeField(null=True)
    settled_at = fields.DatetimeField(null=True)
    polls = fields.SmallIntField(default=0)
    next_poll_at = fields.DatetimeField(null=True)
    unknown_since = fields.DatetimeField(null=True)

    class Meta:
        table = "payment_order"
        indexes = [Index(fields=("next_poll_at",), name="ix_order_poll")]
        constraints = [
            CheckConstraint(check="total_fen > 0", name="ck_order_total"),
            CheckConstraint(check="(channel = 'bank') = (transfer_code IS NOT NULL)", name="ck_order_channel"),
            CheckConstraint(
                check="(status = 'paid') = (paid_at IS NOT NULL) AND (status = 'paid') = (paid_fen IS NOT NULL) "
                "AND (status = 'paid') = (trade_no IS NOT NULL)",
                name="ck_order_paid",
            ),
            CheckConstraint(check="refunded_fen BETWEEN 0 AND coalesce(paid_fen, 0)", name="ck_order_refunded"),
        ]


class OrderLine(Model):
    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "cishan.Order", related_name="lines", db_index=True, on_delete=fields.RESTRICT
    )
    fund: fields.ForeignKeyRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="order_lines", on_delete=fields.RESTRICT
    )
    owner_kind = fields.CharField(max_length=20)
    owner_id = fields.BigIntField()
    amount_fen = fields.BigIntField()

    class Meta:
        table = "order_line"
        indexes = [Index(fields=("owner_kind", "owner_id"), name="ix_order_line_owner")]
        constraints = [CheckConstraint(check="amount_fen > 0", name="ck_order_line_amount")]


class StoredNotice(Model):
    """Append-only: every notice as it came, with its verdict. The body is sealed, for it may hold a buyer's id."""

    id = fields.BigIntField(primary_key=True)
    notify_id = fields.CharField(max_length=128, null=True)
    out_trade_no = fields.CharField(max_length=64, null=True, db_index=True)
    trade_status = fields.CharField(max_length=20, null=True)
    body_sealed = fields.BinaryField()
    verdict = fields.CharEnumField(NoticeVerdict, max_length=12)
    reason = fields.CharField(max_length=120, default="")
    received_at = fields.DatetimeField()

    class Meta:
        table = "stored_notice"


class UnassignedMoney(Model):
    """Money that came late, twice or in surplus: booked to the fund's `unassigned` account until it is resolved.

    `owner_kind` and `owner_id` say what it was used for when the donor wanted a similar wish, `used_fen` how much of it.
    """

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="unassigned", on_delete=fields.RESTRICT
    )
    fund: fields.ForeignKeyRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="unassigned", on_delete=fields.RESTRICT
    )
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "cishan.Order", related_name="unassigned", on_delete=fields.RESTRICT
    )
    donor: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="unassigned", on_delete=fields.RESTRICT
    )
    reason = fields.CharEnumField(UnassignedReason, max_length=10)
    amount_fen = fields.BigIntField()
    booked_at = fields.DatetimeField()
    resolved_at = fields.DatetimeField(null=True)
    resolved_as = fields.CharEnumField(LateChoice, max_length=8, null=True)
    owner_kind = fields.CharField(max_length=20, null=True)
    owner_id = fields.BigIntField(null=True)
    used_fen = fields.BigIntField(null=True)

    class Meta:
        table = "unassigned_money"
        indexes = [
            Index(fields=("resolved_at",), name="ix_unassigned_open"),
            Index(fields=("owner_kind", "owner_id"), name="ix_unassigned_owner"),
        ]
        constraints = [
            UniqueConstraint(fields=("order_id", "fund_id", "reason"), name="uq_unassigned_order"),
            CheckConstraint(check="amount_fen > 0", name="ck_unassigned_amount"),
            CheckConstraint(check="(resolved_at IS NULL) = (resolved_as IS NULL)", name="ck_unassigned_resolved"),
            CheckConstraint(
                check="num_nonnulls(owner_kind, owner_id, used_fen) IN (0, 3) "
                "AND (owner_id IS NULL OR resolved_as = 'similar') AND coalesce(used_fen, 1) BETWEEN 1 AND amount_fen",
                name="ck_unassigned_used",
            ),
        ]

"""Bills and their differences, bank statements, and closed months."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity
from cishan.reconciliation.states import (
    BillRowKind,
    DayStatus,
    DifferenceKind,
    DifferenceStatus,
    Resolution,
)


class BillDay(Model):
    """One day of one charity. `next_try_at` is when to ask for its bill, or whether it has changed; None when no more."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="bill_days", on_delete=fields.RESTRICT
    )
    day = fields.DateField()
    status = fields.CharEnumField(DayStatus, max_length=10)
    next_try_at = fields.DatetimeField(null=True)
    tries = fields.SmallIntField(default=0)
    problem = fields.CharField(max_length=40, default="")
    due_at = fields.DatetimeField()
    compared_at = fields.DatetimeField(null=True)

    class Meta:
        table = "bill_day"
        indexes = [Index(fields=("next_try_at",), name="ix_bill_day_try")]
        constraints = [
            UniqueConstraint(fields=("charity_id", "day"), name="uq_bill_day"),
            CheckConstraint(check="(status = 'waiting') = (compared_at IS NULL)", name="ck_bill_day_compared"),
        ]


class BillFile(Model):
    """Append-only: a bill as it was fetched. A day that Alipay bills anew has several; the last one counts."""

    id = fields.BigIntField(primary_key=True)
    day: fields.ForeignKeyRelation[BillDay] = fields.ForeignKeyField(
        "cishan.BillDay", related_name="files", on_delete=fields.RESTRICT
    )
    number = fields.SmallIntField()
    sha256 = fields.CharField(max_length=64)
    fee_fen = fields.BigIntField()
    fetched_at = fields.DatetimeField()

    class Meta:
        table = "bill_file"
        constraints = [UniqueConstraint(fields=("day_id", "number"), name="uq_bill_file")]


class BillRow(Model):
    """Append-only: one line of a bill. Sums are positive; `kind` says which way the money went. No buyer is kept."""

    id = fields.BigIntField(primary_key=True)
    file: fields.ForeignKeyRelation[BillFile] = fields.ForeignKeyField(
        "cishan.BillFile", related_name="rows", on_delete=fields.RESTRICT
    )
    line = fields.IntField()
    kind = fields.CharEnumField(BillRowKind, max_length=8)
    trade_no = fields.CharField(max_length=64)
    out_trade_no = fields.CharField(max_length=64, db_index=True)
    request_no = fields.CharField(max_length=64, default="")
    amount_fen = fields.BigIntField()
    received_fen = fields.BigIntField()
    fee_fen = fields.BigIntField()
    finished_at = fields.DatetimeField()

    class Meta:
        table = "bill_row"
        constraints = [
            UniqueConstraint(fields=("file_id", "kind", "trade_no", "request_no"), name="uq_bill_row"),
            CheckConstraint(check="amount_fen >= 0 AND received_fen >= 0", name="ck_bill_row_sums"),
        ]


class BillDifference(Model):
    """What a day's bill and our books say differently. Sums are what came in, negative for a refund; 0 for nothing.

    What was resolved is never touched again: if the sides move apart once more, that is the next `round`.

    Two people where money would be missing: `proposed_by` says what to do, `resolved_by` agrees.
    """

    id = fields.BigIntField(primary_key=True)
    day: fields.ForeignKeyRelation[BillDay] = fields.ForeignKeyField(
        "cishan.BillDay", related_name="differences", on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(DifferenceKind, max_length=14)
    row_kind = fields.CharEnumField(BillRowKind, max_length=8)
    trade_no = fields.CharField(max_length=64)
    out_trade_no = fields.CharField(max_length=64)
    request_no = fields.CharField(max_length=64, default="")
    round = fields.SmallIntField(default=1)
    ours_fen = fields.BigIntField()
    theirs_fen = fields.BigIntField()
    status = fields.CharEnumField(DifferenceStatus, max_length=10)
    resolution = fields.CharEnumField(Resolution, max_length=12, null=True)
    note = fields.CharField(max_length=300, default="")
    found_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    owner: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="differences_owned", null=True, on_delete=fields.RESTRICT
    )
    proposed_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="differences_proposed", null=True, on_delete=fields.RESTRICT
    )
    resolved_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="differences_resolved", null=True, on_delete=fields.RESTRICT
    )
    resolved_at = fields.DatetimeField(null=True)

    class Meta:
        table = "bill_difference"
        indexes = [Index(fields=("status", "due_at"), name="ix_bill_difference_open")]
        constraints = [
            UniqueConstraint(
                fields=("day_id", "row_kind", "trade_no", "out_trade_no", "request_no", "round"),
                name="uq_bill_difference",
            ),
            CheckConstraint(
                check="(status = 'resolved') = (resolved_at IS NOT NULL) AND (status = 'open') = (resolution IS NULL)",
                name="ck_bill_difference_resolved",
            ),
            CheckConstraint(check="proposed_by_id <> resolved_by_id", name="ck_bill_difference_two_people"),
            CheckConstraint(
                check="status <> 'resolved' OR resolution = 'agrees_now' OR theirs_fen >= ours_fen "
                "OR (proposed_by_id IS NOT NULL AND resolved_by_id IS NOT NULL)",
                name="ck_bill_difference_write_off",
            ),
        ]


class MonthClosing(Model):
    """A month that is to be closed, or is: the bookkeeper proposes, another person closes. `entries` counts what it held."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="month_closings", on_delete=fields.RESTRICT
    )
    month = fields.DateField()
    proposed_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="months_proposed", on_delete=fields.RESTRICT
    )
    proposed_at = fields.DatetimeField()
    closed_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="months_closed", null=True, on_delete=fields.RESTRICT
    )
    closed_at = fields.DatetimeField(null=True)
    entries = fields.IntField(null=True)

    class Meta:
        table = "month_closing"
        constraints = [
            UniqueConstraint(fields=("charity_id", "month"), name="uq_month_closing"),
            CheckConstraint(check="closed_by_id <> proposed_by_id", name="ck_month_closing_two_people"),
            CheckConstraint(
                check="num_nonnulls(closed_by_id, closed_at, entries) IN (0, 3)", name="ck_month_closing_closed"
            ),
            CheckConstraint(check="extract(day FROM month) = 1", name="ck_month_closing_first"),
        ]

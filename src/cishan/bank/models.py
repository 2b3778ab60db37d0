"""Files from the bank, and the movements on the account that they list."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.bank.states import BankLineStatus, StatementStatus
from cishan.charities.models import Charity, Fund
from cishan.payments.models import Order
from cishan.refunds.models import Refund


class BankStatement(Model):
    """One file from the bank. The same file again is the same row."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="bank_statements", on_delete=fields.RESTRICT
    )
    file_name = fields.CharField(max_length=120)
    sha256 = fields.CharField(max_length=64)
    rows_total = fields.IntField()
    rows_new = fields.IntField()
    status = fields.CharEnumField(StatementStatus, max_length=10)
    uploaded_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="bank_statements", on_delete=fields.RESTRICT
    )
    uploaded_at = fields.DatetimeField()
    applied_at = fields.DatetimeField(null=True)

    class Meta:
        table = "bank_statement"
        constraints = [
            UniqueConstraint(fields=("charity_id", "sha256"), name="uq_bank_statement"),
            CheckConstraint(check="(status = 'applied') = (applied_at IS NOT NULL)", name="ck_bank_statement_applied"),
        ]


class BankLine(Model):
    """One movement on the bank account, known by the bank's own number of it; `amount_fen` is negative for what went out.

    Who paid and what they wrote may name a person, so both are sealed.
    """

    id = fields.BigIntField(primary_key=True)
    statement: fields.ForeignKeyRelation[BankStatement] = fields.ForeignKeyField(
        "cishan.BankStatement", related_name="lines", db_index=True, on_delete=fields.RESTRICT
    )
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="bank_lines", on_delete=fields.RESTRICT
    )
    serial = fields.CharField(max_length=64)
    at = fields.DatetimeField()
    amount_fen = fields.BigIntField()
    party_sealed = fields.BinaryField()
    summary_sealed = fields.BinaryField()
    transfer_code = fields.CharField(max_length=14, null=True)
    """The one code that the giver wrote."""
    suggestion = fields.CharEnumField(BankLineStatus, max_length=12)
    status = fields.CharEnumField(BankLineStatus, max_length=12)
    note = fields.CharField(max_length=200, default="")
    order: fields.ForeignKeyNullableRelation[Order] = fields.ForeignKeyField(
        "cishan.Order", related_name="bank_lines", null=True, unique=True, on_delete=fields.RESTRICT
    )
    refund: fields.ForeignKeyNullableRelation[Refund] = fields.ForeignKeyField(
        "cishan.Refund", related_name="bank_lines", null=True, unique=True, on_delete=fields.RESTRICT
    )
    held_for: fields.ForeignKeyNullableRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="bank_lines_held", null=True, on_delete=fields.RESTRICT
    )
    settles: fields.ForeignKeyNullableRelation["BankLine"] = fields.ForeignKeyField(
        "cishan.BankLine", related_name="settled_by", null=True, unique=True, on_delete=fields.RESTRICT
    )
    """The movement that was held and goes back by this one."""
    coded_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="bank_lines_coded", null=True, on_delete=fields.RESTRICT
    )
    coded_at = fields.DatetimeField(null=True)

    class Meta:
        table = "bank_line"
        indexes = [Index(fields=("charity_id", "status", "at"), name="ix_bank_line_open")]
        constraints = [
            UniqueConstraint(fields=("charity_id", "serial"), name="uq_bank_line"),
            CheckConstraint(check="amount_fen <> 0", name="ck_bank_line_amount"),
            CheckConstraint(
                check="(status = 'gift') = (order_id IS NOT NULL) AND (status = 'refund') = (refund_id IS NOT NULL) "
                "AND (status = 'held') = (held_for_id IS NOT NULL) AND (status = 'sent_back') = (settles_id IS NOT NULL)",
                name="ck_bank_line_what",
            ),
            CheckConstraint(
                check="(status IN ('gift', 'held', 'withdrawal') AND amount_fen > 0) OR status IN ('unrecognised', 'noise') "
                "OR (status IN ('fee', 'refund', 'sent_back') AND amount_fen < 0)",
                name="ck_bank_line_way",
            ),
            CheckConstraint(check="(status = 'unrecognised') = (coded_at IS NULL)", name="ck_bank_line_coded"),
        ]

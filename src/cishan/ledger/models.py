"""Ledger accounts, entries and postings; insert-only."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.charities.models import Charity, Fund
from cishan.ledger.states import AccountType, EntryKind


class LedgerAccount(Model):
    """One account of one fund; a town's advance has the town's code, every other an empty one."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="ledger_accounts", on_delete=fields.RESTRICT
    )
    fund: fields.ForeignKeyRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="ledger_accounts", on_delete=fields.RESTRICT
    )
    type = fields.CharEnumField(AccountType, max_length=16)
    division_code = fields.CharField(max_length=12, default="")

    class Meta:
        table = "ledger_account"
        constraints = [UniqueConstraint(fields=("fund_id", "type", "division_code"), name="uq_ledger_account")]


class Entry(Model):
    """`source_kind` and `source_id` say what is booked; one kind of entry is booked once for one source."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="entries", on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(EntryKind, max_length=20)
    source_kind = fields.CharField(max_length=20)
    source_id = fields.BigIntField()
    occurred_at = fields.DatetimeField()
    booked_at = fields.DatetimeField()
    reverses: fields.ForeignKeyNullableRelation["Entry"] = fields.ForeignKeyField(
        "cishan.Entry", related_name="reversals", null=True, on_delete=fields.RESTRICT
    )

    class Meta:
        table = "ledger_entry"
        indexes = [Index(fields=("booked_at",), name="ix_entry_booked")]
        constraints = [
            UniqueConstraint(fields=("source_kind", "source_id", "kind"), name="uq_entry_source"),
            UniqueConstraint(fields=("reverses_id",), name="uq_entry_reversal"),
            CheckConstraint(check="(kind = 'reversal') = (reverses_id IS NOT NULL)", name="ck_entry_reversal"),
        ]


class Posting(Model):
    """`amount_fen` is positive for a debit, negative for a credit."""

    id = fields.BigIntField(primary_key=True)
    entry: fields.ForeignKeyRelation[Entry] = fields.ForeignKeyField(
        "cishan.Entry", related_name="postings", db_index=True, on_delete=fields.RESTRICT
    )
    account: fields.ForeignKeyRelation[LedgerAccount] = fields.ForeignKeyField(
        "cishan.LedgerAccount", related_name="postings", on_delete=fields.RESTRICT
    )
    amount_fen = fields.BigIntField()

    class Meta:
        table = "ledger_posting"
        indexes = [Index(fields=("account_id", "entry_id"), name="ix_posting_account")]
        constraints = [CheckConstraint(check="amount_fen <> 0", name="ck_posting_amount")]


class EntryNumber(Model):
    """The gapless number of a committed entry in its charity's books, given after commit so that nobody waits for it."""

    id = fields.BigIntField(primary_key=True)
    entry: fields.ForeignKeyRelation[Entry] = fields.ForeignKeyField(
        "cishan.Entry", related_name="numbers", on_delete=fields.RESTRICT
    )
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="entry_numbers", on_delete=fields.RESTRICT
    )
    number = fields.BigIntField()

    class Meta:
        table = "ledger_entry_number"
        constraints = [
            UniqueConstraint(fields=("entry_id",), name="uq_entry_number_entry"),
            UniqueConstraint(fields=("charity_id", "number"), name="uq_entry_number"),
        ]


class Link(Model):
    """Append-only: the hash that chains a numbered entry to the one before; see `chain.py`."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="ledger_links", on_delete=fields.RESTRICT
    )
    number = fields.BigIntField()
    hash = fields.BinaryField()
    linked_at = fields.DatetimeField()

    class Meta:
        table = "ledger_link"
        constraints = [UniqueConstraint(fields=("charity_id", "number"), name="uq_ledger_link")]


class Head(Model):
    """Append-only: the last link of a day, published so that others can write it down."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="ledger_heads", on_delete=fields.RESTRICT
    )
    day = fields.DateField()
    number = fields.BigIntField()
    hash = fields.BinaryField()
    published_at = fields.DatetimeField()

    class Meta:
        table = "ledger_head"
        constraints = [UniqueConstraint(fields=("charity_id", "day"), name="uq_ledger_head")]

"""The charity's dated figures, and a case for each gift that is beyond them. Kept for ten years, by analogy (R-19)."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity
from cishan.payments.models import Order
from cishan.vigilance.states import CaseOutcome, GiftSource, ListedKind


class WatchTerms(Model):
    """From `valid_from` on a gift, or a donor's gifts of seven days together, of more than `over_fen` makes a case."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="watch_terms", on_delete=fields.RESTRICT
    )
    valid_from = fields.DateField()
    over_fen = fields.BigIntField()
    set_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="watch_terms_set", on_delete=fields.RESTRICT
    )

    class Meta:
        table = "watch_terms"
        constraints = [
            UniqueConstraint(fields=("charity_id", "valid_from"), name="uq_watch_terms"),
            CheckConstraint(check="over_fen > 0", name="ck_watch_terms_over"),
        ]


class WatchCase(Model):
    """Opened with the order, before anything is paid; `joined_fen` counts the donor's gifts of seven days with it."""

    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "cishan.Order", related_name="watch_cases", on_delete=fields.RESTRICT
    )
    joined_fen = fields.BigIntField()
    is_listed = fields.BooleanField(default=False, db_default=False)
    """Opened because the giver has a name that stands on an official list, whatever the sum."""
    source = fields.CharEnumField(GiftSource, max_length=10, null=True)
    """Empty where nobody was there to be asked, as when a month of a plan is opened."""
    opened_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    handler: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="watch_cases_handled", null=True, on_delete=fields.RESTRICT
    )
    finding = fields.CharField(max_length=300, default="")
    outcome = fields.CharEnumField(CaseOutcome, max_length=10, null=True)
    closed_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="watch_cases_closed", null=True, on_delete=fields.RESTRICT
    )
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "watch_case"
        indexes = [Index(fields=("closed_at", "due_at"), name="ix_watch_case_open")]
        constraints = [
            UniqueConstraint(fields=("order_id",), name="uq_watch_case"),
            CheckConstraint(check="closed_by_id <> handler_id", name="ck_watch_case_two_people"),
            CheckConstraint(
                check="(closed_at IS NULL) = (closed_by_id IS NULL) AND (closed_at IS NULL OR "
                "(outcome IS NOT NULL AND handler_id IS NOT NULL))",
                name="ck_watch_case_closed",
            ),
        ]


class WatchEntry(Model):
    """A name of an official list (名单), as keyed digests alone; `list_name` says whose list it is."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="watch_entries", on_delete=fields.RESTRICT
    )
    list_name = fields.CharField(max_length=80)
    kind = fields.CharEnumField(ListedKind, max_length=12)
    name_index = fields.CharField(max_length=64)
    number_index = fields.CharField(max_length=64, default="")
    added_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="watch_entries_added", on_delete=fields.RESTRICT
    )
    added_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "watch_entry"
        indexes = [
            Index(fields=("name_index",), name="ix_watch_entry_name"),
            Index(fields=("number_index",), name="ix_watch_entry_number"),
        ]
        constraints = [
            UniqueConstraint(
                fields=("charity_id", "list_name", "kind", "name_index", "number_index"),
                name="uq_watch_entry",
                condition="ended_at IS NULL",
            )
        ]


class WatchMatch(Model):
    """An account whose name stands on a list. Cleared when two people found that it is somebody else."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="watch_matches", on_delete=fields.RESTRICT
    )
    entry: fields.ForeignKeyRelation[WatchEntry] = fields.ForeignKeyField(
        "cishan.WatchEntry", related_name="matches", on_delete=fields.RESTRICT
    )
    found_at = fields.DatetimeField()
    cleared_at = fields.DatetimeField(null=True)

    class Meta:
        table = "watch_match"
        constraints = [UniqueConstraint(fields=("account_id", "entry_id"), name="uq_watch_match")]


class WatchScreening(Model):
    """When an account was last compared with the lists; a new name of the account removes it (a trigger)."""

    id = fields.BigIntField(primary_key=True)
    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "cishan.Account", related_name="watch_screening", on_delete=fields.RESTRICT
    )
    screened_at = fields.DatetimeField()

    class Meta:
        table = "watch_screening"

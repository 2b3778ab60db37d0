"""Cases of urgent help, and what those who decided thought."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.payouts.models import Payout
from cishan.urgent.states import UrgentCause


class UrgentCase(Model):
    """The case of one urgent payout. `decide_by` is a day after it was opened; `complete_by` stands once it is paid.

    `finding` is what two people found who visited afterwards: one writes it, the other confirms it.
    """

    id = fields.BigIntField(primary_key=True)
    payout: fields.OneToOneRelation[Payout] = fields.OneToOneField(
        "cishan.Payout", related_name="urgent_case", on_delete=fields.RESTRICT
    )
    cause = fields.CharEnumField(UrgentCause, max_length=12)
    decide_by = fields.DatetimeField()
    complete_by = fields.DatetimeField(null=True)
    finding_sealed = fields.BinaryField(null=True)
    stands = fields.BooleanField(null=True)
    """Whether the help was due after all."""
    found_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="urgent_findings", null=True, on_delete=fields.RESTRICT
    )
    found_at = fields.DatetimeField(null=True)
    confirmed_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="urgent_confirmations", null=True, on_delete=fields.RESTRICT
    )
    confirmed_at = fields.DatetimeField(null=True)
    reminded_at = fields.DatetimeField(null=True)

    class Meta:
        table = "urgent_case"
        indexes = [Index(fields=("confirmed_at", "complete_by"), name="ix_urgent_case_open")]
        constraints = [
            CheckConstraint(
                check="num_nonnulls(finding_sealed, stands, found_by_id, found_at) IN (0, 4)", name="ck_urgent_found"
            ),
            CheckConstraint(
                check="num_nonnulls(confirmed_by_id, confirmed_at) IN (0, 2) "
                "AND (confirmed_at IS NULL OR found_at IS NOT NULL) AND (found_at IS NULL OR complete_by IS NOT NULL)",
                name="ck_urgent_confirmed",
            ),
            CheckConstraint(check="confirmed_by_id <> found_by_id", name="ck_urgent_two_visitors"),
        ]


class UrgentOpinion(Model):
    """Append-only: what somebody of the panel wrote when they agreed."""

    id = fields.BigIntField(primary_key=True)
    case: fields.ForeignKeyRelation[UrgentCase] = fields.ForeignKeyField(
        "cishan.UrgentCase", related_name="opinions", on_delete=fields.RESTRICT
    )
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="urgent_opinions", on_delete=fields.RESTRICT
    )
    opinion_sealed = fields.BinaryField()
    at = fields.DatetimeField()

    class Meta:
        table = "urgent_opinion"
        constraints = [UniqueConstraint(fields=("case_id", "account_id"), name="uq_urgent_opinion")]

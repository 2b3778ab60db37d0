"""Monthly plans and their turns."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Fund
from cishan.donations.models import Donation
from cishan.monthly.states import PlanStatus


class MonthlyPlan(Model):
    """`day` is the day of the month, its last day where the month is shorter; `next_on` the next turn's day, in China.

    `unpaid` counts the turns in a row that were not paid.
    """

    id = fields.BigIntField(primary_key=True)
    fund: fields.ForeignKeyRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="monthly_plans", on_delete=fields.RESTRICT
    )
    donor: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="monthly_plans", db_index=True, on_delete=fields.RESTRICT
    )
    status = fields.CharEnumField(PlanStatus, max_length=8)
    amount_fen = fields.BigIntField()
    day = fields.SmallIntField()
    next_on = fields.DateField()
    unpaid = fields.SmallIntField(default=0)
    shows_name = fields.BooleanField(default=False)
    started_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "monthly_plan"
        indexes = [Index(fields=("status", "next_on"), name="ix_monthly_plan_due")]
        constraints = [
            UniqueConstraint(
                fields=("donor_id", "fund_id"), name="uq_monthly_plan_live", condition="status <> 'ended'"
            ),
            CheckConstraint(
                check="amount_fen > 0 AND day BETWEEN 1 AND 31 AND unpaid >= 0", name="ck_monthly_plan_values"
            ),
            CheckConstraint(check="(status = 'ended') = (ended_at IS NOT NULL)", name="ck_monthly_plan_ended"),
        ]


class MonthlyTurn(Model):
    """The donation of one month of a plan. The database lets a month have one, whoever sweeps."""

    id = fields.BigIntField(primary_key=True)
    plan: fields.ForeignKeyRelation[MonthlyPlan] = fields.ForeignKeyField(
        "cishan.MonthlyPlan", related_name="turns", on_delete=fields.RESTRICT
    )
    month = fields.DateField()
    donation: fields.ForeignKeyRelation[Donation] = fields.ForeignKeyField(
        "cishan.Donation", related_name="monthly_turns", on_delete=fields.RESTRICT
    )
    opened_at = fields.DatetimeField()

    class Meta:
        table = "monthly_turn"
        constraints = [
            UniqueConstraint(fields=("plan_id", "month"), name="uq_monthly_turn"),
            UniqueConstraint(fields=("donation_id",), name="uq_monthly_turn_donation"),
            CheckConstraint(check="extract(day FROM month) = 1", name="ck_monthly_turn_month"),
        ]

"""The charity's dated limits, and what each year has cost so far."""

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity


class CostTerms(Model):
    """From `valid_from` on: the least share of last year's income that is spent, the most of all spending that is cost."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="cost_terms", on_delete=fields.RESTRICT
    )
    valid_from = fields.DateField()
    least_spent_permille = fields.SmallIntField()
    most_cost_permille = fields.SmallIntField()
    set_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="cost_terms_set", on_delete=fields.RESTRICT
    )

    class Meta:
        table = "cost_terms"
        constraints = [
            UniqueConstraint(fields=("charity_id", "valid_from"), name="uq_cost_terms"),
            CheckConstraint(
                check="least_spent_permille BETWEEN 0 AND 1000 AND most_cost_permille BETWEEN 1 AND 1000",
                name="ck_cost_terms",
            ),
        ]


class ManagementCost(Model):
    """What a year has cost up to a day, as the charity's accounts have it. The newest row of a year counts; none is changed."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="management_costs", on_delete=fields.RESTRICT
    )
    year = fields.SmallIntField()
    cost_fen = fields.BigIntField()
    until = fields.DateField()
    note = fields.CharField(max_length=200)
    entered_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="management_costs_entered", on_delete=fields.RESTRICT
    )
    entered_at = fields.DatetimeField()

    class Meta:
        table = "management_cost"
        constraints = [CheckConstraint(check="cost_fen >= 0 AND year BETWEEN 2016 AND 2200", name="ck_management_cost")]

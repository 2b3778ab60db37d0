"""Projects and the lines of their plan. The fields are those of a filed plan (募捐办法 art. 10)."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity, Fund
from cishan.projects.states import AtTarget, ProjectKind, ProjectStatus, SurplusRule


class Project(Model):
    """`fund` is opened with the filing number, so that no money exists before the filing.

    `starts_at` and `ends_at` bound the campaign to the minute; `use_ends_on` is the last day of the use of the money.
    """

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="projects", on_delete=fields.RESTRICT
    )
    fund: fields.ForeignKeyNullableRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="projects", null=True, on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(ProjectKind, max_length=12)
    status = fields.CharEnumField(ProjectStatus, max_length=12)
    status_since = fields.DatetimeField()
    name = fields.CharField(max_length=60)
    purpose = fields.TextField()
    area_code = fields.CharField(max_length=12)
    """Where money is raised."""
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    use_ends_on = fields.DateField()
    leader: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="projects_led", on_delete=fields.RESTRICT
    )
    office = fields.CharField(max_length=120)
    ways = fields.CharField(max_length=120)
    """Ways of giving, in words of the plan."""
    bank_account = fields.CharField(max_length=40)
    bank_account_name = fields.CharField(max_length=80)
    target_fen = fields.BigIntField()
    cost_fen = fields.BigIntField(default=0, db_default=0)
    """募捐成本: never passed to beneficiaries."""
    beneficiaries = fields.TextField()
    """Their range, never a specific person (募捐办法 art. 10(6))."""
    beneficiaries_count = fields.IntField()
    choosing = fields.TextField()
    """How beneficiaries are chosen."""
    surplus_rule = fields.CharEnumField(SurplusRule, max_length=12)
    surplus_words = fields.CharField(max_length=300)
    at_target = fields.CharEnumField(AtTarget, max_length=8)
    partner_name = fields.CharField(max_length=80, default="")
    partner_uscc = fields.CharField(max_length=18, default="")
    partner_agreement_no = fields.CharField(max_length=60, default="")
    partner_evaluated_on = fields.DateField(null=True)
    platform_url = fields.CharField(max_length=200, default="")
    filing_number = fields.CharField(max_length=60, null=True, unique=True)
    decided_on = fields.DateField(null=True)
    decision_no = fields.CharField(max_length=60, default="")
    decided_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="projects_decided", null=True, on_delete=fields.RESTRICT
    )
    filed_on = fields.DateField(null=True)
    opened_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    settled_at = fields.DatetimeField(null=True)
    created_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="projects_created", on_delete=fields.RESTRICT
    )
    created_at = fields.DatetimeField()

    class Meta:
        table = "project"
        indexes = [Index(fields=("status", "ends_at"), name="ix_project_status")]
        constraints = [
            UniqueConstraint(fields=("fund_id",), name="uq_project_fund"),
            CheckConstraint(check="target_fen > 0 AND cost_fen >= 0 AND cost_fen < target_fen", name="ck_project_sums"),
            CheckConstraint(check="ends_at > starts_at", name="ck_project_dates"),
            CheckConstraint(
                check="num_nonnulls(fund_id, filing_number, filed_on) IN (0, 3) "
                "AND (filed_on IS NOT NULL OR status IN ('draft', 'decided', 'withdrawn'))",
                name="ck_project_filed",
            ),
            CheckConstraint(
                check="opened_at IS NOT NULL OR status NOT IN ('open', 'paused', 'closed', 'settled')",
                name="ck_project_opened",
            ),
            CheckConstraint(
                check="status NOT IN ('closed', 'settled') OR closed_at IS NOT NULL", name="ck_project_closed"
            ),
            CheckConstraint(check="(status = 'settled') = (settled_at IS NOT NULL)", name="ck_project_settled"),
        ]


class BudgetLine(Model):
    """One line of the plan for the use of the money."""

    id = fields.BigIntField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "cishan.Project", related_name="budget_lines", db_index=True, on_delete=fields.RESTRICT
    )
    position = fields.SmallIntField()
    name = fields.CharField(max_length=60)
    amount_fen = fields.BigIntField()

    class Meta:
        table = "budget_line"
        constraints = [
            UniqueConstraint(fields=("project_id", "position"), name="uq_budget_line"),
            CheckConstraint(check="amount_fen > 0", name="ck_budget_line_amount"),
        ]

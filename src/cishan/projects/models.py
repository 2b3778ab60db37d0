"""Projects and the lines of their plan. The fields are those of a filed plan (募捐办法 art. 10)."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity, Fund
from cishan.pictures.models import Picture
from cishan.plans.states import AtTarget, ProjectKind, Reach, SurplusRule
from cishan.projects.states import AmendmentStatus, ProjectStatus


class Project(Model):
    """`fund` is opened with the filing number, so that no money exists before the filing; an emergency's when it begins.

    `starts_at` and `ends_at` bound the campaign to the minute; `use_ends_on` is the last day of the use of the money. A
    draft may lack anything; from the decision on nothing is missing. `may_open_on` is the first day on which a filed
    campaign may begin, `filing_due_at` the instant by which an emergency that has begun must be filed.
    """

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="projects", on_delete=fields.RESTRICT
    )
    fund: fields.ForeignKeyNullableRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="projects", null=True, on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(ProjectKind, max_length=12)
    reach = fields.CharEnumField(Reach, max_length=10, default=Reach.PUBLIC, db_default=Reach.PUBLIC.value)
    status = fields.CharEnumField(ProjectStatus, max_length=12)
    status_since = fields.DatetimeField()
    name = fields.CharField(max_length=60)
    purpose = fields.TextField()
    area_code = fields.CharField(max_length=12)
    """Where money is raised."""
    starts_at = fields.DatetimeField(null=True)
    ends_at = fields.DatetimeField(null=True)
    use_ends_on = fields.DateField(null=True)
    leader: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="projects_led", null=True, on_delete=fields.RESTRICT
    )
    office = fields.CharField(max_length=120)
    ways = fields.CharField(max_length=120)
    """Ways of giving: values of GivingWay with commas between."""
    bank_account = fields.CharField(max_length=40)
    bank_account_name = fields.CharField(max_length=80)
    target_fen = fields.BigIntField(default=0, db_default=0)
    cost_fen = fields.BigIntField(default=0, db_default=0)
    """募捐成本: never passed to beneficiaries."""
    cost_words = fields.CharField(max_length=200, default="")
    """What the cost is for and who bears it."""
    beneficiaries = fields.TextField()
    """Their range, never a specific person (募捐办法 art. 10(6))."""
    beneficiaries_count = fields.IntField(default=0, db_default=0)
    choosing = fields.TextField()
    """How beneficiaries are chosen."""
    surplus_rule = fields.CharEnumField(SurplusRule, max_length=12, null=True)
    surplus_words = fields.CharField(max_length=300)
    at_target = fields.CharEnumField(AtTarget, max_length=8, null=True)
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
    may_open_on = fields.DateField(null=True)
    filing_due_at = fields.DatetimeField(null=True)
    filing_reminded_at = fields.DatetimeField(null=True)
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
            CheckConstraint(
                check="target_fen >= 0 AND cost_fen >= 0 AND (status IN ('draft', 'withdrawn') "
                "OR (target_fen > 0 AND cost_fen < target_fen))",
                name="ck_project_sums",
            ),
            CheckConstraint(
                check="status IN ('draft', 'withdrawn') OR (ends_at > starts_at AND num_nulls(starts_at, ends_at, "
                "use_ends_on, leader_id, surplus_rule, at_target) = 0)",
                name="ck_project_whole",
            ),
            CheckConstraint(
                check="(filing_number IS NULL) = (filed_on IS NULL) AND (filed_on IS NULL OR fund_id IS NOT NULL) "
                "AND (filed_on IS NOT NULL OR status IN ('draft', 'decided', 'withdrawn') "
                "OR (kind = 'emergency' AND status <> 'settled' AND filing_due_at IS NOT NULL))",
                name="ck_project_filed",
            ),
            CheckConstraint(
                check="opened_at >= (may_open_on::timestamp AT TIME ZONE 'Asia/Shanghai')", name="ck_project_notice"
            ),
            CheckConstraint(check="decided_by_id <> created_by_id", name="ck_project_two_people"),
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


class ProjectTerms(Model):
    """The figures that rules set, from a day on. Append-only; the law's own hold until there are any."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="project_terms", on_delete=fields.RESTRICT
    )
    valid_from = fields.DateField()
    notice_days = fields.SmallIntField()
    longest_years = fields.SmallIntField()
    longest_emergency_years = fields.SmallIntField()
    emergency_filing_days = fields.SmallIntField()
    amendment_days = fields.SmallIntField()
    capacity_fen = fields.BigIntField()
    cost_permille = fields.SmallIntField()

    class Meta:
        table = "project_terms"
        constraints = [
            UniqueConstraint(fields=("charity_id", "valid_from"), name="uq_project_terms"),
            CheckConstraint(
                check="least(notice_days, longest_years, longest_emergency_years, emergency_filing_days, amendment_days, "
                "cost_permille) >= 0 AND capacity_fen > 0",
                name="ck_project_terms",
            ),
        ]


class FiledPlan(Model):
    """Append-only archive (募捐办法 art. 15): the plan as it was filed, and again after each amendment.

    `digest` is the SHA-256 of `plan`, made by the database of the project's own columns; `verify` makes it anew.
    """

    id = fields.BigIntField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "cishan.Project", related_name="filed_plans", on_delete=fields.RESTRICT
    )
    version = fields.SmallIntField()
    plan: fields.Field[dict[str, object]] = fields.JSONField()
    digest = fields.CharField(max_length=64)
    filed_on = fields.DateField()
    kept_at = fields.DatetimeField()

    class Meta:
        table = "filed_plan"
        constraints = [UniqueConstraint(fields=("project_id", "version"), name="uq_filed_plan")]


class Amendment(Model):
    """A change of one filed field: what, from what, to what, why; due at civil affairs by the end of `due_on`.

    `old_value` and `new_value` are texts as `plans/storing.py` writes and reads them. It counts when it is filed, not sooner.
    """

    id = fields.BigIntField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "cishan.Project", related_name="amendments", on_delete=fields.RESTRICT
    )
    field = fields.CharField(max_length=24)
    old_value = fields.TextField()
    new_value = fields.TextField()
    reason = fields.CharField(max_length=300)
    status = fields.CharEnumField(AmendmentStatus, max_length=10)
    changed_on = fields.DateField()
    due_on = fields.DateField()
    proposed_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="amendments_proposed", on_delete=fields.RESTRICT
    )
    proposed_at = fields.DatetimeField()
    decided_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="amendments_decided", null=True, on_delete=fields.RESTRICT
    )
    decided_at = fields.DatetimeField(null=True)
    filed_on = fields.DateField(null=True)
    applied_at = fields.DatetimeField(null=True)
    reminded_at = fields.DatetimeField(null=True)

    class Meta:
        table = "project_amendment"
        indexes = [Index(fields=("project_id", "id"), name="ix_amendment_project")]
        constraints = [
            UniqueConstraint(
                fields=("project_id", "field"),
                name="uq_amendment_open",
                condition="status IN ('proposed', 'decided')",
            ),
            CheckConstraint(check="decided_by_id <> proposed_by_id", name="ck_amendment_two_people"),
            CheckConstraint(
                check="(status = 'filed') = (applied_at IS NOT NULL) AND (applied_at IS NULL) = (filed_on IS NULL) "
                "AND (decided_at IS NULL) = (decided_by_id IS NULL) "
                "AND (decided_at IS NOT NULL OR status IN ('proposed', 'dropped'))",
                name="ck_amendment_status",
            ),
        ]


class SurplusMove(Model):
    """What a closed project did not use, and the fund it goes to (慈善法 art. 58); booked when the director decides."""

    id = fields.BigIntField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "cishan.Project", related_name="surplus_moves", on_delete=fields.RESTRICT
    )
    to_fund: fields.ForeignKeyRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="surplus_received", db_index=True, on_delete=fields.RESTRICT
    )
    amount_fen = fields.BigIntField()
    reason = fields.CharField(max_length=300)
    """Why the other purpose is the same or near; public."""
    proposed_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="surplus_proposed", on_delete=fields.RESTRICT
    )
    proposed_at = fields.DatetimeField()
    decided_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="surplus_decided", null=True, on_delete=fields.RESTRICT
    )
    decided_at = fields.DatetimeField(null=True)

    class Meta:
        table = "surplus_move"
        constraints = [
            UniqueConstraint(fields=("project_id",), name="uq_surplus_waiting", condition="decided_at IS NULL"),
            CheckConstraint(check="amount_fen > 0", name="ck_surplus_amount"),
            CheckConstraint(check="decided_by_id <> proposed_by_id", name="ck_surplus_two_people"),
            CheckConstraint(check="(decided_at IS NULL) = (decided_by_id IS NULL)", name="ck_surplus_decided"),
        ]


class ProjectUpdate(Model):
    """How a project goes on, in words and perhaps a picture; public once another person has read it."""

    id = fields.BigIntField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "cishan.Project", related_name="updates", on_delete=fields.RESTRICT
    )
    title = fields.CharField(max_length=60)
    text = fields.TextField()
    picture: fields.ForeignKeyNullableRelation[Picture] = fields.ForeignKeyField(
        "cishan.Picture", related_name="project_updates", null=True, on_delete=fields.RESTRICT
    )
    written_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="updates_written", on_delete=fields.RESTRICT
    )
    written_at = fields.DatetimeField()
    reviewed_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="updates_reviewed", null=True, on_delete=fields.RESTRICT
    )
    reviewed_at = fields.DatetimeField(null=True)
    published = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "project_update"
        indexes = [
            Index(fields=("project_id", "id"), name="ix_project_update"),
            Index(fields=("picture_id",), name="ix_project_update_picture"),
        ]
        constraints = [
            CheckConstraint(check="reviewed_by_id <> written_by_id", name="ck_update_two_people"),
            CheckConstraint(
                check="(reviewed_at IS NULL) = (reviewed_by_id IS NULL) AND (reviewed_at IS NOT NULL OR NOT published)",
                name="ck_update_reviewed",
            ),
        ]

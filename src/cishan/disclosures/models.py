"""Duties, drafts and published reports, and each fund's months as the public reads them."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity, Fund
from cishan.disclosures.states import DutyKind
from cishan.projects.models import Project


class Duty(Model):
    """Something to publish by the end of `due_on`; the charity's own yearly report has no project.

    `dropped_at` says that the calendar does not ask for it any more, as when a campaign was shortened.
    """

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="disclosure_duties", on_delete=fields.RESTRICT
    )
    project: fields.ForeignKeyNullableRelation[Project] = fields.ForeignKeyField(
        "cishan.Project", related_name="disclosure_duties", null=True, on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(DutyKind, max_length=20)
    period_from = fields.DateField()
    period_until = fields.DateField()
    due_on = fields.DateField()
    reminded_days = fields.SmallIntField(null=True)
    published_at = fields.DatetimeField(null=True)
    dropped_at = fields.DatetimeField(null=True)

    class Meta:
        table = "disclosure_duty"
        indexes = [
            Index(fields=("charity_id", "published_at", "due_on"), name="ix_disclosure_duty_due"),
        ]
        constraints = [
            UniqueConstraint(fields=("project_id", "kind", "period_from"), name="uq_disclosure_duty"),
            UniqueConstraint(
                fields=("charity_id", "kind", "period_from"),
                name="uq_disclosure_annual",
                condition="project_id IS NULL",
            ),
            CheckConstraint(check="(project_id IS NULL) = (kind = 'annual')", name="ck_disclosure_duty_project"),
            CheckConstraint(
                check="period_until >= period_from AND due_on >= period_until", name="ck_disclosure_duty_days"
            ),
            CheckConstraint(check="dropped_at IS NULL OR published_at IS NULL", name="ck_disclosure_duty_dropped"),
        ]


class DisclosureDraft(Model):
    """What somebody has written for a duty and another has not published yet. Its figures are those of the books then."""

    id = fields.BigIntField(primary_key=True)
    duty: fields.ForeignKeyRelation[Duty] = fields.ForeignKeyField(
        "cishan.Duty", related_name="drafts", on_delete=fields.RESTRICT
    )
    body = fields.TextField()
    reason = fields.CharField(max_length=300, default="")
    written_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="disclosures_drafted", on_delete=fields.RESTRICT
    )
    written_at = fields.DatetimeField()

    class Meta:
        table = "disclosure_draft"
        constraints = [UniqueConstraint(fields=("duty_id",), name="uq_disclosure_draft")]


class Disclosure(Model):
    """A published report. Append-only: a correction is the next version, with its reason (令第81号 art. 16)."""

    id = fields.BigIntField(primary_key=True)
    duty: fields.ForeignKeyRelation[Duty] = fields.ForeignKeyField(
        "cishan.Duty", related_name="disclosures", on_delete=fields.RESTRICT
    )
    version = fields.SmallIntField()
    title = fields.CharField(max_length=120)
    body = fields.TextField()
    figures: fields.Field[dict[str, Any]] = fields.JSONField()
    reason = fields.CharField(max_length=300, default="")
    written_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="disclosures_written", on_delete=fields.RESTRICT
    )
    published_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="disclosures_published", on_delete=fields.RESTRICT
    )
    published_at = fields.DatetimeField()

    class Meta:
        table = "disclosure"
        indexes = [Index(fields=("published_at", "id"), name="ix_disclosure_published")]
        constraints = [
            UniqueConstraint(fields=("duty_id", "version"), name="uq_disclosure_version"),
            CheckConstraint(check="version > 0 AND (version = 1) = (reason = '')", name="ck_disclosure_reason"),
            CheckConstraint(check="written_by_id <> published_by_id", name="ck_disclosure_two_people"),
        ]


class FundMonth(Model):
    """What came into a fund and went out of it in a month, summed from the books by a job, for pages that many read.

    `through_at` is the instant up to which entries were counted; a month that was over then is never counted again.
    """

    id = fields.BigIntField(primary_key=True)
    fund: fields.ForeignKeyRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="months", on_delete=fields.RESTRICT
    )
    month = fields.DateField()
    received_fen = fields.BigIntField()
    returned_fen = fields.BigIntField()
    spent_fen = fields.BigIntField()
    fees_fen = fields.BigIntField()
    through_at = fields.DatetimeField()

    class Meta:
        table = "fund_month"
        constraints = [
            UniqueConstraint(fields=("fund_id", "month"), name="uq_fund_month"),
            CheckConstraint(check="extract(day FROM month) = 1", name="ck_fund_month_first"),
        ]

"""Campaigns with dated terms, wishes and visits."""

from tortoise import fields
from tortoise.contrib.postgres.fields import TSVectorField
from tortoise.contrib.postgres.indexes import GinIndex
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity
from cishan.households.models import Household, Person
from cishan.households.states import Group
from cishan.pictures.models import Picture
from cishan.wishes.states import Audience, WishKind, WishStatus


class Campaign(Model):
    """A round of wishes; the standing one has no end."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="campaigns", on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=60)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField(null=True)

    class Meta:
        table = "campaign"


class CampaignTerms(Model):
    """The figures of a campaign from a day on (R-34); the row with the latest `valid_from` not after a day holds."""

    id = fields.BigIntField(primary_key=True)
    campaign: fields.ForeignKeyRelation[Campaign] = fields.ForeignKeyField(
        "cishan.Campaign", related_name="terms", on_delete=fields.RESTRICT
    )
    valid_from = fields.DateField()
    value_cap_fen = fields.BigIntField()
    claims_at_once = fields.SmallIntField()
    pay_minutes = fields.SmallIntField()
    review_days = fields.SmallIntField()
    wall_days = fields.SmallIntField()
    promise_days = fields.SmallIntField()
    purchase_days = fields.SmallIntField()
    delivery_days = fields.SmallIntField()
    check_after_days = fields.SmallIntField()
    check_days = fields.SmallIntField()
    grace_days = fields.SmallIntField()

    class Meta:
        table = "campaign_terms"
        constraints = [UniqueConstraint(fields=("campaign_id", "valid_from"), name="uq_campaign_terms")]


class Wish(Model):
    """`note_sealed` holds the family's own words; only `public_*` may ever leave the house."""

    id = fields.BigIntField(primary_key=True)
    campaign: fields.ForeignKeyRelation[Campaign] = fields.ForeignKeyField(
        "cishan.Campaign", related_name="wishes", on_delete=fields.RESTRICT
    )
    campaign_id: int
    household: fields.ForeignKeyRelation[Household] = fields.ForeignKeyField(
        "cishan.Household", related_name="wishes", db_index=True, on_delete=fields.RESTRICT
    )
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "cishan.Person", related_name="wishes", null=True, on_delete=fields.RESTRICT
    )
    division_code = fields.CharField(max_length=12)
    county_code = fields.CharField(max_length=12)
    kind = fields.CharEnumField(WishKind, max_length=8)
    status = fields.CharEnumField(WishStatus, max_length=12)
    item = fields.CharField(max_length=40)
    audience = fields.CharEnumField(Audience, max_length=8)
    price_fen = fields.BigIntField()
    hours = fields.SmallIntField(default=0)
    note_sealed = fields.BinaryField()
    school_sealed = fields.BinaryField(null=True)
    picture: fields.ForeignKeyNullableRelation[Picture] = fields.ForeignKeyField(
        "cishan.Picture", related_name="wishes", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    public_title = fields.CharField(max_length=40, default="")
    public_text = fields.CharField(max_length=400, default="")
    public_group = fields.CharEnumField(Group, max_length=20, null=True)
    search = TSVectorField(null=True)
    filed_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="wishes_filed", db_index=True, on_delete=fields.RESTRICT
    )
    reviewed_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="wishes_reviewed", null=True, on_delete=fields.RESTRICT
    )
    published_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="wishes_published", null=True, on_delete=fields.RESTRICT
    )
    created_at = fields.DatetimeField()
    status_since = fields.DatetimeField()
    published_at = fields.DatetimeField(null=True)
    due_at = fields.DatetimeField(null=True)
    reminded_at = fields.DatetimeField(null=True)
    returned_reason = fields.CharField(max_length=200, default="")

    class Meta:
        table = "wish"
        indexes = [
            PartialIndex(fields=("published_at", "id"), name="ix_wall", condition={"status": "published"}),
            PartialIndex(
                fields=("county_code", "published_at", "id"),
                name="ix_wall_county",
                condition={"status": "published"},
            ),
            PartialIndex(fields=("price_fen", "id"), name="ix_wall_price", condition={"status": "published"}),
            PartialIndex(fields=("kind", "published_at", "id"), name="ix_wall_kind", condition={"status": "published"}),
            PartialIndex(
                fields=("public_group", "published_at", "id"),
                name="ix_wall_group",
                condition={"status": "published"},
            ),
            GinIndex(fields=("search",), name="ix_wall_search", condition={"status": "published"}),
            Index(fields=("status",), name="ix_wish_status"),
            Index(fields=("division_code", "status"), name="ix_wish_division"),
            Index(fields=("due_at",), name="ix_wish_due"),
        ]
        constraints = [
            CheckConstraint(check="price_fen >= 0 AND hours >= 0", name="ck_wish_value"),
            CheckConstraint(
                check="filed_by_id <> reviewed_by_id AND filed_by_id <> published_by_id "
                "AND reviewed_by_id <> published_by_id",
                name="ck_wish_three_people",
            ),
            CheckConstraint(
                check="status NOT IN ('published', 'claimed', 'fulfilled') "
                "OR (published_at IS NOT NULL AND published_by_id IS NOT NULL AND public_text <> '')",
                name="ck_wish_published",
            ),
        ]


class Visit(Model):
    """A home visit by two people, each from their own account (低保办法 art. 16)."""

    id = fields.BigIntField(primary_key=True)
    wish: fields.ForeignKeyRelation[Wish] = fields.ForeignKeyField(
        "cishan.Wish", related_name="visits", db_index=True, on_delete=fields.RESTRICT
    )
    visitor: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="visits_made", on_delete=fields.RESTRICT
    )
    second_visitor: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="visits_seconded", on_delete=fields.RESTRICT
    )
    visited_on = fields.DateField()
    findings_sealed = fields.BinaryField()
    recorded_at = fields.DatetimeField()
    confirmed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "visit"
        constraints = [
            CheckConstraint(check="visitor_id <> second_visitor_id", name="ck_visit_two_people"),
            UniqueConstraint(fields=("wish_id",), name="uq_visit_open", condition="confirmed_at IS NULL"),
        ]
        indexes = [Index(fields=("second_visitor_id", "confirmed_at"), name="ix_visit_second")]

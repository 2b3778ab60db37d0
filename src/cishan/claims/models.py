"""Claims and what proves their fulfilment: advance, purchase, hand-over and check, thanks."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.claims.states import LIVE_SQL, CheckAnswer, CheckChannel, ClaimStatus, ClaimWay, DeliveryProof
from cishan.pictures.models import Picture
from cishan.wishes.models import Wish


class Claim(Model):
    id = fields.BigIntField(primary_key=True)
    wish: fields.ForeignKeyRelation[Wish] = fields.ForeignKeyField(
        "cishan.Wish", related_name="claims", db_index=True, on_delete=fields.RESTRICT
    )
    donor: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="claims", db_index=True, on_delete=fields.RESTRICT
    )
    way = fields.CharEnumField(ClaimWay, max_length=10)
    status = fields.CharEnumField(ClaimStatus, max_length=12)
    price_fen = fields.BigIntField()
    claimed_at = fields.DatetimeField()
    status_since = fields.DatetimeField()
    due_at = fields.DatetimeField(null=True)
    reminded_at = fields.DatetimeField(null=True)
    escalation = fields.SmallIntField(default=0)
    late_since = fields.DatetimeField(null=True)
    """The first deadline of this status that was missed; each level then gets days of its own in `due_at`."""
    buyer: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="claims_to_buy", null=True, on_delete=fields.RESTRICT
    )
    """Who was put in to buy when the village's own coordinator was late."""
    over_reason = fields.CharField(max_length=200, default="")

    class Meta:
        table = "claim"
        indexes = [
            Index(fields=("due_at",), name="ix_claim_due"),
            Index(fields=("status",), name="ix_claim_status"),
        ]
        constraints = [
            UniqueConstraint(fields=("wish_id",), name="uq_claim_live", condition=LIVE_SQL),
            CheckConstraint(check="price_fen >= 0 AND escalation BETWEEN 0 AND 2", name="ck_claim_value"),
        ]


class Advance(Model):
    """Money moved from the fund to a town for one purchase; nobody pays from their own pocket."""

    id = fields.BigIntField(primary_key=True)
    claim: fields.ForeignKeyRelation[Claim] = fields.ForeignKeyField(
        "cishan.Claim", related_name="advances", on_delete=fields.RESTRICT
    )
    town_code = fields.CharField(max_length=12)
    amount_fen = fields.BigIntField()
    given_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="advances_given", on_delete=fields.RESTRICT
    )
    given_at = fields.DatetimeField()

    class Meta:
        table = "advance"
        constraints = [
            UniqueConstraint(fields=("claim_id",), name="uq_advance_claim"),
            CheckConstraint(check="amount_fen > 0", name="ck_advance_amount"),
        ]


class Purchase(Model):
    """A purchase voucher: shop, sum, picture of the receipt, buyer. Over the published price it needs finance's leave.

    `price_fen` is what was advanced; `booked_at` is empty while finance has not yet decided.
    """

    id = fields.BigIntField(primary_key=True)
    claim: fields.ForeignKeyRelation[Claim] = fields.ForeignKeyField(
        "cishan.Claim", related_name="purchases", on_delete=fields.RESTRICT
    )
    shop = fields.CharField(max_length=60)
    spent_fen = fields.BigIntField()
    price_fen = fields.BigIntField()
    voucher: fields.ForeignKeyRelation[Picture] = fields.ForeignKeyField(
        "cishan.Picture", related_name="purchases", db_index=True, on_delete=fields.RESTRICT
    )
    buyer: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="purchases", on_delete=fields.RESTRICT
    )
    advanced_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="purchases_advanced", null=True, on_delete=fields.RESTRICT
    )
    """Who gave the advance, beside who agrees to more, so that the database can hold the two apart."""
    bought_at = fields.DatetimeField()
    approved_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="purchases_approved", null=True, on_delete=fields.RESTRICT
    )
    approved_at = fields.DatetimeField(null=True)
    booked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "purchase"
        indexes = [Index(fields=("booked_at", "bought_at"), name="ix_purchase_booked")]
        constraints = [
            UniqueConstraint(fields=("claim_id",), name="uq_purchase_claim"),
            CheckConstraint(check="spent_fen > 0", name="ck_purchase_amount"),
            CheckConstraint(check="approved_by_id <> buyer_id", name="ck_purchase_two_people"),
            CheckConstraint(check="approved_by_id <> advanced_by_id", name="ck_purchase_two_of_finance"),
            CheckConstraint(
                check="booked_at IS NULL OR spent_fen <= price_fen OR approved_by_id IS NOT NULL",
                name="ck_purchase_leave",
            ),
        ]


class Fulfilment(Model):
    """Hand-over and check of one claim in one row, so that the database can hold deliverer and asker apart.

    `code_hash` is the hand-over code's digest; the code itself goes only to the household.
    """

    id = fields.BigIntField(primary_key=True)
    claim: fields.ForeignKeyRelation[Claim] = fields.ForeignKeyField(
        "cishan.Claim", related_name="fulfilments", on_delete=fields.RESTRICT
    )
    code_hash = fields.CharField(max_length=64, null=True)
    code_tries_left = fields.SmallIntField(default=5)
    delivered_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="deliveries", null=True, on_delete=fields.RESTRICT
    )
    delivered_at = fields.DatetimeField(null=True)
    proof = fields.CharEnumField(DeliveryProof, max_length=4, null=True)
    slip: fields.ForeignKeyNullableRelation[Picture] = fields.ForeignKeyField(
        "cishan.Picture", related_name="fulfilments_slip", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    picture: fields.ForeignKeyNullableRelation[Picture] = fields.ForeignKeyField(
        "cishan.Picture", related_name="fulfilments", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    value_fen = fields.BigIntField(default=0)
    hours = fields.SmallIntField(default=0)
    check_due_at = fields.DatetimeField(null=True)
    asked_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="checks", null=True, on_delete=fields.RESTRICT
    )
    asked_at = fields.DatetimeField(null=True)
    channel = fields.CharEnumField(CheckChannel, max_length=8, null=True)
    answered_by = fields.CharField(max_length=20, default="")
    answer = fields.CharEnumField(CheckAnswer, max_length=4, null=True)
    answer_note = fields.CharField(max_length=200, default="")

    class Meta:
        table = "fulfilment"
        indexes = [Index(fields=("delivered_by_id", "delivered_at"), name="ix_fulfilment_deliverer")]
        constraints = [
            UniqueConstraint(fields=("claim_id",), name="uq_fulfilment_claim"),
            CheckConstraint(check="asked_by_id <> delivered_by_id", name="ck_fulfilment_two_people"),
            CheckConstraint(check="(answer IS NULL) = (asked_at IS NULL)", name="ck_fulfilment_answer"),
        ]


class Thanks(Model):
    """The family's thanks, written down by staff and passed on by an editor (R-36)."""

    id = fields.BigIntField(primary_key=True)
    claim: fields.ForeignKeyRelation[Claim] = fields.ForeignKeyField(
        "cishan.Claim", related_name="thanks", on_delete=fields.RESTRICT
    )
    text = fields.CharField(max_length=300)
    written_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="thanks_written", on_delete=fields.RESTRICT
    )
    written_at = fields.DatetimeField()
    passed_on_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="thanks_passed_on", null=True, on_delete=fields.RESTRICT
    )
    passed_on_at = fields.DatetimeField(null=True)

    class Meta:
        table = "thanks"
        constraints = [UniqueConstraint(fields=("claim_id",), name="uq_thanks_claim")]

"""Donations, and the running totals of what each fund was given."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity, Fund
from cishan.donations.states import DonationStatus

TOTAL_SLOTS = 8
"""Rows among which a fund's total is spread, so that gifts of one moment do not wait for each other."""


class Donation(Model):
    """`left_fen` is what counts of it now: 0 before it is received, less what went back afterwards.

    `shows_name` is the donor's own wish to be named in public (R-13); without it nobody ever reads who gave.
    """

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="donations", on_delete=fields.RESTRICT
    )
    fund: fields.ForeignKeyRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="donations", on_delete=fields.RESTRICT
    )
    donor: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="donations", db_index=True, on_delete=fields.RESTRICT
    )
    status = fields.CharEnumField(DonationStatus, max_length=10)
    amount_fen = fields.BigIntField()
    left_fen = fields.BigIntField(default=0, db_default=0)
    shows_name = fields.BooleanField(default=False, db_default=False)
    wants_receipt = fields.BooleanField(default=False, db_default=False)
    note_sealed = fields.BinaryField(null=True)
    """What the donor wrote with it, for the charity's people alone."""
    made_at = fields.DatetimeField()
    received_at = fields.DatetimeField(null=True)

    class Meta:
        table = "donation"
        indexes = [
            Index(fields=("fund_id", "received_at", "id"), name="ix_donation_roll"),
            Index(fields=("status", "id"), name="ix_donation_status"),
        ]
        constraints = [
            CheckConstraint(check="amount_fen > 0 AND left_fen BETWEEN 0 AND amount_fen", name="ck_donation_sums"),
            CheckConstraint(
                check="(received_at IS NOT NULL) = (status IN ('received', 'returned')) "
                "AND (left_fen > 0) = (status = 'received')",
                name="ck_donation_received",
            ),
        ]


class FundTotal(Model):
    """A share of what a fund was given: the sum over a fund's slots is its total. `verify` holds it against the books."""

    id = fields.BigIntField(primary_key=True)
    fund: fields.ForeignKeyRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="totals", on_delete=fields.RESTRICT
    )
    slot = fields.SmallIntField()
    given_fen = fields.BigIntField()
    gifts = fields.BigIntField()

    class Meta:
        table = "fund_total"
        constraints = [UniqueConstraint(fields=("fund_id", "slot"), name="uq_fund_total")]

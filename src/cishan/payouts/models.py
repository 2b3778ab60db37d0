"""Allocations, payees, payouts with their approvals, ties of kin, and the files taken to the bank."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.charities.models import Charity, Fund
from cishan.households.models import Household, Person
from cishan.kin.states import Tie
from cishan.payouts.states import PayeeKind, PayoutChannel, PayoutKind, PayoutStatus, TransferState
from cishan.projects.models import BudgetLine


class PayoutTerms(Model):
    """The charity's limits from a day on."""

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="payout_terms", on_delete=fields.RESTRICT
    )
    valid_from = fields.DateField()
    third_person_over_fen = fields.BigIntField()
    large_donor_fen = fields.BigIntField()
    set_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="payout_terms_set", on_delete=fields.RESTRICT
    )

    class Meta:
        table = "payout_terms"
        constraints = [
            UniqueConstraint(fields=("charity_id", "valid_from"), name="uq_payout_terms"),
            CheckConstraint(check="third_person_over_fen >= 0 AND large_donor_fen > 0", name="ck_payout_terms"),
        ]


class Allocation(Model):
    """A share of a fund set aside for a place and a category. Its budget line is of the same fund (a trigger sees to it)."""

    id = fields.BigIntField(primary_key=True)
    fund: fields.ForeignKeyRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="allocations", db_index=True, on_delete=fields.RESTRICT
    )
    budget_line: fields.ForeignKeyNullableRelation[BudgetLine] = fields.ForeignKeyField(
        "cishan.BudgetLine", related_name="allocations", null=True, on_delete=fields.RESTRICT
    )
    division_code = fields.CharField(max_length=12)
    category = fields.CharField(max_length=40)
    amount_fen = fields.BigIntField()
    case_limit_fen = fields.BigIntField(null=True)
    """Of a town's reserve for urgent help: the most that one case gets of it. Nothing else is paid from a reserve."""
    made_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="allocations_made", on_delete=fields.RESTRICT
    )
    made_at = fields.DatetimeField()

    class Meta:
        table = "allocation"
        constraints = [
            UniqueConstraint(fields=("id", "fund_id"), name="uq_allocation_fund"),
            CheckConstraint(check="amount_fen > 0", name="ck_allocation_amount"),
            CheckConstraint(check="case_limit_fen BETWEEN 1 AND amount_fen", name="ck_allocation_case_limit"),
        ]


class AllocationRelease(Model):
    """Append-only: what of a share nobody has applied for and what the fund may promise anew."""

    id = fields.BigIntField(primary_key=True)
    allocation: fields.ForeignKeyRelation[Allocation] = fields.ForeignKeyField(
        "cishan.Allocation", related_name="releases", db_index=True, on_delete=fields.RESTRICT
    )
    amount_fen = fields.BigIntField()
    released_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="allocation_releases", on_delete=fields.RESTRICT
    )
    released_at = fields.DatetimeField()

    class Meta:
        table = "allocation_release"
        constraints = [CheckConstraint(check="amount_fen > 0", name="ck_allocation_release_amount")]


class Payee(Model):
    """Where money may be sent: a household's account, or a village's or supplier's. Verified by another before it is used."""

    id = fields.BigIntField(primary_key=True)
    household: fields.ForeignKeyNullableRelation[Household] = fields.ForeignKeyField(
        "cishan.Household", related_name="payees", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    division_code = fields.CharField(max_length=12)
    kind = fields.CharEnumField(PayeeKind, max_length=8)
    bank = fields.CharField(max_length=60, default="")
    holder_sealed = fields.BinaryField()
    number_sealed = fields.BinaryField()
    number_index = fields.CharField(max_length=64, db_index=True)
    entered_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="payees_entered", on_delete=fields.RESTRICT
    )
    entered_at = fields.DatetimeField()
    verified_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="payees_verified", null=True, on_delete=fields.RESTRICT
    )
    verified_at = fields.DatetimeField(null=True)

    class Meta:
        table = "payee"
        constraints = [
            UniqueConstraint(fields=("id", "household_id"), name="uq_payee_household"),
            CheckConstraint(check="verified_by_id <> entered_by_id", name="ck_payee_two_people"),
            CheckConstraint(check="(verified_by_id IS NULL) = (verified_at IS NULL)", name="ck_payee_verified"),
        ]


class PayoutFile(Model):
    """A list of approved payouts of one fund that a cashier takes to the bank, or sends by Alipay. No file is kept anywhere."""

    id = fields.BigIntField(primary_key=True)
    fund: fields.ForeignKeyRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="payout_files", on_delete=fields.RESTRICT
    )
    made_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="payout_files", on_delete=fields.RESTRICT
    )
    made_at = fields.DatetimeField()
    channel = fields.CharEnumField(
        PayoutChannel, max_length=6, default=PayoutChannel.BANK, db_default=PayoutChannel.BANK
    )
    payouts_count = fields.IntField()
    total_fen = fields.BigIntField()

    class Meta:
        table = "payout_file"
        constraints = [UniqueConstraint(fields=("id", "fund_id"), name="uq_payout_file_fund")]


class PayoutFileDownload(Model):
    """Append-only: each time names and numbers left the system (R-26)."""

    id = fields.BigIntField(primary_key=True)
    file: fields.ForeignKeyRelation[PayoutFile] = fields.ForeignKeyField(
        "cishan.PayoutFile", related_name="downloads", db_index=True, on_delete=fields.RESTRICT
    )
    by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="payout_file_downloads", on_delete=fields.RESTRICT
    )
    at = fields.DatetimeField()
    receiver = fields.CharField(max_length=80)
    purpose = fields.CharField(max_length=120)
    columns = fields.CharField(max_length=120)
    rows_count = fields.IntField()

    class Meta:
        table = "payout_file_download"


class Payout(Model):
    """One sum of help. Five people at most have a hand in it, and none of them twice.

    `what` is the line a family reads on its list. `kin_hit` was found by the check of R-11; then the second to approve
    is from outside the family's county.
    """

    id = fields.BigIntField(primary_key=True)
    fund: fields.ForeignKeyRelation[Fund] = fields.ForeignKeyField(
        "cishan.Fund", related_name="payouts", on_delete=fields.RESTRICT
    )
    allocation: fields.ForeignKeyRelation[Allocation] = fields.ForeignKeyField(
        "cishan.Allocation", related_name="payouts", db_index=True, on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(PayoutKind, max_length=10)
    status = fields.CharEnumField(PayoutStatus, max_length=16)
    status_since = fields.DatetimeField()
    division_code = fields.CharField(max_length=12)
    household: fields.ForeignKeyNullableRelation[Household] = fields.ForeignKeyField(
        "cishan.Household", related_name="payouts", null=True, on_delete=fields.RESTRICT
    )
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "cishan.Person", related_name="payouts", null=True, on_delete=fields.RESTRICT
    )
    payee: fields.ForeignKeyRelation[Payee] = fields.ForeignKeyField(
        "cishan.Payee", related_name="payouts", on_delete=fields.RESTRICT
    )
    amount_fen = fields.BigIntField()
    what = fields.CharField(max_length=40)
    reason_sealed = fields.BinaryField()
    price_note = fields.CharField(max_length=200, default="")
    kin_hit = fields.BooleanField(default=False, db_default=False)
    is_urgent = fields.BooleanField(default=False, db_default=False)
    """Decided in the urgent lane by people of the place, paid first; its case is completed afterwards."""
    needs_third = fields.BooleanField(default=False, db_default=False)
    applied_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="payouts_applied", on_delete=fields.RESTRICT
    )
    applied_at = fields.DatetimeField()
    first_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="payouts_first", null=True, on_delete=fields.RESTRICT
    )
    second_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="payouts_second", null=True, on_delete=fields.RESTRICT
    )
    second_is_outside = fields.BooleanField(default=False, db_default=False)
    third_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="payouts_third", null=True, on_delete=fields.RESTRICT
    )
    file: fields.ForeignKeyNullableRelation[PayoutFile] = fields.ForeignKeyField(
        "cishan.PayoutFile", related_name="payouts", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    payer: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="payouts_paid", null=True, on_delete=fields.RESTRICT
    )
    paid_at = fields.DatetimeField(null=True)
    returned_at = fields.DatetimeField(null=True)
    return_reason = fields.CharField(max_length=120, default="")

    class Meta:
        table = "payout"
        indexes = [
            Index(fields=("status", "status_since"), name="ix_payout_status"),
            Index(fields=("household_id", "paid_at"), name="ix_payout_household"),
        ]
        constraints = [
            CheckConstraint(check="amount_fen > 0", name="ck_payout_amount"),
            CheckConstraint(check="NOT (is_urgent AND needs_third)", name="ck_payout_urgent"),
            CheckConstraint(
                check="(kind = 'household') = (household_id IS NOT NULL) AND (person_id IS NULL OR household_id IS NOT NULL)",
                name="ck_payout_kind",
            ),
            CheckConstraint(
                check="first_by_id <> applied_by_id AND second_by_id NOT IN (applied_by_id, first_by_id) "
                "AND third_by_id NOT IN (applied_by_id, first_by_id, second_by_id)",
                name="ck_payout_approvers",
            ),
            CheckConstraint(
                check="payer_id NOT IN (applied_by_id, first_by_id, second_by_id) AND payer_id <> third_by_id",
                name="ck_payout_payer",
            ),
            CheckConstraint(
                check="status NOT IN ('approved', 'in_file', 'paid', 'returned') OR (first_by_id IS NOT NULL "
                "AND second_by_id IS NOT NULL AND (third_by_id IS NOT NULL OR NOT needs_third))",
                name="ck_payout_approved",
            ),
            CheckConstraint(
                check="NOT kin_hit OR second_by_id IS NULL OR second_is_outside", name="ck_payout_kin_outside"
            ),
            CheckConstraint(
                check="(status IN ('in_file', 'paid', 'returned')) = (file_id IS NOT NULL) "
                "AND (file_id IS NULL) = (payer_id IS NULL) AND (status <> 'paid' OR paid_at IS NOT NULL) "
                "AND (status = 'returned') = (returned_at IS NOT NULL)",
                name="ck_payout_paid",
            ),
        ]


class PayoutTransfer(Model):
    """One payout on its way by Alipay. `out_biz_no` is our number of it, written before the call, and there is never another."""

    id = fields.BigIntField(primary_key=True)
    payout: fields.OneToOneRelation[Payout] = fields.OneToOneField(
        "cishan.Payout", related_name="transfer", on_delete=fields.RESTRICT
    )
    out_biz_no = fields.CharField(max_length=40, unique=True)
    state = fields.CharEnumField(TransferState, max_length=10)
    state_since = fields.DatetimeField()
    tries = fields.SmallIntField(default=0)
    next_try_at = fields.DatetimeField(null=True)
    fault = fields.CharField(max_length=80, default="")

    class Meta:
        table = "payout_transfer"
        indexes = [Index(fields=("next_try_at",), name="ix_payout_transfer_try")]
        constraints = [
            CheckConstraint(
                check="state NOT IN ('requested', 'unknown') OR next_try_at IS NOT NULL", name="ck_payout_transfer_try"
            )
        ]


class PayoutProof(Model):
    """Append-only: what proves that a payout or a part of it arrived, an invoice or a family's word without a name."""

    id = fields.BigIntField(primary_key=True)
    payout: fields.ForeignKeyRelation[Payout] = fields.ForeignKeyField(
        "cishan.Payout", related_name="proofs", on_delete=fields.RESTRICT
    )
    number = fields.CharField(max_length=40, default="")
    dated_on = fields.DateField()
    amount_fen = fields.BigIntField()
    note = fields.CharField(max_length=200, default="")
    recorded_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="payout_proofs", on_delete=fields.RESTRICT
    )
    recorded_at = fields.DatetimeField()

    class Meta:
        table = "payout_proof"
        indexes = [Index(fields=("payout_id",), name="ix_payout_proof")]
        constraints = [
            CheckConstraint(check="amount_fen > 0", name="ck_payout_proof_amount"),
            UniqueConstraint(fields=("number",), name="uq_payout_proof_number", condition="number <> ''"),
        ]


class KinHit(Model):
    """Append-only: a tie that was found between a family and somebody with a hand in its help."""

    id = fields.BigIntField(primary_key=True)
    payout: fields.ForeignKeyRelation[Payout] = fields.ForeignKeyField(
        "cishan.Payout", related_name="kin_hits", on_delete=fields.RESTRICT
    )
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="kin_hits", on_delete=fields.RESTRICT
    )
    tie = fields.CharEnumField(Tie, max_length=16)
    found_at = fields.DatetimeField()

    class Meta:
        table = "kin_hit"
        constraints = [UniqueConstraint(fields=("payout_id", "account_id", "tie"), name="uq_kin_hit")]

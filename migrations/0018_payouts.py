"""Allocations, payees, payouts and the files taken to the bank; no payout leaves its fund."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.ledger.states import AccountType, EntryKind
from cishan.payouts.states import PayeeKind, PayoutKind, PayoutStatus
from cishan.kin.states import Tie
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

WALL = """
ALTER TABLE payout ADD CONSTRAINT fk_payout_allocation_fund
    FOREIGN KEY (allocation_id, fund_id) REFERENCES allocation (id, fund_id);
ALTER TABLE payout ADD CONSTRAINT fk_payout_file_fund
    FOREIGN KEY (file_id, fund_id) REFERENCES payout_file (id, fund_id);

CREATE FUNCTION keep_allocation_in_fund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM budget_line b JOIN project p ON p.id = b.project_id
                    WHERE b.id = NEW.budget_line_id AND p.fund_id = NEW.fund_id) THEN
        RAISE EXCEPTION 'the budget line is of another fund' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER allocation_in_fund BEFORE INSERT OR UPDATE ON allocation
    FOR EACH ROW WHEN (NEW.budget_line_id IS NOT NULL) EXECUTE FUNCTION keep_allocation_in_fund();

CREATE FUNCTION keep_payout_to_its_payee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM payee WHERE id = NEW.payee_id AND household_id IS NOT DISTINCT FROM NEW.household_id) THEN
        RAISE EXCEPTION 'the payee is another household''s' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_to_its_payee BEFORE INSERT OR UPDATE OF payee_id, household_id ON payout
    FOR EACH ROW EXECUTE FUNCTION keep_payout_to_its_payee();

CREATE FUNCTION keep_payout_in_fund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added
                 JOIN ledger_entry e ON e.id = added.entry_id AND e.source_kind = 'payout'
                 JOIN ledger_account a ON a.id = added.account_id
                 LEFT JOIN payout p ON p.id = e.source_id
                WHERE p.fund_id IS DISTINCT FROM a.fund_id) THEN
        RAISE EXCEPTION 'a payout is booked in its own fund alone' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payout_in_fund AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION keep_payout_in_fund();
"""
OPEN_WALL = """
DROP TRIGGER payout_in_fund ON ledger_posting;
DROP FUNCTION keep_payout_in_fund();
DROP TRIGGER payout_to_its_payee ON payout;
DROP FUNCTION keep_payout_to_its_payee();
DROP TRIGGER allocation_in_fund ON allocation;
DROP FUNCTION keep_allocation_in_fund();
ALTER TABLE payout DROP CONSTRAINT fk_payout_file_fund;
ALTER TABLE payout DROP CONSTRAINT fk_payout_allocation_fund;
"""
APPEND_ONLY = """
REVOKE UPDATE, DELETE ON allocation, payout_file, payout_file_download, kin_hit, account_tie FROM cishan_app;
REVOKE DELETE ON payout, payee, payout_terms FROM cishan_app;
"""
APPENDED = """
GRANT UPDATE, DELETE ON allocation, payout_file, payout_file_download, kin_hit, account_tie TO cishan_app;
GRANT DELETE ON payout, payee, payout_terms TO cishan_app;
"""


class Migration(QuickMigration):
    dependencies = [("cishan", "0017_vigilance")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AccountTie",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="ties",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "tie",
                    fields.CharEnumField(
                        description="PHONE: phone\nID_NUMBER: id_number\nADDRESS: address\nSURNAME_VILLAGE: surname_village",
                        enum_type=Tie,
                        max_length=16,
                    ),
                ),
                ("digest", fields.CharField(db_index=True, max_length=64)),
                ("declared_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "account_tie",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "What somebody declared of themselves and their near kin: keyed digests alone, nothing to read.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Allocation",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "fund",
                    fields.ForeignKeyField(
                        "cishan.Fund",
                        source_field="fund_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="allocations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "budget_line",
                    fields.ForeignKeyField(
                        "cishan.BudgetLine",
                        source_field="budget_line_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="allocations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("division_code", fields.CharField(max_length=12)),
                ("category", fields.CharField(max_length=40)),
                ("amount_fen", fields.BigIntField()),
                (
                    "made_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="made_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="allocations_made",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "allocation",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "A share of a fund set aside for a place and a category. Its budget line is of the same fund (a trigger sees to it).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Payee",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "household",
                    fields.ForeignKeyField(
                        "cishan.Household",
                        source_field="household_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payees",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("division_code", fields.CharField(max_length=12)),
                (
                    "kind",
                    fields.CharEnumField(description="BANK: bank\nALIPAY: alipay", enum_type=PayeeKind, max_length=8),
                ),
                ("bank", fields.CharField(default="", max_length=60)),
                ("holder_sealed", fields.BinaryField()),
                ("number_sealed", fields.BinaryField()),
                ("number_index", fields.CharField(db_index=True, max_length=64)),
                (
                    "entered_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="entered_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payees_entered",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("entered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "verified_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="verified_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payees_verified",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("verified_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "payee",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "Where money may be sent: a household's account, or a village's or supplier's. Verified by another before it is used.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PayoutFile",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "fund",
                    fields.ForeignKeyField(
                        "cishan.Fund",
                        source_field="fund_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payout_files",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "made_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="made_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payout_files",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("payouts_count", fields.IntField()),
                ("total_fen", fields.BigIntField()),
            ],
            options={
                "table": "payout_file",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "A list of approved payouts of one fund that a cashier takes to the bank. The file itself is kept nowhere.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Payout",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "fund",
                    fields.ForeignKeyField(
                        "cishan.Fund",
                        source_field="fund_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payouts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "allocation",
                    fields.ForeignKeyField(
                        "cishan.Allocation",
                        source_field="allocation_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payouts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="HOUSEHOLD: household\nVILLAGE: village\nPURCHASE: purchase",
                        enum_type=PayoutKind,
                        max_length=10,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        description="APPLIED: applied\nENDORSED: endorsed\nAWAITING_THIRD: awaiting_third\nAPPROVED: approved\nIN_FILE: in_file\nPAID: paid\nRETURNED: returned\nREFUSED: refused",
                        enum_type=PayoutStatus,
                        max_length=16,
                    ),
                ),
                ("status_since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("division_code", fields.CharField(max_length=12)),
                (
                    "household",
                    fields.ForeignKeyField(
                        "cishan.Household",
                        source_field="household_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payouts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "cishan.Person",
                        source_field="person_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payouts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "payee",
                    fields.ForeignKeyField(
                        "cishan.Payee",
                        source_field="payee_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payouts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("amount_fen", fields.BigIntField()),
                ("what", fields.CharField(max_length=40)),
                ("reason_sealed", fields.BinaryField()),
                ("price_note", fields.CharField(default="", max_length=200)),
                ("kin_hit", fields.BooleanField(default=False, db_default=False)),
                ("needs_third", fields.BooleanField(default=False, db_default=False)),
                (
                    "applied_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="applied_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payouts_applied",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("applied_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "first_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="first_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payouts_first",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "second_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="second_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payouts_second",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("second_is_outside", fields.BooleanField(default=False, db_default=False)),
                (
                    "third_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="third_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payouts_third",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "file",
                    fields.ForeignKeyField(
                        "cishan.PayoutFile",
                        source_field="file_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payouts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "payer",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="payer_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payouts_paid",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("paid_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("returned_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("return_reason", fields.CharField(default="", max_length=120)),
            ],
            options={
                "table": "payout",
                "app": "cishan",
                "indexes": [
                    Index(fields=["status", "status_since"], name="ix_payout_status"),
                    Index(fields=["household_id", "paid_at"], name="ix_payout_household"),
                ],
                "pk_attr": "id",
                "table_description": "One sum of help. Five people at most have a hand in it, and none of them twice.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="KinHit",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "payout",
                    fields.ForeignKeyField(
                        "cishan.Payout",
                        source_field="payout_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="kin_hits",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="kin_hits",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "tie",
                    fields.CharEnumField(
                        description="PHONE: phone\nID_NUMBER: id_number\nADDRESS: address\nSURNAME_VILLAGE: surname_village",
                        enum_type=Tie,
                        max_length=16,
                    ),
                ),
                ("found_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "kin_hit",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "Append-only: a tie that was found between a family and somebody with a hand in its help.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PayoutFileDownload",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "file",
                    fields.ForeignKeyField(
                        "cishan.PayoutFile",
                        source_field="file_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="downloads",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payout_file_downloads",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("receiver", fields.CharField(max_length=80)),
                ("purpose", fields.CharField(max_length=120)),
                ("columns", fields.CharField(max_length=120)),
                ("rows_count", fields.IntField()),
            ],
            options={
                "table": "payout_file_download",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "Append-only: each time names and numbers left the system (R-26).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PayoutTerms",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "charity",
                    fields.ForeignKeyField(
                        "cishan.Charity",
                        source_field="charity_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payout_terms",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("valid_from", fields.DateField()),
                ("third_person_over_fen", fields.BigIntField()),
                ("large_donor_fen", fields.BigIntField()),
                (
                    "set_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="set_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payout_terms_set",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "payout_terms",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "The charity's limits from a day on.",
            },
            bases=["Model"],
        ),
        ops.AlterField(
            model_name="Entry",
            name="kind",
            field=fields.CharEnumField(
                description="GIFT: gift\nADVANCE: advance\nPURCHASE: purchase\nRETURN_OF_ADVANCE: return_of_advance\nASSIGNMENT: assignment\nREFUND_DUE: refund_due\nREFUND: refund\nREFUND_KEPT: refund_kept\nWITHDRAWAL: withdrawal\nFEE: fee\nPAYABLE: payable\nPAYOUT: payout\nADJUSTMENT: adjustment\nREVERSAL: reversal",
                enum_type=EntryKind,
                max_length=20,
            ),
        ),
        ops.AddField(
            model_name="Fund",
            name="held_fen",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddConstraint(
            model_name="Fund",
            constraint=CheckConstraint(check="held_fen >= 0", name="ck_fund_held"),
        ),
        ops.AlterField(
            model_name="LedgerAccount",
            name="type",
            field=fields.CharEnumField(
                description="ALIPAY: alipay\nTOWN_ADVANCE: town_advance\nFUND: fund\nUNASSIGNED: unassigned\nREFUND_DUE: refund_due\nBANK: bank\nFEES: fees\nSPENDING: spending\nPAYABLE: payable",
                enum_type=AccountType,
                max_length=16,
            ),
        ),
        ops.AddConstraint(
            model_name="AccountTie",
            constraint=UniqueConstraint(fields=("account_id", "tie", "digest"), name="uq_account_tie"),
        ),
        ops.AddConstraint(
            model_name="Allocation",
            constraint=UniqueConstraint(fields=("id", "fund_id"), name="uq_allocation_fund"),
        ),
        ops.AddConstraint(
            model_name="Allocation",
            constraint=CheckConstraint(check="amount_fen > 0", name="ck_allocation_amount"),
        ),
        ops.AddConstraint(
            model_name="Payee",
            constraint=UniqueConstraint(fields=("id", "household_id"), name="uq_payee_household"),
        ),
        ops.AddConstraint(
            model_name="Payee",
            constraint=CheckConstraint(check="verified_by_id <> entered_by_id", name="ck_payee_two_people"),
        ),
        ops.AddConstraint(
            model_name="Payee",
            constraint=CheckConstraint(
                check="(verified_by_id IS NULL) = (verified_at IS NULL)", name="ck_payee_verified"
            ),
        ),
        ops.AddConstraint(
            model_name="PayoutFile",
            constraint=UniqueConstraint(fields=("id", "fund_id"), name="uq_payout_file_fund"),
        ),
        ops.AddConstraint(
            model_name="Payout",
            constraint=CheckConstraint(check="amount_fen > 0", name="ck_payout_amount"),
        ),
        ops.AddConstraint(
            model_name="Payout",
            constraint=CheckConstraint(
                check="(kind = 'household') = (household_id IS NOT NULL) AND (person_id IS NULL OR household_id IS NOT NULL)",
                name="ck_payout_kind",
            ),
        ),
        ops.AddConstraint(
            model_name="Payout",
            constraint=CheckConstraint(
                check="first_by_id <> applied_by_id AND second_by_id NOT IN (applied_by_id, first_by_id) AND third_by_id NOT IN (applied_by_id, first_by_id, second_by_id)",
                name="ck_payout_approvers",
            ),
        ),
        ops.AddConstraint(
            model_name="Payout",
            constraint=CheckConstraint(
                check="payer_id NOT IN (applied_by_id, first_by_id, second_by_id) AND payer_id <> third_by_id",
                name="ck_payout_payer",
            ),
        ),
        ops.AddConstraint(
            model_name="Payout",
            constraint=CheckConstraint(
                check="status NOT IN ('approved', 'in_file', 'paid', 'returned') OR (first_by_id IS NOT NULL AND second_by_id IS NOT NULL AND (third_by_id IS NOT NULL OR NOT needs_third))",
                name="ck_payout_approved",
            ),
        ),
        ops.AddConstraint(
            model_name="Payout",
            constraint=CheckConstraint(
                check="NOT kin_hit OR second_by_id IS NULL OR second_is_outside", name="ck_payout_kin_outside"
            ),
        ),
        ops.AddConstraint(
            model_name="Payout",
            constraint=CheckConstraint(
                check="(status IN ('in_file', 'paid', 'returned')) = (file_id IS NOT NULL) AND (file_id IS NULL) = (payer_id IS NULL) AND (status <> 'paid' OR paid_at IS NOT NULL) AND (status = 'returned') = (returned_at IS NOT NULL)",
                name="ck_payout_paid",
            ),
        ),
        ops.AddConstraint(
            model_name="KinHit",
            constraint=UniqueConstraint(fields=("payout_id", "account_id", "tie"), name="uq_kin_hit"),
        ),
        ops.AddConstraint(
            model_name="PayoutTerms",
            constraint=UniqueConstraint(fields=("charity_id", "valid_from"), name="uq_payout_terms"),
        ),
        ops.AddConstraint(
            model_name="PayoutTerms",
            constraint=CheckConstraint(
                check="third_person_over_fen >= 0 AND large_donor_fen > 0", name="ck_payout_terms"
            ),
        ),
        ops.RunSQL(sql=WALL, reverse_sql=OPEN_WALL),
        ops.RunSQL(sql=APPEND_ONLY, reverse_sql=APPENDED),
    ]

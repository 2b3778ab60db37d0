"""Bills, bank statements and closed months; a closed month's books take no more entries."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.accounts.states import Role
from cishan.ledger.states import AccountType, EntryKind
from cishan.bank.states import BankLineStatus, StatementStatus
from cishan.reconciliation.states import BillRowKind, DayStatus, DifferenceKind, DifferenceStatus, Resolution
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

APPEND_ONLY = """
REVOKE UPDATE, DELETE ON bill_file, bill_row FROM cishan_app;
REVOKE DELETE ON bill_day, bill_difference, bank_statement, bank_line, month_closing FROM cishan_app;
"""

# Whoever closes a month holds the charity's row FOR UPDATE; an entry waits here for it, then sees what it has done.
CLOSED_MONTHS = """
CREATE FUNCTION refuse_closed_month() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM charity WHERE id = NEW.charity_id FOR KEY SHARE;
    IF EXISTS (SELECT FROM month_closing
                WHERE charity_id = NEW.charity_id AND closed_at IS NOT NULL
                  AND month >= date_trunc('month', NEW.booked_at AT TIME ZONE 'Asia/Shanghai')::date) THEN
        RAISE EXCEPTION 'the month of % is closed', NEW.booked_at USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_entry_month_open BEFORE INSERT ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_month();

CREATE FUNCTION keep_month_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'month % is closed and stays so', OLD.month USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER month_closing_final BEFORE UPDATE ON month_closing
    FOR EACH ROW EXECUTE FUNCTION keep_month_closed();
"""
REOPEN = """
DROP TRIGGER month_closing_final ON month_closing;
DROP FUNCTION keep_month_closed();
DROP TRIGGER ledger_entry_month_open ON ledger_entry;
DROP FUNCTION refuse_closed_month();
"""
PAID_AT = "CREATE INDEX ix_order_paid_at ON payment_order (charity_id, paid_at) WHERE status = 'paid'"


class Migration(QuickMigration):
    dependencies = [("cishan", "0011_chain")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BankStatement",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "charity",
                    fields.ForeignKeyField(
                        "cishan.Charity",
                        source_field="charity_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="bank_statements",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("file_name", fields.CharField(max_length=120)),
                ("sha256", fields.CharField(max_length=64)),
                ("rows_total", fields.IntField()),
                ("rows_new", fields.IntField()),
                (
                    "status",
                    fields.CharEnumField(
                        description="PREVIEWED: previewed\nAPPLIED: applied", enum_type=StatementStatus, max_length=10
                    ),
                ),
                (
                    "uploaded_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="uploaded_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="bank_statements",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("uploaded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("applied_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bank_statement",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "One file from the bank. The same file again is the same row.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BankLine",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "statement",
                    fields.ForeignKeyField(
                        "cishan.BankStatement",
                        source_field="statement_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="lines",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "charity",
                    fields.ForeignKeyField(
                        "cishan.Charity",
                        source_field="charity_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="bank_lines",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("serial", fields.CharField(max_length=64)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("amount_fen", fields.BigIntField()),
                ("party_sealed", fields.BinaryField()),
                ("summary_sealed", fields.BinaryField()),
                (
                    "suggestion",
                    fields.CharEnumField(
                        description="UNRECOGNISED: unrecognised\nWITHDRAWAL: withdrawal\nFEE: fee\nNOISE: noise",
                        enum_type=BankLineStatus,
                        max_length=12,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        description="UNRECOGNISED: unrecognised\nWITHDRAWAL: withdrawal\nFEE: fee\nNOISE: noise",
                        enum_type=BankLineStatus,
                        max_length=12,
                    ),
                ),
                ("note", fields.CharField(default="", max_length=200)),
                (
                    "coded_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="coded_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="bank_lines_coded",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("coded_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bank_line",
                "app": "cishan",
                "indexes": [Index(fields=["charity_id", "status", "at"], name="ix_bank_line_open")],
                "pk_attr": "id",
                "table_description": "One movement on the bank account, known by the bank's own number of it; `amount_fen` is negative for what went out.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BillDay",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "charity",
                    fields.ForeignKeyField(
                        "cishan.Charity",
                        source_field="charity_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="bill_days",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("day", fields.DateField()),
                (
                    "status",
                    fields.CharEnumField(
                        description="WAITING: waiting\nAGREED: agreed\nDIFFERENT: different\nCLEARED: cleared",
                        enum_type=DayStatus,
                        max_length=10,
                    ),
                ),
                ("next_try_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("tries", fields.SmallIntField(default=0)),
                ("problem", fields.CharField(default="", max_length=40)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("compared_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bill_day",
                "app": "cishan",
                "indexes": [Index(fields=["next_try_at"], name="ix_bill_day_try")],
                "pk_attr": "id",
                "table_description": "One day of one charity. `next_try_at` is when to ask for its bill, or whether it has changed; None when no more.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BillDifference",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "day",
                    fields.ForeignKeyField(
                        "cishan.BillDay",
                        source_field="day_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="differences",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="MISSING_HERE: missing_here\nMISSING_THERE: missing_there\nAMOUNT: amount",
                        enum_type=DifferenceKind,
                        max_length=14,
                    ),
                ),
                (
                    "row_kind",
                    fields.CharEnumField(
                        description="PAYMENT: payment\nREFUND: refund", enum_type=BillRowKind, max_length=8
                    ),
                ),
                ("trade_no", fields.CharField(max_length=64)),
                ("out_trade_no", fields.CharField(max_length=64)),
                ("request_no", fields.CharField(default="", max_length=64)),
                ("round", fields.SmallIntField(default=1)),
                ("ours_fen", fields.BigIntField()),
                ("theirs_fen", fields.BigIntField()),
                (
                    "status",
                    fields.CharEnumField(
                        description="OPEN: open\nPROPOSED: proposed\nRESOLVED: resolved",
                        enum_type=DifferenceStatus,
                        max_length=10,
                    ),
                ),
                (
                    "resolution",
                    fields.CharEnumField(
                        null=True,
                        description="AGREES_NOW: agrees_now\nBOOKED: booked\nEXPLAINED: explained",
                        enum_type=Resolution,
                        max_length=12,
                    ),
                ),
                ("note", fields.CharField(default="", max_length=300)),
                ("found_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="owner_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="differences_owned",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "proposed_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="proposed_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="differences_proposed",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "resolved_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="resolved_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="differences_resolved",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("resolved_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bill_difference",
                "app": "cishan",
                "indexes": [Index(fields=["status", "due_at"], name="ix_bill_difference_open")],
                "pk_attr": "id",
                "table_description": "What a day's bill and our books say differently. Sums are what came in, negative for a refund; 0 for nothing.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BillFile",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "day",
                    fields.ForeignKeyField(
                        "cishan.BillDay",
                        source_field="day_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="files",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.SmallIntField()),
                ("sha256", fields.CharField(max_length=64)),
                ("fee_fen", fields.BigIntField()),
                ("fetched_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bill_file",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "Append-only: a bill as it was fetched. A day that Alipay bills anew has several; the last one counts.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BillRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "file",
                    fields.ForeignKeyField(
                        "cishan.BillFile",
                        source_field="file_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="rows",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("line", fields.IntField()),
                (
                    "kind",
                    fields.CharEnumField(
                        description="PAYMENT: payment\nREFUND: refund", enum_type=BillRowKind, max_length=8
                    ),
                ),
                ("trade_no", fields.CharField(max_length=64)),
                ("out_trade_no", fields.CharField(db_index=True, max_length=64)),
                ("request_no", fields.CharField(default="", max_length=64)),
                ("amount_fen", fields.BigIntField()),
                ("received_fen", fields.BigIntField()),
                ("fee_fen", fields.BigIntField()),
                ("finished_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bill_row",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "Append-only: one line of a bill. Sums are positive; `kind` says which way the money went. No buyer is kept.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MonthClosing",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "charity",
                    fields.ForeignKeyField(
                        "cishan.Charity",
                        source_field="charity_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="month_closings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("month", fields.DateField()),
                (
                    "proposed_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="proposed_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="months_proposed",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("proposed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "closed_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="closed_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="months_closed",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("entries", fields.IntField(null=True)),
            ],
            options={
                "table": "month_closing",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "A month that is to be closed, or is: the bookkeeper proposes, another person closes. `entries` counts what it held.",
            },
            bases=["Model"],
        ),
        ops.AlterField(
            model_name="Entry",
            name="kind",
            field=fields.CharEnumField(
                description="GIFT: gift\nADVANCE: advance\nPURCHASE: purchase\nRETURN_OF_ADVANCE: return_of_advance\nASSIGNMENT: assignment\nREFUND_DUE: refund_due\nREFUND: refund\nREFUND_KEPT: refund_kept\nWITHDRAWAL: withdrawal\nFEE: fee\nADJUSTMENT: adjustment\nREVERSAL: reversal",
                enum_type=EntryKind,
                max_length=20,
            ),
        ),
        ops.AlterField(
            model_name="Invitation",
            name="role",
            field=fields.CharEnumField(
                description="DONOR: donor\nORGANISATION: organisation\nCOORDINATOR: coordinator\nTOWN_REVIEWER: town_reviewer\nEDITOR: editor\nFINANCE: finance\nBOOKKEEPER: bookkeeper\nCASHIER: cashier\nSUPERVISOR: supervisor\nADMIN: admin",
                enum_type=Role,
                max_length=16,
            ),
        ),
        ops.AlterField(
            model_name="LedgerAccount",
            name="type",
            field=fields.CharEnumField(
                description="ALIPAY: alipay\nTOWN_ADVANCE: town_advance\nFUND: fund\nUNASSIGNED: unassigned\nREFUND_DUE: refund_due\nBANK: bank\nFEES: fees\nSPENDING: spending",
                enum_type=AccountType,
                max_length=16,
            ),
        ),
        ops.AlterField(
            model_name="RoleGrant",
            name="role",
            field=fields.CharEnumField(
                description="DONOR: donor\nORGANISATION: organisation\nCOORDINATOR: coordinator\nTOWN_REVIEWER: town_reviewer\nEDITOR: editor\nFINANCE: finance\nBOOKKEEPER: bookkeeper\nCASHIER: cashier\nSUPERVISOR: supervisor\nADMIN: admin",
                enum_type=Role,
                max_length=16,
            ),
        ),
        ops.AlterField(
            model_name="RoleProposal",
            name="role",
            field=fields.CharEnumField(
                description="DONOR: donor\nORGANISATION: organisation\nCOORDINATOR: coordinator\nTOWN_REVIEWER: town_reviewer\nEDITOR: editor\nFINANCE: finance\nBOOKKEEPER: bookkeeper\nCASHIER: cashier\nSUPERVISOR: supervisor\nADMIN: admin",
                enum_type=Role,
                max_length=16,
            ),
        ),
        ops.AlterField(
            model_name="RoleProposal",
            name="role_before",
            field=fields.CharEnumField(
                null=True, description="DONOR: donor\nORGANISATION: organisation\nCOORDINATOR: coordinator\nTOWN_REVIEWER: town_reviewer\nEDITOR: editor\nFINANCE: finance\nBOOKKEEPER: bookkeeper\nCASHIER: cashier\nSUPERVISOR: supervisor\nADMIN: admin",
                enum_type=Role,
                max_length=16,
            ),
        ),
        ops.AddConstraint(
            model_name="BankStatement",
            constraint=UniqueConstraint(fields=("charity_id", "sha256"), name="uq_bank_statement"),
        ),
        ops.AddConstraint(
            model_name="BankStatement",
            constraint=CheckConstraint(
                check="(status = 'applied') = (applied_at IS NOT NULL)", name="ck_bank_statement_applied"
            ),
        ),
        ops.AddConstraint(
            model_name="BankLine",
            constraint=UniqueConstraint(fields=("charity_id", "serial"), name="uq_bank_line"),
        ),
        ops.AddConstraint(
            model_name="BankLine",
            constraint=CheckConstraint(check="amount_fen <> 0", name="ck_bank_line_amount"),
        ),
        ops.AddConstraint(
            model_name="BankLine",
            constraint=CheckConstraint(
                check="(status = 'unrecognised') = (coded_at IS NULL)", name="ck_bank_line_coded"
            ),
        ),
        ops.AddConstraint(
            model_name="BillDay",
            constraint=UniqueConstraint(fields=("charity_id", "day"), name="uq_bill_day"),
        ),
        ops.AddConstraint(
            model_name="BillDay",
            constraint=CheckConstraint(
                check="(status = 'waiting') = (compared_at IS NULL)", name="ck_bill_day_compared"
            ),
        ),
        ops.AddConstraint(
            model_name="BillDifference",
            constraint=UniqueConstraint(
                fields=("day_id", "row_kind", "trade_no", "out_trade_no", "request_no", "round"),
                name="uq_bill_difference",
            ),
        ),
        ops.AddConstraint(
            model_name="BillDifference",
            constraint=CheckConstraint(
                check="(status = 'resolved') = (resolved_at IS NOT NULL) AND (status = 'open') = (resolution IS NULL)",
                name="ck_bill_difference_resolved",
            ),
        ),
        ops.AddConstraint(
            model_name="BillDifference",
            constraint=CheckConstraint(check="proposed_by_id <> resolved_by_id", name="ck_bill_difference_two_people"),
        ),
        ops.AddConstraint(
            model_name="BillDifference",
            constraint=CheckConstraint(
                check="status <> 'resolved' OR resolution = 'agrees_now' OR theirs_fen >= ours_fen OR (proposed_by_id IS NOT NULL AND resolved_by_id IS NOT NULL)",
                name="ck_bill_difference_write_off",
            ),
        ),
        ops.AddConstraint(
            model_name="BillFile",
            constraint=UniqueConstraint(fields=("day_id", "number"), name="uq_bill_file"),
        ),
        ops.AddConstraint(
            model_name="BillRow",
            constraint=UniqueConstraint(fields=("file_id", "kind", "trade_no", "request_no"), name="uq_bill_row"),
        ),
        ops.AddConstraint(
            model_name="BillRow",
            constraint=CheckConstraint(check="amount_fen >= 0 AND received_fen >= 0", name="ck_bill_row_sums"),
        ),
        ops.AddConstraint(
            model_name="MonthClosing",
            constraint=UniqueConstraint(fields=("charity_id", "month"), name="uq_month_closing"),
        ),
        ops.AddConstraint(
            model_name="MonthClosing",
            constraint=CheckConstraint(check="closed_by_id <> proposed_by_id", name="ck_month_closing_two_people"),
        ),
        ops.AddConstraint(
            model_name="MonthClosing",
            constraint=CheckConstraint(
                check="num_nonnulls(closed_by_id, closed_at, entries) IN (0, 3)", name="ck_month_closing_closed"
            ),
        ),
        ops.AddConstraint(
            model_name="MonthClosing",
            constraint=CheckConstraint(check="extract(day FROM month) = 1", name="ck_month_closing_first"),
        ),
        ops.RunSQL(sql=PAID_AT, reverse_sql="DROP INDEX ix_order_paid_at"),
        ops.RunSQL(
            sql=APPEND_ONLY,
            reverse_sql="GRANT UPDATE, DELETE ON bill_file, bill_row, bill_day, bill_difference, bank_statement, bank_line, "
            "month_closing TO cishan_app;",
        ),
        ops.RunSQL(sql=CLOSED_MONTHS, reverse_sql=REOPEN),
    ]

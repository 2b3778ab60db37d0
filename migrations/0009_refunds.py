from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.ledger.states import AccountType, EntryKind
from cishan.payments.states import LateChoice
from cishan.refunds.states import RefundReason, RefundStatus
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint


class Migration(QuickMigration):
    dependencies = [("cishan", "0008_event_reasons")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Refund",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "cishan.Order",
                        source_field="order_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="refunds",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("request_no", fields.CharField(max_length=64)),
                ("amount_fen", fields.BigIntField()),
                (
                    "status",
                    fields.CharEnumField(
                        description="PROPOSED: proposed\nREQUESTED: requested\nUNKNOWN: unknown\nSUCCEEDED: succeeded\nREFUSED: refused\nCANCELLED: cancelled",
                        enum_type=RefundStatus,
                        max_length=10,
                    ),
                ),
                ("status_since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "reason",
                    fields.CharEnumField(
                        description="LATE_MONEY: late_money\nCHANGED_MIND: changed_mind\nMISTAKE: mistake\nHOUSEHOLD: household\nOTHER: other\nELSEWHERE: elsewhere",
                        enum_type=RefundReason,
                        max_length=12,
                    ),
                ),
                ("note", fields.CharField(default="", max_length=200)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "requested_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="requested_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="refunds_requested",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "decided_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="decided_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="refunds_decided",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "handler",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="handler_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="refunds_handled",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("tries", fields.SmallIntField(default=0)),
                ("next_try_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("refusal", fields.CharField(default="", max_length=80)),
                ("succeeded_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "refund",
                "app": "cishan",
                "indexes": [
                    Index(fields=["next_try_at"], name="ix_refund_try"),
                    Index(fields=["due_at"], name="ix_refund_due"),
                ],
                "pk_attr": "id",
                "table_description": "`request_no` is our number of it, written before the call; `due_at` the time by which a person must have looked.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RefundLine",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "refund",
                    fields.ForeignKeyField(
                        "cishan.Refund",
                        source_field="refund_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="lines",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "order_line",
                    fields.ForeignKeyField(
                        "cishan.OrderLine",
                        source_field="order_line_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="refund_lines",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "unassigned",
                    fields.ForeignKeyField(
                        "cishan.UnassignedMoney",
                        source_field="unassigned_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="refund_lines",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("amount_fen", fields.BigIntField()),
            ],
            options={
                "table": "refund_line",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "What of the order a refund gives back: part of a line that was taken, or of money that nobody took.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RefundTerms",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "charity",
                    fields.ForeignKeyField(
                        "cishan.Charity",
                        source_field="charity_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="refund_terms",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("valid_from", fields.DateField()),
                ("cooling_hours", fields.SmallIntField()),
                ("second_person_over_fen", fields.BigIntField()),
                ("ask_again_times", fields.SmallIntField()),
                ("ask_again_over_fen", fields.BigIntField()),
                (
                    "set_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="set_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="refund_terms_set",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "refund_terms",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "The charity's figures from a day on; the row with the latest `valid_from` not after a day holds.",
            },
            bases=["Model"],
        ),
        ops.AlterField(
            model_name="Entry",
            name="kind",
            field=fields.CharEnumField(
                description="GIFT: gift\nADVANCE: advance\nPURCHASE: purchase\nRETURN_OF_ADVANCE: return_of_advance\nASSIGNMENT: assignment\nREFUND_DUE: refund_due\nREFUND: refund\nREFUND_KEPT: refund_kept\nREVERSAL: reversal",
                enum_type=EntryKind,
                max_length=20,
            ),
        ),
        ops.AlterField(
            model_name="LedgerAccount",
            name="type",
            field=fields.CharEnumField(
                description="ALIPAY: alipay\nTOWN_ADVANCE: town_advance\nFUND: fund\nUNASSIGNED: unassigned\nREFUND_DUE: refund_due\nSPENDING: spending",
                enum_type=AccountType,
                max_length=16,
            ),
        ),
        ops.AddField(
            model_name="Order",
            name="late_choice",
            field=fields.CharEnumField(
                default=LateChoice.REFUND,
                db_default=LateChoice.REFUND,
                description="SIMILAR: similar\nFUND: fund\nREFUND: refund",
                enum_type=LateChoice,
                max_length=8,
            ),
        ),
        ops.AddField(
            model_name="Order",
            name="refunded_fen",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddConstraint(
            model_name="Order",
            constraint=CheckConstraint(
                check="refunded_fen BETWEEN 0 AND coalesce(paid_fen, 0)", name="ck_order_refunded"
            ),
        ),
        ops.AddField(
            model_name="UnassignedMoney",
            name="owner_id",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="UnassignedMoney",
            name="owner_kind",
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddField(
            model_name="UnassignedMoney",
            name="resolved_as",
            field=fields.CharEnumField(
                null=True,
                description="SIMILAR: similar\nFUND: fund\nREFUND: refund",
                enum_type=LateChoice,
                max_length=8,
            ),
        ),
        ops.AddField(
            model_name="UnassignedMoney",
            name="used_fen",
            field=fields.BigIntField(null=True),
        ),
        ops.AddIndex(
            model_name="UnassignedMoney",
            index=Index(fields=["resolved_at"], name="ix_unassigned_open"),
        ),
        ops.AddIndex(
            model_name="UnassignedMoney",
            index=Index(fields=["owner_kind", "owner_id"], name="ix_unassigned_owner"),
        ),
        ops.AddConstraint(
            model_name="UnassignedMoney",
            constraint=CheckConstraint(
                check="(resolved_at IS NULL) = (resolved_as IS NULL)", name="ck_unassigned_resolved"
            ),
        ),
        ops.AddConstraint(
            model_name="UnassignedMoney",
            constraint=CheckConstraint(
                check="num_nonnulls(owner_kind, owner_id, used_fen) IN (0, 3) AND (owner_id IS NULL OR resolved_as = 'similar') AND coalesce(used_fen, 1) BETWEEN 1 AND amount_fen",
                name="ck_unassigned_used",
            ),
        ),
        ops.AddConstraint(
            model_name="Refund",
            constraint=UniqueConstraint(fields=("order_id", "request_no"), name="uq_refund_number"),
        ),
        ops.AddConstraint(
            model_name="Refund",
            constraint=UniqueConstraint(
                fields=("order_id",), name="uq_refund_under_way", condition="status = 'unknown'"
            ),
        ),
        ops.AddConstraint(
            model_name="Refund",
            constraint=CheckConstraint(check="amount_fen > 0", name="ck_refund_amount"),
        ),
        ops.AddConstraint(
            model_name="Refund",
            constraint=CheckConstraint(check="decided_by_id <> requested_by_id", name="ck_refund_two_people"),
        ),
        ops.AddConstraint(
            model_name="Refund",
            constraint=CheckConstraint(
                check="(status = 'succeeded') = (succeeded_at IS NOT NULL)", name="ck_refund_succeeded"
            ),
        ),
        ops.AddConstraint(
            model_name="Refund",
            constraint=CheckConstraint(
                check="(next_try_at IS NOT NULL) = (status IN ('requested', 'unknown'))", name="ck_refund_next_try"
            ),
        ),
        ops.AddConstraint(
            model_name="RefundLine",
            constraint=CheckConstraint(check="amount_fen > 0", name="ck_refund_line_amount"),
        ),
        ops.AddConstraint(
            model_name="RefundLine",
            constraint=CheckConstraint(
                check="num_nonnulls(order_line_id, unassigned_id) = 1", name="ck_refund_line_one"
            ),
        ),
        ops.AddConstraint(
            model_name="RefundTerms",
            constraint=UniqueConstraint(fields=("charity_id", "valid_from"), name="uq_refund_terms"),
        ),
        ops.AddConstraint(
            model_name="RefundTerms",
            constraint=CheckConstraint(
                check="cooling_hours >= 0 AND second_person_over_fen >= 0 AND ask_again_times > 1 AND ask_again_over_fen >= 0",
                name="ck_refund_terms",
            ),
        ),
    ]

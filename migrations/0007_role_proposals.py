"""Changes of role that wait for a second administrator, and invitations that were taken back."""

from tortoise import fields

from cishan.schema import QuickMigration
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from cishan.accounts.states import Role


class Migration(QuickMigration):
    dependencies = [("cishan", "0006_purchase_by_two_of_finance")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RoleProposal",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="role_proposals",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "role_before",
                    fields.CharEnumField(
                        null=True,
                        description="DONOR: donor\nORGANISATION: organisation\nCOORDINATOR: coordinator\nTOWN_REVIEWER: town_reviewer\nEDITOR: editor\nFINANCE: finance\nSUPERVISOR: supervisor\nADMIN: admin",
                        enum_type=Role,
                        max_length=16,
                    ),
                ),
                (
                    "role",
                    fields.CharEnumField(
                        description="DONOR: donor\nORGANISATION: organisation\nCOORDINATOR: coordinator\nTOWN_REVIEWER: town_reviewer\nEDITOR: editor\nFINANCE: finance\nSUPERVISOR: supervisor\nADMIN: admin",
                        enum_type=Role,
                        max_length=16,
                    ),
                ),
                ("division_code", fields.CharField(max_length=12)),
                (
                    "proposed_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="proposed_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="role_proposals_made",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("proposed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "decided_by",
                    fields.ForeignKeyField(
                        "cishan.Account",
                        source_field="decided_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="role_proposals_decided",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("agreed", fields.BooleanField(default=False)),
            ],
            options={
                "table": "role_proposal",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "Another role for somebody, proposed by one administrator; `agreed` when another one has confirmed it.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Invitation",
            name="revoked_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddConstraint(
            model_name="RoleProposal",
            constraint=UniqueConstraint(
                fields=("account_id",), name="uq_role_proposal_open", condition="decided_at IS NULL"
            ),
        ),
        ops.AddConstraint(
            model_name="RoleProposal",
            constraint=CheckConstraint(
                check="NOT agreed OR (decided_at IS NOT NULL AND decided_by_id IS NOT NULL AND decided_by_id <> proposed_by_id AND decided_by_id <> account_id)",
                name="ck_role_proposal_two_people",
            ),
        ),
        ops.AddConstraint(
            model_name="RoleProposal",
            constraint=CheckConstraint(check="proposed_by_id <> account_id", name="ck_role_proposal_not_own"),
        ),
    ]

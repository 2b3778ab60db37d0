"""Who gave the advance stands beside who agrees to more, and the two are never one. Booked purchases stay as they are."""

from tortoise import fields

from cishan.schema import QuickMigration
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

WAITING = """
UPDATE purchase SET advanced_by_id = a.given_by_id
  FROM advance a WHERE a.claim_id = purchase.claim_id AND purchase.booked_at IS NULL;
"""


class Migration(QuickMigration):
    dependencies = [("cishan", "0005_indexes")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Purchase",
            name="advanced_by",
            field=fields.ForeignKeyField(
                "cishan.Account",
                source_field="advanced_by_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="purchases_advanced",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.RunSQL(sql=WAITING, reverse_sql="SELECT 1;"),
        ops.AddConstraint(
            model_name="Purchase",
            constraint=CheckConstraint(check="approved_by_id <> advanced_by_id", name="ck_purchase_two_of_finance"),
        ),
    ]

"""The chain of the books and its published heads; the app may add to them and change nothing."""

from tortoise import fields

from cishan.schema import QuickMigration
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

APPEND_ONLY = "REVOKE UPDATE, DELETE ON ledger_link, ledger_head FROM cishan_app;"


class Migration(QuickMigration):
    dependencies = [("cishan", "0010_receipts")]

    operations = [
        ops.CreateModel(
            name="Link",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("charity", fields.ForeignKeyField("cishan.Charity", source_field="charity_id", db_constraint=True, to_field="id", related_name="ledger_links", on_delete=OnDelete.RESTRICT)),
                ("number", fields.BigIntField()),
                ("hash", fields.BinaryField()),
                ("linked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "ledger_link", "app": "cishan", "pk_attr": "id", "table_description": "Append-only: the hash that chains a numbered entry to the one before; see `chain.py`."},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Head",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("charity", fields.ForeignKeyField("cishan.Charity", source_field="charity_id", db_constraint=True, to_field="id", related_name="ledger_heads", on_delete=OnDelete.RESTRICT)),
                ("day", fields.DateField()),
                ("number", fields.BigIntField()),
                ("hash", fields.BinaryField()),
                ("published_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "ledger_head", "app": "cishan", "pk_attr": "id", "table_description": "Append-only: the last link of a day, published so that others can write it down."},
            bases=["Model"],
        ),
        ops.AddConstraint(model_name="Link", constraint=UniqueConstraint(fields=("charity_id", "number"), name="uq_ledger_link")),
        ops.AddConstraint(model_name="Head", constraint=UniqueConstraint(fields=("charity_id", "day"), name="uq_ledger_head")),
        ops.RunSQL(sql=APPEND_ONLY, reverse_sql="GRANT UPDATE, DELETE ON ledger_link, ledger_head TO cishan_app;"),
    ]

"""What people typed as reasons, sealed beside the events that can't be changed, so that a reason can be erased."""

from tortoise import fields

from cishan.schema import QuickMigration
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint


class Migration(QuickMigration):
    dependencies = [("cishan", "0007_role_proposals")]

    initial = False

    operations = [
        ops.CreateModel(
            name="EventReason",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "event",
                    fields.ForeignKeyField(
                        "cishan.Event",
                        source_field="event_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="reasons",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("text_sealed", fields.BinaryField()),
            ],
            options={
                "table": "event_reason",
                "app": "cishan",
                "pk_attr": "id",
                "table_description": "Why somebody did it, in their own words: sealed, and beside the event, which can never be changed.",
            },
            bases=["Model"],
        ),
        ops.AddConstraint(
            model_name="EventReason",
            constraint=UniqueConstraint(fields=("event_id",), name="uq_event_reason"),
        ),
    ]

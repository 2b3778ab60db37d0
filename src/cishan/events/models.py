"""The event table."""

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account


class Event(Model):
    """`detail` holds numbers and codes for the sentence, never anything personal."""

    id = fields.BigIntField(primary_key=True)
    subject_kind = fields.CharField(max_length=16)
    subject_id = fields.BigIntField()
    number = fields.IntField()
    verb = fields.CharField(max_length=32)
    actor: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="events", null=True, on_delete=fields.RESTRICT
    )
    at = fields.DatetimeField()
    detail: fields.Field[dict[str, object]] = fields.JSONField(default=dict)

    class Meta:
        table = "event"
        constraints = [
            UniqueConstraint(fields=("subject_kind", "subject_id", "number"), name="uq_event_number"),
            CheckConstraint(check="number > 0", name="ck_event_number"),
        ]


class EventReason(Model):
    """Why somebody did it, in their own words: sealed, and beside the event, which can never be changed.

    A reason may hold a name that nobody should have written, so its row can be deleted while the event stays.
    """

    id = fields.BigIntField(primary_key=True)
    event: fields.ForeignKeyRelation[Event] = fields.ForeignKeyField(
        "cishan.Event", related_name="reasons", on_delete=fields.RESTRICT
    )
    text_sealed = fields.BinaryField()

    class Meta:
        table = "event_reason"
        constraints = [UniqueConstraint(fields=("event_id",), name="uq_event_reason")]

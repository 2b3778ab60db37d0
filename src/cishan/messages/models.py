"""Outbox rows; recipient and text are sealed."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import PartialIndex
from tortoise.models import Model

from cishan.accounts.models import Account


class Channel(StrEnum):
    SMS = "sms"
    SITE = "site"


class OutboxMessage(Model):
    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=120, unique=True)
    channel = fields.CharEnumField(Channel, max_length=8)
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="messages", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    recipient_sealed = fields.BinaryField(null=True)
    text_sealed = fields.BinaryField()
    created_at = fields.DatetimeField()
    next_try_at = fields.DatetimeField(null=True)
    tries = fields.SmallIntField(default=0)
    sent_at = fields.DatetimeField(null=True)
    failure = fields.CharField(max_length=200, default="")

    class Meta:
        table = "outbox_message"
        indexes = [
            PartialIndex(fields=("next_try_at",), name="ix_outbox_due", condition={"channel": "sms"}),
        ]

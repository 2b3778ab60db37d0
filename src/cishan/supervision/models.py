"""A concern: someone says that something is wrong, and a person must answer by a day."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from cishan.accounts.models import Account


class ConcernKind(StrEnum):
    PAGE_REPORT = "page_report"
    LIST_DOUBT = "list_doubt"


class Concern(Model):
    id = fields.BigIntField(primary_key=True)
    kind = fields.CharEnumField(ConcernKind, max_length=12)
    about = fields.CharField(max_length=120)
    subject_id = fields.BigIntField(null=True)
    division_code = fields.CharField(max_length=12)
    text_sealed = fields.BinaryField()
    contact_sealed = fields.BinaryField(null=True)
    raised_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    closed_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="concerns_closed", null=True, on_delete=fields.RESTRICT
    )
    closed_at = fields.DatetimeField(null=True)
    answer = fields.CharField(max_length=300, default="")

    class Meta:
        table = "concern"
        indexes = [Index(fields=("closed_at", "due_at"), name="ix_concern_open")]

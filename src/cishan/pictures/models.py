"""A picture's row; its bytes are a file named by their hash under the data directory."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from cishan.accounts.models import Account


class PictureUse(StrEnum):
    WISH = "wish"
    VOUCHER = "voucher"
    HANDOVER = "handover"
    SLIP = "slip"
    PROJECT = "project"


class Picture(Model):
    id = fields.BigIntField(primary_key=True)
    use = fields.CharEnumField(PictureUse, max_length=8)
    sha256 = fields.CharField(max_length=64, db_index=True)
    width = fields.IntField()
    height = fields.IntField()
    size_bytes = fields.IntField()
    division_code = fields.CharField(max_length=12)
    uploaded_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="pictures", on_delete=fields.RESTRICT
    )
    uploaded_at = fields.DatetimeField()
    cleared_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="pictures_cleared", null=True, on_delete=fields.RESTRICT
    )
    cleared_at = fields.DatetimeField(null=True)

    class Meta:
        table = "picture"

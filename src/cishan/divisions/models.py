"""The division table; codes change yearly, so each row has valid days."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class Division(Model):
    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=12)
    name = fields.CharField(max_length=60)
    level = fields.SmallIntField()
    parent_code = fields.CharField(max_length=12, null=True)
    valid_from = fields.DateField()
    valid_to = fields.DateField(null=True)

    class Meta:
        table = "division"
        indexes = [Index(fields=("parent_code",), name="ix_division_parent")]
        constraints = [UniqueConstraint(fields=("code", "valid_from"), name="uq_division_code")]

"""Editions of a household's yearly list, and the keys that open them."""

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from cishan.households.models import Household


class Edition(Model):
    """`lines` names persons by id only; names are read when the list is shown to its family."""

    id = fields.BigIntField(primary_key=True)
    household: fields.ForeignKeyRelation[Household] = fields.ForeignKeyField(
        "cishan.Household", related_name="editions", on_delete=fields.RESTRICT
    )
    year = fields.SmallIntField()
    number = fields.SmallIntField()
    lines: fields.Field[list[dict[str, object]]] = fields.JSONField()
    total_fen = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    frozen_at = fields.DatetimeField()

    class Meta:
        table = "edition"
        constraints = [UniqueConstraint(fields=("household_id", "year", "number"), name="uq_edition")]


class ListKey(Model):
    """What opens the lists of a household: a link of 128 bits and the sheet's code, both kept as digests.

    `sms_hash` is the digest of the code last sent to the household's phone, `sms_count` how often one was sent.
    """

    id = fields.BigIntField(primary_key=True)
    household: fields.ForeignKeyRelation[Household] = fields.ForeignKeyField(
        "cishan.Household", related_name="list_keys", on_delete=fields.RESTRICT
    )
    link_hash = fields.CharField(max_length=64, unique=True)
    code_hash = fields.CharField(max_length=64, unique=True)
    issued_at = fields.DatetimeField()
    wrong_tries = fields.SmallIntField(default=0)
    locked_at = fields.DatetimeField(null=True)
    sms_hash = fields.CharField(max_length=64, null=True)
    sms_sent_at = fields.DatetimeField(null=True)
    sms_count = fields.SmallIntField(default=0)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "list_key"
        constraints = [
            UniqueConstraint(fields=("household_id",), name="uq_list_key_live", condition="revoked_at IS NULL")
        ]

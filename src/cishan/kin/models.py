"""What people declared of their near kin."""

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.kin.states import Tie


class AccountTie(Model):
    """What somebody declared of themselves and their near kin: keyed digests alone, nothing to read."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="ties", on_delete=fields.RESTRICT
    )
    tie = fields.CharEnumField(Tie, max_length=16)
    digest = fields.CharField(max_length=64, db_index=True)
    declared_at = fields.DatetimeField()

    class Meta:
        table = "account_tie"
        constraints = [UniqueConstraint(fields=("account_id", "tie", "digest"), name="uq_account_tie")]

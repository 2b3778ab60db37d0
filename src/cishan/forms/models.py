"""Answers already given to a write form, so that a replay gets the first one (scenario C5)."""

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class FormAnswer(Model):
    id = fields.BigIntField(primary_key=True)
    form_key = fields.CharField(max_length=40)
    account_id = fields.BigIntField()
    form_hash = fields.CharField(max_length=64)
    location = fields.CharField(max_length=500, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "form_answer"
        constraints = [UniqueConstraint(fields=("form_key", "account_id"), name="uq_form_answer")]

"""The run log of scheduled jobs, and replies kept for replayed forms."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class JobRun(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=40)
    node = fields.CharField(max_length=60)
    started_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)
    handled = fields.IntField(default=0)
    failed = fields.IntField(default=0)
    error = fields.CharField(max_length=400, default="")

    class Meta:
        table = "job_run"
        indexes = [Index(fields=("name", "started_at"), name="ix_job_run")]

"""Programmes, standards, import batches and benefit records."""

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.benefits.states import Area, ImportKind, ImportStatus
from cishan.households.models import Person


class Programme(Model):
    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=20, unique=True)
    name = fields.CharField(max_length=40)
    office = fields.CharField(max_length=60)
    hotline = fields.CharField(max_length=20)

    class Meta:
        table = "programme"


class Standard(Model):
    """The monthly sum of a programme in a place from a day on; `is_sample` marks figures borrowed from another place."""

    id = fields.BigIntField(primary_key=True)
    programme: fields.ForeignKeyRelation[Programme] = fields.ForeignKeyField(
        "cishan.Programme", related_name="standards", on_delete=fields.RESTRICT
    )
    division_code = fields.CharField(max_length=12)
    area = fields.CharEnumField(Area, max_length=8)
    valid_from = fields.DateField()
    monthly_fen = fields.BigIntField()
    source = fields.CharField(max_length=80)
    is_sample = fields.BooleanField(default=False)

    class Meta:
        table = "standard"
        constraints = [
            UniqueConstraint(fields=("programme_id", "division_code", "area", "valid_from"), name="uq_standard")
        ]


class ImportBatch(Model):
    """A file on its way in. `errors` holds the first wrong rows as {row, column, sentence}; the file itself stands on
    disk until it has been applied."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharEnumField(ImportKind, max_length=10)
    division_code = fields.CharField(max_length=12)
    file_name = fields.CharField(max_length=120)
    file_sha256 = fields.CharField(max_length=64)
    status = fields.CharEnumField(ImportStatus, max_length=10)
    rows_total = fields.IntField(default=0)
    rows_new = fields.IntField(default=0)
    rows_same = fields.IntField(default=0)
    rows_changed = fields.IntField(default=0)
    rows_wrong = fields.IntField(default=0)
    fault = fields.CharField(max_length=200, default="")
    errors: fields.Field[list[dict[str, object]]] = fields.JSONField(default=list)
    uploaded_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="imports", on_delete=fields.RESTRICT
    )
    uploaded_at = fields.DatetimeField()
    applied_at = fields.DatetimeField(null=True)
    queued_at = fields.DatetimeField(null=True)
    """Set while a job of the queue has this file before it or in hand."""

    class Meta:
        table = "import_batch"


class BenefitRecord(Model):
    """What one person was paid under one programme for one month; counted once however often it is imported."""

    id = fields.BigIntField(primary_key=True)
    programme: fields.ForeignKeyRelation[Programme] = fields.ForeignKeyField(
        "cishan.Programme", related_name="records", on_delete=fields.RESTRICT
    )
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "cishan.Person", related_name="benefits", on_delete=fields.RESTRICT
    )
    month = fields.DateField()
    amount_fen = fields.BigIntField()
    paid_on = fields.DateField()
    batch: fields.ForeignKeyRelation[ImportBatch] = fields.ForeignKeyField(
        "cishan.ImportBatch", related_name="records", on_delete=fields.RESTRICT
    )

    class Meta:
        table = "benefit_record"
        constraints = [UniqueConstraint(fields=("person_id", "programme_id", "month"), name="uq_benefit_record")]

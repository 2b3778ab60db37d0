"""What a donor writes with a donation, and whether they want a receipt."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(QuickMigration):
    dependencies = [('cishan', '0026_urgent')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Donation',
            name='note_sealed',
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name='Donation',
            name='wants_receipt',
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]

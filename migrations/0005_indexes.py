"""Indexes for what housekeeping and the desks look for: pictures in use, visits to confirm, purchases to agree to."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(QuickMigration):
    dependencies = [('cishan', '0004_queue')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='Fulfilment',
            name='picture',
            field=fields.ForeignKeyField('cishan.Picture', source_field='picture_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name='fulfilments', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='Fulfilment',
            name='slip',
            field=fields.ForeignKeyField('cishan.Picture', source_field='slip_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name='fulfilments_slip', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddIndex(
            model_name='Fulfilment',
            index=Index(fields=['delivered_by_id', 'delivered_at'], name='ix_fulfilment_deliverer'),
        ),
        ops.AlterField(
            model_name='Purchase',
            name='voucher',
            field=fields.ForeignKeyField('cishan.Picture', source_field='voucher_id', db_index=True, db_constraint=True, to_field='id', related_name='purchases', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddIndex(
            model_name='Purchase',
            index=Index(fields=['booked_at', 'bought_at'], name='ix_purchase_booked'),
        ),
        ops.AddIndex(
            model_name='Visit',
            index=Index(fields=['second_visitor_id', 'confirmed_at'], name='ix_visit_second'),
        ),
        ops.AlterField(
            model_name='Wish',
            name='picture',
            field=fields.ForeignKeyField('cishan.Picture', source_field='picture_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name='wishes', on_delete=OnDelete.RESTRICT),
        ),
    ]

"""Keys of a merchant account: whose, since when, until when."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.charities.states import KeySide
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0021_surplus')]

    initial = False

    operations = [
        ops.CreateModel(
            name='MerchantKey',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('merchant', fields.ForeignKeyField('cishan.MerchantAccount', source_field='merchant_id', db_constraint=True, to_field='id', related_name='keys', on_delete=OnDelete.RESTRICT)),
                ('side', fields.CharEnumField(description='OURS: ours\nALIPAY: alipay', enum_type=KeySide, max_length=6)),
                ('fingerprint', fields.CharField(max_length=64)),
                ('since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('use_until', fields.DateField(null=True)),
                ('warned_days', fields.SmallIntField(null=True)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'merchant_key', 'app': 'cishan', 'pk_attr': 'id', 'table_description': "A key pair's public half, by its fingerprint: whose it is, since when, until when; the key itself is a file."},
            bases=['Model'],
        ),
        ops.AddConstraint(
            model_name='MerchantKey',
            constraint=UniqueConstraint(fields=('merchant_id', 'side', 'fingerprint'), name='uq_merchant_key'),
        ),
    ]

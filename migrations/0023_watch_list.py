"""Official lists of names, accounts that match one, and cases because of it."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.vigilance.states import ListedKind
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint

# Whoever has another name is compared anew.
RENAMED = """
CREATE FUNCTION forget_screening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM watch_screening WHERE account_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER account_renamed AFTER UPDATE OF name_sealed, organisation_id ON account
    FOR EACH ROW EXECUTE FUNCTION forget_screening();
"""
NOT_RENAMED = "DROP TRIGGER account_renamed ON account; DROP FUNCTION forget_screening();"

class Migration(QuickMigration):
    dependencies = [('cishan', '0022_merchant_keys')]

    initial = False

    operations = [
        ops.CreateModel(
            name='WatchEntry',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charity', fields.ForeignKeyField('cishan.Charity', source_field='charity_id', db_constraint=True, to_field='id', related_name='watch_entries', on_delete=OnDelete.RESTRICT)),
                ('list_name', fields.CharField(max_length=80)),
                ('kind', fields.CharEnumField(description='PERSON: person\nORGANISATION: organisation', enum_type=ListedKind, max_length=12)),
                ('name_index', fields.CharField(max_length=64)),
                ('number_index', fields.CharField(default='', max_length=64)),
                ('added_by', fields.ForeignKeyField('cishan.Account', source_field='added_by_id', db_constraint=True, to_field='id', related_name='watch_entries_added', on_delete=OnDelete.RESTRICT)),
                ('added_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'watch_entry', 'app': 'cishan', 'indexes': [Index(fields=['name_index'], name='ix_watch_entry_name'), Index(fields=['number_index'], name='ix_watch_entry_number')], 'pk_attr': 'id', 'table_description': 'A name of an official list (名单), as keyed digests alone; `list_name` says whose list it is.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WatchMatch',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('cishan.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='watch_matches', on_delete=OnDelete.RESTRICT)),
                ('entry', fields.ForeignKeyField('cishan.WatchEntry', source_field='entry_id', db_constraint=True, to_field='id', related_name='matches', on_delete=OnDelete.RESTRICT)),
                ('found_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('cleared_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'watch_match', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'An account whose name stands on a list. Cleared when two people found that it is somebody else.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WatchScreening',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.OneToOneField('cishan.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='watch_screening', on_delete=OnDelete.RESTRICT)),
                ('screened_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'watch_screening', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'When an account was last compared with the lists; a new name of the account removes it (a trigger).'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='WatchCase',
            name='is_listed',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddConstraint(
            model_name='WatchEntry',
            constraint=UniqueConstraint(fields=('charity_id', 'list_name', 'kind', 'name_index', 'number_index'), name='uq_watch_entry', condition='ended_at IS NULL'),
        ),
        ops.AddConstraint(
            model_name='WatchMatch',
            constraint=UniqueConstraint(fields=('account_id', 'entry_id'), name='uq_watch_match'),
        ),
        ops.RunSQL(sql=RENAMED, reverse_sql=NOT_RENAMED),
        ops.RunSQL(
            sql="REVOKE DELETE ON watch_entry, watch_match FROM cishan_app;",
            reverse_sql="GRANT DELETE ON watch_entry, watch_match TO cishan_app;",
        ),
    ]

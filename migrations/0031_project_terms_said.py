"""What is said of the figures that rules set for projects; the table itself stays."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0030_releases')]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name='ProjectTerms',
            options={'table': 'project_terms', 'app': 'cishan', 'constraints': [UniqueConstraint(fields=('charity_id', 'valid_from'), name='uq_project_terms'), CheckConstraint(check='least(notice_days, longest_years, longest_emergency_years, emergency_filing_days, amendment_days, cost_permille) >= 0 AND capacity_fen > 0', name='ck_project_terms')], 'pk_attr': 'id', 'table_description': "The figures that rules set, from a day on. Append-only; the law's own hold until there are any."},
        ),
    ]

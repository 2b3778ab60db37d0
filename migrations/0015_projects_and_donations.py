"""Charity projects with their plan, donations to funds, and the running totals of what each fund was given."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.donations.states import DonationStatus
from cishan.plans.states import AtTarget, ProjectKind, SurplusRule
from cishan.projects.states import ProjectStatus
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(QuickMigration):
    dependencies = [('cishan', '0013_refunds_within_paid')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Donation',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charity', fields.ForeignKeyField('cishan.Charity', source_field='charity_id', db_constraint=True, to_field='id', related_name='donations', on_delete=OnDelete.RESTRICT)),
                ('fund', fields.ForeignKeyField('cishan.Fund', source_field='fund_id', db_constraint=True, to_field='id', related_name='donations', on_delete=OnDelete.RESTRICT)),
                ('donor', fields.ForeignKeyField('cishan.Account', source_field='donor_id', db_index=True, db_constraint=True, to_field='id', related_name='donations', on_delete=OnDelete.RESTRICT)),
                ('status', fields.CharEnumField(description='PLEDGED: pledged\nRECEIVED: received\nRETURNED: returned\nLAPSED: lapsed', enum_type=DonationStatus, max_length=10)),
                ('amount_fen', fields.BigIntField()),
                ('left_fen', fields.BigIntField(default=0, db_default=0)),
                ('shows_name', fields.BooleanField(default=False, db_default=False)),
                ('made_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('received_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'donation', 'app': 'cishan', 'indexes': [Index(fields=['fund_id', 'received_at', 'id'], name='ix_donation_roll'), Index(fields=['status', 'id'], name='ix_donation_status')], 'pk_attr': 'id', 'table_description': '`left_fen` is what counts of it now: 0 before it is received, less what went back afterwards.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FundTotal',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('fund', fields.ForeignKeyField('cishan.Fund', source_field='fund_id', db_constraint=True, to_field='id', related_name='totals', on_delete=OnDelete.RESTRICT)),
                ('slot', fields.SmallIntField()),
                ('given_fen', fields.BigIntField()),
                ('gifts', fields.BigIntField()),
            ],
            options={'table': 'fund_total', 'app': 'cishan', 'pk_attr': 'id', 'table_description': "A share of what a fund was given: the sum over a fund's slots is its total. `verify` holds it against the books."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Project',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charity', fields.ForeignKeyField('cishan.Charity', source_field='charity_id', db_constraint=True, to_field='id', related_name='projects', on_delete=OnDelete.RESTRICT)),
                ('fund', fields.ForeignKeyField('cishan.Fund', source_field='fund_id', null=True, db_constraint=True, to_field='id', related_name='projects', on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharEnumField(description='ORDINARY: ordinary\nEMERGENCY: emergency', enum_type=ProjectKind, max_length=12)),
                ('status', fields.CharEnumField(description='DRAFT: draft\nDECIDED: decided\nFILED: filed\nOPEN: open\nPAUSED: paused\nCLOSED: closed\nSETTLED: settled\nWITHDRAWN: withdrawn', enum_type=ProjectStatus, max_length=12)),
                ('status_since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('name', fields.CharField(max_length=60)),
                ('purpose', fields.TextField(unique=False)),
                ('area_code', fields.CharField(max_length=12)),
                ('starts_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ends_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('use_ends_on', fields.DateField()),
                ('leader', fields.ForeignKeyField('cishan.Account', source_field='leader_id', db_constraint=True, to_field='id', related_name='projects_led', on_delete=OnDelete.RESTRICT)),
                ('office', fields.CharField(max_length=120)),
                ('ways', fields.CharField(max_length=120)),
                ('bank_account', fields.CharField(max_length=40)),
                ('bank_account_name', fields.CharField(max_length=80)),
                ('target_fen', fields.BigIntField()),
                ('cost_fen', fields.BigIntField(default=0, db_default=0)),
                ('beneficiaries', fields.TextField(unique=False)),
                ('beneficiaries_count', fields.IntField()),
                ('choosing', fields.TextField(unique=False)),
                ('surplus_rule', fields.CharEnumField(description='SAME_PURPOSE: same_purpose\nNEAR_PURPOSE: near_purpose', enum_type=SurplusRule, max_length=12)),
                ('surplus_words', fields.CharField(max_length=300)),
                ('at_target', fields.CharEnumField(description='GO_ON: go_on\nSTOP: stop', enum_type=AtTarget, max_length=8)),
                ('partner_name', fields.CharField(default='', max_length=80)),
                ('partner_uscc', fields.CharField(default='', max_length=18)),
                ('partner_agreement_no', fields.CharField(default='', max_length=60)),
                ('partner_evaluated_on', fields.DateField(null=True)),
                ('platform_url', fields.CharField(default='', max_length=200)),
                ('filing_number', fields.CharField(null=True, unique=True, max_length=60)),
                ('decided_on', fields.DateField(null=True)),
                ('decision_no', fields.CharField(default='', max_length=60)),
                ('decided_by', fields.ForeignKeyField('cishan.Account', source_field='decided_by_id', null=True, db_constraint=True, to_field='id', related_name='projects_decided', on_delete=OnDelete.RESTRICT)),
                ('filed_on', fields.DateField(null=True)),
                ('opened_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('closed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('settled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_by', fields.ForeignKeyField('cishan.Account', source_field='created_by_id', db_constraint=True, to_field='id', related_name='projects_created', on_delete=OnDelete.RESTRICT)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'project', 'app': 'cishan', 'indexes': [Index(fields=['status', 'ends_at'], name='ix_project_status')], 'pk_attr': 'id', 'table_description': '`fund` is opened with the filing number, so that no money exists before the filing.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='BudgetLine',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('project', fields.ForeignKeyField('cishan.Project', source_field='project_id', db_index=True, db_constraint=True, to_field='id', related_name='budget_lines', on_delete=OnDelete.RESTRICT)),
                ('position', fields.SmallIntField()),
                ('name', fields.CharField(max_length=60)),
                ('amount_fen', fields.BigIntField()),
            ],
            options={'table': 'budget_line', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'One line of the plan for the use of the money.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Fund',
            name='cap_fen',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Fund',
            name='takes_from',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Fund',
            name='takes_until',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddConstraint(
            model_name='Fund',
            constraint=CheckConstraint(check='cap_fen > 0', name='ck_fund_cap'),
        ),
        ops.AddConstraint(
            model_name='Donation',
            constraint=CheckConstraint(check='amount_fen > 0 AND left_fen BETWEEN 0 AND amount_fen', name='ck_donation_sums'),
        ),
        ops.AddConstraint(
            model_name='Donation',
            constraint=CheckConstraint(check="(received_at IS NOT NULL) = (status IN ('received', 'returned')) AND (left_fen > 0) = (status = 'received')", name='ck_donation_received'),
        ),
        ops.AddConstraint(
            model_name='FundTotal',
            constraint=UniqueConstraint(fields=('fund_id', 'slot'), name='uq_fund_total'),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=UniqueConstraint(fields=('fund_id',), name='uq_project_fund'),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=CheckConstraint(check='target_fen > 0 AND cost_fen >= 0 AND cost_fen < target_fen', name='ck_project_sums'),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=CheckConstraint(check='ends_at > starts_at', name='ck_project_dates'),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=CheckConstraint(check="num_nonnulls(fund_id, filing_number, filed_on) IN (0, 3) AND (filed_on IS NOT NULL OR status IN ('draft', 'decided', 'withdrawn'))", name='ck_project_filed'),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=CheckConstraint(check="opened_at IS NOT NULL OR status NOT IN ('open', 'paused', 'closed', 'settled')", name='ck_project_opened'),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=CheckConstraint(check="status NOT IN ('closed', 'settled') OR closed_at IS NOT NULL", name='ck_project_closed'),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=CheckConstraint(check="(status = 'settled') = (settled_at IS NOT NULL)", name='ck_project_settled'),
        ),
        ops.AddConstraint(
            model_name='BudgetLine',
            constraint=UniqueConstraint(fields=('project_id', 'position'), name='uq_budget_line'),
        ),
        ops.AddConstraint(
            model_name='BudgetLine',
            constraint=CheckConstraint(check='amount_fen > 0', name='ck_budget_line_amount'),
        ),
        ops.RunSQL(
            sql="REVOKE DELETE ON project, donation, fund_total FROM cishan_app;",
            reverse_sql="GRANT DELETE ON project, donation, fund_total TO cishan_app;",
        ),
    ]

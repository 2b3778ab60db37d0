"""Projects as they are worked with: drafts that may lack anything, the archive of what was filed, amendments, updates."""

import functools
from json import dumps, loads

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops
from cishan.accounts.states import Role
from cishan.pictures.models import PictureUse
from cishan.plans.states import AtTarget, Reach, SurplusRule
from cishan.projects.states import AmendmentStatus
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

# The plan of a project as the database sees it: kept when it is filed, compared at every commit, asked anew by `verify`.
PLAN = """
CREATE FUNCTION plan_of_project(bigint) RETURNS jsonb LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
    SELECT jsonb_build_object(
        'kind', p.kind,
        'reach', p.reach,
        'name', p.name,
        'purpose', p.purpose,
        'area_code', p.area_code,
        'starts_at', p.starts_at,
        'ends_at', p.ends_at,
        'use_ends_on', p.use_ends_on,
        'leader_id', p.leader_id,
        'office', p.office,
        'ways', p.ways,
        'bank_account', p.bank_account,
        'bank_account_name', p.bank_account_name,
        'target_fen', p.target_fen,
        'cost_fen', p.cost_fen,
        'cost_words', p.cost_words,
        'beneficiaries', p.beneficiaries,
        'beneficiaries_count', p.beneficiaries_count,
        'choosing', p.choosing,
        'surplus_rule', p.surplus_rule,
        'surplus_words', p.surplus_words,
        'at_target', p.at_target,
        'partner_name', p.partner_name,
        'partner_uscc', p.partner_uscc,
        'partner_agreement_no', p.partner_agreement_no,
        'partner_evaluated_on', p.partner_evaluated_on,
        'platform_url', p.platform_url,
        'budget', coalesce((SELECT jsonb_agg(jsonb_build_array(b.name, b.amount_fen) ORDER BY b.position)
                              FROM budget_line b WHERE b.project_id = p.id), '[]'::jsonb))
      FROM project p WHERE p.id = $1
$$;
CREATE FUNCTION plan_digest(jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to($1::text, 'UTF8')), 'hex')
$$;
"""

# A filed plan is locked (募捐办法 art. 17): at commit it is what the archive last kept of it, or nothing is committed.
LOCKED = """
CREATE FUNCTION refuse_unfiled_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which bigint := CASE TG_TABLE_NAME WHEN 'project' THEN (to_jsonb(NEW) ->> 'id')::bigint
                    ELSE (to_jsonb(coalesce(NEW, OLD)) ->> 'project_id')::bigint END;
BEGIN
    IF EXISTS (SELECT FROM project WHERE id = which AND filed_on IS NOT NULL)
       AND plan_digest(plan_of_project(which)) IS DISTINCT FROM
           (SELECT digest FROM filed_plan WHERE project_id = which ORDER BY version DESC LIMIT 1) THEN
        RAISE EXCEPTION 'project % is filed: its plan changes by a filed amendment only', which
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER project_is_as_filed AFTER UPDATE ON project DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_unfiled_change();
CREATE CONSTRAINT TRIGGER budget_is_as_filed AFTER UPDATE OR DELETE ON budget_line DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_unfiled_change();
"""
UNLOCK = """
DROP TRIGGER project_is_as_filed ON project;
DROP TRIGGER budget_is_as_filed ON budget_line;
DROP FUNCTION refuse_unfiled_change();
"""
GRANTS = """
REVOKE UPDATE, DELETE ON filed_plan, project_terms FROM cishan_app;
REVOKE DELETE ON project_amendment, project_update FROM cishan_app;
"""
GRANTS_BACK = """
GRANT UPDATE, DELETE ON filed_plan, project_terms TO cishan_app;
GRANT DELETE ON project_amendment, project_update TO cishan_app;
"""

class Migration(QuickMigration):
    dependencies = [('cishan', '0019_disclosures')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Amendment',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('project', fields.ForeignKeyField('cishan.Project', source_field='project_id', db_constraint=True, to_field='id', related_name='amendments', on_delete=OnDelete.RESTRICT)),
                ('field', fields.CharField(max_length=24)),
                ('old_value', fields.TextField(unique=False)),
                ('new_value', fields.TextField(unique=False)),
                ('reason', fields.CharField(max_length=300)),
                ('status', fields.CharEnumField(description='PROPOSED: proposed\nDECIDED: decided\nFILED: filed\nDROPPED: dropped', enum_type=AmendmentStatus, max_length=10)),
                ('changed_on', fields.DateField()),
                ('due_on', fields.DateField()),
                ('proposed_by', fields.ForeignKeyField('cishan.Account', source_field='proposed_by_id', db_constraint=True, to_field='id', related_name='amendments_proposed', on_delete=OnDelete.RESTRICT)),
                ('proposed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('decided_by', fields.ForeignKeyField('cishan.Account', source_field='decided_by_id', null=True, db_constraint=True, to_field='id', related_name='amendments_decided', on_delete=OnDelete.RESTRICT)),
                ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('filed_on', fields.DateField(null=True)),
                ('applied_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('reminded_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'project_amendment', 'app': 'cishan', 'indexes': [Index(fields=['project_id', 'id'], name='ix_amendment_project')], 'pk_attr': 'id', 'table_description': 'A change of one filed field: what, from what, to what, why; due at civil affairs by the end of `due_on`.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FiledPlan',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('project', fields.ForeignKeyField('cishan.Project', source_field='project_id', db_constraint=True, to_field='id', related_name='filed_plans', on_delete=OnDelete.RESTRICT)),
                ('version', fields.SmallIntField()),
                ('plan', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('digest', fields.CharField(max_length=64)),
                ('filed_on', fields.DateField()),
                ('kept_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'filed_plan', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'Append-only archive (募捐办法 art. 15): the plan as it was filed, and again after each amendment.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ProjectTerms',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charity', fields.ForeignKeyField('cishan.Charity', source_field='charity_id', db_constraint=True, to_field='id', related_name='project_terms', on_delete=OnDelete.RESTRICT)),
                ('valid_from', fields.DateField()),
                ('notice_days', fields.SmallIntField()),
                ('longest_years', fields.SmallIntField()),
                ('longest_emergency_years', fields.SmallIntField()),
                ('emergency_filing_days', fields.SmallIntField()),
                ('amendment_days', fields.SmallIntField()),
                ('capacity_fen', fields.BigIntField()),
                ('cost_permille', fields.SmallIntField()),
            ],
            options={'table': 'project_terms', 'app': 'cishan', 'pk_attr': 'id', 'table_description': 'The figures that rules set, from a day on. Append-only; the defaults of `rules.py` hold until there are any.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ProjectUpdate',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('project', fields.ForeignKeyField('cishan.Project', source_field='project_id', db_constraint=True, to_field='id', related_name='updates', on_delete=OnDelete.RESTRICT)),
                ('title', fields.CharField(max_length=60)),
                ('text', fields.TextField(unique=False)),
                ('picture', fields.ForeignKeyField('cishan.Picture', source_field='picture_id', null=True, db_constraint=True, to_field='id', related_name='project_updates', on_delete=OnDelete.RESTRICT)),
                ('written_by', fields.ForeignKeyField('cishan.Account', source_field='written_by_id', db_constraint=True, to_field='id', related_name='updates_written', on_delete=OnDelete.RESTRICT)),
                ('written_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('reviewed_by', fields.ForeignKeyField('cishan.Account', source_field='reviewed_by_id', null=True, db_constraint=True, to_field='id', related_name='updates_reviewed', on_delete=OnDelete.RESTRICT)),
                ('reviewed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('published', fields.BooleanField(default=False, db_default=False)),
            ],
            options={'table': 'project_update', 'app': 'cishan', 'indexes': [Index(fields=['project_id', 'id'], name='ix_project_update'), Index(fields=['picture_id'], name='ix_project_update_picture')], 'pk_attr': 'id', 'table_description': 'How a project goes on, in words and perhaps a picture; public once another person has read it.'},
            bases=['Model'],
        ),
        ops.AlterField(
            model_name='Invitation',
            name='role',
            field=fields.CharEnumField(description='DONOR: donor\nORGANISATION: organisation\nCOORDINATOR: coordinator\nTOWN_REVIEWER: town_reviewer\nEDITOR: editor\nFINANCE: finance\nBOOKKEEPER: bookkeeper\nCASHIER: cashier\nDIRECTOR: director\nSUPERVISOR: supervisor\nADMIN: admin', enum_type=Role, max_length=16),
        ),
        ops.RemoveConstraint(
            model_name='Project',
            name='ck_project_sums',
            fields=None,
        ),
        ops.RemoveConstraint(
            model_name='Project',
            name='ck_project_dates',
            fields=None,
        ),
        ops.RemoveConstraint(
            model_name='Project',
            name='ck_project_filed',
            fields=None,
        ),
        ops.AlterModelOptions(
            name='Project',
            options={'table': 'project', 'app': 'cishan', 'constraints': [UniqueConstraint(fields=('fund_id',), name='uq_project_fund'), CheckConstraint(check="target_fen >= 0 AND cost_fen >= 0 AND (status IN ('draft', 'withdrawn') OR (target_fen > 0 AND cost_fen < target_fen))", name='ck_project_sums'), CheckConstraint(check="status IN ('draft', 'withdrawn') OR (ends_at > starts_at AND num_nulls(starts_at, ends_at, use_ends_on, leader_id, surplus_rule, at_target) = 0)", name='ck_project_whole'), CheckConstraint(check="(filing_number IS NULL) = (filed_on IS NULL) AND (filed_on IS NULL OR fund_id IS NOT NULL) AND (filed_on IS NOT NULL OR status IN ('draft', 'decided', 'withdrawn') OR (kind = 'emergency' AND status <> 'settled' AND filing_due_at IS NOT NULL))", name='ck_project_filed'), CheckConstraint(check="opened_at >= (may_open_on::timestamp AT TIME ZONE 'Asia/Shanghai')", name='ck_project_notice'), CheckConstraint(check='decided_by_id <> created_by_id', name='ck_project_two_people'), CheckConstraint(check="opened_at IS NOT NULL OR status NOT IN ('open', 'paused', 'closed', 'settled')", name='ck_project_opened'), CheckConstraint(check="status NOT IN ('closed', 'settled') OR closed_at IS NOT NULL", name='ck_project_closed'), CheckConstraint(check="(status = 'settled') = (settled_at IS NOT NULL)", name='ck_project_settled')], 'indexes': [Index(fields=['status', 'ends_at'], name='ix_project_status')], 'pk_attr': 'id', 'table_description': "`fund` is opened with the filing number, so that no money exists before the filing; an emergency's when it begins."},
        ),
        ops.AlterField(
            model_name='Project',
            name='at_target',
            field=fields.CharEnumField(null=True, description='GO_ON: go_on\nSTOP: stop', enum_type=AtTarget, max_length=8),
        ),
        ops.AlterField(
            model_name='Project',
            name='beneficiaries_count',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AlterField(
            model_name='Project',
            name='ends_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AlterField(
            model_name='Project',
            name='leader',
            field=fields.ForeignKeyField('cishan.Account', source_field='leader_id', null=True, db_constraint=True, to_field='id', related_name='projects_led', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='Project',
            name='starts_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AlterField(
            model_name='Project',
            name='surplus_rule',
            field=fields.CharEnumField(null=True, description='SAME_PURPOSE: same_purpose\nNEAR_PURPOSE: near_purpose', enum_type=SurplusRule, max_length=12),
        ),
        ops.AlterField(
            model_name='Project',
            name='target_fen',
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AlterField(
            model_name='Project',
            name='use_ends_on',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Project',
            name='cost_words',
            field=fields.CharField(default='', max_length=200),
        ),
        ops.AddField(
            model_name='Project',
            name='filing_due_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Project',
            name='filing_reminded_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Project',
            name='may_open_on',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Project',
            name='reach',
            field=fields.CharEnumField(default=Reach.PUBLIC, description='PUBLIC: public\nMEMBERS: members\nCOMMUNITY: community', db_default='public', enum_type=Reach, max_length=10),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=CheckConstraint(check="target_fen >= 0 AND cost_fen >= 0 AND (status IN ('draft', 'withdrawn') OR (target_fen > 0 AND cost_fen < target_fen))", name='ck_project_sums'),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=CheckConstraint(check="status IN ('draft', 'withdrawn') OR (ends_at > starts_at AND num_nulls(starts_at, ends_at, use_ends_on, leader_id, surplus_rule, at_target) = 0)", name='ck_project_whole'),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=CheckConstraint(check="(filing_number IS NULL) = (filed_on IS NULL) AND (filed_on IS NULL OR fund_id IS NOT NULL) AND (filed_on IS NOT NULL OR status IN ('draft', 'decided', 'withdrawn') OR (kind = 'emergency' AND status <> 'settled' AND filing_due_at IS NOT NULL))", name='ck_project_filed'),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=CheckConstraint(check="opened_at >= (may_open_on::timestamp AT TIME ZONE 'Asia/Shanghai')", name='ck_project_notice'),
        ),
        ops.AddConstraint(
            model_name='Project',
            constraint=CheckConstraint(check='decided_by_id <> created_by_id', name='ck_project_two_people'),
        ),
        ops.AlterField(
            model_name='RoleGrant',
            name='role',
            field=fields.CharEnumField(description='DONOR: donor\nORGANISATION: organisation\nCOORDINATOR: coordinator\nTOWN_REVIEWER: town_reviewer\nEDITOR: editor\nFINANCE: finance\nBOOKKEEPER: bookkeeper\nCASHIER: cashier\nDIRECTOR: director\nSUPERVISOR: supervisor\nADMIN: admin', enum_type=Role, max_length=16),
        ),
        ops.AlterField(
            model_name='RoleProposal',
            name='role',
            field=fields.CharEnumField(description='DONOR: donor\nORGANISATION: organisation\nCOORDINATOR: coordinator\nTOWN_REVIEWER: town_reviewer\nEDITOR: editor\nFINANCE: finance\nBOOKKEEPER: bookkeeper\nCASHIER: cashier\nDIRECTOR: director\nSUPERVISOR: supervisor\nADMIN: admin', enum_type=Role, max_length=16),
        ),
        ops.AlterField(
            model_name='RoleProposal',
            name='role_before',
            field=fields.CharEnumField(null=True, description='DONOR: donor\nORGANISATION: organisation\nCOORDINATOR: coordinator\nTOWN_REVIEWER: town_reviewer\nEDITOR: editor\nFINANCE: finance\nBOOKKEEPER: bookkeeper\nCASHIER: cashier\nDIRECTOR: director\nSUPERVISOR: supervisor\nADMIN: admin', enum_type=Role, max_length=16),
        ),
        ops.AddConstraint(
            model_name='Amendment',
            constraint=UniqueConstraint(fields=('project_id', 'field'), name='uq_amendment_open', condition="status IN ('proposed', 'decided')"),
        ),
        ops.AddConstraint(
            model_name='Amendment',
            constraint=CheckConstraint(check='decided_by_id <> proposed_by_id', name='ck_amendment_two_people'),
        ),
        ops.AddConstraint(
            model_name='Amendment',
            constraint=CheckConstraint(check="(status = 'filed') = (applied_at IS NOT NULL) AND (applied_at IS NULL) = (filed_on IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL) AND (decided_at IS NOT NULL OR status IN ('proposed', 'dropped'))", name='ck_amendment_status'),
        ),
        ops.AddConstraint(
            model_name='FiledPlan',
            constraint=UniqueConstraint(fields=('project_id', 'version'), name='uq_filed_plan'),
        ),
        ops.AddConstraint(
            model_name='ProjectTerms',
            constraint=UniqueConstraint(fields=('charity_id', 'valid_from'), name='uq_project_terms'),
        ),
        ops.AddConstraint(
            model_name='ProjectTerms',
            constraint=CheckConstraint(check='least(notice_days, longest_years, longest_emergency_years, emergency_filing_days, amendment_days, cost_permille) >= 0 AND capacity_fen > 0', name='ck_project_terms'),
        ),
        ops.AddConstraint(
            model_name='ProjectUpdate',
            constraint=CheckConstraint(check='reviewed_by_id <> written_by_id', name='ck_update_two_people'),
        ),
        ops.AddConstraint(
            model_name='ProjectUpdate',
            constraint=CheckConstraint(check='(reviewed_at IS NULL) = (reviewed_by_id IS NULL) AND (reviewed_at IS NOT NULL OR NOT published)', name='ck_update_reviewed'),
        ),
        ops.AlterField(
            model_name='Picture',
            name='use',
            field=fields.CharEnumField(description='WISH: wish\nVOUCHER: voucher\nHANDOVER: handover\nSLIP: slip\nPROJECT: project', enum_type=PictureUse, max_length=8),
        ),
        ops.RunSQL(sql=PLAN, reverse_sql="DROP FUNCTION plan_digest(jsonb); DROP FUNCTION plan_of_project(bigint);"),
        ops.RunSQL(sql=LOCKED, reverse_sql=UNLOCK),
        ops.RunSQL(sql=GRANTS, reverse_sql=GRANTS_BACK),
    ]

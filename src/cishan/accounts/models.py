"""Accounts, role grants, sessions, invitations and sign-in codes. Phones and names are sealed."""

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.states import AccountKind, CodePurpose, Role


class Organisation(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=120)
    uscc = fields.CharField(max_length=18, unique=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "organisation"


class Account(Model):
    id = fields.BigIntField(primary_key=True)
    kind = fields.CharEnumField(AccountKind, max_length=8)
    phone_sealed = fields.BinaryField()
    phone_index = fields.CharField(max_length=64)
    name_sealed = fields.BinaryField()
    password_hash = fields.CharField(max_length=200, null=True)
    organisation: fields.ForeignKeyNullableRelation[Organisation] = fields.ForeignKeyField(
        "cishan.Organisation", null=True, on_delete=fields.RESTRICT
    )
    elder_mode = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()
    disabled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "account"
        constraints = [UniqueConstraint(fields=("phone_index", "kind"), name="uq_account_phone")]


class RoleGrant(Model):
    """A staff member's role in a division; at most one live grant an account."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="grants", on_delete=fields.RESTRICT
    )
    role = fields.CharEnumField(Role, max_length=16)
    division_code = fields.CharField(max_length=12, db_index=True)
    granted_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="grants_given", null=True, on_delete=fields.RESTRICT
    )
    granted_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "role_grant"
        constraints = [
            UniqueConstraint(fields=("account_id",), name="uq_role_grant_live", condition="ended_at IS NULL")
        ]


class Session(Model):
    """A signed-in device. Only the SHA-256 of its token is kept."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="sessions", db_index=True, on_delete=fields.RESTRICT
    )
    device = fields.CharField(max_length=60)
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "session"


class Invitation(Model):
    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    phone_sealed = fields.BinaryField()
    phone_index = fields.CharField(max_length=64)
    name_sealed = fields.BinaryField()
    role = fields.CharEnumField(Role, max_length=16)
    division_code = fields.CharField(max_length=12)
    invited_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="invitations_sent", null=True, on_delete=fields.RESTRICT
    )
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "invitation"


class RoleProposal(Model):
    """Another role for somebody, proposed by one administrator; `agreed` when another one has confirmed it."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="role_proposals", on_delete=fields.RESTRICT
    )
    role_before = fields.CharEnumField(Role, max_length=16, null=True)
    role = fields.CharEnumField(Role, max_length=16)
    division_code = fields.CharField(max_length=12)
    proposed_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="role_proposals_made", on_delete=fields.RESTRICT
    )
    proposed_at = fields.DatetimeField()
    decided_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="role_proposals_decided", null=True, on_delete=fields.RESTRICT
    )
    decided_at = fields.DatetimeField(null=True)
    agreed = fields.BooleanField(default=False)

    class Meta:
        table = "role_proposal"
        constraints = [
            UniqueConstraint(fields=("account_id",), name="uq_role_proposal_open", condition="decided_at IS NULL"),
            CheckConstraint(
                check="NOT agreed OR (decided_at IS NOT NULL AND decided_by_id IS NOT NULL "
                "AND decided_by_id <> proposed_by_id AND decided_by_id <> account_id)",
                name="ck_role_proposal_two_people",
            ),
            CheckConstraint(check="proposed_by_id <> account_id", name="ck_role_proposal_not_own"),
        ]


class SignInCode(Model):
    """A six-digit code sent by SMS; lives ten minutes and five tries (ASVS 6.5.5)."""

    id = fields.BigIntField(primary_key=True)
    phone_index = fields.CharField(max_length=64, db_index=True)
    purpose = fields.CharEnumField(CodePurpose, max_length=8)
    code_hash = fields.CharField(max_length=64)
    tries_left = fields.SmallIntField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "sign_in_code"


class RateBucket(Model):
    """How often something was tried in a window; the key is a digest, never a phone."""

    key = fields.CharField(max_length=80, primary_key=True)
    window_started_at = fields.DatetimeField()
    count = fields.IntField()

    class Meta:
        table = "rate_bucket"

"""Households, persons, memberships, groups, consents, un-maskings and grants to read a minor's record."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.accounts.models import Account
from cishan.households.states import ConsentMethod, ConsentPurpose, Group, MembershipEnd, SealedField


class Household(Model):
    """A family at an address. `imported` ones came with the bureau's file, so no coordinator has filed them."""

    id = fields.BigIntField(primary_key=True)
    case_number = fields.CharField(max_length=24, unique=True)
    division_code = fields.CharField(max_length=12, db_index=True)
    address_sealed = fields.BinaryField()
    opened_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="households_opened", on_delete=fields.RESTRICT
    )
    opened_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)
    imported = fields.BooleanField(default=False)

    class Meta:
        table = "household"


class FormerAddress(Model):
    """Append-only: where a household lived until a day. Its own row holds where it lives now."""

    id = fields.BigIntField(primary_key=True)
    household: fields.ForeignKeyRelation[Household] = fields.ForeignKeyField(
        "cishan.Household", related_name="former_addresses", db_index=True, on_delete=fields.RESTRICT
    )
    division_code = fields.CharField(max_length=12)
    address_sealed = fields.BinaryField()
    until_on = fields.DateField()

    class Meta:
        table = "former_address"


class Person(Model):
    """`id_number_index` is a keyed digest, so that one ID number is one person without being readable."""

    id = fields.BigIntField(primary_key=True)
    name_sealed = fields.BinaryField()
    id_number_sealed = fields.BinaryField()
    id_number_index = fields.CharField(max_length=64, unique=True)
    phone_sealed = fields.BinaryField(null=True)
    birth_year = fields.SmallIntField()

    class Meta:
        table = "person"


class Membership(Model):
    id = fields.BigIntField(primary_key=True)
    household: fields.ForeignKeyRelation[Household] = fields.ForeignKeyField(
        "cishan.Household", related_name="memberships", db_index=True, on_delete=fields.RESTRICT
    )
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "cishan.Person", related_name="memberships", db_index=True, on_delete=fields.RESTRICT
    )
    relation = fields.CharField(max_length=12)
    from_on = fields.DateField()
    to_on = fields.DateField(null=True)
    end_reason = fields.CharEnumField(MembershipEnd, max_length=8, null=True)

    class Meta:
        table = "membership"
        constraints = [
            UniqueConstraint(fields=("person_id",), name="uq_membership_live", condition="to_on IS NULL"),
            CheckConstraint(
                check="(to_on IS NULL) = (end_reason IS NULL) AND (to_on IS NULL OR to_on >= from_on)",
                name="ck_membership_end",
            ),
        ]


class GroupMembership(Model):
    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "cishan.Person", related_name="groups", db_index=True, on_delete=fields.RESTRICT
    )
    group = fields.CharEnumField(Group, max_length=20)
    from_on = fields.DateField()
    to_on = fields.DateField(null=True)

    class Meta:
        table = "group_membership"
        constraints = [
            UniqueConstraint(fields=("person_id", "group"), name="uq_group_membership_live", condition="to_on IS NULL")
        ]


class Consent(Model):
    id = fields.BigIntField(primary_key=True)
    household: fields.ForeignKeyRelation[Household] = fields.ForeignKeyField(
        "cishan.Household", related_name="consents", on_delete=fields.RESTRICT
    )
    purpose = fields.CharEnumField(ConsentPurpose, max_length=16)
    text_version = fields.CharField(max_length=20)
    method = fields.CharEnumField(ConsentMethod, max_length=12)
    signed_by_sealed = fields.BinaryField()
    recorded_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="consents_recorded", on_delete=fields.RESTRICT
    )
    given_at = fields.DatetimeField()
    withdrawn_at = fields.DatetimeField(null=True)

    class Meta:
        table = "consent"
        constraints = [
            UniqueConstraint(
                fields=("household_id", "purpose"), name="uq_consent_live", condition="withdrawn_at IS NULL"
            )
        ]


class Unmasking(Model):
    """Append-only: who saw which sealed field of whom, and why (R-22, R-27)."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="unmaskings", on_delete=fields.RESTRICT
    )
    household: fields.ForeignKeyRelation[Household] = fields.ForeignKeyField(
        "cishan.Household", related_name="unmaskings", db_index=True, on_delete=fields.RESTRICT
    )
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "cishan.Person", related_name="unmaskings", null=True, on_delete=fields.RESTRICT
    )
    field = fields.CharEnumField(SealedField, max_length=12)
    reason = fields.CharField(max_length=200)
    at = fields.DatetimeField()

    class Meta:
        table = "unmasking"
        indexes = [Index(fields=("account_id", "at"), name="ix_unmasking_account")]


class MinorGrant(Model):
    """Leave to read the record of someone under 18, for 24 hours (未成年人网络保护条例 art. 36)."""

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "cishan.Person", related_name="minor_grants", on_delete=fields.RESTRICT
    )
    grantee: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="minor_grants", on_delete=fields.RESTRICT
    )
    granted_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "cishan.Account", related_name="minor_grants_given", on_delete=fields.RESTRICT
    )
    reason = fields.CharField(max_length=200)
    granted_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "minor_grant"
        indexes = [Index(fields=("grantee_id", "person_id"), name="ix_minor_grant")]
        constraints = [CheckConstraint(check="grantee_id <> granted_by_id", name="ck_minor_grant_two_people")]

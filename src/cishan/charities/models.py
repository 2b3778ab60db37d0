"""Charity, certificates, filed funds and merchant accounts. Private keys are files, never rows."""

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from cishan.charities.states import CertificateKind, FundKind, KeySide, LegalMode


class Charity(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=80)
    uscc = fields.CharField(max_length=18, unique=True)
    division_code = fields.CharField(max_length=12)
    legal_mode = fields.CharEnumField(LegalMode, max_length=16)
    designation_number = fields.CharField(max_length=60, null=True)
    contact_phone = fields.CharField(max_length=20)
    report_phone = fields.CharField(max_length=20)
    address = fields.CharField(max_length=120)
    platform_url = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()
    bank_name = fields.CharField(max_length=60, default="", db_default="")
    bank_number = fields.CharField(max_length=32, default="", db_default="")
    """Its account for transfers, in its own name; both empty while it takes none."""

    class Meta:
        table = "charity"
        constraints = [CheckConstraint(check="(bank_name = '') = (bank_number = '')", name="ck_charity_bank")]


class Certificate(Model):
    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="certificates", on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(CertificateKind, max_length=20)
    number = fields.CharField(max_length=60)
    issued_by = fields.CharField(max_length=80)
    valid_from = fields.DateField()
    valid_to = fields.DateField(null=True)

    class Meta:
        table = "certificate"
        constraints = [UniqueConstraint(fields=("charity_id", "kind", "number"), name="uq_certificate")]


class Fund(Model):
    """A filed purpose with its own wall in the ledger (慈善法 arts 54, 56). One filing number, one fund.

    A fund takes money from `takes_from` until `takes_until`, and never more than `cap_fen` where the plan stops at its
    target; empty ones bound nothing, as for the 微心愿 fund. `held_fen` is what allocations set aside and no approved
    payout has used yet; payouts alone write it, under this row's lock.
    """

    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="funds", on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(FundKind, max_length=8)
    name = fields.CharField(max_length=80)
    filing_number = fields.CharField(max_length=60, unique=True)
    purpose = fields.TextField()
    opened_on = fields.DateField()
    takes_from = fields.DatetimeField(null=True)
    takes_until = fields.DatetimeField(null=True)
    cap_fen = fields.BigIntField(null=True)
    held_fen = fields.BigIntField(default=0, db_default=0)

    class Meta:
        table = "fund"
        constraints = [
            UniqueConstraint(fields=("charity_id",), name="uq_fund_wish", condition="kind = 'wish'"),
            CheckConstraint(check="cap_fen > 0", name="ck_fund_cap"),
            CheckConstraint(check="held_fen >= 0", name="ck_fund_held"),
        ]


class MerchantAccount(Model):
    id = fields.BigIntField(primary_key=True)
    charity: fields.ForeignKeyRelation[Charity] = fields.ForeignKeyField(
        "cishan.Charity", related_name="merchant_accounts", on_delete=fields.RESTRICT
    )
    app_id = fields.CharField(max_length=32, unique=True)
    seller_id = fields.CharField(max_length=16)
    gateway_url = fields.CharField(max_length=200)
    active = fields.BooleanField(default=True)
    transfers = fields.BooleanField(default=False, db_default=False)
    """Whether the contract allows transfers to accounts (alipay.fund.trans.uni.transfer)."""

    class Meta:
        table = "merchant_account"
        constraints = [UniqueConstraint(fields=("charity_id",), name="uq_merchant_active", condition="active")]


class MerchantKey(Model):
    """A key pair's public half, by its fingerprint: whose it is, since when, until when; the key itself is a file.

    `use_until` is the day by which somebody wants it replaced, or its certificate ends; `warned_days` is the last step of
    which administrators were told.
    """

    id = fields.BigIntField(primary_key=True)
    merchant: fields.ForeignKeyRelation[MerchantAccount] = fields.ForeignKeyField(
        "cishan.MerchantAccount", related_name="keys", on_delete=fields.RESTRICT
    )
    side = fields.CharEnumField(KeySide, max_length=6)
    fingerprint = fields.CharField(max_length=64)
    since = fields.DatetimeField()
    use_until = fields.DateField(null=True)
    warned_days = fields.SmallIntField(null=True)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "merchant_key"
        constraints = [UniqueConstraint(fields=("merchant_id", "side", "fingerprint"), name="uq_merchant_key")]

"""The only writers of the charity's own facts: used by `cishan setup` and `cishan demo`."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from stdnum.cn import uscc as uscc_number
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from cishan.charities.models import Certificate, Charity, Fund, MerchantAccount
from cishan.charities.states import CertificateKind, FundKind, LegalMode
from cishan.errors import Conflict, InvalidInput

BANK_NUMBER = re.compile(r"\d{8,32}", re.ASCII)


@dataclass(frozen=True)
class CharityFacts:
    """What a deployment states of its charity. `certificate_number` may be empty outside public fundraising."""

    name: str
    uscc: str
    division_code: str
    legal_mode: LegalMode
    contact_phone: str
    report_phone: str
    address: str
    registration_number: str
    certificate_number: str
    certificate_from: date
    fund_name: str
    filing_number: str
    fund_purpose: str
    designation_number: str = ""
    platform_url: str = ""
    bank_name: str = ""
    bank_number: str = ""


async def set_up_charity(facts: CharityFacts, *, now: datetime) -> Charity:
    """Creates the charity with its certificates and its filed 微心愿 fund.

    Raises InvalidInput for a wrong unified code (GB 32100-2015), or for the public mode without a certificate
    (慈善法 arts 22-23).
    """
    _check(facts)
    _check_bank(facts.bank_name, facts.bank_number)
    async with in_transaction():
        charity = await Charity.create(
            name=facts.name,
            uscc=facts.uscc,
            division_code=facts.division_code,
            legal_mode=facts.legal_mode,
            designation_number=facts.designation_number or None,
            contact_phone=facts.contact_phone,
            report_phone=facts.report_phone,
            address=facts.address,
            platform_url=facts.platform_url or None,
            bank_name=facts.bank_name,
            bank_number=facts.bank_number,
            created_at=now,
        )
        for kind, number in (
            (CertificateKind.REGISTRATION, facts.registration_number),
            (CertificateKind.PUBLIC_FUNDRAISING, facts.certificate_number),
        ):
            if number:
                await Certificate.create(
                    charity=charity,
                    kind=kind,
                    number=number,
                    issued_by="民政部门",
                    valid_from=facts.certificate_from,
                )
        await Fund.create(
            charity=charity,
            kind=FundKind.WISH,
            name=facts.fund_name,
            filing_number=facts.filing_number,
            purpose=facts.fund_purpose,
            opened_on=facts.certificate_from,
        )
    return charity


async def set_bank_account(charity_id: int, *, bank_name: str, bank_number: str) -> None:
    """Says to which account companies transfer their gifts, in the charity's own name (募捐办法 art. 22); empty takes none.

    Raises InvalidInput for half of it, or for a number that is none.
    """
    _check_bank(bank_name, bank_number)
    await Charity.filter(id=charity_id).update(bank_name=bank_name, bank_number=bank_number)


async def set_up_merchant(charity_id: int, *, app_id: str, seller_id: str, gateway_url: str) -> MerchantAccount:
    """Makes this the charity's active merchant account; the one before is kept, inactive.

    Raises Conflict for numbers that are another charity's: nobody's money is collected under somebody else's (R-5).
    """
    async with in_transaction():
        taken = MerchantAccount.filter(Q(app_id=app_id) | Q(seller_id=seller_id)).exclude(charity_id=charity_id)
        if await taken.exists():
            raise Conflict("这个应用编号或者商户号是别的慈善组织的。每个慈善组织只能用自己的收款账户。")
        await MerchantAccount.filter(charity_id=charity_id, active=True).update(active=False)
        merchant, _ = await MerchantAccount.update_or_create(
            app_id=app_id,
            defaults={"charity_id": charity_id, "seller_id": seller_id, "gateway_url": gateway_url, "active": True},
        )
        return merchant


async def allow_transfers(app_id: str, *, allowed: bool) -> None:
    """Says whether the contract of a merchant account allows transfers; raises InvalidInput for an account that is not there."""
    if not await MerchantAccount.filter(app_id=app_id).update(transfers=allowed):
        raise InvalidInput({"app_id": "没有这个应用编号。"})


def _check_bank(bank_name: str, bank_number: str) -> None:
    wrong: dict[str, str] = {}
    if bool(bank_name) != bool(bank_number):
        wrong["bank_name"] = "开户行和银行账号要一起填，或者都不填。"
    if bank_number and not BANK_NUMBER.fullmatch(bank_number):
        wrong["bank_number"] = "银行账号是 8 到 32 位数字。"
    if wrong:
        raise InvalidInput(wrong)


def _check(facts: CharityFacts) -> None:
    wrong: dict[str, str] = {}
    if not uscc_number.is_valid(facts.uscc):
        wrong["uscc"] = "统一社会信用代码不对，请对照证书再输一次。"
    if facts.legal_mode is LegalMode.OWN_SITE and not facts.certificate_number:
        wrong["certificate_number"] = "对公众募捐必须有公开募捐资格证书。没有证书的，请选定向募捐或社区互助。"
    if not facts.filing_number:
        wrong["filing_number"] = "请填写微心愿项目的备案编号。"
    if wrong:
        raise InvalidInput(wrong)

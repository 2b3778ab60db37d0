"""Everything help needs, through the product's own actions: a fund with money at the bank, people, a family, an account."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx2
from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.models import Fund
from cishan.charities.states import FundKind
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.ledger.actions import Source, book_withdrawal
from cishan.payouts.allocating import Share, allocate
from cishan.payouts.applying import Application, apply_for, approve_payout
from cishan.payouts.payees import PayeeFacts, enter_payee, verify_payee
from cishan.payouts.paying import make_file, record_paid
from cishan.payouts.states import PayeeKind, PayoutKind
from cishan.plans.states import AtTarget, ProjectKind, SurplusRule
from cishan.projects.models import BudgetLine, Project
from cishan.projects.states import ProjectStatus
from cishan.sealing import Sealer
from donations.donation_makers import pay, pledge
from makers import (
    CITY,
    COUNTY,
    TOWN,
    VILLAGE,
    make_charity,
    make_donor,
    make_household,
    make_staff,
)

CARD = "6222021602000012345"


@dataclass(frozen=True)
class Bureau:
    """The people of help, each with one hand in it, and the fund they spend."""

    charity_id: int
    fund_id: int
    coordinator: Viewer
    town: Viewer
    editor: Viewer
    city_editor: Viewer
    finance: Viewer
    second_finance: Viewer
    cashier: Viewer
    sealer: Sealer
    clock: SteppedClock


async def make_bureau(sealer: Sealer, clock: SteppedClock, *, given_fen: int = 1_000_000) -> Bureau:
    """A charity whose fund was given a sum that has come to the bank. No one's name is that of the family."""
    now = clock.now()
    found = await rows("SELECT id FROM charity ORDER BY id LIMIT 1")
    charity_id = found[0]["id"] if found else (await make_charity(now=now)).id
    fund_id = (await rows("SELECT id FROM fund WHERE charity_id = $1 AND kind = 'wish'", charity_id))[0]["id"]
    bureau = Bureau(
        charity_id=charity_id,
        fund_id=fund_id,
        coordinator=await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=now, name="周协理"),
        town=await make_staff(Role.TOWN_REVIEWER, TOWN, sealer=sealer, now=now, name="郑审核"),
        editor=await make_staff(Role.EDITOR, COUNTY, sealer=sealer, now=now, name="冯编辑"),
        city_editor=await make_staff(Role.EDITOR, CITY, sealer=sealer, now=now, name="褚编辑"),
        finance=await make_staff(Role.FINANCE, CITY, sealer=sealer, now=now, name="卫财务"),
        second_finance=await make_staff(Role.FINANCE, CITY, sealer=sealer, now=now, name="蒋财务"),
        cashier=await make_staff(Role.CASHIER, CITY, sealer=sealer, now=now, name="沈出纳"),
        sealer=sealer,
        clock=clock,
    )
    if given_fen:
        await give(bureau, given_fen)
    return bureau


async def give(bureau: Bureau, amount_fen: int, *, donor: Viewer | None = None) -> None:
    """A donation that is paid and withdrawn to the bank."""
    now = bureau.clock.now()
    donor = donor or await make_donor(sealer=bureau.sealer, now=now)
    pledged = await pledge(bureau.fund_id, amount_fen, donor=donor, now=now)
    await pay(pledged, sealer=bureau.sealer, now=now)
    source = Source("test_withdrawal", pledged.donation_id)
    async with in_transaction():
        await book_withdrawal(bureau.fund_id, amount_fen, source, arrived_at=now, now=now)


async def make_director(bureau: Bureau) -> Viewer:
    return await make_staff(Role.DIRECTOR, CITY, sealer=bureau.sealer, now=bureau.clock.now(), name="韩会长")


async def make_share(
    bureau: Bureau, amount_fen: int = 500_000, *, place: str = TOWN, case_limit_fen: int | None = None
) -> int:
    share = Share(place, "大病救助", amount_fen, case_limit_fen=case_limit_fen)
    return await allocate(bureau.fund_id, share, actor=bureau.finance, now=bureau.clock.now())


async def make_payee(
    bureau: Bureau,
    household_id: int | None = None,
    *,
    holder: str = "张秀英",
    number: str = CARD,
    kind: PayeeKind = PayeeKind.BANK,
) -> int:
    """An account that two people have looked at."""
    now = bureau.clock.now()
    home = household_id or await make_household(bureau.coordinator, sealer=bureau.sealer, now=now)
    facts = PayeeFacts(kind, holder, number, "德州银行德城支行" if kind is PayeeKind.BANK else "", home)
    payee_id = await enter_payee(facts, actor=bureau.coordinator, sealer=bureau.sealer, now=now)
    await verify_payee(payee_id, number, actor=bureau.town, sealer=bureau.sealer, now=now)
    return payee_id


async def make_application(
    bureau: Bureau, allocation_id: int, payee_id: int, amount_fen: int = 100_000, *, actor: Viewer | None = None
) -> int:
    asked = Application(
        PayoutKind.HOUSEHOLD, allocation_id, payee_id, amount_fen, "大病救助金", "母亲住院，自付六万元。"
    )
    return await apply_for(asked, actor=actor or bureau.town, sealer=bureau.sealer, now=bureau.clock.now())


async def make_village_payout(bureau: Bureau, amount_fen: int = 100_000) -> int:
    """A paid sum for a village's own work."""
    now = bureau.clock.now()
    facts = PayeeFacts(PayeeKind.BANK, "尉署社区居委会", CARD, "德州银行德城支行", division_code=VILLAGE)
    payee_id = await enter_payee(facts, actor=bureau.coordinator, sealer=bureau.sealer, now=now)
    await verify_payee(payee_id, CARD, actor=bureau.town, sealer=bureau.sealer, now=now)
    share = await make_share(bureau)
    asked = Application(PayoutKind.VILLAGE, share, payee_id, amount_fen, "路灯", "村口没有灯。")
    payout_id = await apply_for(asked, actor=bureau.town, sealer=bureau.sealer, now=now)
    await approve_with(bureau, payout_id, bureau.editor, bureau.finance)
    await send(bureau, payout_id)
    await record_paid(payout_id, paid_at=now, actor=bureau.cashier, now=now)
    return payout_id


async def approve_with(bureau: Bureau, payout_id: int, *people: Viewer) -> None:
    for person in people:
        await approve_payout(payout_id, actor=person, sealer=bureau.sealer, now=bureau.clock.now())


async def make_approved(bureau: Bureau, amount_fen: int = 100_000, *, allocation_id: int = 0) -> int:
    """Help for a new family that two people have approved."""
    share = allocation_id or await make_share(bureau)
    payout_id = await make_application(bureau, share, await make_payee(bureau), amount_fen)
    await approve_with(bureau, payout_id, bureau.editor, bureau.finance)
    return payout_id


async def send(bureau: Bureau, *payout_ids: int, cashier: Viewer | None = None) -> int:
    """Into a file for the bank."""
    return await make_file(payout_ids, actor=cashier or bureau.cashier, sealer=bureau.sealer, now=bureau.clock.now())


async def make_project_fund(bureau: Bureau, number: int, given_fen: int) -> tuple[Bureau, int]:
    """A filed project with its own fund, money in it and one budget line; the same people, and the line."""
    now = bureau.clock.now()
    fund = await Fund.create(
        charity_id=bureau.charity_id,
        kind=FundKind.PROJECT,
        name=f"项目{number}",
        filing_number=f"P-{number}",
        purpose="助困",
        opened_on=now.date(),
    )
    project = await Project.create(
        charity_id=bureau.charity_id,
        fund_id=fund.id,
        kind=ProjectKind.ORDINARY,
        status=ProjectStatus.OPEN,
        status_since=now,
        name=fund.name,
        purpose="助困",
        area_code=CITY,
        starts_at=now,
        ends_at=now + timedelta(days=90),
        use_ends_on=(now + timedelta(days=365)).date(),
        leader_id=bureau.editor.account_id,
        office="德州",
        ways="网上",
        bank_account="6222000000000000",
        bank_account_name="德州市慈善总会",
        target_fen=10_000_000,
        beneficiaries="困难家庭",
        beneficiaries_count=100,
        choosing="走访核实",
        surplus_rule=SurplusRule.SAME_PURPOSE,
        surplus_words="继续用于助困",
        at_target=AtTarget.GO_ON,
        filing_number=fund.filing_number,
        filed_on=now.date(),
        opened_at=now,
        created_by_id=bureau.editor.account_id,
        created_at=now,
    )
    line = await BudgetLine.create(project_id=project.id, position=1, name="救助", amount_fen=9_000_000)
    theirs = replace(bureau, fund_id=fund.id)
    await give(theirs, given_fen)
    return theirs, line.id


def key_of(page: httpx2.Response, ending: str = "") -> str:
    """The form key of a page: of the form whose key ends so."""
    found = re.search(rf'name="form_key" value="([^"]+{ending})"', page.text)
    assert found, page.text
    return found[1]

"""Help of the demo out of the 微心愿 fund: shares set aside, accounts, payouts at each stage, an invoice that is still to come."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cishan.charities.queries import Site
from cishan.clock import beijing_day
from cishan.demo.journey import Home
from cishan.demo.staff import Crew
from cishan.divisions.rules import town_of
from cishan.payouts.allocating import Share, allocate
from cishan.payouts.applying import Application, apply_for, approve_payout
from cishan.payouts.payees import PayeeFacts, enter_payee, verify_payee
from cishan.payouts.paying import make_file, record_paid
from cishan.payouts.states import PayeeKind, PayoutKind
from cishan.payouts.vouching import Proof, record_proof
from cishan.services import Services
from cishan.urgent.actions import UrgentNeed, agree, open_case
from cishan.urgent.deadlines import follow_urgent_cases
from cishan.urgent.states import UrgentCause

CARDS = ("6222021602000010001", "6222021602000010002", "6222021602000010003")
ALIPAY_ACCOUNT = "13800000000"
SHOP_CARD = "6222021602000010009"
INVOICE = "26372000000000001001"
SHARE_FEN, HELP_FEN = 20_000, 6_000
PURCHASE_FEN, INVOICED_FEN = 6_000, 4_000
RESERVE_FEN, CASE_LIMIT_FEN = 500_000, 200_000
URGENT = (
    (UrgentCause.FIRE, "火灾急难救助", "夜里厨房起火，烧掉了过冬的被褥和粮食。"),
    (UrgentCause.ILLNESS, "突发重病救助", "家里老人突发脑梗住院，手里没有钱交押金。"),
)
DAY = timedelta(days=1)


async def help_families(crew: Crew, site: Site, homes: Sequence[Home], services: Services, *, now: datetime) -> None:
    """Two families of one town have accounts, one of them at Alipay too; a third account waits to be compared."""
    sealer, first = services.sealer, homes[0]
    town = town_of(first.village)
    near = [home for home in homes if town_of(home.village) == town][: len(CARDS)]
    share = Share(town, "临时困难", SHARE_FEN)
    allocation = await allocate(site.fund_id, share, actor=crew.finance, now=now - 6 * DAY)
    payees = []
    for home, card in zip(near, CARDS, strict=True):
        facts = PayeeFacts(PayeeKind.BANK, "见存折", card, "示例银行", home.household_id)
        payee = await enter_payee(facts, actor=home.coordinator, sealer=sealer, now=now - 5 * DAY)
        payees.append(payee)
        if home is not near[-1]:
            await verify_payee(payee, card, actor=home.reviewer, sealer=sealer, now=now - 4 * DAY)
    payouts = []
    for payee in payees[:2]:
        asked = Application(
            PayoutKind.HOUSEHOLD, allocation, payee, HELP_FEN, "临时困难补助", "家里主要劳动力住院，收入断了两个月。"
        )
        payouts.append(await apply_for(asked, actor=near[0].reviewer, sealer=sealer, now=now - 3 * DAY))
    by_alipay = PayeeFacts(PayeeKind.ALIPAY, "见支付宝", ALIPAY_ACCOUNT, "", near[0].household_id)
    account = await enter_payee(by_alipay, actor=near[0].coordinator, sealer=sealer, now=now - 5 * DAY)
    await verify_payee(account, ALIPAY_ACCOUNT, actor=near[0].reviewer, sealer=sealer, now=now - 4 * DAY)
    asked = Application(PayoutKind.HOUSEHOLD, allocation, account, HELP_FEN, "助学补助", "孩子开学，学费还差一些。")
    payouts.append(await apply_for(asked, actor=near[0].reviewer, sealer=sealer, now=now - 3 * DAY))
    for payout_id in (payouts[0], payouts[-1]):
        for person in (crew.editor, crew.finance):
            await approve_payout(payout_id, actor=person, sealer=sealer, now=now - 2 * DAY)
    await make_file(payouts[:1], actor=crew.cashier, sealer=sealer, now=now - DAY)
    await _buy_for_all(crew, site, near[0], services, now=now)
    await _help_at_once(crew, site, near[0], payees[:2], town, services, now=now)


async def _buy_for_all(crew: Crew, site: Site, home: Home, services: Services, *, now: datetime) -> None:
    """A shop was paid for quilts and has brought one invoice of two."""
    sealer = services.sealer
    share = Share(town_of(home.village), "统一采购", PURCHASE_FEN)
    allocation = await allocate(site.fund_id, share, actor=crew.finance, now=now - 6 * DAY)
    shop = PayeeFacts(PayeeKind.BANK, "示例商贸有限公司", SHOP_CARD, "示例银行", division_code=home.village)
    payee = await enter_payee(shop, actor=home.coordinator, sealer=sealer, now=now - 6 * DAY)
    await verify_payee(payee, SHOP_CARD, actor=home.reviewer, sealer=sealer, now=now - 6 * DAY)
    why, prices = "入冬前给独居老人统一买棉被，质量一样，价钱更低。", "比过三家，这家每床便宜 12 元。"
    asked = Application(PayoutKind.PURCHASE, allocation, payee, PURCHASE_FEN, "过冬棉被", why, price_note=prices)
    payout_id = await apply_for(asked, actor=home.reviewer, sealer=sealer, now=now - 6 * DAY)
    for person in (crew.editor, crew.finance):
        await approve_payout(payout_id, actor=person, sealer=sealer, now=now - 5 * DAY)
    await make_file([payout_id], actor=crew.cashier, sealer=sealer, now=now - 5 * DAY)
    await record_paid(payout_id, paid_at=now - 4 * DAY, actor=crew.cashier, now=now - 4 * DAY)
    invoice = Proof(INVOICE, beijing_day(now - 3 * DAY), INVOICED_FEN, "棉被 4 床")
    await record_proof(payout_id, invoice, actor=home.reviewer, now=now - 2 * DAY)


async def _help_at_once(
    crew: Crew, site: Site, home: Home, payees: Sequence[int], town: str, services: Services, *, now: datetime
) -> None:
    """The town's reserve; one family was helped after a fire and waits for its visit, another's case waits for a decision."""
    sealer = services.sealer
    share = Share(town, "急难", RESERVE_FEN, case_limit_fen=CASE_LIMIT_FEN)
    reserve = await allocate(site.fund_id, share, actor=crew.finance, now=now - 6 * DAY)
    opened = []
    for (cause, what, reason), payee, days in zip(URGENT, payees, (4, 0), strict=True):
        need = UrgentNeed(reserve, payee, cause, CASE_LIMIT_FEN, what, reason)
        opened.append(await open_case(need, actor=home.reviewer, sealer=sealer, now=now - days * DAY))
    for person in (crew.editor, crew.finance):
        await agree(opened[0], "情况属实，先行救助。", actor=person, sealer=sealer, now=now - 4 * DAY)
    await make_file(opened[:1], actor=crew.cashier, sealer=sealer, now=now - 3 * DAY)
    await record_paid(opened[0], paid_at=now - 2 * DAY, actor=crew.cashier, now=now - 2 * DAY)
    await follow_urgent_cases(limit=10, sealer=sealer, now=now)

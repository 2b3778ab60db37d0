"""Families that are helped at once: a town's reserve, a case decided within the day, its money, and the visit afterwards."""

from collections.abc import Sequence
from random import Random

from cishan.divisions.rules import town_of
from cishan.payouts.allocating import Share, allocate
from cishan.payouts.payees import PayeeFacts, enter_payee, verify_payee
from cishan.payouts.paying import make_file, record_paid
from cishan.payouts.states import PayeeKind
from cishan.payouts.transferring import begin_transfers
from cishan.simulate.helping import Home
from cishan.simulate.scene import Scene
from cishan.urgent.actions import UrgentNeed, agree, confirm_finding, open_case, write_finding
from cishan.urgent.states import UrgentCause

CARD = 6_222_021_604_000_000_000
PHONE = 13_900_000_000
"""A mobile phone's number is what people sign in with at Alipay."""
LIMIT_FEN = 50_000
CASES = (
    (UrgentCause.FIRE, "火灾急难救助", "夜里起火，烧掉了粮食和被褥。"),
    (UrgentCause.ACCIDENT, "意外急难救助", "干活时摔伤住院，家里断了收入。"),
    (UrgentCause.ILLNESS, "突发重病救助", "突发重病住院，交不上押金。"),
)


async def help_at_once(scene: Scene, fund_id: int, homes: Sequence[Home], rng: Random) -> None:
    """One family after the other, by the bank and by Alipay in turn; each file is completed in time."""
    for number, home in enumerate(homes):
        cause, what, reason = CASES[number % len(CASES)]
        await _one(scene, fund_id, home, _account(home, number), (cause, what, reason), rng)


def _account(home: Home, number: int) -> PayeeFacts:
    """Every other family's account is at Alipay."""
    if number % 2:
        return PayeeFacts(PayeeKind.ALIPAY, home.holder, str(PHONE + home.household_id), household_id=home.household_id)
    return PayeeFacts(PayeeKind.BANK, home.holder, str(CARD + home.household_id), "示例农商银行", home.household_id)


async def _one(
    scene: Scene, fund_id: int, home: Home, account: PayeeFacts, why: tuple[UrgentCause, str, str], rng: Random
) -> None:
    staff, sealer, town = scene.staff, scene.world.sealer, town_of(home.village)
    first, second = staff.reviewers[town]
    now = await scene.at_work(rng, days=1)
    share = Share(town, "急难备用金", LIMIT_FEN, case_limit_fen=LIMIT_FEN)
    reserve = await allocate(fund_id, share, actor=staff.finance, now=now)
    payee = await enter_payee(account, actor=first, sealer=sealer, now=now)
    await verify_payee(payee, account.number, actor=second, sealer=sealer, now=now)
    cause, what, reason = why
    need = UrgentNeed(reserve, payee, cause, LIMIT_FEN, what, reason)
    payout_id = await open_case(need, actor=first, sealer=sealer, now=now)
    for person in (staff.editor(home.village), staff.second_finance):
        now = await scene.after(hours=1)
        await agree(payout_id, "情况属实，先行救助。", actor=person, sealer=sealer, now=now)
    await _pay(scene, payout_id, account.kind)
    now = await scene.at_work(rng, days=3)
    await write_finding(payout_id, "两个人走访，情况属实。", stands=True, actor=second, sealer=sealer, now=now)
    await confirm_finding(payout_id, actor=first, now=scene.now())


async def _pay(scene: Scene, payout_id: int, kind: PayeeKind) -> None:
    """By the bank's file and its answer, or by a transfer that the worker sends."""
    cashier, sealer = scene.staff.cashier, scene.world.sealer
    if kind is PayeeKind.ALIPAY:
        await begin_transfers([payout_id], actor=cashier, sealer=sealer, now=scene.now())
        return
    await make_file([payout_id], actor=cashier, sealer=sealer, now=scene.now())
    paid_at = await scene.after(hours=2)
    await record_paid(payout_id, paid_at=paid_at, actor=cashier, now=scene.now())

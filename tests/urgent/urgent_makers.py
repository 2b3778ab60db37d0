"""Urgent cases through the product's own actions: a town's reserve, a case, its decision, its payment, its visit."""

from datetime import datetime

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.payouts.paying import record_paid
from cishan.urgent.actions import UrgentNeed, agree, confirm_finding, open_case, write_finding
from cishan.urgent.deadlines import follow_urgent_cases
from cishan.urgent.states import UrgentCause
from makers import TOWN, make_staff
from payouts.payout_makers import Bureau, make_payee, make_share, send

LIMIT_FEN, HELP_FEN = 100_000, 60_000
REASON = "夜里起火，房顶烧穿，一家人没有地方住。"


async def make_reserve(bureau: Bureau, amount_fen: int = 300_000) -> int:
    return await make_share(bureau, amount_fen, case_limit_fen=LIMIT_FEN)


async def make_case(
    bureau: Bureau,
    reserve: int,
    payee_id: int | None = None,
    *,
    amount_fen: int = HELP_FEN,
    cause: UrgentCause = UrgentCause.FIRE,
    reason: str = REASON,
    actor: Viewer | None = None,
) -> int:
    """A case opened by the town's reviewer; returns the payout's id."""
    payee = payee_id or await make_payee(bureau)
    need = UrgentNeed(reserve, payee, cause, amount_fen, "火灾急难救助", reason)
    return await open_case(need, actor=actor or bureau.town, sealer=bureau.sealer, now=bureau.clock.now())


async def second_of_town(bureau: Bureau) -> Viewer:
    return await make_staff(Role.TOWN_REVIEWER, TOWN, sealer=bureau.sealer, now=bureau.clock.now(), name="韩审核")


async def decide(bureau: Bureau, payout_id: int, *people: Viewer) -> None:
    for person in people:
        await agree(payout_id, "情况属实，应当救助。", actor=person, sealer=bureau.sealer, now=bureau.clock.now())


async def pay_out(bureau: Bureau, payout_id: int) -> datetime:
    """Through the bank's file to the family's account; the case's clock runs."""
    now = bureau.clock.now()
    await send(bureau, payout_id)
    await record_paid(payout_id, paid_at=now, actor=bureau.cashier, now=now)
    await follow_urgent_cases(limit=10, sealer=bureau.sealer, now=now)
    return now


async def complete(bureau: Bureau, payout_id: int, first: Viewer, second: Viewer, *, stands: bool = True) -> None:
    now = bureau.clock.now()
    await write_finding(payout_id, "房顶烧穿，粮食烧光。", stands=stands, actor=first, sealer=bureau.sealer, now=now)
    await confirm_finding(payout_id, actor=second, now=now)

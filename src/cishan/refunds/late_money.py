"""Money that came too late, twice or was too much, settled by what its donor chose before paying. Nobody is asked.

Once for each sum, under the lock of its order and its row, by whichever job comes first: the one queued with the booking,
or the sweep that looks every few seconds.
"""

import logging
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.database import JsonRow, rows
from cishan.handled import Handled
from cishan.messages.actions import queue_notice
from cishan.money import yuan_text
from cishan.payments.actions import assign_to_fund, lock_unassigned
from cishan.payments.owners import LineOwners, Used
from cishan.payments.states import LateChoice, PayChannel
from cishan.refunds.neighbours import Neighbours
from cishan.refunds.queries import parts_of
from cishan.refunds.rules import back_to, late_request_no
from cishan.refunds.states import RefundReason, RefundStatus
from cishan.refunds.writing import Share, promise, queue_sending, write_refund
from cishan.sealing import Sealer
from cishan.vigilance.actions import is_frozen

OPEN = """
SELECT u.id FROM unassigned_money u WHERE u.resolved_at IS NULL
   AND NOT EXISTS (SELECT FROM watch_case w WHERE w.order_id = u.order_id AND w.closed_at IS NULL)
 ORDER BY u.id LIMIT $1
"""
WANTED = "SELECT owner_kind, owner_id FROM order_line WHERE order_id = $1 ORDER BY id LIMIT 1"

log = logging.getLogger(__name__)


async def resolve_open_money(*, limit: int, neighbours: Neighbours, sealer: Sealer, now: datetime) -> Handled:
    """Resolves whatever still lies unassigned; one sum that can't be resolved does not stop the others."""
    found = await rows(OPEN, limit)
    failed = 0
    for row in found:
        try:
            await resolve_late_money(row["id"], neighbours=neighbours, sealer=sealer, now=now)
        except Exception:
            log.exception("unassigned money %s is not resolved", row["id"])
            failed += 1
    return Handled(len(found), failed)


async def resolve_late_money(unassigned_id: int, *, neighbours: Neighbours, sealer: Sealer, now: datetime) -> bool:
    """Does with unassigned money what its donor chose, once; False when it was done before.

    A similar wish is claimed with it, at its price or below, and what is over stays with the fund; without one the fund
    takes it all.
    """
    async with in_transaction():
        money = await lock_unassigned(unassigned_id)
        if money["resolved_at"] is not None or await is_frozen(money["order_id"]):
            return False
        choice = LateChoice(money["late_choice"])
        if choice is LateChoice.REFUND:
            sentence = await _send_back(money, neighbours=neighbours, now=now)
        else:
            used = await _use(money, neighbours.owners, now=now) if choice is LateChoice.SIMILAR else None
            await assign_to_fund(money, used=used, now=now)
            sentence = _sentence(money, choice, used)
        await queue_notice(f"late-money:{unassigned_id}", money["donor_id"], sentence, sealer=sealer, now=now)
        return True


async def _use(money: JsonRow, owners: LineOwners, *, now: datetime) -> tuple[str, Used] | None:
    wanted = (await rows(WANTED, money["order_id"]))[0]
    kind: str = wanted["owner_kind"]
    used = await owners[kind].use_late_money(
        wanted["owner_id"], money["amount_fen"], donor_id=money["donor_id"], now=now
    )
    return (kind, used) if used else None


async def _send_back(money: JsonRow, *, neighbours: Neighbours, now: datetime) -> str:
    parts = [part for part in await parts_of(money["order_id"]) if part.unassigned_id == money["id"]]
    shares = [Share(part, part.amount_fen) for part in parts]
    refund = await write_refund(
        money["order_id"],
        shares,
        RefundReason.LATE_MONEY,
        request_no=late_request_no(money["id"]),
        status=RefundStatus.REQUESTED,
        actor=None,
        now=now,
    )
    written = {"id": refund.id, "order_id": money["order_id"]}
    await promise(written, shares, neighbours=neighbours, actor=None, now=now)
    await queue_sending(refund.id, neighbours.enqueue)
    return f"{yuan_text(money['amount_fen'])} 元正在原路退回{back_to(PayChannel(money['channel']))}，退到了再告诉您。"


def _sentence(money: JsonRow, choice: LateChoice, used: tuple[str, Used] | None) -> str:
    if used is None:
        none = "现在没有价钱相近的心愿。" if choice is LateChoice.SIMILAR else ""
        return f"{none}{yuan_text(money['amount_fen'])} 元已经转入微心愿项目，用来圆别的心愿。谢谢您。"
    over_fen = money["amount_fen"] - used[1].amount_fen
    rest = f"多出的 {yuan_text(over_fen)} 元留在微心愿项目。" if over_fen else ""
    return f"已经用您付的钱认领了一件相近的心愿，可以在“我的”里看到它走到哪一步。{rest}谢谢您。"

"""Transfers that are gifts: one that names an order's code and its sum is taken by itself, any other by the bookkeeper.

One movement is one gift: a transfer of another sum than was pledged, or a second one, becomes a donation of its own.
"""

import logging
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.bank.coding import SOURCE_KIND, lock_line, mark_line, must_keep_books
from cishan.bank.rules import check_may_be, read_code
from cishan.bank.states import BankLineStatus
from cishan.database import JsonRow, rows
from cishan.donations.actions import pledge_anew
from cishan.errors import InvalidInput
from cishan.handled import Handled
from cishan.ledger.actions import reverse_entry
from cishan.ledger.states import EntryKind
from cishan.payments.actions import close_unopened
from cishan.payments.owners import LineOwners
from cishan.payments.states import OrderStatus
from cishan.payments.transfers import order_with_code, order_with_number, receive_transfer
from cishan.services import Services

NAMED = """
SELECT b.id, b.charity_id FROM bank_line b
  JOIN payment_order o ON o.charity_id = b.charity_id AND o.transfer_code = b.transfer_code
   AND o.status <> 'paid' AND o.total_fen = b.amount_fen
 WHERE b.transfer_code IS NOT NULL AND b.status = 'unrecognised' ORDER BY b.id LIMIT $1
"""
HOLD = "SELECT id FROM ledger_entry WHERE source_kind = $1 AND source_id = $2 AND kind = $3"
BY_ITSELF = "转账码和金额都对得上，自动认定"

log = logging.getLogger(__name__)


async def take_named_transfers(*, limit: int, services: Services, owners: LineOwners, now: datetime) -> Handled:
    """Takes every movement that names an open order and its exact sum; one that can't be taken does not stop the others."""
    found = await rows(NAMED, limit)
    failed = 0
    for row in found:
        try:
            await _take_named(row["id"], row["charity_id"], services=services, owners=owners, now=now)
        except Exception:
            log.exception("bank movement %s is not taken", row["id"])
            failed += 1
    return Handled(len(found), failed)


async def _take_named(line_id: int, charity_id: int, *, services: Services, owners: LineOwners, now: datetime) -> None:
    async with in_transaction():
        line = await lock_line(line_id, charity_id)
        order = await order_with_code(charity_id, line["transfer_code"])
        if line["status"] is not BankLineStatus.UNRECOGNISED or order is None:
            return
        if await _receive(order, line, services=services, owners=owners, now=now):
            await mark_line(line, BankLineStatus.GIFT, BY_ITSELF, actor=None, now=now, order_id=order["id"])


async def take_as_gift(
    line_id: int,
    typed_code: str,
    note: str,
    *,
    charity_id: int,
    services: Services,
    owners: LineOwners,
    actor: Viewer,
    now: datetime,
) -> None:
    """The bookkeeper says to which pledge a movement belongs, also one that was held until its giver was known.

    Raises InvalidInput("number") for a code that is none of this charity's.
    """
    must_keep_books(actor)
    async with in_transaction():
        line = await lock_line(line_id, charity_id)
        check_may_be(line["status"], BankLineStatus.GIFT, line["amount_fen"], is_settled=line["is_settled"])
        pledged = await order_with_code(charity_id, read_code(typed_code))
        if pledged is None:
            raise InvalidInput({"number": "没有这个转账码。请和捐款单位核对。"})
        if line["status"] is BankLineStatus.HELD:
            held = await rows(HOLD, SOURCE_KIND, line_id, EntryKind.HOLD.value)
            await reverse_entry(held[0]["id"], now=now)
        order = await _order_for(pledged, line["amount_fen"], now=now)
        if not await _receive(order, line, services=services, owners=owners, now=now):
            raise InvalidInput({"number": "这个转账码的钱刚刚已经收到了。请刷新后再看。"})
        await mark_line(line, BankLineStatus.GIFT, note, actor=actor, now=now, order_id=order["id"])


async def _order_for(pledged: JsonRow, amount_fen: int, *, now: datetime) -> JsonRow:
    """The order that a movement pays: the pledge itself, or a new one like it where the sum differs or it is paid already."""
    if pledged["status"] != OrderStatus.PAID and pledged["total_fen"] == amount_fen:
        return pledged
    if pledged["status"] == OrderStatus.PENDING:
        await close_unopened(pledged["out_trade_no"], now=now)
    made = await pledge_anew(pledged["id"], amount_fen, now=now)
    return await order_with_number(made.out_trade_no)


async def _receive(order: JsonRow, line: JsonRow, *, services: Services, owners: LineOwners, now: datetime) -> bool:
    settled = await receive_transfer(
        order["out_trade_no"],
        line["amount_fen"],
        line["id"],
        arrived_at=line["at"],
        owners=owners,
        sealer=services.sealer,
        enqueue=services.enqueue,
        now=now,
    )
    return settled.changed

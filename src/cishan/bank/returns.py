"""Money that goes back by bank: a refund of a transferred gift, or what was held for nobody. To where it came from (R-19)."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.bank.coding import SOURCE_KIND, check_bank_holds, lock_line, mark_line, must_keep_books
from cishan.bank.rules import check_may_be, check_same_account
from cishan.bank.statements import PARTY_LABEL
from cishan.bank.states import BankLineStatus
from cishan.database import JsonRow, rows
from cishan.errors import InvalidInput
from cishan.ledger.actions import Source, book_hold_back
from cishan.refunds.sending import record_success
from cishan.sealing import Sealer

REFUND = """
SELECT r.id, r.amount_fen, came.party_sealed, l.fund_id
  FROM refund r JOIN payment_order o ON o.id = r.order_id JOIN bank_line came ON came.order_id = o.id
  JOIN order_line l ON l.order_id = o.id
 WHERE o.charity_id = $1 AND r.request_no = $2 AND r.status IN ('requested', 'unknown', 'refused') LIMIT 1
"""
WITH_SERIAL = "SELECT id FROM bank_line WHERE charity_id = $1 AND serial = $2"


async def record_refund_gone(
    line_id: int, request_no: str, note: str, *, charity_id: int, actor: Viewer, sealer: Sealer, now: datetime
) -> None:
    """A movement by which a promised refund of a transferred gift left the bank; the refund is made by that.

    Raises InvalidInput("number") for a number of no such refund, Conflict when it went to somebody else.
    """
    must_keep_books(actor)
    async with in_transaction():
        line = await lock_line(line_id, charity_id)
        check_may_be(line["status"], BankLineStatus.REFUND, line["amount_fen"], is_settled=False)
        found = await rows(REFUND, charity_id, request_no.strip())
        if not found:
            raise InvalidInput({"number": "没有这个编号的退款在等着从银行退。退款编号在“退款”页上。"})
        refund = found[0]
        _check_sum(line, refund["amount_fen"])
        check_same_account(
            sealer.open(refund["party_sealed"], PARTY_LABEL), sealer.open(line["party_sealed"], PARTY_LABEL)
        )
        await check_bank_holds(refund["fund_id"], refund["amount_fen"])
        if not await record_success(refund["id"], left_at=line["at"], sealer=sealer, now=now):
            raise InvalidInput({"number": "这笔退款已经退成了。"})
        await mark_line(line, BankLineStatus.REFUND, note, actor=actor, now=now, refund_id=refund["id"])


async def record_held_gone(
    line_id: int, serial: str, note: str, *, charity_id: int, actor: Viewer, sealer: Sealer, now: datetime
) -> None:
    """A movement by which a held transfer went back to whoever sent it; `serial` is the bank's number of the held one."""
    must_keep_books(actor)
    async with in_transaction():
        line = await lock_line(line_id, charity_id)
        check_may_be(line["status"], BankLineStatus.SENT_BACK, line["amount_fen"], is_settled=False)
        found = await rows(WITH_SERIAL, charity_id, serial.strip())
        held = await lock_line(found[0]["id"], charity_id) if found else {}
        if not held or held["status"] is not BankLineStatus.HELD or held["is_settled"]:
            raise InvalidInput({"number": "没有这个流水号的暂收款。请填当初收到那笔的流水号。"})
        _check_sum(line, held["amount_fen"])
        check_same_account(
            sealer.open(held["party_sealed"], PARTY_LABEL), sealer.open(line["party_sealed"], PARTY_LABEL)
        )
        await check_bank_holds(held["held_for_id"], held["amount_fen"])
        source = Source(SOURCE_KIND, line_id)
        await book_hold_back(held["held_for_id"], held["amount_fen"], source, left_at=line["at"], now=now)
        await mark_line(line, BankLineStatus.SENT_BACK, note, actor=actor, now=now, settles_id=held["id"])


def _check_sum(line: JsonRow, amount_fen: int) -> None:
    if -line["amount_fen"] != amount_fen:
        raise InvalidInput({"number": "金额对不上：要退的和这笔支出不一样多。"})

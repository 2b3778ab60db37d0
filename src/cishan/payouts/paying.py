"""Approved help goes to the bank in a file and comes back as paid or returned, payout by payout.

The file is made anew for each download and kept nowhere; every download is written down with receiver, purpose and count
(R-26). A payout stands in one file in its whole life, so no second file pays it again.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import xlsxwriter
from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.events.actions import REASON_LABEL, record_event, record_events
from cishan.ledger.actions import Source, book_payout, reverse_entry
from cishan.ledger.free import free_at, lock_fund
from cishan.ledger.states import EntryKind
from cishan.money import yuan_text
from cishan.payouts.allocating import hold
from cishan.payouts.applying import SUBJECT, found_ties, hands_of, lock_payout
from cishan.payouts.payees import HOLDER_LABEL, NUMBER_LABEL
from cishan.payouts.rules import (
    MOST_FILED,
    PLACES,
    PURPOSE_LONGEST,
    REASON_LONGEST,
    RECEIVER_LONGEST,
    RETURN_LONGEST,
    check_channel,
    check_holds,
    check_move,
    check_paid_at,
    check_payer,
)
from cishan.payouts.states import PayeeKind, PayoutChannel, PayoutStatus
from cishan.permissions import Permission, must
from cishan.sealing import Sealer
from cishan.spreadsheets import WORKBOOK_OPTIONS, plain_cell

COLUMNS = ("序号", "收款户名", "收款账号", "开户行", "金额（元）", "用途", "编号")

LOCK_MANY = """
SELECT p.id, p.fund_id, p.status, p.division_code, p.household_id, p.amount_fen, p.kin_hit, p.second_is_outside, p.applied_by_id,
       p.first_by_id, p.second_by_id, p.third_by_id, y.kind AS payee_kind, h.closed_at IS NOT NULL AS is_closed
  FROM payout p JOIN payee y ON y.id = p.payee_id LEFT JOIN household h ON h.id = p.household_id
 WHERE p.id = ANY($1) ORDER BY p.id FOR NO KEY UPDATE OF p
"""
ADD_FILE = """
INSERT INTO payout_file (fund_id, made_by_id, made_at, payouts_count, total_fen, channel) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id
"""
FILE_OF = "SELECT f.channel, f.made_at FROM payout p JOIN payout_file f ON f.id = p.file_id WHERE p.id = $1"
TAKE = """
UPDATE payout SET status = 'in_file', status_since = $2, file_id = $3, payer_id = $4 WHERE id = ANY($1)
"""
FILE = "SELECT id, fund_id, made_by_id FROM payout_file WHERE id = $1 AND channel = 'bank'"
ROWS = """
SELECT p.id, p.amount_fen, p.what, y.bank, y.holder_sealed, y.number_sealed FROM payout p JOIN payee y ON y.id = p.payee_id
 WHERE p.file_id = $1 AND p.status = 'in_file' ORDER BY p.id
"""
LOG = """
INSERT INTO payout_file_download (file_id, by_id, at, receiver, purpose, columns, rows_count)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
PAID = "UPDATE payout SET status = 'paid', status_since = $2, paid_at = $3 WHERE id = $1"
RETURNED = (
    "UPDATE payout SET status = 'returned', status_since = $2, returned_at = $2, return_reason = $3 WHERE id = $1"
)
STOPPED = "UPDATE payout SET status = 'refused', status_since = $2 WHERE id = $1"
BOOKED = "SELECT id FROM ledger_entry WHERE source_kind = 'payout' AND source_id = $1 AND kind = $2"


@dataclass(frozen=True)
class Handover:
    """To whom a file goes and why, as the log keeps it."""

    receiver: str
    purpose: str


async def make_file(
    payout_ids: Iterable[int],
    *,
    actor: Viewer,
    sealer: Sealer,
    now: datetime,
    channel: PayoutChannel = PayoutChannel.BANK,
) -> int:
    """Puts approved payouts of one fund on their way by one channel; all of them or none. Returns the file's id."""
    must(actor, Permission.PAY_OUT)
    chosen = sorted(set(payout_ids))
    if not 0 < len(chosen) <= MOST_FILED:
        raise InvalidInput({"payout": f"请选择要付的款，一次最多 {MOST_FILED} 笔。"})
    async with in_transaction():
        found = await rows(LOCK_MANY, chosen)
        if len(found) != len(chosen) or not all(actor.covers(row["division_code"]) for row in found):
            raise NotFound
        fund_id = _only_fund(found)
        check_channel([PayeeKind(row["payee_kind"]) for row in found], channel)
        for row in found:
            check_move(PayoutStatus(row["status"]), "file")
            if row["is_closed"]:
                raise Conflict(f"第 {row['id']} 笔的这一户已经销户或者分户了，不能付。请停止这一笔，再给现在的户申请。")
            await _check_payer(row, actor, sealer=sealer, now=now)
        await lock_fund(fund_id)
        total_fen = sum(row["amount_fen"] for row in found)
        check_holds(channel, total_fen, await free_at(fund_id, PLACES[channel]))
        values = (fund_id, actor.account_id, now, len(found), total_fen, channel.value)
        file_id: int = (await rows(ADD_FILE, *values))[0]["id"]
        await rows(TAKE, chosen, now, file_id, actor.account_id)
        details: dict[int, dict[str, object]] = {payout_id: {"file": file_id} for payout_id in chosen}
        await record_events(SUBJECT, details, "file", actor=actor, now=now)
        return file_id


def _only_fund(found: list[JsonRow]) -> int:
    funds = {row["fund_id"] for row in found}
    if len(funds) != 1:
        raise Conflict("一个文件只能付一个项目的钱。请按项目分开做（慈善法第五十四条）。")
    return int(funds.pop())


async def _check_payer(payout: JsonRow, actor: Viewer, *, sealer: Sealer, now: datetime) -> None:
    """The payer has no other hand in it and no tie; a tie that came up after the approvals stops the payment."""
    tied = frozenset(one.account_id for one in await found_ties(payout, sealer=sealer, now=now))
    check_payer(actor.account_id, hands_of(payout), tied=tied)
    if tied and not payout["second_is_outside"]:
        raise Conflict("付款前又核对到可能的亲属关系，而第二次审批是本县做的。这一笔先不能付，请告诉监督员。")


async def write_file(file_id: int, handover: Handover, *, actor: Viewer, sealer: Sealer, now: datetime) -> bytes:
    """The workbook of a file for its maker, with the names and numbers the bank needs; written down first (R-26)."""
    must(actor, Permission.PAY_OUT)
    receiver, purpose = handover.receiver.strip(), handover.purpose.strip()
    if not 0 < len(receiver) <= RECEIVER_LONGEST or not 0 < len(purpose) <= PURPOSE_LONGEST:
        raise InvalidInput({"receiver": "请写明文件交给谁、做什么用。"})
    async with in_transaction():
        file = await rows(FILE, file_id)
        if not file or file[0]["made_by_id"] != actor.account_id:
            raise NotFound
        found = await rows(ROWS, file_id)
        if not found:
            raise Conflict("这个文件里的款都登记过结果了，不能再下载。")
        await rows(LOG, file_id, actor.account_id, now, receiver, purpose, "、".join(COLUMNS), len(found))
        await record_event("payout_file", file_id, "download", actor=actor, now=now, detail={"rows": len(found)})
    return await asyncio.to_thread(_workbook, found, sealer)


def _workbook(found: list[JsonRow], sealer: Sealer) -> bytes:
    stream = BytesIO()
    with xlsxwriter.Workbook(stream, WORKBOOK_OPTIONS) as book:
        sheet = book.add_worksheet("付款")
        sheet.write_row(0, 0, COLUMNS)
        for place, row in enumerate(found, start=1):
            holder, number = (
                sealer.open(row["holder_sealed"], HOLDER_LABEL),
                sealer.open(row["number_sealed"], NUMBER_LABEL),
            )
            texts = (holder, number, row["bank"], yuan_text(row["amount_fen"]), row["what"], f"P{row['id']}")
            sheet.write_row(place, 0, [str(place), *(plain_cell(text) for text in texts)])
    return stream.getvalue()


async def record_paid(payout_id: int, *, paid_at: datetime, actor: Viewer, now: datetime) -> None:
    """The bank has paid it: payable becomes money that has left, and the family's list gets its line."""
    async with in_transaction():
        payout = await _on_its_way(payout_id, "pay", actor)
        check_paid_at(paid_at, filed_at=payout["filed_at"], now=now)
        await pay(payout, PayoutChannel.BANK, paid_at=paid_at, actor=actor, now=now)


async def record_returned(payout_id: int, reason: str, *, actor: Viewer, now: datetime) -> None:
    """The bank did not pay it, or the money came back: every entry is reversed and the allocation has the sum again."""
    if not reason.strip() or len(reason) > RETURN_LONGEST:
        raise InvalidInput({"reason": f"请写明银行退回的原因，最多 {RETURN_LONGEST} 个字。"})
    async with in_transaction():
        payout = await _on_its_way(payout_id, "return", actor)
        await take_back(payout, reason.strip(), actor=actor, now=now)


async def stop_payout(payout_id: int, reason: str, *, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """Approved help is not paid after all, as when a tie came up: its entry is reversed, its allocation has the sum again.

    Whoever approves or pays may stop it, until it is on its way.
    """
    must(actor, Permission.STOP_PAYOUT)
    if not reason.strip() or len(reason) > REASON_LONGEST:
        raise InvalidInput({"reason": f"请写明为什么不付了，最多 {REASON_LONGEST} 个字。"})
    async with in_transaction():
        payout = await lock_payout(payout_id)
        if not actor.covers(payout["division_code"]):
            raise NotFound
        check_move(PayoutStatus(payout["status"]), "stop")
        await _reverse(payout, now=now)
        await rows(STOPPED, payout_id, now)
        sealed = sealer.seal(reason.strip(), REASON_LABEL)
        await record_event(SUBJECT, payout_id, "stop", actor=actor, now=now, reason_sealed=sealed)


async def _reverse(payout: JsonRow, *, now: datetime) -> None:
    """Every entry of a locked payout is reversed, and its allocation has the sum again."""
    await lock_fund(payout["fund_id"])
    for kind in (EntryKind.PAYOUT, EntryKind.PAYABLE):
        for entry in await rows(BOOKED, payout["id"], kind.value):
            await reverse_entry(entry["id"], now=now)
    await hold(payout["fund_id"], payout["amount_fen"])


async def _on_its_way(payout_id: int, verb: str, actor: Viewer) -> JsonRow:
    must(actor, Permission.PAY_OUT)
    payout = await lock_payout(payout_id)
    if not actor.covers(payout["division_code"]):
        raise NotFound
    check_move(PayoutStatus(payout["status"]), verb)
    file = (await rows(FILE_OF, payout_id))[0]
    if file["channel"] == PayoutChannel.ALIPAY:
        raise Conflict("这笔由支付宝付款，付没付、退没退都由支付宝说了算，会自动登记。不用手工登记，也不要再付一次。")
    return {**payout, "filed_at": file["made_at"]}


# --- for `transferring.py`, inside its own transaction --------------------------------------------------------


async def pay(
    payout: JsonRow, channel: PayoutChannel, *, paid_at: datetime, actor: Viewer | None, now: datetime
) -> None:
    """A locked payout on its way has arrived."""
    check_move(PayoutStatus(payout["status"]), "pay")
    await rows(PAID, payout["id"], now, paid_at)
    source, place = Source(SUBJECT, payout["id"]), PLACES[channel]
    await book_payout(payout["fund_id"], payout["amount_fen"], source, left_at=paid_at, now=now, place=place)
    await record_event(SUBJECT, payout["id"], "pay", actor=actor, now=now)


async def take_back(payout: JsonRow, reason: str, *, actor: Viewer | None, now: datetime) -> None:
    """A locked payout was not paid, or its money came back: its entries are reversed, its allocation has the sum again."""
    check_move(PayoutStatus(payout["status"]), "return")
    await _reverse(payout, now=now)
    await rows(RETURNED, payout["id"], now, reason[:RETURN_LONGEST])
    await record_event(SUBJECT, payout["id"], "return", actor=actor, now=now)

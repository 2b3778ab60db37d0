"""Keeps a day's bill and compares it with our books, both under the day's row lock: the one writer of what differs."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.clock import beijing_midnight
from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.events.actions import record_event
from cishan.ledger.actions import Source, book_fee
from cishan.ledger.states import AccountType
from cishan.reconciliation.ports import OwnRefund, RefundsOfDay
from cishan.reconciliation.reading import Bill
from cishan.reconciliation.rules import (
    DAYS_TO_RESOLVE,
    Found,
    Key,
    Movement,
    find_differences,
    next_status,
    next_try_after,
    status_of_day,
    with_adjustments,
)
from cishan.reconciliation.states import BillRowKind, DayStatus, DifferenceKind, DifferenceStatus, Resolution
from cishan.working_days import end_of_working_days

DAY = timedelta(days=1)

LOCK_DAY = "SELECT id, charity_id, day, status FROM bill_day WHERE id = $1 FOR UPDATE"
LAST_FILE = "SELECT id, number, sha256, fee_fen FROM bill_file WHERE day_id = $1 ORDER BY number DESC LIMIT 1"
ADD_FILE = """
INSERT INTO bill_file (day_id, number, sha256, fee_fen, fetched_at) VALUES ($1, $2, $3, $4, $5) RETURNING id
"""
ADD_ROWS = """
INSERT INTO bill_row (file_id, line, kind, trade_no, out_trade_no, request_no, amount_fen, received_fen, fee_fen, finished_at)
SELECT $1, * FROM unnest($2::int[], $3::varchar[], $4::varchar[], $5::varchar[], $6::varchar[], $7::bigint[], $8::bigint[],
                         $9::bigint[], $10::timestamptz[])
"""
WISH_FUND = "SELECT id FROM fund WHERE charity_id = $1 AND kind = 'wish'"
LISTED = """
SELECT r.kind, r.trade_no, r.out_trade_no, r.request_no, r.received_fen, d.day
  FROM bill_day d
  JOIN LATERAL (SELECT id FROM bill_file WHERE day_id = d.id ORDER BY number DESC LIMIT 1) f ON true
  JOIN bill_row r ON r.file_id = f.id
 WHERE d.charity_id = $1 AND d.day BETWEEN $2 AND $3
"""
PAID_BETWEEN = """
SELECT trade_no, out_trade_no, paid_fen FROM payment_order
 WHERE charity_id = $1 AND channel = 'alipay' AND status = 'paid' AND paid_at >= $2 AND paid_at < $3
"""
PAID_WITH_NUMBERS = """
SELECT trade_no, out_trade_no, paid_fen FROM payment_order
 WHERE charity_id = $1 AND channel = 'alipay' AND status = 'paid' AND out_trade_no = ANY($2::varchar[])
"""
KNOWN = """
SELECT id, row_kind, trade_no, out_trade_no, request_no, round, ours_fen, theirs_fen, status, resolution
  FROM bill_difference WHERE day_id = $1 ORDER BY round FOR UPDATE
"""
ADD_DIFFERENCE = """
INSERT INTO bill_difference (day_id, kind, row_kind, trade_no, out_trade_no, request_no, ours_fen, theirs_fen, status, note,
                             round, found_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', '', $9, $10, $11) RETURNING id
"""
MOVED = """
UPDATE bill_difference SET kind = $2, ours_fen = $3, theirs_fen = $4, status = 'open', resolution = NULL, note = '',
       proposed_by_id = NULL WHERE id = $1
"""
VANISH = """
UPDATE bill_difference SET status = 'resolved', resolution = 'agrees_now', proposed_by_id = NULL, resolved_by_id = NULL,
       resolved_at = $2 WHERE id = $1
"""
COUNT = """
SELECT count(*) FILTER (WHERE status <> 'resolved') AS open,
       count(*) FILTER (WHERE status = 'resolved' AND resolution <> 'agrees_now') AS by_people
  FROM bill_difference WHERE day_id = $1
"""
MARK = "UPDATE bill_day SET status = $2, compared_at = $3, next_try_at = $4, problem = '' WHERE id = $1"
STATUS = "UPDATE bill_day SET status = $2 WHERE id = $1"


async def record_bill(day_id: int, bill: Bill, *, refunds: RefundsOfDay, now: datetime) -> DayStatus:
    """Keeps the bill if it is news, books what its fees have become, and compares the day.

    The same bill again, or two workers at once, change nothing.
    """
    async with in_transaction():
        day = await lock_day(day_id)
        before = await rows(LAST_FILE, day_id)
        if not before or before[0]["sha256"] != bill.sha256:
            await _keep(day, bill, before[0] if before else None, now=now)
        return await _compare(day, refunds=refunds, now=now)


async def compare_day(day_id: int, *, refunds: RefundsOfDay, now: datetime) -> DayStatus:
    """Compares a day again with the bill that is kept of it; a day without a bill stays waiting."""
    async with in_transaction():
        day = await lock_day(day_id)
        if not await rows(LAST_FILE, day_id):
            return DayStatus.WAITING
        return await _compare(day, refunds=refunds, now=now)


async def recount_day(day_id: int) -> None:
    """Lets the day say how it stands after one of its differences moved; the caller holds the day's lock."""
    count = (await rows(COUNT, day_id))[0]
    await rows(STATUS, day_id, status_of_day(count["open"], count["by_people"]).value)


async def lock_day(day_id: int) -> JsonRow:
    found = await rows(LOCK_DAY, day_id)
    if not found:
        raise NotFound
    return found[0]


async def _keep(day: JsonRow, bill: Bill, before: JsonRow | None, *, now: datetime) -> None:
    number, fee_before_fen = (before["number"] + 1, before["fee_fen"]) if before else (1, 0)
    file_id = (await rows(ADD_FILE, day["id"], number, bill.sha256, bill.fee_fen, now))[0]["id"]
    lines = bill.lines
    await rows(
        ADD_ROWS,
        file_id,
        [line.line for line in lines],
        [line.kind.value for line in lines],
        [line.trade_no for line in lines],
        [line.out_trade_no for line in lines],
        [line.request_no for line in lines],
        [line.amount_fen for line in lines],
        [line.received_fen for line in lines],
        [line.fee_fen for line in lines],
        [line.finished_at for line in lines],
    )
    if bill.fee_fen != fee_before_fen:
        fund_id = (await rows(WISH_FUND, day["charity_id"]))[0]["id"]
        kept_at = beijing_midnight(day["day"] + DAY) - timedelta(seconds=1)
        fee_fen = bill.fee_fen - fee_before_fen
        await book_fee(fund_id, AccountType.ALIPAY, fee_fen, Source("bill_file", file_id), kept_at=kept_at, now=now)
    detail: dict[str, object] = {"rows": len(lines), "fee_fen": bill.fee_fen, "file": number}
    await record_event("bill_day", day["id"], "fetch", actor=None, now=now, detail=detail)


async def _compare(day: JsonRow, *, refunds: RefundsOfDay, now: datetime) -> DayStatus:
    rounds = await rows(KNOWN, day["id"])
    booked_fen: dict[Key, int] = {}
    for row in rounds:
        if row["status"] == DifferenceStatus.RESOLVED and row["resolution"] == Resolution.BOOKED:
            booked_fen[_key(row)] = booked_fen.get(_key(row), 0) + row["theirs_fen"] - row["ours_fen"]
    found = {one.key: one for one in await _differences(day, refunds, booked_fen)}
    known = {_key(row): row for row in rounds}
    for key, one in found.items():
        await _note(day, one, known.get(key), now=now)
    for key, row in known.items():
        if key not in found and row["status"] != DifferenceStatus.RESOLVED:
            next_status(DifferenceStatus(row["status"]), "vanish")
            await rows(VANISH, row["id"], now)
            await record_event("difference", row["id"], "vanish", actor=None, now=now)
    count = (await rows(COUNT, day["id"]))[0]
    status = status_of_day(count["open"], count["by_people"])
    next_try_at = next_try_after(day["day"], open_differences=count["open"], now=now)
    await rows(MARK, day["id"], status.value, now, next_try_at)
    return status


async def _note(day: JsonRow, one: Found, last: JsonRow | None, *, now: datetime) -> None:
    """Writes a difference down, or what has become of one that is open; what somebody explained stays explained."""
    sums: dict[str, object] = {"ours_fen": one.ours_fen, "theirs_fen": one.theirs_fen}
    moved = last is None or (last["ours_fen"], last["theirs_fen"]) != (one.ours_fen, one.theirs_fen)
    if last is not None and last["status"] != DifferenceStatus.RESOLVED:
        if moved:
            await rows(MOVED, last["id"], one.kind.value, one.ours_fen, one.theirs_fen)
            await record_event("difference", last["id"], "move", actor=None, now=now, detail=sums)
        return
    if last is not None and last["resolution"] == Resolution.EXPLAINED and not moved:
        return
    kind, trade_no, out_trade_no, request_no = one.key
    number = last["round"] + 1 if last else 1
    due_at = end_of_working_days(now, DAYS_TO_RESOLVE)
    values = (kind.value, trade_no, out_trade_no, request_no, one.ours_fen, one.theirs_fen, number, now, due_at)
    added = await rows(ADD_DIFFERENCE, day["id"], one.kind.value, *values)
    await record_event("difference", added[0]["id"], "find", actor=None, now=now, detail=sums)


async def _differences(day: JsonRow, refunds: RefundsOfDay, booked_fen: Mapping[Key, int]) -> tuple[Found, ...]:
    charity_id, on = day["charity_id"], day["day"]
    start, end = beijing_midnight(on), beijing_midnight(on + DAY)
    listed = await rows(LISTED, charity_id, on - DAY, on + DAY)
    theirs = [_movement(row) for row in listed if row["day"] == on]
    numbers = [one.out_trade_no for one in theirs if one.kind is BillRowKind.PAYMENT]
    request_nos = [one.request_no for one in theirs if one.kind is BillRowKind.REFUND]
    ours_of_day = [
        *_payments(await rows(PAID_BETWEEN, charity_id, start, end)),
        *_refunds(await refunds.made_between(charity_id, start, end)),
    ]
    elsewhere = [
        *_payments(await rows(PAID_WITH_NUMBERS, charity_id, numbers)),
        *_refunds(await refunds.with_numbers(charity_id, request_nos)),
    ]
    nothing_else = [Movement(*key, amount_fen=0) for key in booked_fen if key not in {one.key for one in elsewhere}]
    return find_differences(
        theirs,
        with_adjustments(ours_of_day, booked_fen),
        with_adjustments([*nothing_else, *elsewhere], booked_fen),
        {_movement(row).key for row in listed},
    )


def _movement(row: JsonRow) -> Movement:
    """What came in by a row of a bill: what the merchant received, which is what lies at Alipay."""
    kind = BillRowKind(row["kind"])
    sign = -1 if kind is BillRowKind.REFUND else 1
    return Movement(kind, row["trade_no"], row["out_trade_no"], row["request_no"], sign * row["received_fen"])


def _payments(found: Sequence[JsonRow]) -> list[Movement]:
    return [Movement(BillRowKind.PAYMENT, row["trade_no"], row["out_trade_no"], "", row["paid_fen"]) for row in found]


def _refunds(found: Sequence[OwnRefund]) -> list[Movement]:
    return [
        Movement(BillRowKind.REFUND, one.trade_no, one.out_trade_no, one.request_no, -one.amount_fen) for one in found
    ]


def _key(row: JsonRow) -> Key:
    return (BillRowKind(row["row_kind"]), row["trade_no"], row["out_trade_no"], row["request_no"])


async def neighbour_waiting_for(charity_id: int, day: date) -> int | None:
    """The day before, if something of it was not in its own bill and may be in this one."""
    found = await rows(
        "SELECT d.id FROM bill_day d JOIN bill_difference x ON x.day_id = d.id AND x.kind = $3 AND x.status = 'open' "
        "WHERE d.charity_id = $1 AND d.day = $2 LIMIT 1",
        charity_id,
        day - DAY,
        DifferenceKind.MISSING_THERE.value,
    )
    return int(found[0]["id"]) if found else None

"""Fetches the bills that are due, brings in through the one door what they list and we lack, and has each day compared.

Nothing is asked of Alipay inside a transaction. A bill that is not there yet is asked for again and is no alarm: the day's
own clock is.
"""

import asyncio
import logging
from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.handled import Handled
from cishan.payments.alipay.terms import GatewayRefused, GatewayUnknown
from cishan.payments.owners import LineOwners
from cishan.payments.polling import ask_about
from cishan.payments.rules import LEASE
from cishan.payments.states import SettleSource
from cishan.reconciliation.comparing import compare_day, neighbour_waiting_for, record_bill
from cishan.reconciliation.ports import RefundsOfDay
from cishan.reconciliation.reading import Bill, UnreadableBill, bill_of, read_bill
from cishan.reconciliation.rules import (
    DAY,
    DAYS_TO_RESOLVE,
    bill_due,
    next_try_without_bill,
    none_is_empty,
)
from cishan.reconciliation.states import BillRowKind, DayStatus
from cishan.services import Services
from cishan.working_days import end_of_working_days

NOT_THERE, AWAY = "not_there", "gateway_away"

FIRST_DAYS = """
SELECT o.charity_id, min(o.created_at) AS first, (SELECT max(day) FROM bill_day d WHERE d.charity_id = o.charity_id) AS last
  FROM payment_order o WHERE o.channel = 'alipay' GROUP BY o.charity_id
"""
ADD_DAY = """
INSERT INTO bill_day (charity_id, day, status, next_try_at, tries, problem, due_at) VALUES ($1, $2, 'waiting', $3, 0, '', $4)
ON CONFLICT (charity_id, day) DO NOTHING RETURNING id
"""
LEASE_DUE = """
UPDATE bill_day SET next_try_at = $3, tries = least(tries + 1, 30000)
 WHERE id IN (SELECT id FROM bill_day WHERE next_try_at <= $1 ORDER BY next_try_at, day LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id, charity_id, day, status
"""
PLAN = "UPDATE bill_day SET next_try_at = $2, problem = $3 WHERE id = $1"
UNPAID = """
SELECT out_trade_no FROM payment_order WHERE charity_id = $1 AND out_trade_no = ANY($2::varchar[]) AND status <> 'paid'
"""
ONE_DAY = "SELECT id, charity_id, day, status FROM bill_day WHERE id = $1"

log = logging.getLogger(__name__)


async def reconcile_due_days(
    *, limit: int, services: Services, owners: LineOwners, refunds: RefundsOfDay, now: datetime
) -> Handled:
    """Opens the days whose bill is ready, none skipped, and reconciles those that are due."""
    await open_days(now=now)
    if services.gateway is None:
        return Handled()
    async with in_transaction():
        due = await rows(LEASE_DUE, now, limit, now + LEASE)
    handled = failed = 0
    for day in sorted(due, key=lambda row: row["day"]):
        try:
            problem = await _reconcile(day, services=services, owners=owners, refunds=refunds, now=now)
        except Exception:
            # One day's fault leaves the others theirs; the lease has put this one off.
            log.exception("the bill of day %s could not be reconciled", day["id"])
            problem = "fault"
        if problem == AWAY:
            # Nor can it be asked about the others now; their lease brings them back.
            return Handled(handled, failed + 1)
        handled += 1
        failed += problem not in {"", NOT_THERE}
    return Handled(handled, failed)


async def open_days(*, now: datetime) -> int:
    """A row for each day from the first order on whose bill can be had by now; returns how many are new."""
    opened = 0
    for charity in await rows(FIRST_DAYS):
        day: date = charity["last"] + DAY if charity["last"] else beijing_day(charity["first"])
        while bill_due(day) <= now:
            due_at = end_of_working_days(bill_due(day), DAYS_TO_RESOLVE)
            opened += len(await rows(ADD_DAY, charity["charity_id"], day, bill_due(day), due_at))
            day += DAY
    return opened


async def reconcile_day(
    day_id: int, *, services: Services, owners: LineOwners, refunds: RefundsOfDay, now: datetime
) -> bool:
    """Asks for one day's bill now, as a person may from its page; False when it could not be had."""
    found = await rows(ONE_DAY, day_id)
    return bool(found) and not await _reconcile(found[0], services=services, owners=owners, refunds=refunds, now=now)


async def _reconcile(
    day: JsonRow, *, services: Services, owners: LineOwners, refunds: RefundsOfDay, now: datetime
) -> str:
    """Why a day's bill could not be had; empty when it was."""
    bill, problem = await _fetch(day, services, now)
    if bill is None:
        await _plan(day, problem, refunds=refunds, now=now)
        return problem
    await _bring_in(day, bill, services=services, owners=owners, refunds=refunds, now=now)
    await record_bill(day["id"], bill, refunds=refunds, now=now)
    before = await neighbour_waiting_for(day["charity_id"], day["day"])
    if before is not None:
        await compare_day(before, refunds=refunds, now=now)
    return ""


async def _fetch(day: JsonRow, services: Services, now: datetime) -> tuple[Bill | None, str]:
    """The bill of a day, or why there is none."""
    gateway, on = services.gateway, day["day"]
    if gateway is None:
        return None, AWAY
    try:
        data = await gateway.bill(on)
    except (GatewayUnknown, GatewayRefused) as error:
        log.warning("the bill of %s could not be had: %s", on, error)
        return None, AWAY
    if data is None:
        return (bill_of(()) if none_is_empty(on, now) else None), NOT_THERE
    try:
        return await asyncio.to_thread(read_bill, data, seller_id=gateway.merchant.seller_id, day=on), ""
    except UnreadableBill as error:
        log.error("the bill of %s is not believed: %s", on, error)
        return None, error.fault.value


async def _plan(day: JsonRow, problem: str, *, refunds: RefundsOfDay, now: datetime) -> None:
    """Asks again later. A day that was compared before keeps what is known of it."""
    if day["status"] != DayStatus.WAITING:
        await compare_day(day["id"], refunds=refunds, now=now)
        if problem == NOT_THERE:
            return
    await rows(PLAN, day["id"], next_try_without_bill(known=problem != AWAY, now=now), problem)


async def _bring_in(
    day: JsonRow, bill: Bill, *, services: Services, owners: LineOwners, refunds: RefundsOfDay, now: datetime
) -> None:
    """What the bill lists and our books lack goes through the doors it would have come through: the gateway is asked."""
    listed = [line.out_trade_no for line in bill.lines if line.kind is BillRowKind.PAYMENT]
    for order in await rows(UNPAID, day["charity_id"], listed):
        await ask_about(order["out_trade_no"], SettleSource.BILL, services=services, owners=owners, now=now)
    returned = {line.request_no: line for line in bill.lines if line.kind is BillRowKind.REFUND}
    known = {one.request_no for one in await refunds.with_numbers(day["charity_id"], list(returned))}
    for request_no, line in returned.items():
        if request_no not in known:
            try:
                await refunds.hear(line.out_trade_no, request_no, line.received_fen, services=services, now=now)
            except GatewayUnknown as error:
                log.warning("a refund of the bill of %s stays unknown: %s", day["day"], error)

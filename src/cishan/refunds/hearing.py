"""What Alipay tells of refunds unasked: one of ours that is not settled yet, or one that was made elsewhere.

A notice of a refund is never believed alone: the gateway is asked by the refund's own number, outside any transaction, and
what it confirms is booked once for that number.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.database import rows
from cishan.payments.actions import assign_to_fund, lock_order, lock_unassigned
from cishan.payments.alipay.terms import GatewayUnknown
from cishan.payments.owners import LineOwners
from cishan.payments.states import PayChannel
from cishan.refunds.neighbours import Neighbours, neighbours_of
from cishan.refunds.queries import parts_of
from cishan.refunds.rules import DAYS_TO_DECIDE
from cishan.refunds.sending import record_success
from cishan.refunds.states import COUNTED_SQL, RefundReason, RefundStatus
from cishan.refunds.writing import Share, book_as_gone, promise, write_refund
from cishan.services import Services
from cishan.working_days import end_of_working_days

FIND = """
SELECT o.id AS order_id, r.id AS refund_id, r.status, r.amount_fen
  FROM payment_order o LEFT JOIN refund r ON r.order_id = o.id AND r.request_no = $2
 WHERE o.out_trade_no = $1 AND o.status = 'paid'
"""
COUNTED = f"""
SELECT coalesce(sum(amount_fen), 0)::bigint AS fen, bool_or(request_no = $2) AS has_number
  FROM refund WHERE order_id = $1 AND {COUNTED_SQL} AND status <> 'proposed'
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Told:
    """What Alipay says of a refund that is not ours; `refunded_fen` counts all of the trade's together."""

    order_id: int
    request_no: str
    amount_fen: int
    refunded_fen: int
    left_at: datetime


class RefundEars:
    """The listener that `app.py` gives to payments; it needs to know who owns the lines of an order."""

    def __init__(self, owners: LineOwners) -> None:
        self._owners = owners

    async def __call__(
        self, out_trade_no: str, request_no: str, refunded_fen: int, *, services: Services, now: datetime
    ) -> bool:
        """Looks into a refund that Alipay speaks of; True when it was news. `refunded_fen` counts all of the trade's.

        Raises GatewayUnknown when the gateway can't say, so that a notice comes again.
        """
        found = await rows(FIND, out_trade_no, request_no)
        if not found:
            return False
        refund = found[0]
        if refund["status"] in {RefundStatus.SUCCEEDED, RefundStatus.CANCELLED}:
            return False
        if not request_no:
            told = Told(refund["order_id"], f"UNNAMED_{refunded_fen}", refunded_fen, refunded_fen, now)
            return await _book_elsewhere(told, neighbours=neighbours_of(services, self._owners), now=now)
        if services.gateway is None:
            raise GatewayUnknown("there is no gateway to ask")
        made = await services.gateway.query_refund(out_trade_no, request_no)
        if made is None:
            return False
        left_at = made.refunded_at or now
        if refund["refund_id"] is None:
            told = Told(refund["order_id"], request_no, made.amount_fen, refunded_fen, left_at)
            return await _book_elsewhere(told, neighbours=neighbours_of(services, self._owners), now=now)
        if made.amount_fen != refund["amount_fen"]:
            raise GatewayUnknown("the gateway names another sum for this refund")
        return await record_success(refund["refund_id"], left_at=left_at, sealer=services.sealer, now=now)


async def _book_elsewhere(told: Told, *, neighbours: Neighbours, now: datetime) -> bool:
    """Books a refund that was not ours, as far as it is not booked yet, and gives it to a person to explain."""
    async with in_transaction():
        order = await lock_order(told.order_id)
        counted = (await rows(COUNTED, told.order_id, told.request_no))[0]
        # Both caps are on the whole trade: Alipay counts its refunds together, and so do we.
        left_fen = min(told.refunded_fen, order["paid_fen"]) - counted["fen"]
        if counted["has_number"] or min(told.amount_fen, left_fen) <= 0:
            return False
        shares = await _spread(told.order_id, min(told.amount_fen, left_fen), now=now)
        refund = await write_refund(
            told.order_id,
            shares,
            RefundReason.ELSEWHERE,
            request_no=told.request_no[:64],
            status=RefundStatus.SUCCEEDED,
            actor=None,
            now=now,
            due_at=end_of_working_days(now, DAYS_TO_DECIDE),
        )
        ids = {"id": refund.id, "order_id": told.order_id}
        written = {**ids, "amount_fen": refund.amount_fen, "channel": PayChannel(order["channel"])}
        await promise(written, shares, neighbours=neighbours, actor=None, now=now)
        await book_as_gone(written, left_at=told.left_at, now=now)
        return True


async def _spread(order_id: int, amount_fen: int, *, now: datetime) -> list[Share]:
    """Takes a sum from what is open of an order, part after part; money that nobody took goes to the fund first."""
    shares: list[Share] = []
    left_fen = amount_fen
    for part in await parts_of(order_id):
        taken_fen = min(left_fen, part.open_fen)
        if taken_fen <= 0:
            continue
        if part.waits and part.unassigned_id is not None and taken_fen < part.amount_fen:
            await assign_to_fund(await lock_unassigned(part.unassigned_id), now=now)
            part = replace(part, waits=False)
        shares.append(Share(part, taken_fen))
        left_fen -= taken_fen
    return shares

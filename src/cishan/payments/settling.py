"""What `settle` does, for every order and everything that Alipay may say of it: the whole of it is this table. Pure.

Rows are the six ways in which an order may stand with us, columns Alipay's four states, each without and with a refund.
Nothing ever leads back: a paid order stays paid, whatever comes late, twice, out of order or a year after.
"""

from enum import StrEnum

from cishan.payments.alipay.terms import TradeStatus
from cishan.payments.states import OrderStatus


class OrderStand(StrEnum):
    """Where an order stands. UNKNOWN is pending with a gateway that could not say; it is no failure."""

    PENDING = "pending"
    UNKNOWN = "unknown"
    CLOSED = "closed"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


class Step(StrEnum):
    """What is to be done. HEAR means that a refund is looked at by its own number, and booked once for that number."""

    NOTHING = "nothing"
    CLOSE = "close"
    RECEIVE = "receive"
    RECEIVE_AND_HEAR = "receive_and_hear"
    HEAR = "hear"


_NO, _CLOSE, _GET = Step.NOTHING, Step.CLOSE, Step.RECEIVE
_BOTH, _HEAR = Step.RECEIVE_AND_HEAR, Step.HEAR
_COLUMNS = tuple((status, is_refund) for status in TradeStatus for is_refund in (False, True))
_ROWS: dict[OrderStand, tuple[Step, ...]] = {
    # with a refund in every second column:
    # waiting, (impossible) · success, part refund · finished, the same · closed by time, closed by refund
    OrderStand.PENDING: (_NO, _NO, _GET, _BOTH, _GET, _BOTH, _CLOSE, _BOTH),
    OrderStand.UNKNOWN: (_NO, _NO, _GET, _BOTH, _GET, _BOTH, _CLOSE, _BOTH),
    OrderStand.CLOSED: (_NO, _NO, _GET, _BOTH, _GET, _BOTH, _NO, _BOTH),
    OrderStand.PAID: (_NO, _NO, _NO, _HEAR, _NO, _HEAR, _NO, _HEAR),
    OrderStand.PART_REFUNDED: (_NO, _NO, _NO, _HEAR, _NO, _HEAR, _NO, _HEAR),
    OrderStand.REFUNDED: (_NO, _NO, _NO, _HEAR, _NO, _HEAR, _NO, _HEAR),
}
CELLS: dict[tuple[OrderStand, TradeStatus, bool], Step] = {
    (stand, status, is_refund): step
    for stand, steps in _ROWS.items()
    for (status, is_refund), step in zip(_COLUMNS, steps, strict=True)
}
RECEIVES = frozenset({Step.RECEIVE, Step.RECEIVE_AND_HEAR})
HEARS = frozenset({Step.HEAR, Step.RECEIVE_AND_HEAR})


def stand_of(status: OrderStatus, *, is_unknown: bool, paid_fen: int, refunded_fen: int) -> OrderStand:
    """Where an order with these facts stands."""
    if status is OrderStatus.PENDING:
        return OrderStand.UNKNOWN if is_unknown else OrderStand.PENDING
    if status is OrderStatus.CLOSED:
        return OrderStand.CLOSED
    if not refunded_fen:
        return OrderStand.PAID
    return OrderStand.REFUNDED if refunded_fen >= paid_fen else OrderStand.PART_REFUNDED


def step_for(stand: OrderStand, status: TradeStatus, *, is_refund: bool) -> Step:
    return CELLS[stand, status, is_refund]

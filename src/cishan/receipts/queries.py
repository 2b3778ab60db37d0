"""Reads of gifts with their receipts: a donor's own, and what finance has to issue. Each is bounded and got for someone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_midnight
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, NotFound
from cishan.receipts.actions import NAME_LABEL, NUMBER_LABEL
from cishan.receipts.rules import register_number, state_of
from cishan.receipts.states import PayerKind, ReceiptState
from cishan.receipts.sums import LEFT_FEN, PROJECT, REFUNDED_FEN
from cishan.sealing import Sealer

GIFTS_A_PAGE = 30
MOST_GIFTS_A_YEAR = 1_500
"""As many as a PDF of a second holds; a year with more is refused whole, for its sums would be wrong."""
MOST_IN_KIND = 500
MOST_WAITING = 200
RECEIPTS_A_PAGE = 50

GIFT = f"""
SELECT o.id, o.out_trade_no, o.paid_at, o.paid_fen, {REFUNDED_FEN} AS refunded_fen, {LEFT_FEN} AS left_fen,
       {PROJECT} AS project,
       (SELECT string_agg(w.public_title, '、' ORDER BY l.id) FROM order_line l
          JOIN claim c ON l.owner_kind = 'claim' AND c.id = l.owner_id JOIN wish w ON w.id = c.wish_id
         WHERE l.order_id = o.id) AS wishes,
       (SELECT l.owner_id FROM order_line l WHERE l.order_id = o.id AND l.owner_kind = 'claim' ORDER BY l.id LIMIT 1)
         AS claim_id,
       (SELECT l.owner_id FROM order_line l WHERE l.order_id = o.id AND l.owner_kind = 'donation' ORDER BY l.id LIMIT 1)
         AS donation_id,
       q.status AS request_status, q.due_at, q.refusal,
       r.id AS receipt_id, r.year, r.number, r.amount_fen, r.issued_at, b.code, b.number AS bill_number, b.check_code,
       EXISTS (SELECT FROM receipt x JOIN receipt_reversal v ON v.receipt_id = x.id WHERE x.order_id = o.id)
         AS was_reversed
  FROM payment_order o
  LEFT JOIN LATERAL (SELECT * FROM receipt_request q WHERE q.order_id = o.id ORDER BY q.id DESC LIMIT 1) q ON true
  LEFT JOIN receipt r ON r.order_id = o.id
       AND NOT EXISTS (SELECT FROM receipt_reversal v WHERE v.receipt_id = r.id)
  LEFT JOIN fiscal_bill b ON b.id = r.bill_id
 WHERE o.donor_id = $1 AND o.status = 'paid'
"""  # noqa: S608 - a constant
ONE_GIFT = GIFT + " AND o.id = $2"
MY_GIFTS = GIFT + " ORDER BY o.paid_at DESC, o.id DESC LIMIT $2 OFFSET $3"
COUNT_GIFTS = "SELECT count(*) AS n FROM payment_order WHERE donor_id = $1 AND status = 'paid'"
GIFTS_OF_YEAR = GIFT + " AND o.paid_at >= $2 AND o.paid_at < $3 ORDER BY o.paid_at, o.id LIMIT $4"
YEARS = """
SELECT DISTINCT extract(year FROM paid_at AT TIME ZONE 'Asia/Shanghai')::int AS year FROM payment_order
 WHERE donor_id = $1 AND status = 'paid' ORDER BY year DESC LIMIT 30
"""
IN_KIND = """
SELECT w.public_title AS title, c.way, f.delivered_at, f.hours, f.value_fen
  FROM claim c JOIN wish w ON w.id = c.wish_id JOIN fulfilment f ON f.claim_id = c.id
 WHERE c.donor_id = $1 AND c.way IN ('bring', 'give_time') AND c.status = 'confirmed'
   AND f.delivered_at >= $2 AND f.delivered_at < $3 ORDER BY f.delivered_at, c.id LIMIT $4
"""
REQUEST = f"""
SELECT q.id, q.order_id, q.payer_kind, q.payer_name_sealed, q.payer_number_sealed, q.requested_at, q.due_at,
       o.out_trade_no, o.paid_at, o.paid_fen, {LEFT_FEN} AS left_fen,
       {PROJECT} AS project
  FROM receipt_request q JOIN payment_order o ON o.id = q.order_id
 WHERE q.status = 'waiting' AND o.charity_id = $1
"""  # noqa: S608 - a constant
WAITING = REQUEST + " ORDER BY q.due_at, q.id LIMIT $2"
ONE_REQUEST = REQUEST + " AND q.id = $2"
TO_REVERSE = """
SELECT v.id, v.reason, v.due_at, v.reversed_at, r.year, r.number, r.amount_fen, b.code, b.number AS bill_number
  FROM receipt_reversal v JOIN receipt r ON r.id = v.receipt_id JOIN fiscal_bill b ON b.id = r.bill_id
 WHERE v.red_bill_id IS NULL AND r.charity_id = $1 ORDER BY v.due_at, v.id LIMIT $2
"""
REGISTER = """
SELECT r.id, r.year, r.number, r.amount_fen, r.issued_at, o.out_trade_no, b.code, b.number AS bill_number,
       v.reason, red.code AS red_code, red.number AS red_number, count(*) OVER () AS total
  FROM receipt r JOIN payment_order o ON o.id = r.order_id JOIN fiscal_bill b ON b.id = r.bill_id
  LEFT JOIN receipt_reversal v ON v.receipt_id = r.id LEFT JOIN fiscal_bill red ON red.id = v.red_bill_id
 WHERE r.charity_id = $1 AND ($2 = '' OR b.number = $2 OR o.out_trade_no = $2)
 ORDER BY r.year DESC, r.number DESC LIMIT $3 OFFSET $4
"""
ORGANISATION = "SELECT g.name, g.uscc FROM account a JOIN organisation g ON g.id = a.organisation_id WHERE a.id = $1"
LAST_CODE = "SELECT code FROM fiscal_bill WHERE colour = 'blue' AND right(code, 2) = $1 ORDER BY id DESC LIMIT 1"


@dataclass(frozen=True)
class IssuedReceipt:
    """A receipt that counts, as its donor quotes it to the tax office."""

    register: str
    code: str
    number: str
    check_code: str
    amount_fen: int
    issued_at: datetime


@dataclass(frozen=True)
class MoneyGift:
    """One paid order of a donor: one gift, one receipt."""

    id: int
    out_trade_no: str
    paid_at: datetime
    paid_fen: int
    refunded_fen: int
    left_fen: int
    project: str
    wishes: str
    claim_id: int | None
    donation_id: int | None
    state: ReceiptState
    due_at: datetime | None
    refusal: str
    receipt: IssuedReceipt | None

    @property
    def title(self) -> str:
        return self.wishes or f"{self.project}项目"

    @property
    def unsettled_fen(self) -> int:
        """Received, and neither used nor given back yet."""
        return self.paid_fen - self.refunded_fen - self.left_fen


@dataclass(frozen=True)
class InKind:
    """Something brought or time given: on the statement, but no receipt and no deduction (R-16)."""

    title: str
    is_time: bool
    on: datetime
    hours: int
    value_fen: int


@dataclass(frozen=True)
class WaitingRequest:
    """A request with everything finance copies into the finance bureau's system (R-15)."""

    id: int
    payer_kind: PayerKind
    payer_name: str
    payer_number: str
    project: str
    amount_fen: int
    paid_fen: int
    paid_at: datetime
    out_trade_no: str
    requested_at: datetime
    due_at: datetime


async def money_gifts_of(viewer: Viewer, page: int) -> tuple[tuple[MoneyGift, ...], int]:
    """One's own paid orders, newest first, and how many there are."""
    found = await rows(MY_GIFTS, viewer.account_id, GIFTS_A_PAGE, (page - 1) * GIFTS_A_PAGE)
    total: int = (await rows(COUNT_GIFTS, viewer.account_id))[0]["n"]
    return tuple(_gift(row) for row in found), total


async def money_gift_of(order_id: int, *, viewer: Viewer) -> MoneyGift:
    """One's own paid order; a stranger's is not there."""
    found = await rows(ONE_GIFT, viewer.account_id, order_id)
    if not found:
        raise NotFound
    return _gift(found[0])


async def gifts_of_year(viewer: Viewer, year: int) -> tuple[MoneyGift, ...]:
    """One's own gifts of money of a year in China, oldest first; Conflict when there are too many for one statement."""
    found = await rows(GIFTS_OF_YEAR, viewer.account_id, *_bounds(year), MOST_GIFTS_A_YEAR + 1)
    if len(found) > MOST_GIFTS_A_YEAR:
        raise Conflict(f"这一年的捐款超过 {MOST_GIFTS_A_YEAR} 笔，网上的对账单放不下。请打电话，财务另外给您做一份。")
    return tuple(_gift(row) for row in found)


async def in_kind_of_year(viewer: Viewer, year: int) -> tuple[InKind, ...]:
    """What one brought and the time one gave in a year, by the day it arrived."""
    return tuple(
        InKind(row["title"], row["way"] == "give_time", row["delivered_at"], row["hours"] or 0, row["value_fen"] or 0)
        for row in await rows(IN_KIND, viewer.account_id, *_bounds(year), MOST_IN_KIND)
    )


async def organisation_of(viewer: Viewer) -> tuple[str, str] | None:
    """Name and unified social credit code of the organisation one gives for, or None for a person."""
    found = await rows(ORGANISATION, viewer.account_id)
    return (found[0]["name"], found[0]["uscc"]) if found else None


async def years_of_gifts(viewer: Viewer) -> tuple[int, ...]:
    """The years in which one gave money, the newest first."""
    return tuple(row["year"] for row in await rows(YEARS, viewer.account_id))


async def waiting_requests(charity_id: int, *, sealer: Sealer) -> tuple[WaitingRequest, ...]:
    """Requests that wait for finance, the most urgent first."""
    return tuple(_request(row, sealer) for row in await rows(WAITING, charity_id, MOST_WAITING))


async def waiting_request(request_id: int, charity_id: int, *, sealer: Sealer) -> WaitingRequest:
    found = await rows(ONE_REQUEST, charity_id, request_id)
    if not found:
        raise NotFound("这份申请已经办完了，或者没有这份申请。请回到列表再看。")
    return _request(found[0], sealer)


async def reversals_to_enter(charity_id: int) -> Sequence[JsonRow]:
    """Reversals whose red number is not known yet, the most urgent first."""
    return await rows(TO_REVERSE, charity_id, MOST_WAITING)


async def register_of(charity_id: int, search: str, page: int) -> tuple[Sequence[JsonRow], int]:
    """The register of receipts, newest first, and how many match a bill's or an order's number."""
    found = await rows(REGISTER, charity_id, search, RECEIPTS_A_PAGE, (page - 1) * RECEIPTS_A_PAGE)
    return found, found[0]["total"] if found else 0


async def last_code(year: int) -> str:
    """The code of the receipt issued last this year, to begin the next one with."""
    found = await rows(LAST_CODE, f"{year % 100:02d}")
    return found[0]["code"] if found else ""


def _bounds(year: int) -> tuple[datetime, datetime]:
    return beijing_midnight(date(year, 1, 1)), beijing_midnight(date(year + 1, 1, 1))


def _gift(row: JsonRow) -> MoneyGift:
    return MoneyGift(
        id=row["id"],
        out_trade_no=row["out_trade_no"],
        paid_at=row["paid_at"],
        paid_fen=row["paid_fen"],
        refunded_fen=row["refunded_fen"],
        left_fen=max(row["left_fen"], 0),
        project=row["project"],
        wishes=row["wishes"] or "",
        claim_id=row["claim_id"],
        donation_id=row["donation_id"],
        state=state_of(
            left_fen=row["left_fen"],
            is_waiting=row["request_status"] == "waiting",
            has_live_receipt=row["receipt_id"] is not None,
            was_reversed=row["was_reversed"],
            was_refused=row["request_status"] == "refused",
        ),
        due_at=row["due_at"],
        refusal=row["refusal"] or "",
        receipt=_receipt(row) if row["receipt_id"] else None,
    )


def _receipt(row: JsonRow) -> IssuedReceipt:
    return IssuedReceipt(
        register=register_number(row["year"], row["number"]),
        code=row["code"],
        number=row["bill_number"],
        check_code=row["check_code"],
        amount_fen=row["amount_fen"],
        issued_at=row["issued_at"],
    )


def _request(row: JsonRow, sealer: Sealer) -> WaitingRequest:
    number = row["payer_number_sealed"]
    return WaitingRequest(
        id=row["id"],
        payer_kind=PayerKind(row["payer_kind"]),
        payer_name=sealer.open(row["payer_name_sealed"], NAME_LABEL),
        payer_number=sealer.open(number, NUMBER_LABEL) if number else "",
        project=row["project"],
        amount_fen=max(row["left_fen"], 0),
        paid_fen=row["paid_fen"],
        paid_at=row["paid_at"],
        out_trade_no=row["out_trade_no"],
        requested_at=row["requested_at"],
        due_at=row["due_at"],
    )

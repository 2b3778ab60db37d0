"""The only writer of receipts: asked for, issued, refused, reversed. All decide under the order's row lock."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.queries import staff_covering
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, IllegalMove, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.labels import label
from cishan.messages.actions import queue_notice
from cishan.money import yuan_text
from cishan.receipts.rules import (
    check_bill,
    check_payer,
    due_after_request,
    due_after_reversal,
    refuse_second_request,
    register_number,
    state_of,
)
from cishan.receipts.states import BillColour, PayerKind, ReceiptState, RequestStatus, ReversalReason
from cishan.receipts.sums import LEFT_FEN, PROJECT
from cishan.sealing import Sealer

NAME_LABEL = "receipt_request.payer_name"
NUMBER_LABEL = "receipt_request.payer_number"
LONGEST_REFUSAL = 200
USED_NUMBER = "这个票据号码已经用过了。号码不能重复使用，请对照财政系统再看一遍。"

LOCK_ORDER = f"""
SELECT o.id, o.donor_id, o.charity_id, o.paid_fen, {LEFT_FEN} AS left_fen,
       {PROJECT} AS project
  FROM payment_order o WHERE o.id = $1 AND o.status = 'paid' FOR UPDATE OF o
"""  # noqa: S608 - a constant
STANDING = """
SELECT EXISTS (SELECT FROM receipt_request q WHERE q.order_id = $1 AND q.status = 'waiting') AS is_waiting,
       EXISTS (SELECT FROM receipt_request q WHERE q.order_id = $1 AND q.status = 'refused') AS was_refused,
       EXISTS (SELECT FROM receipt r WHERE r.order_id = $1
                 AND NOT EXISTS (SELECT FROM receipt_reversal v WHERE v.receipt_id = r.id)) AS has_live_receipt,
       EXISTS (SELECT FROM receipt r JOIN receipt_reversal v ON v.receipt_id = r.id WHERE r.order_id = $1) AS was_reversed
"""
PAYER = """
SELECT a.kind, g.name AS organisation, g.uscc FROM account a LEFT JOIN organisation g ON g.id = a.organisation_id
 WHERE a.id = $1
"""
ADD_REQUEST = """
INSERT INTO receipt_request (order_id, donor_id, payer_kind, payer_name_sealed, payer_number_sealed, status,
                             requested_at, due_at, refusal)
VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7, '') RETURNING id
"""
FIND_REQUEST = "SELECT order_id FROM receipt_request WHERE id = $1"
LOCK_REQUEST = "SELECT * FROM receipt_request WHERE id = $1 FOR UPDATE"
CLOSE_REQUEST = "UPDATE receipt_request SET status = $2, closed_at = $3, refusal = $4 WHERE id = $1"
DROP_WAITING = """
UPDATE receipt_request SET status = 'dropped', closed_at = $2 WHERE order_id = $1 AND status = 'waiting' RETURNING id
"""
LOCK_CHARITY = "SELECT id FROM charity WHERE id = $1 FOR NO KEY UPDATE"
NEXT_NUMBER = "SELECT coalesce(max(number), 0) + 1 AS number FROM receipt WHERE charity_id = $1 AND year = $2"
ADD_BILL = """
INSERT INTO fiscal_bill (code, number, check_code, colour, entered_by_id, entered_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (code, number) DO NOTHING RETURNING id
"""
LAST_RECEIPT = "SELECT id FROM receipt WHERE order_id = $1 ORDER BY id DESC LIMIT 1"
ADD_RECEIPT = """
INSERT INTO receipt (request_id, order_id, charity_id, year, number, bill_id, project, amount_fen, issued_by_id,
                     issued_at, replaces_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id
"""
LIVE_RECEIPT = """
SELECT r.id, r.year, r.number, r.request_id, r.amount_fen FROM receipt r
 WHERE r.order_id = $1 AND NOT EXISTS (SELECT FROM receipt_reversal v WHERE v.receipt_id = r.id)
"""
RECEIPT_ORDER = "SELECT order_id FROM receipt WHERE id = $1"
ADD_REVERSAL = """
INSERT INTO receipt_reversal (receipt_id, reason, left_fen, reversed_by_id, reversed_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""
ASK_AGAIN = """
INSERT INTO receipt_request (order_id, donor_id, payer_kind, payer_name_sealed, payer_number_sealed, status,
                             requested_at, due_at, refusal)
SELECT order_id, donor_id, payer_kind, payer_name_sealed, payer_number_sealed, 'waiting', $2, $3, ''
  FROM receipt_request WHERE id = $1 RETURNING id
"""
REVERSAL_ORDER = "SELECT r.order_id FROM receipt_reversal v JOIN receipt r ON r.id = v.receipt_id WHERE v.id = $1"
ENTER_RED = "UPDATE receipt_reversal SET red_bill_id = $2 WHERE id = $1 AND red_bill_id IS NULL RETURNING id"
VOID_CERTIFICATE = """
UPDATE gift_certificate SET voided_at = $2 WHERE order_id = $1 AND voided_at IS NULL AND amount_fen > $3 RETURNING id
"""
LATE = """
SELECT q.id, h.division_code FROM receipt_request q JOIN payment_order o ON o.id = q.order_id
  JOIN charity h ON h.id = o.charity_id
 WHERE q.status = 'waiting' AND q.due_at <= $1 AND q.reminded_at IS NULL ORDER BY q.due_at, q.id LIMIT $2
"""
MARK_REMINDED = """
UPDATE receipt_request SET reminded_at = $2 WHERE id = $1 AND status = 'waiting' AND reminded_at IS NULL RETURNING id
"""
MOST_TOLD = 20
LATE_SENTENCE = "有捐赠票据过了该开的日子还没有开，请到“票据”里看，先开最急的。"


@dataclass(frozen=True)
class Payer:
    """Whose name the receipt carries. A person's number is theirs to give or not; an organisation's is on its file."""

    name: str
    number: str = ""


@dataclass(frozen=True)
class BillNumbers:
    """What the finance bureau's system gave out for one receipt."""

    code: str
    number: str
    check_code: str


async def request_receipt(order_id: int, payer: Payer, *, actor: Viewer, sealer: Sealer, now: datetime) -> int:
    """The donor asks for the receipt of a gift, however small; returns the request's id.

    An organisation's receipt carries the organisation's own name and code, whatever was typed: nobody's receipt is made
    out to another (财综〔2024〕1号). Raises NotFound for a stranger's gift, Conflict when there is a receipt or a request.
    """
    async with in_transaction():
        order = await _locked_order(order_id)
        if order["donor_id"] != actor.account_id:
            raise NotFound
        refuse_second_request(await _state(order))
        kind, name, number = await _payer(payer, actor)
        found = await rows(
            ADD_REQUEST,
            order_id,
            actor.account_id,
            kind.value,
            sealer.seal(name, NAME_LABEL),
            sealer.seal(number, NUMBER_LABEL) if number else None,
            now,
            due_after_request(now),
        )
        await record_event("order", order_id, "ask_receipt", actor=actor, now=now)
        request_id: int = found[0]["id"]
    return request_id


async def issue_receipt(
    request_id: int, bill: BillNumbers, amount_fen: int, *, actor: Viewer, sealer: Sealer, now: datetime
) -> int:
    """Stores the numbers of an issued receipt and gives it the next number of our register; returns the receipt's id.

    `amount_fen` is what was typed into the finance bureau's system. It is what is left of the gift, or Conflict: money
    that went back in the meantime is never on a receipt. A number used before is InvalidInput.
    """
    year = beijing_day(now).year
    faults = check_bill(bill.code, bill.number, bill.check_code, year=year)
    if faults:
        raise InvalidInput(faults)
    async with in_transaction():
        order = await _locked_order(await _order_of(FIND_REQUEST, request_id))
        request = await _waiting(request_id, "开票")
        if order["left_fen"] != amount_fen or amount_fen <= 0:
            raise Conflict(
                f"这笔捐款现在可以开票的金额是 {yuan_text(order['left_fen'])} 元，和页面上的不一样了。"
                "请先不要用这张票，刷新页面再看。"
            )
        number = await _next_number(order["charity_id"], year)
        replaced = await rows(LAST_RECEIPT, order["id"])
        found = await rows(
            ADD_RECEIPT,
            request_id,
            order["id"],
            order["charity_id"],
            year,
            number,
            await _take_bill(bill, BillColour.BLUE, actor=actor, now=now),
            order["project"],
            amount_fen,
            actor.account_id,
            now,
            replaced[0]["id"] if replaced else None,
        )
        await rows(CLOSE_REQUEST, request_id, RequestStatus.ISSUED.value, now, "")
        detail: dict[str, object] = {"number": register_number(year, number), "amount_fen": amount_fen}
        await record_event("order", order["id"], "issue_receipt", actor=actor, now=now, detail=detail)
        text = f"您 {yuan_text(amount_fen)} 元捐款的票据开好了，在“我的捐款”里能看到票据代码、号码和校验码。"
        await queue_notice(f"receipt:{found[0]['id']}", request["donor_id"], text, sealer=sealer, now=now)
        receipt_id: int = found[0]["id"]
    return receipt_id


async def refuse_receipt(request_id: int, reason: str, *, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """Finance says why no receipt can be issued; the donor may put it right and ask again."""
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REFUSAL:
        raise InvalidInput({"reason": f"请写明为什么不能开，最多 {LONGEST_REFUSAL} 个字。"})
    async with in_transaction():
        order = await _locked_order(await _order_of(FIND_REQUEST, request_id))
        request = await _waiting(request_id, "退回")
        await rows(CLOSE_REQUEST, request_id, RequestStatus.REFUSED.value, now, reason)
        await record_event("order", order["id"], "refuse_receipt", actor=actor, now=now)
        text = f"您申请的票据没有开：{reason} 改好以后可以在“我的捐款”里再申请。"
        await queue_notice(f"receipt-refused:{request_id}", request["donor_id"], text, sealer=sealer, now=now)


async def reverse_receipt(order_id: int, *, actor: Viewer | None, sealer: Sealer, now: datetime) -> bool:
    """Follows money that goes back, inside the refund's transaction; True when there was a paper to change.

    A receipt of more than is left counts no more, nor does such a certificate. If something is left of the gift, a receipt
    for it is asked for at once in the donor's name; a request that was waiting is dropped when nothing is left. A second
    call for the same refund does nothing.
    """
    async with in_transaction():
        order = await _locked_order(order_id)
        voided = await rows(VOID_CERTIFICATE, order["id"], now, order["left_fen"])
        live = await rows(LIVE_RECEIPT, order["id"])
        if live and live[0]["amount_fen"] > order["left_fen"]:
            await _reverse(order, live[0], ReversalReason.REFUND, actor=actor, sealer=sealer, now=now)
            return True
        if order["left_fen"] <= 0 and await rows(DROP_WAITING, order["id"], now):
            await record_event("order", order["id"], "drop_receipt", actor=actor, now=now)
            return True
        return bool(voided)


async def reverse_wrong_receipt(receipt_id: int, *, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """Takes back a receipt that was issued wrongly; the right one is asked for at once."""
    async with in_transaction():
        order = await _locked_order(await _order_of(RECEIPT_ORDER, receipt_id))
        live = await rows(LIVE_RECEIPT, order["id"])
        if not live or live[0]["id"] != receipt_id:
            raise Conflict("这张票据已经红冲过了。")
        await _reverse(order, live[0], ReversalReason.MISTAKE, actor=actor, sealer=sealer, now=now)


async def enter_red_bill(reversal_id: int, bill: BillNumbers, *, actor: Viewer, now: datetime) -> None:
    """Stores the red receipt's numbers, which the finance bureau's system gave out; once for a reversal."""
    faults = check_bill(bill.code, bill.number, bill.check_code, year=beijing_day(now).year)
    if faults:
        raise InvalidInput(faults)
    async with in_transaction():
        order = await _locked_order(await _order_of(REVERSAL_ORDER, reversal_id))
        red_id = await _take_bill(bill, BillColour.RED, actor=actor, now=now)
        if not await rows(ENTER_RED, reversal_id, red_id):
            raise Conflict("这张红票已经登记过了。")
        await record_event("order", order["id"], "enter_red_bill", actor=actor, now=now)


async def remind_of_late_receipts(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Tells finance of requests past their day, once for each; returns how many."""
    reminded = 0
    for row in await rows(LATE, now, limit):
        async with in_transaction():
            if not await rows(MARK_REMINDED, row["id"], now):
                continue
            for staff in (await staff_covering(row["division_code"], Role.FINANCE))[:MOST_TOLD]:
                key = f"receipt-late:{row['id']}:{staff['account_id']}"
                await queue_notice(key, staff["account_id"], LATE_SENTENCE, sealer=sealer, now=now)
            reminded += 1
    return reminded


async def _reverse(
    order: JsonRow, receipt: JsonRow, reason: ReversalReason, *, actor: Viewer | None, sealer: Sealer, now: datetime
) -> None:
    by = actor.account_id if actor else None
    values = (receipt["id"], reason.value, max(order["left_fen"], 0), by, now, due_after_reversal(now))
    reversal = (await rows(ADD_REVERSAL, *values))[0]["id"]
    number = register_number(receipt["year"], receipt["number"])
    detail: dict[str, object] = {"number": number, "reason": reason.value, "left_fen": order["left_fen"]}
    await record_event("order", order["id"], "reverse_receipt", actor=actor, now=now, detail=detail)
    again = order["left_fen"] > 0
    if again:
        await rows(ASK_AGAIN, receipt["request_id"], now, due_after_request(now))
    why = "因为有钱退给了您" if reason is ReversalReason.REFUND else "因为开错了"
    after = f"剩下的 {yuan_text(order['left_fen'])} 元会重新开一张，您不用再申请。" if again else ""
    text = f"{why}，登记号 {number} 的捐赠票据已经作废，请不要再用它报税。{after}"
    await queue_notice(f"receipt-reversed:{reversal}", order["donor_id"], text, sealer=sealer, now=now)


async def _locked_order(order_id: int) -> JsonRow:
    found = await rows(LOCK_ORDER, order_id)
    if not found:
        raise NotFound
    return found[0]


async def _order_of(sql: str, row_id: int) -> int:
    """The order comes first: every action here locks the order before anything else, so none waits in a circle."""
    found = await rows(sql, row_id)
    if not found:
        raise NotFound
    order_id: int = found[0]["order_id"]
    return order_id


async def _waiting(request_id: int, verb: str) -> JsonRow:
    request = (await rows(LOCK_REQUEST, request_id))[0]
    status = RequestStatus(request["status"])
    if status is not RequestStatus.WAITING:
        raise IllegalMove("这份票据申请", label(status), verb)
    return request


async def _state(order: JsonRow) -> ReceiptState:
    return state_of(left_fen=order["left_fen"], **(await rows(STANDING, order["id"]))[0])


async def _payer(payer: Payer, actor: Viewer) -> tuple[PayerKind, str, str]:
    file = (await rows(PAYER, actor.account_id))[0]
    if file["organisation"]:
        return PayerKind.ORGANISATION, file["organisation"], check_payer(PayerKind.ORGANISATION, file["uscc"])
    if not payer.name:
        raise InvalidInput({"payer_name": "请填写票据上的姓名。"})
    return PayerKind.PERSON, payer.name, check_payer(PayerKind.PERSON, payer.number)


async def _next_number(charity_id: int, year: int) -> int:
    """The next number of the charity's year; the charity's row is held until the commit, so none is skipped or doubled."""
    await rows(LOCK_CHARITY, charity_id)
    number: int = (await rows(NEXT_NUMBER, charity_id, year))[0]["number"]
    return number


async def _take_bill(bill: BillNumbers, colour: BillColour, *, actor: Viewer, now: datetime) -> int:
    check_code = bill.check_code.upper()
    found = await rows(ADD_BILL, bill.code, bill.number, check_code, colour.value, actor.account_id, now)
    if not found:
        raise InvalidInput({"number": USED_NUMBER})
    bill_id: int = found[0]["id"]
    return bill_id

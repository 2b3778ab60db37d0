"""What people do about refunds: a donor takes a gift back, finance starts one, a second person agrees, somebody decides.

Every one of them locks the order first, so that two refunds of one trade are never decided at the same time.
"""

from collections.abc import Mapping
from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.ledger.actions import Source, book_refund_kept
from cishan.messages.actions import queue_notice
from cishan.money import yuan_text
from cishan.payments.actions import keep_for_fund, lock_order
from cishan.payments.states import PayChannel
from cishan.permissions import Permission, must
from cishan.refunds.models import RefundTerms
from cishan.refunds.neighbours import Neighbours
from cishan.refunds.queries import OrderPart, orders_of_owner, parts_of, terms_on
from cishan.refunds.rules import DAYS_TO_DECIDE, Terms, back_to, check_cooling, needs_second_person, new_request_no
from cishan.refunds.states import RefundReason, RefundStatus
from cishan.refunds.writing import (
    LINES,
    Share,
    check_shares,
    lock_refund,
    move_refund,
    promise,
    queue_sending,
    shares_of,
    write_refund,
)
from cishan.sealing import Sealer
from cishan.services import Enqueue, RefundFollower, follow_nothing, queue_nothing
from cishan.vigilance.actions import check_not_frozen
from cishan.working_days import end_of_working_days

ORDER_ID = "SELECT id FROM payment_order WHERE charity_id = $1 AND out_trade_no = $2 AND status = 'paid'"
CHARITY_OF = "SELECT o.charity_id FROM refund r JOIN payment_order o ON o.id = r.order_id WHERE r.id = $1"
DECIDE = "UPDATE refund SET decided_by_id = $2 WHERE id = $1"
TAKE = "UPDATE refund SET handler_id = $2 WHERE id = $1"
DONE_WITH = "UPDATE refund SET due_at = NULL, handler_id = $2 WHERE id = $1"
STAFF_REASONS = (RefundReason.CHANGED_MIND, RefundReason.MISTAKE, RefundReason.HOUSEHOLD, RefundReason.OTHER)
"""Why staff may begin a refund; the others begin by themselves."""


async def take_gift_back(
    owner_kind: str,
    owner_id: int,
    *,
    neighbours: Neighbours,
    actor: Viewer,
    sealer: Sealer,
    now: datetime,
) -> int:
    """A donor takes back what they gave for this owner, whole, within the cooling period and while nobody has begun to
    spend it; returns the refund's id. The money goes to the account it came from and to no other (R-19).
    """
    for found in await orders_of_owner(owner_kind, owner_id):
        if found["donor_id"] != actor.account_id:
            continue
        async with in_transaction():
            await lock_order(found["id"])
            parts = [part for part in await parts_of(found["id"]) if _belongs(part, owner_kind, owner_id)]
            if not parts:
                continue
            unspent = await neighbours.owners[owner_kind].unspent(owner_id)
            terms = await terms_on(found["charity_id"], found["paid_at"])
            check_cooling(found["paid_at"], untouched=unspent.untouched, terms=terms, now=now)
            shares = [Share(part, part.open_fen) for part in parts]
            refund_id = await _begin(
                found["id"],
                shares,
                RefundReason.CHANGED_MIND,
                status=RefundStatus.REQUESTED,
                neighbours=neighbours,
                actor=actor,
                now=now,
            )
            fen = sum(share.amount_fen for share in shares)
            back = back_to(PayChannel(found["channel"]))
            text = f"您要退回的 {yuan_text(fen)} 元已经在办理，会原路退回{back}。退到了再告诉您。"
            await queue_notice(f"refund:{refund_id}", actor.account_id, text, sealer=sealer, now=now)
            return refund_id
    raise NotFound("没有找到可以退的钱。也许已经退过了，请看这次认领的记录。")


def _belongs(part: OrderPart, owner_kind: str, owner_id: int) -> bool:
    return (part.owner_kind, part.owner_id) == (owner_kind, owner_id) and part.open_fen > 0 and not part.waits


async def start_refund(
    charity_id: int,
    out_trade_no: str,
    amounts: Mapping[str, int],
    reason: RefundReason,
    note: str,
    *,
    neighbours: Neighbours,
    actor: Viewer,
    now: datetime,
) -> int:
    """Finance gives back some of a paid order, `amounts` in fen by `part_key`; returns the refund's id.

    Over the charity's set sum it waits for a second person. Raises InvalidInput for more than is left.
    """
    must(actor, Permission.MANAGE_MONEY)
    if reason not in STAFF_REASONS:
        raise InvalidInput({"reason": "请从列出的原因中选择。"})
    if not note.strip():
        raise InvalidInput({"note": "请写明为什么退，以后查账要看。"})
    found = await rows(ORDER_ID, charity_id, out_trade_no)
    if not found:
        raise NotFound
    async with in_transaction():
        order = await lock_order(found[0]["id"])
        parts = {part_key(part): part for part in await parts_of(order["id"])}
        if any(key not in parts for key in amounts):
            raise Conflict("这个订单的钱刚刚有变化。请刷新后再看。")
        shares = [Share(parts[key], fen) for key, fen in amounts.items() if fen]
        if not shares:
            raise InvalidInput({"amount": "请填写要退多少。"})
        total_fen = sum(share.amount_fen for share in shares)
        proposed = needs_second_person(total_fen, await terms_on(charity_id, now))
        return await _begin(
            order["id"],
            shares,
            reason,
            status=RefundStatus.PROPOSED if proposed else RefundStatus.REQUESTED,
            note=note.strip(),
            neighbours=neighbours,
            actor=actor,
            now=now,
        )


def part_key(part: OrderPart) -> str:
    """How a form names a part of an order."""
    return f"line-{part.order_line_id}" if part.order_line_id else f"money-{part.unassigned_id}"


async def _begin(
    order_id: int,
    shares: list[Share],
    reason: RefundReason,
    *,
    status: RefundStatus,
    neighbours: Neighbours,
    actor: Viewer,
    now: datetime,
    note: str = "",
) -> int:
    await check_not_frozen(order_id)
    await check_shares(shares, owners=neighbours.owners)
    waits = status is RefundStatus.PROPOSED
    refund = await write_refund(
        order_id,
        shares,
        reason,
        request_no=new_request_no(now),
        status=status,
        note=note,
        actor=actor,
        now=now,
        due_at=end_of_working_days(now, DAYS_TO_DECIDE) if waits else None,
    )
    if status is RefundStatus.REQUESTED:
        written = {"id": refund.id, "order_id": order_id}
        await promise(written, shares, neighbours=neighbours, actor=actor, now=now)
        await queue_sending(refund.id, neighbours.enqueue)
    refund_id: int = refund.id
    return refund_id


async def agree_to_refund(
    refund_id: int,
    *,
    charity_id: int,
    neighbours: Neighbours,
    actor: Viewer,
    now: datetime,
) -> None:
    """The second person agrees to a proposed refund: now it is booked and sent (ASVS 2.3.5, R-18)."""
    async with in_transaction():
        refund = await _for_finance(refund_id, charity_id, actor)
        if refund["requested_by_id"] == actor.account_id:
            raise Forbidden("您提出的退款不能由您自己同意。请另一位财务来看。")
        shares = await shares_of(refund)
        await move_refund(refund, "agree", actor=actor, now=now, next_try_at=now)
        await check_shares(shares, owners=neighbours.owners, counted=True)
        await rows(DECIDE, refund_id, actor.account_id)
        await promise(refund, shares, neighbours=neighbours, actor=actor, now=now)
        await queue_sending(refund_id, neighbours.enqueue)


async def decline_refund(refund_id: int, note: str, *, charity_id: int, actor: Viewer, now: datetime) -> None:
    """A proposed refund is not made; who proposed it may take it back too. Nothing was booked."""
    async with in_transaction():
        refund = await _for_finance(refund_id, charity_id, actor)
        await move_refund(refund, "decline", actor=actor, now=now, detail={"note": _said(note)})


async def retry_refund(
    refund_id: int, *, charity_id: int, actor: Viewer, now: datetime, enqueue: Enqueue = queue_nothing
) -> None:
    """Asks Alipay once more for a refused refund, under the same number, as after a top-up of the merchant's account."""
    async with in_transaction():
        refund = await _for_finance(refund_id, charity_id, actor)
        await move_refund(refund, "retry", actor=actor, now=now, next_try_at=now)
        await rows(TAKE, refund_id, actor.account_id)
        await queue_sending(refund_id, enqueue)


async def keep_refused(
    refund_id: int,
    note: str,
    *,
    charity_id: int,
    actor: Viewer,
    sealer: Sealer,
    now: datetime,
    follow: RefundFollower = follow_nothing,
) -> None:
    """What Alipay will not give back stays with the fund, after somebody has spoken with the donor."""
    async with in_transaction():
        refund = await _for_finance(refund_id, charity_id, actor)
        await move_refund(refund, "keep", actor=actor, now=now, detail={"note": _said(note)})
        for line in await rows(LINES, refund_id):
            source = Source("refund_line", line["id"])
            await book_refund_kept(line["fund_id"], line["amount_fen"], source, now=now)
            if line["unassigned_id"] is not None:
                await keep_for_fund(line["unassigned_id"], now=now)
        await follow(refund["order_id"], actor=actor, now=now)
        text = f"{yuan_text(refund['amount_fen'])} 元没有退回，已按和您商量的留在项目里。谢谢您。"
        await queue_notice(f"refund-kept:{refund_id}", refund["donor_id"], text, sealer=sealer, now=now)


async def take_refund(refund_id: int, *, charity_id: int, actor: Viewer, now: datetime) -> None:
    """Somebody of finance says that this refund is theirs to see to."""
    async with in_transaction():
        refund = await _for_finance(refund_id, charity_id, actor)
        await rows(TAKE, refund_id, actor.account_id)
        detail: dict[str, object] = {"refund": refund_id}
        await record_event("order", refund["order_id"], "refund_take", actor=actor, now=now, detail=detail)


async def close_elsewhere(refund_id: int, note: str, *, charity_id: int, actor: Viewer, now: datetime) -> None:
    """Somebody has found out about a refund that was made at Alipay and not by us."""
    async with in_transaction():
        refund = await _for_finance(refund_id, charity_id, actor)
        if refund["reason"] is not RefundReason.ELSEWHERE or refund["due_at"] is None:
            raise Conflict("这笔退款没有要核实的。")
        await rows(DONE_WITH, refund_id, actor.account_id)
        detail: dict[str, object] = {"refund": refund_id, "note": _said(note)}
        await record_event("order", refund["order_id"], "refund_explain", actor=actor, now=now, detail=detail)


async def set_terms(charity_id: int, terms: Terms, *, valid_from: date, actor: Viewer, now: datetime) -> None:
    """Sets the charity's figures from a day on, today or later; the days before keep theirs."""
    must(actor, Permission.MANAGE_MONEY)
    if valid_from < beijing_day(now):
        raise InvalidInput({"valid_from": "请选今天或以后的日期，以前的不能改。"})
    await RefundTerms.update_or_create(
        charity_id=charity_id,
        valid_from=valid_from,
        defaults={**vars(terms), "set_by_id": actor.account_id},
    )


async def _for_finance(refund_id: int, charity_id: int, actor: Viewer) -> JsonRow:
    must(actor, Permission.MANAGE_MONEY)
    found = await rows(CHARITY_OF, refund_id)
    if not found or found[0]["charity_id"] != charity_id:
        raise NotFound
    return await lock_refund(refund_id)


def _said(note: str) -> str:
    if not note.strip():
        raise InvalidInput({"note": "请写一句为什么，以后查账要看。"})
    return note.strip()[:200]

"""Buying for a claim: finance advances money to the town, the coordinator buys with a voucher.

Nobody pays from their own pocket: the advance comes first, what is not spent goes back to the fund, and what is more
than the published price is advanced after finance has agreed. Who buys never decides about the sum (会计法, R-18).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.claims.codes import send_code
from cishan.claims.fulfilment_rules import Purchased, divide, purchase_faults
from cishan.claims.moves import lock_claim_for, move_claim
from cishan.claims.queries import terms_for
from cishan.claims.rules import next_status
from cishan.database import JsonRow, rows
from cishan.divisions.rules import town_of
from cishan.errors import CishanError, Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import REASON_LABEL, record_event
from cishan.ledger.actions import Source, book_advance, book_purchase, book_return_of_advance
from cishan.ledger.free import free_at, lock_fund, spendable_of
from cishan.ledger.states import AccountType
from cishan.messages.actions import queue_notice
from cishan.money import yuan_text
from cishan.permissions import Permission, must
from cishan.sealing import Sealer
from cishan.vigilance.actions import is_frozen

MOST_ADVANCES = 40
"""Claims that one form may advance money for."""

FUND = """
SELECT f.id FROM campaign c JOIN fund f ON f.charity_id = c.charity_id AND f.kind = 'wish' WHERE c.id = $1
"""
ADD_ADVANCE = """
INSERT INTO advance (claim_id, town_code, amount_fen, given_by_id, given_at) VALUES ($1, $2, $3, $4, $5) RETURNING id
"""
ADVANCE = "SELECT id, town_code, amount_fen, given_by_id FROM advance WHERE claim_id = $1"
ADD_PURCHASE = """
INSERT INTO purchase (claim_id, shop, spent_fen, price_fen, voucher_id, buyer_id, advanced_by_id, bought_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""
PURCHASE = """
SELECT id, claim_id, spent_fen, price_fen, voucher_id, buyer_id, advanced_by_id, booked_at FROM purchase WHERE id = $1
"""
WAITING = "SELECT id FROM purchase WHERE claim_id = $1 AND booked_at IS NULL"
MARK_BOOKED = "UPDATE purchase SET booked_at = $2 WHERE id = $1"
MARK_APPROVED = "UPDATE purchase SET approved_by_id = $2, approved_at = $3 WHERE id = $1"
DROP = "DELETE FROM purchase WHERE id = $1"
ORDERS_OF_CLAIM = "SELECT DISTINCT order_id FROM order_line WHERE owner_kind = 'claim' AND owner_id = $1"


@dataclass(frozen=True)
class AdvanceResult:
    """What became of one claim of many; `refusal` is empty when its money was advanced."""

    claim_id: int
    refusal: str = ""


@dataclass(frozen=True)
class Voucher:
    """What the coordinator brings back from the shop."""

    shop: str
    spent_fen: int
    picture_id: int


async def advance_money(claim_ids: Iterable[int], *, actor: Viewer, now: datetime) -> tuple[AdvanceResult, ...]:
    """Gives each paid claim's price to its town to buy with; one that can't be advanced does not stop the others.

    Rows are locked in the order of their ids, so two people who do this at once never wait for each other in a circle.
    """
    must(actor, Permission.MANAGE_MONEY)
    chosen = sorted(set(claim_ids))
    if not chosen:
        raise InvalidInput({"claim": "请先选择要拨款的认领。"})
    if len(chosen) > MOST_ADVANCES:
        raise InvalidInput({"claim": f"一次最多拨 {MOST_ADVANCES} 笔，请分几次。"})
    return tuple([await _advance(claim_id, actor=actor, now=now) for claim_id in chosen])


async def _advance(claim_id: int, *, actor: Viewer, now: datetime) -> AdvanceResult:
    try:
        async with in_transaction():
            claim = await lock_claim_for(claim_id, actor)
            await _check_not_frozen(claim_id)
            amount_fen, town = claim["price_fen"], town_of(claim["division_code"])
            detail: dict[str, object] = {"amount_fen": amount_fen}
            await move_claim(claim, "advance", actor=actor, now=now, due_at=claim["due_at"], detail=detail)
            added = await rows(ADD_ADVANCE, claim_id, town, amount_fen, actor.account_id, now)
            fund_id = await fund_of(claim)
            await _check_at_alipay(fund_id, amount_fen)
            await book_advance(fund_id, town, amount_fen, Source("advance", added[0]["id"]), now=now)
    except CishanError as error:
        return AdvanceResult(claim_id, error.sentence)
    return AdvanceResult(claim_id)


async def _check_at_alipay(fund_id: int, amount_fen: int) -> None:
    """Raises Conflict when the money has left Alipay, as with a withdrawal; the claim just moved on and is promised no more."""
    await lock_fund(fund_id)
    if amount_fen > await free_at(fund_id, AccountType.ALIPAY):
        raise Conflict(
            "这个项目在支付宝里的钱不够拨这一笔，可能已经提现到银行了。请先把钱转回支付宝，或者等收到新的捐款。"
        )


async def _check_not_frozen(claim_id: int) -> None:
    """Raises Conflict while two people have not looked at the large gift that this claim's money is part of."""
    for order in await rows(ORDERS_OF_CLAIM, claim_id):
        if await is_frozen(order["order_id"]):
            raise Conflict("这笔钱正在核查，核查完才能拨。请先到“大额核查”办结。")


async def record_purchase(claim_id: int, voucher: Voucher, *, actor: Viewer, sealer: Sealer, now: datetime) -> bool:
    """Writes down what was bought; True when it is booked, False when finance must first agree to the sum.

    Up to the published price it is booked at once and the rest of the advance goes back to the fund.
    """
    must(actor, Permission.DELIVER)
    async with in_transaction():
        claim = await lock_claim_for(claim_id, actor)
        next_status(claim["status"], "buy")
        if claim["buyer_id"] not in {None, actor.account_id}:
            raise Conflict("这件东西已经换人去买了。请不要再买，免得买两份。")
        if await rows(WAITING, claim_id):
            raise Conflict("这次采购已经登记过，正在等财务同意。不用再交一次。")
        faults = purchase_faults(voucher.shop, voucher.spent_fen)
        if faults:
            raise InvalidInput(faults)
        advance = (await rows(ADVANCE, claim_id))[0]
        bought = (voucher.shop, voucher.spent_fen, advance["amount_fen"], voucher.picture_id)
        people = (actor.account_id, advance["given_by_id"])
        purchase_id = (await rows(ADD_PURCHASE, claim_id, *bought, *people, now))[0]["id"]
        purchased = divide(advance["amount_fen"], voucher.spent_fen)
        if purchased.needs_leave:
            detail: dict[str, object] = {"spent_fen": voucher.spent_fen, "extra_fen": purchased.extra_fen}
            await record_event("claim", claim_id, "ask_leave", actor=actor, now=now, detail=detail)
            return False
        await _book(claim, purchase_id, voucher.spent_fen, purchased, actor=actor, sealer=sealer, now=now)
        return True


async def approve_purchase(purchase_id: int, *, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """Finance agrees to more than the published price: the extra is advanced, then the purchase is booked.

    Whoever agrees has neither bought the thing nor given the advance, and the fund has the extra without what was paid
    for other wishes.
    """
    must(actor, Permission.MANAGE_MONEY)
    async with in_transaction():
        claim, purchase = await _waiting(purchase_id, actor)
        if purchase["buyer_id"] == actor.account_id:
            raise Forbidden("您买的东西不能由您自己同意。请另一位财务来看。")
        if purchase["advanced_by_id"] == actor.account_id:
            raise Forbidden("这笔备用金是您拨的，多花的钱不能由您自己同意。请另一位财务来看。")
        purchased = divide(purchase["price_fen"], purchase["spent_fen"])
        await _check_covered(await fund_of(claim), purchased.extra_fen)
        await rows(MARK_APPROVED, purchase_id, actor.account_id, now)
        detail: dict[str, object] = {"extra_fen": purchased.extra_fen}
        await record_event("claim", claim["id"], "approve_purchase", actor=actor, now=now, detail=detail)
        await _book(claim, purchase_id, purchase["spent_fen"], purchased, actor=actor, sealer=sealer, now=now)
        text = f"财务同意了“{claim['item']}”多花的 {yuan_text(purchased.extra_fen)} 元，可以送去了。"
        await queue_notice(f"purchase-approved:{purchase_id}", purchase["buyer_id"], text, sealer=sealer, now=now)


async def refuse_purchase(purchase_id: int, reason: str, *, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """Finance does not agree: nothing is booked, the voucher's facts stay in the event, and it is bought anew."""
    must(actor, Permission.MANAGE_MONEY)
    if not reason.strip():
        raise InvalidInput({"reason": "请写明为什么不同意，协理员才知道怎么办。"})
    if len(reason) > 200:
        raise InvalidInput({"reason": "太长了，最多 200 个字。"})
    async with in_transaction():
        claim, purchase = await _waiting(purchase_id, actor)
        detail: dict[str, object] = {
            "spent_fen": purchase["spent_fen"],
            "voucher": purchase["voucher_id"],
            "buyer": purchase["buyer_id"],
        }
        await rows(DROP, purchase_id)
        sealed = sealer.seal(reason.strip(), REASON_LABEL)
        await record_event(
            "claim", claim["id"], "refuse_purchase", actor=actor, now=now, detail=detail, reason_sealed=sealed
        )
        text = f"财务没有同意“{claim['item']}”多花的钱：{reason.strip()}。请退换后重新登记，价格不超过拨的钱。"
        await queue_notice(f"purchase-refused:{purchase_id}", purchase["buyer_id"], text, sealer=sealer, now=now)


async def fund_of(claim: JsonRow) -> int:
    """The charity's filed 微心愿 fund, whose use every wish is (R-7)."""
    found: int = (await rows(FUND, claim["campaign_id"]))[0]["id"]
    return found


async def _check_covered(fund_id: int, extra_fen: int) -> None:
    """Raises Conflict when the fund can't pay the extra out of what is its own. One at a time, under the fund's lock."""
    await lock_fund(fund_id)
    free_fen = max(0, min(await spendable_of(fund_id), await free_at(fund_id, AccountType.ALIPAY)))
    if extra_fen > free_fen:
        raise Conflict(
            f"多花的 {yuan_text(extra_fen)} 元，项目里的钱不够：除去别的心愿已经收到、还没拨付的捐款，和分配、退款要用的钱，"
            f"只剩 {yuan_text(free_fen)} 元。可以等项目有结余时再同意，或者现在不同意。"
        )


async def return_advance(claim: JsonRow, *, now: datetime) -> int:
    """Brings back to the fund what a town holds for an ended claim; returns the sum in fen."""
    found = await rows(ADVANCE, claim["id"])
    if not found:
        return 0
    advance = found[0]
    source = Source("advance", advance["id"])
    fund_id, amount_fen = await fund_of(claim), int(advance["amount_fen"])
    await book_return_of_advance(fund_id, advance["town_code"], amount_fen, source, now=now)
    return amount_fen


async def is_waiting_for_leave(claim_id: int) -> bool:
    return bool(await rows(WAITING, claim_id))


async def _waiting(purchase_id: int, actor: Viewer) -> tuple[JsonRow, JsonRow]:
    """A purchase that waits for finance, read again under its claim's lock."""
    found = await rows(PURCHASE, purchase_id)
    if not found:
        raise NotFound
    claim = await lock_claim_for(found[0]["claim_id"], actor)
    again = await rows(PURCHASE, purchase_id)
    if not again or again[0]["booked_at"] is not None:
        raise Conflict("这笔采购刚刚已经有人处理了。请刷新后再看。")
    return claim, again[0]


async def _book(
    claim: JsonRow,
    purchase_id: int,
    spent_fen: int,
    purchased: Purchased,
    *,
    actor: Viewer,
    sealer: Sealer,
    now: datetime,
) -> None:
    """Books a purchase so that nothing of this claim stays in the town's hands, and moves the claim on."""
    fund_id, source = await fund_of(claim), Source("purchase", purchase_id)
    town = (await rows(ADVANCE, claim["id"]))[0]["town_code"]
    if purchased.extra_fen:
        await book_advance(fund_id, town, purchased.extra_fen, source, now=now)
    await book_purchase(fund_id, town, spent_fen, source, now=now)
    if purchased.unspent_fen:
        await book_return_of_advance(fund_id, town, purchased.unspent_fen, source, now=now)
    await rows(MARK_BOOKED, purchase_id, now)
    terms = await terms_for(claim["campaign_id"], now)
    due_at = now + timedelta(days=terms.delivery_days)
    await move_claim(claim, "buy", actor=actor, now=now, due_at=due_at, detail={"spent_fen": spent_fen})
    await send_code(claim, sealer=sealer, now=now)

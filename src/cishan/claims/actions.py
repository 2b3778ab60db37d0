"""The donor's side of a claim: take, pay, promise, cancel, hand back; and what happens when time runs out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.claims.models import Claim
from cishan.claims.moves import lock_claim, move_claim
from cishan.claims.queries import terms_for
from cishan.claims.rules import (
    MOST_ATTEMPTS,
    PAY_GRACE,
    Lapse,
    check_may_claim,
    check_rested,
    due_after_claim,
    order_subject,
    payable_until,
    ways_for,
)
from cishan.claims.states import LIVE_SQL, ClaimStatus, ClaimWay
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.messages.actions import queue_notice
from cishan.money import yuan_text
from cishan.payments.actions import NewLine, open_order
from cishan.payments.models import Order
from cishan.payments.queries import last_late_choice
from cishan.payments.rules import is_far_beyond
from cishan.payments.states import LateChoice
from cishan.refunds.queries import terms_on, usual_gift_fen
from cishan.sealing import Sealer
from cishan.vigilance.actions import watch_order
from cishan.vigilance.states import GiftSource
from cishan.wishes import actions as wishes

OWNER_KIND = "claim"
LAPSES_READ_FOR = timedelta(days=3)
"""The pause after too many lapses ends within two days of the first of them."""
MOST_LAPSES_READ = 50

LOCK_DONOR = "SELECT id FROM account WHERE id = $1 FOR UPDATE"
HOLDINGS = f"""
SELECT count(*) FILTER (WHERE status IN ('reserved', 'promised')) AS waiting,
       coalesce(bool_or(wish_id = $2), false) AS same
  FROM claim WHERE donor_id = $1 AND {LIVE_SQL}
"""  # noqa: S608 - LIVE_SQL is a constant
LAPSES = f"""
SELECT wish_id, status_since FROM claim
 WHERE donor_id = $1 AND way = 'pay' AND status = 'lapsed' AND status_since > $2
 ORDER BY status_since DESC LIMIT {MOST_LAPSES_READ}
"""  # noqa: S608 - a constant
DUE = """
SELECT id FROM claim WHERE due_at <= $1 AND status IN ('reserved', 'promised') ORDER BY due_at, id LIMIT $2
"""


WISH_PRICE = "SELECT price_fen FROM wish WHERE id = $1"


@dataclass(frozen=True)
class Claimed:
    """A new claim; `out_trade_no` is empty for a promise."""

    claim_id: int
    out_trade_no: str = ""


async def check_not_mistaken(wish_id: int, *, charity_id: int, actor: Viewer, now: datetime) -> None:
    """Raises InvalidInput("sure") when a gift is far beyond what this donor usually gives, so that they are asked again."""
    found = await rows(WISH_PRICE, wish_id)
    if not found:
        raise NotFound
    terms, usual_fen = await terms_on(charity_id, now), await usual_gift_fen(actor.account_id)
    price_fen: int = found[0]["price_fen"]
    if is_far_beyond(
        price_fen,
        need_fen=price_fen,
        usual_fen=usual_fen,
        times=terms.ask_again_times,
        floor_fen=terms.ask_again_over_fen,
    ):
        raise InvalidInput(
            {
                "sure": f"这次要付 {yuan_text(price_fen)} 元，您平时一次捐 {yuan_text(usual_fen)} 元左右。"
                "请再看一眼金额；没有错的话，勾上这一项再提交。"
            }
        )


async def claim_wish(
    wish_id: int,
    way: ClaimWay,
    *,
    site: Site,
    actor: Viewer,
    now: datetime,
    late_choice: LateChoice = LateChoice.REFUND,
    source: GiftSource | None = None,
) -> Claimed:
    """Takes a published wish for this donor alone. One live claim a wish is held by the database.

    Raises Conflict when another was faster or this donor already has it, TooMany at the limit of claims at once or
    soon after letting a claim run out unpaid, InvalidInput for a way this wish does not offer. A claim by payment gets
    an order that can be paid for some minutes, with what the donor wants done if their money comes too late, twice or
    is too much.
    """
    async with in_transaction():
        await rows(LOCK_DONOR, actor.account_id)
        wish = await wishes.claim_wish(wish_id, actor=actor, now=now)
        if way not in ways_for(wish.kind, wish.price_fen):
            raise InvalidInput({"way": "这件心愿不能用这种方式认领，请换一种。"})
        terms = await terms_for(wish.campaign_id, now)
        held = (await rows(HOLDINGS, actor.account_id, wish_id))[0]
        check_may_claim(live_claims=held["waiting"], terms=terms, live_same_wish=held["same"])
        found = await rows(LAPSES, actor.account_id, now - LAPSES_READ_FOR)
        lapses = [Lapse(row["wish_id"], row["status_since"]) for row in found]
        check_rested(lapses, wish_id=wish_id, way=way, now=now)
        claim = await Claim.create(
            wish_id=wish_id,
            donor_id=actor.account_id,
            way=way,
            status=ClaimStatus.RESERVED if way is ClaimWay.PAY else ClaimStatus.PROMISED,
            price_fen=wish.price_fen,
            claimed_at=now,
            status_since=now,
            due_at=due_after_claim(way, terms, now),
        )
        await record_event("claim", claim.id, "claim", actor=actor, now=now, detail={"way": way.value})
        if way is not ClaimWay.PAY:
            return Claimed(claim.id)
        line = NewLine(OWNER_KIND, claim.id, site.fund_id, wish.price_fen)
        expires_at = payable_until(terms, now)
        order = await _open_order(line, wish_id, expires_at, late_choice, site=site, actor=actor, now=now)
        await watch_order(order.id, source, charity_id=site.charity_id, actor=actor, now=now)
        number = order.out_trade_no
        return Claimed(claim.id, number)


async def _open_order(
    line: NewLine,
    wish_id: int,
    expires_at: datetime,
    late_choice: LateChoice,
    *,
    site: Site,
    actor: Viewer,
    now: datetime,
) -> Order:
    return await open_order(
        [line],
        charity_id=site.charity_id,
        subject=order_subject(wish_id),
        expires_at=expires_at,
        actor=actor,
        now=now,
        late_choice=late_choice,
    )


async def pay_anew(claim_id: int, *, site: Site, actor: Viewer, now: datetime) -> str:
    """A second order for a reserved claim, for a donor whose first cashier is bound to another Alipay account.

    The first stays payable; if both are paid, the second is booked as unassigned and nothing is lost.
    """
    async with in_transaction():
        claim = await _own(claim_id, actor)
        if claim["status"] is not ClaimStatus.RESERVED:
            raise Conflict("这次认领已经不用付款了。")
        opened = await rows(
            "SELECT count(*) AS n FROM order_line WHERE owner_kind = 'claim' AND owner_id = $1", claim_id
        )
        if opened[0]["n"] >= MOST_ATTEMPTS:
            raise Conflict("已经换过几次付款了。请用最近一次的付款页，或打电话给我们。")
        line = NewLine(OWNER_KIND, claim_id, site.fund_id, claim["price_fen"])
        expires_at = claim["due_at"] - PAY_GRACE
        choice = await last_late_choice(actor.account_id)
        order = await _open_order(line, claim["wish_id"], expires_at, choice, site=site, actor=actor, now=now)
        return order.out_trade_no


async def cancel_claim(claim_id: int, *, actor: Viewer, now: datetime) -> None:
    """The donor changes their mind before paying; the wish returns to the wall."""
    async with in_transaction():
        claim = await _own(claim_id, actor)
        await move_claim(claim, "cancel", actor=actor, now=now, reason="爱心人士取消")
        await wishes.release_wish(claim["wish_id"], actor=actor, now=now, reason="认领取消")


async def hand_back_claim(claim_id: int, *, actor: Viewer, now: datetime) -> None:
    """The donor cannot keep a promise of goods or time; the wish returns to the wall."""
    async with in_transaction():
        claim = await _own(claim_id, actor)
        await move_claim(claim, "hand_back", actor=actor, now=now, reason="爱心人士退回")
        await wishes.release_wish(claim["wish_id"], actor=actor, now=now, reason="认领退回")


async def _own(claim_id: int, actor: Viewer) -> JsonRow:
    claim = await lock_claim(claim_id)
    if claim["donor_id"] != actor.account_id:
        raise NotFound
    return claim


async def lapse_due_claims(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Frees wishes whose claim was not paid or whose promise was not kept in time; returns how many.

    Each in its own transaction and decided again under the row's lock, so any number of nodes may sweep at once.
    """
    lapsed = 0
    for row in await rows(DUE, now, limit):
        lapsed += await _lapse(row["id"], sealer=sealer, now=now)
    return lapsed


async def _lapse(claim_id: int, *, sealer: Sealer, now: datetime) -> bool:
    async with in_transaction():
        claim = await lock_claim(claim_id)
        waiting = claim["status"] in {ClaimStatus.RESERVED, ClaimStatus.PROMISED}
        if not waiting or claim["due_at"] is None or claim["due_at"] > now:
            return False
        unpaid = claim["status"] is ClaimStatus.RESERVED
        reason = "没有在时限内付款" if unpaid else "没有在时限内送到"
        await move_claim(claim, "lapse", actor=None, now=now, reason=reason)
        await wishes.release_wish(claim["wish_id"], actor=None, now=now, reason=reason)
        text = f"您认领的“{claim['public_title']}”{reason}，已经放回心愿墙。没有扣您的钱，欢迎再来认领。"
        await queue_notice(f"claim-lapsed:{claim_id}", claim["donor_id"], text, sealer=sealer, now=now)
        return True

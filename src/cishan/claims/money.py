"""What money does to a claim: taken in time or late, used for a similar wish, given back. Registered in `app.py`.

Called by the rooms below inside their transaction, with the order's row locked; the claim's row is locked next, then its
wish's.
"""

from datetime import datetime, timedelta

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.models import Claim
from cishan.claims.moves import lock_claim, move_claim
from cishan.claims.purchases import is_waiting_for_leave, return_advance
from cishan.claims.queries import terms_for
from cishan.claims.rules import UNBOUGHT, refusal_of_payment, unspent_of
from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.database import JsonRow, rows
from cishan.events.actions import record_event
from cishan.messages.actions import queue_notice
from cishan.payments.owners import Unspent, Used
from cishan.payments.states import UnassignedReason
from cishan.sealing import Sealer
from cishan.vigilance.actions import watch_received
from cishan.wishes import actions as wishes
from cishan.wishes import late_claims

SPENT = "SELECT spent_fen FROM purchase WHERE claim_id = $1 AND booked_at IS NOT NULL"
REFUNDED = "捐款已退回"


class ClaimPayments:
    """How a claim takes the money of its order line, and gives it back; registered for OWNER_KIND."""

    def __init__(self, sealer: Sealer) -> None:
        self.sealer = sealer

    async def accept_payment(self, owner_id: int, *, order_id: int, now: datetime) -> UnassignedReason | None:
        """A claim that waits takes its money; so does one that has lapsed, when its wish is free again."""
        claim = await lock_claim(owner_id)
        refused = refusal_of_payment(claim["status"])
        if refused is not None and not await self._is_free_again(claim, now=now):
            return refused
        verb = "pay" if refused is None else "pay_late"
        due_at = await _purchase_due(claim, now=now)
        await move_claim(claim, verb, actor=None, now=now, due_at=due_at, detail={"order_id": order_id})
        await watch_received(order_id, now=now)
        text = f"谢谢您！“{claim['public_title']}”的捐款已经收到，记入微心愿项目。协理员会尽快买好送去。"
        await queue_notice(f"claim-paid:{owner_id}", claim["donor_id"], text, sealer=self.sealer, now=now)
        return None

    async def _is_free_again(self, claim: JsonRow, *, now: datetime) -> bool:
        """Takes the wish of a lapsed claim off the wall for the donor who was late, if nobody else has it."""
        if claim["status"] is not ClaimStatus.LAPSED or claim["way"] is not ClaimWay.PAY:
            return False
        return await late_claims.claim_again(
            claim["wish_id"], price_fen=claim["price_fen"], actor=_donor(claim["donor_id"]), now=now
        )

    async def use_late_money(self, owner_id: int, amount_fen: int, *, donor_id: int, now: datetime) -> Used | None:
        """Claims a similar wish at this price or below, and pays for it at once; None when there is none on the wall."""
        claim = await lock_claim(owner_id)
        donor = _donor(donor_id)
        wish = await late_claims.claim_similar(claim["wish_id"], most_fen=amount_fen, actor=donor, now=now)
        if wish is None:
            return None
        terms = await terms_for(wish.campaign_id, now)
        similar = await Claim.create(
            wish_id=wish.id,
            donor_id=donor_id,
            way=ClaimWay.PAY,
            status=ClaimStatus.PAID,
            price_fen=wish.price_fen,
            claimed_at=now,
            status_since=now,
            due_at=now + timedelta(days=terms.purchase_days),
        )
        detail: dict[str, object] = {"way": ClaimWay.PAY.value, "instead_of": owner_id}
        await record_event("claim", similar.id, "claim", actor=donor, now=now, detail=detail)
        return Used(similar.id, wish.price_fen)

    async def unspent(self, owner_id: int) -> Unspent:
        claim = await lock_claim(owner_id)
        spent = await rows(SPENT, owner_id)
        return unspent_of(
            claim["status"],
            claim["price_fen"],
            spent[0]["spent_fen"] if spent else None,
            waits_for_leave=await is_waiting_for_leave(owner_id),
        )

    async def give_up(self, owner_id: int, *, actor: Viewer | None, now: datetime) -> None:
        """The claim of an unbought wish ends and the wish returns to the wall; an advance comes back to the fund."""
        claim = await lock_claim(owner_id)
        if claim["status"] not in UNBOUGHT or await is_waiting_for_leave(owner_id):
            return
        returned_fen = await return_advance(claim, now=now) if claim["status"] is ClaimStatus.ADVANCED else 0
        detail: dict[str, object] = {"returned_fen": returned_fen}
        await move_claim(claim, "refund", actor=actor, now=now, reason=REFUNDED, detail=detail)
        await wishes.release_wish(claim["wish_id"], actor=actor, now=now, reason=REFUNDED)

    def address_of(self, owner_id: int) -> str:
        return f"/me/claims/{owner_id}"


async def _purchase_due(claim: JsonRow, *, now: datetime) -> datetime:
    terms = await terms_for(claim["campaign_id"], now)
    return now + timedelta(days=terms.purchase_days)


def _donor(account_id: int) -> Viewer:
    """The donor whose choice is carried out while they are not there."""
    return Viewer(account_id, Role.DONOR)

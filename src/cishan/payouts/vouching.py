"""What proves that help arrived: a village's or supplier's invoices, a family's word, each for its part of a paid sum."""

from dataclasses import dataclass
from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.payouts.applying import SUBJECT, lock_payout
from cishan.payouts.rules import plain_invoice, proof_faults
from cishan.payouts.states import PayoutKind, PayoutStatus
from cishan.permissions import Permission, must

MOST_MISSING = 40
PROVED_FEN = "coalesce((SELECT sum(v.amount_fen) FROM payout_proof v WHERE v.payout_id = p.id), 0)"
"""What of payout `p` is proved."""
PAID = f"SELECT p.kind, p.paid_at, (p.amount_fen - {PROVED_FEN})::bigint AS left_fen FROM payout p WHERE p.id = $1"  # noqa: S608
ADD = """
INSERT INTO payout_proof (payout_id, number, dated_on, amount_fen, note, recorded_by_id, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id
"""
OF = "SELECT number, dated_on, amount_fen, note FROM payout_proof WHERE payout_id = $1 ORDER BY id"
MISSING_SQL = f"(p.status = 'paid' AND p.kind <> 'household' AND p.amount_fen > {PROVED_FEN})"
"""A payout `p` to a village or a supplier whose invoices do not make up its sum."""
MISSING = f"""
SELECT p.id, p.what, p.amount_fen, p.paid_at, (p.amount_fen - {PROVED_FEN})::bigint AS left_fen FROM payout p
 WHERE {MISSING_SQL} AND p.division_code BETWEEN $1 AND $2 ORDER BY p.paid_at, p.id LIMIT $3
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Proof:
    """An invoice with its number, or for a family who said so and how, without a name."""

    number: str
    dated_on: date
    amount_fen: int
    note: str


@dataclass(frozen=True)
class Unproved:
    """A village's or supplier's payout whose invoices have not all come."""

    id: int
    what: str
    amount_fen: int
    left_fen: int
    paid_at: datetime


async def record_proof(payout_id: int, proof: Proof, *, actor: Viewer, now: datetime) -> None:
    """Writes down what proves a payment or a part of it.

    Raises InvalidInput for more than is still unproved, and Conflict for an invoice that proves something already.
    """
    must(actor, Permission.APPLY_PAYOUT)
    async with in_transaction():
        payout = await lock_payout(payout_id)
        if not actor.covers(payout["division_code"]):
            raise NotFound
        if payout["status"] != PayoutStatus.PAID:
            raise Conflict("这笔款还没有付到，或者已经退回，不用登记凭据。")
        paid = (await rows(PAID, payout_id))[0]
        if paid["left_fen"] == 0:
            raise Conflict("这笔款的凭据已经登记齐了。")
        faults = proof_faults(
            PayoutKind(paid["kind"]),
            number=proof.number,
            note=proof.note,
            amount_fen=proof.amount_fen,
            left_fen=paid["left_fen"],
            dated_on=proof.dated_on,
            today=beijing_day(now),
        )
        if faults:
            raise InvalidInput(faults)
        number = plain_invoice(proof.number) if paid["kind"] != PayoutKind.HOUSEHOLD else ""
        values = (number, proof.dated_on, proof.amount_fen, proof.note.strip(), actor.account_id, now)
        if not await rows(ADD, payout_id, *values):
            raise Conflict("这个号码的发票或收据已经登记过了，一张只能用一次。")
        await record_event(SUBJECT, payout_id, "prove", actor=actor, now=now, detail={"amount_fen": proof.amount_fen})


async def proofs_of(payout_id: int) -> tuple[Proof, ...]:
    return tuple(Proof(**row) for row in await rows(OF, payout_id))


async def unproved(viewer: Viewer) -> tuple[Unproved, ...]:
    """Paid to a village or a supplier in the viewer's place, with invoices missing; longest first."""
    return tuple(Unproved(**row) for row in await rows(MISSING, *viewer.scope, MOST_MISSING))

"""Certificates of thanks: made by the donor for one gift, with their name or without, verified by whoever holds one."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, NotFound
from cishan.events.actions import record_event
from cishan.receipts.rules import new_certificate_token, register_number
from cishan.receipts.states import CertificateStanding
from cishan.receipts.sums import LEFT_FEN, PROJECT
from cishan.sealing import Sealer

TOKEN_LABEL = "gift_certificate.token"
ACCOUNT_NAME_LABEL = "account.name"
NOBODY = "爱心人士"
"""Who stands on a certificate whose donor does not want to be named (慈善法 art. 82)."""

LOCK_ORDER = f"""
SELECT o.id, o.donor_id, {LEFT_FEN} AS left_fen FROM payment_order o
 WHERE o.id = $1 AND o.donor_id = $2 AND o.status = 'paid' FOR UPDATE OF o
"""  # noqa: S608 - a constant
VALID = "SELECT id, amount_fen FROM gift_certificate WHERE order_id = $1 AND voided_at IS NULL"
VOID = "UPDATE gift_certificate SET voided_at = $2 WHERE id = $1"
NAMED = "UPDATE gift_certificate SET anonymous = $2 WHERE id = $1"
ADD = """
INSERT INTO gift_certificate (order_id, donor_id, amount_fen, anonymous, token_sealed, token_hash, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
FACE = f"""
SELECT c.id, c.order_id, c.amount_fen, c.anonymous, c.token_sealed, c.voided_at, c.made_at, o.paid_at,
       a.name_sealed, g.name AS organisation, h.name AS charity, {LEFT_FEN} AS left_fen,
       {PROJECT} AS project
  FROM gift_certificate c
  JOIN payment_order o ON o.id = c.order_id
  JOIN charity h ON h.id = o.charity_id
  JOIN account a ON a.id = c.donor_id
  LEFT JOIN organisation g ON g.id = a.organisation_id
"""  # noqa: S608 - a constant
OF_ORDER = FACE + " WHERE c.order_id = $1 AND c.donor_id = $2 AND c.voided_at IS NULL"
OF_TOKEN = FACE + " WHERE c.token_hash = $1"


@dataclass(frozen=True)
class Certificate:
    """The face of a certificate: all that stands on the paper, and all that its public page says."""

    number: str
    name: str
    amount_fen: int
    project: str
    charity: str
    given_at: datetime
    standing: CertificateStanding
    anonymous: bool
    token: str


async def make_certificate(order_id: int, *, anonymous: bool, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """The certificate of what is left of a gift, or another choice about the name on it, which counts at once (R-13)."""
    async with in_transaction():
        found = await rows(LOCK_ORDER, order_id, actor.account_id)
        if not found:
            raise NotFound
        left_fen = found[0]["left_fen"]
        if left_fen <= 0:
            raise Conflict("这笔钱已经退回或者还在处理，不能做证书。")
        valid = await rows(VALID, order_id)
        if valid and valid[0]["amount_fen"] == left_fen:
            await rows(NAMED, valid[0]["id"], anonymous)
            return
        if valid:
            await rows(VOID, valid[0]["id"], now)
        token = new_certificate_token()
        sealed = sealer.seal(token, TOKEN_LABEL)
        await rows(ADD, order_id, actor.account_id, left_fen, anonymous, sealed, token_hash(token), now)
        await record_event("order", order_id, "make_certificate", actor=actor, now=now)


async def take_name_off(account_id: int) -> None:
    """Takes a donor's name off all their certificates, when they close their account."""
    await rows("UPDATE gift_certificate SET anonymous = true WHERE donor_id = $1 AND NOT anonymous", account_id)


async def own_certificate(order_id: int, *, viewer: Viewer, sealer: Sealer) -> Certificate | None:
    """The valid certificate of one's own gift."""
    found = await rows(OF_ORDER, order_id, viewer.account_id)
    made = _certificate(found[0], sealer) if found else None
    return made if made and made.standing is CertificateStanding.VALID else None


async def verify_certificate(token: str, *, sealer: Sealer) -> Certificate:
    """What the holder of a certificate may check; NotFound for a token that is none."""
    found = await rows(OF_TOKEN, token_hash(token))
    if not found:
        raise NotFound("没有这张证书。请对照证书上的二维码再扫一次；还是没有，就不是本会发出的。")
    return _certificate(found[0], sealer)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.strip().upper().encode()).hexdigest()


def _certificate(row: JsonRow, sealer: Sealer) -> Certificate:
    """A certificate counts while no less is left of the gift than it says, from the moment a refund is promised."""
    valid = row["voided_at"] is None and row["left_fen"] >= row["amount_fen"]
    return Certificate(
        number=register_number(beijing_day(row["made_at"]).year, row["id"]),
        name=NOBODY if row["anonymous"] else _name(row, sealer),
        amount_fen=row["amount_fen"],
        project=row["project"],
        charity=row["charity"],
        given_at=row["paid_at"],
        standing=CertificateStanding.VALID if valid else CertificateStanding.REVERSED,
        anonymous=row["anonymous"],
        token=sealer.open(row["token_sealed"], TOKEN_LABEL),
    )


def _name(row: JsonRow, sealer: Sealer) -> str:
    return row["organisation"] or sealer.open(row["name_sealed"], ACCOUNT_NAME_LABEL)

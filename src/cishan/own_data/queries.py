"""All that is held on one donor, opened for that donor alone. Every list is bounded."""

from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.actions import NAME_LABEL, PHONE_LABEL
from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.donations.actions import NOTE_LABEL
from cishan.messages.actions import TEXT_LABEL
from cishan.receipts.actions import NAME_LABEL as PAYER_NAME_LABEL
from cishan.receipts.actions import NUMBER_LABEL as PAYER_NUMBER_LABEL
from cishan.sealing import Sealer

MOST_OF_EACH = 2_000

ACCOUNT = """
SELECT a.phone_sealed, a.name_sealed, a.password_hash IS NOT NULL AS has_password, a.elder_mode, a.created_at,
       g.name AS organisation, g.uscc
  FROM account a LEFT JOIN organisation g ON g.id = a.organisation_id WHERE a.id = $1
"""
DEVICES = """
SELECT device, created_at, seen_at, revoked_at FROM session WHERE account_id = $1 ORDER BY id DESC LIMIT $2
"""
CLAIMS = """
SELECT w.public_title, c.way, c.status, c.price_fen, c.claimed_at
  FROM claim c JOIN wish w ON w.id = c.wish_id WHERE c.donor_id = $1 ORDER BY c.id DESC LIMIT $2
"""
ORDERS = """
SELECT o.out_trade_no, o.status, o.channel, o.total_fen, o.paid_fen, o.late_choice, o.created_at, o.paid_at, o.trade_no,
       (SELECT d.note_sealed FROM order_line l JOIN donation d ON l.owner_kind = 'donation' AND d.id = l.owner_id
         WHERE l.order_id = o.id LIMIT 1) AS note_sealed
  FROM payment_order o WHERE o.donor_id = $1 ORDER BY o.id DESC LIMIT $2
"""
REFUNDS = """
SELECT f.amount_fen, f.status, f.created_at, f.succeeded_at, o.out_trade_no
  FROM refund f JOIN payment_order o ON o.id = f.order_id WHERE o.donor_id = $1 ORDER BY f.id DESC LIMIT $2
"""
REQUESTS = """
SELECT q.payer_name_sealed, q.payer_number_sealed, q.status, q.requested_at, r.amount_fen, r.issued_at, b.code, b.number
  FROM receipt_request q LEFT JOIN receipt r ON r.request_id = q.id LEFT JOIN fiscal_bill b ON b.id = r.bill_id
 WHERE q.donor_id = $1 ORDER BY q.id DESC LIMIT $2
"""
CERTIFICATES = """
SELECT amount_fen, anonymous, made_at, voided_at FROM gift_certificate WHERE donor_id = $1 ORDER BY id DESC LIMIT $2
"""
MESSAGES = """
SELECT text_sealed, created_at FROM outbox_message WHERE account_id = $1 ORDER BY id DESC LIMIT $2
"""
STEPS = """
SELECT verb, at FROM event WHERE subject_kind = 'account' AND subject_id = $1 ORDER BY number DESC LIMIT $2
"""
UNDER_WAY = """
SELECT (SELECT count(*) FROM claim WHERE donor_id = $1
           AND status NOT IN ('lapsed', 'cancelled', 'handed_back', 'ended', 'confirmed')) AS claims,
       (SELECT count(*) FROM payment_order WHERE donor_id = $1 AND status = 'pending') AS orders,
       (SELECT count(*) FROM unassigned_money WHERE donor_id = $1 AND resolved_at IS NULL) AS unassigned,
       (SELECT count(*) FROM refund f JOIN payment_order o ON o.id = f.order_id WHERE o.donor_id = $1
           AND f.status NOT IN ('succeeded', 'cancelled')) AS refunds,
       (SELECT count(*) FROM receipt_request WHERE donor_id = $1 AND status = 'waiting') AS requests
"""


@dataclass(frozen=True)
class Held:
    """What is held on a donor: the account's own fields, opened, and rows of everything they did."""

    name: str
    phone: str
    organisation: str
    uscc: str
    has_password: bool
    elder_mode: bool
    registered_at: datetime
    devices: list[JsonRow]
    claims: list[JsonRow]
    orders: list[JsonRow]
    refunds: list[JsonRow]
    requests: list[JsonRow]
    certificates: list[JsonRow]
    messages: list[JsonRow]
    steps: list[JsonRow]


@dataclass(frozen=True)
class UnderWay:
    """What has to end before an account can be closed."""

    claims: int
    orders: int
    unassigned: int
    refunds: int
    requests: int

    @property
    def is_nothing(self) -> bool:
        return not (self.claims or self.orders or self.unassigned or self.refunds or self.requests)


async def held_on(viewer: Viewer, *, sealer: Sealer) -> Held:
    """Everything about the viewer, for the viewer."""
    account = (await rows(ACCOUNT, viewer.account_id))[0]

    async def of_viewer(sql: str) -> list[JsonRow]:
        return await rows(sql, viewer.account_id, MOST_OF_EACH)

    return Held(
        name=sealer.open(account["name_sealed"], NAME_LABEL),
        phone=sealer.open(account["phone_sealed"], PHONE_LABEL),
        organisation=account["organisation"] or "",
        uscc=account["uscc"] or "",
        has_password=account["has_password"],
        elder_mode=account["elder_mode"],
        registered_at=account["created_at"],
        devices=await of_viewer(DEVICES),
        claims=await of_viewer(CLAIMS),
        orders=[_with_words(row, sealer) for row in await of_viewer(ORDERS)],
        refunds=await of_viewer(REFUNDS),
        requests=[_opened(row, sealer) for row in await of_viewer(REQUESTS)],
        certificates=await of_viewer(CERTIFICATES),
        messages=[
            {"text": sealer.open(row["text_sealed"], TEXT_LABEL), "at": row["created_at"]}
            for row in await of_viewer(MESSAGES)
        ],
        steps=await of_viewer(STEPS),
    )


async def under_way(viewer: Viewer) -> UnderWay:
    return UnderWay(**(await rows(UNDER_WAY, viewer.account_id))[0])


def _with_words(row: JsonRow, sealer: Sealer) -> JsonRow:
    note = row["note_sealed"]
    return {**row, "note": sealer.open(note, NOTE_LABEL) if note else ""}


def _opened(row: JsonRow, sealer: Sealer) -> JsonRow:
    number = row["payer_number_sealed"]
    return {
        **row,
        "payer_name": sealer.open(row["payer_name_sealed"], PAYER_NAME_LABEL),
        "payer_number": sealer.open(number, PAYER_NUMBER_LABEL) if number else "",
    }

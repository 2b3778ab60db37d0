"""A donor's own donations, and what a fund is for. Each is got for someone and bounded."""

from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.donations.actions import NOTE_LABEL
from cishan.donations.states import DonationStatus
from cishan.errors import NotFound
from cishan.payments.states import OrderStatus, PayChannel
from cishan.sealing import Sealer

PAGE_ROWS = 40

DONATION = """
SELECT d.id, d.fund_id, d.status, d.amount_fen, d.left_fen, d.shows_name, d.wants_receipt, d.note_sealed, d.made_at, d.received_at, f.name AS fund_name,
       f.filing_number, f.takes_until, o.id AS order_id, o.out_trade_no, o.status AS order_status, o.expires_at, o.total_fen, o.paid_at,
       o.channel, o.transfer_code,
       coalesce((SELECT sum(u.amount_fen) FROM unassigned_money u WHERE u.order_id = o.id AND u.resolved_at IS NULL), 0)::bigint
         AS waiting_fen
  FROM donation d
  JOIN fund f ON f.id = d.fund_id
  JOIN LATERAL (SELECT o.* FROM order_line l JOIN payment_order o ON o.id = l.order_id
                 WHERE l.owner_kind = 'donation' AND l.owner_id = d.id ORDER BY o.id DESC LIMIT 1) o ON true
 WHERE d.donor_id = $1
"""
ONE = DONATION + " AND d.id = $2"
MOST_WAITING = 20
UNPAID = DONATION + " AND d.status = 'pledged' AND o.status = 'pending' ORDER BY d.id DESC LIMIT $2"


WORDS = """
SELECT d.id, d.note_sealed, d.amount_fen, d.received_at, f.name AS fund_name FROM donation d JOIN fund f ON f.id = d.fund_id
 WHERE d.charity_id = $1 AND d.note_sealed IS NOT NULL AND d.received_at IS NOT NULL
 ORDER BY d.id DESC LIMIT $2 OFFSET $3
"""
COUNT_WORDS = """
SELECT count(*) AS n FROM donation WHERE charity_id = $1 AND note_sealed IS NOT NULL AND received_at IS NOT NULL
"""


@dataclass(frozen=True)
class DonorWords:
    """What a donor wrote with a donation that was received; nothing says who they are."""

    text: str
    fund_name: str
    amount_fen: int
    received_at: datetime


@dataclass(frozen=True)
class OwnDonation:
    """A donation as its donor sees it; `waiting_fen` came late, twice or in surplus and is being settled."""

    id: int
    fund_name: str
    filing_number: str
    takes_until: datetime | None
    status: DonationStatus
    amount_fen: int
    left_fen: int
    shows_name: bool
    made_at: datetime
    received_at: datetime | None
    order_id: int
    out_trade_no: str
    order_status: OrderStatus
    expires_at: datetime
    waiting_fen: int
    channel: PayChannel
    transfer_code: str
    wants_receipt: bool
    note_sealed: bytes | None


async def unpaid_donations(viewer: Viewer) -> tuple[OwnDonation, ...]:
    """One's own that wait for their money, newest first: to be paid, or on their way from the bank."""
    return tuple(_own(row) for row in await rows(UNPAID, viewer.account_id, MOST_WAITING))


async def own_donation(donation_id: int, *, viewer: Viewer) -> OwnDonation:
    """One's own donation; a stranger's is not there."""
    found = await rows(ONE, viewer.account_id, donation_id)
    if not found:
        raise NotFound
    return _own(found[0])


async def donor_words(charity_id: int, *, page: int, sealer: Sealer) -> tuple[DonorWords, ...]:
    """What donors wrote, newest first."""
    return tuple(
        DonorWords(sealer.open(row["note_sealed"], NOTE_LABEL), row["fund_name"], row["amount_fen"], row["received_at"])
        for row in await rows(WORDS, charity_id, PAGE_ROWS, PAGE_ROWS * (page - 1))
    )


async def count_donor_words(charity_id: int) -> int:
    return int((await rows(COUNT_WORDS, charity_id))[0]["n"])


def _own(row: JsonRow) -> OwnDonation:
    return OwnDonation(
        id=row["id"],
        fund_name=row["fund_name"],
        filing_number=row["filing_number"],
        takes_until=row["takes_until"],
        status=DonationStatus(row["status"]),
        amount_fen=row["amount_fen"],
        left_fen=row["left_fen"],
        shows_name=row["shows_name"],
        made_at=row["made_at"],
        received_at=row["received_at"],
        order_id=row["order_id"],
        out_trade_no=row["out_trade_no"],
        order_status=OrderStatus(row["order_status"]),
        expires_at=row["expires_at"],
        waiting_fen=row["waiting_fen"],
        channel=PayChannel(row["channel"]),
        transfer_code=row["transfer_code"] or "",
        wants_receipt=row["wants_receipt"],
        note_sealed=row["note_sealed"],
    )

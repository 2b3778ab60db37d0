"""What is read of help: what waits for whom and since when, one payout, a file for the bank."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.events.actions import REASON_LABEL
from cishan.labels import label
from cishan.payouts.applying import PAYOUT_REASON
from cishan.payouts.payees import HOLDER_LABEL
from cishan.payouts.rules import awaits_approval_of
from cishan.payouts.states import PayoutKind, PayoutStatus
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer

PAGE_ROWS = 40
MOST_FILES = 10
LATELY = timedelta(days=30)
"""So long whoever applied is shown what was refused."""
STUCK_SINCE_SQL = """
p.status_since + CASE WHEN p.is_urgent OR EXISTS (SELECT FROM payout_transfer t WHERE t.payout_id = p.id)
                      THEN interval '1 day' ELSE interval '7 days' END
"""
"""From when a payout `p` has stood in one step for too long: a day on an urgent one's way and at Alipay, otherwise a week."""
STUCK_SQL = """
(p.status IN ('approved', 'in_file') OR (p.status IN ('applied', 'endorsed', 'awaiting_third') AND NOT p.is_urgent))
"""
"""A payout `p` that waits for an approval, for its payment or for the outcome; an urgent one's decision has a clock of its own."""
CARD = """
SELECT p.id, p.fund_id, f.name AS fund, a.category, p.kind, p.status, p.status_since, p.division_code, p.amount_fen, p.what,
       p.price_note, p.kin_hit, p.is_urgent, p.needs_third, p.applied_at, p.applied_by_id, p.first_by_id, p.second_by_id,
       p.third_by_id, p.paid_at, p.return_reason, h.case_number, y.kind = 'alipay' AS by_alipay
  FROM payout p JOIN payee y ON y.id = p.payee_id JOIN fund f ON f.id = p.fund_id JOIN allocation a ON a.id = p.allocation_id
  LEFT JOIN household h ON h.id = p.household_id
"""
# Whoever is asked from outside because of a tie sees that payout, and nothing else of its place.
SEEN = "(p.division_code BETWEEN $1 AND $2 OR ($3 AND p.kin_hit AND p.status = 'endorsed'))"
LISTED = f"""
{CARD} WHERE {SEEN} AND p.status = ANY($4::varchar[])
 ORDER BY p.is_urgent DESC, p.status_since, p.id LIMIT $5 OFFSET $6
"""
NEWEST = f"""
{CARD} WHERE {SEEN} AND p.status = ANY($4::varchar[]) ORDER BY p.id DESC LIMIT $5 OFFSET $6
"""
COUNTED = f"SELECT count(*) AS n FROM payout p WHERE {SEEN} AND p.status = ANY($4::varchar[])"  # noqa: S608
ONE = f"{CARD} WHERE {SEEN} AND p.id = $4"
FILE = """
SELECT l.id, f.name AS fund, l.made_at, l.payouts_count, l.total_fen,
       (SELECT count(*) FROM payout p WHERE p.file_id = l.id AND p.status = 'in_file') AS waiting,
       (SELECT count(*) FROM payout_file_download d WHERE d.file_id = l.id) AS downloads
  FROM payout_file l JOIN fund f ON f.id = l.fund_id WHERE l.id = $1 AND l.made_by_id = $2
"""
FILES = """
SELECT l.id, f.name AS fund, l.made_at, l.payouts_count, l.total_fen,
       (SELECT count(*) FROM payout p WHERE p.file_id = l.id AND p.status = 'in_file') AS waiting,
       (SELECT count(*) FROM payout_file_download d WHERE d.file_id = l.id) AS downloads
  FROM payout_file l JOIN fund f ON f.id = l.fund_id WHERE l.made_by_id = $1 AND l.channel = 'bank' ORDER BY l.made_at DESC, l.id DESC LIMIT $2
"""
REFUSED = """
SELECT p.id, p.what, p.amount_fen, p.status_since, s.text_sealed
  FROM payout p JOIN event e ON e.subject_kind = 'payout' AND e.subject_id = p.id AND e.verb IN ('refuse', 'stop')
  LEFT JOIN event_reason s ON s.event_id = e.id
 WHERE p.applied_by_id = $1 AND p.status = 'refused' AND p.status_since > $2 ORDER BY p.status_since DESC LIMIT 20
"""
REASON = "SELECT reason_sealed FROM payout WHERE id = $1"
PAYEE_OF = (
    "SELECT y.holder_sealed FROM payout p JOIN payee y ON y.id = p.payee_id WHERE p.id = $1 AND y.household_id IS NULL"
)


@dataclass(frozen=True)
class PayoutCard:
    """A payout as staff see it: a case number, never a name or an account number."""

    id: int
    fund_id: int
    fund: str
    category: str
    kind: PayoutKind
    status: PayoutStatus
    status_since: datetime
    division_code: str
    amount_fen: int
    what: str
    price_note: str
    kin_hit: bool
    is_urgent: bool
    needs_third: bool
    applied_at: datetime
    hands: frozenset[int]
    paid_at: datetime | None
    return_reason: str
    case_number: str
    by_alipay: bool

    @property
    def status_words(self) -> str:
        return label(self.status)

    @property
    def kind_words(self) -> str:
        return label(self.kind)


@dataclass(frozen=True)
class Refused:
    """An application of one's own that somebody did not agree to, and why."""

    id: int
    what: str
    amount_fen: int
    refused_at: datetime
    reason: str


@dataclass(frozen=True)
class FileCard:
    """A file for the bank; `waiting` of its payouts have no outcome yet."""

    id: int
    fund: str
    made_at: datetime
    payouts_count: int
    total_fen: int
    waiting: int
    downloads: int


async def payouts_for(
    viewer: Viewer, statuses: frozenset[PayoutStatus], *, page: int = 1, newest: bool = False
) -> tuple[PayoutCard, ...]:
    """Those of the viewer's place in any of `statuses`, longest waiting first, or the newest application first."""
    listed = [status.value for status in statuses]
    found = await rows(
        NEWEST if newest else LISTED, *viewer.scope, _is_asked(viewer), listed, PAGE_ROWS, PAGE_ROWS * (page - 1)
    )
    return tuple(_card(row) for row in found)


async def refused_lately(viewer: Viewer, *, sealer: Sealer, now: datetime) -> tuple[Refused, ...]:
    """One's own applications that were refused in the last thirty days, newest first."""
    return tuple(
        Refused(
            row["id"],
            row["what"],
            row["amount_fen"],
            row["status_since"],
            sealer.open(row["text_sealed"], REASON_LABEL) if row["text_sealed"] else "",
        )
        for row in await rows(REFUSED, viewer.account_id, now - LATELY)
    )


async def count_payouts(viewer: Viewer, statuses: frozenset[PayoutStatus]) -> int:
    found = await rows(COUNTED, *viewer.scope, _is_asked(viewer), [status.value for status in statuses])
    return int(found[0]["n"])


async def payout_for(viewer: Viewer, payout_id: int) -> PayoutCard:
    """One payout; elsewhere it is not there."""
    found = await rows(ONE, *viewer.scope, _is_asked(viewer), payout_id)
    if not found:
        raise NotFound
    return _card(found[0])


async def public_payee_of(payout_id: int, *, sealer: Sealer) -> str:
    """Whose account a village's or a supplier's payout goes to; empty for a family's."""
    found = await rows(PAYEE_OF, payout_id)
    return sealer.open(found[0]["holder_sealed"], HOLDER_LABEL) if found else ""


async def reason_of(payout_id: int, *, sealer: Sealer) -> str:
    """Why it was applied for, for those who decide; it names no one."""
    found = await rows(REASON, payout_id)
    return sealer.open(found[0]["reason_sealed"], PAYOUT_REASON)


async def files_of(viewer: Viewer) -> tuple[FileCard, ...]:
    """The viewer's own last files, newest first."""
    return tuple(FileCard(**row) for row in await rows(FILES, viewer.account_id, MOST_FILES))


async def file_for(viewer: Viewer, file_id: int) -> FileCard:
    """A file of the viewer's own making; another cashier's is not there."""
    found = await rows(FILE, file_id, viewer.account_id)
    if not found:
        raise NotFound
    return FileCard(**found[0])


def _is_asked(viewer: Viewer) -> bool:
    """Whether a viewer may be the second from outside."""
    return holds(viewer.role, Permission.APPROVE_PAYOUT) and awaits_approval_of(viewer.role, PayoutStatus.ENDORSED)


def _card(row: JsonRow) -> PayoutCard:
    given = (row.pop("applied_by_id"), row.pop("first_by_id"), row.pop("second_by_id"), row.pop("third_by_id"))
    row["hands"] = frozenset(one for one in given if one is not None)
    row["kind"], row["status"] = PayoutKind(row["kind"]), PayoutStatus(row["status"])
    row["case_number"] = row["case_number"] or ""
    return PayoutCard(**row)

"""What the rooms and pages read of help: limits, what waits for whom, and where a fund's money stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.divisions.queries import names_of
from cishan.divisions.rules import ancestors
from cishan.errors import InvalidInput, NotFound
from cishan.events.actions import REASON_LABEL
from cishan.labels import label
from cishan.payouts.payees import HOLDER_LABEL, NUMBER_LABEL
from cishan.payouts.rules import awaits_approval_of, masked_number
from cishan.payouts.states import PayeeKind, PayoutKind, PayoutStatus
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer

PAGE_ROWS = 40
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
COUNTED = f"SELECT count(*) AS n FROM payout p WHERE {SEEN} AND p.status = ANY($4::varchar[])"  # noqa: S608
ONE = f"{CARD} WHERE {SEEN} AND p.id = $4"
SHARES = """
SELECT a.id, f.name AS fund, a.category, a.case_limit_fen,
       (a.amount_fen - coalesce(sum(p.amount_fen), 0))::bigint AS left_fen
  FROM allocation a JOIN fund f ON f.id = a.fund_id
  LEFT JOIN payout p ON p.allocation_id = a.id AND p.status NOT IN ('refused', 'returned')
 WHERE (a.division_code BETWEEN $1 AND $2 OR a.division_code = ANY($3::varchar[])) AND (a.case_limit_fen IS NOT NULL) = $4
 GROUP BY a.id, f.name HAVING a.amount_fen > coalesce(sum(p.amount_fen), 0) ORDER BY a.id DESC LIMIT $5
"""
PAYEE_OF_CASE = """
SELECT y.id FROM household h JOIN payee y ON y.household_id = h.id AND y.verified_at IS NOT NULL
 WHERE h.case_number = $1 AND h.division_code BETWEEN $2 AND $3 AND h.closed_at IS NULL ORDER BY y.id DESC LIMIT 1
"""
FILE = """
SELECT l.id, f.name AS fund, l.made_at, l.payouts_count, l.total_fen,
       (SELECT count(*) FROM payout p WHERE p.file_id = l.id AND p.status = 'in_file') AS waiting,
       (SELECT count(*) FROM payout_file_download d WHERE d.file_id = l.id) AS downloads
  FROM payout_file l JOIN fund f ON f.id = l.fund_id WHERE l.id = $1 AND l.made_by_id = $2
"""
FUNDS_TO_SHARE = """
SELECT f.id, f.name FROM fund f LEFT JOIN project p ON p.fund_id = f.id
 WHERE f.charity_id = $1 AND (f.kind = 'wish' OR p.status IN ('open', 'paused', 'closed'))
 ORDER BY f.kind = 'wish' DESC, f.id DESC LIMIT $2
"""
LINES_TO_SHARE = """
SELECT p.fund_id, b.id, b.name,
       (b.amount_fen - coalesce((SELECT sum(a.amount_fen) FROM allocation a WHERE a.budget_line_id = b.id), 0))::bigint AS left_fen
  FROM budget_line b JOIN project p ON p.id = b.project_id
 WHERE p.charity_id = $1 AND p.status IN ('open', 'paused', 'closed') ORDER BY p.id DESC, b.position LIMIT $2
"""
REFUSED = """
SELECT p.id, p.what, p.amount_fen, p.status_since, s.text_sealed
  FROM payout p JOIN event e ON e.subject_kind = 'payout' AND e.subject_id = p.id AND e.verb = 'refuse'
  LEFT JOIN event_reason s ON s.event_id = e.id
 WHERE p.applied_by_id = $1 AND p.status = 'refused' AND p.status_since > $2 ORDER BY p.status_since DESC LIMIT 20
"""
MONEY = """
SELECT a.category, sum(a.amount_fen)::bigint AS allocated_fen, coalesce(sum(u.committed_fen), 0)::bigint AS committed_fen,
       coalesce(sum(u.paid_fen), 0)::bigint AS paid_fen
  FROM allocation a
  LEFT JOIN LATERAL (SELECT sum(p.amount_fen) AS committed_fen, sum(p.amount_fen) FILTER (WHERE p.status = 'paid') AS paid_fen
                       FROM payout p WHERE p.allocation_id = a.id AND p.status IN ('approved', 'in_file', 'paid')) u ON true
 WHERE a.fund_id = $1 GROUP BY a.category ORDER BY a.category
"""


SHARES_OF_FUND = """
SELECT a.division_code, a.category, a.amount_fen, a.case_limit_fen, coalesce(sum(p.amount_fen), 0)::bigint AS asked_fen
  FROM allocation a LEFT JOIN payout p ON p.allocation_id = a.id AND p.status NOT IN ('refused', 'returned')
 WHERE a.fund_id = $1 GROUP BY a.id ORDER BY a.id DESC LIMIT $2
"""
PLACES = """
SELECT code, name FROM division WHERE level IN (3, 4) AND code BETWEEN $1 AND $2 AND valid_to IS NULL ORDER BY code LIMIT $3
"""
HOUSEHOLD_OF_CASE = """
SELECT id FROM household WHERE case_number = $1 AND division_code BETWEEN $2 AND $3 AND closed_at IS NULL
"""
WAITING_PAYEES = """
SELECT y.id, h.case_number, y.kind, y.bank, y.holder_sealed, y.number_sealed, y.entered_by_id
  FROM payee y LEFT JOIN household h ON h.id = y.household_id
 WHERE y.verified_at IS NULL AND y.division_code BETWEEN $1 AND $2 ORDER BY y.id LIMIT $3
"""
VILLAGES = """
SELECT code, name FROM division WHERE level IN (4, 5) AND code BETWEEN $1 AND $2 AND valid_to IS NULL ORDER BY code LIMIT $3
"""
PUBLIC_PAYEES = """
SELECT id, kind, bank, holder_sealed, number_sealed FROM payee
 WHERE household_id IS NULL AND verified_at IS NOT NULL AND division_code BETWEEN $1 AND $2 ORDER BY id DESC LIMIT $3
"""
PAYEE_OF = (
    "SELECT y.holder_sealed FROM payout p JOIN payee y ON y.id = p.payee_id WHERE p.id = $1 AND y.household_id IS NULL"
)
MOST_SHARES, MOST_PLACES = 200, 600
SET_ASIDE = ("category", "amount_fen", "case_limit_fen", "asked_fen")


@dataclass(frozen=True)
class SetAside:
    """A share of a fund, and what of it was applied for."""

    place: str
    category: str
    amount_fen: int
    case_limit_fen: int | None
    asked_fen: int

    @property
    def left_fen(self) -> int:
        return self.amount_fen - self.asked_fen


@dataclass(frozen=True)
class WaitingPayee:
    """An account that waits for a second person; `is_own` was entered by the viewer.

    `whose` is a family's case number, or the name of a village's or a supplier's account.
    """

    id: int
    whose: str
    kind: str
    bank: str
    number: str
    is_own: bool


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
class Share:
    """An allocation that still has money to apply for."""

    id: int
    fund: str
    category: str
    case_limit_fen: int | None
    left_fen: int


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


@dataclass(frozen=True)
class CategoryMoney:
    """What one category of a fund was allocated, what of it is approved, and what has been paid. Never a household."""

    category: str
    allocated_fen: int
    committed_fen: int
    paid_fen: int


async def payouts_for(viewer: Viewer, statuses: frozenset[PayoutStatus], *, page: int = 1) -> tuple[PayoutCard, ...]:
    """Those of the viewer's place in any of `statuses`, longest waiting first."""
    listed = [status.value for status in statuses]
    found = await rows(LISTED, *viewer.scope, _is_asked(viewer), listed, PAGE_ROWS, PAGE_ROWS * (page - 1))
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


async def shares_for(viewer: Viewer, *, urgent: bool = False) -> tuple[Share, ...]:
    """Allocations with money left that the viewer's place, or one above it, was given; newest first.

    `urgent` asks for the reserves of urgent help, which nothing else is paid from.
    """
    found = await rows(SHARES, *viewer.scope, list(ancestors(viewer.division_code)), urgent, PAGE_ROWS)
    return tuple(Share(**row) for row in found)


@dataclass(frozen=True)
class BudgetChoice:
    """A line of a project's budget, and what of it is not allocated yet."""

    id: int
    name: str
    left_fen: int


@dataclass(frozen=True)
class FundChoice:
    """A fund whose money may be set aside, with its budget when it is a project's."""

    id: int
    name: str
    lines: tuple[BudgetChoice, ...]


async def funds_to_share(charity_id: int) -> tuple[FundChoice, ...]:
    """The charity's funds that are not settled: the 微心愿 fund first, then projects, newest first."""
    lines: dict[int, list[BudgetChoice]] = {}
    for row in await rows(LINES_TO_SHARE, charity_id, MOST_SHARES):
        lines.setdefault(row["fund_id"], []).append(BudgetChoice(row["id"], row["name"], row["left_fen"]))
    return tuple(
        FundChoice(row["id"], row["name"], tuple(lines.get(row["id"], ())))
        for row in await rows(FUNDS_TO_SHARE, charity_id, MOST_SHARES)
    )


async def shares_of_fund(fund_id: int) -> tuple[SetAside, ...]:
    """All that a fund has set aside, newest first."""
    found = await rows(SHARES_OF_FUND, fund_id, MOST_SHARES)
    names = await names_of(sorted({row["division_code"] for row in found}))
    return tuple(SetAside(names.get(row["division_code"], ""), *(row[name] for name in SET_ASIDE)) for row in found)


async def places_of(viewer: Viewer) -> tuple[tuple[str, str], ...]:
    """Counties and towns of the viewer's place, as choices."""
    return tuple((row["code"], row["name"]) for row in await rows(PLACES, *viewer.scope, MOST_PLACES))


async def household_of_case(case_number: str, viewer: Viewer) -> int:
    """A household of the viewer's place by its case number."""
    found = await rows(HOUSEHOLD_OF_CASE, case_number.strip().upper(), *viewer.scope)
    if not found:
        raise InvalidInput({"case_number": "没有找到这一户。户编号在家庭页面上能看到。"})
    return int(found[0]["id"])


async def payees_waiting(viewer: Viewer, *, sealer: Sealer) -> tuple[WaitingPayee, ...]:
    """Accounts of the viewer's place that a second person has not compared yet, oldest first; numbers are masked."""
    return tuple(
        WaitingPayee(
            id=row["id"],
            whose=row["case_number"] or sealer.open(row["holder_sealed"], HOLDER_LABEL),
            kind=label(PayeeKind(row["kind"])),
            bank=row["bank"],
            number=masked_number(sealer.open(row["number_sealed"], NUMBER_LABEL)),
            is_own=row["entered_by_id"] == viewer.account_id,
        )
        for row in await rows(WAITING_PAYEES, *viewer.scope, PAGE_ROWS)
    )


async def villages_of(viewer: Viewer) -> tuple[tuple[str, str], ...]:
    """Towns and villages of the viewer's place, as choices."""
    return tuple((row["code"], row["name"]) for row in await rows(VILLAGES, *viewer.scope, MOST_PLACES))


async def public_payees(viewer: Viewer, *, sealer: Sealer) -> tuple[tuple[str, str], ...]:
    """Verified accounts of villages and suppliers in the viewer's place, as choices; never a family's."""
    return tuple(
        (
            str(row["id"]),
            f"{sealer.open(row['holder_sealed'], HOLDER_LABEL)}（{row['bank'] or label(PayeeKind(row['kind']))} "
            f"{masked_number(sealer.open(row['number_sealed'], NUMBER_LABEL))}）",
        )
        for row in await rows(PUBLIC_PAYEES, *viewer.scope, MOST_SHARES)
    )


async def public_payee_of(payout_id: int, *, sealer: Sealer) -> str:
    """Whose account a village's or a supplier's payout goes to; empty for a family's."""
    found = await rows(PAYEE_OF, payout_id)
    return sealer.open(found[0]["holder_sealed"], HOLDER_LABEL) if found else ""


async def payee_of_case(case_number: str, viewer: Viewer) -> int:
    """The newest verified account of a household of the viewer's place."""
    found = await rows(PAYEE_OF_CASE, case_number.strip().upper(), *viewer.scope)
    if not found:
        raise InvalidInput({"case_number": "没有找到这一户，或者这家人的收款账号还没有核对好。"})
    return int(found[0]["id"])


async def file_for(viewer: Viewer, file_id: int) -> FileCard:
    """A file of the viewer's own making; another cashier's is not there."""
    found = await rows(FILE, file_id, viewer.account_id)
    if not found:
        raise NotFound
    return FileCard(**found[0])


async def money_of_fund(fund_id: int) -> tuple[CategoryMoney, ...]:
    """Where the money of a fund stands, by category, for everybody to read."""
    return tuple(CategoryMoney(**row) for row in await rows(MONEY, fund_id))


def _is_asked(viewer: Viewer) -> bool:
    """Whether a viewer may be the second from outside."""
    return holds(viewer.role, Permission.APPROVE_PAYOUT) and awaits_approval_of(viewer.role, PayoutStatus.ENDORSED)


def _card(row: JsonRow) -> PayoutCard:
    given = (row.pop("applied_by_id"), row.pop("first_by_id"), row.pop("second_by_id"), row.pop("third_by_id"))
    row["hands"] = frozenset(one for one in given if one is not None)
    row["kind"], row["status"] = PayoutKind(row["kind"]), PayoutStatus(row["status"])
    row["case_number"] = row["case_number"] or ""
    return PayoutCard(**row)

"""What the forms of help offer: shares of funds, accounts, places and families. Each is bounded."""

from collections.abc import Mapping
from dataclasses import dataclass

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.divisions.queries import names_of
from cishan.divisions.rules import ancestors, county_of, is_town
from cishan.errors import InvalidInput
from cishan.labels import label
from cishan.ledger.free import SHARE_FEN
from cishan.payouts.allocating import ASKED_FEN
from cishan.payouts.payees import HOLDER_LABEL, NUMBER_LABEL
from cishan.payouts.rules import masked_number
from cishan.payouts.states import PayeeKind
from cishan.sealing import Sealer

PAGE_ROWS = 40
SHARES = f"""
SELECT * FROM (SELECT a.id, f.name AS fund, a.category, a.case_limit_fen, ({SHARE_FEN} - {ASKED_FEN})::bigint AS left_fen
                 FROM allocation a JOIN fund f ON f.id = a.fund_id
                WHERE (a.division_code BETWEEN $1 AND $2 OR a.division_code = ANY($3::varchar[]))
                  AND (a.case_limit_fen IS NOT NULL) = $4) share
 WHERE left_fen > 0 ORDER BY id DESC LIMIT $5
"""  # noqa: S608 - constants
PAYEE_OF_CASE = """
SELECT y.id FROM household h JOIN payee y ON y.household_id = h.id AND y.verified_at IS NOT NULL
 WHERE h.case_number = $1 AND h.division_code BETWEEN $2 AND $3 AND h.closed_at IS NULL ORDER BY y.id DESC LIMIT 1
"""
FUNDS_TO_SHARE = """
SELECT f.id, f.name FROM fund f LEFT JOIN project p ON p.fund_id = f.id
 WHERE f.charity_id = $1 AND (f.kind = 'wish' OR p.status IN ('open', 'paused', 'closed'))
 ORDER BY f.kind = 'wish' DESC, f.id DESC LIMIT $2
"""
LINES_TO_SHARE = f"""
SELECT p.fund_id, b.id, b.name,
       (b.amount_fen - coalesce((SELECT sum({SHARE_FEN}) FROM allocation a WHERE a.budget_line_id = b.id), 0))::bigint AS left_fen
  FROM budget_line b JOIN project p ON p.id = b.project_id
 WHERE p.charity_id = $1 AND p.status IN ('open', 'paused', 'closed') ORDER BY p.id DESC, b.position LIMIT $2
"""  # noqa: S608 - constants
SHARES_OF_FUND = f"""
SELECT a.id, a.division_code, a.category, {SHARE_FEN}::bigint AS amount_fen, a.case_limit_fen, {ASKED_FEN}::bigint AS asked_fen
  FROM allocation a WHERE a.fund_id = $1 ORDER BY a.id DESC LIMIT $2
"""  # noqa: S608 - constants
PLACES = """
SELECT d.code, CASE d.level WHEN 4 THEN coalesce(up.name, '') || d.name ELSE d.name END AS name
  FROM division d LEFT JOIN division up ON up.code = d.parent_code AND up.valid_to IS NULL
 WHERE d.level IN (3, 4) AND d.code BETWEEN $1 AND $2 AND d.valid_to IS NULL ORDER BY d.code LIMIT $3
"""
"""Counties and towns; a town with its county, for two of them may have one name."""
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
MOST_SHARES, MOST_PLACES = 200, 600
SET_ASIDE = ("id", "category", "amount_fen", "case_limit_fen", "asked_fen")


@dataclass(frozen=True)
class SetAside:
    """A share of a fund, and what of it was applied for."""

    place: str
    id: int
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
class Share:
    """An allocation that still has money to apply for."""

    id: int
    fund: str
    category: str
    case_limit_fen: int | None
    left_fen: int


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


async def shares_for(viewer: Viewer, *, urgent: bool = False) -> tuple[Share, ...]:
    """Allocations with money left that the viewer's place, or one above it, was given; newest first.

    `urgent` asks for the reserves of urgent help, which nothing else is paid from.
    """
    found = await rows(SHARES, *viewer.scope, list(ancestors(viewer.division_code)), urgent, PAGE_ROWS)
    return tuple(Share(**row) for row in found)


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
    codes = {code for row in found for code in (row["division_code"], county_of(row["division_code"]))}
    names = await names_of(sorted(codes))
    return tuple(
        SetAside(_place_words(row["division_code"], names), *(row[name] for name in SET_ASIDE)) for row in found
    )


def _place_words(code: str, names: Mapping[str, str]) -> str:
    """A town with its county, for two of them may have one name."""
    county, name = county_of(code), names.get(code, "")
    return names.get(county, "") + name if county != code and is_town(code) else name


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


async def payee_of_case(case_number: str, viewer: Viewer) -> int:
    """The newest verified account of a household of the viewer's place."""
    found = await rows(PAYEE_OF_CASE, case_number.strip().upper(), *viewer.scope)
    if not found:
        raise InvalidInput({"case_number": "没有找到这一户，或者这家人的收款账号还没有核对好。"})
    return int(found[0]["id"])

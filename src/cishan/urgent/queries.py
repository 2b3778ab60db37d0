"""What is read of urgent cases: a case number and a town, never who the family is."""

from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.queries import name_of
from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.divisions.queries import names_of
from cishan.divisions.rules import town_of
from cishan.errors import NotFound
from cishan.labels import label
from cishan.payouts.applying import PAYOUT_REASON
from cishan.payouts.payees import HOLDER_LABEL
from cishan.payouts.states import PayoutStatus
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer
from cishan.urgent.actions import FINDING_LABEL, OPINION_LABEL
from cishan.urgent.rules import stage_of
from cishan.urgent.states import CaseStage, UrgentCause

PAGE_ROWS = 40
CASE = """
SELECT c.id, c.payout_id, c.cause, c.decide_by, c.complete_by, c.finding_sealed, c.stands, c.found_by_id, c.found_at,
       c.confirmed_by_id, c.confirmed_at, p.status, p.division_code, p.amount_fen, p.what, p.reason_sealed, p.kin_hit,
       p.applied_by_id, p.applied_at, p.paid_at, p.first_by_id, p.second_by_id, f.name AS fund, a.case_limit_fen,
       h.case_number
  FROM urgent_case c JOIN payout p ON p.id = c.payout_id JOIN fund f ON f.id = p.fund_id
  JOIN allocation a ON a.id = p.allocation_id JOIN household h ON h.id = p.household_id
"""
# Whoever is asked from outside because of a tie sees that case, and nothing else of its place.
SEEN = "(p.division_code BETWEEN $1 AND $2 OR ($3 AND p.kin_hit AND p.status = 'endorsed'))"
LISTED = f"""
{CASE} WHERE {SEEN}
 ORDER BY (p.status IN ('refused', 'returned') OR c.confirmed_at IS NOT NULL), coalesce(c.complete_by, c.decide_by), c.id
 LIMIT $4 OFFSET $5
"""
COUNTED = f"SELECT count(*) AS n FROM urgent_case c JOIN payout p ON p.id = c.payout_id WHERE {SEEN}"  # noqa: S608
ONE = f"{CASE} WHERE {SEEN} AND c.payout_id = $4"
OPINIONS = "SELECT account_id, opinion_sealed, at FROM urgent_opinion WHERE case_id = $1 ORDER BY at, id"
HOLDER = "SELECT y.holder_sealed FROM payout p JOIN payee y ON y.id = p.payee_id WHERE p.id = $1"


@dataclass(frozen=True)
class CaseRow:
    """A case in a list. `clock` is the instant by which the next step must be done."""

    payout_id: int
    stage: CaseStage
    cause: UrgentCause
    town: str
    case_number: str
    amount_fen: int
    opened_at: datetime
    clock: datetime | None

    @property
    def stage_label(self) -> str:
        return label(self.stage)

    @property
    def cause_label(self) -> str:
        return label(self.cause)


@dataclass(frozen=True)
class Opinion:
    who: str
    words: str
    at: datetime


@dataclass(frozen=True)
class CaseView:
    """One case with all that was written about it; `reason`, opinions and finding are empty for who only supervises."""

    row: CaseRow
    status: PayoutStatus
    what: str
    fund: str
    limit_fen: int
    kin_hit: bool
    reason: str
    opened_by_id: int
    opened_by: str
    decided_by_ids: tuple[int, ...]
    opinions: tuple[Opinion, ...]
    paid_at: datetime | None
    finding: str
    stands: bool | None
    found_by_id: int | None
    found_by: str
    found_at: datetime | None
    confirmed_by: str
    confirmed_at: datetime | None


async def cases_for(viewer: Viewer, *, page: int) -> tuple[CaseRow, ...]:
    """Cases of the viewer's place, those that wait first and by their clock."""
    found = await rows(LISTED, *viewer.scope, _votes(viewer), PAGE_ROWS, PAGE_ROWS * (page - 1))
    names = await names_of(sorted({town_of(row["division_code"]) for row in found}))
    return tuple(_row(row, names) for row in found)


async def count_cases(viewer: Viewer) -> int:
    return int((await rows(COUNTED, *viewer.scope, _votes(viewer)))[0]["n"])


async def case_for(viewer: Viewer, payout_id: int, *, sealer: Sealer) -> CaseView:
    """One case; elsewhere it is not there."""
    found = await rows(ONE, *viewer.scope, _votes(viewer), payout_id)
    if not found:
        raise NotFound
    row = found[0]
    reads = _votes(viewer) or holds(viewer.role, Permission.VISIT)
    opinions = await rows(OPINIONS, row["id"])
    return CaseView(
        row=_row(row, await names_of([town_of(row["division_code"])])),
        status=PayoutStatus(row["status"]),
        what=row["what"],
        fund=row["fund"],
        limit_fen=row["case_limit_fen"],
        kin_hit=row["kin_hit"],
        reason=sealer.open(row["reason_sealed"], PAYOUT_REASON) if reads else "",
        opened_by_id=row["applied_by_id"],
        opened_by=await name_of(row["applied_by_id"], sealer),
        decided_by_ids=tuple(one for one in (row["first_by_id"], row["second_by_id"]) if one is not None),
        opinions=tuple(
            [
                Opinion(
                    await name_of(one["account_id"], sealer),
                    sealer.open(one["opinion_sealed"], OPINION_LABEL) if reads else "",
                    one["at"],
                )
                for one in opinions
            ]
        ),
        paid_at=row["paid_at"],
        finding=sealer.open(row["finding_sealed"], FINDING_LABEL) if reads and row["finding_sealed"] else "",
        stands=row["stands"],
        found_by_id=row["found_by_id"],
        found_by=await _name(row["found_by_id"], sealer),
        found_at=row["found_at"],
        confirmed_by=await _name(row["confirmed_by_id"], sealer),
        confirmed_at=row["confirmed_at"],
    )


async def holder_of(payout_id: int, *, sealer: Sealer) -> str:
    """In whose name the account stands that was paid: for the paper alone, whose reading is written down."""
    found = await rows(HOLDER, payout_id)
    return sealer.open(found[0]["holder_sealed"], HOLDER_LABEL)


async def _name(account_id: int | None, sealer: Sealer) -> str:
    return await name_of(account_id, sealer) if account_id is not None else ""


def _votes(viewer: Viewer) -> bool:
    return holds(viewer.role, Permission.DECIDE_URGENT)


def _row(row: JsonRow, names: dict[str, str]) -> CaseRow:
    status = PayoutStatus(row["status"])
    stage = stage_of(
        status,
        clock_runs=row["complete_by"] is not None,
        stands=row["stands"],
        confirmed=row["confirmed_at"] is not None,
    )
    clocks = {
        CaseStage.DECISION: row["decide_by"],
        CaseStage.FINDING: row["complete_by"],
        CaseStage.SECOND: row["complete_by"],
    }
    return CaseRow(
        payout_id=row["payout_id"],
        stage=stage,
        cause=UrgentCause(row["cause"]),
        town=names.get(town_of(row["division_code"]), ""),
        case_number=row["case_number"],
        amount_fen=row["amount_fen"],
        opened_at=row["applied_at"],
        clock=clocks.get(stage),
    )

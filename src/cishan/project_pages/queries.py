"""What everybody reads of projects: the list by filters, one project, and what became of its money. No count over gifts."""

from dataclasses import dataclass
from datetime import date, datetime

from cishan.accounts.queries import name_of
from cishan.database import JsonRow, rows
from cishan.donations.totals import Total, total_of
from cishan.errors import NotFound
from cishan.ledger.states import AccountType
from cishan.plans.plan import Plan
from cishan.plans.states import ProjectKind
from cishan.plans.storing import BUDGET_SQL, COLUMNS_SQL, plan_of
from cishan.projects.states import PUBLIC, ProjectStatus
from cishan.sealing import Sealer

PAGE_SIZE = 12
MOST_UPDATES = 30

SHOWN = [status.value for status in ProjectStatus if status in PUBLIC]
LIST = """
SELECT p.id, p.name, p.kind, p.status, p.area_code, p.purpose, p.ends_at, p.target_fen, p.opened_at,
       coalesce(t.given_fen, 0)::bigint AS given_fen, coalesce(t.gifts, 0)::bigint AS gifts,
       (SELECT u.picture_id FROM project_update u
         WHERE u.project_id = p.id AND u.published AND u.picture_id IS NOT NULL ORDER BY u.id DESC LIMIT 1) AS picture_id
  FROM project p
  LEFT JOIN LATERAL (SELECT sum(given_fen) AS given_fen, sum(gifts) AS gifts FROM fund_total WHERE fund_id = p.fund_id) t
    ON true
 WHERE p.status = ANY($1) AND ($2 = '' OR p.area_code = $2) AND ($3 = '' OR p.kind = $3)
 ORDER BY p.status = 'open' DESC, p.opened_at DESC, p.id DESC LIMIT $4 OFFSET $5
"""
COUNT = """
SELECT count(*) AS n FROM project p WHERE p.status = ANY($1) AND ($2 = '' OR p.area_code = $2) AND ($3 = '' OR p.kind = $3)
"""
AREAS = "SELECT DISTINCT area_code FROM project WHERE status = ANY($1) ORDER BY area_code LIMIT 200"
ONE = f"""
SELECT p.id, p.fund_id, p.status, {COLUMNS_SQL}, {BUDGET_SQL}, p.filing_number, p.filed_on, p.filing_due_at, p.opened_at,
       p.closed_at, p.settled_at
  FROM project p WHERE p.id = $1
"""  # noqa: S608 - constants
UPDATES = """
SELECT id, title, text, picture_id, reviewed_at FROM project_update WHERE project_id = $1 AND published
 ORDER BY id DESC LIMIT $2
"""
USES = "SELECT id, type FROM ledger_account WHERE fund_id = $1 AND type = ANY($2)"
SUMS = """
SELECT account_id, sum(amount_fen)::bigint AS fen FROM ledger_posting WHERE account_id = ANY($1) GROUP BY account_id
"""
"""Asked by the accounts' own ids, which the planner knows to be rare; joined by the fund it would read every posting."""
HELD = "SELECT held_fen FROM fund WHERE id = $1"
MOVED_IN = """
SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM surplus_move WHERE to_fund_id = $1 AND decided_at IS NOT NULL
"""
USE_TYPES = [
    AccountType.SPENDING.value,
    AccountType.FEES.value,
    AccountType.TOWN_ADVANCE.value,
    AccountType.PAYABLE.value,
]
"""Accounts that hold the uses of money: as many postings as there were uses, however many gifts there are."""


@dataclass(frozen=True)
class ProjectFilter:
    """What a reader looks for; every part stands in the address of the page."""

    area_code: str = ""
    kind: ProjectKind | None = None
    status: ProjectStatus | None = None


@dataclass(frozen=True)
class PublicCard:
    """A project in the list."""

    id: int
    name: str
    kind: ProjectKind
    status: ProjectStatus
    area_code: str
    purpose: str
    ends_at: datetime
    target_fen: int
    given_fen: int
    gifts: int
    picture_id: int | None


@dataclass(frozen=True)
class PublicUpdate:
    id: int
    title: str
    text: str
    picture_id: int | None
    published_at: datetime


@dataclass(frozen=True)
class Flow:
    """Where the money of a project is, in fen: received = committed + paid out + left."""

    received_fen: int
    committed_fen: int
    paid_out_fen: int

    @property
    def left_fen(self) -> int:
        return self.received_fen - self.committed_fen - self.paid_out_fen


@dataclass(frozen=True)
class PublicProject:
    """Everything of a project that is public; `filing_number` is None for an emergency that is not filed yet."""

    id: int
    fund_id: int
    status: ProjectStatus
    plan: Plan
    leader: str
    filing_number: str | None
    filed_on: date | None
    filing_due_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    settled_at: datetime | None
    total: Total
    flow: Flow
    updates: tuple[PublicUpdate, ...]


async def public_projects(wanted: ProjectFilter, page: int) -> tuple[tuple[PublicCard, ...], int]:
    """One page of the projects that match, those that take money first, and how many match in all."""
    statuses = [wanted.status.value] if wanted.status in PUBLIC else SHOWN
    values = (statuses, wanted.area_code, wanted.kind.value if wanted.kind else "")
    found = await rows(LIST, *values, PAGE_SIZE, (page - 1) * PAGE_SIZE)
    total: int = (await rows(COUNT, *values))[0]["n"]
    return tuple(_card(row) for row in found), total


async def areas_with_projects() -> tuple[str, ...]:
    """The places that have a public project."""
    return tuple(row["area_code"] for row in await rows(AREAS, SHOWN))


async def public_project(project_id: int, *, sealer: Sealer) -> PublicProject:
    """A project that is open to readers, or NotFound; a paused one says that it is being looked into."""
    found = await rows(ONE, project_id)
    if not found:
        raise NotFound
    row, status = found[0], ProjectStatus(found[0]["status"])
    if status is ProjectStatus.PAUSED:
        raise NotFound("这个项目暂停募捐，正在核实。核实以后会重新打开，或者公布处理结果。")
    if status not in PUBLIC:
        raise NotFound
    plan, total = plan_of(row), await total_of(row["fund_id"])
    assert plan.leader_id is not None
    plain = {name: row[name] for name in ("id", "fund_id", "filing_number", "filed_on", "filing_due_at")}
    updates = await rows(UPDATES, project_id, MOST_UPDATES)
    return PublicProject(
        **plain,
        status=status,
        plan=plan,
        leader=await name_of(plan.leader_id, sealer),
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        settled_at=row["settled_at"],
        total=total,
        flow=await flow_of(row["fund_id"], total),
        updates=tuple(PublicUpdate(*one.values()) for one in updates),
    )


async def flow_of(fund_id: int, total: Total) -> Flow:
    """Received by its running total and what other projects left to it, used by the postings of its uses.

    Committed is what was set aside, what lies in a town's hands, and approved help that has not left the bank.
    """
    types = {row["id"]: AccountType(row["type"]) for row in await rows(USES, fund_id, USE_TYPES)}
    fen = dict.fromkeys(AccountType, 0)
    for row in await rows(SUMS, list(types)) if types else ():
        fen[types[row["account_id"]]] += row["fen"]
    owed_fen = -fen[AccountType.PAYABLE]
    moved_in_fen: int = (await rows(MOVED_IN, fund_id))[0]["fen"]
    paid_out_fen = fen[AccountType.SPENDING] + fen[AccountType.FEES] - owed_fen
    held_fen: int = (await rows(HELD, fund_id))[0]["held_fen"]
    return Flow(total.given_fen + moved_in_fen, held_fen + fen[AccountType.TOWN_ADVANCE] + owed_fen, paid_out_fen)


def _card(row: JsonRow) -> PublicCard:
    plain = {name: row[name] for name in PublicCard.__dataclass_fields__ if name not in {"kind", "status"}}
    return PublicCard(kind=ProjectKind(row["kind"]), status=ProjectStatus(row["status"]), **plain)

"""The page of ties that were found (R-11): which place, which role, what became of the help; of nobody a name."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.divisions.queries import names_of
from cishan.divisions.rules import town_of
from cishan.kin.states import Tie
from cishan.labels import ROLE_LABELS, label
from cishan.listing import page_number, pagination
from cishan.page_parts import Column, Pagination
from cishan.payouts.states import PayoutStatus
from cishan.templating import page_response
from cishan.web import viewer_of

PAGE_ROWS = 40
SUM = Column("金额", number=True)
DONOR = "大额捐赠人"
HITS = """
SELECT k.found_at, k.tie, p.division_code, p.status, p.amount_fen, p.second_by_id IS NOT NULL AS has_second,
       p.second_is_outside, (SELECT g.role FROM role_grant g WHERE g.account_id = k.account_id ORDER BY g.id DESC LIMIT 1) AS role
  FROM kin_hit k JOIN payout p ON p.id = k.payout_id
 WHERE p.division_code BETWEEN $1 AND $2 ORDER BY k.id DESC LIMIT $3 OFFSET $4
"""
COUNT = """
SELECT count(*) AS n FROM kin_hit k JOIN payout p ON p.id = k.payout_id WHERE p.division_code BETWEEN $1 AND $2
"""


@dataclass(frozen=True)
class HitLine:
    """A tie: who by role, how, and whether the second approval came from outside. `outside` is empty before there is one."""

    found_at: datetime
    town: str
    who: str
    tie: str
    status: str
    outside: str
    amount_fen: int


@dataclass(frozen=True)
class HitsPage:
    lines: tuple[HitLine, ...]
    pagination: Pagination | None
    sum_column: Column = SUM


async def show_hits(request: Request) -> Response:
    """Ties in the viewer's place, newest first."""
    viewer, number = viewer_of(request), page_number(request)
    count: int = (await rows(COUNT, *viewer.scope))[0]["n"]
    page = HitsPage(await _lines(viewer, number), pagination("/desk/kin?", number, count, PAGE_ROWS, "条"))
    return page_response(request, "payouts/kin.html", page)


async def _lines(viewer: Viewer, number: int) -> tuple[HitLine, ...]:
    found = await rows(HITS, *viewer.scope, PAGE_ROWS, PAGE_ROWS * (number - 1))
    names = await names_of(sorted({town_of(row["division_code"]) for row in found}))
    return tuple(
        HitLine(
            found_at=row["found_at"],
            town=names.get(town_of(row["division_code"]), ""),
            who=ROLE_LABELS[Role(row["role"])] if row["role"] else DONOR,
            tie=label(Tie(row["tie"])),
            status=label(PayoutStatus(row["status"])),
            outside="" if not row["has_second"] else "外县或市里" if row["second_is_outside"] else "本县",
            amount_fen=row["amount_fen"],
        )
        for row in found
    )

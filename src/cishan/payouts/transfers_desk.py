"""The cashier's page of payments by Alipay: what may be paid so, what is on its way, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.divisions.queries import names_of
from cishan.divisions.rules import town_of
from cishan.forms.answering import NOTHING, answer_form
from cishan.forms.reading import FormModel, read_form
from cishan.labels import label
from cishan.page_parts import Column
from cishan.payouts.rules import MOST_FILED, refusal_words
from cishan.payouts.states import TransferState
from cishan.payouts.transferring import begin_transfers
from cishan.templating import page_response
from cishan.web import services_of, viewer_of

TRANSFERS = "/desk/payouts/transfers"
SUM = Column("金额", number=True)
MOST_LATELY = 40
TONES = {
    TransferState.REQUESTED: "busy",
    TransferState.UNKNOWN: "warn",
    TransferState.MADE: "good",
    TransferState.REFUSED: "bad",
    TransferState.CAME_BACK: "bad",
}
READY = """
SELECT p.id, p.what, p.amount_fen, p.division_code, p.is_urgent, f.id AS fund_id, f.name AS fund, h.case_number
  FROM payout p JOIN payee y ON y.id = p.payee_id AND y.kind = 'alipay' JOIN fund f ON f.id = p.fund_id
  LEFT JOIN household h ON h.id = p.household_id
 WHERE p.status = 'approved' AND p.division_code BETWEEN $1 AND $2
 ORDER BY f.id, p.is_urgent DESC, p.status_since, p.id LIMIT $3
"""
LATELY = """
SELECT p.id, p.what, p.amount_fen, t.state, t.state_since, t.tries, t.fault
  FROM payout_transfer t JOIN payout p ON p.id = t.payout_id
 WHERE p.division_code BETWEEN $1 AND $2
 ORDER BY t.state IN ('requested', 'unknown') DESC, t.id DESC LIMIT $3
"""


class ChosenForm(FormModel):
    payout: tuple[int, ...] = ()


@dataclass(frozen=True)
class Ready:
    """An approved payout to an Alipay account."""

    id: int
    what: str
    town: str
    case_number: str
    amount_fen: int
    is_urgent: bool


@dataclass(frozen=True)
class FundReady:
    """What of one fund may be paid by Alipay now, all at once."""

    fund: str
    rows: tuple[Ready, ...]

    @property
    def total_fen(self) -> int:
        return sum(row.amount_fen for row in self.rows)


@dataclass(frozen=True)
class Sent:
    """A transfer: where it stands, since when, and why Alipay said no."""

    id: int
    what: str
    amount_fen: int
    state: str
    tone: str
    since: datetime
    tries: int
    why: str


@dataclass(frozen=True)
class TransfersPage:
    funds: tuple[FundReady, ...]
    sent: tuple[Sent, ...]
    errors: Mapping[str, str]
    error: str
    sum_column: Column = SUM


async def show_transfers(request: Request) -> Response:
    return await _transfers(request)


async def pay_by_alipay(request: Request) -> Response:
    """Puts what was ticked on its way; a job sends it, and this page tells what became of it."""
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> None:
        form = await read_form(request, ChosenForm)
        await begin_transfers(form.payout, actor=viewer, sealer=services.sealer, now=services.clock.now())

    return await answer_form(request, act, to=TRANSFERS, notice="transfers-begun", again=_transfers)


async def _transfers(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    viewer = viewer_of(request)
    page = TransfersPage(await _ready(viewer), await _sent(viewer), errors, error)
    return page_response(request, "payouts/transfers.html", page, status=status)


async def _ready(viewer: Viewer) -> tuple[FundReady, ...]:
    found = await rows(READY, *viewer.scope, MOST_FILED)
    names = await names_of(sorted({town_of(row["division_code"]) for row in found}))
    by_fund: dict[int, list[Ready]] = {}
    for row in found:
        one = Ready(
            id=row["id"],
            what=row["what"],
            town=names.get(town_of(row["division_code"]), ""),
            case_number=row["case_number"] or "",
            amount_fen=row["amount_fen"],
            is_urgent=row["is_urgent"],
        )
        by_fund.setdefault(row["fund_id"], []).append(one)
    funds = {row["fund_id"]: row["fund"] for row in found}
    return tuple(FundReady(funds[fund_id], tuple(ready)) for fund_id, ready in by_fund.items())


async def _sent(viewer: Viewer) -> tuple[Sent, ...]:
    return tuple(
        Sent(
            id=row["id"],
            what=row["what"],
            amount_fen=row["amount_fen"],
            state=label(TransferState(row["state"])),
            tone=TONES[TransferState(row["state"])],
            since=row["state_since"],
            tries=row["tries"],
            why=refusal_words(row["fault"]) if row["fault"] else "",
        )
        for row in await rows(LATELY, *viewer.scope, MOST_LATELY)
    )

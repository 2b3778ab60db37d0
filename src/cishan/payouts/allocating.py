"""Setting shares of a fund aside, and the charity's limits. What is set aside never exceeds what the fund has (R-9)."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.charities.states import FundKind
from cishan.database import JsonRow, rows
from cishan.divisions.rules import is_code, is_town
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.ledger.free import SHARE_FEN, lock_fund, spendable_of
from cishan.money import yuan_text
from cishan.payouts.rules import check_covered
from cishan.payouts.terms import terms_on
from cishan.permissions import Permission, must

CATEGORY_LONGEST = 40
ASKED_FEN = """
coalesce((SELECT sum(p.amount_fen) FROM payout p WHERE p.allocation_id = a.id AND p.status NOT IN ('refused', 'returned')), 0)
"""
"""What was applied for out of allocation `a` and not turned down."""
LINE = f"""
SELECT b.amount_fen, p.fund_id,
       (SELECT coalesce(sum({SHARE_FEN}), 0) FROM allocation a WHERE a.budget_line_id = b.id)::bigint AS allocated_fen
  FROM budget_line b JOIN project p ON p.id = b.project_id WHERE b.id = $1
"""  # noqa: S608 - constants
UNUSED = f"SELECT a.fund_id, ({SHARE_FEN} - {ASKED_FEN})::bigint AS fen FROM allocation a WHERE a.id = $1"  # noqa: S608
RELEASE = (
    "INSERT INTO allocation_release (allocation_id, amount_fen, released_by_id, released_at) VALUES ($1, $2, $3, $4)"
)
ADD = """
INSERT INTO allocation (fund_id, budget_line_id, division_code, category, amount_fen, case_limit_fen, made_by_id, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""
HOLD = "UPDATE fund SET held_fen = held_fen + $2 WHERE id = $1"


@dataclass(frozen=True)
class Share:
    """What is to be set aside, for a place and a category; of a project it is a share of a line of its budget.

    With `case_limit_fen` it is a town's reserve for urgent help: so much at most for one case, decided there and paid first.
    """

    division_code: str
    category: str
    amount_fen: int
    budget_line_id: int | None = None
    case_limit_fen: int | None = None


async def allocate(fund_id: int, share: Share, *, actor: Viewer, now: datetime) -> int:
    """Sets a share of a fund aside; raises Conflict when the fund or the budget line has not so much left."""
    must(actor, Permission.MANAGE_MONEY)
    check_share(share)
    async with in_transaction():
        fund = await lock_fund(fund_id)
        check_reserve(share, (await terms_on(fund["charity_id"], now)).third_person_over_fen)
        await _check_line(fund, share)
        check_covered(share.amount_fen, await spendable_of(fund_id), "这个项目")
        placed = (share.division_code, share.category.strip(), share.amount_fen, share.case_limit_fen)
        added = await rows(ADD, fund_id, share.budget_line_id, *placed, actor.account_id, now)
        await hold(fund_id, share.amount_fen)
        detail: dict[str, object] = {"amount_fen": share.amount_fen, "place": share.division_code}
        await record_event("allocation", added[0]["id"], "allocate", actor=actor, now=now, detail=detail)
        return int(added[0]["id"])


async def release_share(allocation_id: int, *, actor: Viewer, now: datetime) -> int:
    """Takes back what nobody has applied for: the fund may promise it anew. Returns the sum; Conflict when there is none."""
    must(actor, Permission.MANAGE_MONEY)
    async with in_transaction():
        found = await rows(UNUSED, allocation_id)
        if not found:
            raise NotFound
        await lock_fund(found[0]["fund_id"])
        unused_fen: int = (await rows(UNUSED, allocation_id))[0]["fen"]
        if unused_fen <= 0:
            raise Conflict("这笔分配已经申请完了，没有可以收回的。")
        await rows(RELEASE, allocation_id, unused_fen, actor.account_id, now)
        await hold(found[0]["fund_id"], -unused_fen)
        detail: dict[str, object] = {"amount_fen": unused_fen}
        await record_event("allocation", allocation_id, "release", actor=actor, now=now, detail=detail)
        return unused_fen


def check_share(share: Share) -> None:
    faults: dict[str, str] = {}
    if not share.category.strip() or len(share.category) > CATEGORY_LONGEST:
        faults["category"] = f"请写明用途类别，例如大病救助，最多 {CATEGORY_LONGEST} 个字。"
    if share.amount_fen <= 0:
        faults["amount"] = "金额要大于 0。"
    if not is_code(share.division_code):
        faults["place"] = "请选择给哪个乡镇。"
    if faults:
        raise InvalidInput(faults)


def check_reserve(share: Share, third_person_over_fen: int) -> None:
    """A reserve is a town's, and what one case gets of it is small enough for two to decide."""
    limit_fen = share.case_limit_fen
    if limit_fen is None:
        return
    faults: dict[str, str] = {}
    if not is_town(share.division_code):
        faults["place"] = "急难备用金要分给一个乡镇或街道。"
    if limit_fen <= 0 or limit_fen > share.amount_fen:
        faults["case_limit"] = "每件最多的金额要大于 0，不超过这笔备用金。"
    elif limit_fen > third_person_over_fen:
        faults["case_limit"] = f"超过 {yuan_text(third_person_over_fen)} 元的要三个人批，不能先行救助。"
    if faults:
        raise InvalidInput(faults)


async def _check_line(fund: JsonRow, share: Share) -> None:
    """Money of a project goes by its plan: a line of this project's budget, and no more than the line says."""
    if share.budget_line_id is None:
        if fund["kind"] == FundKind.PROJECT:
            raise InvalidInput({"budget_line": "请选择用的是预算里的哪一项。"})
        return
    line = await rows(LINE, share.budget_line_id)
    if not line:
        raise NotFound
    if line[0]["fund_id"] != fund["id"]:
        raise Conflict("这一项预算是别的项目的。一个项目的钱不能用到别的项目上（慈善法第五十四条）。")
    check_covered(share.amount_fen, line[0]["amount_fen"] - line[0]["allocated_fen"], "这一项预算")


async def hold(fund_id: int, amount_fen: int) -> None:
    """Counts what allocations set aside; a negative sum has been booked as spending. The caller holds the fund's lock."""
    await rows(HOLD, fund_id, amount_fen)

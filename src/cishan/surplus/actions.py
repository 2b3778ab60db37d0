"""The only writer of what is left of a closed project: proposed by the editor, decided by the director, booked at once.

All of it goes, and only when none of it is promised to anybody: what is set aside, owed, or in a town's hands comes first.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.charities.states import FundKind
from cishan.database import rows
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.ledger.actions import Source, book_surplus
from cishan.ledger.queries import balances_of
from cishan.ledger.states import AccountType
from cishan.permissions import Permission, must
from cishan.plans.persons import person_named_in
from cishan.plans.states import SurplusRule
from cishan.projects.models import SurplusMove
from cishan.projects.moves import SUBJECT, Locked, lock_project_for
from cishan.projects.states import ProjectStatus

OWNER_KIND = "surplus_move"
SHORTEST_REASON, LONGEST_REASON = 10, 300
MOST_FUNDS = 200

LOCK_FUNDS = "SELECT id, held_fen FROM fund WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
TAKERS = """
SELECT f.id, f.name, f.kind FROM fund f LEFT JOIN project p ON p.fund_id = f.id
 WHERE f.charity_id = $1 AND f.id <> $2 AND (p.id IS NULL OR (p.status IN ('filed', 'open', 'paused', 'closed') AND p.filed_on IS NOT NULL))
 ORDER BY f.kind, f.id DESC LIMIT $3
"""
WAITING = """
SELECT m.id, m.to_fund_id, m.amount_fen, m.reason, m.proposed_by_id, m.proposed_at, f.name AS to_name
  FROM surplus_move m JOIN fund f ON f.id = m.to_fund_id WHERE m.project_id = $1 AND m.decided_at IS NULL
"""
DECIDE = "UPDATE surplus_move SET decided_by_id = $2, decided_at = $3 WHERE id = $1"
DROP = "DELETE FROM surplus_move WHERE project_id = $1 AND decided_at IS NULL RETURNING id"
BUSY = (AccountType.PAYABLE, AccountType.TOWN_ADVANCE, AccountType.UNASSIGNED, AccountType.REFUND_DUE)


@dataclass(frozen=True)
class Left:
    """What lies in a fund's accounts, in fen, and whether some of it is promised to somebody."""

    alipay_fen: int
    bank_fen: int
    is_promised: bool

    @property
    def fen(self) -> int:
        return self.alipay_fen + self.bank_fen


@dataclass(frozen=True)
class Taker:
    """A fund that may get what is left."""

    id: int
    name: str


@dataclass(frozen=True)
class Waiting:
    """What was proposed and waits for the director."""

    id: int
    to_fund_id: int
    to_name: str
    amount_fen: int
    reason: str
    proposed_by_id: int
    proposed_at: datetime


async def propose_surplus(project_id: int, to_fund_id: int, reason: str, *, actor: Viewer, now: datetime) -> int:
    """Proposes to give all that is left to another fund; returns the proposal's id.

    Raises InvalidInput for a fund that the filed rule does not allow, Conflict while some of the money is promised.
    """
    must(actor, Permission.MANAGE_PROJECTS)
    text = reason.strip()
    if not SHORTEST_REASON <= len(text) <= LONGEST_REASON:
        raise InvalidInput(
            {"reason": f"请写明目的为什么相同或相近，{SHORTEST_REASON} 到 {LONGEST_REASON} 个字，会公开。"}
        )
    if named := person_named_in(text):
        raise InvalidInput({"reason": f"“{named}”像是指到了哪个人。这句话会公开，请换个说法。"})
    try:
        async with in_transaction():
            project = await lock_project_for(project_id, actor)
            left = await _lock_left(project, to_fund_id)
            if to_fund_id not in {taker.id for taker in await takers_of(project)}:
                raise InvalidInput({"to_fund": "请从列出的项目里选一个。"})
            made = await SurplusMove.create(
                project_id=project_id,
                to_fund_id=to_fund_id,
                amount_fen=left.fen,
                reason=text,
                proposed_by_id=actor.account_id,
                proposed_at=now,
            )
            detail: dict[str, object] = {"amount_fen": left.fen, "to_fund": to_fund_id}
            await record_event(SUBJECT, project_id, "propose_surplus", actor=actor, now=now, detail=detail)
            move_id: int = made.id
            return move_id
    except IntegrityError as error:
        raise Conflict("已经有一个方案在等负责人决定。") from error


async def decide_surplus(project_id: int, *, actor: Viewer, now: datetime) -> None:
    """The director agrees: the money changes funds in the books. Raises Conflict when what is left has changed since."""
    must(actor, Permission.DECIDE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        waiting = await waiting_move(project_id)
        if waiting is None:
            raise Conflict("没有等着决定的方案，可能已经有人办了。请刷新后再看。")
        left = await _lock_left(project, waiting.to_fund_id)
        if left.fen != waiting.amount_fen:
            raise Conflict("剩下的钱和提出的时候不一样了。请撤回，重新提出。")
        if waiting.to_fund_id not in {taker.id for taker in await takers_of(project)}:
            raise Conflict("那个项目现在不能再收了。请撤回，重新提出。")
        assert project.fund_id is not None
        await book_surplus(
            project.fund_id,
            waiting.to_fund_id,
            alipay_fen=left.alipay_fen,
            bank_fen=left.bank_fen,
            source=Source(OWNER_KIND, waiting.id),
            now=now,
        )
        await rows(DECIDE, waiting.id, actor.account_id, now)
        detail: dict[str, object] = {"amount_fen": left.fen, "to_fund": waiting.to_fund_id}
        await record_event(SUBJECT, project_id, "decide_surplus", actor=actor, now=now, detail=detail)


async def drop_surplus(project_id: int, *, actor: Viewer, now: datetime) -> None:
    """Takes a proposal back on which nobody has decided."""
    must(actor, Permission.SEE_PROJECTS)
    async with in_transaction():
        await lock_project_for(project_id, actor)
        if not await rows(DROP, project_id):
            raise Conflict("没有等着决定的方案，可能已经有人办了。请刷新后再看。")
        await record_event(SUBJECT, project_id, "drop_surplus", actor=actor, now=now)


async def left_of(fund_id: int, held_fen: int) -> Left:
    """What lies in a fund's accounts now."""
    balances: Counter[AccountType] = Counter()
    for item in await balances_of(fund_id):
        balances[item.type] += item.balance_fen
    promised = held_fen != 0 or any(balances[kind] for kind in BUSY)
    return Left(balances[AccountType.ALIPAY], balances[AccountType.BANK], promised)


async def takers_of(project: Locked) -> tuple[Taker, ...]:
    """The funds that the filed rule lets the money go to: other projects, and the 微心愿 fund where a near purpose will do."""
    found = await rows(TAKERS, project.charity_id, project.fund_id, MOST_FUNDS)
    same_only = project.plan.surplus_rule is SurplusRule.SAME_PURPOSE
    return tuple(Taker(row["id"], row["name"]) for row in found if not same_only or row["kind"] == FundKind.PROJECT)


async def waiting_move(project_id: int) -> Waiting | None:
    found = await rows(WAITING, project_id)
    return Waiting(**found[0]) if found else None


async def _lock_left(project: Locked, to_fund_id: int) -> Left:
    """What is left, with both funds' rows held; raises Conflict when it can't go yet."""
    if project.fund_id is None:
        raise NotFound
    if project.status is not ProjectStatus.CLOSED:
        raise Conflict("募捐结束以后才能处理剩余财产。")
    held = {row["id"]: row["held_fen"] for row in await rows(LOCK_FUNDS, sorted({project.fund_id, to_fund_id}))}
    left = await left_of(project.fund_id, held[project.fund_id])
    if left.is_promised:
        raise Conflict("还有分配了没有付、在乡镇手里、没有处理或者等着退的钱。请先办完，再处理剩余财产。")
    if left.fen <= 0:
        raise Conflict("这个项目的钱已经用完，没有剩余财产。")
    return left

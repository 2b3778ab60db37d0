"""The only writer of monthly plans and their turns."""

from datetime import date, datetime
from typing import TypedDict

from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.donations.actions import make_donation
from cishan.donations.rules import check_takes_money, check_within_cap, takes_money
from cishan.donations.states import DonationStatus
from cishan.donations.totals import total_of
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.messages.actions import queue_notice
from cishan.money import yuan_text
from cishan.monthly.models import MonthlyPlan
from cishan.monthly.rules import PAY_FOR, first_turn, is_let_go, next_status, next_turn
from cishan.monthly.states import PlanStatus
from cishan.payments.states import LateChoice
from cishan.sealing import Sealer

LOCK = """
SELECT p.id, p.fund_id, p.donor_id, p.status, p.amount_fen, p.day, p.next_on, p.unpaid, p.shows_name, f.name AS fund_name
  FROM monthly_plan p JOIN fund f ON f.id = p.fund_id WHERE p.id = $1 FOR UPDATE OF p
"""
BOUNDS = "SELECT takes_from, takes_until FROM fund WHERE id = $1"
CAP = "SELECT cap_fen FROM fund WHERE id = $1"
LIVE = "SELECT id FROM monthly_plan WHERE donor_id = $1 AND fund_id = $2 AND status <> 'ended'"
LOCK_DONOR = "SELECT id FROM account WHERE id = $1 FOR UPDATE"
DUE = "SELECT id FROM monthly_plan WHERE status = 'active' AND next_on <= $1 ORDER BY next_on, id LIMIT $2"
LAST_TURN = """
SELECT d.status FROM monthly_turn t JOIN donation d ON d.id = t.donation_id WHERE t.plan_id = $1 ORDER BY t.month DESC LIMIT 1
"""
ADD_TURN = "INSERT INTO monthly_turn (plan_id, month, donation_id, opened_at) VALUES ($1, $2, $3, $4)"
HAS_TURN = "SELECT id FROM monthly_turn WHERE plan_id = $1 AND month = $2"
PLAN_NEXT = "UPDATE monthly_plan SET next_on = $2, unpaid = $3 WHERE id = $1"
MOVE = "UPDATE monthly_plan SET status = $2, ended_at = $3, next_on = $4 WHERE id = $1"
HIDE_NAME = """
UPDATE donation d SET shows_name = false FROM monthly_turn t
 WHERE t.plan_id = $1 AND d.id = t.donation_id AND d.received_at IS NULL
"""
LIVE_PLANS = "SELECT id FROM monthly_plan WHERE donor_id = $1 AND status <> 'ended' ORDER BY id"
CHANGE = "UPDATE monthly_plan SET amount_fen = $2, day = $3, next_on = $4, shows_name = $5, status = $6, unpaid = 0 WHERE id = $1"


class Bounds(TypedDict):
    """When a fund takes money."""

    takes_from: datetime | None
    takes_until: datetime | None


async def start_plan(fund_id: int, amount_fen: int, day: int, *, shows_name: bool, actor: Viewer, now: datetime) -> int:
    """Begins giving every month; raises Conflict for a donor who does so already, and for a fund that takes nothing now."""
    async with in_transaction():
        check_takes_money(now, **(await _bounds(fund_id)))
        cap_fen = (await rows(CAP, fund_id))[0]["cap_fen"]
        check_within_cap(amount_fen, cap_fen=cap_fen, given_fen=(await total_of(fund_id)).given_fen)
        await rows(LOCK_DONOR, actor.account_id)
        if await rows(LIVE, actor.account_id, fund_id):
            raise Conflict("您已经有一个月捐了，可以直接改金额和日子。")
        plan = await MonthlyPlan.create(
            fund_id=fund_id,
            donor_id=actor.account_id,
            status=PlanStatus.ACTIVE,
            amount_fen=amount_fen,
            day=day,
            next_on=first_turn(beijing_day(now), day),
            shows_name=shows_name,
            started_at=now,
        )
        detail: dict[str, object] = {"amount_fen": amount_fen, "day": day}
        await record_event("monthly_plan", plan.id, "start", actor=actor, now=now, detail=detail)
    plan_id: int = plan.id
    return plan_id


async def change_plan(
    plan_id: int, amount_fen: int, day: int, *, shows_name: bool, actor: Viewer, now: datetime
) -> None:
    """Another sum or another day, from the next turn on; a paused plan goes on with it. A name is hidden at once, also on a turn that waits."""
    async with in_transaction():
        plan = await _own(plan_id, actor)
        status = next_status(plan["status"], "change")
        next_on = await _first_free(plan, day, beijing_day(now))
        await rows(CHANGE, plan_id, amount_fen, day, next_on, shows_name, status.value)
        if not shows_name:
            await rows(HIDE_NAME, plan_id)
        detail: dict[str, object] = {"amount_fen": amount_fen, "day": day}
        await record_event("monthly_plan", plan_id, "change", actor=actor, now=now, detail=detail)


async def move_plan(plan_id: int, verb: str, *, actor: Viewer, now: datetime) -> None:
    """The donor pauses, resumes or ends their plan; resumed, its next turn is in the future."""
    async with in_transaction():
        plan = await _own(plan_id, actor)
        await _move(plan, verb, actor=actor, now=now)


async def end_plans_of(account_id: int, *, actor: Viewer, now: datetime) -> None:
    """Ends all plans of somebody who closes their account, inside the caller's transaction."""
    for row in await rows(LIVE_PLANS, account_id):
        await _move(await _lock(row["id"]), "end", actor=actor, now=now)


async def open_due_turns(*, limit: int, site_url: str, sealer: Sealer, now: datetime) -> int:
    """Writes down this month's donation of every plan that is due and reminds its donor, once; returns how many plans.

    Any number of nodes may sweep: each plan is decided again under its row's lock.
    """
    due = await rows(DUE, beijing_day(now), limit)
    for row in due:
        try:
            await _open_turn(row["id"], site_url=site_url, sealer=sealer, now=now)
        except (Conflict, InvalidInput):
            await _end_when_full(row["id"], sealer=sealer, now=now)
    return len(due)


async def _open_turn(plan_id: int, *, site_url: str, sealer: Sealer, now: datetime) -> None:
    async with in_transaction():
        plan, today = await _lock(plan_id), beijing_day(now)
        if plan["status"] is not PlanStatus.ACTIVE or plan["next_on"] > today:
            return
        last = await rows(LAST_TURN, plan_id)
        unpaid = plan["unpaid"] + 1 if last and last[0]["status"] not in _PAID else 0
        if is_let_go(unpaid):
            await _let_go(plan, sealer=sealer, now=now)
            return
        if not takes_money(now, **(await _bounds(plan["fund_id"]))):
            await _end_with_fund(plan, sealer=sealer, now=now)
            return
        month = today.replace(day=1)
        if not await rows(HAS_TURN, plan_id, month):
            await _remind(plan, month, site_url=site_url, sealer=sealer, now=now)
        await rows(PLAN_NEXT, plan_id, next_turn(plan["next_on"], today, plan["day"]), unpaid)


_PAID = {DonationStatus.RECEIVED, DonationStatus.RETURNED}


async def _remind(plan: JsonRow, month: date, *, site_url: str, sealer: Sealer, now: datetime) -> None:
    made = await make_donation(
        plan["fund_id"],
        plan["amount_fen"],
        shows_name=plan["shows_name"],
        late_choice=LateChoice.REFUND,
        actor=Viewer(plan["donor_id"], Role.DONOR),
        now=now,
        pay_for=PAY_FOR,
        may_ask=False,
    )
    await rows(ADD_TURN, plan["id"], month, made.donation_id, now)
    await record_event("monthly_plan", plan["id"], "turn", actor=None, now=now, detail={"donation": made.donation_id})
    text = (
        f"这个月的月捐 {yuan_text(plan['amount_fen'])} 元（{plan['fund_name']}），想捐就点开付款：{site_url}/me/monthly?fund={plan['fund_id']} 。"
        "不方便就不用管，不会扣您的钱。"
    )
    await queue_notice(f"monthly:{plan['id']}:{month}", plan["donor_id"], text, sealer=sealer, now=now)


async def _let_go(plan: JsonRow, *, sealer: Sealer, now: datetime) -> None:
    await _move(plan, "end", actor=None, now=now)
    text = "您的月捐有几个月没有付款，我们先替您停了，不再提醒。谢谢您以前的每一次；什么时候想再开始，都欢迎。"
    await queue_notice(f"monthly-ended:{plan['id']}", plan["donor_id"], text, sealer=sealer, now=now)


async def _end_with_fund(plan: JsonRow, *, sealer: Sealer, now: datetime) -> None:
    """A campaign that is over takes nothing more, whatever was planned."""
    await _move(plan, "end", actor=None, now=now)
    text = f"您每月捐的“{plan['fund_name']}”募捐结束了，月捐也跟着停了，不再提醒。谢谢您这些日子的每一次。"
    await queue_notice(f"monthly-ended:{plan['id']}", plan["donor_id"], text, sealer=sealer, now=now)


async def _end_when_full(plan_id: int, *, sealer: Sealer, now: datetime) -> None:
    """A fund that stops at its target has no room for the plan's sum: this plan ends, and nobody else's waits behind it."""
    async with in_transaction():
        plan = await _lock(plan_id)
        if plan["status"] is not PlanStatus.ACTIVE:
            return
        await _move(plan, "end", actor=None, now=now)
        text = f"您每月捐的“{plan['fund_name']}”快筹够了，收不下您这个月的数，月捐先替您停了。谢谢您；想捐给别的项目，随时欢迎。"
        await queue_notice(f"monthly-ended:{plan['id']}", plan["donor_id"], text, sealer=sealer, now=now)


async def _bounds(fund_id: int) -> Bounds:
    found = await rows(BOUNDS, fund_id)
    if not found:
        raise NotFound
    return Bounds(takes_from=found[0]["takes_from"], takes_until=found[0]["takes_until"])


async def _move(plan: JsonRow, verb: str, *, actor: Viewer | None, now: datetime) -> None:
    status = next_status(plan["status"], verb)
    next_on = await _first_free(plan, plan["day"], beijing_day(now)) if verb == "resume" else plan["next_on"]
    await rows(MOVE, plan["id"], status.value, now if status is PlanStatus.ENDED else None, next_on)
    await record_event("monthly_plan", plan["id"], verb, actor=actor, now=now)


async def _first_free(plan: JsonRow, day: int, today: date) -> date:
    """The next turn of a month that has none yet."""
    first = first_turn(today, day)
    taken = await rows(HAS_TURN, plan["id"], first.replace(day=1))
    return next_turn(first, today, day) if taken else first


async def _own(plan_id: int, actor: Viewer) -> JsonRow:
    plan = await _lock(plan_id)
    if plan["donor_id"] != actor.account_id:
        raise NotFound
    return plan


async def _lock(plan_id: int) -> JsonRow:
    found = await rows(LOCK, plan_id)
    if not found:
        raise NotFound
    return {**found[0], "status": PlanStatus(found[0]["status"])}

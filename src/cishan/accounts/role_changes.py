"""Another role for somebody who works here. To and from administrator and finance it takes two administrators.

One proposes, another confirms within seven days, and the database holds the two apart. Taking a role away altogether,
and closing an account, stay with one administrator: what a lost phone opens can't wait for a second one.
"""

from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.actions import END_GRANT, NEW_GRANT, check_place, lock_staff
from cishan.accounts.rules import administers, takes_two_administrators
from cishan.accounts.sessions import revoke_all
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.divisions.rules import contains
from cishan.errors import Conflict, Forbidden, NotFound
from cishan.events.actions import record_event

PROPOSAL_LASTS = timedelta(days=7)

OTHER_ADMINISTRATORS = """
SELECT g.division_code FROM role_grant g JOIN account a ON a.id = g.account_id AND a.disabled_at IS NULL
 WHERE g.role = 'admin' AND g.ended_at IS NULL AND g.account_id <> ALL($1) LIMIT 200
"""
LET_LAPSE = """
UPDATE role_proposal SET decided_at = $2 WHERE account_id = $1 AND decided_at IS NULL AND proposed_at <= $3
"""
OPEN_FOR = "SELECT 1 FROM role_proposal WHERE account_id = $1 AND decided_at IS NULL"
PROPOSE = """
INSERT INTO role_proposal (account_id, role_before, role, division_code, proposed_by_id, proposed_at, agreed)
VALUES ($1, $2, $3, $4, $5, $6, false)
"""
PROPOSAL = """
SELECT p.*, EXISTS (SELECT FROM role_grant g JOIN account a ON a.id = g.account_id AND a.disabled_at IS NULL
                     WHERE g.account_id = p.proposed_by_id AND g.role = 'admin' AND g.ended_at IS NULL) AS by_administrator
  FROM role_proposal p WHERE p.id = $1
"""
DECIDE = "UPDATE role_proposal SET decided_by_id = $2, decided_at = $3, agreed = $4 WHERE id = $1"


async def change_role(account_id: int, role: Role, division_code: str, *, actor: Viewer, now: datetime) -> bool:
    """Moves a person to another role or place, both in the administrator's division; their sessions die.

    True when it is done, False when it waits for another administrator. Where there is no other one to confirm, roles
    other than the administrator's are still changed at once: somebody must be able to.
    """
    await check_place(role, division_code)
    async with in_transaction():
        held = await lock_staff(account_id, actor=actor)
        _check_move(held, role, division_code, actor)
        if takes_two_administrators(held["role"], role):
            if await _may_be_confirmed(held, division_code, actor):
                await _propose(held, role, division_code, actor=actor, now=now)
                return False
            if Role.ADMIN in {held["role"], role}:
                raise Forbidden("换成或换下管理员，要另一位管理员确认，现在没有另一位。请先邀请一位管理员。")
        detail: dict[str, object] = {"before": held["role"]}
        await _move(account_id, role, division_code, actor=actor, now=now, detail=detail)
        return True


async def confirm_role(proposal_id: int, *, actor: Viewer, now: datetime) -> int:
    """Another administrator agrees, and the person has the role; returns the account's id."""
    async with in_transaction():
        proposal, held = await _open_proposal(proposal_id, actor, now)
        if proposal["proposed_by_id"] == actor.account_id:
            raise Forbidden("您自己提的，要由另一位管理员确认。")
        if not proposal["by_administrator"] or held["role"] != proposal["role_before"]:
            raise Conflict("提出以后，这个人或者提的人岗位变过。请先撤掉，再重新提。")
        role, place = Role(proposal["role"]), proposal["division_code"]
        _check_move(held, role, place, actor)
        await rows(DECIDE, proposal_id, actor.account_id, now, True)
        detail: dict[str, object] = {"before": held["role"], "proposed_by": proposal["proposed_by_id"]}
        await _move(held["id"], role, place, actor=actor, now=now, detail=detail)
        return int(held["id"])


async def drop_role_proposal(proposal_id: int, *, actor: Viewer, now: datetime) -> int:
    """Whoever proposed it, or another administrator, lets it be; returns the account's id."""
    async with in_transaction():
        proposal, held = await _open_proposal(proposal_id, actor, now)
        await rows(DECIDE, proposal_id, actor.account_id, now, False)
        detail: dict[str, object] = {"role": proposal["role"], "division_code": proposal["division_code"]}
        await record_event("account", held["id"], "dropped_role", actor=actor, now=now, detail=detail)
        return int(held["id"])


def _check_move(held: JsonRow, role: Role, division_code: str, actor: Viewer) -> None:
    if not administers(actor, division_code):
        raise Forbidden("只能安排您管辖范围内的岗位。")
    if held["disabled_at"] is not None:
        raise Conflict("这个账号已停用。要重新使用，请再发一次邀请。")
    if (held["role"], held["division_code"]) == (role.value, division_code):
        raise Conflict("岗位和地方都没有变。")


async def _may_be_confirmed(held: JsonRow, division_code: str, actor: Viewer) -> bool:
    """Whether somebody else administers both places: neither who proposes nor whom it is about."""
    places = [place for place in (held["division_code"], division_code) if place]
    others = await rows(OTHER_ADMINISTRATORS, [actor.account_id, held["id"]])
    return any(all(contains(other["division_code"], place) for place in places) for other in others)


async def _propose(held: JsonRow, role: Role, division_code: str, *, actor: Viewer, now: datetime) -> None:
    await rows(LET_LAPSE, held["id"], now, now - PROPOSAL_LASTS)
    if await rows(OPEN_FOR, held["id"]):
        raise Conflict("这个人已经有一个换岗在等确认。请先确认或者撤掉那一个。")
    await rows(PROPOSE, held["id"], held["role"], role.value, division_code, actor.account_id, now)
    detail: dict[str, object] = {"role": role.value, "division_code": division_code, "before": held["role"]}
    await record_event("account", held["id"], "proposed_role", actor=actor, now=now, detail=detail)


async def _open_proposal(proposal_id: int, actor: Viewer, now: datetime) -> tuple[JsonRow, JsonRow]:
    """A proposal that waits, read again under the lock of the account it is about."""
    found = await rows(PROPOSAL, proposal_id)
    if not found or not administers(actor, found[0]["division_code"]):
        raise NotFound
    held = await lock_staff(found[0]["account_id"], actor=actor)
    proposal = (await rows(PROPOSAL, proposal_id))[0]
    if proposal["decided_at"] is not None or proposal["proposed_at"] + PROPOSAL_LASTS <= now:
        raise Conflict("这个换岗已经有人处理过，或者过了 7 天没有确认。")
    return proposal, held


async def _move(
    account_id: int,
    role: Role,
    division_code: str,
    *,
    actor: Viewer,
    now: datetime,
    detail: dict[str, object],
) -> None:
    await rows(END_GRANT, account_id, now)
    await rows(NEW_GRANT, account_id, role.value, division_code, actor.account_id, now)
    await revoke_all(account_id, now=now)
    moved: dict[str, object] = {"role": role.value, "division_code": division_code, **detail}
    await record_event("account", account_id, "changed_role", actor=actor, now=now, detail=moved)

"""Names of people, who works where, and a person's own devices. Names are opened here and nowhere else."""

import json
from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.actions import INVITATION_HOLDS, NAME_LABEL, PHONE_LABEL
from cishan.accounts.rules import masked_phone
from cishan.accounts.sessions import token_hash
from cishan.accounts.states import Role, Standing
from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.divisions import queries as divisions
from cishan.divisions.rules import ancestors, subtree
from cishan.errors import NotFound
from cishan.sealing import Sealer

STAFF_A_PAGE = 50
MOST_NAMES = 1000
MOST_STAFF = 500
MOST_DEVICES = 50
MOST_STEPS = 200

NAMES = "SELECT id, name_sealed FROM account WHERE id = ANY($1) LIMIT $2"
STAFF_IN = """
SELECT g.account_id, g.division_code FROM role_grant g
 WHERE g.ended_at IS NULL AND g.role = $1 AND g.division_code BETWEEN $2 AND $3
 ORDER BY g.division_code, g.account_id LIMIT $4
"""
STAFF_COVERING = """
SELECT g.account_id, g.division_code FROM role_grant g
 WHERE g.ended_at IS NULL AND g.role = $1 AND g.division_code = ANY($2)
 ORDER BY length(rtrim(g.division_code, '0')) DESC, g.account_id LIMIT $3
"""
DEVICES = """
SELECT id, device, created_at, seen_at FROM session
 WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY seen_at DESC, id DESC LIMIT $3
"""
INVITATION = f"""
SELECT i.role, i.division_code, i.name_sealed, i.phone_sealed FROM invitation i
 WHERE i.token_hash = $1 AND {INVITATION_HOLDS}
"""  # noqa: S608 - joined from constants
MEMBER = """
SELECT a.id, a.name_sealed, a.phone_sealed, a.created_at, g.role, g.division_code, g.granted_at, d.name AS place,
       CASE WHEN a.disabled_at IS NOT NULL THEN 'disabled' WHEN g.ended_at IS NOT NULL THEN 'ended' ELSE 'working'
       END AS standing
  FROM account a
  JOIN LATERAL (SELECT * FROM role_grant r WHERE r.account_id = a.id ORDER BY r.granted_at DESC, r.id DESC LIMIT 1) g
    ON true
  LEFT JOIN division d ON d.code = g.division_code AND d.valid_to IS NULL
 WHERE a.kind = 'staff'
"""
STAFF_LIST = f"""
SELECT *, count(*) OVER () AS total FROM ({MEMBER}) m
 WHERE division_code BETWEEN $1 AND $2 AND ($3 = '' OR role = $3) AND ($4 = '' OR standing = $4)
 ORDER BY division_code, role, id LIMIT $5 OFFSET $6
"""  # noqa: S608 - joined from two constants
ONE_MEMBER = MEMBER + " AND a.id = $1"
STEPS = """
SELECT verb, actor_id, at, detail FROM event WHERE subject_kind = 'account' AND subject_id = $1 ORDER BY number LIMIT $2
"""


@dataclass(frozen=True)
class StaffMember:
    """A row of the staff list; the phone is masked."""

    account_id: int
    name: str
    phone: str
    role: Role
    division_code: str
    place: str
    standing: Standing
    since: datetime


@dataclass(frozen=True)
class StaffFilter:
    """What the staff list shows: a place inside the administrator's scope, a role, a standing; empty means all."""

    division_code: str = ""
    role: str = ""
    standing: str = ""


@dataclass(frozen=True)
class Invited:
    """What an invitation offers to whoever holds its link."""

    name: str
    phone: str
    role: Role
    place: str


async def name_of(account_id: int, sealer: Sealer) -> str:
    """A person's name, or 某人 for an account that is not there."""
    return (await names_of([account_id], sealer)).get(account_id, "某人")


async def names_of(ids: list[int], sealer: Sealer) -> dict[int, str]:
    """Names by account id, in one query."""
    found = await rows(NAMES, ids, MOST_NAMES)
    return {row["id"]: sealer.open(row["name_sealed"], NAME_LABEL) for row in found}


async def staff_in(division_code: str, role: Role) -> list[JsonRow]:
    """Who holds a role in a division or below it: account_id and division_code."""
    return await rows(STAFF_IN, role.value, *subtree(division_code), MOST_STAFF)


async def staff_covering(division_code: str, role: Role) -> list[JsonRow]:
    """Who holds a role for this place, nearest first: in the division itself or above it."""
    return await rows(STAFF_COVERING, role.value, [division_code, *ancestors(division_code)], MOST_STAFF)


async def devices_of(viewer: Viewer, *, now: datetime) -> list[JsonRow]:
    """The person's own live sessions, the one used last first."""
    return await rows(DEVICES, viewer.account_id, now, MOST_DEVICES)


async def invitation_of(token: str, *, sealer: Sealer, now: datetime) -> Invited:
    """What the link offers; NotFound when it is unknown, used or too old."""
    found = await rows(INVITATION, token_hash(token), now)
    if not found:
        raise NotFound("这个邀请链接已经用过或者过期了，请联系发邀请的人再发一次。")
    row = found[0]
    return Invited(
        name=sealer.open(row["name_sealed"], NAME_LABEL),
        phone=sealer.open(row["phone_sealed"], PHONE_LABEL),
        role=Role(row["role"]),
        place=await divisions.full_name_of(row["division_code"]) if row["division_code"] else "",
    )


async def staff_page(
    viewer: Viewer, wanted: StaffFilter, number: int, *, sealer: Sealer
) -> tuple[list[StaffMember], int]:
    """One page of the staff an administrator may see, and how many there are in all."""
    place = wanted.division_code
    scope = subtree(place) if place and viewer.covers(place) else viewer.scope
    offset = (number - 1) * STAFF_A_PAGE
    found = await rows(STAFF_LIST, *scope, wanted.role, wanted.standing, STAFF_A_PAGE, offset)
    return [_member(row, sealer) for row in found], found[0]["total"] if found else 0


async def staff_member_for(viewer: Viewer, account_id: int, *, sealer: Sealer) -> StaffMember:
    """One staff member in the administrator's division; a stranger's is not there."""
    found = await rows(ONE_MEMBER, account_id)
    if not found or not viewer.covers(found[0]["division_code"]):
        raise NotFound
    return _member(found[0], sealer)


async def account_steps(account_id: int) -> list[JsonRow]:
    """What happened to an account, oldest first: verb, actor_id, at and detail."""
    found = await rows(STEPS, account_id, MOST_STEPS)
    return [{**row, "detail": json.loads(row["detail"])} for row in found]


def _member(row: JsonRow, sealer: Sealer) -> StaffMember:
    return StaffMember(
        account_id=row["id"],
        name=sealer.open(row["name_sealed"], NAME_LABEL),
        phone=masked_phone(sealer.open(row["phone_sealed"], PHONE_LABEL)),
        role=Role(row["role"]),
        division_code=row["division_code"],
        place=row["place"] or row["division_code"],
        standing=Standing(row["standing"]),
        since=row["granted_at"],
    )


async def has_donor_account(phone: str, sealer: Sealer) -> bool:
    """Whether a donor has registered with this phone; never shown to anyone, it only decides whether an SMS leaves."""
    index = sealer.digest(phone, PHONE_LABEL)
    return bool(await rows("SELECT 1 FROM account WHERE phone_index = $1 AND kind = 'donor'", index))


async def has_password(viewer: Viewer) -> bool:
    """Donors may sign in by codes alone; then there is no present password to ask for."""
    return bool(await rows("SELECT 1 FROM account WHERE id = $1 AND password_hash IS NOT NULL", viewer.account_id))

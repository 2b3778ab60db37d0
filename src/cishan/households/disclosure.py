"""Opening what is sealed: each reading has a person, a reason and a row; a child's needs a grant as well (R-22, R-23)."""

from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.divisions.rules import contains
from cishan.errors import Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.households.registry import ADDRESS_LABEL, ID_LABEL, NAME_LABEL, PHONE_LABEL, SUBJECT, filed_by
from cishan.households.rules import (
    birth_date,
    is_minor,
    may_unmask,
    read_reason,
    sees_people,
)
from cishan.households.states import SealedField
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer

GRANT_LASTS = timedelta(hours=24)
NO_GRANT = "这是未成年人的信息。请先向监督员说明原因，拿到 24 小时的授权再看。"
NOT_ALLOWED = "您的账号不能查看这一项。"

LOCK = """
SELECT id, division_code, address_sealed, opened_by_id, imported FROM household WHERE id = $1 FOR NO KEY UPDATE
"""
PERSON = """
SELECT p.name_sealed, p.id_number_sealed, p.phone_sealed
  FROM membership m JOIN person p ON p.id = m.person_id
 WHERE m.household_id = $1 AND m.person_id = $2 AND m.to_on IS NULL
"""
GRANTED = """
SELECT 1 FROM minor_grant WHERE grantee_id = $1 AND person_id = $2 AND granted_at <= $3 AND expires_at > $3 LIMIT 1
"""
LOG = """
INSERT INTO unmasking (account_id, household_id, person_id, field, reason, at) VALUES ($1, $2, $3, $4, $5, $6)
"""
HOME = """
SELECT h.id, h.division_code FROM membership m JOIN household h ON h.id = m.household_id
 WHERE m.person_id = $1 AND m.to_on IS NULL FOR NO KEY UPDATE OF h
"""
GRANTEE = """
SELECT g.role, g.division_code FROM account a JOIN role_grant g ON g.account_id = a.id AND g.ended_at IS NULL
 WHERE a.id = $1 AND a.disabled_at IS NULL
"""
GRANT = """
INSERT INTO minor_grant (person_id, grantee_id, granted_by_id, reason, granted_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""


async def unmask(
    household_id: int,
    person_id: int | None,
    field: SealedField,
    reason: str,
    *,
    viewer: Viewer,
    sealer: Sealer,
    now: datetime,
) -> str:
    """Opens one sealed field for one person and writes down who, what and why; the address has no `person_id`.

    Raises Forbidden where the role or a missing grant forbids it. A refusal is written down too, in a transaction of
    its own, so the caller holds none that the error would undo.
    """
    why = _read(reason)
    async with in_transaction():
        household = await _household(household_id, viewer)
        person = await _person(household_id, person_id)
        if (field is SealedField.ADDRESS) is not (person is None):
            raise NotFound
        refusal = await _refusal(household, person, person_id, viewer=viewer, sealer=sealer, now=now)
        if refusal is None:
            await rows(LOG, viewer.account_id, household_id, person_id, field.value, why, now)
        detail: dict[str, object] = {"person": person_id, "field": field.value}
        verb = "unmask" if refusal is None else "unmask_refused"
        await record_event(SUBJECT, household_id, verb, actor=viewer, now=now, detail=detail)
    if refusal is not None:
        raise Forbidden(refusal)
    return _open(household if person is None else person, field, sealer)


async def grant_minor(person_id: int, grantee: int, reason: str, *, actor: Viewer, now: datetime) -> int:
    """Lets one member of staff open a child's record for 24 hours; returns the grant's id.

    The supervisor never sees the child. Nobody grants to themselves.
    """
    if not holds(actor.role, Permission.GRANT_MINOR):
        raise Forbidden
    why = _read(reason)
    async with in_transaction():
        found = await rows(HOME, person_id)
        if not found or not actor.covers(found[0]["division_code"]):
            raise NotFound
        home = found[0]
        staff = await rows(GRANTEE, grantee)
        place_matches = bool(staff) and contains(staff[0]["division_code"], home["division_code"])
        if grantee == actor.account_id or not place_matches or not sees_people(Role(staff[0]["role"])):
            raise InvalidInput({"grantee": "只能授权给这家人所在村的协理员或乡镇的审核员。"})
        granted = await rows(GRANT, person_id, grantee, actor.account_id, why, now, now + GRANT_LASTS)
        detail: dict[str, object] = {"person": person_id, "grantee": grantee}
        await record_event(SUBJECT, home["id"], "grant_minor", actor=actor, now=now, detail=detail)
    return int(granted[0]["id"])


def _read(reason: str) -> str:
    try:
        return read_reason(reason)
    except ValueError as error:
        raise InvalidInput({"reason": str(error)}) from error


async def _household(household_id: int, viewer: Viewer) -> JsonRow:
    found = await rows(LOCK, household_id)
    if not found or not viewer.covers(found[0]["division_code"]):
        raise NotFound
    return found[0]


async def _person(household_id: int, person_id: int | None) -> JsonRow | None:
    if person_id is None:
        return None
    found = await rows(PERSON, household_id, person_id)
    if not found:
        raise NotFound
    return found[0]


async def _refusal(
    household: JsonRow,
    person: JsonRow | None,
    person_id: int | None,
    *,
    viewer: Viewer,
    sealer: Sealer,
    now: datetime,
) -> str | None:
    """Why this person may not open it, or None."""
    minor = person is not None and is_minor(
        birth_date(sealer.open(person["id_number_sealed"], ID_LABEL)), beijing_day(now)
    )
    is_filer = filed_by(viewer, household)
    has_grant = minor and bool(await rows(GRANTED, viewer.account_id, person_id, now))
    if may_unmask(viewer.role, is_minor=minor, is_filer=is_filer, has_grant=has_grant):
        return None
    return NO_GRANT if minor and sees_people(viewer.role) and not is_filer else NOT_ALLOWED


def _open(row: JsonRow, field: SealedField, sealer: Sealer) -> str:
    if field is SealedField.ADDRESS:
        return sealer.open(row["address_sealed"], ADDRESS_LABEL)
    if field is SealedField.NAME:
        return sealer.open(row["name_sealed"], NAME_LABEL)
    if field is SealedField.ID_NUMBER:
        return sealer.open(row["id_number_sealed"], ID_LABEL)
    if row["phone_sealed"] is None:
        return "没有登记电话"
    return sealer.open(row["phone_sealed"], PHONE_LABEL)

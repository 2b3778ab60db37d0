"""The only writers of the registry: open a household, change who lives in it, move it, put people into groups.

Consents stand in `consents.py`, un-masking and grants in `disclosure.py`; all are reached through this module.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.households.consents import WithdrawalHandler, give_consent, withdraw_consent
from cishan.households.disclosure import GRANT_LASTS, grant_minor, unmask
from cishan.households.registry import (
    ADDRESS_LABEL,
    ID_LABEL,
    NAME_LABEL,
    PHONE_LABEL,
    SUBJECT,
    lock_household,
    member_for,
    must_keep_registry,
)
from cishan.households.rules import (
    ADDRESS_LONGEST,
    RELATION_LONGEST,
    birth_date,
    case_number_for,
    is_village,
    read_contact,
    read_id_number,
    read_name,
)
from cishan.households.states import Group, MembershipEnd
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer

__all__ = [
    "GRANT_LASTS",
    "HouseholdFacts",
    "MemberFacts",
    "WithdrawalHandler",
    "add_member",
    "end_membership",
    "give_consent",
    "grant_minor",
    "join_group",
    "leave_group",
    "move_household",
    "open_household",
    "unmask",
    "withdraw_consent",
]

MOST_MEMBERS = 30
TAKEN = "这个身份证号的人已经登记在一户里。请先从原来那户迁出，再登记到这里。"
OTHER_NAME = "这个身份证号以前登记的是另一个名字，请对照身份证核对。"

NEXT_ID = "SELECT nextval(pg_get_serial_sequence('household', 'id')) AS id"
OPEN = """
INSERT INTO household (id, case_number, division_code, address_sealed, opened_by_id, opened_at, imported)
VALUES ($1, $2, $3, $4, $5, $6, false)
"""
KNOWN_PERSON = """
SELECT p.id, p.name_sealed,
       EXISTS (SELECT FROM membership m WHERE m.person_id = p.id AND m.to_on IS NULL) AS lives_somewhere
  FROM person p WHERE p.id_number_index = $1 FOR NO KEY UPDATE
"""
NEW_PERSON = """
INSERT INTO person (name_sealed, id_number_sealed, id_number_index, phone_sealed, birth_year)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id_number_index) DO NOTHING RETURNING id
"""
JOIN = """
INSERT INTO membership (household_id, person_id, relation, from_on) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id) WHERE to_on IS NULL DO NOTHING RETURNING id
"""
END = "UPDATE membership SET to_on = $2, end_reason = $3 WHERE id = $1"
END_GROUPS = """
UPDATE group_membership SET to_on = greatest(from_on, $2) WHERE person_id = $1 AND to_on IS NULL
"""
LEFT = "SELECT count(*) AS people FROM membership WHERE household_id = $1 AND to_on IS NULL"
CLOSE = "UPDATE household SET closed_at = $2 WHERE id = $1"
JOIN_GROUP = """
INSERT INTO group_membership (person_id, "group", from_on) VALUES ($1, $2, $3)
ON CONFLICT (person_id, "group") WHERE to_on IS NULL DO NOTHING RETURNING id
"""
LEAVE_GROUP = """
UPDATE group_membership SET to_on = $3
 WHERE person_id = $1 AND "group" = $2 AND to_on IS NULL AND from_on <= $3 RETURNING id
"""
KEEP_ADDRESS = """
INSERT INTO former_address (household_id, division_code, address_sealed, until_on) VALUES ($1, $2, $3, $4)
"""
MOVE = "UPDATE household SET division_code = $2, address_sealed = $3 WHERE id = $1"
IS_PLACE = "SELECT 1 FROM division WHERE code = $1 AND valid_to IS NULL"


@dataclass(frozen=True)
class MemberFacts:
    """One person as they stand on the ID card; `relation` is to the head of the household, "户主" for the head."""

    name: str
    id_number: str
    phone: str | None = None
    relation: str = "户主"
    groups: tuple[Group, ...] = ()
    from_on: date | None = None
    """The day from which they live there; today when not given."""


@dataclass(frozen=True)
class HouseholdFacts:
    """A family as the coordinator writes it down."""

    division_code: str
    address: str
    members: tuple[MemberFacts, ...] = field(default=())


@dataclass(frozen=True)
class _Member:
    """A member whose facts have been read and found in order."""

    name: str
    id_number: str
    phone: str | None
    relation: str
    groups: tuple[Group, ...]
    from_on: date


async def open_household(facts: HouseholdFacts, *, actor: Viewer, sealer: Sealer, now: datetime) -> int:
    """Files a family in the coordinator's own village with its members and returns its id.

    Raises InvalidInput by field; a member's field is "name" for the first and "2.name" for the second. A person lives
    in one household at a time.
    """
    must_keep_registry(actor)
    if not actor.covers(facts.division_code):
        raise Forbidden("您只能登记自己村里的家庭。")
    members = _read_household(facts, now)
    await _check_place(facts.division_code)
    async with in_transaction():
        household_id: int = (await rows(NEXT_ID))[0]["id"]
        case_number = case_number_for(facts.division_code, household_id)
        address = sealer.seal(facts.address.strip(), ADDRESS_LABEL)
        await rows(OPEN, household_id, case_number, facts.division_code, address, actor.account_id, now)
        for place, member in enumerate(members, start=1):
            await _settle_in(household_id, member, _prefix(place), sealer)
        await record_event(SUBJECT, household_id, "open", actor=actor, now=now, detail={"members": len(members)})
    return household_id


async def add_member(household_id: int, facts: MemberFacts, *, actor: Viewer, sealer: Sealer, now: datetime) -> int:
    """Adds a person to a household and returns their id. Someone who lives elsewhere leaves that household first."""
    must_keep_registry(actor)
    faults: dict[str, str] = {}
    member = _read_member(facts, "", faults, now)
    if member is None:
        raise InvalidInput(faults)
    async with in_transaction():
        await lock_household(household_id, actor)
        if (await rows(LEFT, household_id))[0]["people"] >= MOST_MEMBERS:
            raise Conflict(f"一户最多登记 {MOST_MEMBERS} 个人。")
        person_id = await _settle_in(household_id, member, "", sealer)
        await record_event(SUBJECT, household_id, "add_member", actor=actor, now=now, detail={"person": person_id})
    return person_id


async def end_membership(
    household_id: int, person_id: int, reason: MembershipEnd, on: date, *, actor: Viewer, sealer: Sealer, now: datetime
) -> None:
    """A person left on this day: moved, split off or died. When the last one leaves, the household is closed."""
    must_keep_registry(actor)
    async with in_transaction():
        home = await lock_household(household_id, actor)
        member = await member_for(actor, home, person_id, sealer=sealer, now=now)
        if not member["from_on"] <= on <= beijing_day(now):
            raise InvalidInput({"on": "日期要在登记之后，也不能晚于今天。"})
        await rows(END, member["membership_id"], on, reason.value)
        if reason is MembershipEnd.DIED:
            await rows(END_GROUPS, person_id, on)
        detail: dict[str, object] = {"person": person_id, "reason": reason.value}
        await record_event(SUBJECT, household_id, "end_membership", actor=actor, now=now, detail=detail)
        if not (await rows(LEFT, household_id))[0]["people"]:
            await rows(CLOSE, household_id, now)
            await record_event(SUBJECT, household_id, "close", actor=actor, now=now)


async def move_household(
    household_id: int, division_code: str, address: str, *, actor: Viewer, sealer: Sealer, now: datetime
) -> None:
    """The family lives at another address from today; the old one is kept. Both places lie in the actor's scope.

    A coordinator moves a family inside the village, a town reviewer from village to village of the town.
    """
    if not (holds(actor.role, Permission.FILE_WISH) or holds(actor.role, Permission.REVIEW)):
        raise Forbidden
    if not actor.covers(division_code) or not is_village(division_code):
        raise InvalidInput({"division_code": "请选您管的村或社区。要迁到别处，请乡镇审核员办理。"})
    faults: dict[str, str] = {}
    text = _read_address(address, faults)
    if faults:
        raise InvalidInput(faults)
    await _check_place(division_code)
    async with in_transaction():
        old = await lock_household(household_id, actor)
        await rows(KEEP_ADDRESS, household_id, old["division_code"], old["address_sealed"], beijing_day(now))
        await rows(MOVE, household_id, division_code, sealer.seal(text, ADDRESS_LABEL))
        detail: dict[str, object] = {"from": old["division_code"], "to": division_code}
        await record_event(SUBJECT, household_id, "move", actor=actor, now=now, detail=detail)


async def join_group(
    household_id: int, person_id: int, group: Group, from_on: date, *, actor: Viewer, sealer: Sealer, now: datetime
) -> None:
    """A member belongs to a group (低保, 特困, …) from a day on."""
    must_keep_registry(actor)
    if from_on > beijing_day(now):
        raise InvalidInput({"from_on": "起始日不能晚于今天。"})
    async with in_transaction():
        home = await lock_household(household_id, actor)
        await member_for(actor, home, person_id, sealer=sealer, now=now)
        if not await rows(JOIN_GROUP, person_id, group.value, from_on):
            raise Conflict("这个人已经在这一类里了。")
        detail: dict[str, object] = {"person": person_id, "group": group.value}
        await record_event(SUBJECT, household_id, "join_group", actor=actor, now=now, detail=detail)


async def leave_group(
    household_id: int, person_id: int, group: Group, to_on: date, *, actor: Viewer, sealer: Sealer, now: datetime
) -> None:
    """A member belongs to a group no longer; the days until then are kept."""
    must_keep_registry(actor)
    if to_on > beijing_day(now):
        raise InvalidInput({"to_on": "结束日不能晚于今天。"})
    async with in_transaction():
        home = await lock_household(household_id, actor)
        await member_for(actor, home, person_id, sealer=sealer, now=now)
        if not await rows(LEAVE_GROUP, person_id, group.value, to_on):
            raise NotFound("这个人现在不在这一类里，或者结束日早于起始日。")
        detail: dict[str, object] = {"person": person_id, "group": group.value}
        await record_event(SUBJECT, household_id, "leave_group", actor=actor, now=now, detail=detail)


def _read_household(facts: HouseholdFacts, now: datetime) -> list[_Member]:
    faults: dict[str, str] = {}
    _read_address(facts.address, faults)
    if not is_village(facts.division_code):
        faults["division_code"] = "请选一个村或社区。"
    if not 1 <= len(facts.members) <= MOST_MEMBERS:
        faults["name"] = f"一户至少登记 1 个人，最多 {MOST_MEMBERS} 个人。"
    read = [_read_member(member, _prefix(place), faults, now) for place, member in enumerate(facts.members, start=1)]
    members = [member for member in read if member is not None]
    numbers = [member.id_number for member in members]
    for place, number in enumerate(numbers, start=1):
        if number in numbers[: place - 1]:
            faults.setdefault(f"{_prefix(place)}id_number", "同一个身份证号填了两次。")
    if faults:
        raise InvalidInput(faults)
    return members


def _read_member(facts: MemberFacts, prefix: str, faults: dict[str, str], now: datetime) -> _Member | None:
    """Reads every field, so that all that is wrong is said at once; None when anything is."""
    today, before = beijing_day(now), len(faults)
    values: dict[str, str] = {}

    def take(field: str, read: Callable[[str], str], text: str) -> None:
        try:
            values[field] = read(text)
        except ValueError as error:
            faults[prefix + field] = str(error)

    take("name", read_name, facts.name)
    take("id_number", lambda text: read_id_number(text, today), facts.id_number)
    take("relation", _read_relation, facts.relation)
    if facts.phone:
        take("phone", read_contact, facts.phone)
    from_on = facts.from_on or today
    if from_on > today:
        faults[prefix + "from_on"] = "入户日期不能晚于今天。"
    if len(faults) > before:
        return None
    return _Member(values["name"], values["id_number"], values.get("phone"), values["relation"], facts.groups, from_on)


def _read_relation(text: str) -> str:
    relation = text.strip()
    if not relation or len(relation) > RELATION_LONGEST or not relation.isprintable():
        raise ValueError(f"请填写与户主的关系，最多 {RELATION_LONGEST} 个字，例如“孙女”。")
    return relation


def _read_address(text: str, faults: dict[str, str]) -> str:
    address = text.strip()
    if not address:
        faults["address"] = "请填写住址，例如“3 组 12 号”。"
    elif len(address) > ADDRESS_LONGEST:
        faults["address"] = f"住址太长了，最多 {ADDRESS_LONGEST} 个字。"
    return address


async def _check_place(division_code: str) -> None:
    if not await rows(IS_PLACE, division_code):
        raise InvalidInput({"division_code": "没有找到这个村或社区。"})


async def _settle_in(household_id: int, member: _Member, prefix: str, sealer: Sealer) -> int:
    """Makes the person known if they are not, and lets them live here."""
    person_id = await _person_of(member, prefix, sealer)
    if not await rows(JOIN, household_id, person_id, member.relation, member.from_on):
        raise InvalidInput({f"{prefix}id_number": TAKEN})
    for group in member.groups:
        await rows(JOIN_GROUP, person_id, group.value, member.from_on)
    return person_id


async def _person_of(member: _Member, prefix: str, sealer: Sealer) -> int:
    index = sealer.digest(member.id_number, ID_LABEL)
    sealed_phone = sealer.seal(member.phone, PHONE_LABEL) if member.phone else None
    new = await rows(
        NEW_PERSON,
        sealer.seal(member.name, NAME_LABEL),
        sealer.seal(member.id_number, ID_LABEL),
        index,
        sealed_phone,
        birth_date(member.id_number).year,
    )
    if new:
        return int(new[0]["id"])
    known = (await rows(KNOWN_PERSON, index))[0]
    if known["lives_somewhere"]:
        raise InvalidInput({f"{prefix}id_number": TAKEN})
    if sealer.open(known["name_sealed"], NAME_LABEL) != member.name:
        raise InvalidInput({f"{prefix}name": OTHER_NAME})
    if sealed_phone is not None:
        await rows("UPDATE person SET phone_sealed = $2 WHERE id = $1", known["id"], sealed_phone)
    return int(known["id"])


def _prefix(place: int) -> str:
    return "" if place == 1 else f"{place}."

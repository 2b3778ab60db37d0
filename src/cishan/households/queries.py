"""Named reads of the registry. What a role may see is decided here, before anything reaches a page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.divisions.queries import name_of
from cishan.divisions.rules import county_of
from cishan.errors import NotFound
from cishan.households.registry import ADDRESS_LABEL, ID_LABEL, NAME_LABEL, PHONE_LABEL, SIGNED_BY_LABEL, filed_by
from cishan.households.rules import (
    Sight,
    birth_date,
    id_tail,
    is_minor,
    is_young_child,
    mask_id,
    mask_name,
    mask_phone,
    may_see_minor,
    may_unmask,
    sees_people,
    sight_of,
)
from cishan.households.states import ConsentMethod, ConsentPurpose, Group, MembershipEnd, SealedField
from cishan.sealing import Sealer

HEAD = "户主"
MOST_MEMBERS = 60
MOST_CONSENTS = 40
MOST_EVENTS = 100
HIDDEN = "不显示"
MINOR_HIDDEN = "未成年人，要授权才能看"
YOUNG_HIDDEN = "14 岁以下的孩子，要授权才能看"

HOUSEHOLD = """
SELECT id, case_number, division_code, address_sealed, opened_by_id, opened_at, closed_at, imported
  FROM household WHERE id = $1
"""
PEOPLE = """
SELECT m.id AS membership_id, m.relation, m.from_on, m.to_on, m.end_reason,
       p.id AS person_id, p.name_sealed, p.id_number_sealed, p.phone_sealed,
       row_number() OVER (ORDER BY m.id) AS number,
       EXISTS (SELECT FROM minor_grant g WHERE g.person_id = p.id AND g.grantee_id = $2
                  AND g.granted_at <= $3 AND g.expires_at > $3) AS granted
  FROM membership m JOIN person p ON p.id = m.person_id
 WHERE m.household_id = $1 ORDER BY m.id LIMIT $4
"""
GROUPS = """
SELECT person_id, "group", from_on, to_on FROM group_membership
 WHERE person_id = ANY($1) ORDER BY from_on, id LIMIT 500
"""
CONSENTS = """
SELECT purpose, text_version, method, signed_by_sealed, given_at, withdrawn_at
  FROM consent WHERE household_id = $1 ORDER BY id LIMIT $2
"""
EVENTS = """
SELECT e.verb, e.at, e.detail, g.role FROM event e
  LEFT JOIN LATERAL (SELECT role FROM role_grant WHERE account_id = e.actor_id ORDER BY id DESC LIMIT 1) g ON true
 WHERE e.subject_kind = 'household' AND e.subject_id = $1 ORDER BY e.number DESC LIMIT $2
"""
LIVING = """
SELECT p.name_sealed, p.id_number_sealed, p.phone_sealed
  FROM membership m JOIN person p ON p.id = m.person_id
 WHERE m.household_id = $1 AND m.to_on IS NULL ORDER BY m.id LIMIT $2
"""
LIVE_CONSENTS = "SELECT purpose FROM consent WHERE household_id = $1 AND withdrawn_at IS NULL"


@dataclass(frozen=True)
class MaskedField:
    """A sealed field as this viewer may see it: the text to show, and whether a reason would open it."""

    text: str
    can_unmask: bool = False


@dataclass(frozen=True)
class GroupSpan:
    group: Group
    from_on: date
    to_on: date | None


@dataclass(frozen=True)
class MemberView:
    """A member for one viewer. `number` names them without telling who they are. Of a child under 14 whom the viewer
    may not see, nothing else is here; of one under 18, only what is not sealed."""

    person_id: int
    number: int
    name: MaskedField
    id_number: MaskedField
    phone: MaskedField
    relation: str
    groups: tuple[GroupSpan, ...]
    from_on: date | None
    to_on: date | None
    end_reason: MembershipEnd | None
    is_minor: bool
    needs_grant: bool

    @property
    def lives_here(self) -> bool:
        return self.to_on is None


@dataclass(frozen=True)
class ConsentView:
    """A consent as it was given. Who signed is shown to the village's coordinator alone."""

    purpose: ConsentPurpose
    text_version: str
    method: ConsentMethod
    signed_by: str | None
    given_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class HouseholdEvent:
    """One thing that happened, without anything of the family: who did it is given as a role."""

    verb: str
    at: datetime
    role: Role | None
    detail: Mapping[str, object]


@dataclass(frozen=True)
class HouseholdView:
    """A household as one viewer may see it. For editors, finance, supervisors and administrators `members`,
    `village` and `address` are empty: they see a case number and a county."""

    id: int
    case_number: str
    county: str
    village: str | None
    division_code: str | None
    address: MaskedField | None
    opened_at: datetime
    closed_at: datetime | None
    members: tuple[MemberView, ...] = ()
    consents: tuple[ConsentView, ...] = ()
    events: tuple[HouseholdEvent, ...] = ()

    @property
    def head(self) -> MemberView | None:
        """Whose name stands for the household: its 户主, else the first who lives there."""
        living = [member for member in self.members if member.lives_here]
        return next((member for member in living if member.relation == HEAD), living[0] if living else None)

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


@dataclass(frozen=True)
class PlainMember:
    """A member in plain text, for the rules of other rooms. Never put it on a page or into a log."""

    name: str
    id_number: str
    phone: str | None

    def __repr__(self) -> str:
        return "PlainMember(…)"


async def household_visible_to(viewer: Viewer, household_id: int, *, sealer: Sealer, now: datetime) -> HouseholdView:
    """The household as this person may see it; outside their place, and for donors, it is not there."""
    found = await rows(HOUSEHOLD, household_id)
    if not found or not viewer.covers(found[0]["division_code"]):
        raise NotFound
    home = found[0]
    county = await name_of(county_of(home["division_code"]))
    if not sees_people(viewer.role):
        return HouseholdView(
            home["id"], home["case_number"], county, None, None, None, home["opened_at"], home["closed_at"]
        )
    return HouseholdView(
        id=home["id"],
        case_number=home["case_number"],
        county=county,
        village=await name_of(home["division_code"]),
        division_code=home["division_code"],
        address=_address_for(viewer, home, sealer),
        opened_at=home["opened_at"],
        closed_at=home["closed_at"],
        members=await _members_for(viewer, home, sealer, now),
        consents=await _consents_for(viewer, household_id, sealer),
        events=await _events(household_id),
    )


async def members_now(household_id: int, *, sealer: Sealer) -> tuple[PlainMember, ...]:
    """Who lives there now, in plain text, for checks such as "does this public text name them"."""
    return tuple(
        PlainMember(
            sealer.open(row["name_sealed"], NAME_LABEL),
            sealer.open(row["id_number_sealed"], ID_LABEL),
            sealer.open(row["phone_sealed"], PHONE_LABEL) if row["phone_sealed"] else None,
        )
        for row in await rows(LIVING, household_id, MOST_MEMBERS)
    )


async def adult_id_tails(household_id: int, *, sealer: Sealer, now: datetime) -> tuple[str, ...]:
    """The last six of each adult member's ID number: what opens the household's list besides its code."""
    today = beijing_day(now)
    numbers = [member.id_number for member in await members_now(household_id, sealer=sealer)]
    return tuple(id_tail(number) for number in numbers if not is_minor(birth_date(number), today))


async def phone_of_household(household_id: int, *, sealer: Sealer, now: datetime) -> str | None:
    """The mobile of the first adult who has one; None when nobody has."""
    today = beijing_day(now)
    for member in await members_now(household_id, sealer=sealer):
        if member.phone and member.phone.startswith("1") and not is_minor(birth_date(member.id_number), today):
            return member.phone
    return None


async def consents_now(household_id: int) -> frozenset[ConsentPurpose]:
    """What the family agrees to at this moment."""
    return frozenset(ConsentPurpose(row["purpose"]) for row in await rows(LIVE_CONSENTS, household_id))


def _address_for(viewer: Viewer, home: JsonRow, sealer: Sealer) -> MaskedField:
    if sight_of(viewer.role, SealedField.ADDRESS) is Sight.PLAIN:
        return MaskedField(sealer.open(home["address_sealed"], ADDRESS_LABEL))
    opens = may_unmask(viewer.role, is_minor=False, is_filer=False, has_grant=False)
    return MaskedField(HIDDEN, can_unmask=opens)


async def _members_for(viewer: Viewer, home: JsonRow, sealer: Sealer, now: datetime) -> tuple[MemberView, ...]:
    people = await rows(PEOPLE, home["id"], viewer.account_id, now, MOST_MEMBERS)
    groups: dict[int, list[GroupSpan]] = {}
    for row in await rows(GROUPS, [person["person_id"] for person in people]):
        groups.setdefault(row["person_id"], []).append(GroupSpan(Group(row["group"]), row["from_on"], row["to_on"]))
    is_filer = filed_by(viewer, home)
    today = beijing_day(now)
    return tuple(
        _member_for(viewer, person, tuple(groups.get(person["person_id"], ())), is_filer, sealer, today)
        for person in people
    )


def _member_for(
    viewer: Viewer, row: JsonRow, groups: tuple[GroupSpan, ...], is_filer: bool, sealer: Sealer, today: date
) -> MemberView:
    number = sealer.open(row["id_number_sealed"], ID_LABEL)
    born = birth_date(number)
    minor = is_minor(born, today)
    if minor and not may_see_minor(is_filer=is_filer, has_grant=row["granted"]):
        return _hidden_minor(row, () if is_young_child(born, today) else groups, is_young_child(born, today))
    opens = may_unmask(viewer.role, is_minor=minor, is_filer=is_filer, has_grant=row["granted"])
    # A grant lets a child's fields be opened one by one, each with its reason; by itself it shows them masked.
    masked_by_grant = minor and not is_filer
    name = sealer.open(row["name_sealed"], NAME_LABEL)
    plain_name = sight_of(viewer.role, SealedField.NAME) is Sight.PLAIN and not masked_by_grant
    phone = sealer.open(row["phone_sealed"], PHONE_LABEL) if row["phone_sealed"] else None
    return MemberView(
        person_id=row["person_id"],
        number=row["number"],
        name=MaskedField(name if plain_name else mask_name(name), can_unmask=opens and not plain_name),
        id_number=MaskedField(mask_id(number), can_unmask=opens),
        phone=MaskedField(mask_phone(phone), can_unmask=opens) if phone else MaskedField("没有"),
        relation=row["relation"],
        groups=groups,
        from_on=row["from_on"],
        to_on=row["to_on"],
        end_reason=_reason_of(row),
        is_minor=minor,
        needs_grant=False,
    )


def _hidden_minor(row: JsonRow, groups: tuple[GroupSpan, ...], young: bool) -> MemberView:
    hidden = MaskedField(HIDDEN)
    return MemberView(
        person_id=row["person_id"],
        number=row["number"],
        name=MaskedField(YOUNG_HIDDEN if young else MINOR_HIDDEN),
        id_number=hidden,
        phone=hidden,
        relation="" if young else row["relation"],
        groups=groups,
        from_on=None if young else row["from_on"],
        to_on=row["to_on"],
        end_reason=None if young else _reason_of(row),
        is_minor=True,
        needs_grant=True,
    )


def _reason_of(row: JsonRow) -> MembershipEnd | None:
    return MembershipEnd(row["end_reason"]) if row["end_reason"] else None


async def _consents_for(viewer: Viewer, household_id: int, sealer: Sealer) -> tuple[ConsentView, ...]:
    names = sight_of(viewer.role, SealedField.NAME) is Sight.PLAIN
    return tuple(
        ConsentView(
            purpose=ConsentPurpose(row["purpose"]),
            text_version=row["text_version"],
            method=ConsentMethod(row["method"]),
            signed_by=sealer.open(row["signed_by_sealed"], SIGNED_BY_LABEL) if names else None,
            given_at=row["given_at"],
            withdrawn_at=row["withdrawn_at"],
        )
        for row in await rows(CONSENTS, household_id, MOST_CONSENTS)
    )


async def _events(household_id: int) -> tuple[HouseholdEvent, ...]:
    found = await rows(EVENTS, household_id, MOST_EVENTS)
    return tuple(
        HouseholdEvent(row["verb"], row["at"], Role(row["role"]) if row["role"] else None, _detail(row["detail"]))
        for row in reversed(found)
    )


def _detail(text: str) -> Mapping[str, object]:
    found: dict[str, object] = json.loads(text)
    return found

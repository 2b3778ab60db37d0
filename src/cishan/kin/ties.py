"""Who is close to a family that is to be helped: digests against digests, and nobody reads a name (R-11).

Compared are the donors who gave the fund much and everybody who works here: the applicant, approvers and payers are
among them. What they declared of themselves and their near kin is kept as keyed digests; a family's are made when it
is asked about and kept nowhere.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.divisions.rules import subtree
from cishan.errors import InvalidInput
from cishan.events.actions import record_event
from cishan.households.registry import ADDRESS_LABEL, ID_LABEL, NAME_LABEL, PHONE_LABEL
from cishan.kin.rules import MOST_TIES, Near, surname_of
from cishan.kin.states import Tie
from cishan.sealing import Sealer

LABEL = "account_tie"
ACCOUNT_NAME, ACCOUNT_PHONE = "account.name", "account.phone"
NOT_ADDRESS = re.compile(r"[\s,，。.、#\-－—_()（）]")

FAMILY = """
SELECT h.division_code, h.address_sealed, p.name_sealed, p.id_number_sealed, p.phone_sealed
  FROM household h JOIN membership m ON m.household_id = h.id AND m.to_on IS NULL JOIN person p ON p.id = m.person_id
 WHERE h.id = $1
"""
DECLARE = """
INSERT INTO account_tie (account_id, tie, digest, declared_at) SELECT $1, tie, digest, $4
  FROM unnest($2::varchar[], $3::varchar[]) AS given (tie, digest) ON CONFLICT DO NOTHING
"""
DECLARED = """
SELECT tie, count(*) AS count, max(declared_at) AS last_at FROM account_tie WHERE account_id = $1 GROUP BY tie ORDER BY tie
"""
# Who counts: staff at work, and donors who gave the fund at least $3. A phone is one of an account without declaring it.
FOUND = """
WITH counted AS (
    SELECT account_id AS id FROM role_grant WHERE ended_at IS NULL
     UNION
    SELECT donor_id FROM donation WHERE fund_id = $4 GROUP BY donor_id HAVING sum(left_fen) >= $5)
SELECT t.account_id, t.tie FROM account_tie t JOIN counted c ON c.id = t.account_id
  JOIN unnest($1::varchar[], $2::varchar[]) AS family (tie, digest) ON family.tie = t.tie AND family.digest = t.digest
 UNION
SELECT a.id, 'phone' FROM account a JOIN counted c ON c.id = a.id WHERE a.phone_index = ANY($3::varchar[])
"""
VILLAGE_STAFF = """
SELECT a.id, a.name_sealed FROM role_grant g JOIN account a ON a.id = g.account_id
 WHERE g.ended_at IS NULL AND g.division_code BETWEEN $1 AND $2
"""


@dataclass(frozen=True)
class Declared:
    """What an account has declared of one kind."""

    tie: Tie
    count: int
    last_at: datetime


@dataclass(frozen=True)
class Found:
    account_id: int
    tie: Tie


def digest_of(near: Near, sealer: Sealer) -> str:
    """The keyed digest of what is near, alike however it was spaced."""
    text = NOT_ADDRESS.sub("", near.text).upper()
    return sealer.digest(f"{near.tie}:{near.village}:{text}", LABEL)


async def declare_ties(near: Iterable[Near], *, actor: Viewer, sealer: Sealer, now: datetime) -> int:
    """Keeps what an account declares of itself and its near kin, as digests alone; returns how many were given."""
    given = tuple(near)
    if not 0 < len(given) <= MOST_TIES:
        raise InvalidInput({"near": f"请填 1 到 {MOST_TIES} 项。"})
    digests = [digest_of(one, sealer) for one in given]
    async with in_transaction():
        await rows(DECLARE, actor.account_id, [one.tie.value for one in given], digests, now)
        await record_event(
            "account", actor.account_id, "declare_ties", actor=actor, now=now, detail={"count": len(given)}
        )
    return len(given)


async def declared_by(account_id: int) -> tuple[Declared, ...]:
    """How many of each kind an account has declared, and when last; what they were nobody can say."""
    return tuple(Declared(Tie(row["tie"]), row["count"], row["last_at"]) for row in await rows(DECLARED, account_id))


async def ties_of_family(household_id: int, fund_id: int, *, large_donor_fen: int, sealer: Sealer) -> frozenset[Found]:
    """Accounts with a tie to a family: staff, and whoever gave the fund so much. Nothing is shown and nothing is kept."""
    members = await rows(FAMILY, household_id)
    if not members:
        return frozenset()
    near = _near(members, sealer)
    phones = [sealer.digest(one.text, ACCOUNT_PHONE) for one in near if one.tie is Tie.PHONE]
    ties, digests = [one.tie.value for one in near], [digest_of(one, sealer) for one in near]
    matched = await rows(FOUND, ties, digests, phones, fund_id, large_donor_fen)
    declared = frozenset(Found(row["account_id"], Tie(row["tie"])) for row in matched)
    return declared | await _of_the_village(members, sealer)


def _near(members: list[JsonRow], sealer: Sealer) -> tuple[Near, ...]:
    village = members[0]["division_code"]
    found = {Near(Tie.ADDRESS, sealer.open(members[0]["address_sealed"], ADDRESS_LABEL), village)}
    for row in members:
        found.add(Near(Tie.ID_NUMBER, sealer.open(row["id_number_sealed"], ID_LABEL)))
        found.add(Near(Tie.SURNAME_VILLAGE, surname_of(sealer.open(row["name_sealed"], NAME_LABEL)), village))
        if row["phone_sealed"] is not None:
            found.add(Near(Tie.PHONE, sealer.open(row["phone_sealed"], PHONE_LABEL)))
    return tuple(found)


async def _of_the_village(members: list[JsonRow], sealer: Sealer) -> frozenset[Found]:
    """Staff posted to the family's own village who bear one of its surnames."""
    village = members[0]["division_code"]
    surnames = {surname_of(sealer.open(row["name_sealed"], NAME_LABEL)) for row in members}
    staff = await rows(VILLAGE_STAFF, *subtree(village))
    return frozenset(
        Found(row["id"], Tie.SURNAME_VILLAGE)
        for row in staff
        if surname_of(sealer.open(row["name_sealed"], ACCOUNT_NAME)) in surnames
    )

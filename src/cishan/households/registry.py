"""What the actions of this room share: getting a household for someone, with its row locked."""

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, Forbidden, NotFound
from cishan.permissions import Permission, holds

SUBJECT = "household"
NAME_LABEL = "person.name"
ID_LABEL = "person.id_number"
PHONE_LABEL = "person.phone"
ADDRESS_LABEL = "household.address"
SIGNED_BY_LABEL = "consent.signed_by"

LOCK = """
SELECT id, case_number, division_code, address_sealed, opened_by_id, opened_at, closed_at, imported
  FROM household WHERE id = $1 FOR NO KEY UPDATE
"""
MEMBER = """
SELECT m.id AS membership_id, m.from_on, p.id AS person_id, p.id_number_sealed
  FROM membership m JOIN person p ON p.id = m.person_id
 WHERE m.household_id = $1 AND m.person_id = $2 AND m.to_on IS NULL
"""


def must_keep_registry(actor: Viewer) -> None:
    """The registry of a village is kept by its coordinator."""
    if not holds(actor.role, Permission.FILE_WISH):
        raise Forbidden


async def lock_household(household_id: int, actor: Viewer) -> JsonRow:
    """The row of a household in the actor's place, locked; elsewhere it is not there, and a closed one is closed."""
    found = await rows(LOCK, household_id)
    if not found or not actor.covers(found[0]["division_code"]):
        raise NotFound
    if found[0]["closed_at"] is not None:
        raise Conflict("这一户已经销户，不能再改。")
    return found[0]


async def member_of(household_id: int, person_id: int) -> JsonRow:
    """The living membership of a person in a household; someone else's member is not there."""
    found = await rows(MEMBER, household_id, person_id)
    if not found:
        raise NotFound
    return found[0]

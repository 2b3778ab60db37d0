"""What the actions of this room share: getting a household for someone, with its row locked."""

from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, Forbidden, NotFound
from cishan.households.rules import birth_date, is_filing_coordinator, is_minor, may_see_minor
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer

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
SELECT m.id AS membership_id, m.from_on, p.id AS person_id, p.id_number_sealed,
       EXISTS (SELECT FROM minor_grant g WHERE g.person_id = p.id AND g.grantee_id = $3
                  AND g.granted_at <= $4 AND g.expires_at > $4) AS granted
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


async def member_for(actor: Viewer, home: JsonRow, person_id: int, *, sealer: Sealer, now: datetime) -> JsonRow:
    """The living membership of a person in a household; someone else's member is not there.

    Nor is a child whose record is hidden from the actor: what may not be seen without a grant is not changed without it.
    """
    found = await rows(MEMBER, home["id"], person_id, actor.account_id, now)
    if not found:
        raise NotFound
    born = birth_date(sealer.open(found[0]["id_number_sealed"], ID_LABEL))
    sees = may_see_minor(is_filer=filed_by(actor, home), has_grant=found[0]["granted"])
    if is_minor(born, beijing_day(now)) and not sees:
        raise NotFound("这是未成年人的信息。请先向监督员说明原因，拿到 24 小时的授权再改。")
    return found[0]


def filed_by(viewer: Viewer, home: JsonRow) -> bool:
    """Whether this is the coordinator who filed the family, or looks after one that came from the bureau's file."""
    return is_filing_coordinator(
        role=viewer.role,
        account_id=viewer.account_id,
        place=viewer.division_code,
        household_place=home["division_code"],
        opened_by=home["opened_by_id"],
        imported=home["imported"],
    )

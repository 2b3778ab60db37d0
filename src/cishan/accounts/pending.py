"""What an administrator has open: changes of role that wait for a second one, and invitations nobody has taken yet."""

from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.actions import INVITATION_HOLDS, NAME_LABEL, PHONE_LABEL
from cishan.accounts.role_changes import PROPOSAL_LASTS
from cishan.accounts.rules import masked_phone
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.sealing import Sealer

MOST_OPEN = 50

PROPOSALS = """
SELECT p.id, p.account_id, p.role_before, p.role, p.proposed_by_id, p.proposed_at,
       a.name_sealed, b.name_sealed AS by_sealed, d.name AS place
  FROM role_proposal p
  JOIN account a ON a.id = p.account_id
  JOIN account b ON b.id = p.proposed_by_id
  LEFT JOIN division d ON d.code = p.division_code AND d.valid_to IS NULL
 WHERE p.decided_at IS NULL AND p.proposed_at > $1 AND p.division_code BETWEEN $2 AND $3 AND p.account_id <> $4
 ORDER BY p.proposed_at, p.id LIMIT $5
"""
INVITATIONS = f"""
SELECT i.id, i.name_sealed, i.phone_sealed, i.role, i.expires_at, b.name_sealed AS by_sealed, d.name AS place
  FROM invitation i
  LEFT JOIN account b ON b.id = i.invited_by_id
  LEFT JOIN division d ON d.code = i.division_code AND d.valid_to IS NULL
 WHERE (i.division_code BETWEEN $1 AND $3 OR i.division_code = '') AND {INVITATION_HOLDS}
 ORDER BY i.expires_at, i.id LIMIT $4
"""  # noqa: S608 - joined from constants


@dataclass(frozen=True)
class WaitingChange:
    """A change of role that waits for another administrator than `proposed_by`."""

    id: int
    account_id: int
    name: str
    role_before: Role | None
    role: Role
    place: str
    proposed_by: str
    proposed_at: datetime
    is_own: bool


@dataclass(frozen=True)
class OpenInvitation:
    """An invitation that may still be taken; the phone is masked."""

    id: int
    name: str
    phone: str
    role: Role
    place: str
    invited_by: str
    expires_at: datetime


async def waiting_changes(viewer: Viewer, *, sealer: Sealer, now: datetime) -> tuple[WaitingChange, ...]:
    """Changes of role in the administrator's division, oldest first; never one about themselves."""
    found = await rows(PROPOSALS, now - PROPOSAL_LASTS, *viewer.scope, viewer.account_id, MOST_OPEN)
    return tuple(
        WaitingChange(
            id=row["id"],
            account_id=row["account_id"],
            name=sealer.open(row["name_sealed"], NAME_LABEL),
            role_before=Role(row["role_before"]) if row["role_before"] else None,
            role=Role(row["role"]),
            place=row["place"] or "",
            proposed_by=sealer.open(row["by_sealed"], NAME_LABEL),
            proposed_at=row["proposed_at"],
            is_own=row["proposed_by_id"] == viewer.account_id,
        )
        for row in found
    )


async def open_invitations(viewer: Viewer, *, sealer: Sealer, now: datetime) -> tuple[OpenInvitation, ...]:
    """Invitations to the administrator's division, and to donors, that may still be taken."""
    lowest, highest = viewer.scope
    found = await rows(INVITATIONS, lowest, now, highest, MOST_OPEN)
    return tuple(
        OpenInvitation(
            id=row["id"],
            name=sealer.open(row["name_sealed"], NAME_LABEL),
            phone=masked_phone(sealer.open(row["phone_sealed"], PHONE_LABEL)),
            role=Role(row["role"]),
            place=row["place"] or "",
            invited_by=sealer.open(row["by_sealed"], NAME_LABEL) if row["by_sealed"] else "",
            expires_at=row["expires_at"],
        )
        for row in found
    )

"""Sessions: a random token in a cookie, its digest in a row that can be seen and revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta

from cishan.accounts.states import AccountKind, Role
from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.errors import NotFound

TOKEN_BYTES = 32
DONOR_SESSION = timedelta(days=30)
STAFF_SESSION = timedelta(hours=12)
SEEN_STEP = timedelta(minutes=10)
"""How finely it is known when a device was last used: a read does not write each time."""

FIND = """
SELECT s.id AS session_id, s.seen_at, a.id AS account_id, a.kind, a.organisation_id, a.elder_mode, a.name_sealed, g.role, g.division_code
  FROM session s
  JOIN account a ON a.id = s.account_id AND a.disabled_at IS NULL
  LEFT JOIN role_grant g ON g.account_id = a.id AND g.ended_at IS NULL
 WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2
"""
OPEN = """
INSERT INTO session (token_hash, account_id, device, created_at, seen_at, expires_at)
VALUES ($1, $2, $3, $4, $4, $5)
"""
SEEN = "UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2"
REVOKE = """
UPDATE session SET revoked_at = $3 WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL RETURNING id
"""
REVOKE_ALL = """
UPDATE session SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL AND id <> $3 RETURNING id
"""


def new_token() -> str:
    """256 random bits, for cookies and links."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def open_session(account_id: int, kind: AccountKind, *, device: str, now: datetime) -> str:
    """Starts a session for a device and returns the token, which is kept nowhere else."""
    token = new_token()
    lasts = DONOR_SESSION if kind is AccountKind.DONOR else STAFF_SESSION
    await rows(OPEN, token_hash(token), account_id, device[:60], now, now + lasts)
    return token


async def revoke_session(session_id: int, *, actor: Viewer, now: datetime) -> None:
    """Ends one of the person's own sessions; another's is not there (NotFound)."""
    if not await rows(REVOKE, session_id, actor.account_id, now):
        raise NotFound


async def revoke_others(*, actor: Viewer, now: datetime) -> int:
    """Ends every session of this person but the one they are using; returns how many."""
    return len(await rows(REVOKE_ALL, actor.account_id, now, actor.session_id))


async def revoke_all(account_id: int, *, now: datetime) -> int:
    """Ends every session of an account: the next request of each device is refused."""
    return len(await rows(REVOKE_ALL, account_id, now, 0))


async def revoke_token(token: str, *, now: datetime) -> None:
    """Ends the session behind a cookie, whoever holds it: at sign-out, and when a browser signs in anew."""
    await rows(
        "UPDATE session SET revoked_at = $2 WHERE token_hash = $1 AND revoked_at IS NULL", token_hash(token), now
    )


async def viewer_of_token(token: str, *, now: datetime) -> Viewer | None:
    """Who holds this token now; None when it is unknown, expired or revoked, or the account or its role has ended."""
    found = await rows(FIND, token_hash(token), now)
    if not found:
        return None
    row = found[0]
    role = _role(row["kind"], row["organisation_id"], row["role"])
    if role is None:
        return None
    if now - row["seen_at"] >= SEEN_STEP:
        await rows(SEEN, row["session_id"], now)
    return Viewer(
        account_id=row["account_id"],
        role=role,
        division_code=row["division_code"] or "",
        session_id=row["session_id"],
        elder_mode=row["elder_mode"],
        name_sealed=row["name_sealed"],
    )


def _role(kind: str, organisation_id: int | None, granted: str | None) -> Role | None:
    if kind == AccountKind.DONOR:
        return Role.ORGANISATION if organisation_id else Role.DONOR
    return Role(granted) if granted else None

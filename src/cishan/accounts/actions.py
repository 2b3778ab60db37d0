"""The only writers of accounts, grants, sessions, invitations and codes."""

from cishan.accounts.viewer import Viewer
from cishan.database import rows


async def choose_mode(actor: Viewer, *, elder: bool) -> None:
    """Remembers whether this person reads in large print."""
    await rows("UPDATE account SET elder_mode = $2 WHERE id = $1", actor.account_id, elder)

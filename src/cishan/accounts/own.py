"""What a donor may do with their own account: put the name right, close it (PIPL arts 46, 47; R-24)."""

import secrets
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.actions import NAME_LABEL, PHONE_LABEL
from cishan.accounts.sessions import revoke_all
from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.errors import Conflict, Forbidden
from cishan.events.actions import record_event
from cishan.sealing import Sealer

LOCK_OPEN = "SELECT id FROM account WHERE id = $1 AND disabled_at IS NULL FOR UPDATE"
CLOSE = """
UPDATE account SET disabled_at = $2, phone_sealed = $3, phone_index = $4, password_hash = NULL WHERE id = $1
"""


async def change_own_name(name: str, *, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """Puts one's own name right; what was already printed or issued keeps the name it was made with."""
    async with in_transaction():
        await rows(LOCK_OPEN, actor.account_id)
        sealed = sealer.seal(name, NAME_LABEL)
        await rows("UPDATE account SET name_sealed = $2 WHERE id = $1", actor.account_id, sealed)
        await record_event("account", actor.account_id, "changed_name", actor=actor, now=now)


async def close_own_account(*, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """Closes a donor's account at once: sessions end, phone and password go.

    The name stays, sealed and out of use, with the books and receipts that the law keeps; the same phone may register
    anew as somebody new. Inside the caller's transaction, which has made sure that nothing is under way.
    """
    if actor.is_staff:
        raise Forbidden("工作人员的账号由管理员停用。")
    async with in_transaction():
        if not await rows(LOCK_OPEN, actor.account_id):
            raise Conflict("这个账号已经注销了。")
        nobody = secrets.token_hex(16)
        sealed, index = sealer.seal("", PHONE_LABEL), sealer.digest(nobody, PHONE_LABEL)
        await rows(CLOSE, actor.account_id, now, sealed, index)
        await revoke_all(actor.account_id, now=now)
        await record_event("account", actor.account_id, "closed", actor=actor, now=now)

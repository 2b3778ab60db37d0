"""In mode (b) donors are the founders, council and members of the charity, and come by invitation (慈善法 art. 29)."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.actions import LOCK_INVITATION, NEW_ACCOUNT, allowed_password, write_invitation
from cishan.accounts.passwords import STRONG, Passwords
from cishan.accounts.sessions import token_hash
from cishan.accounts.states import AccountKind, Role
from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, NotFound
from cishan.events.actions import record_event
from cishan.messages.actions import queue_sms
from cishan.sealing import Sealer


async def invite_donor(
    phone: str, name: str, *, actor: Viewer, sealer: Sealer, now: datetime, site_url: str = ""
) -> str:
    """Invites a member to give, queues the SMS with the link and returns its token."""
    if actor.role is not Role.ADMIN:
        raise Forbidden
    async with in_transaction():
        token = await write_invitation(phone, name, Role.DONOR, "", actor=actor, sealer=sealer, now=now)
        text = f"邀请您登记为爱心人士，请打开链接，7 天内有效：{site_url}/invitations/{token}"
        await queue_sms(f"invitation:{token_hash(token)}", phone, text, sealer=sealer, now=now)
    return token


async def accept_donor_invitation(token: str, password: str, *, now: datetime, passwords: Passwords = STRONG) -> int:
    """Makes the member's account with this password and returns its id; the link works once."""
    hashed = await passwords.hash(allowed_password(password))
    async with in_transaction():
        found = await rows(LOCK_INVITATION, token_hash(token), now)
        if not found or found[0]["role"] != Role.DONOR:
            raise NotFound("这个邀请链接已经用过或者过期了，请联系管理员再发一次。")
        invited = found[0]
        sealed = (invited["phone_sealed"], invited["phone_index"], invited["name_sealed"])
        made = await rows(NEW_ACCOUNT, AccountKind.DONOR.value, *sealed, hashed, None, now)
        if not made:
            raise Conflict("这个手机号码已经登记过，请直接登录。")
        account_id: int = made[0]["id"]
        await rows("UPDATE invitation SET accepted_at = $2 WHERE id = $1", invited["id"], now)
        await record_event("account", account_id, "registered", actor=None, now=now)
        return account_id

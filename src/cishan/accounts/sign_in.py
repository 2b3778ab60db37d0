"""Signing in: by phone and password, or by phone after its code was checked; and changing the password."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.actions import PHONE_LABEL, allowed_password
from cishan.accounts.limits import SIGN_IN_OF_ACCOUNT, SIGN_IN_OF_ADDRESS, count_one, forget
from cishan.accounts.passwords import STRONG, Passwords
from cishan.accounts.sessions import open_session, revoke_others, revoke_token
from cishan.accounts.states import AccountKind
from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import Forbidden, InvalidInput
from cishan.events.actions import record_event
from cishan.sealing import Sealer

FIND = """
SELECT a.id, a.kind, a.password_hash, a.disabled_at, a.phone_index, g.role
  FROM account a LEFT JOIN role_grant g ON g.account_id = a.id AND g.ended_at IS NULL
 WHERE a.phone_index = $1 AND a.kind = $2
"""
OWN = "SELECT password_hash, phone_index FROM account WHERE id = $1"

WRONG = {
    AccountKind.DONOR: "手机号码或者密码不对。忘了密码，可以用短信验证码登录。",
    AccountKind.STAFF: "手机号码或者密码不对。忘了密码，请找管理员再发一次邀请。",
}
CLOSED = "这个账号已经停用。有疑问请打页面下方的电话。"


@dataclass(frozen=True)
class Visitor:
    """Where a sign-in comes from. `known_phones` are digests of phones that have signed in on this device before."""

    address: str
    device: str
    device_id: str = ""
    known_phones: tuple[str, ...] = ()
    old_token: str = ""

    def bucket(self, phone_index: str) -> str:
        """What tries are counted on: the phone, or this device of it, so that a stranger's guesses don't lock it out."""
        return f"{phone_index}:{self.device_id}" if phone_index in self.known_phones else phone_index


async def sign_in_with_password(
    phone: str,
    password: str,
    kind: AccountKind,
    *,
    visitor: Visitor,
    sealer: Sealer,
    now: datetime,
    passwords: Passwords = STRONG,
) -> str:
    """Opens a new session and returns its token.

    Raises TooMany at the limits, and one and the same InvalidInput for a wrong password, an unknown phone and an
    account that is closed; all take the same work.
    """
    index = sealer.digest(phone, PHONE_LABEL)
    bucket = f"{kind}:{visitor.bucket(index)}"
    await count_one(SIGN_IN_OF_ACCOUNT, bucket, sealer=sealer, now=now)
    await count_one(SIGN_IN_OF_ADDRESS, visitor.address, sealer=sealer, now=now)
    found = await rows(FIND, index, kind.value)
    account = found[0] if found else None
    right = await passwords.matches(account["password_hash"] if account else None, password)
    if not (right and account and is_open(account)):
        raise InvalidInput({"password": WRONG[kind]})
    await forget(SIGN_IN_OF_ACCOUNT, bucket, sealer=sealer)
    return await begin_session(account["id"], kind, visitor=visitor, now=now)


async def sign_in_after_code(phone: str, *, visitor: Visitor, sealer: Sealer, now: datetime) -> str | None:
    """Opens a donor's session for a phone whose code was just checked; None when nobody has registered with it."""
    found = await rows(FIND, sealer.digest(phone, PHONE_LABEL), AccountKind.DONOR.value)
    if not found:
        return None
    if not is_open(found[0]):
        raise Forbidden(CLOSED)
    return await begin_session(found[0]["id"], AccountKind.DONOR, visitor=visitor, now=now)


async def begin_session(account_id: int, kind: AccountKind, *, visitor: Visitor, now: datetime) -> str:
    """A token that was never seen before; what this browser held ends, so none can be planted on it (ASVS 7.2.4)."""
    if visitor.old_token:
        await revoke_token(visitor.old_token, now=now)
    return await open_session(account_id, kind, device=visitor.device, now=now)


def is_open(account: JsonRow) -> bool:
    """Whether an account may be used at all: not disabled, and for staff with a role that has not ended."""
    return account["disabled_at"] is None and (account["kind"] == AccountKind.DONOR or account["role"] is not None)


async def change_password(
    current: str, new: str, *, actor: Viewer, sealer: Sealer, now: datetime, passwords: Passwords = STRONG
) -> None:
    """Sets a new password; whoever has one gives it first. Every other session of the person ends."""
    own = (await rows(OWN, actor.account_id))[0]
    bucket = f"change:{own['phone_index']}"
    if own["password_hash"] is not None:
        await count_one(SIGN_IN_OF_ACCOUNT, bucket, sealer=sealer, now=now)
        if not await passwords.matches(own["password_hash"], current):
            raise InvalidInput({"current": "现在的密码不对。"})
        await forget(SIGN_IN_OF_ACCOUNT, bucket, sealer=sealer)
    hashed = await passwords.hash(allowed_password(new))
    async with in_transaction():
        await rows("SELECT id FROM account WHERE id = $1 FOR UPDATE", actor.account_id)
        await rows("UPDATE account SET password_hash = $2 WHERE id = $1", actor.account_id, hashed)
        await revoke_others(actor=actor, now=now)
        await record_event("account", actor.account_id, "changed_password", actor=actor, now=now)

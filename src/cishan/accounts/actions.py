"""The only writers of accounts, role grants and invitations. Sessions, codes and limits stand beside, each in its file."""

from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.passwords import STRONG, Passwords
from cishan.accounts.rules import PLACE_SENTENCES, administers, check_password, may_work_in, takes_two_administrators
from cishan.accounts.sessions import new_token, revoke_all, token_hash
from cishan.accounts.states import STAFF_ROLES, AccountKind, Role
from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.divisions import queries as divisions
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.messages.actions import queue_sms
from cishan.sealing import Sealer

PHONE_LABEL = "account.phone"
NAME_LABEL = "account.name"
INVITATION_LASTS = timedelta(days=7)

NEW_ACCOUNT = """
INSERT INTO account (kind, phone_sealed, phone_index, name_sealed, password_hash, organisation_id, elder_mode, created_at)
VALUES ($1, $2, $3, $4, $5, $6, false, $7)
ON CONFLICT (phone_index, kind) DO NOTHING RETURNING id
"""
NEW_ORGANISATION = """
INSERT INTO organisation (name, uscc, created_at) VALUES ($1, $2, $3)
ON CONFLICT (uscc) DO NOTHING RETURNING id
"""
NEW_INVITATION = """
INSERT INTO invitation (token_hash, phone_sealed, phone_index, name_sealed, role, division_code, invited_by_id,
                        created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id
"""
INVITATION_HOLDS = """
i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > $2
AND (i.invited_by_id IS NULL OR EXISTS (
    SELECT FROM role_grant g JOIN account a ON a.id = g.account_id AND a.disabled_at IS NULL
     WHERE g.account_id = i.invited_by_id AND g.role = 'admin' AND g.ended_at IS NULL AND g.granted_at <= i.created_at))
"""
"""An invitation ends with the role its inviter had when it was sent; nothing has to be written for that."""
LOCK_INVITATION = f"""
SELECT * FROM invitation i WHERE i.token_hash = $1 AND {INVITATION_HOLDS} FOR UPDATE OF i
"""  # noqa: S608 - joined from constants
LOCK_INVITATION_BY_ID = f"""
SELECT * FROM invitation i WHERE i.id = $1 AND {INVITATION_HOLDS} FOR UPDATE OF i
"""  # noqa: S608 - joined from constants
REVOKE_INVITATION = "UPDATE invitation SET revoked_at = $2 WHERE id = $1"
LOCK_STAFF = """
SELECT a.id, a.disabled_at, g.id AS grant_id, g.role, g.division_code, g.granted_at
  FROM account a LEFT JOIN role_grant g ON g.account_id = a.id AND g.ended_at IS NULL
 WHERE a.id = $1 AND a.kind = 'staff' FOR UPDATE OF a
"""
LAST_PLACE = "SELECT division_code FROM role_grant WHERE account_id = $1 ORDER BY granted_at DESC, id DESC LIMIT 1"
CHANGED_SINCE = """
SELECT 1 FROM account a LEFT JOIN role_grant g ON g.account_id = a.id
 WHERE a.id = $1 AND (a.disabled_at > $2 OR g.granted_at > $2 OR g.ended_at > $2) LIMIT 1
"""
FIND_STAFF = "SELECT id FROM account WHERE phone_index = $1 AND kind = 'staff' FOR UPDATE"
LIVE_GRANT = """
SELECT g.account_id, g.role, g.division_code FROM account a JOIN role_grant g ON g.account_id = a.id AND g.ended_at IS NULL
 WHERE a.phone_index = $1 AND a.kind = 'staff'
"""
UPSERT_STAFF = """
INSERT INTO account (kind, phone_sealed, phone_index, name_sealed, password_hash, elder_mode, created_at)
VALUES ('staff', $1, $2, $3, $4, false, $5)
ON CONFLICT (phone_index, kind) DO UPDATE
   SET name_sealed = excluded.name_sealed, password_hash = excluded.password_hash, disabled_at = NULL
RETURNING id
"""
NEW_GRANT = """
INSERT INTO role_grant (account_id, role, division_code, granted_by_id, granted_at) VALUES ($1, $2, $3, $4, $5)
"""
END_GRANT = "UPDATE role_grant SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL RETURNING id"


async def choose_mode(actor: Viewer, *, elder: bool) -> None:
    """Remembers whether this person reads in large print."""
    await rows("UPDATE account SET elder_mode = $2 WHERE id = $1", actor.account_id, elder)


async def register_donor(
    phone: str,
    name: str,
    *,
    password: str | None = None,
    organisation: tuple[str, str] | None = None,
    sealer: Sealer,
    now: datetime,
    passwords: Passwords = STRONG,
) -> int:
    """Creates a donor's account, or an officer's of an organisation (name, unified code), and returns its id.

    Called after the phone's code was checked. Raises Conflict when the phone already has a donor's account, and
    InvalidInput for a password that is too easily guessed.
    """
    hashed = await passwords.hash(allowed_password(password, phone)) if password else None
    index = sealer.digest(phone, PHONE_LABEL)
    sealed_phone, sealed_name = sealer.seal(phone, PHONE_LABEL), sealer.seal(name, NAME_LABEL)
    async with in_transaction():
        organisation_id = await _organisation(*organisation, now=now) if organisation else None
        found = await rows(
            NEW_ACCOUNT, AccountKind.DONOR.value, sealed_phone, index, sealed_name, hashed, organisation_id, now
        )
        if not found:
            raise Conflict("这个手机号码已经注册过，请直接登录。")
        account_id: int = found[0]["id"]
        await record_event("account", account_id, "registered", actor=None, now=now)
        return account_id


def allowed_password(password: str, phone: str = "") -> str:
    """The password if it may be one; raises InvalidInput for the field `password` otherwise."""
    try:
        check_password(password, phone)
    except ValueError as error:
        raise InvalidInput({"password": str(error)}) from error
    return password


async def _organisation(name: str, uscc: str, *, now: datetime) -> int:
    """One organisation for each unified code; the name that came first stays."""
    found = await rows(NEW_ORGANISATION, name, uscc, now)
    if not found:
        found = await rows("SELECT id FROM organisation WHERE uscc = $1", uscc)
    organisation_id: int = found[0]["id"]
    return organisation_id


async def invite_staff(
    phone: str,
    name: str,
    role: Role,
    division_code: str,
    *,
    actor: Viewer | None,
    sealer: Sealer,
    now: datetime,
    site_url: str = "",
) -> str:
    """Invites someone to a role in a place and queues the SMS with the link; returns the link's token.

    `actor` is an administrator of that place; None only for the first administrator of a new deployment. The same
    person may be invited again: that is how a forgotten password is set anew.
    """
    await check_place(role, division_code)
    index = sealer.digest(phone, PHONE_LABEL)
    async with in_transaction():
        await _check_inviter(actor, role, division_code, index)
        token = await write_invitation(phone, name, role, division_code, actor=actor, sealer=sealer, now=now)
        text = f"请您打开链接，设置密码后开始工作，7 天内有效：{site_url}/staff/invitations/{token}"
        await queue_sms(f"invitation:{token_hash(token)}", phone, text, sealer=sealer, now=now)
    return token


async def check_place(role: Role, division_code: str) -> None:
    """Raises InvalidInput for a role that is none of staff, a place that is not there, or of the wrong level."""
    if role not in STAFF_ROLES:
        raise InvalidInput({"role": "请选择一个工作岗位。"})
    if not await divisions.names_of([division_code]):
        raise InvalidInput({"division_code": "没有找到这个地方，请重新选择。"})
    if not may_work_in(role, division_code):
        raise InvalidInput({"division_code": PLACE_SENTENCES[role]})


async def _check_inviter(actor: Viewer | None, role: Role, division_code: str, phone_index: str) -> None:
    if actor is None:
        if role is not Role.ADMIN or await rows("SELECT 1 FROM role_grant WHERE role = 'admin' LIMIT 1"):
            raise Forbidden("已经有管理员了，请由管理员发邀请。")
        return
    if not administers(actor, division_code):
        raise Forbidden("只能邀请您管辖范围内的工作人员。")
    held = await rows(LIVE_GRANT, phone_index)
    if held and held[0]["account_id"] == actor.account_id:
        raise InvalidInput({"phone": "不能给自己发邀请。要换岗位，请由另一位管理员来改。"})
    if held and not administers(actor, held[0]["division_code"]):
        raise InvalidInput({"phone": "这个人在别处已有岗位，请先由那里的管理员结束。"})
    if held and held[0]["role"] != role and takes_two_administrators(held[0]["role"], role):
        raise InvalidInput({"phone": "这个人已有岗位。换成或换下管理员、财务，请到这个人的页面上改，要两位管理员。"})


async def write_invitation(
    phone: str, name: str, role: Role, division_code: str, *, actor: Viewer | None, sealer: Sealer, now: datetime
) -> str:
    """Inside the caller's transaction: a row for the invited person, and the token of the link."""
    token = new_token()
    await rows(
        NEW_INVITATION,
        token_hash(token),
        sealer.seal(phone, PHONE_LABEL),
        sealer.digest(phone, PHONE_LABEL),
        sealer.seal(name, NAME_LABEL),
        role.value,
        division_code,
        actor.account_id if actor else None,
        now,
        now + INVITATION_LASTS,
    )
    return token


async def accept_invitation(
    token: str, password: str, *, sealer: Sealer, now: datetime, passwords: Passwords = STRONG
) -> int:
    """Makes the invited person's staff account with this password, or renews it, grants the role, returns the id.

    Works once. A grant the person held before ends, and all their sessions die. Raises NotFound for a link that is
    unknown, used or too old, Conflict when the role was changed or ended after the link was sent.
    """
    hashed = await passwords.hash(allowed_password(password))
    async with in_transaction():
        found = await rows(LOCK_INVITATION, token_hash(token), now)
        if not found or found[0]["role"] not in STAFF_ROLES:
            raise NotFound("这个邀请链接已经用过或者过期了，请联系管理员再发一次。")
        invitation = found[0]
        account_id = await _invited_account(invitation, hashed, sealer=sealer, now=now)
        await rows("UPDATE invitation SET accepted_at = $2 WHERE id = $1", invitation["id"], now)
        await revoke_all(account_id, now=now)
        detail: dict[str, object] = {"role": invitation["role"], "division_code": invitation["division_code"]}
        actor = Viewer(account_id, Role(invitation["role"]), invitation["division_code"])
        await record_event("account", account_id, "accepted_invitation", actor=actor, now=now, detail=detail)
    return account_id


async def _invited_account(invitation: JsonRow, hashed: str, *, sealer: Sealer, now: datetime) -> int:
    known = await rows(FIND_STAFF, invitation["phone_index"])
    if known and await rows(CHANGED_SINCE, known[0]["id"], invitation["created_at"]):
        # Otherwise a link that was never used would bring back someone who has been let go since.
        raise Conflict("发出邀请以后，您的岗位有过变动。请联系管理员再发一次邀请。")
    written = await rows(
        UPSERT_STAFF, invitation["phone_sealed"], invitation["phone_index"], invitation["name_sealed"], hashed, now
    )
    account_id: int = written[0]["id"]
    await rows(END_GRANT, account_id, now)
    await rows(NEW_GRANT, account_id, invitation["role"], invitation["division_code"], invitation["invited_by_id"], now)
    return account_id


async def revoke_invitation(invitation_id: int, *, actor: Viewer, now: datetime) -> None:
    """Takes an invitation back before it is used; a donor's belongs to every administrator. Outside the place: NotFound."""
    async with in_transaction():
        found = await rows(LOCK_INVITATION_BY_ID, invitation_id, now)
        if not found or not administers(actor, found[0]["division_code"] or actor.division_code):
            raise NotFound("这个邀请已经用过、收回或者过期了。")
        await rows(LOCK_STAFF, actor.account_id)
        await rows(REVOKE_INVITATION, invitation_id, now)
        detail: dict[str, object] = {"role": found[0]["role"], "division_code": found[0]["division_code"]}
        await record_event("account", actor.account_id, "revoked_invitation", actor=actor, now=now, detail=detail)


async def end_role(account_id: int, *, actor: Viewer, now: datetime) -> None:
    """Ends a person's role; their sessions die. Raises Conflict when there is no role to end."""
    async with in_transaction():
        held = await lock_staff(account_id, actor=actor)
        if held["grant_id"] is None:
            raise Conflict("这个人现在没有岗位。")
        await rows(END_GRANT, account_id, now)
        await revoke_all(account_id, now=now)
        detail: dict[str, object] = {"role": held["role"], "division_code": held["division_code"]}
        await record_event("account", account_id, "ended_role", actor=actor, now=now, detail=detail)


async def disable_account(account_id: int, *, actor: Viewer, now: datetime) -> None:
    """Closes a staff account at once: the role ends and every session dies (ASVS 7.4.2)."""
    async with in_transaction():
        held = await lock_staff(account_id, actor=actor)
        if held["disabled_at"] is not None:
            raise Conflict("这个账号已经停用了。")
        await rows("UPDATE account SET disabled_at = $2 WHERE id = $1", account_id, now)
        await rows(END_GRANT, account_id, now)
        await revoke_all(account_id, now=now)
        await record_event("account", account_id, "disabled", actor=actor, now=now)


async def lock_staff(account_id: int, *, actor: Viewer) -> JsonRow:
    """Locks a staff account that this administrator may change: not their own, and in their division."""
    if account_id == actor.account_id:
        raise Forbidden("不能改自己的岗位，请由另一位管理员来改。")
    found = await rows(LOCK_STAFF, account_id)
    place = found[0]["division_code"] if found else None
    if found and place is None:
        last = await rows(LAST_PLACE, account_id)
        place = last[0]["division_code"] if last else None
    if place is None or not administers(actor, place):
        raise NotFound
    return found[0]

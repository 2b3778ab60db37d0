"""Who may open a list: issues keys, checks the second factor, counts wrong answers, sends the code by SMS.

A wrong code, a wrong second factor, a locked key and a key that never was all get the same answer, after the same
queries, so that nobody learns from outside whether a household has a list.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import Forbidden, NotFound, TooMany
from cishan.events.actions import record_events
from cishan.households.queries import adult_id_tails, phone_of_household
from cishan.messages.actions import queue_sms
from cishan.sealing import Sealer
from cishan.summaries.keys import IssuedKey, key_hash, new_key
from cishan.summaries.rules import is_usable, locks

ISSUERS = frozenset({Role.COORDINATOR, Role.TOWN_REVIEWER})
MOST_KEYS_AT_ONCE = 500
SMS_LASTS = timedelta(minutes=10)
SMS_PAUSE = timedelta(minutes=1)
MOST_SMS_A_KEY = 10
SMS_LABEL = "list_key.sms"
SMS_TEXT = "{code} 是打开家里幸福清单的验证码，10 分钟内有效。不要告诉别人。不是您要的，请告诉村里的协理员。"

HOUSEHOLDS = "SELECT id, division_code FROM household WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
REVOKE = "UPDATE list_key SET revoked_at = $2 WHERE household_id = ANY($1) AND revoked_at IS NULL"
ISSUE = """
INSERT INTO list_key (household_id, link_hash, code_hash, issued_at, wrong_tries, sms_count)
SELECT given.*, $4, 0, 0 FROM unnest($1::bigint[], $2::text[], $3::text[]) AS given
"""
LOCK_KEY = """
SELECT id, household_id, wrong_tries, locked_at, revoked_at, sms_hash, sms_sent_at, sms_count
  FROM list_key WHERE id = $1 FOR UPDATE
"""
OPENED = "UPDATE list_key SET wrong_tries = 0, sms_hash = NULL WHERE id = $1"
WRONG = "UPDATE list_key SET wrong_tries = $2, locked_at = $3 WHERE id = $1"
SMS_SENT = "UPDATE list_key SET sms_hash = $2, sms_sent_at = $3, sms_count = sms_count + 1 WHERE id = $1"
NO_KEY: JsonRow = {
    "id": 0,
    "household_id": 0,
    "wrong_tries": 0,
    "locked_at": None,
    "revoked_at": None,
    "sms_hash": None,
    "sms_sent_at": None,
    "sms_count": 0,
}


async def issue_key(household_id: int, *, actor: Viewer, now: datetime) -> IssuedKey:
    """A new link and code for one household; the old ones open nothing from here on."""
    return (await issue_keys([household_id], actor=actor, now=now))[0]


async def issue_keys(household_ids: Sequence[int], *, actor: Viewer, now: datetime) -> list[IssuedKey]:
    """New links and codes for households of the actor's own place, in the order given; all or none."""
    ids = list(household_ids)
    if actor.role not in ISSUERS:
        raise Forbidden
    if len(ids) > MOST_KEYS_AT_ONCE:
        raise TooMany(f"一次最多出 {MOST_KEYS_AT_ONCE} 户的单子。请分几次。", 1)
    async with in_transaction():
        found = await rows(HOUSEHOLDS, ids)
        if len(found) != len(set(ids)) or not all(actor.covers(row["division_code"]) for row in found):
            raise NotFound
        keys = [new_key(household_id) for household_id in ids]
        await rows(REVOKE, ids, now)
        links, codes = [key_hash(key.link_token) for key in keys], [key_hash(key.code) for key in keys]
        await rows(ISSUE, ids, links, codes, now)
        await record_events("household", {one: {} for one in ids}, "issue_list_key", actor=actor, now=now)
    return keys


async def open_list(key_id: int, typed: str, *, sealer: Sealer, now: datetime) -> int | None:
    """The household whose list the second factor `typed` opens, or None; the fifth wrong one locks the key.

    `typed` is the end of an adult member's ID number or the code last sent by SMS; key 0 is the one that never was.
    """
    async with in_transaction():
        key = await _locked_key(key_id)
        tails = await adult_id_tails(key["household_id"], sealer=sealer, now=now)
        right = _is_right(typed, [*tails, *_sms_digest(key, now)], sealer)
        if not is_usable(locked=bool(key["locked_at"]), revoked=bool(key["revoked_at"])) or not key["id"]:
            return None
        if right:
            await rows(OPENED, key["id"])
            return int(key["household_id"])
        await _count_wrong(key, now)
        return None


async def send_code(key_id: int, *, sealer: Sealer, now: datetime) -> None:
    """Sends a six-digit code to the household's phone, if it has one: once a minute, ten times a key."""
    async with in_transaction():
        key = await _locked_key(key_id)
        phone = await phone_of_household(key["household_id"], sealer=sealer, now=now)
        if phone is None or not key["id"] or not _may_send(key, now):
            return
        code = f"{secrets.randbelow(10**6):06d}"
        await rows(SMS_SENT, key["id"], sealer.digest(code, SMS_LABEL), now)
        message = f"list-code-{key['id']}-{key['sms_count'] + 1}"
        await queue_sms(message, phone, SMS_TEXT.format(code=code), sealer=sealer, now=now)


async def _locked_key(key_id: int) -> JsonRow:
    found = await rows(LOCK_KEY, key_id)
    return found[0] if found else NO_KEY


async def _count_wrong(key: JsonRow, now: datetime) -> None:
    tries = key["wrong_tries"] + 1
    await rows(WRONG, key["id"], tries, now if locks(tries) else None)


def _may_send(key: JsonRow, now: datetime) -> bool:
    rested = key["sms_sent_at"] is None or now - key["sms_sent_at"] >= SMS_PAUSE
    usable = is_usable(locked=bool(key["locked_at"]), revoked=bool(key["revoked_at"]))
    return usable and rested and key["sms_count"] < MOST_SMS_A_KEY


def _sms_digest(key: JsonRow, now: datetime) -> list[str]:
    fresh = key["sms_hash"] and key["sms_sent_at"] and now - key["sms_sent_at"] < SMS_LASTS
    return [key["sms_hash"]] if fresh else []


def _is_right(typed: str, answers: Sequence[str], sealer: Sealer) -> bool:
    """Compares with every answer, in a time that does not tell which; an SMS code is known by its digest."""
    digest = sealer.digest(typed, SMS_LABEL)
    matches = [hmac.compare_digest(given, answer) for answer in answers for given in (typed, digest)]
    return any(matches)

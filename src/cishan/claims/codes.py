"""The hand-over code: made when the goods are there, told to the household alone, tried five times at most."""

import hmac
from datetime import datetime

from cishan.claims.fulfilment_rules import CODE_TRIES, new_code
from cishan.database import JsonRow, rows
from cishan.households.queries import phone_of_household
from cishan.messages.actions import queue_sms
from cishan.sealing import Sealer

CODE_LABEL = "fulfilment.code"

SET_CODE = """
INSERT INTO fulfilment (claim_id, code_hash, code_tries_left, value_fen, hours, answered_by, answer_note)
VALUES ($1, $2, $3, 0, 0, '', '')
ON CONFLICT (claim_id) DO UPDATE SET code_hash = $2, code_tries_left = $3
"""
FORGET_CODE = "UPDATE fulfilment SET code_hash = NULL WHERE claim_id = $1"
COUNT_DOWN = """
UPDATE fulfilment SET code_tries_left = code_tries_left - 1 WHERE claim_id = $1 RETURNING code_tries_left
"""


async def send_code(claim: JsonRow, *, sealer: Sealer, now: datetime) -> bool:
    """Sends a new code to the household's phone, or makes none when it has no phone; staff never see it."""
    phone = await phone_of_household(claim["household_id"], sealer=sealer, now=now)
    if phone is None:
        await rows(FORGET_CODE, claim["id"])
        return False
    code = new_code()
    await rows(SET_CODE, claim["id"], digest_of(claim["id"], code, sealer), CODE_TRIES)
    text = f"您家的心愿物品买好了。收货码 {code}，收到东西后再告诉送货的人。没收到东西，不要告诉任何人。"
    await queue_sms(f"hand-over-code:{claim['id']}:{now.timestamp():.0f}", phone, text, sealer=sealer, now=now)
    return True


async def try_code(claim_id: int, given: str, fulfilment: JsonRow, sealer: Sealer) -> int | None:
    """None when the code is right; else the tries that are left. The caller holds the claim's lock and must commit."""
    if fulfilment["code_tries_left"] <= 0:
        return 0
    if hmac.compare_digest(digest_of(claim_id, given, sealer), fulfilment["code_hash"]):
        return None
    left: int = (await rows(COUNT_DOWN, claim_id))[0]["code_tries_left"]
    return left


def digest_of(claim_id: int, code: str, sealer: Sealer) -> str:
    """Keyed and bound to its claim: a stolen database gives no code away, for all its six digits."""
    return sealer.digest(f"{claim_id}:{code}", CODE_LABEL)

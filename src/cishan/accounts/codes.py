"""Six digits by SMS: they live ten minutes and five tries, and work once (ASVS 6.5.1, 6.5.5)."""

import secrets
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.actions import PHONE_LABEL
from cishan.accounts.limits import (
    SMS_A_DAY,
    SMS_A_MINUTE,
    SMS_OF_ADDRESS,
    SMS_OF_NETWORK,
    SMS_OF_NUMBER_RANGE,
    count_one,
)
from cishan.accounts.rules import network_of
from cishan.accounts.states import CodePurpose
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.errors import InvalidInput
from cishan.messages.actions import queue_sms
from cishan.sealing import Sealer

CODE_LABEL = "sign_in_code.code"
CODE_LASTS = timedelta(minutes=10)
CODE_TRIES = 5
RANGE_DIGITS = 7
"""The first seven digits of a mobile name its range of ten thousand numbers."""

END_OLDER = "UPDATE sign_in_code SET expires_at = $2 WHERE phone_index = $1 AND used_at IS NULL AND expires_at > $2"
NEW_CODE = """
INSERT INTO sign_in_code (phone_index, purpose, code_hash, tries_left, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""
TRY = """
UPDATE sign_in_code SET tries_left = tries_left - 1
 WHERE id = (SELECT id FROM sign_in_code WHERE phone_index = $1 AND used_at IS NULL AND expires_at > $2
              ORDER BY id DESC LIMIT 1)
   AND tries_left > 0
RETURNING id, code_hash, tries_left
"""
USE = "UPDATE sign_in_code SET used_at = $2 WHERE id = $1 AND used_at IS NULL RETURNING id"


async def send_code(
    phone: str, *, purpose: CodePurpose, address: str, sealer: Sealer, now: datetime, reach: bool = True
) -> None:
    """Queues an SMS with a new code; older codes of the phone end. Raises TooMany at any of the limits (A7).

    With `reach` False everything happens but the SMS, so that a stranger can't tell who is invited.
    """
    index = sealer.digest(phone, PHONE_LABEL)
    await count_one(SMS_A_MINUTE, index, sealer=sealer, now=now)
    await count_one(SMS_OF_ADDRESS, address, sealer=sealer, now=now)
    await count_one(SMS_OF_NETWORK, network_of(address), sealer=sealer, now=now)
    await count_one(SMS_OF_NUMBER_RANGE, phone[:RANGE_DIGITS], sealer=sealer, now=now)
    await count_one(SMS_A_DAY, f"{index}:{beijing_day(now)}", sealer=sealer, now=now)
    code = f"{secrets.randbelow(10**6):06d}"
    async with in_transaction():
        await rows(END_OLDER, index, now)
        hashed = code_hash(index, code, sealer)
        found = await rows(NEW_CODE, index, purpose.value, hashed, CODE_TRIES, now, now + CODE_LASTS)
        text = f"验证码 {code}，10 分钟内有效。谁问您要都别给，工作人员不会要。"
        if reach:
            await queue_sms(f"code:{found[0]['id']}", phone, text, sealer=sealer, now=now)


async def use_code(phone: str, code: str, *, sealer: Sealer, now: datetime) -> None:
    """Takes the phone's code, once; raises InvalidInput for a wrong, old or used one. Every try counts, and commits."""
    index = sealer.digest(phone, PHONE_LABEL)
    tried = await rows(TRY, index, now)
    if not tried:
        raise InvalidInput({"code": "这个验证码已经失效了。请点“重新发送”，用最新收到的那个。"})
    if not secrets.compare_digest(tried[0]["code_hash"], code_hash(index, code, sealer)):
        left = tried[0]["tries_left"]
        more = f"还可以试 {left} 次。" if left else "请点“重新发送”，再要一个新的。"
        raise InvalidInput({"code": f"验证码不对，请对照最新的短信。{more}"})
    if not await rows(USE, tried[0]["id"], now):
        raise InvalidInput({"code": "这个验证码已经用过了。请点“重新发送”，再要一个新的。"})


def code_hash(phone_index: str, code: str, sealer: Sealer) -> str:
    return sealer.digest(f"{phone_index}:{code}", CODE_LABEL)

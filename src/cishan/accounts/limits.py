"""How often something may be tried: one counted row for each thing limited, kept in the database for all processes.

A row's key is a keyed digest, so that the table names no phone and no address. Counting commits by itself, whatever
becomes of the try.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cishan.accounts.rules import wait_sentence
from cishan.database import rows
from cishan.errors import TooMany
from cishan.sealing import Sealer

KEY_LABEL = "rate_bucket.key"

COUNT = """
INSERT INTO rate_bucket AS b (key, window_started_at, count) VALUES ($1, $2, 1)
ON CONFLICT (key) DO UPDATE
   SET count = CASE WHEN b.window_started_at <= $3 THEN 1 ELSE b.count + 1 END,
       window_started_at = CASE WHEN b.window_started_at <= $3 OR $5 THEN $2 ELSE b.window_started_at END
 WHERE b.window_started_at <= $3 OR b.count < $4
RETURNING count
"""
STARTED = "SELECT window_started_at FROM rate_bucket WHERE key = $1"


@dataclass(frozen=True)
class Limit:
    """At most `most` in `window`; `what` is the sentence that says what was too much.

    A window begins with the first try. With `from_last` it begins anew with each counted try, so that no stretch of
    that length ever holds more than `most`; that suits one person's tries, not an address that many share.
    """

    name: str
    most: int
    window: timedelta
    what: str
    from_last: bool = False


SIGN_IN_OF_ACCOUNT = Limit("sign-in", 5, timedelta(minutes=15), "密码试的次数太多了。", from_last=True)
SIGN_IN_OF_ADDRESS = Limit("sign-in-address", 100, timedelta(minutes=15), "这个网络上试的次数太多了。")
SMS_A_MINUTE = Limit("sms-minute", 1, timedelta(minutes=1), "短信刚刚发过。", from_last=True)
SMS_A_DAY = Limit("sms-day", 10, timedelta(days=1), "这个号码今天收的短信太多了。", from_last=False)
SMS_OF_ADDRESS = Limit("sms-address", 30, timedelta(hours=1), "这个网络上要的短信太多了。")
SMS_OF_NETWORK = Limit("sms-network", 100, timedelta(hours=1), "这个网络上要的短信太多了。")
SMS_OF_NUMBER_RANGE = Limit("sms-range", 60, timedelta(hours=1), "这个号段要的短信太多了。")


async def count_one(limit: Limit, subject: str, *, sealer: Sealer, now: datetime) -> None:
    """Counts one try; raises TooMany, without counting, when there have been as many as there may be."""
    key = bucket_key(limit, subject, sealer)
    if await rows(COUNT, key, now, now - limit.window, limit.most, limit.from_last):
        return
    started = await rows(STARTED, key)
    ends = (started[0]["window_started_at"] if started else now) + limit.window
    seconds = max(1, int((ends - now).total_seconds()))
    raise TooMany(f"{limit.what}{wait_sentence(seconds)}", seconds)


async def forget(limit: Limit, subject: str, *, sealer: Sealer) -> None:
    """Begins anew: whoever gave the right password has not been guessing."""
    await rows("DELETE FROM rate_bucket WHERE key = $1", bucket_key(limit, subject, sealer))


async def take_count(limit: Limit, subject: str, *, sealer: Sealer) -> int:
    """How much was counted since it was last taken; begins anew."""
    taken = await rows("DELETE FROM rate_bucket WHERE key = $1 RETURNING count", bucket_key(limit, subject, sealer))
    return int(taken[0]["count"]) if taken else 0


def bucket_key(limit: Limit, subject: str, sealer: Sealer) -> str:
    return sealer.digest(f"{limit.name}:{subject}", KEY_LABEL)

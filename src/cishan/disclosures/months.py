"""The one writer of `fund_month`: each fund's months, summed from the books by a job so that pages need not."""

from datetime import datetime, timedelta

from cishan.clock import beijing_day, beijing_midnight
from cishan.database import rows

STILL_COMING = timedelta(hours=1)
"""An entry is committed this long after the instant it is booked at, at the very latest."""

LAST = "SELECT max(through_at) AS through_at FROM fund_month"
FIRST = "SELECT min(booked_at) AS booked_at FROM ledger_entry"
COUNT = """
INSERT INTO fund_month (fund_id, month, received_fen, returned_fen, spent_fen, fees_fen, through_at)
SELECT a.fund_id, date_trunc('month', e.booked_at AT TIME ZONE 'Asia/Shanghai')::date,
       coalesce(-sum(p.amount_fen) FILTER (WHERE a.type = 'fund'
                AND e.kind NOT IN ('refund_due', 'refund_kept')), 0)::bigint,
       coalesce(sum(p.amount_fen) FILTER (WHERE a.type = 'fund' AND e.kind IN ('refund_due', 'refund_kept')), 0)::bigint,
       coalesce(sum(p.amount_fen) FILTER (WHERE a.type = 'spending'), 0)::bigint,
       coalesce(sum(p.amount_fen) FILTER (WHERE a.type = 'fees'), 0)::bigint,
       $2
  FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.account_id
 WHERE e.booked_at >= $1 AND e.booked_at < $2
 GROUP BY 1, 2
ON CONFLICT (fund_id, month) DO UPDATE
   SET received_fen = excluded.received_fen, returned_fen = excluded.returned_fen, spent_fen = excluded.spent_fen,
       fees_fen = excluded.fees_fen, through_at = excluded.through_at
RETURNING NOT EXISTS (
    SELECT FROM fund_month before
     WHERE before.fund_id = fund_month.fund_id AND before.month = fund_month.month
       AND (before.received_fen, before.returned_fen, before.spent_fen, before.fees_fen)
         = (fund_month.received_fen, fund_month.returned_fen, fund_month.spent_fen, fund_month.fees_fen)) AS changed
"""
"""A row is written even when its sums are the same, for the instant they are known for; what it held before is what the
statement's own snapshot still sees."""


async def count_months(*, now: datetime) -> int:
    """Counts anew every month that may have changed since the last count; returns how many sums changed."""
    last = (await rows(LAST))[0]["through_at"]
    since = last - STILL_COMING if last else (await rows(FIRST))[0]["booked_at"]
    if since is None:
        return 0
    start = beijing_midnight(beijing_day(since).replace(day=1))
    return sum(row["changed"] for row in await rows(COUNT, start, now))

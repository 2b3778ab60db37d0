"""Every job that runs by the clock: what it does, how often, and the action it calls.

A tick is only a reason to look at what is due by the rows' own deadlines, so every node may run every job, late or
twice: each takes rows with FOR UPDATE SKIP LOCKED, or is a no-op the second time.
"""

from datetime import timedelta

from cishan.claims.actions import lapse_due_claims
from cishan.clock import DatabaseClock
from cishan.database import database_now
from cishan.jobs.housekeeping import purge_expired
from cishan.jobs.work import Done, Job, Work
from cishan.ledger.actions import number_entries
from cishan.payments.polling import poll_due_orders

BATCH = 200
ORDERS_AT_ONCE = 20


async def _lapse_claims(work: Work) -> Done:
    return Done(await lapse_due_claims(limit=BATCH, sealer=work.services.sealer, now=work.now))


async def _poll_orders(work: Work) -> Done:
    return Done(await poll_due_orders(limit=ORDERS_AT_ONCE, services=work.services, owners=work.owners, now=work.now))


async def _number_entries(work: Work) -> Done:
    return Done(await number_entries())


async def _follow_clock(work: Work) -> Done:
    """Keeps this process on the database's time; a clock that is not the database's is left alone."""
    clock = work.services.clock
    if isinstance(clock, DatabaseClock):
        clock.follow(await database_now())
    return Done(0)


JOBS: tuple[Job, ...] = (
    Job("poll_orders", "向支付宝查询还没有结果的付款", timedelta(seconds=10), _poll_orders),
    Job("lapse_claims", "收回超过时间没有付款、没有送到的认领", timedelta(seconds=15), _lapse_claims),
    Job("number_entries", "给新记的账编上连续的凭证号", timedelta(seconds=10), _number_entries),
    Job("follow_clock", "和数据库对时", timedelta(seconds=30), _follow_clock),
    Job("purge_expired", "清理过期的验证码、登录和运行记录", timedelta(hours=1), purge_expired),
)

"""Every job that runs by the clock: what it does, how often, and the action it calls.

A tick is only a reason to look at what is due by the rows' own deadlines, so every node may run every job, late or
twice: each decides again under the row's lock, and is a no-op the second time.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from cishan.bank.gifts import take_named_transfers
from cishan.claims.actions import lapse_due_claims
from cishan.claims.deadlines import escalate_due_claims, hurry_claims_of_closed_households, remind_due_soon
from cishan.clock import DatabaseClock
from cishan.database import database_now
from cishan.disclosures.duties import plan_duties, remind_of_duties
from cishan.disclosures.gate import KeptDuties
from cishan.disclosures.months import count_months
from cishan.donations.actions import lapse_due_donations
from cishan.handled import Handled
from cishan.jobs.housekeeping import purge_expired, sweep_unused
from cishan.jobs.work import Job, Work
from cishan.ledger.actions import number_entries
from cishan.ledger.chain import chain_entries, publish_heads
from cishan.messages.delivery import deliver_due
from cishan.messages.transports import transport_of
from cishan.monthly.actions import open_due_turns
from cishan.payments.keys import note_keys, refresh_gateway, warn_of_keys
from cishan.payments.polling import poll_due_orders
from cishan.payments.transfers import close_due_transfers
from cishan.payouts.transferring import send_due_transfers
from cishan.projects.actions import close_due_projects, open_due_projects
from cishan.projects.reminding import remind_of_late_filings
from cishan.receipts.actions import remind_of_late_receipts
from cishan.reconciliation.fetching import reconcile_due_days
from cishan.reconciliation.refunds import refunds_of_day
from cishan.refunds.late_money import resolve_open_money
from cishan.refunds.neighbours import neighbours_of
from cishan.refunds.sending import send_due_refunds
from cishan.sealing import Sealer
from cishan.supervision.deadlines import lapse_late_wishes, remind_of_late_wishes
from cishan.urgent.deadlines import follow_urgent_cases
from cishan.vigilance.lists import screen_accounts
from cishan.wishes.following import follow_households

BATCH = 200
ORDERS_AT_ONCE = 20
MESSAGES_AT_ONCE = 50
ENTRIES_AT_ONCE = 2_000
DAYS_AT_ONCE = 7


class _Sweep(Protocol):
    def __call__(self, *, limit: int, sealer: Sealer, now: datetime) -> Awaitable[int]: ...


def _sweeping(sweep: _Sweep) -> Callable[[Work], Awaitable[Handled]]:
    """Most sweeps take the same three things and count what they did."""

    async def run(work: Work) -> Handled:
        return Handled(await sweep(limit=BATCH, sealer=work.services.sealer, now=work.now))

    return run


async def _poll_orders(work: Work) -> Handled:
    asked = await poll_due_orders(limit=ORDERS_AT_ONCE, services=work.services, owners=work.owners, now=work.now)
    return Handled(asked)


async def _take_transfers(work: Work) -> Handled:
    return await take_named_transfers(limit=BATCH, services=work.services, owners=work.owners, now=work.now)


async def _close_transfers(work: Work) -> Handled:
    return Handled(await close_due_transfers(limit=BATCH, now=work.now))


async def _resolve_late_money(work: Work) -> Handled:
    services = work.services
    neighbours = neighbours_of(services, work.owners)
    return await resolve_open_money(limit=BATCH, neighbours=neighbours, sealer=services.sealer, now=work.now)


async def _send_refunds(work: Work) -> Handled:
    return Handled(await send_due_refunds(limit=ORDERS_AT_ONCE, services=work.services, now=work.now))


async def _send_transfers(work: Work) -> Handled:
    return Handled(await send_due_transfers(limit=ORDERS_AT_ONCE, services=work.services, now=work.now))


async def _deliver_messages(work: Work) -> Handled:
    transport = transport_of(work.services.settings)
    return await deliver_due(work.now, MESSAGES_AT_ONCE, transport=transport, sealer=work.services.sealer)


async def _number_entries(work: Work) -> Handled:
    return Handled(await number_entries())


async def _chain_entries(work: Work) -> Handled:
    return Handled(await chain_entries(limit=ENTRIES_AT_ONCE, now=work.now))


async def _publish_heads(work: Work) -> Handled:
    return Handled(await publish_heads(now=work.now))


async def _reconcile_days(work: Work) -> Handled:
    return await reconcile_due_days(
        limit=DAYS_AT_ONCE, services=work.services, owners=work.owners, refunds=refunds_of_day(), now=work.now
    )


async def _open_monthly_turns(work: Work) -> Handled:
    services = work.services
    site_url = services.settings.site_url
    return Handled(await open_due_turns(limit=BATCH, site_url=site_url, sealer=services.sealer, now=work.now))


async def _open_projects(work: Work) -> Handled:
    return Handled(await open_due_projects(limit=BATCH, duties=KeptDuties(), now=work.now))


async def _plan_disclosures(work: Work) -> Handled:
    return Handled(await plan_duties(now=work.now))


async def _count_months(work: Work) -> Handled:
    return Handled(await count_months(now=work.now))


async def _watch_keys(work: Work) -> Handled:
    """The worker's own look into the keys directory; web processes have theirs."""
    services = work.services
    if services.gateway is None:
        return Handled()
    refresh_gateway(services.gateway, services.settings)
    await note_keys(services.settings, now=work.now)
    return Handled(await warn_of_keys(limit=BATCH, sealer=services.sealer, now=work.now))


async def _follow_clock(work: Work) -> Handled:
    """Keeps this process on the database's time; a clock that is not the database's is left alone."""
    clock = work.services.clock
    if isinstance(clock, DatabaseClock):
        clock.follow(await database_now())
    return Handled()


JOBS: tuple[Job, ...] = (
    Job("poll_orders", "向支付宝查询还没有结果的付款", timedelta(seconds=10), _poll_orders),
    Job("take_transfers", "收下写明了转账码、金额也对的银行转账", timedelta(minutes=1), _take_transfers),
    Job("close_transfers", "结束到期还没有到账的认捐", timedelta(minutes=10), _close_transfers),
    Job("resolve_late_money", "按爱心人士的选择处理迟到、重复、多付的钱", timedelta(seconds=10), _resolve_late_money),
    Job("send_refunds", "办理退款，向支付宝查询还没有结果的退款", timedelta(seconds=10), _send_refunds),
    Job("send_transfers", "从支付宝付救助款，查询还没有结果的", timedelta(seconds=10), _send_transfers),
    Job("deliver_messages", "发出等着发的短信", timedelta(seconds=5), _deliver_messages),
    Job("number_entries", "给新记的账编上连续的凭证号", timedelta(seconds=10), _number_entries),
    Job("remind_receipts", "提醒财务过期没有开的票据", timedelta(minutes=5), _sweeping(remind_of_late_receipts)),
    Job("chain_entries", "把编好号的账连成链，改动过的旧账会被发现", timedelta(seconds=30), _chain_entries),
    Job("publish_heads", "公布当天的账目指纹", timedelta(minutes=10), _publish_heads),
    Job("reconcile_days", "取前一天的支付宝账单，和账目核对", timedelta(minutes=5), _reconcile_days),
    Job("plan_disclosures", "按项目的日子排出要公开的事", timedelta(minutes=10), _plan_disclosures),
    Job("remind_disclosures", "提醒快到期、超期没有公开的事", timedelta(minutes=30), _sweeping(remind_of_duties)),
    Job("count_months", "把每个项目的收支按月加好，给收支公开页", timedelta(minutes=10), _count_months),
    Job("open_projects", "到备案的开始时间，开始募捐", timedelta(seconds=15), _open_projects),
    Job("close_projects", "到备案的结束时间，结束募捐", timedelta(seconds=15), _sweeping(close_due_projects)),
    Job("remind_filings", "提醒过期没有办的备案和变更备案", timedelta(minutes=10), _sweeping(remind_of_late_filings)),
    Job("lapse_claims", "收回没有按时付款、没有按时送到的认领", timedelta(seconds=15), _sweeping(lapse_due_claims)),
    Job("open_monthly_turns", "到日子提醒月捐的爱心人士", timedelta(minutes=10), _open_monthly_turns),
    Job("lapse_donations", "结束没有付款的捐款", timedelta(minutes=5), _sweeping(lapse_due_donations)),
    Job(
        "follow_urgent",
        "先行救助付款后起算补手续的期限，提醒超时的",
        timedelta(minutes=5),
        _sweeping(follow_urgent_cases),
    ),
    Job("remind_claims", "提醒快到期的采购、送达和核实", timedelta(minutes=5), _sweeping(remind_due_soon)),
    Job(
        "hurry_claims",
        "督促处理已销户家庭的认领",
        timedelta(minutes=1),
        _sweeping(hurry_claims_of_closed_households),
    ),
    Job("escalate_claims", "把超时的认领报给上一级", timedelta(minutes=5), _sweeping(escalate_due_claims)),
    Job("remind_wishes", "提醒超时没有审核、没有发布的心愿", timedelta(minutes=5), _sweeping(remind_of_late_wishes)),
    Job("lapse_wishes", "到期没有人认领的心愿下墙", timedelta(minutes=5), _sweeping(lapse_late_wishes)),
    Job("follow_households", "心愿随搬家、销户的家庭变动", timedelta(minutes=1), _sweeping(follow_households)),
    Job("screen_accounts", "把捐赠人的名字和关注名单比对", timedelta(seconds=30), _sweeping(screen_accounts)),
    Job("watch_keys", "换上新的支付宝密钥，提醒快到期的", timedelta(seconds=30), _watch_keys),
    Job("follow_clock", "和数据库对时", timedelta(seconds=30), _follow_clock),
    Job("sweep_unused", "删除没有用上的照片和没有导入的文件", timedelta(hours=6), sweep_unused),
    Job("purge_expired", "清理过期的验证码、登录和运行记录", timedelta(hours=1), purge_expired),
)

"""Each month one donation and one reminder, whoever sweeps; unpaid months are not piled up; a plan let go ends by itself."""

import asyncio
from datetime import date, timedelta

import pytest

import makers
from cishan.accounts.viewer import Viewer
from cishan.charities.models import Fund
from cishan.charities.queries import Site
from cishan.charities.states import FundKind
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.donations.actions import Pledged, lapse_due_donations
from cishan.errors import Conflict, IllegalMove, InvalidInput, NotFound
from cishan.monthly.actions import change_plan, move_plan, open_due_turns, start_plan
from cishan.payments.actions import close_unopened
from cishan.sealing import Sealer
from conftest import Committed
from donations.donation_makers import pay
from payments.order_makers import make_site

FIVE_FEN = 5_000
A_MONTH = timedelta(days=31)


@pytest.fixture
async def site(transaction: object, clock: SteppedClock) -> Site:
    return await make_site(clock.now())


@pytest.fixture
async def donor(site: Site, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_donor(sealer=sealer, now=clock.now())


async def start(site: Site, donor: Viewer, clock: SteppedClock, day: int = 3) -> int:
    return await start_plan(site.fund_id, FIVE_FEN, day, shows_name=False, actor=donor, now=clock.now())


async def sweep(sealer: Sealer, clock: SteppedClock) -> int:
    return await open_due_turns(limit=100, site_url="http://testserver", sealer=sealer, now=clock.now())


async def turns() -> list[str]:
    found = await rows("SELECT d.status FROM monthly_turn t JOIN donation d ON d.id = t.donation_id ORDER BY t.month")
    return [row["status"] for row in found]


async def reminders(donor: Viewer) -> int:
    found: int = (await rows("SELECT count(*) AS n FROM outbox_message WHERE account_id = $1", donor.account_id))[0][
        "n"
    ]
    return found


async def let_lapse(sealer: Sealer, clock: SteppedClock) -> None:
    for row in await rows("SELECT out_trade_no FROM payment_order WHERE status = 'pending'"):
        await close_unopened(row["out_trade_no"], now=clock.now())
    await lapse_due_donations(limit=100, sealer=sealer, now=clock.now())


async def pay_waiting(sealer: Sealer, clock: SteppedClock) -> None:
    for row in await rows("SELECT out_trade_no FROM payment_order WHERE status = 'pending'"):
        await pay(Pledged(0, row["out_trade_no"]), sealer=sealer, now=clock.now())


async def test_a_turn_is_opened_once_and_its_donor_reminded_once(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await start(site, donor, clock)
    for _ in range(3):
        await sweep(sealer, clock)
    assert await turns() == ["pledged"]
    assert await reminders(donor) == 1


async def test_a_year_of_paid_turns_is_twelve_donations(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await start(site, donor, clock, day=31)
    for _ in range(366):
        await sweep(sealer, clock)
        await pay_waiting(sealer, clock)
        clock.advance(timedelta(days=1))
    assert await turns() == ["received"] * 12
    found = await rows(
        "SELECT extract(day FROM opened_at AT TIME ZONE 'Asia/Shanghai')::int AS d FROM monthly_turn ORDER BY id"
    )
    assert [row["d"] for row in found] == [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28]


async def test_a_worker_that_slept_for_months_opens_one_turn(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await start(site, donor, clock)
    clock.advance(5 * A_MONTH)
    for _ in range(3):
        await sweep(sealer, clock)
    assert await turns() == ["pledged"]


async def test_a_plan_that_nobody_pays_ends_with_a_kind_word(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await start(site, donor, clock)
    for _ in range(6):
        await sweep(sealer, clock)
        await let_lapse(sealer, clock)
        clock.advance(A_MONTH)
    assert await turns() == ["lapsed"] * 3
    assert await rows("SELECT status FROM monthly_plan") == [{"status": "ended"}]
    assert await reminders(donor) == 4


async def test_one_payment_begins_the_count_anew(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await start(site, donor, clock)
    for paid in (False, False, True, False, False):
        await sweep(sealer, clock)
        if paid:
            await pay_waiting(sealer, clock)
        await let_lapse(sealer, clock)
        clock.advance(A_MONTH)
    assert await rows("SELECT status, unpaid FROM monthly_plan") == [{"status": "active", "unpaid": 1}]


async def test_a_paused_plan_reminds_nobody_until_it_goes_on(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    plan_id = await start(site, donor, clock)
    await move_plan(plan_id, "pause", actor=donor, now=clock.now())
    await sweep(sealer, clock)
    assert await turns() == []
    clock.advance(3 * A_MONTH)
    await move_plan(plan_id, "resume", actor=donor, now=clock.now())
    await sweep(sealer, clock)
    assert await turns() == []
    clock.advance(A_MONTH)
    await sweep(sealer, clock)
    assert await turns() == ["pledged"]


async def test_a_change_counts_from_the_next_turn_on(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    plan_id = await start(site, donor, clock)
    await sweep(sealer, clock)
    await change_plan(plan_id, 9_900, 20, shows_name=True, actor=donor, now=clock.now())
    clock.advance(timedelta(days=20))
    await sweep(sealer, clock)
    assert await turns() == ["pledged"]
    clock.advance(A_MONTH)
    await sweep(sealer, clock)
    found = await rows("SELECT amount_fen, shows_name FROM donation ORDER BY id")
    assert found == [
        {"amount_fen": FIVE_FEN, "shows_name": False},
        {"amount_fen": 9_900, "shows_name": True},
    ]


async def test_a_donor_has_one_plan_for_a_fund_and_only_their_own(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    plan_id = await start(site, donor, clock)
    with pytest.raises(Conflict, match="已经有一个月捐"):
        await start(site, donor, clock)
    stranger = await makers.make_donor(sealer=sealer, now=clock.now())
    with pytest.raises(NotFound):
        await move_plan(plan_id, "end", actor=stranger, now=clock.now())
    await move_plan(plan_id, "end", actor=donor, now=clock.now())
    with pytest.raises(IllegalMove):
        await move_plan(plan_id, "resume", actor=donor, now=clock.now())
    assert await start(site, donor, clock) != plan_id


async def test_sweeps_at_once_open_one_turn_for_each_plan(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    site = await make_site(clock.now())
    for _ in range(10):
        await start(site, await makers.make_donor(sealer=sealer, now=clock.now()), clock)
    await asyncio.gather(*(sweep(sealer, clock) for _ in range(6)))
    found = await rows("SELECT count(*) AS turns, count(DISTINCT plan_id) AS plans FROM monthly_turn")
    assert found == [{"turns": 10, "plans": 10}]
    assert await rows("SELECT count(*) AS n FROM donation") == [{"n": 10}]


async def test_a_name_that_is_hidden_is_hidden_on_the_turn_that_waits(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    plan_id = await start_plan(site.fund_id, FIVE_FEN, 3, shows_name=True, actor=donor, now=clock.now())
    await sweep(sealer, clock)
    await change_plan(plan_id, FIVE_FEN, 3, shows_name=False, actor=donor, now=clock.now())
    await pay_waiting(sealer, clock)
    assert await rows("SELECT status, shows_name FROM donation") == [{"status": "received", "shows_name": False}]


async def test_a_fund_that_is_nearly_full_ends_one_plan_and_holds_up_no_other(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    other = await makers.make_donor(sealer=sealer, now=clock.now())
    first = await start(site, donor, clock)
    fund_id = (await rows("SELECT fund_id FROM monthly_plan"))[0]["fund_id"]
    elsewhere = await another_fund(site)
    second = await start_plan(elsewhere, FIVE_FEN, 3, shows_name=False, actor=other, now=clock.now())
    await rows("UPDATE fund SET cap_fen = $2 WHERE id = $1", fund_id, FIVE_FEN - 1)
    with pytest.raises(InvalidInput, match="请少捐一些"):
        await start_plan(fund_id, FIVE_FEN, 3, shows_name=False, actor=other, now=clock.now())
    assert await sweep(sealer, clock) == 2
    assert await rows("SELECT id, status FROM monthly_plan ORDER BY id") == [
        {"id": first, "status": "ended"},
        {"id": second, "status": "active"},
    ]
    assert await turns() == ["pledged"]
    assert await reminders(donor) == 1


async def another_fund(site: Site) -> int:
    fund = await Fund.create(
        charity_id=site.charity_id,
        kind=FundKind.PROJECT,
        name="寒冬送暖",
        filing_number="53371400MJE0000011A25099",
        purpose="过冬",
        opened_on=date(2025, 1, 1),
    )
    found: int = fund.id
    return found

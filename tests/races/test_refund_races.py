"""Late money and refunds with many hands at once: each sum is settled once, and no fen goes back twice (scenario C4)."""

import random
from collections import Counter as Tally
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tortoise.exceptions import IntegrityError

from cishan.claims.actions import claim_wish, lapse_due_claims
from cishan.claims.states import ClaimWay
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import CishanError
from cishan.ledger.states import AccountType
from cishan.payments.actions import settle
from cishan.payments.alipay.terms import Trade, TradeStatus
from cishan.payments.states import LateChoice, SettleSource
from cishan.refunds.actions import part_key, start_refund, take_gift_back
from cishan.refunds.late_money import resolve_late_money, resolve_open_money
from cishan.refunds.queries import parts_of
from cishan.refunds.sending import send_due_refunds
from cishan.refunds.states import RefundReason
from cishan.sealing import Sealer
from cishan.verify.checks import run_checks
from cishan.verify.money import MONEY_CHECKS
from cishan.verify.refunds import REFUND_CHECKS
from cishan.wishes.states import WishStatus
from conftest import Committed
from makers import make_donor, make_household, make_wish
from races.world import all_at_once
from refunds.counter import PRICE_FEN, Counter, open_counter

SEED = 20250303
WITHIN = timedelta(seconds=60)


@pytest.fixture
async def counter(committed_database: Committed, sealer: Sealer, clock: SteppedClock) -> AsyncIterator[Counter]:
    async with open_counter(committed_database.settings, sealer, clock) as opened:
        yield opened


async def late_orders(counter: Counter, count: int, free: int) -> list[str]:
    """Orders whose claims have lapsed; `free` of the wishes are on the wall again, somebody else has the others.

    Every donor has chosen something; a wish for every third waits for late money that looks for one.
    """
    chance, team, now = random.Random(SEED), counter.team, counter.clock.now()
    home = await make_household(team.coordinator, sealer=team.sealer, now=now)
    made = []
    for number in range(count):
        wish = await make_wish(
            WishStatus.PUBLISHED,
            sealer=team.sealer,
            now=now,
            people=team.people,
            household_id=home,
            price_fen=PRICE_FEN - chance.randint(0, 9_000),
        )
        donor = await make_donor(sealer=team.sealer, now=now)
        choice = chance.choice(list(LateChoice))
        claimed = await claim_wish(wish.id, ClaimWay.PAY, site=team.site, actor=donor, now=now, late_choice=choice)
        made.append((wish, claimed.out_trade_no))
        if number % 3 == 0:
            await make_wish(
                sealer=team.sealer,
                now=now,
                people=team.people,
                household_id=home,
                price_fen=chance.randint(1, PRICE_FEN),
            )
    now = counter.clock.advance(timedelta(minutes=33))
    assert await lapse_due_claims(limit=count, sealer=team.sealer, now=now) == count
    for wish, _ in made[free:]:
        other = await make_donor(sealer=team.sealer, now=now)
        await claim_wish(wish.id, ClaimWay.PAY, site=team.site, actor=other, now=now)
    return [number for _, number in made]


def paid(out_trade_no: str, total_fen: int, counter: Counter) -> Trade:
    return Trade(
        out_trade_no=out_trade_no,
        trade_no=f"T{out_trade_no}",
        status=TradeStatus.TRADE_SUCCESS,
        total_fen=total_fen,
        refunded_fen=0,
        paid_at=counter.clock.now(),
        buyer="",
    )


async def late_money_has_an_end(counter: Counter, count: int, free: int) -> None:
    """All of it comes after its claim is over; a minute later nothing lies without an owner, and every donor knows."""
    numbers = await late_orders(counter, count, free)
    team, now = counter.team, counter.clock.now()
    found = await rows("SELECT out_trade_no, total_fen FROM payment_order WHERE out_trade_no = ANY($1)", numbers)
    for start in range(0, count, 10):
        batch = found[start : start + 10]
        await all_at_once(
            [
                lambda row=row: settle(  # type: ignore[misc]
                    paid(row["out_trade_no"], row["total_fen"], counter),
                    SettleSource.NOTICE,
                    owners=counter.owners,
                    sealer=team.sealer,
                    now=now,
                    enqueue=counter.services.enqueue,
                )
                for row in batch
            ]
        )
    kept = (await rows("SELECT count(*) AS n FROM unassigned_money WHERE resolved_at IS NULL"))[0]["n"]
    assert kept == count - free == len(counter.queued)
    # The queued job and two sweeps, at once.
    queued = [payload["unassigned_id"] for _, payload in counter.queued]
    for start in range(0, len(queued), 20):
        jobs = queued[start : start + 20]
        await all_at_once(
            [
                *(
                    lambda money=money: resolve_late_money(  # type: ignore[misc]
                        money, neighbours=counter.neighbours, sealer=team.sealer, now=now
                    )
                    for money in jobs
                ),
                *(
                    lambda: resolve_open_money(  # type: ignore[misc]
                        limit=20, neighbours=counter.neighbours, sealer=team.sealer, now=now
                    )
                    for _ in range(2)
                ),
            ]
        )
    open_money = await rows(
        "SELECT id FROM unassigned_money WHERE resolved_at IS NULL OR resolved_at > booked_at + $1", WITHIN
    )
    assert open_money == []
    owned = Tally(row["resolved_as"] for row in await rows("SELECT resolved_as FROM unassigned_money"))
    promised = await rows("SELECT count(*) AS n FROM refund WHERE status = 'requested'")
    assert promised[0]["n"] == owned["refund"]
    claims = await rows("SELECT count(*) AS n FROM claim WHERE status = 'paid'")
    assert claims[0]["n"] == free + owned["similar"]
    told = await rows("SELECT count(*) AS n FROM outbox_message WHERE key LIKE 'late-money:%'")
    assert told[0]["n"] == count - free
    results = await run_checks((*MONEY_CHECKS, *REFUND_CHECKS), require_rows=False, now=counter.clock.now())
    assert [result for result in results if not result.ok and result.name != "nothing_unknown_for_a_day"] == []
    sums = await counter.books()
    assert AccountType.UNASSIGNED not in sums


async def test_all_late_money_is_settled_within_a_minute(counter: Counter) -> None:
    await late_money_has_an_end(counter, 24, 8)


@pytest.mark.slow
async def test_five_hundred_late_payments_are_settled_within_a_minute(counter: Counter) -> None:
    await late_money_has_an_end(counter, 500, 150)


async def test_a_gift_is_taken_back_once_by_many_hands(counter: Counter) -> None:
    """Its donor on three phones, and finance twice: whoever is first has it, nobody else."""
    claimed = await counter.paid_claim()
    team, now = counter.team, counter.clock.now()
    order = (await rows("SELECT id FROM payment_order WHERE out_trade_no = $1", claimed.out_trade_no))[0]
    key = part_key((await parts_of(order["id"]))[0])

    async def donor() -> bool:
        try:
            await take_gift_back(
                "claim", claimed.claim_id, neighbours=counter.neighbours, actor=team.donor, sealer=team.sealer, now=now
            )
        except CishanError:
            return False
        return True

    async def finance() -> bool:
        try:
            await start_refund(
                team.site.charity_id,
                claimed.out_trade_no,
                {key: PRICE_FEN},
                RefundReason.MISTAKE,
                "本人来电",
                neighbours=counter.neighbours,
                actor=team.finance,
                now=now,
            )
        except CishanError:
            return False
        return True

    assert sum(await all_at_once([donor, finance, donor, finance, donor])) == 1
    senders = [lambda: send_due_refunds(limit=10, services=counter.services, now=now)] * 5
    await all_at_once(senders)
    assert await counter.statuses() == ["succeeded"]
    assert await counter.books() == {}
    trade = await counter.shop.gateway.query(claimed.out_trade_no)
    assert trade is not None
    assert trade.refunded_fen == PRICE_FEN


async def test_without_the_order_s_lock_more_could_go_back_than_came(counter: Counter) -> None:
    """Positive control: who only looks at what is open, and then writes, promises the same money several times."""
    claimed = await counter.paid_claim()
    order = (await rows("SELECT id FROM payment_order WHERE out_trade_no = $1", claimed.out_trade_no))[0]

    async def careless() -> int:
        part = (await parts_of(order["id"]))[0]
        await rows("SELECT pg_sleep(0.01)")
        return part.open_fen

    assert sum(await all_at_once([careless] * 5)) > PRICE_FEN


async def test_the_database_lets_one_refund_of_a_trade_be_under_way(counter: Counter) -> None:
    """The second guard, behind the lock: two unknown refunds of one order can't stand."""
    claimed = await counter.paid_claim()
    order = (await rows("SELECT id FROM payment_order WHERE out_trade_no = $1", claimed.out_trade_no))[0]
    insert = (
        "INSERT INTO refund (order_id, request_no, amount_fen, status, status_since, reason, note, created_at, tries, "
        "next_try_at, refusal) VALUES ($1, $2, 1, 'unknown', $3, 'other', '', $3, 1, $3, '')"
    )
    await rows(insert, order["id"], "R1", counter.clock.now())
    with pytest.raises(IntegrityError):
        await rows(insert, order["id"], "R2", counter.clock.now())

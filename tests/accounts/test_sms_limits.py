"""Nobody's phone is flooded through us: limits by number, address, network and range of numbers, each to the one."""

from datetime import timedelta

import pytest

import makers
from cishan.accounts import limits
from cishan.accounts.codes import send_code
from cishan.accounts.limits import count_one
from cishan.accounts.states import CodePurpose
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import TooMany
from cishan.sealing import Sealer

PHONE = "13500000001"


@pytest.fixture(autouse=True)
async def charity(transaction: object, clock: SteppedClock) -> None:
    await makers.make_charity(now=clock.now())


async def sent(phone: str, sealer: Sealer, clock: SteppedClock, address: str = "10.1.2.3") -> bool:
    try:
        await send_code(phone, purpose=CodePurpose.SIGN_IN, address=address, sealer=sealer, now=clock.now())
    except TooMany:
        return False
    return True


@pytest.mark.parametrize(("seconds", "allowed"), [(59, False), (60, True), (61, True)])
async def test_one_sms_a_minute_for_a_number(sealer: Sealer, clock: SteppedClock, seconds: int, allowed: bool) -> None:
    assert await sent(PHONE, sealer, clock)
    clock.advance(timedelta(seconds=seconds))
    assert await sent(PHONE, sealer, clock) is allowed


async def test_ten_sms_a_day_for_a_number_and_more_the_next_day(sealer: Sealer, clock: SteppedClock) -> None:
    results = []
    for _ in range(11):
        results.append(await sent(PHONE, sealer, clock))
        clock.advance(timedelta(minutes=61))
    assert results == [True] * 10 + [False]
    clock.advance(timedelta(hours=14))
    assert await sent(PHONE, sealer, clock)


@pytest.mark.parametrize(
    ("limit", "phones", "addresses"),
    [
        (limits.SMS_OF_ADDRESS, "13{n:02d}5550001", "10.9.9.9"),
        (limits.SMS_OF_NETWORK, "13{n:03d}550001", "10.9.9.{n}"),
        (limits.SMS_OF_NUMBER_RANGE, "1350000{n:04d}", "10.{n}.1.1"),
    ],
    ids=["address", "network", "range"],
)
async def test_a_flood_is_stopped_at_the_limit(
    sealer: Sealer, clock: SteppedClock, limit: limits.Limit, phones: str, addresses: str
) -> None:
    results = [
        await sent(phones.format(n=number), sealer, clock, addresses.format(n=number))
        for number in range(limit.most + 1)
    ]
    assert results == [True] * limit.most + [False]
    clock.advance(limit.window)
    assert await sent(phones.format(n=0), sealer, clock, addresses.format(n=0))


async def test_a_refused_try_is_told_when_to_come_back(sealer: Sealer, clock: SteppedClock) -> None:
    await sent(PHONE, sealer, clock)
    clock.advance(timedelta(seconds=20))
    with pytest.raises(TooMany) as refused:
        await send_code(PHONE, purpose=CodePurpose.SIGN_IN, address="10.0.0.1", sealer=sealer, now=clock.now())
    assert refused.value.retry_after_seconds == 40
    assert "请 40 秒后再试" in refused.value.sentence


async def test_refused_tries_do_not_prolong_the_wait(sealer: Sealer, clock: SteppedClock) -> None:
    limit = limits.SIGN_IN_OF_ACCOUNT
    for _ in range(5):
        await count_one(limit, "someone", sealer=sealer, now=clock.now())
    for _ in range(10):
        clock.advance(timedelta(minutes=1))
        with pytest.raises(TooMany):
            await count_one(limit, "someone", sealer=sealer, now=clock.now())
    clock.advance(timedelta(minutes=5))
    await count_one(limit, "someone", sealer=sealer, now=clock.now())


async def test_the_table_of_limits_names_no_phone_and_no_address(sealer: Sealer, clock: SteppedClock) -> None:
    await sent(PHONE, sealer, clock, "10.1.2.3")
    keys = [row["key"] for row in await rows("SELECT key FROM rate_bucket")]
    assert len(keys) == 5
    assert all(len(key) == 64 and PHONE not in key and "10.1.2.3" not in key for key in keys)

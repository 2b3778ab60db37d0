"""Pure decisions about orders."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.payments.rules import Line, is_payable, new_out_trade_no, next_poll, split_received
from cishan.payments.states import OrderStatus, UnassignedReason

NOON = datetime(2025, 3, 3, 4, 0, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)

lines = st.lists(
    st.builds(
        Line,
        id=st.integers(1, 9),
        fund_id=st.integers(1, 2),
        amount_fen=st.integers(1, 10**9),
        refused=st.sampled_from([None, UnassignedReason.LATE, UnassignedReason.DUPLICATE]),
    ),
    min_size=1,
    max_size=5,
)


@given(lines=lines, difference=st.integers(-(10**9), 10**9))
def test_a_split_conserves_every_fen(lines: list[Line], difference: int) -> None:
    total_fen = sum(line.amount_fen for line in lines)
    received_fen = max(1, total_fen + difference)
    split = split_received(tuple(lines), total_fen, received_fen)
    shared = sum(line.amount_fen for line in split.gifts) + sum(amount for _, _, amount in split.unassigned)
    assert shared == received_fen
    assert all(amount > 0 for _, _, amount in split.unassigned)


@pytest.mark.slow
def test_a_million_random_splits_conserve_every_fen() -> None:
    chance, reasons = random.Random(4), (None, UnassignedReason.LATE, UnassignedReason.DUPLICATE)
    for _ in range(1_000_000):
        some = tuple(
            Line(number, chance.randint(1, 2), chance.randint(1, 10**7), chance.choice(reasons))
            for number in range(chance.randint(1, 4))
        )
        total_fen = sum(line.amount_fen for line in some)
        received_fen = max(1, total_fen + chance.choice((0, 0, chance.randint(-(10**7), 10**7))))
        split = split_received(some, total_fen, received_fen)
        assert sum(one.amount_fen for one in split.gifts) + sum(fen for _, _, fen in split.unassigned) == received_fen


def test_our_numbers_are_fit_for_the_gateway_and_differ() -> None:
    numbers = {new_out_trade_no(NOON) for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(number.isascii() and number.isalnum() and len(number) <= 64 for number in numbers)
    assert all(number.startswith("C20250303") for number in numbers)


def test_polls_follow_the_schedule_then_every_ten_minutes() -> None:
    expires_at = NOON + HALF_AN_HOUR
    asked, now = [], NOON
    for _ in range(7):
        now = next_poll(created_at=NOON, expires_at=expires_at, now=now)
        asked.append(int((now - NOON).total_seconds() // 60))
    assert asked == [1, 3, 10, 30, 31, 41, 51]


def test_an_order_is_payable_until_its_last_instant() -> None:
    second = timedelta(seconds=1)
    assert is_payable(OrderStatus.PENDING, NOON, NOON - second)
    assert not is_payable(OrderStatus.PENDING, NOON, NOON)
    assert not is_payable(OrderStatus.PENDING, NOON, NOON + second)
    assert not is_payable(OrderStatus.PAID, NOON, NOON - second)

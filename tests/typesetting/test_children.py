"""The line before the child that sets paper: bounded, and one kind of paper does not wait for another."""

import asyncio

import pytest

from cishan.typesetting.children import MOST_IN_LINE, ChildFailed, run_child

NOT_THERE = "cishan.no_such_child"


async def test_a_full_line_turns_the_rest_away_at_once(caplog: pytest.LogCaptureFixture) -> None:
    orders = [run_child(NOT_THERE, b"{}", 30) for _ in range(MOST_IN_LINE + 5)]
    outcomes = await asyncio.gather(*orders, return_exceptions=True)
    assert all(isinstance(one, ChildFailed) for one in outcomes)
    assert caplog.text.count("orders are in line already") == 5


async def test_a_child_that_fails_leaves_the_line(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with pytest.raises(ChildFailed):
            await run_child(NOT_THERE, b"{}", 30)
    assert "orders are in line" not in caplog.text
    assert "ended with 1" in caplog.text

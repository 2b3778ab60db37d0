"""In a rush what a page shows is read once."""

import asyncio

import pytest

from cishan.wishes.memory import BriefMemory


async def test_of_many_readers_at_once_one_asks() -> None:
    asked, may_answer = 0, asyncio.Event()

    async def read() -> int:
        nonlocal asked
        asked += 1
        await may_answer.wait()
        return asked

    memory = BriefMemory[int]()
    readers = [asyncio.create_task(memory.get("wall", read)) for _ in range(20)]
    for _ in range(50):
        await asyncio.sleep(0)
    may_answer.set()
    assert set(await asyncio.gather(*readers)) == {1}
    assert asked == 1


async def test_after_a_reading_that_failed_the_next_one_asks_again() -> None:
    async def fail() -> int:
        raise OSError

    async def read() -> int:
        return 7

    memory = BriefMemory[int]()
    with pytest.raises(OSError):
        await memory.get("wall", fail)
    assert await memory.get("wall", read) == 7

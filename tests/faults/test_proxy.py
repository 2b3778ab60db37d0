"""The proxy spoils what it says, and nothing else; otherwise the tests behind it would prove nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from faults.proxy import Proxy, Spoiling, open_proxy

ANSWER = b"0123456789" * 10


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            writer.write(ANSWER)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with open_proxy(("127.0.0.1", server.sockets[0].getsockname()[1])) as opened:
        yield opened
    server.close()


async def ask(proxy: Proxy, seconds: float = 5) -> bytes:
    """What comes back for one line, until the answer is whole or the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        async with asyncio.timeout(seconds):
            writer.write(b"hello\n")
            found = b""
            while len(found) < len(ANSWER) and (chunk := await reader.read(1_000)):
                found += chunk
            return found
    finally:
        writer.close()


async def test_a_whole_proxy_passes_everything_on(proxy: Proxy) -> None:
    assert await ask(proxy) == ANSWER
    assert proxy.asked.is_set()


async def test_a_sliced_answer_is_whole_in_the_end(proxy: Proxy) -> None:
    proxy.spoil(Spoiling(slice_bytes=7))
    assert await ask(proxy) == ANSWER


async def test_an_answer_is_cut_where_it_was_said(proxy: Proxy) -> None:
    proxy.spoil(Spoiling(cut_after_bytes=33))
    assert await ask(proxy) == ANSWER[:33]


async def test_a_silent_proxy_takes_the_question_and_never_answers(proxy: Proxy) -> None:
    proxy.spoil(Spoiling(silent=True))
    with pytest.raises(TimeoutError):
        await ask(proxy, seconds=0.2)
    assert proxy.asked.is_set()


async def test_a_slow_proxy_keeps_the_answer_back(proxy: Proxy) -> None:
    proxy.spoil(Spoiling(latency_seconds=0.3))
    with pytest.raises(TimeoutError):
        await ask(proxy, seconds=0.1)
    proxy.mend()
    assert await ask(proxy) == ANSWER


@pytest.mark.parametrize("spoiling", [Spoiling(reset=True), Spoiling(down=True)])
async def test_a_connection_that_is_reset_says_so(proxy: Proxy, spoiling: Spoiling) -> None:
    proxy.spoil(spoiling)
    with pytest.raises(ConnectionResetError):
        await ask(proxy)
    proxy.mend()
    assert await ask(proxy) == ANSWER

"""An answer is final only if it is signed, about our question, and decided; everything else is unknown."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from cishan.payments.alipay.gateway import (
    AlipayGateway,
    CloseOutcome,
    GatewayRefused,
    GatewayUnknown,
    TradeStatus,
)
from cishan.payments.alipay.signing import load_private_key, sign_bytes
from gateway_makers import alipay_key_pem, app_key_pem, make_gateway, strangers_key_pem

PAID: dict[str, Any] = {
    "code": "10000",
    "msg": "Success",
    "out_trade_no": "W1",
    "trade_no": "2026030222001",
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "88.80",
    "send_pay_date": "2026-03-02 12:05:00",
    "buyer_logon_id": "139****0001",
}


def signed(content: bytes, name: str = "alipay_trade_query_response", key_pem: str | None = None) -> bytes:
    signature = sign_bytes(content, load_private_key(key_pem or alipay_key_pem()))
    return b'{"%s":%s,"sign":"%s"}' % (name.encode(), content, signature.encode())


def answer(changes: dict[str, Any] | None = None, **options: Any) -> bytes:
    values = {name: value for name, value in {**PAID, **(changes or {})}.items() if value is not None}
    return signed(json.dumps(values, ensure_ascii=False).encode(), **options)


def failure(sub_code: str, name: str = "alipay_trade_query_response") -> bytes:
    return signed(json.dumps({"code": "40004", "msg": "Business Failed", "sub_code": sub_code}).encode(), name)


def hearing(*answers: bytes, status_code: int = 200) -> AlipayGateway:
    """A gateway that hears these answers, one after the other."""
    left = list(answers)

    def respond(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status_code, content=left.pop(0))

    return make_gateway(client=httpx2.AsyncClient(transport=httpx2.MockTransport(respond)))


async def test_a_paid_trade_is_read() -> None:
    trade = await hearing(answer()).query("W1")
    assert trade is not None
    assert (trade.status, trade.total_fen, trade.refunded_fen) == (TradeStatus.TRADE_SUCCESS, 8880, 0)
    assert trade.buyer == "139****0001"


async def test_paid_and_closed_means_refunded_in_full_and_never_paid_does_not() -> None:
    closed = {"trade_status": "TRADE_CLOSED"}
    refunded = await hearing(answer(closed)).query("W1")
    unpaid = await hearing(answer({**closed, "send_pay_date": None})).query("W1")
    assert refunded is not None
    assert unpaid is not None
    assert (refunded.refunded_fen, unpaid.refunded_fen) == (8880, 0)


async def test_a_trade_that_nobody_has_opened_is_none() -> None:
    assert await hearing(failure("ACQ.TRADE_NOT_EXIST")).query("W1") is None


async def test_the_signed_bytes_are_taken_as_they_came() -> None:
    """Alipay escapes slashes and may space its JSON; written anew, the signature would no longer fit."""
    content = json.dumps(PAID, indent=1).encode().replace(b'"msg"', b'"note":"a\\/b},\\"sign\\":\\"x", "msg"')
    assert await hearing(b"\n " + signed(content) + b"\n").query("W1") is not None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>busy</html>",
        b"{}",
        b"null",
        b'{"alipay_trade_query_response":' + json.dumps(PAID).encode() + b"}",
        b'{"sign":"AAAA","alipay_trade_query_response":' + json.dumps(PAID).encode() + b"}",
        answer(key_pem=strangers_key_pem()),
        answer(key_pem=app_key_pem()),
        answer().replace(b"88.80", b"88.81"),
        answer() + b"x",
        answer()[:-1],
        answer()[: len(answer()) // 2],
        answer(name="alipay_trade_close_response"),
        answer({"code": "10003"}),
        answer({"code": "20000", "sub_code": "aop.unknow-error"}),
        failure("ACQ.SYSTEM_ERROR"),
        answer({"out_trade_no": "W2"}),
        answer({"trade_status": "PAID"}),
        answer({"trade_status": None}),
        answer({"total_amount": 88.8}),
        answer({"total_amount": "x"}),
        answer({"send_pay_date": "yesterday"}),
        answer({"trade_no": None}),
        signed(json.dumps(PAID).encode().replace(b"{", b'{"total_amount":"0.01",')),
        signed(b"{not json}"),
        signed(b'{"a":"\xff"}'),
        b"{" * 70_000,
    ],
)
async def test_what_is_not_a_signed_and_final_answer_is_unknown(raw: bytes) -> None:
    with pytest.raises(GatewayUnknown):
        await hearing(raw).query("W1")


@pytest.mark.parametrize("status_code", [204, 302, 400, 404, 500, 502, 503])
async def test_even_a_signed_answer_counts_only_with_status_200(status_code: int) -> None:
    with pytest.raises(GatewayUnknown):
        await hearing(answer(), status_code=status_code).query("W1")


async def test_a_signed_refusal_carries_its_codes() -> None:
    with pytest.raises(GatewayRefused) as refused:
        await hearing(failure("ACQ.INVALID_PARAMETER")).query("W1")
    assert (refused.value.code, refused.value.sub_code) == ("40004", "ACQ.INVALID_PARAMETER")


CLOSE = "alipay_trade_close_response"


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ([answer(name=CLOSE)], CloseOutcome.CLOSED),
        ([failure("ACQ.TRADE_NOT_EXIST", CLOSE)], CloseOutcome.NOTHING_TO_CLOSE),
        ([failure("ACQ.TRADE_STATUS_ERROR", CLOSE), answer()], CloseOutcome.ALREADY_PAID),
        (
            [failure("ACQ.REASON_TRADE_STATUS_INVALID", CLOSE), answer({"trade_status": "TRADE_FINISHED"})],
            CloseOutcome.ALREADY_PAID,
        ),
        (
            [
                failure("ACQ.TRADE_STATUS_ERROR", CLOSE),
                answer({"trade_status": "TRADE_CLOSED", "send_pay_date": None}),
            ],
            CloseOutcome.CLOSED,
        ),
        (
            [failure("ACQ.TRADE_STATUS_ERROR", CLOSE), answer({"trade_status": "TRADE_CLOSED"})],
            CloseOutcome.ALREADY_PAID,
        ),
    ],
)
async def test_closing_ends_in_one_of_three_ways(answers: list[bytes], outcome: CloseOutcome) -> None:
    assert await hearing(*answers).close("W1") is outcome


async def test_a_close_that_neither_closes_nor_finds_it_paid_is_unknown() -> None:
    waiting = answer({"trade_status": "WAIT_BUYER_PAY", "send_pay_date": None})
    with pytest.raises(GatewayUnknown):
        await hearing(failure("ACQ.TRADE_STATUS_ERROR", CLOSE), waiting).close("W1")


async def test_a_number_of_ours_that_cannot_be_one_is_never_sent() -> None:
    with pytest.raises(ValueError):
        await hearing().query("W1' OR 1")


@asynccontextmanager
async def listening(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[str]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/gateway.do"


async def test_a_server_that_drips_is_cut_off_by_the_total_deadline() -> None:
    """Each read is quick enough, so only the deadline over the whole call can end it."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            writer.close()

    async with listening(drip) as url:
        gateway = make_gateway(url, timeout_seconds=0.3)
        # The outer limit only keeps the test from hanging when the deadline is missing.
        async with asyncio.timeout(10):
            with pytest.raises(GatewayUnknown, match="within"):
                await gateway.query("W1")
        await gateway.aclose()


async def test_a_server_that_hangs_up_in_the_middle_leaves_the_outcome_unknown() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + answer()[:50])
        await writer.drain()
        writer.close()

    async with listening(hang_up) as url:
        gateway = make_gateway(url)
        with pytest.raises(GatewayUnknown, match="reached"):
            await gateway.query("W1")
        await gateway.aclose()


async def test_nobody_listening_leaves_the_outcome_unknown() -> None:
    gateway = make_gateway("http://127.0.0.1:1/gateway.do")
    with pytest.raises(GatewayUnknown):
        await gateway.query("W1")
    await gateway.aclose()


async def test_a_client_that_was_lent_is_not_closed() -> None:
    client = httpx2.AsyncClient()
    gateway = make_gateway(client=client)
    await gateway.aclose()
    assert not client.is_closed
    await client.aclose()

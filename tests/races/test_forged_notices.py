"""Ten thousand notices that Alipay never sent: nothing is booked, nothing breaks, and one answer tells no forger anything (P3)."""

import random
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qsl, urlencode

import pytest

from cishan.database import rows
from cishan.payments.models import Order
from cishan.sealing import Sealer
from conftest import Committed, browser_for
from gateway_makers import app_key_pem, notice_form, strangers_key_pem
from payments.order_makers import RecordingOwner
from races.test_payment_races import gift_entries, make_orders
from races.world import World, all_at_once, make_world

SEED = 20_250_303
AT_ONCE = 40
HUGE = 2_000_000

Forge = Callable[[Order, random.Random], bytes]


@pytest.fixture
async def world(committed_database: Committed, sealer: Sealer) -> AsyncIterator[World]:
    async with make_world(committed_database, sealer) as made:
        made.app.state.line_owners = {"claim": RecordingOwner()}
        yield made


def said_of(order: Order, **changes: str) -> dict[str, str | None]:
    return {
        "out_trade_no": order.out_trade_no,
        "trade_no": f"T{order.out_trade_no}",
        "total_amount": "300.00",
        "notify_id": f"N{order.out_trade_no}",
        **changes,
    }


def signed(order: Order, **changes: str) -> list[tuple[str, str]]:
    """What Alipay would have sent, as pairs to be spoilt."""
    return parse_qsl(notice_form(said_of(order, **changes)).decode(), keep_blank_values=True)


def spoilt(order: Order, **changes: str) -> bytes:
    """Signed by Alipay, and changed on the way."""
    return urlencode([(name, changes.get(name, value)) for name, value in signed(order)]).encode()


def flip_a_letter(order: Order, luck: random.Random) -> bytes:
    """One letter of a true notice changed; not the case of an escape, which changes nothing of what is said."""
    true = notice_form(said_of(order))
    while True:
        body = bytearray(true)
        body[luck.randrange(len(body))] = luck.randrange(33, 127)
        if parse_qsl(body.decode(), keep_blank_values=True) != parse_qsl(true.decode(), keep_blank_values=True):
            return bytes(body)


FORGERIES: dict[str, Forge] = {
    "by a stranger": lambda order, luck: notice_form(said_of(order), key_pem=strangers_key_pem()),
    "by our own key": lambda order, luck: notice_form(said_of(order), key_pem=app_key_pem()),
    "a cent more": lambda order, luck: spoilt(order, total_amount="300.01"),
    "another amount": lambda order, luck: spoilt(order, total_amount=f"{luck.randrange(1, 10**6)}.00"),
    "no signature": lambda order, luck: urlencode([one for one in signed(order) if one[0] != "sign"]).encode(),
    "an empty signature": lambda order, luck: spoilt(order, sign=""),
    "noise for a signature": lambda order, luck: spoilt(order, sign=luck.randbytes(256).hex()),
    "the weak algorithm": lambda order, luck: spoilt(order, sign_type="RSA"),
    "no algorithm": lambda order, luck: spoilt(order, sign_type="none"),
    "another seller": lambda order, luck: notice_form(said_of(order, seller_id="2088000000000999")),
    "another app": lambda order, luck: notice_form(said_of(order, app_id="2021000000000999")),
    "a field twice": lambda order, luck: urlencode([*signed(order), ("total_amount", "0.01")]).encode(),
    "encoded again": lambda order, luck: spoilt(order, subject="%E5%BE%AE"),
    "escaped for a page": lambda order, luck: spoilt(order, subject="&quot;微心愿&quot;"),
    "two megabytes": lambda order, luck: b"body=" + b"x" * HUGE,
    "no form": lambda order, luck: luck.randbytes(luck.randrange(1, 400)),
    "nothing": lambda order, luck: b"",
    "one letter changed": flip_a_letter,
}


async def forge(world: World, count: int) -> None:
    orders, luck = await make_orders(world, 20), random.Random(SEED)
    kinds = list(FORGERIES.values())
    async with browser_for(world.app) as browser:

        async def send(body: bytes) -> tuple[int, str]:
            answer = await browser.post(
                "/pay/notify", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
            )
            return answer.status_code, answer.text

        for start in range(0, count, AT_ONCE):
            bodies = [kinds[(start + place) % len(kinds)](luck.choice(orders), luck) for place in range(AT_ONCE)]
            answers = set(await all_at_once([lambda body=body: send(body) for body in bodies]))  # type: ignore[misc]
            small = {answer for answer in answers if answer[0] != 413}
            assert len(small) <= 1
            assert all(status < 500 and text != "success" for status, text in answers)
    assert await gift_entries() == {}
    assert await rows("SELECT 1 FROM payment_order WHERE status <> 'pending'") == []
    assert await rows("SELECT 1 FROM stored_notice WHERE verdict <> 'rejected' OR reason = ''") == []


async def test_the_same_notice_as_alipay_sends_it_is_booked(world: World) -> None:
    """Positive control: what the forgeries are made from would be taken."""
    order = (await make_orders(world, 1))[0]
    async with browser_for(world.app) as browser:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await browser.post("/pay/notify", content=notice_form(said_of(order)), headers=headers)
    assert answer.text == "success"
    assert sum((await gift_entries()).values()) == 1


async def test_forged_notices_book_nothing_and_break_nothing(world: World) -> None:
    await forge(world, 5 * AT_ONCE)


@pytest.mark.slow
async def test_ten_thousand_forged_notices_book_nothing_and_break_nothing(world: World) -> None:
    await forge(world, 10_000)

"""Ways to the cashier over HTTP against one process that does nothing but sign them with the SDK's own code.

The SDK signs in pure Python; ours signs with `cryptography` (ADR 2), and reads the claim, its order and the donor besides.
"""

import asyncio
import json
import sys
import time
from itertools import cycle

from bench.city import DONOR_BASE, merchant, token_of
from bench.harness import Aim, Benchmark, Rounds, interleave
from bench.load import drive, get_request
from bench.notices import CLAIM_BASE, Till
from bench.world import World
from cishan.shipped import ROOT
from cishan.web import SESSION_COOKIE

ORDERS = 16
SIGN = "from bench.checkouts import sign_with_sdk; sign_with_sdk()"


async def over_http(world: World) -> Rounds:
    till = Till(world)
    await till.make_orders()
    requests = [checkout_request(place, world.scale.donors) for place in till.take(ORDERS)]

    async def subject() -> float:
        tally = await drive(
            world.port, cycle(requests), connections=world.scale.connections, seconds=world.scale.seconds
        )
        return tally.rate(303)

    rounds = await interleave(subject, lambda: sdk_rate(world.scale.seconds), rounds=world.scale.rounds)
    rounds.notes |= {"clients": world.scale.connections}
    return rounds


def checkout_request(place: int, donors: int) -> bytes:
    cookie = f"{SESSION_COOKIE}={token_of(DONOR_BASE + place % donors)}"
    return get_request(f"/me/claims/{CLAIM_BASE + place}/pay", cookie)


async def sdk_rate(seconds: float) -> float:
    """Signed links a second by the official SDK's `page_execute`, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SIGN), cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    account = merchant()
    asked = {"seconds": seconds, "key": account.private_key_pem, "app_id": account.app_id, "url": account.gateway_url}
    said, _ = await process.communicate(json.dumps(asked).encode())
    return float(said)


def sign_with_sdk() -> None:
    """Prints how many cashier links a second this process signs with the SDK as it comes."""
    from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
    from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
    from alipay.aop.api.domain.AlipayTradePagePayModel import AlipayTradePagePayModel
    from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest

    asked = json.load(sys.stdin)
    config = AlipayClientConfig()
    config.server_url = asked["url"]
    config.app_id, config.app_private_key = asked["app_id"], asked["key"]
    client = DefaultAlipayClient(config)
    made, began = 0, time.perf_counter()
    while time.perf_counter() - began < asked["seconds"]:
        model = AlipayTradePagePayModel()
        model.out_trade_no = f"B{made}"
        model.product_code = "FAST_INSTANT_TRADE_PAY"
        model.subject = "微心愿：台灯"
        model.total_amount = "300.00"
        client.page_execute(AlipayTradePagePayRequest(model), "GET")
        made += 1
    print(made / (time.perf_counter() - began))


BENCHMARKS = (
    Benchmark(
        name="checkouts",
        measures="signed ways to the cashier over HTTP, for donors with a session and a claim, two workers",
        against="one process signing the same request with the official SDK's own code",
        kind=Aim.PEER,
        aim=15.0,
        unit="links/s",
        run=over_http,
    ),
)

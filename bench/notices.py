"""Payment notices over HTTP against pgbench, which drives the statements of a notice as the server logged them (P1).

Each order is told five times, all shuffled: one notice of five books, four find nothing new.
"""

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from bench.city import DONOR_BASE, merchant
from bench.harness import Aim, Benchmark, Rounds, interleave
from bench.load import drive, post_request
from bench.peer_script import log_statements, pgbench, script_of, statements_since
from bench.world import World
from cishan.payments.alipay.signing import NOTICE_LEAVES_OUT, load_private_key, sign

CLAIM_BASE = 71_000_000
ORDER_BASE = 81_000_000
LINE_BASE = 85_000_000
PRICE_FEN = 30_000
TIMES = 5
WARMING = 20
SEED = 20_250_303

MAKE_PAYABLE = """
WITH wished AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM wish WHERE status = 'lapsed' ORDER BY id LIMIT $1),
taken AS (
    UPDATE wish w SET status = 'claimed', due_at = NULL FROM wished WHERE w.id = wished.id),
claimed AS (
    INSERT INTO claim (id, wish_id, donor_id, way, status, price_fen, claimed_at, status_since, due_at, escalation,
                       over_reason)
    SELECT $2::bigint + n, id, $3::bigint + n % $4::bigint, 'pay', 'reserved', $5, now(), now(), now() + interval '1 day', 0, ''
      FROM wished),
ordered AS (
    INSERT INTO payment_order (id, out_trade_no, charity_id, donor_id, subject, total_fen, status, created_at, expires_at, polls)
    SELECT $6::bigint + n, 'B' || ($6::bigint + n), f.charity_id, $3::bigint + n % $4::bigint, '微心愿捐款', $5, 'pending', now(),
           now() + interval '1 day', 0 FROM wished, fund f)
INSERT INTO order_line (id, order_id, fund_id, owner_kind, owner_id, amount_fen)
SELECT $7::bigint + n, $6::bigint + n, f.id, 'claim', $2::bigint + n, $5 FROM wished, fund f
"""
ENTRY_OF = "SELECT id FROM ledger_entry WHERE source_kind = 'order_line' AND source_id = $1"
BOOKED = "SELECT count(*) FROM ledger_entry WHERE kind = 'gift' AND source_kind = 'order_line' AND source_id = ANY($1::bigint[])"
PREPARE_PEER = f"""\\set n :first + :client_id * :share + :k
\\set k :k + 1
\\set payment_order {ORDER_BASE} + :n
\\set claim {CLAIM_BASE} + :n
\\set line {LINE_BASE} + :n
\\set donor {DONOR_BASE} + :n % :donors
"""


async def over_http(world: World) -> Rounds:
    till = Till(world)
    await till.make_orders()
    first, again = await till.record()
    script = PREPARE_PEER + "".join([first, *[again] * (TIMES - 1)])
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        rounds = await interleave(
            lambda: till.notice_rate(world.scale.orders),
            lambda: till.pgbench_rate(Path(file.name), world.scale.peer_orders),
            rounds=world.scale.rounds,
        )
    rounds.notes |= {
        "clients": world.scale.connections,
        "orders": world.scale.orders * world.scale.rounds,
        "notices": world.scale.orders * world.scale.rounds * TIMES,
    }
    return rounds


class Till:
    """Orders that wait for their money; each is used by one round."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.key = load_private_key(merchant().alipay_private_key_pem)
        self.random = random.Random(SEED)

    async def make_orders(self) -> None:
        """Once for all benchmarks of a run."""
        if self.world.orders_made:
            return
        self.world.orders_made, scale = True, self.world.scale
        async with self.world.connection() as connection:
            await connection.execute(
                *(
                    MAKE_PAYABLE,
                    scale.all_orders,
                    CLAIM_BASE,
                    DONOR_BASE,
                    scale.donors,
                    PRICE_FEN,
                    ORDER_BASE,
                    LINE_BASE,
                )
            )
            await connection.execute("VACUUM ANALYZE wish, claim, payment_order, order_line")

    def take(self, count: int) -> range:
        taken = range(self.world.used_orders, self.world.used_orders + count)
        if taken.stop > self.world.scale.all_orders:
            raise ValueError(f"only {self.world.scale.all_orders} orders were made, {taken.stop} are wanted")
        self.world.used_orders = taken.stop
        return taken

    async def notice_rate(self, orders: int) -> float:
        """Notices a second; every answer must be a 200, and each order must be booked once."""
        places = self.take(orders)
        requests = [self.notice(place) for place in places for _ in range(TIMES)]
        self.random.shuffle(requests)
        tally = await drive(self.world.port, iter(requests), connections=self.world.scale.connections)
        await self.check_booked(places)
        return tally.rate(200)

    def notice(self, place: int) -> bytes:
        number = ORDER_BASE + place
        form = {
            "notify_type": "trade_status_sync",
            "notify_id": f"N{number}",
            "notify_time": "2026-03-02 12:05:01",
            "app_id": merchant().app_id,
            "charset": "utf-8",
            "version": "1.0",
            "sign_type": "RSA2",
            "trade_no": f"T{number}",
            "out_trade_no": f"B{number}",
            "seller_id": merchant().seller_id,
            "trade_status": "TRADE_SUCCESS",
            "total_amount": f"{PRICE_FEN // 100}.00",
            "gmt_payment": "2026-03-02 12:05:00",
        }
        form["sign"] = sign(form, self.key, NOTICE_LEAVES_OUT)
        return post_request("/pay/notify", urlencode(form))

    async def check_booked(self, places: Sequence[int]) -> None:
        """An answer is not yet a booking: each order must stand in the books, once."""
        async with self.world.connection() as connection:
            booked = await connection.fetchval(BOOKED, [LINE_BASE + place for place in places])
        if booked != len(places):
            raise ValueError(f"{len(places)} orders were paid, {booked} are booked")

    async def record(self) -> tuple[str, str]:
        """The statements of a notice that books and of one that finds nothing new, as pgbench scripts."""
        await self.notice_rate(WARMING)
        place = self.take(1)[0]
        async with self.world.connection() as connection:
            await log_statements(connection, "all")
            try:
                first, again = [await self._record_one(place) for _ in range(2)]
            finally:
                await log_statements(connection, "none")
            entry = await connection.fetchval(ENTRY_OF, LINE_BASE + place)
        varying = {
            str(ORDER_BASE + place): ":payment_order",
            str(CLAIM_BASE + place): ":claim",
            str(LINE_BASE + place): ":line",
            str(DONOR_BASE + place % self.world.scale.donors): ":donor",
            str(entry): ":ledger_entry_id",
        }
        return script_of(first, varying), script_of(again, varying)

    async def _record_one(self, place: int) -> list[tuple[str, str]]:
        offset = self.world.log_size()
        await drive(self.world.port, iter([self.notice(place)]), connections=1)
        return await statements_since(self.world, offset)

    async def pgbench_rate(self, script: Path, orders: int) -> float:
        """Notices a second by pgbench with as many clients; a transaction of its script is one order's five."""
        share = orders // self.world.scale.connections
        places = self.take(share * self.world.scale.connections)
        variables = {"first": places.start, "share": share, "k": 0, "donors": self.world.scale.donors}
        rate = await pgbench(self.world, script, transactions=share, variables=variables)
        await self.check_booked(places)
        return rate * TIMES


BENCHMARKS = (
    Benchmark(
        name="notices",
        measures="payment notices over HTTP, each order told five times, shuffled, two workers",
        against="pgbench driving the statements of a booking notice and four that find nothing new, with as many clients",
        kind=Aim.PEER,
        aim=0.12,
        unit="notices/s",
        run=over_http,
    ),
)

"""K1: the web process dies with -9 at every point of a claim and of a notice; nothing is lost, nothing is doubled.

The client keeps a journal: what it was told is true afterwards. A claim is sent again with the same form key and gets the
first answer; Alipay sends a notice again until it hears `success`.
"""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx2
import pytest

import makers
from cishan.accounts.viewer import Viewer
from cishan.charities.actions import set_up_merchant
from cishan.charities.queries import load_site
from cishan.claims.models import Claim
from cishan.clock import BEIJING
from cishan.database import database_now, rows
from cishan.money import yuan_text
from cishan.payments.alipay.signing import public_key_pem
from cishan.payments.merchants import private_key_file
from cishan.postgres import Cluster
from cishan.sealing import Sealer
from cishan.verify.checks import run_checks
from cishan.verify.money import MONEY_CHECKS
from conftest import Committed
from faults.killing import Web, open_web
from gateway_makers import APP_ID, SELLER_ID, alipay_key_pem, app_key_pem, notice_form

PRICE_FEN = 30_000
PER_DONOR = 2
MOST_TRIES = 6


@dataclass
class Journal:
    """What the client was told: the page of each claim, and which notices were heard. `points` counts those met."""

    claims: dict[int, str] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    points: set[tuple[str, int]] = field(default_factory=set)


@dataclass
class Counter:
    web: Web
    sealer: Sealer
    people: makers.WishPeople
    journal: Journal = field(default_factory=Journal)
    _donor: Viewer | None = None
    _claims_of_donor: int = 0

    async def claim(self, point: int) -> str:
        """A donor claims a wish; whatever dies on the way, they send the same form until they are answered."""
        now = await database_now()
        wish = await makers.make_published_wish(sealer=self.sealer, now=now, people=self.people, price_fen=PRICE_FEN)
        await self._sign_in(now)
        form = {"way": "pay", "form_key": secrets.token_urlsafe(24)}
        answer = await self._until_answered("claim", point, f"/wishes/{wish.id}/claim", data=form)
        assert answer.status_code == 303, answer.text
        self.journal.claims[wish.id] = answer.headers["location"]
        again = await self.web.post(f"/wishes/{wish.id}/claim", data=form)
        assert again is not None
        assert again.headers["location"] == answer.headers["location"]
        found = await rows(
            "SELECT o.out_trade_no FROM claim c JOIN order_line l ON l.owner_kind = 'claim' AND l.owner_id = c.id "
            "JOIN payment_order o ON o.id = l.order_id WHERE c.wish_id = $1",
            wish.id,
        )
        number: str = found[0]["out_trade_no"]
        return number

    async def notice(self, point: int, out_trade_no: str) -> None:
        """Alipay says that the order is paid, until it hears `success`."""
        paid_at = f"{(await database_now()).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"
        body = notice_form(
            {
                "notify_id": secrets.token_hex(16),
                "notify_time": paid_at,
                "gmt_payment": paid_at,
                "out_trade_no": out_trade_no,
                "trade_no": f"T{out_trade_no}",
                "total_amount": yuan_text(PRICE_FEN),
            }
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._until_answered("notice", point, "/pay/notify", content=body, headers=headers)
        assert answer.text == "success"
        self.journal.heard.add(out_trade_no)

    async def _until_answered(self, kind: str, point: int, path: str, **options: object) -> httpx2.Response:
        await self.web.start()
        self.web.kill_at(point)
        for _ in range(MOST_TRIES):
            kills = self.web.kills
            answer = await self.web.post(path, **options)
            if self.web.kills > kills:
                self.journal.points.add((kind, point))
            if answer is not None and answer.status_code < 500:
                self.web.kill_at(0)
                return answer
            await self.web.start()
        raise AssertionError(f"{path} was never answered")

    async def _sign_in(self, now: datetime) -> None:
        if self._donor is None or self._claims_of_donor == PER_DONOR:
            self._donor, self._claims_of_donor = await makers.make_donor(sealer=self.sealer, now=now), 0
            await makers.signed_in(self.web.browser, self._donor, now=now)
        self._claims_of_donor += 1

    async def check(self) -> None:
        """Nothing lost: all that was told stands. Nothing doubled: one claim, one order, one booking, one message each."""
        told = self.journal
        claims = await Claim.all().values_list("wish_id", "id")
        assert sorted(wish for wish, _ in claims) == sorted(told.claims)
        assert {f"/me/claims/{claim}/pay" for _, claim in claims} == set(told.claims.values())
        orders = await rows("SELECT out_trade_no, status FROM payment_order")
        assert len(orders) == len(told.claims)
        assert {row["out_trade_no"] for row in orders if row["status"] == "paid"} == told.heard
        booked = await rows("SELECT count(*) AS n FROM ledger_entry WHERE kind = 'gift'")
        thanked = await rows("SELECT count(*) AS n FROM outbox_message WHERE key LIKE 'claim-paid:%'")
        assert booked == thanked == [{"n": len(told.heard)}]
        found = await run_checks(MONEY_CHECKS, require_rows=False, now=await database_now())
        assert [check.name for check in found if not check.ok] == []


@pytest.fixture
async def counter(
    committed_database: Committed, cluster: Cluster, sealer: Sealer, tmp_path: Path
) -> AsyncIterator[Counter]:
    settings, now = committed_database.settings, await database_now()
    await makers.make_campaign(now=now)
    site = await load_site()
    assert site is not None
    await set_up_merchant(
        site.charity_id, app_id=APP_ID, seller_id=SELLER_ID, gateway_url="http://127.0.0.1:9/gateway.do"
    )
    key = private_key_file(settings, APP_ID)
    key.write_text(app_key_pem())
    (settings.keys_directory / f"alipay-{APP_ID}.pem").write_text(public_key_pem(alipay_key_pem()))
    people = await makers.make_wish_people(sealer=sealer, now=now)
    socket = str(cluster.socket_directory / f".s.PGSQL.{cluster.credentials('')['port']}")
    async with open_web(settings, socket, committed_database.name, tmp_path) as web:
        yield Counter(web, sealer, people)
    key.unlink()


async def go_through(counter: Counter, kills: int) -> None:
    """Kills at the first point, the second, and so on; beyond the last of a step it begins anew."""
    points = {"claim": 1, "notice": 1}
    while counter.web.kills < kills:
        number = await counter.claim(points["claim"])
        await counter.notice(points["notice"], number)
        for kind, point in points.items():
            points[kind] = point + 1 if (kind, point) in counter.journal.points else 1


@pytest.mark.parametrize("kills", [4, pytest.param(200, marks=pytest.mark.slow)])
async def test_a_web_process_that_is_killed_loses_nothing_and_doubles_nothing(counter: Counter, kills: int) -> None:
    await go_through(counter, kills)
    await counter.check()
    print(f"{counter.web.kills} kills at {len(counter.journal.points)} points")


async def test_it_is_the_forms_key_that_gives_the_first_answer(counter: Counter) -> None:
    """Positive control: a client that forgot its key is told that somebody has taken the wish."""
    number = await counter.claim(0)
    wish_id = next(iter(counter.journal.claims))
    form = {"way": "pay", "form_key": secrets.token_urlsafe(24)}
    answer = await counter.web.post(f"/wishes/{wish_id}/claim", data=form)
    assert answer is not None
    assert answer.status_code == 409
    assert number

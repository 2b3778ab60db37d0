"""Sends notices: up to eight attempts each, at Alipay's gaps, until the merchant answers `success`.

What is due stands in the store, so a restart goes on where the last process stopped. An attempt is recorded
after it was made: a process killed in between makes it again, and a merchant must bear the same notice twice
anyway.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import httpx2
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from cishan.payments.sandbox.faults import Fault
from cishan.payments.sandbox.messages import notice_body
from cishan.payments.sandbox.store import Store, StoredNotice

if TYPE_CHECKING:
    from cishan.clock import Clock

GAPS = (
    timedelta(minutes=4),
    timedelta(minutes=10),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=15),
)
MAX_ATTEMPTS = len(GAPS) + 1
BATCH = 200
MAX_ANSWER_CHARACTERS = 80

log = logging.getLogger(__name__)


class Courier:
    def __init__(
        self,
        store: Store,
        key: RSAPrivateKey,
        clock: "Clock",
        faults_of: Callable[[str], frozenset[Fault]],
        clock_divisor: float,
        at_once: int,
        timeout_seconds: float,
        client: httpx2.AsyncClient | None = None,
    ) -> None:
        self._store = store
        self._key = key
        self._clock = clock
        self._faults_of = faults_of
        self._clock_divisor = clock_divisor
        self._at_once = asyncio.Semaphore(at_once)
        self._timeout_seconds = timeout_seconds
        self._client = client
        self._owns_client = client is None
        # One delivery at a time, or two would send the same row.
        self._delivering = asyncio.Lock()

    async def deliver_due(self) -> int:
        """Sends everything that is due now by the clock; returns how many posts were made.

        When it returns, every due notice was tried once and is settled or due later.
        """
        posts = 0
        async with self._delivering:
            while due := self._store.due_notices(self._clock.now(), BATCH):
                by_trade = groupby(sorted(due, key=_trade_key), key=_trade_key)
                posts += sum(await asyncio.gather(*(self._send(list(group)) for _, group in by_trade)))
        return posts

    async def aclose(self) -> None:
        if self._client is not None and self._owns_client:
            client, self._client = self._client, None
            await client.aclose()

    async def _send(self, notices: list[StoredNotice]) -> int:
        """Notices of one trade, one after the other; those of different trades travel side by side."""
        return sum([await self._attempt(notice) for notice in notices])

    async def _attempt(self, notice: StoredNotice) -> int:
        faults = self._faults_of(notice.out_trade_no)
        if Fault.DROP in faults:
            self._store.record_attempt(notice.id, notice.attempts, None, "dropped")
            return 0
        body = notice_body(notice.fields, self._clock.now(), self._key, faults)
        copies = 2 if Fault.DUPLICATE in faults else 1
        async with self._at_once:
            answers = await asyncio.gather(*(self._post(notice.url, body) for _ in range(copies)))
        self._record(notice, answers[-1])
        return copies

    def _record(self, notice: StoredNotice, answer: str) -> None:
        attempts = notice.attempts + 1
        due_at = None
        if answer != "success" and attempts < MAX_ATTEMPTS:
            due_at = self._clock.now() + GAPS[attempts - 1] / self._clock_divisor
        self._store.record_attempt(notice.id, attempts, due_at, answer[:MAX_ANSWER_CHARACTERS])

    async def _post(self, url: str, body: bytes) -> str:
        """The merchant's answer if it is one, otherwise what was wrong. Exactly `success` counts, nothing
        near it.
        """
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        try:
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._pool().post(url, content=body, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            log.info("a notice did not get through: %s", type(error).__name__)
            return type(error).__name__
        if response.status_code != 200:
            return f"status {response.status_code}"
        return response.content.decode("utf-8", "replace")

    def _pool(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = httpx2.AsyncClient(timeout=self._timeout_seconds, follow_redirects=False, trust_env=False)
        return self._client


def _trade_key(notice: StoredNotice) -> tuple[str, str]:
    return notice.app_id, notice.out_trade_no

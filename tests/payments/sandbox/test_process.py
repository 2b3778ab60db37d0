"""The sandbox as a process: it can be killed at any moment and knows afterwards what it had said."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

import sandbox_process
from cishan.clock import SystemClock
from cishan.payments.alipay.gateway import AlipayGateway, TradeStatus
from cishan.payments.sandbox.settings import application_of
from cishan.payments.sandbox.store import Store
from gateway_makers import alipay_key_pem, make_checkout, make_merchant

DEAD_URL = "http://127.0.0.1:1/notify"


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    values: dict[str, Any] = {
        "applications": [asdict(application_of(make_merchant(), "德州市慈善总会"))],
        "private_key_pem": alipay_key_pem(),
        "database": str(tmp_path / "sandbox.sqlite"),
    }
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(values))
    return path


@asynccontextmanager
async def process(settings_file: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    started = await asyncio.create_subprocess_exec(
        sys.executable, sandbox_process.__file__, str(settings_file), stdout=asyncio.subprocess.PIPE
    )
    assert started.stdout is not None
    try:
        async with asyncio.timeout(60):
            url = (await started.stdout.readline()).decode().strip()
        assert url.startswith("http://127.0.0.1:")
        yield started, url
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


def checkout(out_trade_no: str) -> Any:
    expires_at = SystemClock().now() + timedelta(minutes=30)
    return make_checkout(out_trade_no, expires_at=expires_at, notify_url=DEAD_URL)


async def test_a_killed_sandbox_forgets_nothing_it_said(settings_file: Path) -> None:
    async with httpx2.AsyncClient(trust_env=False) as browser:
        async with process(settings_file) as (killed, url):
            gateway = AlipayGateway(make_merchant(f"{url}/gateway.do"), SystemClock())
            await browser.get(gateway.checkout_url(checkout("WAITING")), follow_redirects=True)
            page = await browser.get(gateway.checkout_url(checkout("PAID")), follow_redirects=True)
            assert (await browser.post(f"{page.url}/pay")).status_code == 303
            killed.kill()
            assert await killed.wait() == -signal.SIGKILL
            await gateway.aclose()
        async with process(settings_file) as (_, url):
            gateway = AlipayGateway(make_merchant(f"{url}/gateway.do"), SystemClock())
            paid, waiting = await gateway.query("PAID"), await gateway.query("WAITING")
            await gateway.aclose()
    assert paid is not None
    assert waiting is not None
    assert paid.status is TradeStatus.TRADE_SUCCESS
    assert waiting.status is TradeStatus.WAIT_BUYER_PAY
    store = Store(str(settings_file.parent / "sandbox.sqlite"))
    (notice,) = store.notices_of("PAID")
    store.close()
    assert notice.due_at is not None


async def test_a_sandbox_told_to_stop_stops(settings_file: Path) -> None:
    async with process(settings_file) as (running, url):
        async with httpx2.AsyncClient(trust_env=False) as browser:
            assert (await browser.get(f"{url}/ready")).text == "ready"
        running.terminate()
        async with asyncio.timeout(30):
            assert await running.wait() == -signal.SIGTERM


def test_an_open_address_ends_the_start_with_a_reason(settings_file: Path) -> None:
    values = json.loads(settings_file.read_text())
    settings_file.write_text(json.dumps({**values, "host": "0.0.0.0"}))
    command = [sys.executable, sandbox_process.__file__, str(settings_file)]
    started = subprocess.run(command, capture_output=True, text=True, check=False)
    assert started.returncode == 1
    assert "loopback only" in started.stderr

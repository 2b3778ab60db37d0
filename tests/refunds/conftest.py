"""A counter on the test's own transaction."""

from collections.abc import AsyncIterator

import pytest

from cishan.clock import SteppedClock
from cishan.sealing import Sealer
from cishan.settings import Settings
from refunds.counter import Counter, open_counter


@pytest.fixture
async def counter(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> AsyncIterator[Counter]:
    async with open_counter(transaction, sealer, clock) as opened:
        yield opened

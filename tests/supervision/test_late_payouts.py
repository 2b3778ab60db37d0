"""Help that stands still: a payout that waits a week for a person is somebody's late thing."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

import makers
from cishan.accounts.states import Role
from cishan.clock import SteppedClock
from cishan.sealing import Sealer
from cishan.supervision.queries import overdue_for
from payouts.payout_makers import (
    Bureau,
    approve_with,
    make_application,
    make_approved,
    make_bureau,
    make_payee,
    make_share,
    send,
)

WEEK, SECOND = timedelta(days=7), timedelta(seconds=1)


@pytest.fixture
async def bureau(transaction: object, sealer: Sealer, clock: SteppedClock) -> Bureau:
    return await make_bureau(sealer, clock)


async def applied(bureau: Bureau) -> int:
    return await make_application(bureau, await make_share(bureau), await make_payee(bureau))


async def endorsed(bureau: Bureau) -> int:
    payout_id = await applied(bureau)
    await approve_with(bureau, payout_id, bureau.editor)
    return payout_id


async def in_file(bureau: Bureau) -> int:
    payout_id = await make_approved(bureau)
    await send(bureau, payout_id)
    return payout_id


async def late_after(bureau: Bureau, wait: timedelta) -> list[tuple[str, Role]]:
    now = bureau.clock.now()
    supervisor = await makers.make_staff(Role.SUPERVISOR, makers.CITY, sealer=bureau.sealer, now=now, name="钱督")
    return [(row.what, row.whose) for row in await overdue_for(supervisor, now=now + wait)]


@pytest.mark.parametrize(
    ("make", "what", "whose"),
    [
        (applied, "救助款等第一次审批", Role.EDITOR),
        (endorsed, "救助款等第二次审批", Role.FINANCE),
        (make_approved, "批准的救助款等付款", Role.CASHIER),
        (in_file, "救助款等付款结果", Role.CASHIER),
    ],
)
async def test_a_payout_that_waits_for_a_person_is_late_after_a_week(
    bureau: Bureau, make: Callable[[Bureau], Awaitable[int]], what: str, whose: Role
) -> None:
    await make(bureau)
    assert await late_after(bureau, WEEK - SECOND) == []
    assert await late_after(bureau, WEEK) == [(what, whose)]

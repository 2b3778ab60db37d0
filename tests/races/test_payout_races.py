"""Help with many hands at once: no fund promises twice, no step is taken twice, nothing is paid twice."""

import asyncio
from collections.abc import Awaitable

import pytest

from cishan.accounts.states import Role
from cishan.charities.actions import allow_transfers, set_up_merchant
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import CishanError
from cishan.ledger import free
from cishan.ledger.free import spendable_of
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.payouts.applying import approve_payout
from cishan.payouts.paying import record_paid, record_returned
from cishan.payouts.states import PayeeKind
from cishan.payouts.transferring import begin_transfers, send_due_transfers
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.verify.checks import run_checks
from cishan.verify.payouts import PAYOUT_CHECKS
from conftest import Committed
from donations.donation_makers import pay, pledge
from gateway_makers import APP_ID, SELLER_ID, open_shop
from makers import CITY, make_donor, make_staff
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

TIMES = 8


@pytest.fixture
async def bureau(committed_database: Committed, sealer: Sealer, clock: SteppedClock) -> Bureau:
    return await make_bureau(sealer, clock)


async def succeeded(*acts: Awaitable[object]) -> int:
    """How many of them were done; all others were refused with a sentence."""
    answers = await asyncio.gather(*acts, return_exceptions=True)
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(one, CishanError) for one in failed), failed
    return len(answers) - len(failed)


async def is_sound(bureau: Bureau) -> bool:
    return all(one.ok for one in await run_checks(PAYOUT_CHECKS, require_rows=False, now=bureau.clock.now()))


async def test_shares_set_aside_at_once_never_exceed_the_fund(bureau: Bureau) -> None:
    assert await succeeded(*[make_share(bureau, 300_000) for _ in range(TIMES)]) == 3
    assert await spendable_of(bureau.fund_id) == 100_000
    assert await is_sound(bureau)


async def test_without_the_funds_lock_they_would(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """Positive control: the same at once, with the lock taken away."""
    monkeypatch.setattr(free, "LOCK", free.LOCK.removesuffix(" FOR NO KEY UPDATE"))
    assert await succeeded(*[make_share(bureau, 300_000) for _ in range(TIMES)]) > 3
    assert not await is_sound(bureau)


async def test_applications_at_once_stay_within_their_share(bureau: Bureau) -> None:
    share, payee = await make_share(bureau, 500_000), await make_payee(bureau)
    assert await succeeded(*[make_application(bureau, share, payee, 200_000) for _ in range(TIMES)]) == 2
    assert await is_sound(bureau)


async def test_one_step_is_taken_once_by_two_who_approve_at_once(bureau: Bureau) -> None:
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau))
    await approve_with(bureau, payout_id, bureau.editor)
    people = (bureau.finance, bureau.second_finance, bureau.city_editor)
    acts = [approve_payout(payout_id, actor=one, sealer=bureau.sealer, now=bureau.clock.now()) for one in people]
    assert await succeeded(*acts) == 1
    assert await balance_of(bureau.fund_id, AccountType.PAYABLE) == -100_000
    assert await is_sound(bureau)


async def test_two_cashiers_make_one_file_of_the_same_help(bureau: Bureau) -> None:
    now = bureau.clock.now()
    others = [await make_staff(Role.CASHIER, CITY, sealer=bureau.sealer, now=now, name="杨出纳") for _ in range(TIMES)]
    payout_id = await make_approved(bureau)
    assert await succeeded(*[send(bureau, payout_id, cashier=one) for one in others]) == 1
    assert len(await rows("SELECT id FROM payout_file")) == 1


async def test_what_became_of_it_is_written_down_once(bureau: Bureau) -> None:
    now, payout_id = bureau.clock.now(), await make_approved(bureau)
    await send(bureau, payout_id)
    paid = [record_paid(payout_id, paid_at=now, actor=bureau.cashier, now=now) for _ in range(TIMES)]
    assert await succeeded(*paid) == 1
    back = [record_returned(payout_id, "账号已注销", actor=bureau.cashier, now=now) for _ in range(TIMES)]
    assert await succeeded(*back) == 1
    assert await balance_of(bureau.fund_id, AccountType.BANK) == 1_000_000
    assert await is_sound(bureau)


async def test_one_transfer_is_made_and_booked_once_by_many_workers_and_cashiers(
    bureau: Bureau, committed_database: Committed, clock: SteppedClock
) -> None:
    now, sealer = clock.now(), bureau.sealer
    donor = await make_donor(sealer=sealer, now=now)
    await pay(await pledge(bureau.fund_id, 400_000, donor=donor, now=now), sealer=sealer, now=now)
    share = await make_share(bureau)
    payee = await make_payee(bureau, number="zhang@example.cn", kind=PayeeKind.ALIPAY)
    payout_id = await make_application(bureau, share, payee)
    await approve_with(bureau, payout_id, bureau.editor, bureau.finance)
    cashiers = [await make_staff(Role.CASHIER, CITY, sealer=sealer, now=now, name="杨出纳") for _ in range(TIMES)]
    async with open_shop(clock) as shop:
        address = shop.running.gateway_url
        await set_up_merchant(bureau.charity_id, app_id=APP_ID, seller_id=SELLER_ID, gateway_url=address)
        await allow_transfers(APP_ID, allowed=True)
        begun = [begin_transfers([payout_id], actor=one, sealer=sealer, now=now) for one in cashiers]
        assert await succeeded(*begun) == 1
        services = Services(committed_database.settings, clock, sealer, shop.gateway)
        await succeeded(*[send_due_transfers(limit=9, services=services, now=now) for _ in range(TIMES)])
    assert await balance_of(bureau.fund_id, AccountType.ALIPAY) == 300_000
    assert len(await rows("SELECT id FROM payout_transfer WHERE state = 'made'")) == 1
    assert await is_sound(bureau)

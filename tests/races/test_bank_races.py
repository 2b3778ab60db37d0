"""Workers take one transfer together, people say two things of one movement at once: one of them holds, the books agree."""

import pytest

import makers
from bank.bank_makers import PLEDGED_FEN, bank_line, bring, donation_owners, line, pledge_transfer, take_by_hand
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.bank.coding import code_line
from cishan.bank.gifts import take_named_transfers
from cishan.bank.returns import record_held_gone
from cishan.bank.states import BankLineStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.donations.totals import total_of
from cishan.errors import Conflict, InvalidInput
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.sealing import Sealer
from conftest import Committed
from races.world import all_at_once
from reconciliation.scenes import Shop, make_shop

WORKERS = 8


@pytest.fixture
async def shop(committed_database: Committed, sealer: Sealer, clock: SteppedClock) -> Shop:
    return await make_shop(committed_database.settings, sealer, clock)


@pytest.fixture
async def company(shop: Shop) -> Viewer:
    return await makers.make_organisation(sealer=shop.services.sealer, now=shop.clock.now())


async def test_many_workers_and_a_person_take_a_transfer_once(shop: Shop, company: Viewer) -> None:
    _, code = await pledge_transfer(shop, company)
    await bring(shop, line("BK01", PLEDGED_FEN, shop.clock.now(), summary=code))
    owners, now = donation_owners(shop), shop.clock.now()

    async def by_hand() -> None:
        try:
            await take_by_hand(shop, "BK01", code)
        except Conflict:
            return

    await all_at_once(
        [
            *[lambda: take_named_transfers(limit=10, services=shop.services, owners=owners, now=now)] * WORKERS,
            by_hand,
            by_hand,
        ]
    )
    assert (await total_of(shop.site.fund_id)).gifts == 1
    assert await balance_of(shop.site.fund_id, AccountType.BANK) == PLEDGED_FEN
    assert (await bank_line("BK01"))["status"] == "gift"


async def test_two_transfers_that_name_one_code_are_one_gift_until_somebody_looks(shop: Shop, company: Viewer) -> None:
    _, code = await pledge_transfer(shop, company)
    now, owners = shop.clock.now(), donation_owners(shop)
    await bring(shop, *(line(f"BK0{number}", PLEDGED_FEN, now, summary=code) for number in range(4)))
    await all_at_once(
        [lambda: take_named_transfers(limit=10, services=shop.services, owners=owners, now=now)] * WORKERS
    )
    found = await rows("SELECT status, count(*) AS n FROM bank_line GROUP BY status ORDER BY status")
    assert {row["status"]: row["n"] for row in found} == {"gift": 1, "unrecognised": 3}
    assert (await total_of(shop.site.fund_id)).gifts == 1


async def test_what_is_held_is_given_or_goes_back_and_never_both(shop: Shop, company: Viewer) -> None:
    _, code = await pledge_transfer(shop, company)
    now, bookkeeper = shop.clock.now(), await shop.staff(Role.BOOKKEEPER)
    charity_id = shop.site.charity_id
    await bring(shop, *(line(f"BK0{number}", PLEDGED_FEN * (1 - 2 * (number > 0)), now) for number in range(4)))
    ids = {serial: (await bank_line(serial))["id"] for serial in ("BK00", "BK01", "BK02", "BK03")}
    await code_line(ids["BK00"], BankLineStatus.HELD, "", charity_id=charity_id, actor=bookkeeper, now=now)
    done: list[str] = []

    async def give() -> None:
        try:
            await take_by_hand(shop, "BK00", code)
        except Conflict:
            return
        done.append("given")

    async def back(serial: str) -> None:
        try:
            await record_held_gone(
                ids[serial], "BK00", "", charity_id=charity_id, actor=bookkeeper, sealer=shop.services.sealer, now=now
            )
        except (Conflict, InvalidInput):
            return
        done.append("back")

    await all_at_once([lambda: back("BK01"), give, lambda: back("BK02"), give, lambda: back("BK03")])
    assert len(done) == 1
    given = done == ["given"]
    assert await balance_of(shop.site.fund_id, AccountType.BANK) == (PLEDGED_FEN if given else 0)
    assert await balance_of(shop.site.fund_id, AccountType.FUND) == (-PLEDGED_FEN if given else 0)
    assert await balance_of(shop.site.fund_id, AccountType.UNASSIGNED) == 0

"""What the story of sound books tells of the bank: a gift by transfer, one that goes back, one of nobody known that goes back too."""

from datetime import timedelta

import makers
from bank.bank_makers import bank_line, bring, donation_owners, line, pledge_transfer, take
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.bank.coding import code_line
from cishan.bank.returns import record_held_gone, record_refund_gone
from cishan.bank.states import BankLineStatus
from cishan.charities.queries import Site
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.donations.actions import OWNER_KIND, follow_refund
from cishan.refunds.actions import take_gift_back
from cishan.refunds.neighbours import neighbours_of
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.settings import Settings
from reconciliation.bill_makers import FakeAlipay
from reconciliation.scenes import Shop

GIVEN_FEN = 80_000


async def tell_of_transfers(settings: Settings, site: Site, sealer: Sealer, clock: SteppedClock) -> None:
    shop = Shop(site, Services(settings, clock, sealer, None, follow_refund=follow_refund), clock, FakeAlipay())
    company = await makers.make_organisation(sealer=sealer, now=clock.now())
    codes = [await pledge_transfer(shop, company, GIVEN_FEN) for _ in range(2)]
    now = clock.advance(timedelta(minutes=1))
    gifts = [line(f"GIFT{number}", GIVEN_FEN, now, summary=code) for number, (_, code) in enumerate(codes)]
    await bring(shop, *gifts, *(line(f"HELD{number}", GIVEN_FEN, now) for number in range(2)))
    assert await take(shop) == 2
    bookkeeper, charity_id = await shop.staff(Role.BOOKKEEPER), site.charity_id
    for serial in ("HELD0", "HELD1"):
        line_id = (await bank_line(serial))["id"]
        await code_line(line_id, BankLineStatus.HELD, "", charity_id=charity_id, actor=bookkeeper, now=now)
    request_no = await _change_their_mind(shop, codes[1][0].donation_id, company)
    await bring(shop, *(line(serial, -GIVEN_FEN, now) for serial in ("BACK0", "BACK1")))
    for serial, record, number in (
        ("BACK0", record_held_gone, "HELD1"),
        ("BACK1", record_refund_gone, request_no),
    ):
        line_id = (await bank_line(serial))["id"]
        await record(line_id, number, "", charity_id=charity_id, actor=bookkeeper, sealer=sealer, now=now)


async def _change_their_mind(shop: Shop, donation_id: int, company: Viewer) -> str:
    neighbours = neighbours_of(shop.services, donation_owners(shop))
    sealer, now = shop.services.sealer, shop.clock.now()
    refund_id = await take_gift_back(
        OWNER_KIND, donation_id, neighbours=neighbours, actor=company, sealer=sealer, now=now
    )
    return str((await rows("SELECT request_no FROM refund WHERE id = $1", refund_id))[0]["request_no"])

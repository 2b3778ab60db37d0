"""A giver whose name stands on an official list: their gift rests, with a case that a name has opened."""

from datetime import timedelta

import makers
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.clock import SteppedClock
from cishan.sealing import Sealer
from cishan.vigilance.lists import add_names, screen_accounts
from cishan.vigilance.states import ListedKind
from donations.donation_makers import pay, pledge

NAME = "欧阳不凡"


async def tell_of_lists(site: Site, finance: Viewer, sealer: Sealer, clock: SteppedClock) -> None:
    now = clock.now()
    kind = ListedKind.PERSON
    await add_names(site.charity_id, "某部门第 1 号公告", kind, NAME, actor=finance, sealer=sealer, now=now)
    donor = await makers.make_donor(sealer=sealer, now=now, name=NAME)
    await screen_accounts(limit=100, sealer=sealer, now=now)
    later = clock.advance(timedelta(seconds=1))
    await pay(await pledge(site.fund_id, 1_200, donor=donor, now=later), sealer=sealer, now=later)

"""Donations of the demo to the 微心愿 fund: some named, most not, one that was not paid."""

from datetime import datetime, timedelta

from cishan.charities.queries import Site
from cishan.demo.staff import Crew
from cishan.demo.vouching import pay
from cishan.donations.actions import make_donation
from cishan.payments.owners import LineOwners
from cishan.payments.states import LateChoice
from cishan.services import Services

GIFTS: tuple[tuple[int, int, bool], ...] = (
    (10_000, 41, False),
    (5_000, 23, True),
    (20_000, 9, False),
    (6_600, 3, True),
)
"""How much, how many days ago, and whether the donor wants to be named."""


async def give_to_the_fund(crew: Crew, site: Site, services: Services, owners: LineOwners, *, now: datetime) -> None:
    for amount_fen, days, named in GIFTS:
        at = now - timedelta(days=days)
        made = await make_donation(
            site.fund_id, amount_fen, shows_name=named, late_choice=LateChoice.FUND, actor=crew.donors[0], now=at
        )
        await pay(made.out_trade_no, amount_fen, owners=owners, sealer=services.sealer, when=at)

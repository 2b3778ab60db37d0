"""Claims that have come some way through the hands of the right people, each step by the product's own actions."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site, load_site
from cishan.claims.actions import OWNER_KIND, claim_wish
from cishan.claims.checks import Check, record_check
from cishan.claims.fulfilment import HandOver, hand_over
from cishan.claims.money import ClaimPayments
from cishan.claims.purchases import Voucher, advance_money, record_purchase
from cishan.claims.states import CheckAnswer, CheckChannel, ClaimStatus, ClaimWay, DeliveryProof
from cishan.database import rows
from cishan.payments.actions import settle
from cishan.payments.alipay.terms import Trade, TradeStatus
from cishan.payments.states import SettleSource
from cishan.pictures.actions import store_picture
from cishan.pictures.encoder import CleanPicture
from cishan.pictures.models import PictureUse
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.wishes.states import WishKind, WishStatus
from makers import WishPeople

PRICE_FEN = 30_000
SHOP = "前屯供销社"


@dataclass(frozen=True)
class Team:
    """Everyone a claim needs, and what they work with."""

    people: WishPeople
    finance: Viewer
    second_finance: Viewer
    donor: Viewer
    site: Site
    sealer: Sealer
    settings: Settings

    @property
    def coordinator(self) -> Viewer:
        return self.people.coordinator

    @property
    def reviewer(self) -> Viewer:
        return self.people.reviewer

    @property
    def editor(self) -> Viewer:
        return self.people.editor


async def make_team(settings: Settings, *, sealer: Sealer, now: datetime) -> Team:
    await makers.make_campaign(now=now)
    site = await load_site()
    assert site is not None
    return Team(
        people=await makers.make_wish_people(sealer=sealer, now=now),
        finance=await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=now, name="何财务"),
        second_finance=await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=now, name="沈财务"),
        donor=await makers.make_donor(sealer=sealer, now=now),
        site=site,
        sealer=sealer,
        settings=settings,
    )


async def make_claim(
    team: Team,
    status: ClaimStatus = ClaimStatus.PAID,
    *,
    now: datetime,
    way: ClaimWay = ClaimWay.PAY,
    price_fen: int = PRICE_FEN,
    spent_fen: int | None = None,
) -> int:
    """A claim that has come to `status`: bought for the price unless `spent_fen` says less; handed over by slip."""
    claim_id = await _claimed(team, way, price_fen, now)
    steps: dict[ClaimStatus, Callable[[], Awaitable[object]]] = {
        ClaimStatus.PAID: lambda: pay(team, claim_id, now=now),
        ClaimStatus.ADVANCED: lambda: advance_money([claim_id], actor=team.finance, now=now),
        ClaimStatus.BOUGHT: lambda: buy(team, claim_id, spent_fen or price_fen, now=now),
        ClaimStatus.DELIVERED: lambda: deliver_by_slip(team, claim_id, now=now),
        ClaimStatus.CONFIRMED: lambda: ask(team, claim_id, CheckAnswer.YES, now=now),
    }
    if status is ClaimStatus.QUESTIONED:
        steps = {**steps, ClaimStatus.QUESTIONED: lambda: ask(team, claim_id, CheckAnswer.NO, now=now)}
        del steps[ClaimStatus.CONFIRMED]
    paying = {ClaimStatus.PAID, ClaimStatus.ADVANCED, ClaimStatus.BOUGHT}
    for reached, step in steps.items():
        if status in {ClaimStatus.RESERVED, ClaimStatus.PROMISED}:
            break
        if way is ClaimWay.PAY or reached not in paying:
            await step()
        if reached is status:
            break
    assert await status_of(claim_id) is status
    return claim_id


async def _claimed(team: Team, way: ClaimWay, price_fen: int, now: datetime) -> int:
    service = way is ClaimWay.GIVE_TIME
    wish = await makers.make_wish(
        WishStatus.PUBLISHED,
        sealer=team.sealer,
        now=now,
        people=team.people,
        item="打扫屋子" if service else "学习桌椅",
        price_fen=0 if service else price_fen,
        kind=WishKind.SERVICE if service else WishKind.THING,
        hours=3 if service else 0,
    )
    donor = await makers.make_donor(sealer=team.sealer, now=now)
    return (await claim_wish(wish.id, way, site=team.site, actor=donor, now=now)).claim_id


async def pay(team: Team, claim_id: int, *, now: datetime) -> None:
    """The gateway vouches for the money of the claim's newest order."""
    order = (
        await rows(
            "SELECT o.out_trade_no, o.total_fen FROM order_line l JOIN payment_order o ON o.id = l.order_id "
            "WHERE l.owner_kind = 'claim' AND l.owner_id = $1 ORDER BY o.id DESC LIMIT 1",
            claim_id,
        )
    )[0]
    number, total = order["out_trade_no"], order["total_fen"]
    trade = Trade(number, f"T{number}", TradeStatus.TRADE_SUCCESS, total, 0, now, "159****5620")
    owners = {OWNER_KIND: ClaimPayments(team.sealer)}
    await settle(trade, SettleSource.POLL, owners=owners, sealer=team.sealer, now=now)


async def picture(team: Team, use: PictureUse, *, now: datetime) -> int:
    """A stored picture; its bytes count as cleaned already."""
    clean = CleanPicture(data=f"{use.value} {now}".encode(), width=64, height=48)
    coordinator = team.coordinator
    stored = await store_picture(
        clean, use=use, division_code=makers.VILLAGE, actor=coordinator, settings=team.settings, now=now
    )
    return int(stored.id)


async def buy(team: Team, claim_id: int, spent_fen: int, *, now: datetime, actor: Viewer | None = None) -> bool:
    voucher = Voucher(SHOP, spent_fen, await picture(team, PictureUse.VOUCHER, now=now))
    return await record_purchase(claim_id, voucher, actor=actor or team.coordinator, sealer=team.sealer, now=now)


async def deliver_by_slip(team: Team, claim_id: int, *, now: datetime) -> None:
    way = ClaimWay((await rows("SELECT way FROM claim WHERE id = $1", claim_id))[0]["way"])
    given = HandOver(
        proof=DeliveryProof.SLIP,
        slip_id=await picture(team, PictureUse.SLIP, now=now),
        value_fen=12_300 if way is ClaimWay.BRING else 0,
        hours=3 if way is ClaimWay.GIVE_TIME else 0,
    )
    await hand_over(claim_id, given, actor=team.coordinator, sealer=team.sealer, now=now)


async def ask(
    team: Team, claim_id: int, answer: CheckAnswer, *, now: datetime, actor: Viewer | None = None
) -> ClaimStatus:
    note = "桌子少一条腿" if answer is CheckAnswer.NO else ""
    check = Check(CheckChannel.PHONE, "本人", answer, note)
    return await record_check(claim_id, check, actor=actor or team.reviewer, sealer=team.sealer, now=now)


async def status_of(claim_id: int) -> ClaimStatus:
    return ClaimStatus((await rows("SELECT status FROM claim WHERE id = $1", claim_id))[0]["status"])

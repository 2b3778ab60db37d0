"""Takes one wish of the demo as far as it should go, each step by the person whose step it is, on its own day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.claims.actions import Claimed, cancel_claim, claim_wish, hand_back_claim, lapse_due_claims
from cishan.claims.checks import Check, record_check
from cishan.claims.fulfilment import HandOver, end_claim, hand_over
from cishan.claims.handover_pictures import clear_handover_picture
from cishan.claims.purchases import Voucher, advance_money, record_purchase
from cishan.claims.states import (
    CheckAnswer,
    CheckChannel,
    ClaimStatus,
    ClaimWay,
    DeliveryProof,
    EndReason,
)
from cishan.claims.thanks import pass_on_thanks, write_thanks
from cishan.clock import beijing_day
from cishan.demo import drawings
from cishan.demo.staff import Crew
from cishan.demo.texts import Sample
from cishan.demo.vouching import pay
from cishan.households.states import Group
from cishan.payments.actions import close_unopened
from cishan.payments.owners import LineOwners
from cishan.pictures.actions import store_picture
from cishan.pictures.models import PictureUse
from cishan.services import Services
from cishan.wishes import actions as wishes
from cishan.wishes.actions import WishDraft, Wording
from cishan.wishes.states import WishKind, WishStatus

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
OVER_PRICE_FEN = 1_850
"""What a receipt that waits for finance comes to above the published price."""
LET_GO = frozenset({ClaimStatus.CANCELLED, ClaimStatus.HANDED_BACK, ClaimStatus.LAPSED})
"""Claims whose wish goes back to the wall before anything is bought."""


@dataclass(frozen=True)
class Home:
    """A household of the demo, and the people of its village and town."""

    household_id: int
    village: str
    group: Group
    coordinator: Viewer
    neighbour: Viewer
    reviewer: Viewer


class Waits(Enum):
    """What is left undone on the way, so that the desk whose work it is has some."""

    WORDS = auto()
    """The editor has asked for other words."""
    LEAVE = auto()
    """The receipt came to more than the published price, and finance has not said yes or no."""
    PICTURE = auto()
    """Nobody has looked at the picture of the hand-over."""
    THANKS = auto()
    """The family's words are written down and not passed on."""


@dataclass(frozen=True)
class Stage:
    """How far a wish goes: its own status, and the status of its claim where one is made."""

    wish: WishStatus
    claim: ClaimStatus | None = None
    way: ClaimWay = ClaimWay.PAY
    thanks: bool = False
    waits: Waits | None = None


class Journey:
    """The hands of the demo: everyone who acts, and what they act with."""

    def __init__(self, crew: Crew, site: Site, services: Services, owners: LineOwners) -> None:
        self._crew = crew
        self._site = site
        self._services = services
        self._sealer = services.sealer
        self._owners = owners

    async def take(self, home: Home, sample: Sample, stage: Stage, donor: Viewer, started: datetime) -> None:
        """Walks a wish from its first day, `started`, to its stage; a step takes a day, and no step lies ahead."""
        draft = WishDraft(
            kind=sample.kind,
            item=sample.item,
            audience=sample.audience,
            price_fen=sample.yuan * 100,
            hours=sample.hours,
            note=sample.note,
        )
        wish = await wishes.draft_wish(
            home.household_id, draft, actor=home.coordinator, sealer=self._sealer, now=started
        )
        if await self._review(wish.id, home, sample, stage, started) and stage.claim is not None:
            await self._claim(wish.id, home, sample, stage, donor, started + 4 * DAY)

    async def _review(self, wish_id: int, home: Home, sample: Sample, stage: Stage, started: datetime) -> bool:
        """True when the wish has come onto the wall and is to be claimed."""
        until = stage.wish
        if until is WishStatus.WITHDRAWN:
            reason = "亲戚已经送了一件，家里不再需要。"
            await wishes.withdraw_wish(
                wish_id, actor=home.coordinator, sealer=self._sealer, now=started + DAY, reason=reason
            )
        if until in {WishStatus.WITHDRAWN, WishStatus.DRAFT}:
            return False
        await wishes.file_wish(wish_id, actor=home.coordinator, sealer=self._sealer, now=started + HOUR)
        if until is WishStatus.RETURNED:
            reason = "请再量一下屋里的尺寸，写上要多大的。"
            await wishes.send_back(wish_id, actor=home.reviewer, sealer=self._sealer, now=started + DAY, reason=reason)
        if until in {WishStatus.RETURNED, WishStatus.FILED}:
            return False
        await self._visit(wish_id, home, started + DAY)
        if until is WishStatus.VISITED and stage.waits is not Waits.WORDS:
            return False
        # A group is shown where there is one; it says nothing about a child.
        wording = Wording(sample.title, sample.text, home.group)
        await wishes.word_wish(wish_id, wording, actor=home.reviewer, sealer=self._sealer, now=started + 2 * DAY)
        if stage.waits is Waits.WORDS:
            reason = "题目再具体一点：想要什么、用在哪里，一句话说清楚。"
            await wishes.ask_rewording(
                wish_id, actor=self._crew.editor, sealer=self._sealer, now=started + 3 * DAY, reason=reason
            )
            return False
        if until is WishStatus.WORDED:
            return False
        await wishes.publish_wish(wish_id, actor=self._crew.editor, sealer=self._sealer, now=started + 3 * DAY)
        if until is WishStatus.LAPSED:
            await wishes.lapse_wish(wish_id, actor=None, now=started + 63 * DAY)
        return True

    async def _visit(self, wish_id: int, home: Home, when: datetime) -> None:
        visit = await wishes.record_visit(
            wish_id,
            visited_on=beijing_day(when),
            findings="上门看过，情况和登记的一样，确实需要。",
            second_visitor_id=home.neighbour.account_id,
            actor=home.reviewer,
            sealer=self._sealer,
            now=when,
        )
        await wishes.confirm_visit(visit.id, actor=home.neighbour, now=when + HOUR)

    async def _claim(
        self, wish_id: int, home: Home, sample: Sample, stage: Stage, donor: Viewer, when: datetime
    ) -> None:
        claimed = await claim_wish(wish_id, stage.way, site=self._site, actor=donor, now=when)
        if stage.claim in LET_GO:
            await self._let_go(claimed, stage, donor, when)
        if stage.claim in LET_GO | {ClaimStatus.RESERVED, ClaimStatus.PROMISED}:
            return
        if stage.way is ClaimWay.PAY:
            await self._pay(claimed.out_trade_no, sample.yuan * 100, when + timedelta(minutes=6))
            if not await self._spend(claimed.claim_id, home, sample, stage, when):
                return
        await self._deliver(claimed.claim_id, home, sample, stage, when + 4 * DAY)
        if stage.claim is not ClaimStatus.DELIVERED:
            await self._check(claimed.claim_id, home, stage, sample, when + 8 * DAY)

    async def _let_go(self, claimed: Claimed, stage: Stage, donor: Viewer, when: datetime) -> None:
        """The wish goes back to the wall: the donor thinks better of it, or the day passes."""
        if claimed.out_trade_no:
            await close_unopened(claimed.out_trade_no, now=when + HOUR)
        if stage.claim is ClaimStatus.CANCELLED:
            await cancel_claim(claimed.claim_id, actor=donor, now=when + timedelta(minutes=4))
        elif stage.claim is ClaimStatus.HANDED_BACK:
            await hand_back_claim(claimed.claim_id, actor=donor, now=when + DAY)
        else:
            # The oldest wishes are walked first, so nothing else is due by then.
            await lapse_due_claims(limit=1, sealer=self._sealer, now=when + HOUR)

    async def _spend(self, claim_id: int, home: Home, sample: Sample, stage: Stage, when: datetime) -> bool:
        """True when the thing has been bought and is to be handed over."""
        if stage.claim is ClaimStatus.ENDED:
            await end_claim(claim_id, EndReason.MOVED, actor=home.reviewer, sealer=self._sealer, now=when + DAY)
        if stage.claim in {ClaimStatus.PAID, ClaimStatus.ENDED}:
            return False
        await advance_money([claim_id], actor=self._crew.finance, now=when + DAY)
        if stage.claim is ClaimStatus.ADVANCED and stage.waits is not Waits.LEAVE:
            return False
        over_fen = OVER_PRICE_FEN if stage.waits is Waits.LEAVE else 0
        await self._buy(claim_id, home, sample, over_fen, when + 2 * DAY)
        return stage.claim not in {ClaimStatus.ADVANCED, ClaimStatus.BOUGHT}

    async def _pay(self, out_trade_no: str, total_fen: int, when: datetime) -> None:
        """What the gateway would vouch for. No gateway is asked: see `city.py`."""
        await pay(out_trade_no, total_fen, owners=self._owners, sealer=self._sealer, when=when)

    async def _buy(self, claim_id: int, home: Home, sample: Sample, over_fen: int, when: datetime) -> None:
        """A little under the price, or `over_fen` above it."""
        spent_fen = sample.yuan * 100 + (over_fen or -(claim_id * 37 % (sample.yuan * 8)))
        picture = await self._picture(
            drawings.receipt(claim_id, spent_fen), PictureUse.VOUCHER, home, home.coordinator, when
        )
        voucher = Voucher(shop="镇上百货店", spent_fen=spent_fen, picture_id=picture)
        await record_purchase(claim_id, voucher, actor=home.coordinator, sealer=self._sealer, now=when)

    async def _deliver(self, claim_id: int, home: Home, sample: Sample, stage: Stage, when: datetime) -> None:
        slip = await self._picture(drawings.slip(claim_id), PictureUse.SLIP, home, home.coordinator, when)
        shown = None
        if sample.kind is WishKind.THING:
            shown = await self._picture(drawings.arrived(claim_id), PictureUse.HANDOVER, home, home.coordinator, when)
        given = HandOver(
            proof=DeliveryProof.SLIP,
            slip_id=slip,
            picture_id=shown,
            value_fen=sample.yuan * 100 if stage.way is ClaimWay.BRING else 0,
            hours=sample.hours if stage.way is ClaimWay.GIVE_TIME else 0,
        )
        await hand_over(claim_id, given, actor=home.coordinator, sealer=self._sealer, now=when)
        if shown is not None and stage.waits is not Waits.PICTURE:
            await clear_handover_picture(claim_id, shown, actor=self._crew.editor, now=when + HOUR)

    async def _check(self, claim_id: int, home: Home, stage: Stage, sample: Sample, when: datetime) -> None:
        questioned = stage.claim is ClaimStatus.QUESTIONED
        check = Check(
            channel=CheckChannel.PHONE,
            answered_by="本人",
            answer=CheckAnswer.NO if questioned else CheckAnswer.YES,
            note="东西送到了，但是大小不合适。" if questioned else "",
        )
        await record_check(claim_id, check, actor=home.reviewer, sealer=self._sealer, now=when)
        if stage.thanks and not questioned:
            thanks_id = await write_thanks(
                claim_id, sample.thanks, actor=home.coordinator, sealer=self._sealer, now=when + HOUR
            )
            if stage.waits is not Waits.THANKS:
                await pass_on_thanks(
                    thanks_id, sample.thanks, actor=self._crew.editor, sealer=self._sealer, now=when + 2 * HOUR
                )

    async def _picture(self, data: bytes, use: PictureUse, home: Home, actor: Viewer, when: datetime) -> int:
        picture = await store_picture(
            data, use=use, division_code=home.village, actor=actor, settings=self._services.settings, now=when
        )
        return int(picture.id)

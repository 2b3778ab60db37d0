"""Makes what families receive: benefits by month, and wishes carried to their end by the real actions."""

import asyncio
import io
import itertools
from datetime import datetime

from PIL import Image

import makers
from cishan.accounts.viewer import Viewer
from cishan.benefits.imports import apply_import, preview_import
from cishan.benefits.programmes import load_programmes
from cishan.benefits.states import ImportKind
from cishan.charities.queries import load_site
from cishan.claims.actions import claim_wish
from cishan.claims.checks import Check, record_check
from cishan.claims.fulfilment import HandOver, hand_over
from cishan.claims.states import CheckAnswer, CheckChannel, ClaimWay, DeliveryProof
from cishan.database import rows
from cishan.money import yuan_text
from cishan.pictures.actions import store_picture
from cishan.pictures.models import PictureUse
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.wishes.states import WishKind, WishStatus

HEADER = "身份证号,项目编码,月份,金额,发放日期"
_files = itertools.count(1)


async def give_benefit(
    person_id: int,
    code: str,
    months: tuple[int, ...],
    fen: int,
    *,
    settings: Settings,
    sealer: Sealer,
    now: datetime,
    year: int = 2025,
) -> None:
    """What a person was paid under a programme in some months, imported from a file of the bureau."""
    await load_programmes()
    admin = await makers.make_admin(sealer=sealer, now=now)
    number = await id_number_of(person_id, sealer)
    lines = [f"{number},{code},{year}-{month:02d},{yuan_text(fen)},{year}-{month:02d}-01" for month in months]
    directory = settings.data_directory / "imports"
    source = settings.data_directory / f"{code}-{next(_files)}.csv"
    await asyncio.to_thread(source.write_text, "\n".join([HEADER, *lines, ""]), encoding="utf-8")
    batch_id = await preview_import(
        ImportKind.BENEFITS, source, directory=directory, actor=admin, sealer=sealer, now=now
    )
    await apply_import(batch_id, directory=directory, actor=admin, sealer=sealer, now=now)


async def id_number_of(person_id: int, sealer: Sealer) -> str:
    sealed = (await rows("SELECT id_number_sealed FROM person WHERE id = $1", person_id))[0]["id_number_sealed"]
    return sealer.open(sealed, "person.id_number")


async def give_thing(
    household_id: int,
    item: str,
    value_fen: int,
    *,
    people: makers.WishPeople,
    settings: Settings,
    sealer: Sealer,
    now: datetime,
) -> int:
    """A wish fulfilled with goods that a donor brought; returns the claim's id."""
    return await _fulfil(
        household_id,
        item,
        WishKind.THING,
        ClaimWay.BRING,
        people=people,
        settings=settings,
        sealer=sealer,
        now=now,
        value_fen=value_fen,
    )


async def give_hours(
    household_id: int,
    item: str,
    hours: int,
    *,
    people: makers.WishPeople,
    settings: Settings,
    sealer: Sealer,
    now: datetime,
) -> int:
    """A wish fulfilled with a donor's time; returns the claim's id."""
    return await _fulfil(
        household_id,
        item,
        WishKind.SERVICE,
        ClaimWay.GIVE_TIME,
        people=people,
        settings=settings,
        sealer=sealer,
        now=now,
        hours=hours,
    )


async def _fulfil(
    household_id: int,
    item: str,
    kind: WishKind,
    way: ClaimWay,
    *,
    people: makers.WishPeople,
    settings: Settings,
    sealer: Sealer,
    now: datetime,
    value_fen: int = 0,
    hours: int = 0,
) -> int:
    claim_id = await claimed(household_id, item, kind, way, people=people, sealer=sealer, now=now, hours=hours)
    slip = await _slip(people.coordinator, settings=settings, now=now)
    given = HandOver(DeliveryProof.SLIP, slip_id=slip, value_fen=value_fen, hours=hours)
    await hand_over(claim_id, given, actor=people.coordinator, sealer=sealer, now=now)
    asked = Check(CheckChannel.PHONE, "本人", CheckAnswer.YES)
    await record_check(claim_id, asked, actor=people.reviewer, sealer=sealer, now=now)
    return claim_id


async def claimed(
    household_id: int,
    item: str,
    kind: WishKind,
    way: ClaimWay,
    *,
    people: makers.WishPeople,
    sealer: Sealer,
    now: datetime,
    hours: int = 0,
) -> int:
    wish = await makers.make_wish(
        WishStatus.PUBLISHED,
        sealer=sealer,
        now=now,
        people=people,
        household_id=household_id,
        item=item,
        kind=kind,
        hours=hours,
        price_fen=0 if kind is WishKind.SERVICE else 20_000,
    )
    site = await load_site()
    assert site is not None
    donor = await makers.make_donor(sealer=sealer, now=now)
    return (await claim_wish(wish.id, way, site=site, actor=donor, now=now)).claim_id


async def _slip(owner: Viewer, *, settings: Settings, now: datetime) -> int:
    """A photograph of the paper that the family signed."""
    paper = io.BytesIO()
    Image.new("RGB", (64, 48), "white").save(paper, "PNG")
    picture = await store_picture(
        paper.getvalue(),
        use=PictureUse.SLIP,
        division_code=owner.division_code,
        actor=owner,
        settings=settings,
        now=now,
    )
    return picture.id

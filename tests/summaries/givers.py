"""Makes what families receive: benefits by month, and wishes carried to their end by the real actions."""

import io
from datetime import date, datetime

from PIL import Image

import makers
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import load_site
from cishan.claims.actions import claim_wish
from cishan.claims.checks import Check, record_check
from cishan.claims.fulfilment import HandOver, hand_over
from cishan.claims.states import CheckAnswer, CheckChannel, ClaimWay, DeliveryProof
from cishan.database import rows
from cishan.pictures.actions import store_picture
from cishan.pictures.models import PictureUse
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.wishes.states import WishKind, WishStatus

PROGRAMMES = {
    "dibao": ("最低生活保障", "德城区民政局", "0534-2660001"),
    "canji": ("困难残疾人生活补贴", "德城区残联", "0534-2660002"),
    "gaoling": ("高龄津贴", "德城区民政局", "0534-2660001"),
}
PROGRAMME = """
INSERT INTO programme (code, name, office, hotline) VALUES ($1, $2, $3, $4)
ON CONFLICT (code) DO UPDATE SET name = excluded.name RETURNING id
"""
BATCH = """
INSERT INTO import_batch (kind, division_code, file_name, file_sha256, status, rows_total, rows_new, rows_same, errors,
                          uploaded_by_id, uploaded_at, applied_at)
VALUES ('benefits', $1, $2, $3, 'applied', 1, 1, 0, '[]', $4, $5, $5) RETURNING id
"""
RECORD = """
INSERT INTO benefit_record (programme_id, person_id, month, amount_fen, paid_on, batch_id)
SELECT $1, $2, month, $4, month + 9, $5 FROM unnest($3::date[]) AS month
"""


async def give_benefit(
    person_id: int,
    code: str,
    months: tuple[int, ...],
    fen: int,
    *,
    sealer: Sealer,
    now: datetime,
    year: int = 2025,
) -> None:
    """What a person was paid under a programme in some months."""
    programme = (await rows(PROGRAMME, code, *PROGRAMMES[code]))[0]["id"]
    admin = await makers.make_admin(sealer=sealer, now=now)
    batch = (await rows(BATCH, makers.COUNTY, f"{code}.csv", f"{code}-{months}", admin.account_id, now))[0]["id"]
    await rows(RECORD, programme, person_id, [date(year, month, 1) for month in months], fen, batch)


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

"""Campaigns and their dated terms: the only writer of both, and which terms hold on a day (R-34)."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.clock import beijing_day
from cishan.database import rows
from cishan.errors import InvalidInput, NotFound
from cishan.wishes.models import Campaign, CampaignTerms

STANDING_NAME = "常年微心愿"


@dataclass(frozen=True)
class TermsFigures:
    """The figures of a campaign; the defaults are what most federations use and no law sets."""

    value_cap_fen: int = 50_000
    claims_at_once: int = 3
    pay_minutes: int = 30
    review_days: int = 7
    wall_days: int = 60
    promise_days: int = 15
    purchase_days: int = 7
    delivery_days: int = 15
    check_after_days: int = 3
    check_days: int = 7
    grace_days: int = 7


DEFAULT_TERMS = TermsFigures()
LEAST = {"check_after_days": 0}
"""Every figure is at least 1, but a household may be asked on the day of the hand-over."""

CURRENT = """
SELECT id FROM campaign WHERE starts_at <= $1 AND (ends_at IS NULL OR ends_at > $1)
 ORDER BY ends_at NULLS LAST, starts_at DESC, id DESC LIMIT 1
"""


async def open_campaign(
    charity_id: int,
    *,
    now: datetime,
    name: str = STANDING_NAME,
    figures: TermsFigures = DEFAULT_TERMS,
    ends_at: datetime | None = None,
) -> Campaign:
    """Opens a campaign from now on, with terms that hold from today in China; the standing one has no end."""
    _check(figures)
    async with in_transaction():
        campaign = await Campaign.create(charity_id=charity_id, name=name, starts_at=now, ends_at=ends_at)
        await CampaignTerms.create(campaign=campaign, valid_from=beijing_day(now), **asdict(figures))
    return campaign


async def terms_on(campaign_id: int, day: date) -> CampaignTerms:
    """The terms that hold on a day in China; raises NotFound for a day before the first."""
    terms = await CampaignTerms.filter(campaign_id=campaign_id, valid_from__lte=day).order_by("-valid_from").first()
    if terms is None:
        raise NotFound("这一天还没有生效的心愿规则。请管理员先设置。")
    return terms


async def current_campaign_id(now: datetime) -> int:
    """The campaign that new wishes go into: the one that ends first, else the standing one."""
    found = await rows(CURRENT, now)
    if not found:
        raise NotFound("还没有开放的心愿征集。请管理员先开设。")
    campaign_id: int = found[0]["id"]
    return campaign_id


def _check(figures: TermsFigures) -> None:
    wrong = {name: "必须大于 0。" for name, value in asdict(figures).items() if value < LEAST.get(name, 1)}
    if wrong:
        raise InvalidInput(wrong)

"""/desk/finance/costs: a year's two shares against their limits, what was entered, and the forms to enter more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.costs import actions
from cishan.costs.queries import CostVersion, limits_on, sums_of, versions_of
from cishan.costs.rules import Limits, YearSums, cost_standing, spent_standing
from cishan.errors import InvalidInput
from cishan.forms.answering import NOTHING, answer_form
from cishan.forms.reading import FormModel, read_form
from cishan.money import fen_from_yuan_text, without_group_commas
from cishan.permissions import Permission, holds
from cishan.templating import page_response
from cishan.web import services_of, viewer_of

COSTS = "/desk/finance/costs"
YEARS_BACK = 4
WORDS = {"good": "在限度内", "warn": "快到限度", "bad": "超过限度"}
SPENT_WORDS = {"good": "已经达到", "warn": "还没有达到", "bad": "没有达到"}


@dataclass(frozen=True)
class CostsPage:
    """One year; shares are permille, and the tones say how they stand."""

    year: int
    years: tuple[tuple[str, str, bool], ...]
    sums: YearSums
    limits: Limits
    cost_words: str
    cost_tone: str
    spent_words: str
    spent_tone: str
    versions: tuple[CostVersion, ...]
    can_enter: bool
    can_set: bool
    today: str
    values: Mapping[str, str]
    errors: Mapping[str, str]
    error: str


class CostForm(FormModel):
    cost: str = ""
    until: date
    note: str = ""


class LimitsForm(FormModel):
    valid_from: date
    least_spent: str = ""
    most_cost: str = ""


async def show_costs(request: Request) -> Response:
    return await _response(request)


async def enter(request: Request) -> Response:
    async def act() -> None:
        form, now = await read_form(request, CostForm), services_of(request).clock.now()
        await actions.enter_cost(
            request.state.site.charity_id,
            _year(request),
            _fen(form.cost),
            form.until,
            form.note,
            actor=viewer_of(request),
            now=now,
        )

    return await answer_form(request, act, to=f"{COSTS}?year={_year(request)}", notice="saved", again=_response)


async def set_limits(request: Request) -> Response:
    async def act() -> None:
        form, now = await read_form(request, LimitsForm), services_of(request).clock.now()
        limits = Limits(_permille(form.least_spent, "least_spent"), _permille(form.most_cost, "most_cost"))
        charity_id, actor = request.state.site.charity_id, viewer_of(request)
        await actions.set_limits(charity_id, limits, valid_from=form.valid_from, actor=actor, now=now)

    return await answer_form(request, act, to=COSTS, notice="saved", again=_response)


async def _response(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    charity_id, viewer = request.state.site.charity_id, viewer_of(request)
    today, year = beijing_day(services_of(request).clock.now()), _year(request)
    sums, limits = await sums_of(charity_id, year), await limits_on(charity_id, min(today, date(year, 12, 31)))
    cost, spent = cost_standing(sums, limits), spent_standing(sums, limits, year_is_over=year < today.year)
    begun = {
        "until": min(today, date(year, 12, 31)).isoformat(),
        "valid_from": today.isoformat(),
        "least_spent": percent(limits.least_spent),
        "most_cost": percent(limits.most_cost),
    }
    page = CostsPage(
        year=year,
        years=tuple(
            (f"{one} 年", f"{COSTS}?year={one}", one == year) for one in range(today.year, today.year - YEARS_BACK, -1)
        ),
        sums=sums,
        limits=limits,
        cost_words=WORDS[cost],
        cost_tone=cost,
        spent_words=SPENT_WORDS[spent],
        spent_tone=spent,
        versions=await versions_of(charity_id, year),
        can_enter=holds(viewer.role, Permission.KEEP_BOOKS),
        can_set=holds(viewer.role, Permission.MANAGE_MONEY),
        today=today.isoformat(),
        values={**begun, **values},
        errors=errors,
        error=error,
    )
    return page_response(request, "costs/costs.html", page, status=status)


def percent(permille: int) -> str:
    """As people write it: 700 -> "70", 125 -> "12.5"."""
    whole, tenth = divmod(permille, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


def _permille(text: str, field: str) -> int:
    """A percentage with at most one decimal; raises InvalidInput on its field."""
    whole, _, tenth = text.strip().removesuffix("%").partition(".")
    if not (
        whole.isascii()
        and whole.isdigit()
        and len(whole) <= 3
        and len(tenth) <= 1
        and (tenth or "0").isascii()
        and (tenth or "0").isdigit()
    ):
        raise InvalidInput({field: "请填百分数，例如 10 或 12.5。"})
    return int(whole) * 10 + int(tenth or 0)


def _fen(text: str) -> int:
    try:
        return fen_from_yuan_text(without_group_commas(text.strip()))
    except ValueError as error:
        raise InvalidInput({"cost": "请填写金额，例如 120000 或 120000.50。"}) from error


def _year(request: Request) -> int:
    """The year in the address, this one when it names none that the page offers."""
    this = beijing_day(services_of(request).clock.now()).year
    text = request.query_params.get("year", "")
    offered = [str(year) for year in range(this - YEARS_BACK + 1, this + 1)]
    return int(text) if text in offered else this

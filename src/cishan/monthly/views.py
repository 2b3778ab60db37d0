"""The donor's page of monthly giving: begin, change, pause, go on, end, and one tap to this month's cashier."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from cishan.donations.pages import CHIPS, OTHER
from cishan.donations.rules import read_amount, takes_money
from cishan.forms.answering import NOTHING, answer_form
from cishan.forms.reading import FormModel, read_form
from cishan.money import yuan_text
from cishan.monthly.actions import change_plan, move_plan, start_plan
from cishan.monthly.pages import MonthlyPage
from cishan.monthly.queries import MonthlyFund, monthly_fund, other_plans, own_plan
from cishan.monthly.rules import read_day
from cishan.templating import page_response
from cishan.web import id_in, path_id, services_of, viewer_of

MONTHLY = "/me/monthly"


class PlanForm(FormModel):
    chip: str = ""
    amount: str = ""
    day: str = ""
    named: bool = False

    def read(self) -> tuple[int, int]:
        """The sum in fen and the day of the month; raises InvalidInput."""
        return read_amount(self.amount if self.chip in {"", OTHER} else self.chip), read_day(self.day)


async def show_monthly(request: Request) -> Response:
    return await _response(request)


async def start(request: Request) -> Response:
    async def act() -> None:
        form = await read_form(request, PlanForm)
        amount_fen, day = form.read()
        fund, now = await _fund(request), services_of(request).clock.now()
        await start_plan(fund.id, amount_fen, day, shows_name=form.named, actor=viewer_of(request), now=now)

    return await answer_form(request, act, to=_here(request), notice="monthly-started", again=_response)


async def change(request: Request) -> Response:
    async def act() -> None:
        form = await read_form(request, PlanForm)
        amount_fen, day = form.read()
        now = services_of(request).clock.now()
        await change_plan(path_id(request), amount_fen, day, shows_name=form.named, actor=viewer_of(request), now=now)

    return await answer_form(request, act, to=_here(request), notice="saved", again=_response)


async def pause(request: Request) -> Response:
    return await _move(request, "pause", "monthly-paused")


async def resume(request: Request) -> Response:
    return await _move(request, "resume", "monthly-resumed")


async def end(request: Request) -> Response:
    return await _move(request, "end", "monthly-ended")


async def _move(request: Request, verb: str, notice: str) -> Response:
    async def act() -> None:
        await move_plan(path_id(request), verb, actor=viewer_of(request), now=services_of(request).clock.now())

    return await answer_form(request, act, to=_here(request), notice=notice, again=_response)


def _asked(request: Request) -> int:
    """The fund in the address; what can't be read asks for the 微心愿 fund."""
    text = request.query_params.get("fund", "")
    return id_in(text) or 0


def _here(request: Request) -> str:
    return f"{MONTHLY}?fund={asked}" if (asked := _asked(request)) else MONTHLY


async def _fund(request: Request) -> MonthlyFund:
    site = request.state.site
    return await monthly_fund(_asked(request) or site.fund_id, site.charity_id)


async def _response(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    fund, viewer = await _fund(request), viewer_of(request)
    plan = await own_plan(viewer, fund.id)
    now = services_of(request).clock.now()
    begun = {"chip": OTHER, "amount": yuan_text(plan.amount_fen), "day": str(plan.day)} if plan else {}
    page = MonthlyPage(
        plan=plan,
        fund_id=fund.id if fund.project_id else 0,
        fund_name=fund.name,
        once_href=f"/projects/{fund.project_id}/give" if fund.project_id else "/give",
        others=await other_plans(viewer, fund.id),
        takes_money=takes_money(now, takes_from=fund.takes_from, takes_until=fund.takes_until),
        chips=CHIPS,
        values=values or begun or {"chip": CHIPS[0][0], "day": "10"},
        errors=errors,
        error=error,
        can_pay=services_of(request).gateway is not None,
    )
    return page_response(request, "monthly/monthly.html", page, status=status)

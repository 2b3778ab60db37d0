"""Reporting a page, for anyone; answering reports, for editors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.cookies import address_of
from cishan.accounts.limits import Limit, count_one
from cishan.errors import InvalidInput
from cishan.forms.reading import FormModel, parse_form, read_fields, typed_text
from cishan.forms.replay import answer_once
from cishan.front import local_path
from cishan.page_parts import Action, MessagePage
from cishan.supervision.concerns import (
    LONGEST_PAGE,
    ClosedReport,
    PageReport,
    answer_report,
    closed_reports,
    open_reports,
    report_page,
)
from cishan.templating import page_response
from cishan.web import done, path_id, see_other, services_of, viewer_of

REPORTS_OF_ADDRESS = Limit("report-address", 20, timedelta(hours=1), "这个网络上提交的举报太多了。")
CLOSED_SHOWN = 20


class ReportForm(FormModel):
    page: str = Field(default="/", max_length=400)
    text: str = Field(min_length=1, max_length=500)
    contact: str = Field(default="", max_length=60)


class AnswerForm(FormModel):
    answer: str = Field(default="", max_length=300)
    take_off: str = ""


@dataclass(frozen=True)
class ReportPage:
    """The form; `about` is the address of the page in question."""

    about: str
    phone: str
    values: Mapping[str, object]
    errors: Mapping[str, str]


@dataclass(frozen=True)
class ConcernsPage:
    """Reports that wait, and the last ones answered. `wrong_id` is the one whose answer was refused."""

    now: datetime
    reports: tuple[PageReport, ...]
    closed: tuple[ClosedReport, ...]
    wrong_id: int
    values: Mapping[str, object]
    errors: Mapping[str, str]


async def show_report(request: Request) -> Response:
    return _report_form(request, request.query_params.get("page", "/"), {}, {})


async def report(request: Request) -> Response:
    """Takes the report and says thank you; many from one address have to wait."""
    services, form = services_of(request), await read_fields(request)

    async def act() -> str:
        given = parse_form(form, ReportForm)
        now = services.clock.now()
        await count_one(REPORTS_OF_ADDRESS, address_of(request), sealer=services.sealer, now=now)
        city = request.state.site.division_code
        about = local_path(given.page)[:LONGEST_PAGE]
        await report_page(about, given.text, contact=given.contact, city=city, sealer=services.sealer, now=now)
        return "/report/thanks"

    try:
        return see_other(await answer_once(request, act))
    except InvalidInput as error:
        values = typed_text(form)
        return _report_form(request, values.get("page", "/"), values, error.fields)


async def show_thanks(request: Request) -> Response:
    page = MessagePage(
        kind="done",
        title="收到了，谢谢您告诉我们",
        sentences=("我们会在 5 个工作日内查清楚、处理好。", "留了联系方式的，会告诉您结果。"),
        actions=(Action("回心愿墙", "/wishes"),),
    )
    return page_response(request, "message.html", page)


async def show_concerns(request: Request) -> Response:
    return await _concerns_page(request, 0, {}, {})


async def answer(request: Request) -> Response:
    services, viewer, concern_id = services_of(request), viewer_of(request), path_id(request)
    form = await read_fields(request)

    async def act() -> str:
        given = parse_form(form, AnswerForm)
        now = services.clock.now()
        await answer_report(concern_id, given.answer, take_off=given.take_off == "yes", actor=viewer, now=now)
        return "/desk/concerns"

    try:
        return done(await answer_once(request, act), "concern-closed")
    except InvalidInput as error:
        return await _concerns_page(request, concern_id, typed_text(form), error.fields)


def _report_form(request: Request, about: str, values: Mapping[str, object], errors: Mapping[str, str]) -> Response:
    page = ReportPage(local_path(about)[:LONGEST_PAGE], request.state.site.report_phone, values, errors)
    return page_response(request, "supervision/report.html", page, status=400 if errors else 200)


async def _concerns_page(
    request: Request, wrong_id: int, values: Mapping[str, object], errors: Mapping[str, str]
) -> Response:
    services, viewer = services_of(request), viewer_of(request)
    page = ConcernsPage(
        now=services.clock.now(),
        reports=await open_reports(viewer, sealer=services.sealer),
        closed=await closed_reports(viewer, CLOSED_SHOWN),
        wrong_id=wrong_id,
        values=values,
        errors=errors,
    )
    return page_response(request, "supervision/concerns.html", page, status=400 if errors else 200)

"""Public pages: the reports that were published, and what every fund received and spent. Nothing here names anybody."""

import asyncio
from datetime import datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from cishan.charities.states import LegalMode
from cishan.clock import beijing_day
from cishan.disclosures import queries
from cishan.disclosures.files import csv_of, report_data, statement_workbook, workbook_of
from cishan.disclosures.pages import (
    FundPage,
    ReportPage,
    ReportsPage,
    TransparencyPage,
    flow_line,
    fund_chart,
    kind_links,
    month_name,
    report_line,
    spending_chart,
    statement_view,
)
from cishan.disclosures.queries import REPORTS_A_PAGE, Report, ReportSearch
from cishan.disclosures.statements import sum_of
from cishan.disclosures.states import DutyKind
from cishan.listing import page_number, pagination
from cishan.templating import day, moment, page_response
from cishan.typesetting.papers import set_paper
from cishan.web import id_in, path_id, services_of

LONGEST_SEARCH = 40
FIRST_YEAR = 2016
PUBLIC_MILLISECONDS = "800"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"


async def show_reports(request: Request) -> Response:
    """All published reports, newest first."""
    charity_id, search, number = request.state.site.charity_id, _search(request), page_number(request)
    found, total = await queries.reports(charity_id, search, number)
    kept = {"q": search.text, "project": search.project_id or ""}
    base = f"/disclosures?{urlencode({name: value for name, value in kept.items() if value})}"
    kind = search.kind.value if search.kind else ""
    page = ReportsPage(
        lines=tuple(report_line(report) for report in found),
        pagination=pagination(f"{base}&kind={kind}&", number, total, REPORTS_A_PAGE, "份"),
        kinds=kind_links(search, f"{base}&"),
        text=search.text,
        project=found[0].project if found and search.project_id else "",
        project_id=search.project_id,
        kind=kind,
    )
    return page_response(request, "disclosures/reports.html", page, headers=_mark(request))


async def show_report(request: Request) -> Response:
    return page_response(request, "disclosures/report.html", await _report_page(request), headers=_mark(request))


async def download_report(request: Request) -> Response:
    """The report as a tagged PDF, as it was published."""
    services, page = services_of(request), await _report_page(request)
    pdf = await set_paper(
        "report.typ",
        report_data(page, request.state.site),
        fonts_directory=services.settings.fonts_directory,
        now=services.clock.now(),
    )
    return _file(pdf, "application/pdf", f"report-{page.id}.pdf")


async def download_report_workbook(request: Request) -> Response:
    report = await queries.report_of(request.state.site.charity_id, path_id(request))
    body = await asyncio.to_thread(statement_workbook, report.title, report.statement)
    return _file(body, XLSX, f"report-{report.id}.xlsx")


async def _report_page(request: Request) -> ReportPage:
    charity_id = request.state.site.charity_id
    report: Report = await queries.report_of(charity_id, path_id(request))
    versions = await queries.versions_of(charity_id, report.duty_id)
    return ReportPage(
        id=report.id,
        title=report.title,
        on=day(report.published_at),
        body=tuple(line.strip() for line in report.body.splitlines() if line.strip()),
        reason=report.reason,
        version=report.version,
        statement=statement_view(report.statement),
        chart=spending_chart("spending", report.statement.months),
        others=tuple(report_line(one) for one in versions if one.id != report.id),
        is_newest=report.is_newest,
        project_id=report.project_id,
    )


async def show_transparency(request: Request) -> Response:
    """Every fund's income and spending, of a year or of all time."""
    page = await _transparency_page(request)
    return page_response(request, "disclosures/transparency.html", page, headers=_mark(request))


async def _transparency_page(request: Request) -> TransparencyPage:
    year, text = _year(request), _text(request)
    funds = await queries.fund_flows(request.state.site.charity_id, year, text)
    this_year = beijing_day(services_of(request).clock.now()).year
    kept = urlencode({"q": text}) + "&" if text else ""
    years = [("全部", f"/transparency?{kept}", year is None)]
    years += [
        (f"{one} 年", f"/transparency?{kept}year={one}", year == one)
        for one in (this_year, this_year - 1, this_year - 2)
    ]
    return TransparencyPage(
        lines=tuple(
            flow_line(fund.name, fund.flow, href=f"/transparency/{fund.id}", detail=fund.filing_number)
            for fund in funds
        ),
        total=flow_line("合计", await queries.total_of(funds, year)),
        years=tuple(years),
        year=year,
        text=text,
        counted=_counted(await queries.counted_through()),
        chart=fund_chart(funds),
    )


async def download_transparency(request: Request) -> Response:
    """The table of funds as CSV."""
    year = _year(request)
    funds = await queries.fund_flows(request.state.site.charity_id, year, _text(request))
    total = await queries.total_of(funds, year)
    lines = [(fund.name, fund.flow) for fund in funds]
    return _file(csv_of("项目", [*lines, ("合计", total)]), CSV, "funds.csv")


async def show_fund(request: Request) -> Response:
    """One fund, month by month."""
    fund_id = path_id(request)
    fund = await queries.fund_named(request.state.site.charity_id, fund_id)
    months = await queries.months_of_fund(fund_id)
    page = FundPage(
        id=fund_id,
        name=fund["name"],
        filing_number=fund["filing_number"],
        purpose=fund["purpose"],
        lines=tuple(flow_line(month_name(one.month), one.flow) for one in reversed(months)),
        total=flow_line("合计", sum_of([one.flow for one in months])),
        counted=_counted(await queries.counted_through()),
        chart=spending_chart("fund-spending", months),
    )
    return page_response(request, "disclosures/fund.html", page, headers=_mark(request))


async def download_fund(request: Request) -> Response:
    """A fund's months as a workbook."""
    fund_id = path_id(request)
    fund = await queries.fund_named(request.state.site.charity_id, fund_id)
    months = await queries.months_of_fund(fund_id)
    lines = [(f"{one.month:%Y-%m}", one.flow) for one in months]
    total = ("合计", sum_of([one.flow for one in months]))
    body = await asyncio.to_thread(workbook_of, f"{fund['name']} 收支", "月份", [*lines, total])
    return _file(body, XLSX, f"fund-{fund_id}.xlsx")


def _search(request: Request) -> ReportSearch:
    kind = request.query_params.get("kind", "")
    return ReportSearch(
        project_id=id_in(request.query_params.get("project", "")),
        kind=DutyKind(kind) if kind in set(DutyKind) else None,
        text=_text(request),
    )


def _text(request: Request) -> str:
    return request.query_params.get("q", "").strip()[:LONGEST_SEARCH]


def _year(request: Request) -> int | None:
    text = request.query_params.get("year", "")
    last = beijing_day(services_of(request).clock.now()).year
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) == 4 and FIRST_YEAR <= int(text) <= last else None
    )


def _counted(through_at: datetime | None) -> str:
    return f"统计到 {moment(through_at)}，以后每十分钟统计一次。" if through_at else "还没有统计过。"


def _mark(request: Request) -> dict[str, str]:
    """Lets the public cache keep a page for readers without sign-in, where reading needs none (R-3)."""
    return {} if request.state.site.legal_mode is LegalMode.PRIVATE else {"X-Public-For": PUBLIC_MILLISECONDS}


def _file(body: bytes, media_type: str, name: str) -> Response:
    return Response(body, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})

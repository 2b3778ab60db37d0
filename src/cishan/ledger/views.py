"""Pages of the books themselves: the trial balance of any day for finance, and the published heads of the chain for anyone."""

from datetime import date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day, beijing_midnight
from cishan.divisions.queries import names_of
from cishan.ledger.pages import HeadsPage, TrialBalancePage, account_lines
from cishan.ledger.queries import balances_of, heads_of
from cishan.templating import page_response
from cishan.web import services_of

DAYS_SHOWN = 62


async def show_trial_balance(request: Request) -> Response:
    """What stood in each account at the end of a day; `on` in the address, today when left out."""
    now = services_of(request).clock.now()
    typed = request.query_params.get("on", "").strip()[:10]
    day, error = _read_day(typed, beijing_day(now))
    balances = await balances_of(request.state.site.fund_id, before=_end_of(day))
    places = await names_of([item.division_code for item in balances if item.division_code])
    lines = tuple(line for line in account_lines(balances, places) if line.debit_fen or line.credit_fen)
    page = TrialBalancePage(
        fund_name=request.state.site.fund_name,
        day=day,
        typed=typed or day.isoformat(),
        lines=lines,
        debit_fen=sum(line.debit_fen for line in lines),
        credit_fen=sum(line.credit_fen for line in lines),
        errors={"on": error} if error else {},
    )
    return page_response(request, "ledger/trial_balance.html", page, status=400 if error else 200)


async def show_heads(request: Request) -> Response:
    """The fingerprints of the books, one a day, for whoever wants to write them down."""
    page = HeadsPage(await heads_of(request.state.site.charity_id, limit=DAYS_SHOWN))
    return page_response(request, "ledger/heads.html", page)


def _read_day(typed: str, today: date) -> tuple[date, str]:
    try:
        day = date.fromisoformat(typed) if typed else today
    except ValueError:
        return today, "请填写日期，例如 2025-12-24。"
    return (day, "") if day <= today else (today, "这一天还没有到。")


def _end_of(day: date) -> datetime:
    return beijing_midnight(day + timedelta(days=1))

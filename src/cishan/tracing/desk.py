"""Finance's pages of the books: where the money is, every entry, and the path of any yuan."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from cishan.claims.staff_queries import count_paid, purchases_to_approve
from cishan.divisions.queries import names_of
from cishan.errors import NotFound
from cishan.labels import label
from cishan.ledger.pages import (
    CREDIT,
    DEBIT,
    SUM,
    AccountLine,
    EntriesPage,
    EntryPage,
    FundUses,
    account_lines,
    entry_line,
    posting_lines,
    sum_of,
)
from cishan.ledger.queries import Search, balances_of, count_entries, entries, entry_of
from cishan.ledger.states import AccountType, EntryKind
from cishan.listing import page_number, pagination
from cishan.page_parts import Column
from cishan.payments.queries import Unassigned, open_unassigned
from cishan.permissions import Permission, holds
from cishan.refunds.queries import refunds_waiting
from cishan.templating import page_response
from cishan.tracing.funds import FundTrace, trace_fund
from cishan.tracing.gifts import Trace, funds_holding, trace_order
from cishan.tracing.stories import sources_of, sources_of_order, story_of
from cishan.web import path_id, services_of, viewer_of


@dataclass(frozen=True)
class FinancePage:
    """Where the fund's money came from and where it is, what is approved and not paid yet aside: `owed_fen` is still there.

    `agrees` says that both sides are equal to the fen.
    """

    fund_name: str
    now: datetime
    received_fen: int
    in_alipay_fen: int
    in_bank_fen: int
    in_towns_fen: int
    fees_fen: int
    spent_fen: int
    owed_fen: int
    unassigned_fen: int
    refund_due_fen: int
    agrees: bool
    approves: bool
    to_advance: int
    to_advance_fen: int
    to_approve: int
    refunds_waiting: int
    towns: tuple[AccountLine, ...]
    lines: tuple[AccountLine, ...]
    debit_fen: int
    credit_fen: int
    unassigned: tuple[Unassigned, ...]
    sum_column: Column = SUM
    debit_column: Column = DEBIT
    credit_column: Column = CREDIT


PAGE_ENTRIES = 50
PATH_ENTRIES = 50
NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
ORDER_NUMBER = re.compile(r"[A-Za-z0-9]{6,40}", re.ASCII)


async def show_finance(request: Request) -> Response:
    """The fund at a glance: what came in, where it is, what waits for finance."""
    services, site, viewer = services_of(request), request.state.site, viewer_of(request)
    balances = await balances_of(site.fund_id)
    places = await names_of([item.division_code for item in balances if item.division_code])
    lines = account_lines(balances, places)
    alipay, towns = sum_of(balances, AccountType.ALIPAY), sum_of(balances, AccountType.TOWN_ADVANCE)
    spent, unassigned = sum_of(balances, AccountType.SPENDING), -sum_of(balances, AccountType.UNASSIGNED)
    refund_due = -sum_of(balances, AccountType.REFUND_DUE)
    received = unassigned + refund_due - sum_of(balances, AccountType.FUND)
    now = services.clock.now()
    bank, fees = sum_of(balances, AccountType.BANK), sum_of(balances, AccountType.FEES)
    owed = -sum_of(balances, AccountType.PAYABLE)
    to_advance, to_advance_fen = await count_paid(viewer)
    page = FinancePage(
        fund_name=site.fund_name,
        now=now,
        received_fen=received,
        in_alipay_fen=alipay,
        in_bank_fen=bank,
        in_towns_fen=towns,
        fees_fen=fees,
        spent_fen=spent - owed,
        owed_fen=owed,
        unassigned_fen=unassigned,
        refund_due_fen=refund_due,
        agrees=received == alipay + bank + towns + spent - owed + fees,
        approves=holds(viewer.role, Permission.MANAGE_MONEY),
        to_advance=to_advance,
        to_advance_fen=to_advance_fen,
        to_approve=len(await purchases_to_approve(viewer)),
        refunds_waiting=len(await refunds_waiting(site.charity_id, sealer=services.sealer, now=now)),
        towns=tuple(line for line in lines if line.type is AccountType.TOWN_ADVANCE and line.debit_fen),
        lines=lines,
        debit_fen=sum(line.debit_fen for line in lines),
        credit_fen=sum(line.credit_fen for line in lines),
        unassigned=await open_unassigned(site.fund_id, sealer=services.sealer),
    )
    return page_response(request, "ledger/finance.html", page)


async def show_entries(request: Request) -> Response:
    """Entries by gapless number, order number or day; the search stands in the address."""
    values = {name: request.query_params.get(name, "").strip()[:60] for name in ("number", "order", "day")}
    search, errors = await _search(values)
    charity_id, number = request.state.site.charity_id, page_number(request)
    total = await count_entries(charity_id, search)
    trace = await _trace(charity_id, values["order"]) if values["order"] and not errors else None
    found = await entries(charity_id, search, limit=PAGE_ENTRIES, offset=(number - 1) * PAGE_ENTRIES)
    asked = urlencode({name: value for name, value in values.items() if value})
    base = f"/desk/finance/entries?{asked}&" if asked else "/desk/finance/entries?"
    page = EntriesPage(
        lines=tuple(entry_line(entry) for entry in found),
        pagination=pagination(base, number, total, PAGE_ENTRIES, "笔"),
        searched=bool(asked),
        values=values,
        errors=errors,
        paid_fen=trace.paid_fen if trace else None,
        places=tuple((label(part.place), part.fen) for part in trace.parts) if trace else (),
        funds=await _funds(charity_id, values["order"]) if trace else (),
    )
    return page_response(request, "ledger/entries.html", page, status=400 if errors else 200)


async def _trace(charity_id: int, out_trade_no: str) -> Trace | None:
    """Where the money of a searched order is; None for one that nobody has paid."""
    try:
        return await trace_order(out_trade_no, charity_id=charity_id)
    except NotFound:
        return None


async def _funds(charity_id: int, out_trade_no: str) -> tuple[FundUses, ...]:
    """What became of the funds in which a part of the order lies."""
    traced = [await trace_fund(fund_id, charity_id=charity_id) for fund_id in await funds_holding(out_trade_no)]
    return tuple(_uses(fund) for fund in traced)


def _uses(fund: FundTrace) -> FundUses:
    return FundUses(fund.name, fund.received_fen, tuple((label(use), fen) for use, fen in fund.uses))


async def _search(values: dict[str, str]) -> tuple[Search, dict[str, str]]:
    """What was typed as conditions, and a sentence for each that can't be read, which then matches nothing."""
    errors: dict[str, str] = {}
    number, day, sources = None, None, None
    if values["number"]:
        if NUMBER.fullmatch(values["number"]):
            number = int(values["number"])
        else:
            errors["number"] = "账目编号是数字，例如 128。"
    if values["day"]:
        try:
            day = date.fromisoformat(values["day"])
        except ValueError:
            errors["day"] = "请填写日期，例如 2025-12-24。"
    if values["order"]:
        readable = ORDER_NUMBER.fullmatch(values["order"])
        sources = await sources_of_order(values["order"]) if readable else ()
        if not readable:
            errors["order"] = "订单号是字母和数字，在爱心人士的付款记录里。"
    return (Search(sources=()) if errors else Search(number=number, day=day, sources=sources)), errors


async def show_entry(request: Request) -> Response:
    """An entry, its postings, and every entry of the same story: from a gift to the purchase, from an approval to the payment."""
    charity_id = request.state.site.charity_id
    entry, postings = await entry_of(charity_id, path_id(request))
    places = await names_of([item.division_code for item in postings if item.division_code])
    lines = posting_lines(postings, places)
    origin = await _origin(charity_id, entry.kind, entry.reverses_id, (entry.source_kind, entry.source_id))
    story = await story_of(*origin)
    path = await entries(charity_id, Search(sources=await sources_of(story)), limit=PATH_ENTRIES) if story else ()
    page = EntryPage(
        line=entry_line(entry),
        occurred_at=entry.occurred_at,
        postings=lines,
        debit_fen=sum(line.debit_fen for line in lines),
        credit_fen=sum(line.credit_fen for line in lines),
        path=tuple(entry_line(other) for other in reversed(path)),
        reverses_href=f"/desk/finance/entries/{entry.reverses_id}" if entry.reverses_id else "",
    )
    return page_response(request, "ledger/entry.html", page)


async def _origin(
    charity_id: int, kind: EntryKind, reverses_id: int | None, source: tuple[str, int]
) -> tuple[str, int]:
    """The source of an entry, or of the one it reverses."""
    if kind is not EntryKind.REVERSAL or reverses_id is None:
        return source
    try:
        reversed_entry, _ = await entry_of(charity_id, reverses_id)
    except NotFound:
        return source
    return reversed_entry.source_kind, reversed_entry.source_id

"""`cishan trace`: where every fen of a gift is now, and which gifts and which fund stand behind what a family got."""

from dataclasses import dataclass
from typing import Any

import click

from cishan.commands.environment import run, settings_with_database
from cishan.commands.outcome import FoundWrong, json_option, print_json
from cishan.database import database
from cishan.errors import NotFound
from cishan.labels import label
from cishan.settings import Settings
from cishan.templating import yuan
from cishan.tracing.funds import FundTrace, trace_fund
from cishan.tracing.gifts import Backing, Trace, backing_of, funds_holding, trace_order
from cishan.tracing.payouts import PayoutTrace, trace_payout

LISTED = {True: "写在这家人的幸福清单上", False: "不在幸福清单上"}


@click.command("trace")
@click.argument("out_trade_no", metavar="[订单号]", required=False)
@click.option("--claim", type=int, metavar="编号", help="往回查：一次认领买的东西，是哪些捐款付的。")
@click.option("--payout", type=int, metavar="编号", help="往回查：一笔救助款，是哪个项目付的。")
@json_option
def command(out_trade_no: str | None, claim: int | None, payout: int | None, as_json: bool) -> None:
    """查一笔捐款的每一分钱现在在哪里，或者往回查一件东西、一笔救助款是谁付的。

    各部分加起来正好是付的钱，项目的各项用途和余额加起来正好是项目收到的钱。没有查到返回 1。
    """
    if sum(one is not None for one in (out_trade_no, claim, payout)) != 1:
        raise click.UsageError("请给一个订单号，或者 --claim、--payout 中的一个。")
    settings = settings_with_database()
    try:
        if claim is not None:
            _tell_claim(run(_with(settings, backing_of, claim)), as_json=as_json)
        elif payout is not None:
            _tell_payout(run(_with(settings, trace_payout, payout)), as_json=as_json)
        else:
            _tell_order(run(_with(settings, _trace_order, out_trade_no)), as_json=as_json)
    except NotFound as error:
        raise FoundWrong(error.sentence) from error


@dataclass(frozen=True)
class _Order:
    trace: Trace
    funds: tuple[FundTrace, ...]


async def _trace_order(out_trade_no: str) -> _Order:
    trace = await trace_order(out_trade_no)
    return _Order(trace, tuple([await trace_fund(fund_id) for fund_id in await funds_holding(out_trade_no)]))


async def _with(settings: Settings, ask: Any, about: object) -> Any:
    async with database(settings):
        return await ask(about)


def _tell_order(order: _Order, *, as_json: bool) -> None:
    trace = order.trace
    if as_json:
        parts = [{"place": part.place.value, "fen": part.fen, "claim": part.claim_id} for part in trace.parts]
        funds = [_fund_json(fund) for fund in order.funds]
        print_json({"out_trade_no": trace.out_trade_no, "paid_fen": trace.paid_fen, "parts": parts, "funds": funds})
        return
    click.echo(f"{trace.out_trade_no}  付款 {yuan(trace.paid_fen)}")
    for part in trace.parts:
        claim = f"（认领 {part.claim_id}）" if part.claim_id else ""
        click.echo(f"  {yuan(part.fen):>14}  {label(part.place)}{claim}")
    for fund in order.funds:
        _say_fund(fund)


def _tell_claim(backing: Backing, *, as_json: bool) -> None:
    if as_json:
        gifts = [{"out_trade_no": number, "place": part.place.value, "fen": part.fen} for number, part in backing.gifts]
        print_json(
            {
                "claim": backing.claim_id,
                "item": backing.item,
                "listed": backing.is_listed,
                "spent_fen": backing.spent_fen,
                "gifts": gifts,
                "from_fund_fen": backing.from_fund_fen,
            }
        )
        return
    click.echo(f"认领 {backing.claim_id}  {backing.item}，花了 {yuan(backing.spent_fen)}，{LISTED[backing.is_listed]}")
    for number, part in backing.gifts:
        click.echo(f"  {yuan(part.fen):>14}  {number}，{label(part.place)}")
    if backing.from_fund_fen:
        click.echo(f"  {yuan(backing.from_fund_fen):>14}  项目补的，不分是谁捐的")


def _tell_payout(payout: PayoutTrace, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "payout": payout.payout_id,
                "what": payout.what,
                "kind": payout.kind.value,
                "status": payout.status.value,
                "amount_fen": payout.amount_fen,
                "proved_fen": payout.proved_fen,
                "listed": payout.is_listed,
                "fund": _fund_json(payout.fund),
            }
        )
        return
    click.echo(
        f"救助款 {payout.payout_id}  {payout.what} {yuan(payout.amount_fen)}，{label(payout.kind)}，{label(payout.status)}，"
        f"{LISTED[payout.is_listed]}"
    )
    _say_fund(payout.fund)


def _say_fund(fund: FundTrace) -> None:
    click.echo(f"“{fund.name}”项目  收到 {yuan(fund.received_fen)}，合在一起用，不分是谁捐的")
    for use, fen in fund.uses:
        click.echo(f"  {yuan(fen):>14}  {label(use)}")


def _fund_json(fund: FundTrace) -> dict[str, object]:
    uses = {use.value: fen for use, fen in fund.uses}
    return {"fund": fund.fund_id, "name": fund.name, "received_fen": fund.received_fen, "uses": uses}

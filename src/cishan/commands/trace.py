"""`cishan trace`: where every fen of a gift is now."""

import click

from cishan.claims.tracing import Trace, trace_order
from cishan.commands.environment import run, settings_with_database
from cishan.commands.outcome import FoundWrong, json_option, print_json
from cishan.database import database
from cishan.errors import NotFound
from cishan.labels import label
from cishan.settings import Settings
from cishan.templating import yuan


@click.command("trace")
@click.argument("out_trade_no", metavar="订单号")
@json_option
def command(out_trade_no: str, as_json: bool) -> None:
    """查一笔捐款的每一分钱现在在哪里。各部分加起来正好是付的钱；没有这个订单返回 1。"""
    try:
        trace = run(_trace(settings_with_database(), out_trade_no))
    except NotFound as error:
        raise FoundWrong(error.sentence) from error
    if as_json:
        print_json(
            {
                "out_trade_no": trace.out_trade_no,
                "paid_fen": trace.paid_fen,
                "parts": [{"place": part.place.value, "fen": part.fen, "claim": part.claim_id} for part in trace.parts],
            }
        )
        return
    click.echo(f"{trace.out_trade_no}  付款 {yuan(trace.paid_fen)}")
    for part in trace.parts:
        claim = f"（认领 {part.claim_id}）" if part.claim_id else ""
        click.echo(f"  {yuan(part.fen):>14}  {label(part.place)}{claim}")


async def _trace(settings: Settings, out_trade_no: str) -> Trace:
    async with database(settings):
        return await trace_order(out_trade_no)

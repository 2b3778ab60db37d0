"""Once in the year the cashier brings the bank's statement, and month after month bookkeeper and finance close the books."""

import io
from datetime import date

from cishan.bank.coding import code_line
from cishan.bank.reading import COLUMNS
from cishan.bank.statements import apply_statement, preview_statement
from cishan.bank.states import BankLineStatus
from cishan.clock import beijing_day, beijing_midnight
from cishan.database import rows
from cishan.errors import Conflict
from cishan.money import yuan_text
from cishan.reconciliation.closing import close_month, propose_closing
from cishan.simulate.scene import Scene, rng_of

MONTHS = 12
STATEMENT_IN = 8
WITHDRAWN_FEN = 5_000_000
"""Most of the year's large gift: help is paid from the bank."""
LINE = "SELECT id FROM bank_line WHERE charity_id = $1 AND serial = $2"


async def keep_books(scene: Scene) -> None:
    """On the twentieth of each month the one before is closed, and any older one that a difference had kept open."""
    plan, rng = scene.world.plan, rng_of(scene.world.plan, "books")
    waiting = [plan.first_day.replace(day=1)]
    for month in range(1, MONTHS + 1):
        await scene.timeline.until(beijing_midnight(date(plan.year, month, 20)))
        await scene.at_work(rng, days=0)
        if month == STATEMENT_IN:
            await bring_to_bank(scene, scene.world.site.fund_id, WITHDRAWN_FEN)
        while waiting and await _close(scene, waiting[0]):
            waiting.pop(0)
        waiting.append(date(plan.year, month, 1))


async def _close(scene: Scene, month: date) -> bool:
    """Whether it could be closed; somebody may have to look into a difference first."""
    staff, charity_id = scene.staff, scene.world.site.charity_id
    try:
        await propose_closing(charity_id, month, actor=staff.bookkeeper, now=scene.now())
        await close_month(charity_id, month, actor=staff.finance, now=scene.now())
    except Conflict:
        return False
    return True


async def bring_statement(scene: Scene, *lines: str) -> None:
    """The cashier brings a file of the bank with these movements."""
    world, actor, now = scene.world, scene.staff.cashier, scene.now()
    file = io.BytesIO("\r\n".join((",".join(COLUMNS), *lines, "")).encode())
    directory, charity_id = world.settings.data_directory / "statements", world.site.charity_id
    statement, _ = await preview_statement(
        file, "bank.csv", charity_id=charity_id, directory=directory, actor=actor, now=now
    )
    await apply_statement(
        statement, charity_id=charity_id, directory=directory, actor=actor, sealer=world.sealer, now=now
    )


async def bring_to_bank(scene: Scene, fund_id: int, amount_fen: int) -> None:
    """Money of a fund was taken from Alipay to the bank that day; the bookkeeper says what the movement is."""
    world, staff = scene.world, scene.staff
    day = beijing_day(scene.now())
    serial, sum_text = f"{day:%Y%m%d}{fund_id:06d}", yuan_text(amount_fen).replace(",", "")
    await bring_statement(scene, f"{day} 10:20:00,{serial},{sum_text},,支付宝（中国）网络技术有限公司,提现")
    charity_id = world.site.charity_id
    movement = (await rows(LINE, charity_id, serial))[0]["id"]
    await code_line(
        movement,
        BankLineStatus.WITHDRAWAL,
        "",
        charity_id=charity_id,
        fund_id=fund_id,
        actor=staff.bookkeeper,
        now=scene.now(),
    )

"""Companies whose gifts come by bank: one names its code, one forgets it and is found, a stranger's transfer goes back."""

from datetime import date

from cishan.accounts.viewer import Viewer
from cishan.bank.coding import code_line
from cishan.bank.gifts import take_as_gift
from cishan.bank.returns import record_held_gone
from cishan.bank.states import BankLineStatus
from cishan.clock import BEIJING, beijing_midnight
from cishan.database import rows
from cishan.donations.actions import make_donation
from cishan.money import yuan_text
from cishan.payments.states import LateChoice, PayChannel
from cishan.simulate.books import bring_statement
from cishan.simulate.scene import Scene, rng_of
from cishan.vigilance.states import GiftSource

TRANSFERS_IN = 6
GIVEN_FEN = 1_200_000
STRANGER, STRANGERS_FEN = "不相识的公司", 90_000
LINE = "SELECT id FROM bank_line WHERE charity_id = $1 AND serial = $2"
CODE = "SELECT transfer_code FROM payment_order WHERE out_trade_no = $1"
NAME = "SELECT g.name FROM account a JOIN organisation g ON g.id = a.organisation_id WHERE a.id = $1"


async def give_by_transfer(scene: Scene) -> None:
    """What names its code is taken by the job; the bookkeeper holds the rest, finds one giver, and sends the other back."""
    plan, rng = scene.world.plan, rng_of(scene.world.plan, "transfers")
    await scene.timeline.until(beijing_midnight(date(plan.year, TRANSFERS_IN, 1)))
    await scene.at_work(rng, days=0)
    (first, first_code), (second, second_code) = [await _pledge(scene, company) for company in scene.companies[:2]]
    await scene.at_work(rng, days=3)
    await bring_statement(
        scene,
        _line(scene, "TRANSFER1", GIVEN_FEN, first, f"捐款 {first_code}"),
        _line(scene, "TRANSFER2", GIVEN_FEN, second, "捐款"),
        _line(scene, "TRANSFER3", STRANGERS_FEN, STRANGER, "往来款"),
    )
    for serial in ("TRANSFER2", "TRANSFER3"):
        await _hold(scene, serial)
    await scene.at_work(rng, days=5)
    world, bookkeeper = scene.world, scene.staff.bookkeeper
    await take_as_gift(
        await _line_id(scene, "TRANSFER2"),
        second_code,
        "打电话问到了",
        charity_id=world.site.charity_id,
        services=world.services,
        owners=world.owners,
        actor=bookkeeper,
        now=scene.now(),
    )
    await bring_statement(scene, _line(scene, "TRANSFER4", -STRANGERS_FEN, STRANGER, "退回"))
    await record_held_gone(
        await _line_id(scene, "TRANSFER4"),
        "TRANSFER3",
        "转错了",
        charity_id=world.site.charity_id,
        actor=bookkeeper,
        sealer=world.sealer,
        now=scene.now(),
    )


async def _pledge(scene: Scene, company: Viewer) -> tuple[str, str]:
    """The company's name and the code it is to write."""
    made = await make_donation(
        scene.world.site.fund_id,
        GIVEN_FEN,
        shows_name=True,
        late_choice=LateChoice.FUND,
        actor=company,
        now=scene.now(),
        channel=PayChannel.BANK,
        source=GiftSource.COMPANY,
    )
    name = (await rows(NAME, company.account_id))[0]["name"]
    return name, (await rows(CODE, made.out_trade_no))[0]["transfer_code"]


async def _hold(scene: Scene, serial: str) -> None:
    await code_line(
        await _line_id(scene, serial),
        BankLineStatus.HELD,
        "",
        charity_id=scene.world.site.charity_id,
        actor=scene.staff.bookkeeper,
        now=scene.now(),
    )


async def _line_id(scene: Scene, serial: str) -> int:
    found = await rows(LINE, scene.world.site.charity_id, serial)
    line_id: int = found[0]["id"]
    return line_id


def _line(scene: Scene, serial: str, amount_fen: int, party: str, summary: str) -> str:
    text = yuan_text(abs(amount_fen)).replace(",", "")
    sums = f"{text}," if amount_fen > 0 else f",{text}"
    return f"{scene.now().astimezone(BEIJING):%Y-%m-%d %H:%M:%S},{serial},{sums},{party},{summary}"

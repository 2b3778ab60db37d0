"""`cishan trace`, forwards from an order and back from what a family got: for people, for machines, and when nothing is found."""

import json

from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.sealing import Sealer
from claim_makers import PRICE_FEN, make_claim, make_team
from command_line import environment_of, run_cishan
from conftest import Committed
from payouts.payout_makers import make_bureau, make_village_payout

LEFT_FEN = 150


async def test_it_goes_forwards_and_back(committed_database: Committed, sealer: Sealer, clock: SteppedClock) -> None:
    environment = environment_of(committed_database.settings)
    team = await make_team(committed_database.settings, sealer=sealer, now=clock.now())
    claim_id = await make_claim(team, ClaimStatus.CONFIRMED, now=clock.now(), spent_fen=PRICE_FEN - LEFT_FEN)
    number = (await rows("SELECT out_trade_no FROM payment_order"))[0]["out_trade_no"]
    payout_id = await make_village_payout(await make_bureau(sealer, clock), 100_000)

    told = json.loads(run_cishan("trace", number, "--json", environment=environment).stdout)
    parts = {part["place"]: part["fen"] for part in told["parts"]}
    assert (told["paid_fen"], parts) == (PRICE_FEN, {"spent": PRICE_FEN - LEFT_FEN, "in_fund": LEFT_FEN})
    (fund,) = told["funds"]
    assert fund["received_fen"] == sum(fund["uses"].values())
    assert (fund["uses"]["bought"], fund["uses"]["paid_out"]) == (PRICE_FEN - LEFT_FEN, 100_000)

    back = json.loads(run_cishan("trace", "--claim", str(claim_id), "--json", environment=environment).stdout)
    assert (back["listed"], back["spent_fen"], back["from_fund_fen"]) == (True, PRICE_FEN - LEFT_FEN, 0)
    assert back["gifts"] == [{"out_trade_no": number, "place": "spent", "fen": PRICE_FEN - LEFT_FEN}]

    paid = json.loads(run_cishan("trace", "--payout", str(payout_id), "--json", environment=environment).stdout)
    assert (paid["status"], paid["amount_fen"], paid["listed"]) == ("paid", 100_000, False)
    assert paid["fund"] == fund
    assert "付给家庭、村和商家" in run_cishan("trace", "--payout", str(payout_id), environment=environment).stdout


async def test_nothing_found_and_nothing_asked_are_told_apart(committed_database: Committed) -> None:
    environment = environment_of(committed_database.settings)
    for asked in (("C0",), ("--claim", "99"), ("--payout", "99")):
        ended = run_cishan("trace", *asked, environment=environment)
        assert (ended.returncode, ended.stderr[:2]) == (1, "没有")
    assert run_cishan("trace", environment=environment).returncode == 2
    assert run_cishan("trace", "C0", "--claim", "1", environment=environment).returncode == 2

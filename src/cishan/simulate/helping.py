"""Help paid out of a fund: a share set aside for each town, accounts seen by two people, two approvals, the bank's file."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from cishan.divisions.rules import town_of
from cishan.payouts.allocating import Share, allocate
from cishan.payouts.applying import Application, apply_for, approve_payout
from cishan.payouts.kin import Near, declare_ties
from cishan.payouts.payees import PayeeFacts, enter_payee, verify_payee
from cishan.payouts.paying import make_file, record_paid, record_returned
from cishan.payouts.rules import MOST_FILED
from cishan.payouts.states import PayeeKind, PayoutKind, Tie
from cishan.simulate.scene import Scene

FIRST_CARD = 6_222_021_602_000_000_000
BANK_RETURNS_SHARE = 0.02
WHAT, REASON = "大病救助金", "主要劳动力住院，自付费用高，家里收入断了。"


@dataclass(frozen=True)
class Home:
    """A family that is helped, and whose name is on its account."""

    household_id: int
    village: str
    holder: str


@dataclass(frozen=True)
class Purse:
    """What families are helped from: a fund, a line of its budget when it is a project's, and how much each one gets."""

    fund_id: int
    amount_fen: int
    budget_line_id: int | None = None


async def help_families(scene: Scene, purse: Purse, homes: Sequence[Home], rng: Random) -> None:
    """Every family is helped once; what the bank returns goes back into the share. Takes some working days."""
    by_town = itertools.groupby(sorted(homes, key=lambda home: (town_of(home.village), home.household_id)), _town)
    approved: list[int] = []
    for town, found in by_town:
        approved += await _help_town(scene, purse, town, list(found))
    await scene.at_work(rng, days=1)
    for start in range(0, len(approved), MOST_FILED):
        await _pay(scene, approved[start : start + MOST_FILED], rng)


def _town(home: Home) -> str:
    return town_of(home.village)


async def _help_town(scene: Scene, purse: Purse, town: str, homes: Sequence[Home]) -> list[int]:
    """From the share to the second approval, each step by another person."""
    staff, sealer, now = scene.staff, scene.world.sealer, scene.now()
    first, second = staff.reviewers[town]
    share = Share(town, "大病救助", purse.amount_fen * len(homes), purse.budget_line_id)
    allocation = await allocate(purse.fund_id, share, actor=staff.finance, now=now)
    approved = []
    for home in homes:
        card = str(FIRST_CARD + home.household_id)
        facts = PayeeFacts(PayeeKind.BANK, home.holder, card, "示例农商银行", home.household_id)
        payee = await enter_payee(facts, actor=first, sealer=sealer, now=now)
        await verify_payee(payee, card, actor=second, sealer=sealer, now=now)
        asked = Application(PayoutKind.HOUSEHOLD, allocation, payee, purse.amount_fen, WHAT, REASON)
        payout_id = await apply_for(asked, actor=first, sealer=sealer, now=now)
        for person in (staff.editor(home.village), staff.second_finance):
            await approve_payout(payout_id, actor=person, sealer=sealer, now=now)
        approved.append(payout_id)
    return approved


async def _pay(scene: Scene, payout_ids: Sequence[int], rng: Random) -> None:
    cashier, sealer = scene.staff.cashier, scene.world.sealer
    await make_file(payout_ids, actor=cashier, sealer=sealer, now=scene.now())
    paid_at = await scene.after(hours=2)
    for payout_id in payout_ids:
        await record_paid(payout_id, paid_at=paid_at, actor=cashier, now=scene.now())
        if rng.random() < BANK_RETURNS_SHARE:
            await record_returned(payout_id, "户名不符", actor=cashier, now=scene.now())


async def declare_kin(scene: Scene, homes: Iterable[Home]) -> None:
    """A town's reviewer has a relative among these families and says so; the second approval then comes from outside."""
    home = next(iter(homes))
    near = Near(Tie.SURNAME_VILLAGE, home.holder[0], home.village)
    reviewer = scene.staff.reviewer(home.village)
    await declare_ties([near], actor=reviewer, sealer=scene.world.sealer, now=scene.now())

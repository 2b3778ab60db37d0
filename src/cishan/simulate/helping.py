"""Help paid out of a fund: a share set aside for each town, accounts seen by two people, two approvals, the bank's file."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from cishan.divisions.rules import town_of
from cishan.kin.rules import Near
from cishan.kin.states import Tie
from cishan.kin.ties import declare_ties
from cishan.payouts.allocating import Share, allocate
from cishan.payouts.applying import Application, apply_for, approve_payout
from cishan.payouts.payees import PayeeFacts, enter_payee, verify_payee
from cishan.payouts.paying import make_file, record_paid, record_returned
from cishan.payouts.rules import MOST_FILED
from cishan.payouts.states import PayeeKind, PayoutKind
from cishan.simulate.scene import Scene

FIRST_CARD, SECOND_CARD = 6_222_021_602_000_000_000, 6_222_021_603_000_000_000
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
    """Every family is helped; one whose money the bank returns gives another account and is helped out of the same share."""
    shares = {town: await _share_of(scene, purse, town, len(list(found))) for town, found in _by_town(homes)}
    returned = await _help(scene, purse, shares, _Round(homes, FIRST_CARD, BANK_RETURNS_SHARE), rng)
    if returned:
        await _help(scene, purse, shares, _Round(returned, SECOND_CARD, 0), rng)


@dataclass(frozen=True)
class _Round:
    """Families whose accounts are entered now; `returns` is the share of payments that the bank sends back."""

    homes: Sequence[Home]
    first_card: int
    returns: float


async def _help(scene: Scene, purse: Purse, shares: Mapping[str, int], this: _Round, rng: Random) -> list[Home]:
    """From the accounts to the bank's answer; takes some working days. Returns the families whose money came back."""
    approved: dict[int, Home] = {}
    for town, found in _by_town(this.homes):
        for home in found:
            approved[await _approve(scene, purse, shares[town], home, str(this.first_card + home.household_id))] = home
    await scene.at_work(rng, days=1)
    ids = list(approved)
    returned: list[int] = []
    for start in range(0, len(ids), MOST_FILED):
        returned += await _pay(scene, ids[start : start + MOST_FILED], this.returns, rng)
    return [approved[payout_id] for payout_id in returned]


def _by_town(homes: Sequence[Home]) -> Iterator[tuple[str, Iterator[Home]]]:
    return itertools.groupby(sorted(homes, key=lambda home: (town_of(home.village), home.household_id)), _town)


def _town(home: Home) -> str:
    return town_of(home.village)


async def _share_of(scene: Scene, purse: Purse, town: str, homes: int) -> int:
    share = Share(town, "大病救助", purse.amount_fen * homes, purse.budget_line_id)
    return await allocate(purse.fund_id, share, actor=scene.staff.finance, now=scene.now())


async def _approve(scene: Scene, purse: Purse, allocation: int, home: Home, card: str) -> int:
    """From the account to the second approval, each step by another person; returns the payout's id."""
    staff, sealer, now = scene.staff, scene.world.sealer, scene.now()
    first, second = staff.reviewers[town_of(home.village)]
    facts = PayeeFacts(PayeeKind.BANK, home.holder, card, "示例农商银行", home.household_id)
    payee = await enter_payee(facts, actor=first, sealer=sealer, now=now)
    await verify_payee(payee, card, actor=second, sealer=sealer, now=now)
    asked = Application(PayoutKind.HOUSEHOLD, allocation, payee, purse.amount_fen, WHAT, REASON)
    payout_id = await apply_for(asked, actor=first, sealer=sealer, now=now)
    for person in (staff.editor(home.village), staff.second_finance):
        await approve_payout(payout_id, actor=person, sealer=sealer, now=now)
    return payout_id


async def _pay(scene: Scene, payout_ids: Sequence[int], returns: float, rng: Random) -> list[int]:
    """Returns the ids of those that the bank sent back."""
    cashier, sealer = scene.staff.cashier, scene.world.sealer
    await make_file(payout_ids, actor=cashier, sealer=sealer, now=scene.now())
    paid_at = await scene.after(hours=2)
    returned = []
    for payout_id in payout_ids:
        await record_paid(payout_id, paid_at=paid_at, actor=cashier, now=scene.now())
        if rng.random() < returns:
            await record_returned(payout_id, "户名不符", actor=cashier, now=scene.now())
            returned.append(payout_id)
    return returned


async def declare_kin(scene: Scene, homes: Iterable[Home]) -> None:
    """A town's reviewer has a relative among these families and says so; the second approval then comes from outside."""
    home = next(iter(homes))
    near = Near(Tie.SURNAME_VILLAGE, home.holder[0], home.village)
    reviewer = scene.staff.reviewer(home.village)
    await declare_ties([near], actor=reviewer, sealer=scene.world.sealer, now=scene.now())

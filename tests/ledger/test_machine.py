"""L1: whatever happens to gifts in whatever order, the books are what a model of a few lines says they are."""

import asyncio
import contextvars
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import makers
from cishan.accounts.viewer import Viewer
from cishan.claims.money import ClaimPayments
from cishan.clock import SteppedClock
from cishan.database import database
from cishan.payments.owners import LineOwner
from cishan.payments.states import UnassignedReason
from cishan.postgres import Cluster
from cishan.sealing import Sealer
from cishan.services import RefundFollower, follow_nothing
from cishan.settings import Settings
from claim_makers import make_team
from ledger.machine import LedgerMachine, Stage, keep_loop

DATABASE = "cishan_machine"
WISHES = 3


@pytest.fixture
def stage(
    cluster: Cluster, template: str, base_settings: Settings, sealer: Sealer, clock: SteppedClock
) -> Iterator[Stage]:
    """A database of its own, in a loop of its own: the machine is no coroutine."""
    cluster.create_database(DATABASE, template=template)
    own = replace(base_settings, database_url=cluster.url(DATABASE))
    with asyncio.Runner() as loop:
        run = keep_loop(loop, contextvars.copy_context())
        opened = database(own)
        run(opened.__aenter__())
        yield run(_set(run, own, sealer, clock))  # type: ignore[misc]
        run(opened.__aexit__(None, None, None))
    cluster.drop_database(DATABASE)


async def _set(run: object, own: Settings, sealer: Sealer, clock: SteppedClock) -> Stage:
    now = clock.now()
    team = await make_team(own, sealer=sealer, now=now)
    wishes = [(await makers.make_published_wish(sealer=sealer, now=now, people=team.people)).id for _ in range(WISHES)]
    donors = [await makers.make_donor(sealer=sealer, now=now) for _ in range(2)]
    return Stage(run, team, tuple(wishes), tuple(donors), now)  # type: ignore[arg-type]


def live(stage: Stage, *, examples: int, steps: int) -> None:
    LedgerMachine.stage = stage
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        LedgerMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        ),
    )


@pytest.mark.parametrize(("examples", "steps"), [(100, 50), pytest.param(2_000, 100, marks=pytest.mark.slow)])
def test_the_books_follow_every_life_of_a_gift(stage: Stage, examples: int, steps: int) -> None:
    live(stage, examples=examples, steps=steps)


class KeepsWhatIsGivenUp(ClaimPayments):
    """Planted fault: a claim goes on although its money went back."""

    async def give_up(self, owner_id: int, *, actor: Viewer | None, now: datetime) -> None:
        return None


class TakesEverything(ClaimPayments):
    """Planted fault: money for a lapsed claim is taken for the fund, whatever its donor chose."""

    async def accept_payment(self, owner_id: int, *, order_id: int, now: datetime) -> UnassignedReason | None:
        await super().accept_payment(owner_id, order_id=order_id, now=now)
        return None


class Forgetful(LedgerMachine):
    """Planted fault: totals do not follow refunds."""

    def make_follower(self, sealer: Sealer) -> RefundFollower:
        return follow_nothing


class WithClaims(LedgerMachine):
    """A machine whose claims are handled by `claims`."""

    claims: type[ClaimPayments] = ClaimPayments

    def make_owners(self, sealer: Sealer) -> dict[str, LineOwner]:
        return {**super().make_owners(sealer), "claim": self.claims(sealer)}


class Undying(WithClaims):
    claims = KeepsWhatIsGivenUp


class Greedy(WithClaims):
    claims = TakesEverything


def test_the_machine_finds_a_claim_that_goes_on_without_its_money(stage: Stage) -> None:
    """Positive control, as are the two below: a fault is planted, and a life that meets it is lived by hand."""
    machine = begin(Undying, stage)
    gift = machine.claim(donor=0, wish=0, goes_to_fund=False)
    machine.pay(gift=gift, off_by=0)
    machine.take_back(gift=gift)
    with pytest.raises(AssertionError, match="refunded_gift_buys_nothing"):
        machine.teardown()


def test_the_machine_finds_money_that_is_taken_against_its_donors_choice(stage: Stage) -> None:
    machine = begin(Greedy, stage)
    gift = machine.claim(donor=0, wish=0, goes_to_fund=False)
    machine.time_passes(minutes=40)
    assert machine.claim(donor=1, wish=0, goes_to_fund=False)
    machine.pay(gift=gift, off_by=0)
    with pytest.raises(AssertionError):
        machine.the_books_are_what_the_model_says()
    machine.leave()


def test_the_machine_finds_a_total_that_does_not_follow_a_refund(stage: Stage) -> None:
    machine = begin(Forgetful, stage)
    gift = machine.pledge(donor=0, amount_fen=9_999, goes_to_fund=False)
    machine.pay(gift=gift, off_by=0)
    machine.take_back(gift=gift)
    with pytest.raises(AssertionError, match="donations_count_what_is_left"):
        machine.teardown()


def begin(machine: type[LedgerMachine], stage: Stage) -> LedgerMachine:
    machine.stage = stage
    return machine()

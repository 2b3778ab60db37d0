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


def live(stage: Stage, *, examples: int, steps: int, machine: type[LedgerMachine] = LedgerMachine) -> None:
    machine.stage = stage
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink) if machine is LedgerMachine else (Phase.generate,),
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


@pytest.mark.parametrize("machine", [pytest.param(Undying, marks=pytest.mark.slow), Greedy, Forgetful])
def test_the_machine_finds_a_planted_fault(stage: Stage, machine: type[LedgerMachine]) -> None:
    """Positive control: three faults, one a machine."""
    with pytest.raises(AssertionError):
        live(stage, examples=300, steps=50, machine=machine)

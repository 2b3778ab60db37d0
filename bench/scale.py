"""How much is measured: the full size of the issue, or a tiny one that shows a benchmark still runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """`seconds` a round lasts, `claims` and `peer_claims` are made in one by all clients together; of the wall's queries every `plan_step`th is explained."""

    wishes: int
    rounds: int
    seconds: float
    connections: int
    claims: int
    peer_claims: int
    starts: int
    plan_step: int
    orders: int
    peer_orders: int
    gifts: int
    few_gifts: int

    @property
    def donors(self) -> int:
        """As many as there are published wishes."""
        return self.wishes // 10

    @property
    def all_orders(self) -> int:
        """Enough for every round, the ones that warm up, some to record, and some to go to the cashier with."""
        return (self.rounds + 1) * (self.orders + self.peer_orders) + 80


FULL = Scale(
    wishes=100_000,
    rounds=5,
    seconds=4,
    connections=8,
    claims=320,
    peer_claims=1_120,
    starts=3,
    plan_step=1,
    orders=400,
    peer_orders=1_000,
    gifts=1_000_000,
    few_gifts=1_000,
)
"""10,000 of the wishes are published; the claims of all rounds, with those that warm up, are fewer."""
TINY = Scale(
    wishes=2_000,
    rounds=1,
    seconds=0.3,
    connections=2,
    claims=8,
    peer_claims=16,
    starts=1,
    plan_step=50,
    orders=8,
    peer_orders=16,
    gifts=2_000,
    few_gifts=200,
)

"""What a benchmark is, how its rounds are taken, and what is said about them."""

import os
import platform
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bench.world import World


class Aim(StrEnum):
    """What the figure of a benchmark is held against."""

    PEER = "peer"
    """The median of the subject divided by that of the peer is at least `aim`."""
    LIMIT = "limit"
    """No round is above `aim`."""


@dataclass
class Rounds:
    """What was measured, round by round; `notes` explain the figures and are not judged."""

    subject: list[float]
    peer: list[float] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Benchmark:
    """One measurement. `against` names the peer or the limit; `run` takes the rounds."""

    name: str
    measures: str
    against: str
    kind: Aim
    aim: float
    unit: str
    run: Callable[[World], Awaitable[Rounds]]


async def interleave(
    subject: Callable[[], Awaitable[float]], peer: Callable[[], Awaitable[float]], *, rounds: int
) -> Rounds:
    """Subject and peer by turns, so that what else the machine does falls on both; one round of each warms up."""
    await subject()
    await peer()
    taken = Rounds([])
    for _ in range(rounds):
        taken.subject.append(await subject())
        taken.peer.append(await peer())
    return taken


def judge(benchmark: Benchmark, rounds: Rounds) -> dict[str, Any]:
    """The result as it is printed: medians, ratio and whether the aim was met."""
    if not rounds.subject or (benchmark.kind is Aim.PEER) != bool(rounds.peer):
        raise ValueError(f"{benchmark.name}: a peer is measured exactly when the aim is one")
    median = statistics.median(rounds.subject)
    result: dict[str, Any] = {
        "name": benchmark.name,
        "measures": benchmark.measures,
        "against": benchmark.against,
        "unit": benchmark.unit,
        "median": round(median, 3),
        "rounds": rounded(rounds.subject),
        "aim": benchmark.aim,
    }
    if benchmark.kind is Aim.PEER:
        peer = statistics.median(rounds.peer)
        ratio = median / peer
        result |= {"peer_median": round(peer, 3), "peer_rounds": rounded(rounds.peer), "ratio": round(ratio, 3)}
        result["met"] = ratio >= benchmark.aim
    else:
        worst = max(rounds.subject)
        result |= {"worst": round(worst, 3), "ratio": round(worst / benchmark.aim, 3) if benchmark.aim else None}
        result["met"] = worst <= benchmark.aim
    return result | {"notes": rounds.notes}


def rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 3) for value in values]


def machine() -> dict[str, Any]:
    """What the figures were taken on; a load near the number of cores before the start spoils them."""
    return {
        "cores": os.cpu_count(),
        "load_at_start": [round(value, 2) for value in os.getloadavg()],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }

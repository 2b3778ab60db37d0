"""Draws a table of moves as a Mermaid state diagram. `python tests/diagrams.py` prints those of docs/architecture.md."""

from collections.abc import Mapping
from enum import StrEnum

from cishan.claims import states as claims
from cishan.payouts import states as payouts
from cishan.payouts.rules import status_after_approval
from cishan.projects import states as projects
from cishan.refunds import states as refunds
from cishan.wishes import states as wishes

Moves = Mapping[str, tuple[frozenset[StrEnum], StrEnum]]


def payout_moves() -> Moves:
    """The moves of a payout, one for each status that an approval leads to."""
    found: dict[str, tuple[frozenset[StrEnum], StrEnum]] = {}
    for status in sorted(payouts.UNDECIDED, key=list(payouts.PayoutStatus).index):
        for needs_third in (False, True):
            after = status_after_approval(status, needs_third=needs_third)
            words = {(payouts.PayoutStatus.ENDORSED, True): " over the set sum"}.get((status, needs_third), "")
            found[f"approve{words} {status}"] = (frozenset({status}), after)
    for verb, (allowed, targets) in payouts.MOVES.items():
        if verb != "approve":
            (target,) = targets
            found[verb] = (frozenset(allowed), target)
    return found


def state_diagram(moves: Moves) -> str:
    """One arrow for each allowed move, in the order of the table and of the statuses."""
    arrows = [
        f"    {status.value} --> {target.value}: {verb.removesuffix(f' {status.value}')}"
        for verb, (allowed, target) in moves.items()
        for status in sorted(allowed, key=list(type(target)).index)
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```"])


DIAGRAMS = {
    "wish": state_diagram(wishes.MOVES),
    "claim": state_diagram(claims.MOVES),
    "payout": state_diagram(payout_moves()),
    "project": state_diagram(projects.MOVES),
    "refund": state_diagram(refunds.MOVES),
}

if __name__ == "__main__":
    for name, text in DIAGRAMS.items():
        print(f"{name}\n{text}\n")

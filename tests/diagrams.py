"""Draws a table of moves as a Mermaid state diagram. `python tests/diagrams.py` prints those of docs/architecture.md."""

from collections.abc import Mapping
from enum import StrEnum

from cishan.claims import states as claims
from cishan.projects import states as projects
from cishan.refunds import states as refunds
from cishan.wishes import states as wishes

Moves = Mapping[str, tuple[frozenset[StrEnum], StrEnum]]


def state_diagram(moves: Moves) -> str:
    """One arrow for each allowed move, in the order of the table and of the statuses."""
    arrows = [
        f"    {status.value} --> {target.value}: {verb}"
        for verb, (allowed, target) in moves.items()
        for status in sorted(allowed, key=list(type(target)).index)
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```"])


DIAGRAMS = {
    "wish": state_diagram(wishes.MOVES),
    "claim": state_diagram(claims.MOVES),
    "project": state_diagram(projects.MOVES),
    "refund": state_diagram(refunds.MOVES),
}

if __name__ == "__main__":
    for name, text in DIAGRAMS.items():
        print(f"{name}\n{text}\n")

"""What one run of a job did: how many rows it handled and how many of them failed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Handled:
    """`handled` counts every row the run took up, `failed` those that did not go well."""

    handled: int = 0
    failed: int = 0

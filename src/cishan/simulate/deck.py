"""Chance by shares: a shuffled deck in which every card that has a share lies at least once."""

from collections.abc import Mapping
from random import Random
from typing import Generic, TypeVar

Card = TypeVar("Card")


class Deck(Generic[Card]):
    """Deals cards in shares of `size`; `common` fills what the shares leave. An empty deck is shuffled anew.

    With independent draws a small year would miss the rare cards, and no test could ask for them.
    """

    def __init__(self, shares: Mapping[Card, float], common: Card, size: int, rng: Random) -> None:
        if sum(shares.values()) > 1:
            raise ValueError("shares add up to at most 1")
        self._cards = [card for card, share in shares.items() for _ in range(max(1, round(share * size)))]
        self._cards += [common] * max(0, size - len(self._cards))
        self._rng = rng
        self._left: list[Card] = []

    def deal(self) -> Card:
        if not self._left:
            self._left = list(self._cards)
            self._rng.shuffle(self._left)
        return self._left.pop()

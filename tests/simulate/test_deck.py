"""A deck deals its shares exactly, and never leaves a rare card out."""

from collections import Counter
from random import Random

import pytest

from cishan.simulate.deck import Deck


def dealt(deck: Deck[str], times: int) -> Counter[str]:
    return Counter(deck.deal() for _ in range(times))


def test_shares_are_dealt_exactly() -> None:
    deck = Deck({"late": 0.1, "twice": 0.05}, "plain", 100, Random(1))
    assert dealt(deck, 100) == {"plain": 85, "late": 10, "twice": 5}


def test_a_rare_card_lies_in_a_small_deck_too() -> None:
    deck = Deck({"late": 0.001}, "plain", 10, Random(1))
    assert dealt(deck, 10) == {"plain": 9, "late": 1}


def test_an_empty_deck_is_shuffled_anew() -> None:
    deck = Deck({"late": 0.5}, "plain", 2, Random(1))
    assert dealt(deck, 20) == {"plain": 10, "late": 10}


def test_the_same_seed_deals_the_same_order() -> None:
    first, second = (Deck({"late": 0.3}, "plain", 50, Random(7)) for _ in range(2))
    assert [first.deal() for _ in range(50)] == [second.deal() for _ in range(50)]


def test_shares_of_more_than_everything_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 1"):
        Deck({"late": 0.7, "twice": 0.4}, "plain", 10, Random(1))

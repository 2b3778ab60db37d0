"""Typical wishes with their usual price: a suggestion to the coordinator, never a limit."""

import csv
from dataclasses import dataclass
from functools import cache

from cishan.shipped import shipped
from cishan.wishes.states import Audience, WishKind

AUDIENCES = {"儿童": Audience.CHILD, "老人": Audience.ELDER, "残疾人": Audience.DISABLED, "成年人": Audience.ADULT}


@dataclass(frozen=True)
class Suggestion:
    """A typical wish; `audience` is None where anyone may want it."""

    item: str
    kind: WishKind
    audience: Audience | None
    low_yuan: int
    high_yuan: int

    @property
    def usual_price(self) -> str:
        return f"一般 {self.low_yuan} 到 {self.high_yuan} 元" if self.high_yuan else "不花钱"


@cache
def catalogue() -> tuple[Suggestion, ...]:
    """The suggestions that came with this installation, in the order of the file."""
    with shipped("data/wish_catalogue.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Suggestion(
                item=row["item"],
                kind=WishKind(row["kind"]),
                audience=AUDIENCES.get(row["for_whom"]),
                low_yuan=int(row["low_yuan"]),
                high_yuan=int(row["high_yuan"]),
            )
            for row in csv.DictReader(file)
        )


def usual_price_of(item: str) -> str:
    """The usual price of a thing in words; empty when it is not in the catalogue."""
    return next((found.usual_price for found in catalogue() if found.item == item), "")

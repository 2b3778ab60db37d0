"""What people wish for: the shipped catalogue, and public words that name nobody."""

import csv
from dataclasses import dataclass
from functools import cache
from random import Random

from cishan.shipped import shipped
from cishan.wishes.rules import item_refusal
from cishan.wishes.states import Audience, WishKind

CAP_YUAN = 500
SERVICE_SHARE = 0.20
AUDIENCES = {
    "儿童": Audience.CHILD,
    "老人": Audience.ELDER,
    "残疾人": Audience.DISABLED,
    "成年人": Audience.ADULT,
    "任何人": Audience.FAMILY,
}


@dataclass(frozen=True)
class Item:
    """`low_yuan` and `high_yuan` are 0 for a service."""

    name: str
    kind: WishKind
    audience: Audience
    low_yuan: int
    high_yuan: int


@cache
def items() -> tuple[Item, ...]:
    """Everything of the catalogue that the usual terms allow."""
    with shipped("data/wish_catalogue.csv").open(encoding="utf-8") as file:
        found = [_item(row) for row in csv.DictReader(file)]
    return tuple(item for item in found if item.high_yuan <= CAP_YUAN and not item_refusal(item.name))


def _item(row: dict[str, str]) -> Item:
    kind = WishKind(row["kind"])
    low, high = (int(row["low_yuan"]), int(row["high_yuan"])) if kind is WishKind.THING else (0, 0)
    return Item(row["item"], kind, AUDIENCES[row["for_whom"]], low, high)


def draw_item(rng: Random) -> Item:
    of_time = rng.random() < SERVICE_SHARE
    return rng.choice([item for item in items() if (item.kind is not WishKind.THING) == of_time])


def draw_price_fen(item: Item, rng: Random) -> int:
    """Whole yuan, as a coordinator asks for it in a shop."""
    return rng.randint(item.low_yuan, item.high_yuan) * 100 if item.high_yuan else 0


def public_words(item: Item) -> tuple[tuple[str, str], ...]:
    """Title and text in a few ways, for a reviewer whose first words are refused."""
    title = f"盼着{item.name}"
    return (
        (title, f"如果能有{item.name}，日子会方便不少。谢谢每一位愿意伸手的人。"),
        (f"希望得到{item.name}", f"需要{item.name}，已经走访核实过，请您看看能否帮上忙。"),
        (item.name, f"心愿是{item.name}。工作人员核实过，确实需要，谢谢您。"),
    )

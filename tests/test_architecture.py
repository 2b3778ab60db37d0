"""The architecture page draws the moves that the code allows, and names rooms that are there."""

import re
from pathlib import Path

import pytest

import cishan
from diagrams import DIAGRAMS

PAGE = (Path(__file__).parent.parent / "docs" / "architecture.md").read_text()
SOURCE = Path(cishan.__file__).parent


@pytest.mark.parametrize("thing", sorted(DIAGRAMS))
def test_the_state_diagram_is_made_from_the_table_of_moves(thing: str) -> None:
    assert DIAGRAMS[thing] in PAGE


def test_every_room_is_on_the_map_and_every_row_of_the_map_is_there() -> None:
    on_the_map = set(re.findall(r"^\| `(\w+)/`", PAGE, flags=re.MULTILINE))
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert on_the_map == rooms

"""Pure decisions about large gifts."""

from datetime import timedelta

from cishan.errors import Conflict, InvalidInput
from cishan.money import yuan_text

JOINED_FOR = timedelta(days=7)
DEFAULT_OVER_FEN = 5_000_000
"""50,000 yuan, the sum from which banks report cash; a dated figure of the charity takes its place."""
LISTED_FOR = timedelta(days=90)
"""Gifts as old as this are looked at too when their giver's name turns out to stand on a list."""
DAYS_TO_LOOK = 3
"""Working days for two people to look at a case."""
SHORTEST_FINDING, LONGEST_FINDING = 4, 300


def is_over(joined_fen: int, over_fen: int) -> bool:
    return joined_fen > over_fen


def ask_for_source(over_fen: int) -> InvalidInput:
    """What a donor is asked once more, and why."""
    return InvalidInput(
        {"source": f"七天内的捐款合计超过 {yuan_text(over_fen)} 元，按规定要请您说明钱从哪里来。选一项再提交就好。"}
    )


def check_finding(text: str) -> str:
    """What somebody found out about a case; raises InvalidInput for none."""
    found = text.strip()
    if not SHORTEST_FINDING <= len(found) <= LONGEST_FINDING:
        raise InvalidInput({"finding": f"请写清楚查到什么，{SHORTEST_FINDING} 到 {LONGEST_FINDING} 个字。"})
    return found


def check_other_person(handler_id: int | None, actor_id: int) -> None:
    """Two people look at each case: one finds out, another closes it. Raises Conflict."""
    if handler_id is None:
        raise Conflict("还没有人写调查结果。")
    if handler_id == actor_id:
        raise Conflict("写调查结果的人不能自己办结。请另一位财务看过以后办结。")

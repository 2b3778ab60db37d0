"""Reads of cases for finance, and the figure in force on a day."""

from dataclasses import dataclass
from datetime import datetime

from cishan.clock import beijing_day
from cishan.database import rows
from cishan.labels import LABELS
from cishan.sealing import Sealer
from cishan.vigilance.rules import DEFAULT_OVER_FEN
from cishan.vigilance.states import GiftSource

MOST_CASES = 100

OVER = "SELECT over_fen FROM watch_terms WHERE charity_id = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1"
OPEN = """
SELECT w.id, w.joined_fen, w.is_listed, w.source, w.opened_at, w.due_at, w.handler_id, w.finding, o.out_trade_no, o.paid_fen, a.name_sealed,
       g.name AS organisation, h.name_sealed AS handler_sealed
  FROM watch_case w
  JOIN payment_order o ON o.id = w.order_id AND o.status = 'paid'
  JOIN account a ON a.id = o.donor_id
  LEFT JOIN organisation g ON g.id = a.organisation_id
  LEFT JOIN account h ON h.id = w.handler_id
 WHERE o.charity_id = $1 AND w.closed_at IS NULL ORDER BY w.due_at, w.id LIMIT $2
"""


@dataclass(frozen=True)
class OpenCase:
    """A paid gift that waits for two people's look."""

    id: int
    donor: str
    out_trade_no: str
    paid_fen: int
    joined_fen: int
    is_listed: bool
    source: GiftSource | None
    opened_at: datetime
    due_at: datetime
    handler_id: int | None
    handler: str
    finding: str


def source_choices() -> tuple[tuple[str, str], ...]:
    """What a donor chooses from when a large sum wants its source said."""
    return tuple((source.value, words) for source, words in LABELS[GiftSource].items())


async def over_fen_on(charity_id: int, now: datetime) -> int:
    """The charity's figure in force; the default until it has set its own."""
    found = await rows(OVER, charity_id, beijing_day(now))
    return int(found[0]["over_fen"]) if found else DEFAULT_OVER_FEN


async def open_cases(charity_id: int, *, sealer: Sealer) -> tuple[OpenCase, ...]:
    """Paid gifts whose case is open, the most urgent first."""
    return tuple(
        OpenCase(
            id=row["id"],
            donor=row["organisation"] or sealer.open(row["name_sealed"], "account.name"),
            out_trade_no=row["out_trade_no"],
            paid_fen=row["paid_fen"],
            joined_fen=row["joined_fen"],
            is_listed=row["is_listed"],
            source=GiftSource(row["source"]) if row["source"] else None,
            opened_at=row["opened_at"],
            due_at=row["due_at"],
            handler_id=row["handler_id"],
            handler=sealer.open(row["handler_sealed"], "account.name") if row["handler_sealed"] else "",
            finding=row["finding"],
        )
        for row in await rows(OPEN, charity_id, MOST_CASES)
    )

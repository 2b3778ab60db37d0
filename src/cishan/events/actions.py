"""The only writer of events. Called inside the transaction that holds the subject's row lock."""

import json
from collections.abc import Mapping
from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.database import rows

INSERT = """
INSERT INTO event (subject_kind, subject_id, number, verb, actor_id, at, detail)
SELECT $1::varchar, $2::bigint, coalesce(max(number), 0) + 1, $3, $4, $5, $6::jsonb
  FROM event WHERE subject_kind = $1 AND subject_id = $2
RETURNING id, number
"""
REASON_LABEL = "event_reason.text"
KEEP_REASON = "INSERT INTO event_reason (event_id, text_sealed) VALUES ($1, $2)"

INSERT_MANY = """
INSERT INTO event (subject_kind, subject_id, number, verb, actor_id, at, detail)
SELECT $1, given.subject_id, coalesce(last.number, 0) + 1, $2, $3, $4, given.detail
  FROM unnest($5::bigint[], $6::jsonb[]) AS given (subject_id, detail)
  LEFT JOIN LATERAL (SELECT max(number) AS number FROM event
                      WHERE subject_kind = $1 AND subject_id = given.subject_id) last ON true
"""


async def record_event(
    subject_kind: str,
    subject_id: int,
    verb: str,
    *,
    actor: Viewer | None,
    now: datetime,
    detail: dict[str, object] | None = None,
    reason_sealed: bytes | None = None,
) -> int:
    """Writes the subject's next event and returns its number; `actor` None is the system keeping a deadline.

    `reason_sealed` is what a person gave as reason, sealed under REASON_LABEL; it is kept where it can be erased.

    The caller holds the subject's row lock, so numbers have no gaps; without it the unique constraint refuses one.
    """
    found = await rows(
        INSERT, subject_kind, subject_id, verb, actor.account_id if actor else None, now, detail_text(detail)
    )
    if reason_sealed is not None:
        await rows(KEEP_REASON, found[0]["id"], reason_sealed)
    number: int = found[0]["number"]
    return number


async def record_events(
    subject_kind: str,
    details: Mapping[int, dict[str, object]],
    verb: str,
    *,
    actor: Viewer | None,
    now: datetime,
) -> None:
    """The same step for many subjects at once, with a detail for each; the caller holds the locks of all of them."""
    texts = [detail_text(detail) for detail in details.values()]
    await rows(INSERT_MANY, subject_kind, verb, actor.account_id if actor else None, now, list(details), texts)


def detail_text(detail: dict[str, object] | None) -> str:
    return json.dumps(detail or {}, ensure_ascii=False)

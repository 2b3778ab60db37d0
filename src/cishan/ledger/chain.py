"""Chains committed entries by hashes, so that a row of the books that was changed afterwards, by whomever, is found (L3).

Each link is SHA-256 over the link before and one entry with its postings as text. `CANONICAL` is that text; the check of
`cishan verify` computes it again. The last link of each day is its head, which is published: who wanted to change an old
row would have to change what others have already written down.
"""

import hashlib
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.clock import beijing_day
from cishan.database import rows

FIRST = bytes(32)
"""What stands before the first link."""

CANONICAL = """
concat_ws('|', n.charity_id, n.number, e.id, e.kind, e.source_kind, e.source_id,
          extract(epoch FROM e.occurred_at)::numeric(20, 6), extract(epoch FROM e.booked_at)::numeric(20, 6),
          coalesce(e.reverses_id::text, '-'),
          (SELECT string_agg(concat_ws(':', p.id, a.id, a.charity_id, a.fund_id, a.type, a.division_code, p.amount_fen), ';'
                             ORDER BY p.id)
             FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id WHERE p.entry_id = e.id))
"""
"""One entry `e` with its number `n`, as text that any change of it, its postings or their accounts changes."""

LOCK = "SELECT pg_advisory_xact_lock($1)"
CHAIN_LOCK = 0x63_68_61_69
CHARITIES = """
SELECT c.id, l.number, l.hash FROM charity c
  LEFT JOIN LATERAL (SELECT number, hash FROM ledger_link WHERE charity_id = c.id ORDER BY number DESC LIMIT 1) l ON true
 ORDER BY c.id
"""
UNLINKED = f"""
SELECT n.number, e.id, {CANONICAL} AS text
  FROM ledger_entry_number n JOIN ledger_entry e ON e.id = n.entry_id
 WHERE n.charity_id = $1 AND n.number > $2 ORDER BY n.number LIMIT $3
"""  # noqa: S608 - a constant
ADD_LINKS = """
INSERT INTO ledger_link (charity_id, number, hash, linked_at)
SELECT $1, number, hash, $4 FROM unnest($2::bigint[], $3::bytea[]) AS link (number, hash)
"""
ADD_HEAD = """
INSERT INTO ledger_head (charity_id, day, number, hash, published_at)
SELECT $1, $2, l.number, l.hash, $3 FROM ledger_link l
 WHERE l.charity_id = $1 ORDER BY l.number DESC LIMIT 1
ON CONFLICT (charity_id, day) DO NOTHING RETURNING id
"""


async def chain_entries(*, limit: int, now: datetime) -> int:
    """Links numbered entries to the chain of their charity, in order; returns how many. One process at a time does it."""
    linked = 0
    async with in_transaction():
        await rows(LOCK, CHAIN_LOCK)
        for charity in await rows(CHARITIES):
            found = await rows(UNLINKED, charity["id"], charity["number"] or 0, limit)
            hashes: list[bytes] = []
            before = charity["hash"] or FIRST
            for entry in found:
                before = link(before, entry["text"])
                hashes.append(before)
            if found:
                await rows(ADD_LINKS, charity["id"], [entry["number"] for entry in found], hashes, now)
            linked += len(found)
    return linked


async def publish_heads(*, now: datetime) -> int:
    """Writes down where each charity's chain stands, once a Beijing day; returns how many heads are new."""
    day = beijing_day(now)
    made = [await rows(ADD_HEAD, charity["id"], day, now) for charity in await rows(CHARITIES)]
    return sum(len(found) for found in made)


def link(before: bytes, text: str) -> bytes:
    """The next link of a chain."""
    return hashlib.sha256(before + text.encode()).digest()

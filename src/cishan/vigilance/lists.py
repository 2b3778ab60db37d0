"""Official lists of names (名单): kept as keyed digests, compared with every giver, and a case for the gifts of a hit.

A hit is a name, not a person: two people of finance look, and a namesake who was cleared once is not stopped again. Donors
are told nothing and see nothing else than usual.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.permissions import Permission, must
from cishan.sealing import Sealer
from cishan.vigilance.models import WatchCase
from cishan.vigilance.rules import DAYS_TO_LOOK, LISTED_FOR
from cishan.vigilance.states import ListedKind
from cishan.working_days import end_of_working_days

NAME_LABEL, NUMBER_LABEL = "watch.name", "watch.number"
MOST_LINES = 20_000
LONGEST_NAME, LONGEST_LIST = 120, 80
SPLIT = re.compile(r"[,，\t]")

ADD = """
INSERT INTO watch_entry (charity_id, list_name, kind, name_index, number_index, added_by_id, added_at)
SELECT $1, $2, $3, name, number, $6, $7 FROM unnest($4::varchar[], $5::varchar[]) AS given (name, number)
ON CONFLICT DO NOTHING RETURNING id
"""
END = "UPDATE watch_entry SET ended_at = $3 WHERE charity_id = $1 AND list_name = $2 AND ended_at IS NULL RETURNING id"
LISTS = """
SELECT list_name, kind, count(*) AS names, max(added_at) AS added_at FROM watch_entry
 WHERE charity_id = $1 AND ended_at IS NULL GROUP BY list_name, kind ORDER BY list_name, kind LIMIT 200
"""
NEWEST = "SELECT max(added_at) AS at FROM watch_entry WHERE ended_at IS NULL"
TO_SCREEN = """
SELECT a.id, a.name_sealed, g.name AS organisation, g.uscc
  FROM account a LEFT JOIN organisation g ON g.id = a.organisation_id LEFT JOIN watch_screening s ON s.account_id = a.id
 WHERE a.kind = 'donor' AND (s.account_id IS NULL OR s.screened_at < $1) ORDER BY a.id LIMIT $2 FOR NO KEY UPDATE OF a
"""
"""Locked like the givers of an order that is just being made: whichever comes second sees the other."""
SCREENED = """
INSERT INTO watch_screening (account_id, screened_at) SELECT id, $2 FROM unnest($1::bigint[]) AS done (id)
ON CONFLICT (account_id) DO UPDATE SET screened_at = $2
"""
HITS = """
WITH given AS (
    SELECT * FROM unnest($1::bigint[], $2::varchar[], $3::varchar[], $4::varchar[]) AS one (account_id, kind, name, number))
INSERT INTO watch_match (account_id, entry_id, found_at)
SELECT g.account_id, e.id, $5::timestamptz FROM given g JOIN watch_entry e ON e.name_index = g.name AND e.kind = g.kind
 WHERE e.ended_at IS NULL
 UNION
SELECT g.account_id, e.id, $5 FROM given g JOIN watch_entry e ON e.number_index = g.number AND e.kind = g.kind
 WHERE e.ended_at IS NULL AND g.number <> ''
ON CONFLICT DO NOTHING RETURNING account_id
"""
UNWATCHED = """
SELECT o.id FROM payment_order o
 WHERE o.donor_id = $1 AND o.status IN ('pending', 'paid') AND o.created_at > $2 AND o.refunded_fen < coalesce(o.paid_fen, o.total_fen)
   AND NOT EXISTS (SELECT FROM watch_case w WHERE w.order_id = o.id)
   AND NOT EXISTS (SELECT FROM order_line l JOIN advance a ON a.claim_id = l.owner_id
                    WHERE l.order_id = o.id AND l.owner_kind = 'claim')
   AND NOT EXISTS (SELECT FROM refund r WHERE r.order_id = o.id AND r.status NOT IN ('proposed', 'cancelled'))
 FOR UPDATE OF o
"""
LIVE = """
SELECT 1 FROM watch_match m JOIN watch_entry e ON e.id = m.entry_id
 WHERE m.account_id = ANY($1) AND m.cleared_at IS NULL AND e.ended_at IS NULL LIMIT 1
"""
CLEAR = """
UPDATE watch_match m SET cleared_at = $2 FROM payment_order o, account a, account me
 WHERE o.id = $1 AND me.id = o.donor_id AND m.account_id = a.id AND m.cleared_at IS NULL
   AND (a.id = me.id OR (me.organisation_id IS NOT NULL AND a.organisation_id = me.organisation_id))
"""


@dataclass(frozen=True)
class ListRow:
    """A list in force: whose, of whom, how many names, and when the last of them came."""

    list_name: str
    kind: ListedKind
    names: int
    added_at: datetime


def normal(text: str) -> str:
    """A name as it is compared: one width, no spaces, no case."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()


def read_names(text: str) -> list[tuple[str, str]]:
    """Names and numbers, a line each: `name` or `name,number`. Raises InvalidInput naming the first line that is wrong."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not 0 < len(lines) <= MOST_LINES:
        raise InvalidInput({"names": f"请填 1 到 {MOST_LINES:,} 行，每行一个名字。"})
    found = []
    for number, line in enumerate(lines, start=1):
        name, *rest = (part.strip() for part in SPLIT.split(line))
        if not 2 <= len(normal(name)) <= LONGEST_NAME or len(rest) > 1:
            raise InvalidInput({"names": f"第 {number} 行看不懂。每行写“姓名”或者“姓名,证件号”。"})
        found.append((name, rest[0] if rest else ""))
    return found


async def add_names(
    charity_id: int, list_name: str, kind: ListedKind, text: str, *, actor: Viewer, sealer: Sealer, now: datetime
) -> int:
    """Adds the names of an official list; returns how many are new. Only their digests are kept."""
    must(actor, Permission.MANAGE_MONEY)
    whose = list_name.strip()
    if not 0 < len(whose) <= LONGEST_LIST:
        raise InvalidInput({"list_name": f"请写明是哪个部门的哪份名单，最多 {LONGEST_LIST} 个字。"})
    given = read_names(text)
    names = [sealer.digest(normal(name), NAME_LABEL) for name, _ in given]
    numbers = [sealer.digest(normal(number), NUMBER_LABEL) if number else "" for _, number in given]
    async with in_transaction():
        added = len(await rows(ADD, charity_id, whose, kind.value, names, numbers, actor.account_id, now))
        detail: dict[str, object] = {"list": whose, "added": added}
        await record_event("watch_list", charity_id, "add", actor=actor, now=now, detail=detail)
        return added


async def end_list(charity_id: int, list_name: str, *, actor: Viewer, now: datetime) -> None:
    """A list that is not in force any more stops nobody; raises NotFound for none."""
    must(actor, Permission.MANAGE_MONEY)
    async with in_transaction():
        ended = len(await rows(END, charity_id, list_name, now))
        if not ended:
            raise NotFound
        detail: dict[str, object] = {"list": list_name, "ended": ended}
        await record_event("watch_list", charity_id, "end", actor=actor, now=now, detail=detail)


async def lists_of(charity_id: int) -> tuple[ListRow, ...]:
    """The lists in force."""
    return tuple(
        ListRow(row["list_name"], ListedKind(row["kind"]), row["names"], row["added_at"])
        for row in await rows(LISTS, charity_id)
    )


async def screen_accounts(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Compares accounts that are new, renamed, or older than the newest list; returns how many were compared."""
    newest = (await rows(NEWEST))[0]["at"]
    if newest is None:
        return 0
    async with in_transaction():
        found = await rows(TO_SCREEN, newest, limit)
        if not found:
            return 0
        given = [one for row in found for one in _digests(row, sealer)]
        hits = await rows(HITS, *(list(column) for column in zip(*given, strict=True)), now)
        await rows(SCREENED, [row["id"] for row in found], now)
        for account_id in sorted({row["account_id"] for row in hits}):
            for order in await rows(UNWATCHED, account_id, now - LISTED_FOR):
                await open_listed_case(order["id"], 0, now=now)
    return len(found)


def _digests(row: JsonRow, sealer: Sealer) -> list[tuple[int, str, str, str]]:
    """What of an account is compared: the person's name, and the organisation's name and number."""
    person = sealer.digest(normal(sealer.open(row["name_sealed"], "account.name")), NAME_LABEL)
    found = [(row["id"], ListedKind.PERSON.value, person, "")]
    if row["organisation"]:
        name, number = (
            sealer.digest(normal(row["organisation"]), NAME_LABEL),
            sealer.digest(normal(row["uscc"]), NUMBER_LABEL),
        )
        found.append((row["id"], ListedKind.ORGANISATION.value, name, number))
    return found


async def is_listed(givers: list[int]) -> bool:
    """Whether one of these accounts has a hit that nobody has cleared."""
    return bool(await rows(LIVE, givers))


async def open_listed_case(order_id: int, joined_fen: int, *, now: datetime) -> int:
    """A case because of a name; the caller's transaction holds the order or has just made it."""
    case = await WatchCase.create(
        order_id=order_id,
        joined_fen=joined_fen,
        is_listed=True,
        opened_at=now,
        due_at=end_of_working_days(now, DAYS_TO_LOOK),
    )
    await record_event("watch_case", case.id, "open_listed", actor=None, now=now)
    case_id: int = case.id
    return case_id


async def clear_matches(order_id: int, *, now: datetime) -> None:
    """The giver of an order is somebody else than the lists mean."""
    await rows(CLEAR, order_id, now)

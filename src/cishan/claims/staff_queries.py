"""Reads for the people who fulfil a wish: today's tasks, checks, sums to advance or to agree to, thanks to pass on.

Each is got for someone: a place's claims for its staff, and a claim for the buyer who was put in. What a row tells of a
family is its case number; names and doors come from the registry, for those who may read them there.
"""

from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.states import CheckAnswer, CheckChannel, ClaimStatus, ClaimWay, DeliveryProof
from cishan.database import JsonRow, rows
from cishan.divisions.queries import names_of
from cishan.divisions.rules import subtree, town_of
from cishan.errors import NotFound
from cishan.households.queries import household_visible_to
from cishan.sealing import Sealer

MOST_TASKS = 100
MOST_CHECKS = 100
MOST_THANKS = 50
MOST_HANDOVER_PICTURES = 30
MOST_APPROVALS = 50
MOST_BUYERS = 50
PAGE_ROWS = 40
"""Rows of a page of claims to advance money for: as many as one form may take."""

TASK = """
SELECT c.id, c.wish_id, c.way, c.status, c.status_since, c.claimed_at, c.price_fen, c.due_at, c.late_since, c.escalation,
       c.buyer_id, w.item, w.public_title, w.division_code, w.household_id, w.hours AS wish_hours, h.case_number,
       h.closed_at IS NOT NULL AS household_closed,
       a.given_at AS advanced_at, a.amount_fen AS advanced_fen,
       p.id AS purchase_id, p.shop, p.spent_fen, p.bought_at, p.booked_at, p.buyer_id AS bought_by_id, p.advanced_by_id, p.voucher_id,
       f.code_hash IS NOT NULL AS has_code, f.code_tries_left, f.delivered_at, f.delivered_by_id, f.proof, f.slip_id,
       f.picture_id, f.value_fen, f.hours, f.check_due_at, f.asked_at, f.channel, f.answered_by, f.answer, f.answer_note,
       t.id AS thanks_id, t.text AS thanks_text, t.passed_on_at
  FROM claim c
  JOIN wish w ON w.id = c.wish_id
  JOIN household h ON h.id = w.household_id
  LEFT JOIN advance a ON a.claim_id = c.id
  LEFT JOIN purchase p ON p.claim_id = c.id
  LEFT JOIN fulfilment f ON f.claim_id = c.id
  LEFT JOIN thanks t ON t.claim_id = c.id
"""
ONE = TASK + " WHERE c.id = $1"
OPEN_TASKS = """
SELECT id FROM claim WHERE status IN ('advanced', 'bought', 'promised', 'questioned')
UNION ALL
SELECT d.claim_id FROM fulfilment d JOIN claim k ON k.id = d.claim_id
 WHERE d.delivered_by_id = $3 AND d.delivered_at > $5::timestamptz - interval '30 days'
   AND k.status IN ('delivered', 'confirmed') AND NOT EXISTS (SELECT FROM thanks s WHERE s.claim_id = d.claim_id)
"""
"""Claims to buy or bring for, and the last month's own deliveries whose thanks may still be written down: two indexes."""
TASKS = f"""
{TASK}
 WHERE c.id = ANY(ARRAY({OPEN_TASKS})) AND (w.division_code BETWEEN $1 AND $2 OR c.buyer_id = $3)
 ORDER BY coalesce(c.late_since, c.due_at) NULLS LAST, c.id LIMIT $4
"""
CHECKS = (
    TASK
    + """
 WHERE c.status = 'delivered' AND w.division_code BETWEEN $1 AND $2 AND f.delivered_by_id <> $3
 ORDER BY f.check_due_at, c.id LIMIT $4
"""
)
TO_ADVANCE = (
    TASK
    + """
 WHERE c.status = 'paid' AND w.division_code BETWEEN $1 AND $2
 ORDER BY coalesce(c.late_since, c.due_at), c.id LIMIT $3 OFFSET $4
"""
)
CHOSEN = TASK + " WHERE c.id = ANY($1) AND w.division_code BETWEEN $2 AND $3 ORDER BY c.id LIMIT $4"
COUNT_TO_ADVANCE = """
SELECT count(*) AS claims, coalesce(sum(c.price_fen), 0)::bigint AS fen FROM claim c JOIN wish w ON w.id = c.wish_id
 WHERE c.status = 'paid' AND w.division_code BETWEEN $1 AND $2
"""
APPROVALS = (
    TASK
    + """
 WHERE p.booked_at IS NULL AND p.id IS NOT NULL AND w.division_code BETWEEN $1 AND $2 ORDER BY p.bought_at, p.id LIMIT $3
"""
)
THANKS = (
    TASK
    + """
 WHERE t.passed_on_at IS NULL AND t.id IS NOT NULL AND w.division_code BETWEEN $1 AND $2
 ORDER BY t.written_at, t.id LIMIT $3
"""
)
HANDOVER_PICTURES = (
    TASK
    + """
  JOIN picture i ON i.id = f.picture_id
 WHERE i.use = 'handover' AND i.cleared_at IS NULL AND w.division_code BETWEEN $1 AND $2
 ORDER BY f.delivered_at, c.id LIMIT $3
"""
)
BUYERS = """
SELECT g.account_id, a.name_sealed, g.division_code FROM role_grant g JOIN account a ON a.id = g.account_id
 WHERE g.role = 'coordinator' AND g.ended_at IS NULL AND a.disabled_at IS NULL AND g.division_code BETWEEN $1 AND $2
 ORDER BY g.division_code, g.account_id LIMIT $3
"""
EVENTS = """
SELECT e.verb, e.at, e.detail, g.role FROM event e LEFT JOIN LATERAL (
    SELECT role FROM role_grant r WHERE r.account_id = e.actor_id ORDER BY r.id DESC LIMIT 1) g ON true
 WHERE e.subject_kind = 'claim' AND e.subject_id = $1 ORDER BY e.number LIMIT $2
"""
MOST_EVENTS = 200


@dataclass(frozen=True)
class Task:
    """A claim as staff see it. `case_number` stands for the family."""

    id: int
    wish_id: int
    item: str
    title: str
    division_code: str
    household_id: int
    household_closed: bool
    case_number: str
    way: ClaimWay
    status: ClaimStatus
    status_since: datetime
    claimed_at: datetime
    price_fen: int
    wish_hours: int
    due_at: datetime | None
    late_since: datetime | None
    escalation: int
    buyer_id: int | None
    advanced_at: datetime | None
    purchase: "Bought | None"
    delivery: "Delivery | None"
    has_code: bool
    tries_left: int
    thanks_id: int | None
    thanks_text: str
    thanks_passed_on_at: datetime | None

    def late_from(self, now: datetime) -> datetime | None:
        """The first missed deadline; None when the claim is in time."""
        if self.late_since is not None:
            return self.late_since
        return self.due_at if self.due_at is not None and self.due_at <= now else None


@dataclass(frozen=True)
class Bought:
    """`booked_at` is empty while finance has not agreed to a sum over the advance."""

    id: int
    shop: str
    spent_fen: int
    advanced_fen: int
    bought_at: datetime
    booked_at: datetime | None
    buyer_id: int
    advanced_by_id: int | None
    voucher_id: int


@dataclass(frozen=True)
class Delivery:
    """The last hand-over and what the family answered to it."""

    at: datetime
    by_id: int
    proof: DeliveryProof
    slip_id: int | None
    picture_id: int | None
    value_fen: int
    hours: int
    check_due_at: datetime
    asked_at: datetime | None
    channel: CheckChannel | None
    answered_by: str
    answer: CheckAnswer | None
    note: str


@dataclass(frozen=True)
class Door:
    """Where to bring it, whom to ask for and how to reach them, as far as the registry lets this viewer read."""

    address: str
    name: str
    phone: str


@dataclass(frozen=True)
class Buyer:
    """A coordinator of the town who may be put in."""

    account_id: int
    name: str
    place: str


@dataclass(frozen=True)
class ClaimEvent:
    """What happened to a claim; the role that did it, None when the system kept a deadline."""

    verb: str
    at: datetime
    detail: object
    role: Role | None


async def tasks_of(viewer: Viewer, *, now: datetime) -> tuple[Task, ...]:
    """What a coordinator has to buy, bring or write down, late first."""
    found = await rows(TASKS, *viewer.scope, viewer.account_id, MOST_TASKS, now)
    return tuple(_task(row) for row in found)


async def checks_for(viewer: Viewer) -> tuple[Task, ...]:
    """Deliveries of the place that this person may ask about: none that they made themselves."""
    return tuple(_task(row) for row in await rows(CHECKS, *viewer.scope, viewer.account_id, MOST_CHECKS))


async def claim_for_staff(claim_id: int, *, viewer: Viewer) -> Task:
    """One claim of the viewer's place, or one they were put in to buy for; a stranger's is not there."""
    found = await rows(ONE, claim_id)
    if not found:
        raise NotFound
    task = _task(found[0])
    if not viewer.is_staff or not (viewer.covers(task.division_code) or task.buyer_id == viewer.account_id):
        raise NotFound
    return task


async def paid_claims(viewer: Viewer, *, page: int) -> tuple[Task, ...]:
    """Paid claims whose money is not yet advanced, most urgent first."""
    offset = (page - 1) * PAGE_ROWS
    return tuple(_task(row) for row in await rows(TO_ADVANCE, *viewer.scope, PAGE_ROWS, offset))


async def count_paid(viewer: Viewer) -> tuple[int, int]:
    """How many claims wait for their advance, and the sum in fen."""
    found = (await rows(COUNT_TO_ADVANCE, *viewer.scope))[0]
    return found["claims"], found["fen"]


async def chosen_claims(claim_ids: list[int], *, viewer: Viewer) -> tuple[Task, ...]:
    return tuple(_task(row) for row in await rows(CHOSEN, claim_ids, *viewer.scope, PAGE_ROWS))


async def purchases_to_approve(viewer: Viewer) -> tuple[Task, ...]:
    """Purchases over their advance that finance has not decided on, oldest first."""
    return tuple(_task(row) for row in await rows(APPROVALS, *viewer.scope, MOST_APPROVALS))


async def thanks_to_pass_on(viewer: Viewer) -> tuple[Task, ...]:
    return tuple(_task(row) for row in await rows(THANKS, *viewer.scope, MOST_THANKS))


async def handover_pictures_to_judge(viewer: Viewer) -> tuple[Task, ...]:
    """Claims of the place whose hand-over picture no editor has looked at, oldest first."""
    return tuple(_task(row) for row in await rows(HANDOVER_PICTURES, *viewer.scope, MOST_HANDOVER_PICTURES))


async def buyers_of(division_code: str, *, sealer: Sealer) -> tuple[Buyer, ...]:
    """The coordinators of the town to which a village belongs."""
    found = await rows(BUYERS, *subtree(town_of(division_code)), MOST_BUYERS)
    places = await names_of([row["division_code"] for row in found])
    return tuple(
        Buyer(row["account_id"], sealer.open(row["name_sealed"], "account.name"), places.get(row["division_code"], ""))
        for row in found
    )


async def events_of(claim_id: int) -> tuple[ClaimEvent, ...]:
    return tuple(
        ClaimEvent(row["verb"], row["at"], row["detail"], Role(row["role"]) if row["role"] else None)
        for row in await rows(EVENTS, claim_id, MOST_EVENTS)
    )


async def door_of(task: Task, *, viewer: Viewer, sealer: Sealer, now: datetime) -> Door | None:
    """The family's door, plain or masked as the registry decides; None for a role or a place that does not see it."""
    if not viewer.covers(task.division_code):
        return None
    try:
        home = await household_visible_to(viewer, task.household_id, sealer=sealer, now=now)
    except NotFound:
        # The family has moved out of this place since; what was paid for still has to reach it.
        return None
    if home.address is None:
        return None
    head = home.head
    return Door(home.address.text, head.name.text if head else "", head.phone.text if head else "")


def _task(row: JsonRow) -> Task:
    return Task(
        id=row["id"],
        wish_id=row["wish_id"],
        item=row["item"],
        title=row["public_title"],
        division_code=row["division_code"],
        household_id=row["household_id"],
        household_closed=row["household_closed"],
        case_number=row["case_number"],
        way=ClaimWay(row["way"]),
        status=ClaimStatus(row["status"]),
        status_since=row["status_since"],
        claimed_at=row["claimed_at"],
        price_fen=row["price_fen"],
        wish_hours=row["wish_hours"],
        due_at=row["due_at"],
        late_since=row["late_since"],
        escalation=row["escalation"],
        buyer_id=row["buyer_id"],
        advanced_at=row["advanced_at"],
        purchase=_bought(row),
        delivery=_delivery(row),
        has_code=row["has_code"],
        tries_left=row["code_tries_left"] or 0,
        thanks_id=row["thanks_id"],
        thanks_text=row["thanks_text"] or "",
        thanks_passed_on_at=row["passed_on_at"],
    )


def _bought(row: JsonRow) -> Bought | None:
    if row["purchase_id"] is None:
        return None
    return Bought(
        id=row["purchase_id"],
        shop=row["shop"],
        spent_fen=row["spent_fen"],
        advanced_fen=row["advanced_fen"],
        bought_at=row["bought_at"],
        booked_at=row["booked_at"],
        buyer_id=row["bought_by_id"],
        advanced_by_id=row["advanced_by_id"],
        voucher_id=row["voucher_id"],
    )


def _delivery(row: JsonRow) -> Delivery | None:
    if row["delivered_at"] is None:
        return None
    return Delivery(
        at=row["delivered_at"],
        by_id=row["delivered_by_id"],
        proof=DeliveryProof(row["proof"]),
        slip_id=row["slip_id"],
        picture_id=row["picture_id"],
        value_fen=row["value_fen"],
        hours=row["hours"],
        check_due_at=row["check_due_at"],
        asked_at=row["asked_at"],
        channel=CheckChannel(row["channel"]) if row["channel"] else None,
        answered_by=row["answered_by"],
        answer=CheckAnswer(row["answer"]) if row["answer"] else None,
        note=row["answer_note"],
    )

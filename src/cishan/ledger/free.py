"""What of a fund's money may still be used: one answer for advances, shares, help, and money that goes back (R-9).

A promise counts whoever made it, so this reads the tables in which other rooms keep theirs. Whoever is about to promise or to
pay locks the fund first; payments come in without that lock, and only ever add.
"""

from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.ledger.queries import balances_of
from cishan.ledger.states import AccountType

SHARE_FEN = (
    "(a.amount_fen - coalesce((SELECT sum(r.amount_fen) FROM allocation_release r WHERE r.allocation_id = a.id), 0))"
)
"""What allocation `a` sets aside: what it was made for, less what was taken back of it."""
LOCK = "SELECT id, charity_id, kind FROM fund WHERE id = $1 FOR NO KEY UPDATE"
PROMISED = """
SELECT coalesce(sum(c.price_fen), 0)
  FROM campaign k JOIN wish w ON w.campaign_id = k.id JOIN claim c ON c.wish_id = w.id
 WHERE k.charity_id = f.charity_id AND f.kind = 'wish' AND c.status = 'paid'
"""
"""What donors have paid for wishes and finance has not advanced yet; only the 微心愿 fund `f` has such money."""
WATCHED = """
SELECT coalesce(sum(l.amount_fen), 0)
  FROM watch_case w JOIN order_line l ON l.order_id = w.order_id AND l.fund_id = f.id AND l.owner_kind <> 'claim'
  JOIN ledger_entry e ON e.source_kind = 'order_line' AND e.source_id = l.id AND e.kind = 'gift'
 WHERE w.closed_at IS NULL
"""
"""Gifts to fund `f` at which two people have not looked yet: they rest (R-19). A claim's rests with the claim."""
SPENDABLE = f"""
SELECT (-(SELECT coalesce(sum(p.amount_fen), 0) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
           WHERE a.fund_id = f.id AND a.type IN ('fund', 'spending', 'fees', 'town_advance'))
        - f.held_fen - ({PROMISED}) - ({WATCHED}))::bigint AS fen
  FROM fund f WHERE f.id = $1
"""  # noqa: S608 - constants
RESTING = f"SELECT (({PROMISED}) + ({WATCHED}))::bigint AS fen FROM fund f WHERE f.id = $1"  # noqa: S608 - constants
ON_ITS_WAY = """
SELECT coalesce(sum(p.amount_fen), 0)::bigint AS fen FROM payout p JOIN payout_file f ON f.id = p.file_id
 WHERE p.fund_id = $1 AND p.status = 'in_file' AND f.channel = $2
"""
OWED_AT_BANK = """
SELECT ((SELECT coalesce(sum(u.amount_fen), 0) FROM unassigned_money u JOIN payment_order o ON o.id = u.order_id
          WHERE u.fund_id = $1 AND u.resolved_at IS NULL AND o.channel = 'bank')
      + (SELECT coalesce(sum(t.amount_fen), 0)
           FROM refund r JOIN refund_line t ON t.refund_id = r.id JOIN payment_order o ON o.id = r.order_id
           LEFT JOIN order_line l ON l.id = t.order_line_id LEFT JOIN unassigned_money u ON u.id = t.unassigned_id
          WHERE r.status IN ('requested', 'unknown', 'refused') AND coalesce(l.fund_id, u.fund_id) = $1 AND o.channel = 'bank')
      - (SELECT coalesce(sum(p.amount_fen), 0)
           FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id JOIN ledger_entry e ON e.id = p.entry_id
           LEFT JOIN ledger_entry o ON o.id = e.reverses_id
          WHERE a.fund_id = $1 AND a.type = 'unassigned' AND coalesce(o.kind, e.kind) IN ('hold', 'hold_back')))::bigint AS fen
"""
"""Transfers that were late, too much or of nobody known, and refunds of transfers; all else that is owed lies at Alipay."""


async def lock_fund(fund_id: int) -> JsonRow:
    """The row of a fund, locked: one promise at a time."""
    found = await rows(LOCK, fund_id)
    if not found:
        raise NotFound
    return found[0]


async def spendable_of(fund_id: int) -> int:
    """What a fund may still promise to anything new, wherever its money lies; below 0 when it has promised too much.

    Received, less what went back or is owed back, spending (approved help included), fees, what towns hold to buy with, what
    is set aside, what paid wishes wait for, and gifts at which nobody has looked yet. One statement, so one moment.
    """
    return await _fen(SPENDABLE, fund_id)


async def free_at(fund_id: int, place: AccountType) -> int:
    """What may leave Alipay or the bank for the fund's use: not what donors are owed there, and not what is on its way already.

    Money promised to wishes lies at Alipay, from where towns get it, and so does a gift that rests.
    """
    here_fen, owed_fen = await _balances(fund_id, place)
    owed_at_bank_fen = await _fen(OWED_AT_BANK, fund_id)
    on_its_way_fen = await _fen(ON_ITS_WAY, fund_id, place.value)
    if place is AccountType.BANK:
        return here_fen - owed_at_bank_fen - on_its_way_fen
    return here_fen - (owed_fen - owed_at_bank_fen) - on_its_way_fen - await _fen(RESTING, fund_id)


async def _balances(fund_id: int, place: AccountType) -> tuple[int, int]:
    """What lies in a place, and all that is owed to donors."""
    owed = {AccountType.UNASSIGNED, AccountType.REFUND_DUE}
    balances = await balances_of(fund_id)
    here_fen = sum(item.balance_fen for item in balances if item.type is place)
    return here_fen, -sum(item.balance_fen for item in balances if item.type in owed)


async def _fen(sql: str, *values: object) -> int:
    found: int = (await rows(sql, *values))[0]["fen"]
    return found

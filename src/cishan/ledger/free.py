"""What of a fund's money may still be used: one answer for advances, shares, help and money that donors take back (R-9).

A promise counts whoever made it, so this reads the tables in which other rooms keep theirs. Whoever is about to promise or to
pay holds the fund's row lock.
"""

from cishan.database import rows
from cishan.ledger.queries import balance_of, uncommitted_of
from cishan.ledger.states import AccountType

PROMISED = """
SELECT coalesce(sum(c.price_fen), 0)::bigint AS fen
  FROM fund f JOIN campaign k ON k.charity_id = f.charity_id JOIN wish w ON w.campaign_id = k.id JOIN claim c ON c.wish_id = w.id
 WHERE f.id = $1 AND f.kind = 'wish' AND c.status = 'paid'
"""
ON_ITS_WAY = """
SELECT coalesce(sum(p.amount_fen), 0)::bigint AS fen FROM payout p JOIN payout_file f ON f.id = p.file_id
 WHERE p.fund_id = $1 AND p.status = 'in_file' AND f.channel = $2
"""
NOT_SETTLED = """
SELECT coalesce(sum(u.amount_fen), 0)::bigint AS fen FROM unassigned_money u JOIN payment_order o ON o.id = u.order_id
 WHERE u.fund_id = $1 AND u.resolved_at IS NULL AND o.channel = $2
"""
GOING_BACK = """
SELECT coalesce(sum(t.amount_fen), 0)::bigint AS fen
  FROM refund r JOIN refund_line t ON t.refund_id = r.id JOIN payment_order o ON o.id = r.order_id
  LEFT JOIN order_line l ON l.id = t.order_line_id LEFT JOIN unassigned_money u ON u.id = t.unassigned_id
 WHERE r.status IN ('requested', 'unknown', 'refused') AND coalesce(l.fund_id, u.fund_id) = $1 AND o.channel = $2
"""
HELD_AT_BANK = """
SELECT coalesce(-sum(p.amount_fen), 0)::bigint AS fen
  FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id JOIN ledger_entry e ON e.id = p.entry_id
  LEFT JOIN ledger_entry o ON o.id = e.reverses_id
 WHERE a.fund_id = $1 AND a.type = 'unassigned' AND coalesce(o.kind, e.kind) IN ('hold', 'hold_back')
"""
"""Transfers whose giver is not known."""


async def promised_to_wishes(fund_id: int) -> int:
    """What donors have paid for wishes and finance has not advanced yet; only the 微心愿 fund has such money."""
    return await _fen(PROMISED, fund_id)


async def spendable_of(fund_id: int) -> int:
    """What a fund may still promise to anything new, wherever its money lies; below 0 when it has promised too much."""
    return await uncommitted_of(fund_id) - await promised_to_wishes(fund_id)


async def free_at(fund_id: int, place: AccountType) -> int:
    """What may leave Alipay or the bank for the fund's use: not what donors are owed there, and not what is on its way already.

    Money promised to wishes lies at Alipay, from where towns get it.
    """
    owed_fen = await _fen(NOT_SETTLED, fund_id, place.value) + await _fen(GOING_BACK, fund_id, place.value)
    if place is AccountType.BANK:
        owed_fen += await _fen(HELD_AT_BANK, fund_id)
    else:
        owed_fen += await promised_to_wishes(fund_id)
    return await balance_of(fund_id, place) - owed_fen - await _fen(ON_ITS_WAY, fund_id, place.value)


async def _fen(sql: str, *values: object) -> int:
    found: int = (await rows(sql, *values))[0]["fen"]
    return found

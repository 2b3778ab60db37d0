"""Promises about large gifts: while two people have not looked at one, its money neither goes out nor back."""

from cishan.ledger.free import WATCHED
from cishan.verify.checks import Check

WATCHED_MONEY_RESTS = Check(
    name="watched_money_rests",
    promise="正在核查的捐款，没有拨出去，也没有退回去",
    examined="SELECT id FROM watch_case",
    broken=f"""
SELECT w.id AS watch_case, w.order_id, 'refund' AS what, r.id AS what_id
  FROM watch_case w JOIN refund r ON r.order_id = w.order_id AND r.status NOT IN ('proposed', 'cancelled')
   AND r.reason <> 'elsewhere'
 WHERE w.closed_at IS NULL
 UNION ALL
SELECT w.id, w.order_id, 'advance', a.id
  FROM watch_case w JOIN order_line l ON l.order_id = w.order_id AND l.owner_kind = 'claim'
  JOIN advance a ON a.claim_id = l.owner_id
 WHERE w.closed_at IS NULL
 UNION ALL
SELECT NULL, NULL, 'fund', f.id
  FROM fund f
  LEFT JOIN (SELECT a.fund_id, -sum(p.amount_fen) AS free_fen FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
              WHERE a.type IN ('fund', 'spending', 'town_advance') GROUP BY a.fund_id) b ON b.fund_id = f.id
 WHERE ({WATCHED}) > coalesce(b.free_fen, 0) - f.held_fen
""",  # noqa: S608 - constants
    may_be_empty=True,
)

LISTED_GIVERS_ARE_WATCHED = Check(
    name="listed_givers_are_watched",
    promise="名字在关注名单上、还没有排除的人，名单比对以后的每笔捐款都有人核查",
    examined="SELECT id FROM watch_match",
    broken="""
SELECT m.id AS match, o.id AS order_id, o.created_at
  FROM watch_match m JOIN watch_entry e ON e.id = m.entry_id AND e.ended_at IS NULL
  JOIN payment_order o ON o.donor_id = m.account_id AND o.created_at > m.found_at AND o.status = 'paid'
 WHERE m.cleared_at IS NULL AND NOT EXISTS (SELECT FROM watch_case w WHERE w.order_id = o.id)
""",
)

VIGILANCE_CHECKS = (WATCHED_MONEY_RESTS, LISTED_GIVERS_ARE_WATCHED)

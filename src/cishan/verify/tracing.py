"""Promises about the way of the money: every fen of every gift is somewhere, and the books say the same."""

from cishan.tracing.gifts import PARTS
from cishan.verify.checks import Check

TRACE_SUMS_TO_PAID = Check(
    name="trace_sums_to_paid",
    promise="每笔捐款去到各处的钱，加起来正好是付的钱，没有一处是负数",
    examined="SELECT id FROM payment_order WHERE status = 'paid'",
    broken=f"""
{PARTS}
SELECT o.id AS order_id, o.paid_fen, coalesce(sum(part.fen), 0)::bigint AS traced_fen
  FROM payment_order o LEFT JOIN part ON part.order_id = o.id
 WHERE o.status = 'paid' GROUP BY o.id
HAVING coalesce(sum(part.fen), 0) <> o.paid_fen OR min(part.fen) < 0
""",  # noqa: S608
)
TRACE_EQUALS_BOOKS = Check(
    name="trace_equals_books",
    promise="按捐款追踪出来的待处理、待退、在乡镇、归项目的钱，和账上各科目的余额相等",
    examined="SELECT id FROM payment_order WHERE status = 'paid'",
    broken=f"""
{PARTS},
traced AS (
    SELECT fund_id, CASE place WHEN 'waiting' THEN 'unassigned' WHEN 'return_owed' THEN 'refund_due' ELSE 'fund' END AS account,
           fen FROM part WHERE place <> 'returned'
    UNION ALL SELECT fund_id, 'town_advance', -fen FROM part WHERE place = 'in_town'),
booked AS (
    SELECT a.fund_id, a.type AS account, -p.amount_fen AS fen
      FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id JOIN ledger_entry e ON e.id = p.entry_id
     WHERE (a.type IN ('unassigned', 'refund_due', 'town_advance') AND e.kind NOT IN ('hold', 'hold_back')
            AND NOT EXISTS (SELECT FROM ledger_entry h WHERE h.id = e.reverses_id AND h.kind = 'hold'))
        OR (a.type = 'fund' AND e.kind IN ('gift', 'assignment', 'refund_due', 'refund_kept')))
SELECT fund_id AS fund, account, sum(traced_fen)::bigint AS traced_fen, sum(booked_fen)::bigint AS booked_fen
  FROM (SELECT fund_id, account, fen AS traced_fen, 0 AS booked_fen FROM traced
         UNION ALL SELECT fund_id, account, 0, fen FROM booked) both_sides
 GROUP BY 1, 2 HAVING sum(traced_fen) <> sum(booked_fen)
""",  # noqa: S608
)
LIST_LINES_ARE_PAID_FOR = Check(
    name="list_lines_are_paid_for",
    promise="清单上每件买来的东西，花的钱等于采购凭证，由捐款和项目的钱付清",
    examined="SELECT id FROM purchase WHERE booked_at IS NOT NULL",
    broken=f"""
{PARTS}
SELECT p.claim_id AS claim, p.spent_fen, f.value_fen AS listed_fen, coalesce(sum(part.fen), 0)::bigint AS from_gifts_fen
  FROM purchase p
  JOIN claim c ON c.id = p.claim_id
  LEFT JOIN fulfilment f ON f.claim_id = p.claim_id AND c.status = 'confirmed'
  LEFT JOIN part ON part.claim_id = p.claim_id AND part.place = 'spent'
 WHERE p.booked_at IS NOT NULL
 GROUP BY p.claim_id, p.spent_fen, f.value_fen
HAVING f.value_fen <> p.spent_fen OR coalesce(sum(part.fen), 0) > p.spent_fen OR coalesce(sum(part.fen), 0) = 0
""",  # noqa: S608
)

TRACE_CHECKS = (TRACE_SUMS_TO_PAID, TRACE_EQUALS_BOOKS, LIST_LINES_ARE_PAID_FOR)

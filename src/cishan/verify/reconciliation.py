"""Promises about the bills: what Alipay lists is what the books have, or somebody has said why not; closed months stay so."""

from cishan.verify.checks import Check

_LISTED = """
SELECT d.id AS day_id, d.charity_id, d.day, r.kind, r.trade_no, r.out_trade_no, r.request_no, r.received_fen
  FROM bill_day d
  JOIN LATERAL (SELECT id FROM bill_file WHERE day_id = d.id ORDER BY number DESC LIMIT 1) f ON true
  JOIN bill_row r ON r.file_id = f.id
"""
BILL_AGREES = Check(
    name="bill_agrees",
    promise="每个核对过的日子，支付宝账单和账本一笔不差；有差异的都记着，没有过期不处理的；没有过期还没核对的日子",
    examined="SELECT id FROM bill_day WHERE compared_at IS NOT NULL",
    broken=f"""
SELECT l.day, l.trade_no, 'in the bill only' AS what
  FROM ({_LISTED}) l
 WHERE l.kind = 'payment'
   AND NOT EXISTS (SELECT FROM payment_order o WHERE o.out_trade_no = l.out_trade_no AND o.trade_no = l.trade_no
                      AND o.status = 'paid' AND o.paid_fen = l.received_fen)
   AND NOT EXISTS (SELECT FROM bill_difference x WHERE x.day_id = l.day_id AND x.trade_no = l.trade_no
                      AND x.row_kind = 'payment')
 UNION ALL
SELECT d.day, o.trade_no, 'in the books only'
  FROM payment_order o
  JOIN bill_day d ON d.charity_id = o.charity_id AND d.day = (o.paid_at AT TIME ZONE 'Asia/Shanghai')::date
   AND d.compared_at IS NOT NULL
 WHERE o.status = 'paid' AND o.channel = 'alipay'
   AND NOT EXISTS (SELECT FROM ({_LISTED}) l WHERE l.charity_id = o.charity_id AND l.trade_no = o.trade_no
                      AND l.kind = 'payment' AND l.day BETWEEN d.day - 1 AND d.day + 1)
   AND NOT EXISTS (SELECT FROM bill_difference x WHERE x.day_id = d.id AND x.trade_no = o.trade_no)
 UNION ALL
SELECT l.day, l.trade_no, 'refund in the bill only'
  FROM ({_LISTED}) l
 WHERE l.kind = 'refund'
   AND NOT EXISTS (SELECT FROM refund r JOIN payment_order o ON o.id = r.order_id
                    WHERE o.out_trade_no = l.out_trade_no AND r.request_no = l.request_no AND r.status = 'succeeded'
                      AND r.amount_fen = l.received_fen)
   AND NOT EXISTS (SELECT FROM bill_difference x WHERE x.day_id = l.day_id AND x.request_no = l.request_no
                      AND x.row_kind = 'refund')
 UNION ALL
SELECT d.day, o.trade_no, 'refund in the books only'
  FROM refund r
  JOIN payment_order o ON o.id = r.order_id
  JOIN bill_day d ON d.charity_id = o.charity_id AND d.day = (r.succeeded_at AT TIME ZONE 'Asia/Shanghai')::date
   AND d.compared_at IS NOT NULL
 WHERE r.status = 'succeeded' AND o.channel = 'alipay'
   AND NOT EXISTS (SELECT FROM ({_LISTED}) l WHERE l.charity_id = o.charity_id AND l.request_no = r.request_no
                      AND l.kind = 'refund' AND l.day BETWEEN d.day - 1 AND d.day + 1)
   AND NOT EXISTS (SELECT FROM bill_difference x WHERE x.day_id = d.id AND x.request_no = r.request_no)
 UNION ALL
SELECT d.day, x.trade_no, 'not resolved in time'
  FROM bill_difference x JOIN bill_day d ON d.id = x.day_id
 WHERE x.status <> 'resolved' AND x.due_at < $1::timestamptz
 UNION ALL
SELECT day, NULL, 'not compared in time' FROM bill_day WHERE status = 'waiting' AND due_at < $1::timestamptz
 UNION ALL
SELECT d.day, x.trade_no, 'booked otherwise'
  FROM bill_difference x
  JOIN bill_day d ON d.id = x.day_id
  LEFT JOIN ledger_entry e ON e.source_kind = 'bill_difference' AND e.source_id = x.id AND e.kind = 'adjustment'
  LEFT JOIN (ledger_posting p JOIN ledger_account a ON a.id = p.account_id AND a.type = 'alipay') ON p.entry_id = e.id
 WHERE coalesce(p.amount_fen, 0)
       <> CASE WHEN x.status = 'resolved' AND x.resolution = 'booked' THEN x.theirs_fen - x.ours_fen ELSE 0 END
""",  # noqa: S608
)
FEES_AGREE_WITH_BILLS = Check(
    name="fees_agree_with_bills",
    promise="每天入账的支付宝手续费，等于那天最后一份账单上的手续费",
    examined="SELECT id FROM bill_file",
    broken="""
SELECT d.day, max(last.fee_fen) AS bill_fen, coalesce(sum(p.amount_fen), 0)::bigint AS booked_fen
  FROM bill_day d
  JOIN LATERAL (SELECT fee_fen FROM bill_file WHERE day_id = d.id ORDER BY number DESC LIMIT 1) last ON true
  JOIN bill_file f ON f.day_id = d.id
  LEFT JOIN ledger_entry e ON e.source_kind = 'bill_file' AND e.source_id = f.id AND e.kind = 'fee'
  LEFT JOIN (ledger_posting p JOIN ledger_account a ON a.id = p.account_id AND a.type = 'fees') ON p.entry_id = e.id
 GROUP BY d.id HAVING coalesce(sum(p.amount_fen), 0) <> max(last.fee_fen)
""",
)
NOTHING_IN_CLOSED_MONTH = Check(
    name="nothing_in_closed_month",
    promise="结了账的月份，凭证一笔没多、一笔没少",
    examined="SELECT id FROM month_closing WHERE closed_at IS NOT NULL",
    broken="""
SELECT m.month, m.entries AS closed_with, count(e.id) AS entries
  FROM month_closing m
  LEFT JOIN ledger_entry e ON e.charity_id = m.charity_id
   AND e.booked_at >= m.month::timestamp AT TIME ZONE 'Asia/Shanghai'
   AND e.booked_at < (m.month + interval '1 month') AT TIME ZONE 'Asia/Shanghai'
 WHERE m.closed_at IS NOT NULL
 GROUP BY m.id HAVING count(e.id) <> m.entries
""",
    may_be_empty=True,
)

RECONCILIATION_CHECKS = (BILL_AGREES, FEES_AGREE_WITH_BILLS, NOTHING_IN_CLOSED_MONTH)

"""Promises about the bank account: each movement is in the books as what it was said to be, and each gift has its movement."""

from cishan.verify.checks import Check

BANK_LINES_BOOKED_ONCE = Check(
    name="bank_lines_booked_once",
    promise="认定为提现、手续费、暂收、退回的每笔银行流水正好入账一次，金额相符；其他的自己没有入账，或者已经冲销",
    examined="SELECT id FROM bank_line",
    broken="""
SELECT b.serial, b.status, b.amount_fen, coalesce(sum(p.amount_fen), 0)::bigint AS booked_fen
  FROM bank_line b
  LEFT JOIN (
    SELECT e.source_id AS line_id, e.id AS entry_id FROM ledger_entry e WHERE e.source_kind = 'bank_line'
     UNION ALL
    SELECT e.source_id, r.id FROM ledger_entry e JOIN ledger_entry r ON r.reverses_id = e.id WHERE e.source_kind = 'bank_line'
  ) booked ON booked.line_id = b.id
  LEFT JOIN (ledger_posting p JOIN ledger_account a ON a.id = p.account_id AND a.type = 'bank') ON p.entry_id = booked.entry_id
 GROUP BY b.id
HAVING coalesce(sum(p.amount_fen), 0)
       <> CASE WHEN b.status IN ('withdrawal', 'fee', 'held', 'sent_back') THEN b.amount_fen ELSE 0 END
""",
    may_be_empty=True,
)
TRANSFERS_HAVE_THEIR_MOVEMENT = Check(
    name="transfers_have_their_movement",
    promise="每笔转账来的捐款、每笔从银行退的款，都正好对着一笔金额相同的银行流水",
    examined="SELECT id FROM payment_order WHERE channel = 'bank' AND status = 'paid'",
    broken="""
SELECT o.out_trade_no AS number, o.paid_fen AS fen, b.amount_fen AS moved_fen
  FROM payment_order o LEFT JOIN bank_line b ON b.order_id = o.id
 WHERE (o.channel = 'bank' AND o.status = 'paid' AND b.amount_fen IS DISTINCT FROM o.paid_fen)
    OR (b.id IS NOT NULL AND (o.channel <> 'bank' OR o.status <> 'paid'))
 UNION ALL
SELECT r.request_no, r.amount_fen, b.amount_fen
  FROM refund r JOIN payment_order o ON o.id = r.order_id LEFT JOIN bank_line b ON b.refund_id = r.id
 WHERE (o.channel = 'bank' AND r.status = 'succeeded' AND b.amount_fen IS DISTINCT FROM -r.amount_fen)
    OR (b.id IS NOT NULL AND (o.channel <> 'bank' OR r.status <> 'succeeded'))
 UNION ALL
SELECT b.serial, b.amount_fen, held.amount_fen
  FROM bank_line b JOIN bank_line held ON held.id = b.settles_id
 WHERE held.status <> 'held' OR held.amount_fen <> -b.amount_fen OR held.charity_id <> b.charity_id
""",
    may_be_empty=True,
)

BANK_CHECKS = (BANK_LINES_BOOKED_ONCE, TRANSFERS_HAVE_THEIR_MOVEMENT)

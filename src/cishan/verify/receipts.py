"""Promises about receipts: one for a gift, numbers without gaps, reversed exactly when money went back."""

from cishan.receipts.sums import LEFT_FEN, REFUNDED_FEN
from cishan.verify.checks import Check

_COUNTS = "NOT EXISTS (SELECT FROM receipt_reversal v WHERE v.receipt_id = r.id)"

ONE_RECEIPT_PER_ORDER = Check(
    name="one_receipt_per_order",
    promise="一笔捐款至多有一张有效的票据，换开的票只接在红冲过的票后面",
    examined="SELECT id FROM receipt",
    broken=f"""
SELECT r.order_id, count(*) AS receipts FROM receipt r WHERE {_COUNTS} GROUP BY r.order_id HAVING count(*) > 1
 UNION ALL
SELECT r.order_id, 0 FROM receipt r JOIN receipt earlier ON earlier.id = r.replaces_id
 WHERE earlier.order_id <> r.order_id
    OR NOT EXISTS (SELECT FROM receipt_reversal v WHERE v.receipt_id = earlier.id)
""",  # noqa: S608
)
RECEIPT_NUMBERS_GAPLESS = Check(
    name="receipt_numbers_gapless",
    promise="票据登记号每年从 1 起连续，没有缺号；每个财政票据号码只用一次",
    examined="SELECT id FROM receipt",
    broken="""
SELECT charity_id AS charity, year, number, place AS expected
  FROM (SELECT charity_id, year, number, row_number() OVER (PARTITION BY charity_id, year ORDER BY number) AS place
          FROM receipt) numbered
 WHERE number <> place
 UNION ALL
SELECT NULL, NULL, b.id, count(used.bill_id)
  FROM fiscal_bill b
  LEFT JOIN (SELECT bill_id, 'blue' AS colour FROM receipt
              UNION ALL SELECT red_bill_id, 'red' FROM receipt_reversal) used
    ON used.bill_id = b.id AND used.colour = b.colour
 GROUP BY b.id HAVING count(used.bill_id) <> 1
""",
)
RECEIPTS_FOLLOW_REFUNDS = Check(
    name="receipts_follow_refunds",
    promise="有效的票据不多于捐款剩下的钱；退款红冲的票都有一笔退款",
    examined="SELECT id FROM receipt",
    broken=f"""
SELECT r.id AS receipt, r.order_id, r.amount_fen, {LEFT_FEN} AS left_fen
  FROM receipt r JOIN payment_order o ON o.id = r.order_id
 WHERE {_COUNTS} AND r.amount_fen > {LEFT_FEN}
 UNION ALL
SELECT r.id, r.order_id, r.amount_fen, {REFUNDED_FEN}
  FROM receipt_reversal v JOIN receipt r ON r.id = v.receipt_id JOIN payment_order o ON o.id = r.order_id
 WHERE v.reason = 'refund' AND NOT EXISTS (SELECT FROM refund f WHERE f.order_id = o.id)
""",  # noqa: S608
)

RECEIPT_CHECKS = (ONE_RECEIPT_PER_ORDER, RECEIPT_NUMBERS_GAPLESS, RECEIPTS_FOLLOW_REFUNDS)

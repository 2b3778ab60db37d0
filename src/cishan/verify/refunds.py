"""Promises about money that goes back, and about money that came too late."""

from cishan.refunds.rules import DEFAULT_TERMS
from cishan.verify.checks import Check

_OWED = "('requested', 'unknown', 'refused')"

REFUNDS_WITHIN_RECEIVED = Check(
    name="refunds_within_received",
    promise="一个订单退的钱加起来不超过收到的，每笔退款等于它各行相加",
    examined="SELECT id FROM refund",
    broken="""
SELECT o.id AS order_id, NULL::bigint AS refund, o.paid_fen, sum(r.amount_fen)::bigint AS refunds_fen
  FROM payment_order o JOIN refund r ON r.order_id = o.id AND r.status <> 'cancelled'
 GROUP BY o.id HAVING sum(r.amount_fen) > coalesce(o.paid_fen, 0)
 UNION ALL
SELECT r.order_id, r.id, r.amount_fen, coalesce(sum(t.amount_fen), 0)::bigint
  FROM refund r LEFT JOIN refund_line t ON t.refund_id = r.id
 GROUP BY r.id HAVING coalesce(sum(t.amount_fen), 0) <> r.amount_fen
 UNION ALL
SELECT NULL, NULL, coalesce(l.amount_fen, u.amount_fen), sum(t.amount_fen)::bigint
  FROM refund_line t JOIN refund r ON r.id = t.refund_id AND r.status <> 'cancelled'
  LEFT JOIN order_line l ON l.id = t.order_line_id LEFT JOIN unassigned_money u ON u.id = t.unassigned_id
 GROUP BY l.id, u.id HAVING sum(t.amount_fen) > coalesce(l.amount_fen, u.amount_fen)
""",
)
REFUNDS_BOOKED_ONCE = Check(
    name="refunds_booked_once",
    promise="每笔答应退的钱记在应退款项上，退成的正好从钱来的账户（支付宝或银行）付出一次",
    examined="SELECT id FROM refund WHERE status <> 'proposed'",
    broken=f"""
SELECT r.id AS refund, r.status, r.amount_fen, coalesce(sum(p.amount_fen) FILTER (WHERE a.type = 'refund_due'), 0)::bigint
       AS due_fen, coalesce(sum(p.amount_fen) FILTER (WHERE a.type = o.channel), 0)::bigint AS paid_back_fen
  FROM refund r
  JOIN payment_order o ON o.id = r.order_id
  JOIN refund_line t ON t.refund_id = r.id
  LEFT JOIN ledger_entry e ON e.source_kind = 'refund_line' AND e.source_id = t.id
  LEFT JOIN (ledger_posting p JOIN ledger_account a ON a.id = p.account_id) ON p.entry_id = e.id
 GROUP BY r.id
HAVING coalesce(sum(p.amount_fen) FILTER (WHERE a.type = 'refund_due'), 0)
       <> CASE WHEN r.status IN {_OWED} THEN -r.amount_fen ELSE 0 END
    OR coalesce(sum(p.amount_fen) FILTER (WHERE a.type = o.channel), 0)
       <> CASE WHEN r.status = 'succeeded' THEN -r.amount_fen ELSE 0 END
""",  # noqa: S608
)
ORDER_COUNTS_ITS_REFUNDS = Check(
    name="order_counts_its_refunds",
    promise="每个订单上写的已退金额，等于退成的退款相加",
    examined="SELECT id FROM payment_order WHERE status = 'paid'",
    broken="""
SELECT o.id AS order_id, o.refunded_fen, coalesce(sum(r.amount_fen), 0)::bigint AS refunds_fen
  FROM payment_order o LEFT JOIN refund r ON r.order_id = o.id AND r.status = 'succeeded'
 GROUP BY o.id HAVING coalesce(sum(r.amount_fen), 0) <> o.refunded_fen
""",
)
REFUNDS_KNOWN_IN_A_DAY = Check(
    name="refunds_known_in_a_day",
    promise="没有哪笔退款过了一天还不知道退没退",
    examined="SELECT id FROM refund",
    broken="""
SELECT id AS refund, order_id, status, created_at, tries FROM refund
 WHERE status IN ('requested', 'unknown') AND status_since < $1::timestamptz - interval '1 day'
""",
)
LATE_MONEY_RESOLVED = Check(
    name="late_money_resolved",
    promise="迟到、重复、多付的钱，没有在核查的，一小时内都按爱心人士的选择办了",
    examined="SELECT id FROM unassigned_money",
    broken="""
SELECT id AS unassigned, order_id, amount_fen, booked_at FROM unassigned_money
 WHERE resolved_at IS NULL AND booked_at < $1::timestamptz - interval '1 hour'
   AND NOT EXISTS (SELECT FROM watch_case w WHERE w.order_id = unassigned_money.order_id AND w.closed_at IS NULL)
""",
)
LARGE_REFUNDS_BY_TWO = Check(
    name="large_refunds_by_two",
    promise="财务提出的大额退款都由另一个人同意过",
    examined="SELECT id FROM refund",
    broken=f"""
SELECT r.id AS refund, r.amount_fen, r.requested_by_id, r.decided_by_id
  FROM refund r JOIN payment_order o ON o.id = r.order_id
 WHERE r.status NOT IN ('proposed', 'cancelled') AND r.requested_by_id <> o.donor_id
   AND (r.decided_by_id IS NULL OR r.decided_by_id = r.requested_by_id)
   AND r.amount_fen > coalesce((SELECT t.second_person_over_fen FROM refund_terms t
                                 WHERE t.charity_id = o.charity_id
                                   AND t.valid_from <= (r.created_at AT TIME ZONE 'Asia/Shanghai')::date
                                 ORDER BY t.valid_from DESC LIMIT 1), {DEFAULT_TERMS.second_person_over_fen})
""",  # noqa: S608
)
REFUNDED_GIFT_BUYS_NOTHING = Check(
    name="refunded_gift_buys_nothing",
    promise="退了款的认领不再等着采购，心愿不再被它占着",
    examined="SELECT id FROM refund_line",
    broken="""
SELECT c.id AS claim, c.status, r.id AS refund
  FROM refund_line t
  JOIN refund r ON r.id = t.refund_id AND r.status NOT IN ('proposed', 'cancelled')
  JOIN order_line l ON l.id = t.order_line_id AND l.owner_kind = 'claim'
  JOIN claim c ON c.id = l.owner_id
 WHERE c.status IN ('paid', 'advanced')
""",
)

REFUND_CHECKS = (
    REFUNDS_WITHIN_RECEIVED,
    REFUNDS_BOOKED_ONCE,
    ORDER_COUNTS_ITS_REFUNDS,
    REFUNDS_KNOWN_IN_A_DAY,
    LATE_MONEY_RESOLVED,
    LARGE_REFUNDS_BY_TWO,
    REFUNDED_GIFT_BUYS_NOTHING,
)

"""Promises about donations: each counts for what is left of it, and a fund's running total is their sum."""

from cishan.verify.checks import Check

DONATIONS_COUNT_WHAT_IS_LEFT = Check(
    name="donations_count_what_is_left",
    promise="每笔收到的捐款，算数的钱等于捐的钱减去退回的；没有收到的不算数",
    examined="SELECT id FROM donation",
    broken="""
SELECT d.id AS donation, d.status, d.amount_fen, d.left_fen, coalesce(gone.fen, 0)::bigint AS gone_fen
  FROM donation d
  LEFT JOIN LATERAL (
       SELECT sum(t.amount_fen) AS fen
         FROM order_line l JOIN refund_line t ON t.order_line_id = l.id
         JOIN refund r ON r.id = t.refund_id AND r.status NOT IN ('proposed', 'cancelled')
        WHERE l.owner_kind = 'donation' AND l.owner_id = d.id) gone ON true
 WHERE d.left_fen <> CASE WHEN d.received_at IS NULL THEN 0 ELSE d.amount_fen - coalesce(gone.fen, 0) END
""",
    may_be_empty=True,
)
FUND_TOTALS_ARE_SUMS = Check(
    name="fund_totals_are_sums",
    promise="每个项目的累计捐款等于每笔捐款算数的钱加起来",
    examined="SELECT id FROM fund_total",
    broken="""
SELECT fund_id AS fund, sum(kept_fen)::bigint AS kept_fen, sum(summed_fen)::bigint AS summed_fen,
       sum(kept)::bigint AS kept, sum(summed)::bigint AS summed
  FROM (SELECT fund_id, given_fen AS kept_fen, 0 AS summed_fen, gifts AS kept, 0 AS summed FROM fund_total
         UNION ALL
        SELECT fund_id, 0, left_fen, 0, CASE WHEN left_fen > 0 THEN 1 ELSE 0 END FROM donation) both_sides
 GROUP BY fund_id HAVING sum(kept_fen) <> sum(summed_fen) OR sum(kept) <> sum(summed)
""",
    may_be_empty=True,
)

DONATION_CHECKS = (DONATIONS_COUNT_WHAT_IS_LEFT, FUND_TOTALS_ARE_SUMS)

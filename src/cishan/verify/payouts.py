"""Promises about help: each fund a wall, two people over every sum, no tie overlooked, one booking and one line for each."""

from cishan.ledger.free import SHARE_FEN
from cishan.verify.checks import Check

_OWED = "('approved', 'in_file')"
_NET = "coalesce(sum(q.amount_fen) FILTER (WHERE a.type = '{}'), 0)"
_LEFT = "coalesce(sum(q.amount_fen) FILTER (WHERE a.type = coalesce(pf.channel, 'bank')), 0)"

FUND_COVERS_ITS_ALLOCATIONS = Check(
    name="fund_covers_its_allocations",
    promise="每个项目用掉、分配和答应退的钱合起来不超过收到的，预留的正好是分配了还没有批准的",
    examined="SELECT id FROM fund",
    broken=f"""
SELECT f.id AS fund, f.held_fen, coalesce(n.allocated_fen, 0) AS allocated_fen, coalesce(m.used_fen, 0) AS used_fen,
       coalesce(b.free_fen, 0) AS free_fen
  FROM fund f
  LEFT JOIN (SELECT a.fund_id, sum({SHARE_FEN})::bigint AS allocated_fen FROM allocation a GROUP BY a.fund_id) n ON n.fund_id = f.id
  LEFT JOIN (SELECT fund_id, sum(amount_fen)::bigint AS used_fen FROM payout
              WHERE status IN ('approved', 'in_file', 'paid') GROUP BY fund_id) m ON m.fund_id = f.id
  LEFT JOIN (SELECT a.fund_id, -sum(p.amount_fen)::bigint AS free_fen
               FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
              WHERE a.type IN ('fund', 'spending', 'town_advance') GROUP BY a.fund_id) b ON b.fund_id = f.id
 WHERE f.held_fen <> coalesce(n.allocated_fen, 0) - coalesce(m.used_fen, 0)
    OR f.held_fen > coalesce(b.free_fen, 0)
""",  # noqa: S608 - constants
    may_be_empty=True,
)
PAYOUTS_WITHIN_ALLOCATION = Check(
    name="payouts_within_allocation",
    promise="每笔救助都在自己项目的分配之内",
    examined="SELECT id FROM payout",
    broken=f"""
SELECT a.id AS allocation, a.fund_id AS fund, {SHARE_FEN} AS amount_fen, sum(p.amount_fen)::bigint AS used_fen
  FROM allocation a JOIN payout p ON p.allocation_id = a.id AND p.status NOT IN ('refused', 'returned')
 GROUP BY a.id HAVING sum(p.amount_fen) > {SHARE_FEN} OR bool_or(p.fund_id <> a.fund_id)
""",  # noqa: S608 - constants
    may_be_empty=True,
)
PAYOUTS_BOOKED_ONCE = Check(
    name="payouts_booked_once",
    promise="每笔救助在自己的项目里正好入账一次，应付救助款正好是批准了还没付的",
    examined="SELECT id FROM payout WHERE status IN ('approved', 'in_file', 'paid', 'returned')",
    broken=f"""
WITH booked AS (
    SELECT e.source_id AS payout_id, e.id AS entry_id FROM ledger_entry e WHERE e.source_kind = 'payout'
     UNION ALL
    SELECT e.source_id, r.id FROM ledger_entry e JOIN ledger_entry r ON r.reverses_id = e.id WHERE e.source_kind = 'payout')
SELECT p.id AS payout, p.status, p.amount_fen, {_NET.format("spending")}::bigint AS spent_fen,
       {_NET.format("payable")}::bigint AS owed_fen, {_LEFT}::bigint AS left_fen
  FROM payout p
  LEFT JOIN payout_file pf ON pf.id = p.file_id
  LEFT JOIN booked b ON b.payout_id = p.id
  LEFT JOIN (ledger_posting q JOIN ledger_account a ON a.id = q.account_id) ON q.entry_id = b.entry_id
 GROUP BY p.id
HAVING {_NET.format("spending")} <> CASE WHEN p.status IN ('approved', 'in_file', 'paid') THEN p.amount_fen ELSE 0 END
    OR {_NET.format("payable")} <> CASE WHEN p.status IN {_OWED} THEN -p.amount_fen ELSE 0 END
    OR {_LEFT} <> CASE WHEN p.status = 'paid' THEN -p.amount_fen ELSE 0 END
    OR bool_or(a.fund_id <> p.fund_id)
 UNION ALL
SELECT NULL, 'books', NULL, NULL, sum(q.amount_fen)::bigint, (SELECT coalesce(sum(amount_fen), 0)::bigint FROM payout
                                                              WHERE status IN {_OWED})
  FROM ledger_posting q JOIN ledger_account a ON a.id = q.account_id AND a.type = 'payable'
HAVING -coalesce(sum(q.amount_fen), 0) <> (SELECT coalesce(sum(amount_fen), 0) FROM payout WHERE status IN {_OWED})
""",  # noqa: S608
    may_be_empty=True,
)
TRANSFERS_SENT_ONCE = Check(
    name="transfers_sent_once",
    promise="从支付宝付的每笔救助正好有一次转账：付成的记作已付，没付成和退回的记作退回；没有哪笔过了一天还不知道付没付",
    examined="SELECT id FROM payout_transfer",
    broken="""
SELECT p.id AS payout, p.status, t.state, f.channel, t.state_since
  FROM payout p JOIN payout_file f ON f.id = p.file_id LEFT JOIN payout_transfer t ON t.payout_id = p.id
 WHERE (f.channel = 'alipay') <> (t.id IS NOT NULL)
    OR (t.state IN ('requested', 'unknown') AND (p.status <> 'in_file' OR t.state_since < $1::timestamptz - interval '1 day'))
    OR (t.state = 'made' AND p.status NOT IN ('paid', 'returned'))
    OR (t.state IN ('refused', 'came_back') AND p.status <> 'returned')
""",
    may_be_empty=True,
)
PROOFS_AGREE = Check(
    name="proofs_agree",
    promise="登记了凭据的每笔救助都付到过，凭据合起来不超过付的金额，给村和采购的都有发票或收据号",
    examined="SELECT id FROM payout_proof",
    broken="""
SELECT p.id AS payout, p.status, p.amount_fen, sum(v.amount_fen) AS proved_fen
  FROM payout_proof v JOIN payout p ON p.id = v.payout_id
 GROUP BY p.id
HAVING sum(v.amount_fen) > p.amount_fen OR p.paid_at IS NULL OR (p.kind <> 'household' AND bool_or(v.number = ''))
""",
    may_be_empty=True,
)
PAYOUTS_BY_TWO = Check(
    name="payouts_by_two",
    promise="每笔批准的救助都由两个不同的人批过，申请、审批、付款的人各不相同，收款账号有人核对过",
    examined="SELECT id FROM payout WHERE status IN ('approved', 'in_file', 'paid')",
    broken="""
SELECT p.id AS payout, p.applied_by_id, p.first_by_id, p.second_by_id, p.payer_id
  FROM payout p JOIN payee y ON y.id = p.payee_id
 WHERE p.status IN ('approved', 'in_file', 'paid')
   AND (p.first_by_id IS NULL OR p.second_by_id IS NULL OR (p.needs_third AND p.third_by_id IS NULL)
        OR p.first_by_id = p.applied_by_id OR p.second_by_id IN (p.applied_by_id, p.first_by_id)
        OR p.payer_id IN (p.applied_by_id, p.first_by_id, p.second_by_id, p.third_by_id)
        OR y.verified_by_id IS NULL OR y.verified_by_id = y.entered_by_id)
""",
    may_be_empty=True,
)
KIN_APPROVED_FROM_OUTSIDE = Check(
    name="kin_approved_from_outside",
    promise="核对出亲属关系的救助，都由外县或市里的人批过",
    examined="SELECT id FROM kin_hit",
    broken="""
SELECT DISTINCT p.id AS payout, p.status, p.second_by_id FROM kin_hit k JOIN payout p ON p.id = k.payout_id
 WHERE p.status IN ('approved', 'in_file', 'paid')
   AND (NOT p.kin_hit OR NOT p.second_is_outside OR k.account_id IN (p.second_by_id, p.payer_id))
""",
    may_be_empty=True,
)
PAID_OUT_ON_ONE_LIST = Check(
    name="paid_out_on_one_list",
    promise="出了单的清单上，每笔付到家里的救助正好一行，退回的一行也没有",
    examined="SELECT id FROM payout WHERE status = 'paid' AND household_id IS NOT NULL",
    broken="""
WITH newest AS (SELECT DISTINCT ON (household_id, year) household_id, year, lines, frozen_at FROM edition
                 ORDER BY household_id, year, number DESC),
shown AS (SELECT n.household_id, n.year, l.line ->> 'source' AS source, (l.line ->> 'amount_fen')::bigint AS amount_fen
            FROM newest n, jsonb_array_elements(n.lines) AS l (line) WHERE l.line ->> 'kind' = 'charity')
SELECT p.id AS payout, p.status, n.household_id AS household, count(s.source) AS lines
  FROM payout p
  JOIN newest n ON n.household_id = p.household_id AND n.frozen_at > p.status_since
               AND n.year = extract(year FROM p.paid_at AT TIME ZONE 'Asia/Shanghai')
  LEFT JOIN shown s ON s.source = 'payout-' || p.id AND s.household_id = n.household_id AND s.year = n.year
                   AND s.amount_fen = p.amount_fen
 WHERE p.paid_at IS NOT NULL
 GROUP BY p.id, n.household_id HAVING count(s.source) <> CASE WHEN p.status = 'paid' THEN 1 ELSE 0 END
""",
    may_be_empty=True,
)

PAYOUT_CHECKS = (
    FUND_COVERS_ITS_ALLOCATIONS,
    PAYOUTS_WITHIN_ALLOCATION,
    PAYOUTS_BOOKED_ONCE,
    TRANSFERS_SENT_ONCE,
    PROOFS_AGREE,
    PAYOUTS_BY_TWO,
    KIN_APPROVED_FROM_OUTSIDE,
    PAID_OUT_ON_ONE_LIST,
)

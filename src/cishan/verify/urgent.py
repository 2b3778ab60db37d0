"""Promises about urgent help: decided by two others within a reserve and its limit, paid, and completed by two who visited."""

from cishan.verify.checks import Check

URGENT_WITHIN_ITS_RESERVE = Check(
    name="urgent_within_its_reserve",
    promise="急难先行的每笔款都有一件案卷，用乡镇的急难备用金，不超过每件的限额；备用金不用在别处",
    examined="SELECT id FROM payout WHERE is_urgent",
    broken="""
SELECT p.id AS payout, p.is_urgent, p.amount_fen, a.case_limit_fen, c.id AS urgent_case
  FROM payout p JOIN allocation a ON a.id = p.allocation_id LEFT JOIN urgent_case c ON c.payout_id = p.id
 WHERE p.is_urgent <> (a.case_limit_fen IS NOT NULL) OR p.is_urgent <> (c.id IS NOT NULL)
    OR (p.is_urgent AND (p.amount_fen > a.case_limit_fen OR p.household_id IS NULL))
""",
    may_be_empty=True,
)
URGENT_DECIDED_BY_TWO = Check(
    name="urgent_decided_by_two",
    promise="急难先行的款付出去以前，都有两个人写了同意的意见，都不是提出的人",
    examined="SELECT id FROM payout WHERE is_urgent AND status IN ('approved', 'in_file', 'paid', 'returned')",
    broken="""
SELECT p.id AS payout, p.status, count(o.id) AS opinions
  FROM payout p JOIN urgent_case c ON c.payout_id = p.id
  LEFT JOIN urgent_opinion o ON o.case_id = c.id AND o.account_id IN (p.first_by_id, p.second_by_id)
   AND o.account_id <> p.applied_by_id
 WHERE p.status IN ('approved', 'in_file', 'paid', 'returned')
 GROUP BY p.id HAVING count(o.id) <> 2
""",
    may_be_empty=True,
)
URGENT_COMPLETED_AFTERWARDS = Check(
    name="urgent_completed_afterwards",
    promise="先行救助付款以后都起算了补手续的期限；补好的都由两个人走访，第一位不是提出的人；没有过期一个月还没有补的",
    examined="SELECT c.id FROM urgent_case c JOIN payout p ON p.id = c.payout_id AND p.status = 'paid'",
    broken="""
SELECT p.id AS payout, p.paid_at, c.complete_by, c.found_by_id, c.confirmed_by_id
  FROM urgent_case c JOIN payout p ON p.id = c.payout_id
 WHERE p.status = 'paid'
   AND ((c.complete_by IS NULL AND p.paid_at < $1::timestamptz - interval '1 day')
     OR c.found_by_id = p.applied_by_id
     OR (c.confirmed_at IS NULL AND c.complete_by < $1::timestamptz - interval '1 month'))
""",
    may_be_empty=True,
)

URGENT_CHECKS = (URGENT_WITHIN_ITS_RESERVE, URGENT_DECIDED_BY_TWO, URGENT_COMPLETED_AFTERWARDS)

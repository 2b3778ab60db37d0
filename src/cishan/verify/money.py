"""Promises about money: the books, the orders, and what lies with no owner."""

from cishan.verify.checks import Check

ENTRIES_BALANCED = Check(
    name="entries_balanced",
    promise="每一笔分录至少有两行，借贷相等",
    examined="SELECT id FROM ledger_entry",
    broken="""
SELECT e.id AS entry, count(p.id) AS postings, coalesce(sum(p.amount_fen), 0)::bigint AS sum_fen
  FROM ledger_entry e LEFT JOIN ledger_posting p ON p.entry_id = e.id
 GROUP BY e.id HAVING count(p.id) < 2 OR coalesce(sum(p.amount_fen), 0) <> 0
""",
)
ENTRIES_IN_ONE_FUND = Check(
    name="entries_in_one_fund",
    promise="每一笔分录只在一个项目的账户里，专款专用",
    examined="SELECT id FROM ledger_entry",
    broken="""
SELECT e.id AS entry, count(DISTINCT a.fund_id) AS funds, count(DISTINCT a.charity_id) AS charities
  FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.account_id
 GROUP BY e.id
HAVING count(DISTINCT a.fund_id) > 1 OR count(*) FILTER (WHERE a.charity_id <> e.charity_id) > 0
""",
)
ENTRY_NUMBERS_GAPLESS = Check(
    name="entry_numbers_gapless",
    promise="分录编号从 1 起连续，没有缺号；入账一天以上的都有编号",
    examined="SELECT id FROM ledger_entry_number",
    broken="""
SELECT charity_id AS charity, number, place AS expected, entry_id AS entry
  FROM (SELECT charity_id, number, entry_id, row_number() OVER (PARTITION BY charity_id ORDER BY number) AS place
          FROM ledger_entry_number) numbered
 WHERE number <> place
 UNION ALL
SELECT e.charity_id, NULL, NULL, e.id
  FROM ledger_entry e
 WHERE e.booked_at < $1::timestamptz - interval '1 day'
   AND NOT EXISTS (SELECT FROM ledger_entry_number n WHERE n.entry_id = e.id)
""",
)
_BOOKED = """
SELECT l.order_id, e.id AS entry_id
  FROM order_line l JOIN ledger_entry e ON e.source_kind = 'order_line' AND e.source_id = l.id AND e.kind = 'gift'
 UNION ALL
SELECT u.order_id, e.id
  FROM unassigned_money u JOIN ledger_entry e ON e.source_kind = 'unassigned' AND e.source_id = u.id AND e.kind = 'gift'
"""
PAID_ORDER_BOOKED_ONCE = Check(
    name="paid_order_booked_once",
    promise="每个付了款的订单正好入账一次，入账的钱等于付的钱，记在钱来的那个账户（支付宝或银行）",
    examined="SELECT id FROM payment_order WHERE status = 'paid'",
    broken=f"""
SELECT o.id AS order_id, o.paid_fen, coalesce(sum(p.amount_fen), 0)::bigint AS booked_fen
  FROM payment_order o
  LEFT JOIN ({_BOOKED}) booked ON booked.order_id = o.id
  LEFT JOIN (ledger_posting p JOIN ledger_account a ON a.id = p.account_id)
    ON p.entry_id = booked.entry_id AND a.type = o.channel
 WHERE o.status = 'paid'
 GROUP BY o.id HAVING coalesce(sum(p.amount_fen), 0) <> o.paid_fen
""",  # noqa: S608
)
UNPAID_ORDER_NOT_BOOKED = Check(
    name="unpaid_order_not_booked",
    promise="没有付款的订单没有入账；每笔捐款入账都有付了款的订单",
    examined="SELECT id FROM ledger_entry WHERE kind = 'gift'",
    broken=f"""
SELECT e.id AS entry, o.id AS order_id, o.status
  FROM ledger_entry e
  LEFT JOIN ({_BOOKED}) booked ON booked.entry_id = e.id
  LEFT JOIN payment_order o ON o.id = booked.order_id
 WHERE e.kind = 'gift' AND o.status IS DISTINCT FROM 'paid'
""",  # noqa: S608
)
NOTHING_UNKNOWN_FOR_A_DAY = Check(
    name="nothing_unknown_for_a_day",
    promise="没有哪个订单过了期一天、或问了支付宝一天，还不知道付没付",
    examined="SELECT id FROM payment_order",
    broken="""
SELECT id AS order_id, expires_at, unknown_since FROM payment_order
 WHERE status = 'pending'
   AND least(expires_at, coalesce(unknown_since, expires_at)) < $1::timestamptz - interval '1 day'
""",
)
UNASSIGNED_EQUALS_ROWS = Check(
    name="unassigned_equals_rows",
    promise="每个项目“待处理”账户的余额等于列出的待处理款项和暂收的转账",
    examined="SELECT id FROM unassigned_money",
    broken="""
SELECT fund_id AS fund, sum(account_fen)::bigint AS account_fen, sum(listed_fen)::bigint AS listed_fen
  FROM (SELECT a.fund_id, -p.amount_fen AS account_fen, 0 AS listed_fen
          FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id WHERE a.type = 'unassigned'
         UNION ALL
        SELECT fund_id, 0, amount_fen FROM unassigned_money WHERE resolved_at IS NULL
         UNION ALL
        SELECT held_for_id, 0, amount_fen FROM bank_line b
         WHERE b.status = 'held' AND NOT EXISTS (SELECT FROM bank_line back WHERE back.settles_id = b.id)) both_sides
 GROUP BY fund_id HAVING sum(account_fen) <> sum(listed_fen)
""",
)
RECEIVED_EQUALS_USES = Check(
    name="received_equals_uses",
    promise="收到的每一分钱，不是记入项目，就是记入待处理",
    examined="SELECT id FROM payment_order WHERE status = 'paid'",
    broken="""
SELECT charity_id AS charity, sum(received_fen)::bigint AS received_fen, sum(booked_fen)::bigint AS booked_fen
  FROM (SELECT charity_id, paid_fen AS received_fen, 0 AS booked_fen FROM payment_order WHERE status = 'paid'
         UNION ALL
        SELECT e.charity_id, 0, -p.amount_fen
          FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.account_id
         WHERE e.kind = 'gift' AND a.type IN ('fund', 'unassigned')) both_sides
 GROUP BY charity_id HAVING sum(received_fen) <> sum(booked_fen)
""",
)
NO_ASSET_BELOW_ZERO = Check(
    name="no_asset_below_zero",
    promise="支付宝、银行账户和乡镇备用金的余额都不小于零",
    examined="SELECT id FROM ledger_account WHERE type IN ('alipay', 'bank', 'town_advance')",
    broken="""
SELECT a.id AS account, a.type, a.division_code, sum(p.amount_fen)::bigint AS balance_fen
  FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id
 WHERE a.type IN ('alipay', 'bank', 'town_advance') GROUP BY a.id HAVING sum(p.amount_fen) < 0
""",
)
USES_BOOKED_ONCE = Check(
    name="uses_booked_once",
    promise="每笔备用金和每张采购凭证正好入账一次，金额相符",
    examined="SELECT id FROM advance UNION ALL SELECT id FROM purchase WHERE booked_at IS NOT NULL",
    broken="""
SELECT used.kind, used.id, used.amount_fen, count(e.id) AS entries, coalesce(sum(p.amount_fen), 0)::bigint AS booked_fen
  FROM (SELECT 'advance' AS kind, 'advance' AS entry_kind, 'town_advance' AS debited, id, amount_fen FROM advance
         UNION ALL
        SELECT 'purchase', 'purchase', 'spending', id, CASE WHEN booked_at IS NULL THEN 0 ELSE spent_fen END
          FROM purchase) used
  LEFT JOIN ledger_entry e ON e.source_kind = used.kind AND e.source_id = used.id AND e.kind = used.entry_kind
  LEFT JOIN (ledger_posting p JOIN ledger_account a ON a.id = p.account_id)
    ON p.entry_id = e.id AND a.type = used.debited
 GROUP BY used.kind, used.id, used.amount_fen
HAVING coalesce(sum(p.amount_fen), 0) <> used.amount_fen
""",
)
TOWN_HOLDS_OPEN_ADVANCES = Check(
    name="town_holds_open_advances",
    promise="乡镇手里的备用金正好是已经拨付、还没有买的那些认领的钱",
    examined="SELECT id FROM advance",
    broken="""
SELECT fund_id AS fund, town_code AS town, sum(held_fen)::bigint AS held_fen, sum(open_fen)::bigint AS open_fen
  FROM (SELECT a.fund_id, a.division_code AS town_code, p.amount_fen AS held_fen, 0 AS open_fen
          FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id WHERE a.type = 'town_advance'
         UNION ALL
        SELECT a.fund_id, v.town_code, 0, v.amount_fen
          FROM advance v
          JOIN claim c ON c.id = v.claim_id AND c.status = 'advanced'
          JOIN ledger_entry e ON e.source_kind = 'advance' AND e.source_id = v.id AND e.kind = 'advance'
          JOIN ledger_posting p ON p.entry_id = e.id
          JOIN ledger_account a ON a.id = p.account_id AND a.type = 'town_advance') both_sides
 GROUP BY fund_id, town_code HAVING sum(held_fen) <> sum(open_fen)
""",
)

ONE_MERCHANT_ONE_CHARITY = Check(
    name="one_merchant_one_charity",
    promise="每个收款商户只属于一个慈善组织，每个项目的钱只由自己的慈善组织收",
    examined="SELECT id FROM order_line",
    broken="""
SELECT seller_id AS seller, count(DISTINCT charity_id) AS charities, NULL::bigint AS order_id FROM merchant_account
 GROUP BY seller_id HAVING count(DISTINCT charity_id) > 1
UNION ALL
SELECT '', 2, o.id FROM payment_order o JOIN order_line l ON l.order_id = o.id JOIN fund f ON f.id = l.fund_id
 WHERE f.charity_id <> o.charity_id
""",
)
MONEY_CHECKS = (
    ENTRIES_BALANCED,
    ENTRIES_IN_ONE_FUND,
    ENTRY_NUMBERS_GAPLESS,
    PAID_ORDER_BOOKED_ONCE,
    UNPAID_ORDER_NOT_BOOKED,
    NOTHING_UNKNOWN_FOR_A_DAY,
    UNASSIGNED_EQUALS_ROWS,
    RECEIVED_EQUALS_USES,
    NO_ASSET_BELOW_ZERO,
    USES_BOOKED_ONCE,
    TOWN_HOLDS_OPEN_ADVANCES,
    ONE_MERCHANT_ONE_CHARITY,
)

"""Promises about charity projects: filed before they begin, as filed ever after, and shown as the books have them."""

from cishan.verify.checks import Check

PROJECT_OPENED_AFTER_NOTICE = Check(
    name="project_opened_after_notice",
    promise="向社会募捐的项目，备案满 10 日、到了备案的开始时间才开始；应急项目可以先开始",
    examined="SELECT id FROM project WHERE opened_at IS NOT NULL",
    broken="""
SELECT id AS project, filed_on, starts_at, opened_at FROM project
 WHERE opened_at IS NOT NULL
   AND (opened_at < starts_at
        OR (kind <> 'emergency' AND reach = 'public'
            AND (filed_on IS NULL OR opened_at < ((filed_on + 10)::timestamp AT TIME ZONE 'Asia/Shanghai'))))
""",
    may_be_empty=True,
)
CLOSED_PROJECT_TAKES_NOTHING = Check(
    name="closed_project_takes_nothing",
    promise="项目只在备案的时间里收款，到结束的那一分钟为止；过了时间的项目都已经结束",
    examined="SELECT d.id FROM donation d JOIN project p ON p.fund_id = d.fund_id",
    broken="""
SELECT p.id AS project, d.id AS donation, d.received_at, p.starts_at, p.ends_at
  FROM project p JOIN donation d ON d.fund_id = p.fund_id
 WHERE d.received_at < p.starts_at OR d.received_at >= p.ends_at
UNION ALL
SELECT p.id, NULL, NULL, p.starts_at, p.ends_at FROM project p
 WHERE p.status IN ('open', 'paused') AND p.ends_at < $1::timestamptz - interval '1 hour'
UNION ALL
SELECT p.id, NULL, p.closed_at, p.starts_at, p.ends_at FROM project p
 WHERE p.status IN ('closed', 'settled') AND p.closed_at <> p.ends_at
""",
    may_be_empty=True,
)
ONE_NUMBER_ONE_FUND = Check(
    name="one_number_one_fund",
    promise="一个备案编号只有一个项目、一个专项基金，三处写的编号和时间一样",
    examined="SELECT id FROM project WHERE fund_id IS NOT NULL",
    broken="""
SELECT p.id AS project, f.id AS fund, p.filing_number AS filed, f.filing_number AS of_fund
  FROM project p JOIN fund f ON f.id = p.fund_id
 WHERE f.kind <> 'project' OR f.charity_id <> p.charity_id OR f.name <> p.name
    OR (p.filing_number IS NOT NULL AND f.filing_number <> p.filing_number)
    OR f.takes_from IS DISTINCT FROM p.starts_at OR f.takes_until > p.ends_at
    OR (p.status = 'open' AND f.takes_until IS DISTINCT FROM
        CASE WHEN p.filed_on IS NULL THEN least(p.ends_at, p.filing_due_at) ELSE p.ends_at END)
    OR f.cap_fen IS DISTINCT FROM CASE WHEN p.at_target = 'stop' THEN p.target_fen END
UNION ALL
SELECT NULL, f.id, NULL, f.filing_number FROM fund f
 WHERE f.kind = 'project' AND NOT EXISTS (SELECT FROM project p WHERE p.fund_id = f.id)
""",
    may_be_empty=True,
)
FILED_PLAN_UNCHANGED = Check(
    name="filed_plan_unchanged",
    promise="备案的内容一个字没有变；变了的，每一处都有一份办好的变更备案",
    examined="SELECT id FROM project WHERE filed_on IS NOT NULL",
    broken="""
SELECT p.id AS project, k.version, k.digest AS kept, plan_digest(plan_of_project(p.id)) AS found
  FROM project p
  LEFT JOIN LATERAL (SELECT * FROM filed_plan WHERE project_id = p.id ORDER BY version DESC LIMIT 1) k ON true
 WHERE p.filed_on IS NOT NULL
   AND (k.digest IS DISTINCT FROM plan_digest(plan_of_project(p.id)) OR k.digest <> plan_digest(k.plan)
        OR k.version <> 1 + (SELECT count(*) FROM project_amendment a WHERE a.project_id = p.id AND a.status = 'filed'))
""",
    may_be_empty=True,
)
_OF_DONATIONS = """
SELECT a.fund_id, -p.amount_fen AS booked_fen
  FROM ledger_entry e
  JOIN order_line l ON e.source_kind = 'order_line' AND e.source_id = l.id AND l.owner_kind = 'donation'
  JOIN ledger_posting p ON p.entry_id = e.id
  JOIN ledger_account a ON a.id = p.account_id AND a.type = 'fund'
 WHERE e.kind = 'gift'
UNION ALL
SELECT a.fund_id, -p.amount_fen
  FROM ledger_entry e
  JOIN refund_line t ON e.source_kind = 'refund_line' AND e.source_id = t.id
  JOIN order_line l ON l.id = t.order_line_id AND l.owner_kind = 'donation'
  JOIN ledger_posting p ON p.entry_id = e.id
  JOIN ledger_account a ON a.id = p.account_id AND a.type = 'fund'
 WHERE e.kind IN ('refund_due', 'refund_kept')
"""
PROJECT_SHOWN_EQUALS_LEDGER = Check(
    name="project_shown_equals_ledger",
    promise="项目页面上的已筹金额，等于账上收到的捐款减去退回的",
    examined="SELECT id FROM fund_total",
    broken=f"""
SELECT fund_id AS fund, sum(shown_fen)::bigint AS shown_fen, sum(booked_fen)::bigint AS booked_fen
  FROM (SELECT fund_id, given_fen AS shown_fen, 0 AS booked_fen FROM fund_total
         UNION ALL
        SELECT fund_id, 0, booked_fen FROM ({_OF_DONATIONS}) booked) both_sides
 GROUP BY fund_id HAVING sum(shown_fen) <> sum(booked_fen)
""",  # noqa: S608 - a constant
    may_be_empty=True,
)

SURPLUS_MOVED_WHOLE = Check(
    name="surplus_moved_whole",
    promise="剩余财产转出多少，另一个项目就转入多少；结项的项目账上一分不剩",
    examined="SELECT id FROM surplus_move WHERE decided_at IS NOT NULL",
    broken="""
SELECT m.id AS move, p.id AS project, m.amount_fen, sum(q.amount_fen) FILTER (WHERE a.type = 'spending')::bigint AS out_fen,
       -sum(q.amount_fen) FILTER (WHERE a.type = 'fund')::bigint AS in_fen
  FROM surplus_move m JOIN project p ON p.id = m.project_id
  LEFT JOIN ledger_entry e ON e.source_kind = 'surplus_move' AND e.source_id = m.id
  LEFT JOIN (ledger_posting q JOIN ledger_account a ON a.id = q.account_id)
    ON q.entry_id = e.id AND a.fund_id = CASE e.kind WHEN 'surplus_out' THEN p.fund_id ELSE m.to_fund_id END
 WHERE m.decided_at IS NOT NULL GROUP BY m.id, p.id
HAVING coalesce(sum(q.amount_fen) FILTER (WHERE a.type = 'spending'), 0) <> m.amount_fen
    OR coalesce(-sum(q.amount_fen) FILTER (WHERE a.type = 'fund'), 0) <> m.amount_fen
UNION ALL
SELECT NULL, p.id, NULL, sum(q.amount_fen)::bigint, NULL
  FROM project p JOIN ledger_account a ON a.fund_id = p.fund_id AND a.type IN ('alipay', 'bank', 'town_advance')
  JOIN ledger_posting q ON q.account_id = a.id
 WHERE p.status = 'settled' GROUP BY p.id HAVING sum(q.amount_fen) <> 0
""",
    may_be_empty=True,
)

PROJECT_CHECKS = (
    PROJECT_OPENED_AFTER_NOTICE,
    CLOSED_PROJECT_TAKES_NOTHING,
    ONE_NUMBER_ONE_FUND,
    FILED_PLAN_UNCHANGED,
    PROJECT_SHOWN_EQUALS_LEDGER,
    SURPLUS_MOVED_WHOLE,
)

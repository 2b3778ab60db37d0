"""Promises about disclosure: in time, and true to the books."""

from cishan.verify.checks import Check

NO_DISCLOSURE_LATE = Check(
    name="no_disclosure_late",
    promise="应当公开的事，没有过了日子还没有公开的",
    examined="SELECT id FROM disclosure_duty WHERE dropped_at IS NULL",
    broken="""
SELECT id AS duty, project_id AS project, kind, due_on FROM disclosure_duty
 WHERE dropped_at IS NULL AND published_at IS NULL AND due_on < ($1::timestamptz AT TIME ZONE 'Asia/Shanghai')::date
""",
)
REPORTS_EQUAL_BOOKS = Check(
    name="reports_equal_books",
    promise="每份公开的报告，收支合计等于账上同一时期的",
    examined="SELECT id FROM disclosure",
    broken="""
SELECT report.id AS report, report.told_fen, coalesce(-sum(p.amount_fen), 0)::bigint AS booked_fen
  FROM (SELECT x.id, d.charity_id, p.fund_id, (x.figures->>'from')::date AS first, (x.figures->>'until')::date AS last,
               coalesce((SELECT sum((one->>'received_fen')::bigint - (one->>'returned_fen')::bigint - (one->>'spent_fen')::bigint
                                    - (one->>'fees_fen')::bigint)
                           FROM jsonb_array_elements(x.figures->'months') one), 0)::bigint AS told_fen
          FROM disclosure x JOIN disclosure_duty d ON d.id = x.duty_id LEFT JOIN project p ON p.id = d.project_id) report
  LEFT JOIN (ledger_account a JOIN ledger_posting p ON p.account_id = a.id JOIN ledger_entry e ON e.id = p.entry_id)
    ON a.charity_id = report.charity_id AND a.fund_id = coalesce(report.fund_id, a.fund_id) AND a.type IN ('fund', 'spending', 'fees')
   AND e.booked_at >= report.first::timestamp AT TIME ZONE 'Asia/Shanghai'
   AND e.booked_at < (report.last + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
 GROUP BY report.id, report.told_fen
HAVING coalesce(-sum(p.amount_fen), 0) <> report.told_fen
""",
)
FUND_MONTHS_EQUAL_BOOKS = Check(
    name="fund_months_equal_books",
    promise="收支公开页上每个项目的合计，等于账上统计到那一刻的",
    examined="SELECT id FROM fund_month",
    broken="""
SELECT fund_id AS fund, sum(shown_fen)::bigint AS shown_fen, sum(booked_fen)::bigint AS booked_fen
  FROM (SELECT fund_id, received_fen - returned_fen - spent_fen - fees_fen AS shown_fen, 0 AS booked_fen
          FROM fund_month
         UNION ALL
        SELECT a.fund_id, 0, -p.amount_fen
          FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.account_id
         WHERE a.type IN ('fund', 'spending', 'fees') AND e.booked_at < (SELECT max(through_at) FROM fund_month)) both_sides
 GROUP BY fund_id HAVING sum(shown_fen) <> sum(booked_fen)
""",
)
DISCLOSURE_CHECKS = (NO_DISCLOSURE_LATE, REPORTS_EQUAL_BOOKS, FUND_MONTHS_EQUAL_BOOKS)

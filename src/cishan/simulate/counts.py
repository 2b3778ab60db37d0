"""What came of a year, read from the database after it is over. Nothing here was told to it."""

from dataclasses import dataclass

from cishan.database import rows

COUNTS: dict[str, str] = {
    "persons": "SELECT count(*) FROM person",
    "households": "SELECT count(*) FROM household",
    "benefit_records": "SELECT count(*) FROM benefit_record",
    "imports_applied": "SELECT count(*) FROM import_batch WHERE status = 'applied'",
    "lists": "SELECT count(DISTINCT household_id) FROM edition WHERE year = $1",
    "editions": "SELECT count(*) FROM edition",
    "donors": "SELECT count(*) FROM account WHERE kind = 'donor'",
    "wishes_collected": "SELECT count(*) FROM wish",
    "wishes_published": "SELECT count(*) FROM wish WHERE published_at IS NOT NULL",
    "wishes_fulfilled": "SELECT count(*) FROM wish WHERE status = 'fulfilled'",
    "wishes_returned": "SELECT count(*) FROM wish WHERE status = 'returned'",
    "wishes_lapsed": "SELECT count(*) FROM wish WHERE status = 'lapsed'",
    "wishes_withdrawn": "SELECT count(*) FROM wish WHERE status = 'withdrawn'",
    "wishes_open": "SELECT count(*) FROM wish WHERE status NOT IN ('fulfilled', 'returned', 'lapsed', 'withdrawn')",
    "wishes_sent_back": "SELECT count(*) FROM event WHERE subject_kind = 'wish' AND verb = 'send_back'",
    "wishes_reworded": "SELECT count(*) FROM event WHERE subject_kind = 'wish' AND verb = 'ask_rewording'",
    "wishes_taken_off": "SELECT count(*) FROM event WHERE subject_kind = 'wish' AND verb = 'take_off'",
    "claims": "SELECT count(*) FROM claim",
    "claims_confirmed": "SELECT count(*) FROM claim WHERE status = 'confirmed'",
    "claims_lapsed": "SELECT count(*) FROM claim WHERE status = 'lapsed'",
    "claims_cancelled": "SELECT count(*) FROM claim WHERE status = 'cancelled'",
    "claims_handed_back": "SELECT count(*) FROM claim WHERE status = 'handed_back'",
    "claims_ended": "SELECT count(*) FROM claim WHERE status = 'ended'",
    "claims_questioned": "SELECT count(*) FROM event WHERE subject_kind = 'claim' AND verb = 'question'",
    "claims_late": "SELECT count(DISTINCT subject_id) FROM event WHERE subject_kind = 'claim' AND verb = 'escalate'",
    "buyers_replaced": "SELECT count(*) FROM event WHERE subject_kind = 'claim' AND verb = 'reassign_buyer'",
    "orders_paid": "SELECT count(*) FROM payment_order WHERE status = 'paid'",
    "orders_closed": "SELECT count(*) FROM payment_order WHERE status = 'closed'",
    "orders_pending": "SELECT count(*) FROM payment_order WHERE status = 'pending'",
    "payments_late": """
SELECT (SELECT count(*) FROM unassigned_money WHERE reason = 'late')
     + (SELECT count(*) FROM event WHERE subject_kind = 'claim' AND verb = 'pay_late')""",
    "projects": "SELECT count(*) FROM project WHERE opened_at IS NOT NULL",
    "projects_settled": "SELECT count(*) FROM project WHERE status = 'settled'",
    "surplus_moves": "SELECT count(*) FROM surplus_move WHERE decided_at IS NOT NULL",
    "refunds": "SELECT count(*) FROM refund WHERE status = 'succeeded'",
    "months_closed": "SELECT count(*) FROM month_closing WHERE closed_at IS NOT NULL",
    "receipts": "SELECT count(*) FROM receipt",
    "receipts_reversed": "SELECT count(*) FROM receipt_reversal",
    "payments_duplicate": "SELECT count(*) FROM unassigned_money WHERE reason = 'duplicate'",
    "payments_found_by_poll": """
SELECT count(*) FROM event WHERE subject_kind = 'order' AND verb = 'receive' AND detail ->> 'source' = 'poll'""",
    "payments_told_by_notice": """
SELECT count(*) FROM event WHERE subject_kind = 'order' AND verb = 'receive' AND detail ->> 'source' = 'notice'""",
    "payments_told_by_return": """
SELECT count(*) FROM event WHERE subject_kind = 'order' AND verb = 'receive' AND detail ->> 'source' = 'return'""",
    "notices_rejected": "SELECT count(DISTINCT out_trade_no) FROM stored_notice WHERE verdict = 'rejected'",
    "notices_denied": "SELECT count(DISTINCT out_trade_no) FROM stored_notice WHERE verdict = 'denied'",
    "purchases": "SELECT count(*) FROM purchase WHERE booked_at IS NOT NULL",
    "purchases_under_price": "SELECT count(*) FROM purchase WHERE booked_at IS NOT NULL AND spent_fen < price_fen",
    "purchases_over_price": "SELECT count(*) FROM purchase WHERE booked_at IS NOT NULL AND spent_fen > price_fen",
    "purchases_refused": "SELECT count(*) FROM event WHERE subject_kind = 'claim' AND verb = 'refuse_purchase'",
    "handed_over_by_code": "SELECT count(*) FROM fulfilment WHERE delivered_at IS NOT NULL AND proof = 'code'",
    "handed_over_by_slip": "SELECT count(*) FROM fulfilment WHERE delivered_at IS NOT NULL AND proof = 'slip'",
    "brought": "SELECT count(*) FROM claim WHERE status = 'confirmed' AND way = 'bring'",
    "hours_given": """
SELECT coalesce(sum(f.hours), 0) FROM claim c JOIN fulfilment f ON f.claim_id = c.id WHERE c.status = 'confirmed'""",
    "thanks_passed_on": "SELECT count(*) FROM thanks WHERE passed_on_at IS NOT NULL",
    "donations": "SELECT count(*) FROM donation WHERE received_at IS NOT NULL",
    "donations_returned": "SELECT count(*) FROM donation WHERE received_at IS NOT NULL AND left_fen = 0",
    "monthly_gifts": """
SELECT count(*) FROM monthly_turn t JOIN donation d ON d.id = t.donation_id WHERE d.received_at IS NOT NULL""",
    "gifts_by_transfer": "SELECT count(*) FROM payment_order WHERE channel = 'bank' AND status = 'paid'",
    "large_gifts": "SELECT count(*) FROM watch_case WHERE closed_at IS NOT NULL",
    "gifts_of_namesakes": "SELECT count(*) FROM watch_case WHERE is_listed AND closed_at IS NOT NULL",
    "emergencies": "SELECT count(*) FROM project WHERE kind = 'emergency' AND filed_on IS NOT NULL",
    "amendments": "SELECT count(*) FROM project_amendment WHERE status = 'filed'",
    "urgent_cases": "SELECT count(*) FROM urgent_case WHERE confirmed_at IS NOT NULL",
    "payouts": "SELECT count(*) FROM payout WHERE status = 'paid'",
    "payouts_returned": "SELECT count(*) FROM payout WHERE status = 'returned'",
    "payouts_to_places": "SELECT count(*) FROM payout WHERE status = 'paid' AND kind <> 'household'",
    "payouts_by_alipay": """
SELECT count(*) FROM payout p JOIN payout_file f ON f.id = p.file_id WHERE p.status = 'paid' AND f.channel = 'alipay'""",
    "proofs": "SELECT count(*) FROM payout_proof",
    "payouts_with_kin": "SELECT count(*) FROM payout WHERE status = 'paid' AND kin_hit",
    "people_helped": """
SELECT count(DISTINCT m.person_id) FROM membership m
 WHERE m.household_id IN (SELECT household_id FROM payout WHERE status = 'paid'
                           UNION SELECT household_id FROM wish WHERE status = 'fulfilled')
   AND m.to_on IS NULL""",
    "reports_published": "SELECT count(*) FROM disclosure",
    "reports_late": """
SELECT count(*) FROM disclosure_duty
 WHERE dropped_at IS NULL AND (published_at AT TIME ZONE 'Asia/Shanghai')::date > due_on""",
    "ledger_entries": "SELECT count(*) FROM ledger_entry",
    "events": "SELECT count(*) FROM event",
}
MONEY: dict[str, str] = {
    "received_fen": "SELECT coalesce(sum(paid_fen), 0) FROM payment_order WHERE status = 'paid'",
    "unassigned_fen": "SELECT coalesce(sum(amount_fen), 0) FROM unassigned_money WHERE resolved_at IS NULL",
    "refunded_fen": "SELECT coalesce(sum(refunded_fen), 0) FROM payment_order",
    "advanced_fen": "SELECT coalesce(sum(amount_fen), 0) FROM advance",
    "donated_fen": "SELECT coalesce(sum(left_fen), 0) FROM donation",
    "spent_fen": """
SELECT (SELECT coalesce(sum(spent_fen), 0) FROM purchase WHERE booked_at IS NOT NULL)
     + (SELECT coalesce(sum(amount_fen), 0) FROM payout WHERE status = 'paid')""",
    "held_by_towns_fen": """
SELECT coalesce(sum(p.amount_fen), 0) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
 WHERE a.type = 'town_advance'""",
    "left_in_fund_fen": """
SELECT coalesce(sum(p.amount_fen), 0) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
 WHERE a.type IN ('alipay', 'bank')""",
    "brought_fen": """
SELECT coalesce(sum(f.value_fen), 0) FROM claim c JOIN fulfilment f ON f.claim_id = c.id
 WHERE c.status = 'confirmed' AND c.way = 'bring'""",
    "benefits_fen": "SELECT coalesce(sum(amount_fen), 0) FROM benefit_record",
    "on_lists_fen": """
SELECT coalesce(sum(total_fen), 0)
  FROM (SELECT DISTINCT ON (household_id) total_fen FROM edition WHERE year = $1
         ORDER BY household_id, number DESC) newest""",
}
UNLISTED = """
SELECT count(*) FROM claim c JOIN wish w ON w.id = c.wish_id JOIN fulfilment f ON f.claim_id = c.id
 WHERE c.status = 'confirmed'
   AND NOT EXISTS (SELECT FROM edition e
                    WHERE e.household_id = w.household_id AND e.frozen_at >= f.asked_at
                      AND e.year = extract(year FROM f.delivered_at AT TIME ZONE 'Asia/Shanghai'))
"""


@dataclass(frozen=True)
class Counted:
    """Numbers by name; sums are in fen, and their names say so."""

    counts: dict[str, int]
    money: dict[str, int]


async def read_counts(year: int) -> Counted:
    counts = {name: await _number(sql, year) for name, sql in COUNTS.items()}
    counts["fulfilled_without_list"] = await _number(UNLISTED, year)
    return Counted(counts, {name: await _number(sql, year) for name, sql in MONEY.items()})


async def _number(sql: str, year: int) -> int:
    found = await rows(f"SELECT ({sql})::bigint AS number", *((year,) if "$1" in sql else ()))
    number: int = found[0]["number"]
    return number

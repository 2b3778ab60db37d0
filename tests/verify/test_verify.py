"""Every promise holds in sound books, and notices the one row that breaks it."""

import asyncio
import json
import os
import sys
from dataclasses import replace

import asyncpg
import pytest

from cishan.postgres import Cluster
from cishan.settings import Settings
from cishan.verify.checks import MOST_EXAMPLES, Check, run_check, run_checks
from cishan.verify.promises import CHECKS
from verify.sound_books import BEGAN, STORY, Books

BROKEN = "cishan_story_broken"

OTHER_FUND = """
DROP INDEX IF EXISTS uq_fund_wish;
WITH fund AS (INSERT INTO fund (charity_id, kind, name, filing_number, purpose, opened_on)
              SELECT charity_id, kind, '另一个项目', filing_number || 'B', purpose, opened_on FROM fund LIMIT 1
              RETURNING id, charity_id),
account AS (INSERT INTO ledger_account (charity_id, fund_id, type, division_code)
            SELECT charity_id, id, 'alipay', '' FROM fund RETURNING id)
UPDATE ledger_posting SET account_id = (SELECT id FROM account) WHERE id = (SELECT min(id) FROM ledger_posting)
"""
SECOND_CLAIM = """
DROP INDEX IF EXISTS uq_claim_live;
INSERT INTO claim (wish_id, donor_id, way, status, price_fen, claimed_at, status_since, escalation, over_reason)
SELECT wish_id, donor_id, way, 'reserved', price_fen, claimed_at, status_since, 0, ''
  FROM claim WHERE status = 'advanced' LIMIT 1
"""
NOTHING_PAID = "status = '{}', trade_no = NULL, paid_fen = NULL, paid_at = NULL"
FIRST_PAID = "WHERE id = (SELECT min(id) FROM payment_order WHERE status = 'paid')"

OPEN_ONE = "WHERE opened_at IS NOT NULL"
OPENED_TOO_SOON = f"UPDATE project SET filed_on = filed_on + 5, may_open_on = NULL {OPEN_ONE}"
UNLOCKED = "DROP TRIGGER project_is_as_filed ON project; DROP TRIGGER budget_is_as_filed ON budget_line; "

CHANGED_BOOKS = [
    "UPDATE ledger_entry SET source_id = source_id + 1000 WHERE id = 1",
    "UPDATE ledger_entry SET source_kind = source_kind || 'x' WHERE id = 1",
    "UPDATE ledger_entry SET occurred_at = occurred_at + interval '1 microsecond' WHERE id = 1",
    "UPDATE ledger_entry SET booked_at = booked_at - interval '1 day' WHERE id = 1",
    "UPDATE ledger_posting SET amount_fen = 2 * amount_fen WHERE entry_id = 1",
    "UPDATE ledger_posting SET amount_fen = -amount_fen WHERE entry_id = 1",
    "UPDATE ledger_account SET division_code = division_code || '1' WHERE id = 1",
    "UPDATE ledger_entry_number SET entry_id = -entry_id WHERE number < 3; "
    "UPDATE ledger_entry_number SET entry_id = 3 + entry_id WHERE number < 3",
    "UPDATE ledger_link SET hash = set_byte(hash, 31, (get_byte(hash, 31) + 1) % 256) WHERE number = 2",
    "DELETE FROM ledger_link WHERE number = 1",
    "DELETE FROM ledger_link",
]
"""What nobody but the owner of the database could do to old books: every column, the numbers, the chain itself."""

FOUND_BY_OPENER = "UPDATE urgent_case c SET found_by_id = p.applied_by_id FROM payout p WHERE p.id = c.payout_id AND c.confirmed_by_id <> p.applied_by_id"
NO_WHAT = "ALTER TABLE bank_line DROP CONSTRAINT ck_bank_line_what; "
OTHER_CHANNEL = (
    "ALTER TABLE payment_order DROP CONSTRAINT ck_order_channel; "
    "UPDATE payment_order SET channel = 'alipay' WHERE channel = 'bank'"
)

BREAKS: list[tuple[str, str]] = [
    ("entries_balanced", "UPDATE ledger_posting SET amount_fen = amount_fen + 1 WHERE id = 1"),
    ("entries_balanced", "DELETE FROM ledger_posting WHERE entry_id = 1"),
    ("entries_in_one_fund", OTHER_FUND),
    ("entry_numbers_gapless", "DELETE FROM ledger_entry_number WHERE number = 2"),
    (
        "entry_numbers_gapless",
        "DELETE FROM ledger_entry_number WHERE number = (SELECT max(number) FROM ledger_entry_number)",
    ),
    ("paid_order_booked_once", f"UPDATE payment_order SET paid_fen = paid_fen + 1 {FIRST_PAID}"),
    ("paid_order_booked_once", "DELETE FROM ledger_entry WHERE source_kind = 'unassigned'"),
    ("unpaid_order_not_booked", f"UPDATE payment_order SET {NOTHING_PAID.format('closed')} {FIRST_PAID}"),
    ("unpaid_order_not_booked", "DELETE FROM order_line WHERE id = 1"),
    ("nothing_unknown_for_a_day", f"UPDATE payment_order SET {NOTHING_PAID.format('pending')} {FIRST_PAID}"),
    ("unassigned_equals_rows", "UPDATE unassigned_money SET resolved_at = NULL, resolved_as = NULL"),
    ("project_opened_after_notice", "ALTER TABLE project DROP CONSTRAINT ck_project_notice; " + OPENED_TOO_SOON),
    ("project_opened_after_notice", "UPDATE project SET starts_at = opened_at + interval '1 minute' " + OPEN_ONE),
    ("closed_project_takes_nothing", "UPDATE donation SET received_at = received_at + interval '30 days'"),
    ("closed_project_takes_nothing", "UPDATE project SET closed_at = closed_at + interval '1 minute'"),
    ("one_number_one_fund", "UPDATE fund SET filing_number = filing_number || '1' WHERE kind = 'project'"),
    ("one_number_one_fund", "UPDATE fund SET takes_until = takes_until + interval '1 minute' WHERE kind = 'project'"),
    ("filed_plan_unchanged", UNLOCKED + "UPDATE project SET beneficiaries = beneficiaries || '。'"),
    ("filed_plan_unchanged", UNLOCKED + "UPDATE budget_line SET amount_fen = amount_fen + 1"),
    ("filed_plan_unchanged", "UPDATE project_amendment SET status = 'dropped', applied_at = NULL, filed_on = NULL"),
    ("project_shown_equals_ledger", "UPDATE fund_total SET given_fen = given_fen + 1"),
    ("refunds_within_received", "UPDATE refund SET amount_fen = amount_fen + 1 WHERE id = 1"),
    ("refunds_within_received", "UPDATE refund_line SET amount_fen = amount_fen - 1 WHERE id = 1"),
    ("refunds_booked_once", "DELETE FROM ledger_entry WHERE kind = 'refund'"),
    ("refunds_booked_once", "UPDATE refund SET status = 'refused', succeeded_at = NULL WHERE id = 1"),
    ("order_counts_its_refunds", "UPDATE payment_order SET refunded_fen = 0 WHERE refunded_fen > 0"),
    (
        "refunds_known_in_a_day",
        "UPDATE refund SET status = 'unknown', succeeded_at = NULL, next_try_at = created_at WHERE id = 1",
    ),
    ("late_money_resolved", "UPDATE unassigned_money SET resolved_at = NULL, resolved_as = NULL"),
    (
        "large_refunds_by_two",
        "UPDATE refund SET amount_fen = 100001, requested_by_id = (SELECT account_id FROM role_grant LIMIT 1)",
    ),
    (
        "refunded_gift_buys_nothing",
        "UPDATE claim SET status = 'paid' WHERE id IN (SELECT l.owner_id FROM refund_line t "
        "JOIN order_line l ON l.id = t.order_line_id)",
    ),
    ("trace_sums_to_paid", f"UPDATE payment_order SET paid_fen = paid_fen + 1 {FIRST_PAID}"),
    ("trace_sums_to_paid", "UPDATE refund_line SET amount_fen = 10 * amount_fen WHERE id = 1"),
    ("trace_equals_books", "UPDATE claim SET status = 'bought' WHERE status = 'advanced'"),
    ("trace_equals_books", "UPDATE refund SET status = 'unknown', succeeded_at = NULL, next_try_at = created_at"),
    ("list_lines_are_paid_for", "UPDATE fulfilment SET value_fen = value_fen + 1 WHERE value_fen > 0"),
    ("list_lines_are_paid_for", "UPDATE order_line SET owner_id = owner_id + 1000"),
    ("donations_count_what_is_left", "UPDATE donation SET left_fen = left_fen - 1 WHERE left_fen > 1"),
    ("fund_totals_are_sums", "UPDATE fund_total SET given_fen = given_fen + 1"),
    ("fund_totals_are_sums", "UPDATE fund_total SET gifts = gifts + 1"),
    ("watched_money_rests", "UPDATE watch_case SET order_id = (SELECT min(order_id) FROM refund) WHERE NOT is_listed"),
    ("received_equals_uses", f"UPDATE payment_order SET paid_fen = paid_fen + 1 {FIRST_PAID}"),
    (
        "no_asset_below_zero",
        "UPDATE ledger_posting SET amount_fen = -amount_fen "
        "WHERE account_id = (SELECT min(id) FROM ledger_account WHERE type = 'alipay')",
    ),
    ("uses_booked_once", "UPDATE advance SET amount_fen = amount_fen + 1 WHERE id = 1"),
    ("uses_booked_once", "DELETE FROM ledger_entry WHERE kind = 'purchase'"),
    ("town_holds_open_advances", "UPDATE claim SET status = 'bought' WHERE status = 'advanced'"),
    ("fund_covers_its_allocations", "UPDATE allocation SET amount_fen = amount_fen + 1"),
    ("fund_covers_its_allocations", "UPDATE fund SET held_fen = held_fen + 1"),
    (
        "fund_covers_its_allocations",
        "UPDATE allocation SET amount_fen = 900000; UPDATE fund SET held_fen = 700000 WHERE held_fen > 0",
    ),
    ("payouts_within_allocation", "UPDATE allocation SET amount_fen = 199999"),
    ("payouts_within_allocation", "UPDATE payout SET fund_id = fund_id + 1 WHERE id = 1"),
    ("payouts_booked_once", "DELETE FROM ledger_entry WHERE kind = 'payout'"),
    ("payouts_booked_once", "UPDATE payout SET amount_fen = amount_fen + 1 WHERE status = 'approved'"),
    ("payouts_booked_once", "UPDATE payout SET status = 'in_file' WHERE status = 'paid'"),
    (
        "payouts_booked_once",
        "UPDATE ledger_posting SET amount_fen = amount_fen - 1 "
        "WHERE account_id = (SELECT id FROM ledger_account WHERE type = 'payable')",
    ),
    (
        "payouts_by_two",
        "ALTER TABLE payout DROP CONSTRAINT ck_payout_approvers; UPDATE payout SET second_by_id = first_by_id WHERE id = 1",
    ),
    (
        "payouts_by_two",
        "ALTER TABLE payout DROP CONSTRAINT ck_payout_payer; UPDATE payout SET payer_id = first_by_id WHERE status = 'paid'",
    ),
    ("payouts_by_two", "UPDATE payee SET verified_by_id = NULL, verified_at = NULL"),
    (
        "kin_approved_from_outside",
        "UPDATE payout SET kin_hit = false, second_is_outside = false WHERE status = 'paid'",
    ),
    ("kin_approved_from_outside", "UPDATE kin_hit SET account_id = (SELECT second_by_id FROM payout LIMIT 1)"),
    ("paid_out_on_one_list", "UPDATE edition SET lines = '[]'"),
    ("paid_out_on_one_list", "UPDATE edition SET lines = lines || lines"),
    (
        "paid_out_on_one_list",
        "UPDATE payout SET status = 'returned', returned_at = paid_at WHERE status = 'paid'",
    ),
    ("listed_givers_are_watched", "DELETE FROM watch_case WHERE is_listed"),
    (
        "one_merchant_one_charity",
        "INSERT INTO charity SELECT (jsonb_populate_record(c, jsonb_build_object('id', 999, 'uscc', 'X'))).* FROM charity c LIMIT 1; "
        "UPDATE fund SET charity_id = 999 WHERE kind = 'wish'",
    ),
    ("surplus_moved_whole", "UPDATE surplus_move SET amount_fen = amount_fen - 1"),
    ("surplus_moved_whole", "DELETE FROM ledger_entry WHERE kind = 'surplus_in'"),
    (
        "surplus_moved_whole",
        "UPDATE project SET status = 'settled', settled_at = closed_at; "
        "UPDATE ledger_posting SET amount_fen = amount_fen - 1 WHERE entry_id = (SELECT id FROM ledger_entry "
        "WHERE kind = 'surplus_out') AND amount_fen < 0",
    ),
    ("no_disclosure_late", "UPDATE disclosure_duty SET published_at = NULL, due_on = period_until + 1"),
    (
        "reports_equal_books",
        "UPDATE disclosure SET figures = jsonb_set(figures, '{months}', "
        '\'[{"received_fen": 1, "returned_fen": 0, "spent_fen": 0, "fees_fen": 0}]\')',
    ),
    ("fund_months_equal_books", "UPDATE fund_month SET spent_fen = spent_fen + 1"),
    ("one_receipt_per_order", "DELETE FROM receipt_reversal"),
    ("receipt_numbers_gapless", "UPDATE receipt SET number = 5 WHERE number = 2"),
    ("receipt_numbers_gapless", "UPDATE fiscal_bill SET colour = 'blue'"),
    ("receipts_follow_refunds", "UPDATE receipt SET amount_fen = amount_fen + 1"),
    ("receipts_follow_refunds", "UPDATE receipt_reversal SET reason = 'refund'"),
    *[("chain_unbroken", change) for change in CHANGED_BOOKS],
    ("heads_agree_with_chain", "UPDATE ledger_head SET number = number - 1"),
    ("bill_agrees", "DELETE FROM bill_difference"),
    (
        "bill_agrees",
        "UPDATE bill_difference SET status = 'open', resolution = NULL, resolved_at = NULL, due_at = '2025-03-04Z'",
    ),
    ("bill_agrees", "UPDATE bill_difference SET resolution = 'explained'"),
    ("bill_agrees", "DELETE FROM bill_row WHERE id = 1"),
    ("bill_agrees", "UPDATE bill_row SET kind = 'refund', request_no = 'R9' WHERE id = 1"),
    ("bill_agrees", "DELETE FROM bill_row WHERE kind = 'refund'"),
    ("bill_agrees", "UPDATE bill_row SET received_fen = received_fen + 1 WHERE id = 1"),
    ("bill_agrees", "UPDATE bill_day SET status = 'waiting', compared_at = NULL, due_at = '2025-03-04Z'"),
    ("bill_agrees", f"UPDATE payment_order SET paid_fen = paid_fen + 1 {FIRST_PAID}"),
    ("fees_agree_with_bills", "UPDATE bill_file SET fee_fen = fee_fen + 1"),
    ("fees_agree_with_bills", "DELETE FROM ledger_entry WHERE kind = 'fee'"),
    ("nothing_in_closed_month", "UPDATE ledger_entry SET booked_at = '2025-02-28 15:59:59Z' WHERE id = 1"),
    ("bank_lines_booked_once", "DELETE FROM ledger_entry WHERE kind = 'withdrawal'"),
    ("bank_lines_booked_once", NO_WHAT + "UPDATE bank_line SET status = 'noise'"),
    ("bank_lines_booked_once", "DELETE FROM ledger_entry WHERE kind = 'hold'"),
    ("transfers_sent_once", "DELETE FROM payout_transfer WHERE state = 'made'"),
    ("transfers_sent_once", "UPDATE payout_transfer SET state = 'refused' WHERE state = 'made'"),
    ("transfers_sent_once", "UPDATE payout_transfer SET state = 'unknown', next_try_at = now() WHERE state = 'made'"),
    ("proofs_agree", "UPDATE payout_proof SET amount_fen = amount_fen + 1"),
    (
        "proofs_agree",
        "UPDATE payout SET kind = 'village', household_id = NULL WHERE id = (SELECT payout_id FROM payout_proof)",
    ),
    ("payouts_booked_once", "UPDATE payout_file SET channel = 'bank' WHERE channel = 'alipay'"),
    ("urgent_within_its_reserve", "UPDATE payout SET amount_fen = 100001 WHERE is_urgent AND status = 'paid'"),
    ("urgent_within_its_reserve", "UPDATE allocation SET case_limit_fen = NULL"),
    ("urgent_within_its_reserve", "UPDATE payout SET is_urgent = false"),
    ("urgent_decided_by_two", "DELETE FROM urgent_opinion WHERE id = 1"),
    ("urgent_decided_by_two", "UPDATE payout SET second_by_id = payer_id, payer_id = second_by_id WHERE is_urgent"),
    (
        "urgent_completed_afterwards",
        "UPDATE urgent_case SET confirmed_by_id = NULL, confirmed_at = NULL, complete_by = complete_by - interval '60 days'",
    ),
    ("urgent_completed_afterwards", FOUND_BY_OPENER),
    ("unassigned_equals_rows", NO_WHAT + "UPDATE bank_line SET settles_id = NULL"),
    ("paid_order_booked_once", OTHER_CHANNEL),
    ("refunds_booked_once", OTHER_CHANNEL),
    ("transfers_have_their_movement", NO_WHAT + "UPDATE bank_line SET order_id = NULL WHERE status = 'gift'"),
    ("transfers_have_their_movement", "UPDATE bank_line SET amount_fen = amount_fen + 1 WHERE status = 'gift'"),
    ("transfers_have_their_movement", NO_WHAT + "UPDATE bank_line SET refund_id = NULL WHERE status = 'refund'"),
    ("transfers_have_their_movement", NO_WHAT + "UPDATE bank_line SET status = 'noise' WHERE status = 'held'"),
    ("one_live_claim", SECOND_CLAIM),
    ("wish_agrees_with_claim", "UPDATE wish SET status = 'published' WHERE status = 'claimed'"),
    ("wish_agrees_with_claim", "UPDATE claim SET status = 'lapsed' WHERE status = 'advanced'"),
    ("fulfilled_wish_bought_once", "DELETE FROM purchase"),
    (
        "fulfilled_wish_bought_once",
        "UPDATE fulfilment SET value_fen = 0 WHERE claim_id = (SELECT id FROM claim WHERE way = 'bring')",
    ),
    (
        "fulfilled_wish_bought_once",
        "UPDATE fulfilment SET hours = 0 WHERE claim_id = (SELECT id FROM claim WHERE way = 'give_time')",
    ),
    (
        "purchase_follows_rules",
        "ALTER TABLE purchase DROP CONSTRAINT ck_purchase_leave; UPDATE purchase SET spent_fen = price_fen + 1",
    ),
    ("fulfilled_wish_on_one_list", "UPDATE edition SET lines = '[]' WHERE id = 1"),
    ("fulfilled_wish_on_one_list", "UPDATE edition SET lines = lines || lines WHERE id = 1"),
    (
        "fulfilled_wish_on_one_list",
        "UPDATE edition SET lines = jsonb_set(lines, '{0,source}', '\"claim-0\"') WHERE id = 1",
    ),
    ("list_totals", "UPDATE edition SET total_fen = total_fen + 1 WHERE id = 1"),
    ("list_totals", "UPDATE edition SET number = 2 WHERE id = 1"),
    (
        "published_by_three_people",
        "ALTER TABLE wish DROP CONSTRAINT ck_wish_three_people; UPDATE wish SET published_by_id = reviewed_by_id WHERE id = 1",
    ),
    ("visited_by_two_people", "UPDATE visit SET confirmed_at = NULL WHERE id = 1"),
    (
        "delivered_and_asked_by_two_people",
        "ALTER TABLE fulfilment DROP CONSTRAINT ck_fulfilment_two_people; "
        "UPDATE fulfilment SET asked_by_id = delivered_by_id WHERE id = 1",
    ),
    ("no_session_of_disabled", "UPDATE session SET revoked_at = NULL, expires_at = expires_at + interval '30 days'"),
    ("events_whole", "DELETE FROM event WHERE subject_kind = 'claim' AND number = 2"),
    ("events_whole", "DELETE FROM event WHERE subject_kind = 'wish' AND subject_id = 1"),
]


def named(name: str) -> Check:
    return next(check for check in CHECKS if check.name == name)


async def test_sound_books_keep_every_promise_and_leave_none_unexamined(books: Books) -> None:
    results = await run_checks(CHECKS, require_rows=True, now=books.now)
    assert [result for result in results if not result.ok] == []


@pytest.mark.parametrize(("name", "statements"), BREAKS)
async def test_one_broken_row_is_found(books: Books, name: str, statements: str) -> None:
    await books.as_owner(statements)
    result = await run_check(named(name), require_rows=False, now=books.now)
    assert not result.ok
    assert result.broken > 0
    assert result.examples


def test_every_promise_has_a_row_that_breaks_it() -> None:
    assert {check.name for check in CHECKS} == {name for name, _ in BREAKS}


def test_names_are_unique() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)


async def test_a_payment_that_came_today_may_still_be_unknown(books: Books) -> None:
    await books.as_owner(f"UPDATE payment_order SET {NOTHING_PAID.format('pending')} {FIRST_PAID}")
    result = await run_check(named("nothing_unknown_for_a_day"), require_rows=True, now=BEGAN)
    assert result.ok


async def test_examples_are_bounded_and_all_broken_rows_are_counted(books: Books) -> None:
    await books.as_owner("UPDATE event SET number = number + 100")
    result = await run_check(named("events_whole"), require_rows=False, now=books.now)
    assert len(result.examples) == MOST_EXAMPLES
    assert result.broken > MOST_EXAMPLES


async def test_a_promise_that_examined_nothing_has_proved_nothing(books: Books) -> None:
    await books.as_owner("TRUNCATE edition, list_key CASCADE")
    lenient = await run_check(named("list_totals"), require_rows=False, now=books.now)
    strict = await run_check(named("list_totals"), require_rows=True, now=books.now)
    assert (lenient.ok, strict.ok, strict.examined) == (True, False, 0)


async def verify(settings: Settings, *options: str) -> tuple[int, str]:
    environment = {**os.environ, "DATABASE_URL": settings.database_url, "CISHAN_ENVIRONMENT": "test"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cishan", "verify", *options, stdout=asyncio.subprocess.PIPE, env=environment
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_the_command_says_that_sound_books_are_sound(story: Settings) -> None:
    code, output = await verify(story)
    assert code == 0
    assert "entries_balanced" in output


async def test_the_command_ends_with_one_and_names_the_broken_rows(cluster: Cluster, story: Settings) -> None:
    cluster.create_database(BROKEN, template=STORY)
    connection = await asyncpg.connect(**cluster.credentials(BROKEN))
    await connection.execute(
        "SET session_replication_role = replica; UPDATE ledger_posting SET amount_fen = 7 WHERE id = 1"
    )
    await connection.close()
    code, output = await verify(replace(story, database_url=cluster.url(BROKEN)), "--json")
    found = json.loads(output)
    wrong = {check["name"]: check for check in found["checks"] if not check["ok"]}
    assert (code, found["ok"]) == (1, False)
    assert wrong["entries_balanced"]["examples"][0]["entry"] == 1

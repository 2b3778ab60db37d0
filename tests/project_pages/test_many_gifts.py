"""A project's page and its roll ask the same of the database however many gifts there are."""

import pytest

from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.donations.roll import ROLL, roll_of
from cishan.donations.totals import count_gift
from cishan.project_pages import queries
from cishan.project_pages.queries import ProjectFilter, public_project, public_projects
from cishan.sealing import Sealer
from projects import project_makers as pm

GIFTS = """
INSERT INTO donation (charity_id, fund_id, donor_id, status, amount_fen, left_fen, shows_name, made_at, received_at)
SELECT $1, $2, $3, 'received', 1000, 1000, false, $4::timestamptz + n * interval '1 ms', $4::timestamptz + n * interval '1 ms'
  FROM generate_series($5::int, $6::int) n
"""
ACCOUNTS = """
INSERT INTO ledger_account (charity_id, fund_id, type, division_code)
VALUES ($1, $2, 'alipay', ''), ($1, $2, 'fund', ''), ($1, $2, 'spending', '')
"""
ENTRIES = """
WITH entry AS (
  INSERT INTO ledger_entry (charity_id, kind, source_kind, source_id, occurred_at, booked_at)
  SELECT $1, 'gift', 'test_gift', $2::bigint * 10000000 + n, $3, $3 FROM generate_series($4::int, $5::int) n RETURNING id)
INSERT INTO ledger_posting (entry_id, account_id, amount_fen)
SELECT entry.id, a.id, CASE a.type WHEN 'alipay' THEN 1000 ELSE -1000 END
  FROM entry, ledger_account a WHERE a.fund_id = $2 AND a.type IN ('alipay', 'fund')
"""
USES = """
WITH entry AS (
  INSERT INTO ledger_entry (charity_id, kind, source_kind, source_id, occurred_at, booked_at)
  SELECT $1, 'purchase', 'test_use', $2::bigint * 10000000 + n, $3, $3 FROM generate_series(1, 100) n RETURNING id)
INSERT INTO ledger_posting (entry_id, account_id, amount_fen)
SELECT entry.id, a.id, CASE a.type WHEN 'spending' THEN 500 ELSE -500 END
  FROM entry, ledger_account a WHERE a.fund_id = $2 AND a.type IN ('alipay', 'spending')
"""
MANY = 8_000
ASKED = (
    (queries.ONE, (1,)),
    (queries.LIST, (queries.SHOWN, "", "", 12, 0)),
    (queries.COUNT, (queries.SHOWN, "", "")),
    (queries.UPDATES, (1, 30)),
    (queries.USES, (1, queries.USE_TYPES)),
    (queries.SUMS, ([1],)),
)


async def project_with(gifts: int, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock) -> int:
    """An open project whose fund has so many gifts and a hundred uses; returns its id."""
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people, name=f"{gifts} 笔")
    found = (await rows("SELECT charity_id, fund_id FROM project WHERE id = $1", project.id))[0]
    charity_id, fund_id = found["charity_id"], found["fund_id"]
    await rows(ACCOUNTS, charity_id, fund_id)
    await rows(GIFTS, charity_id, fund_id, people.editor.account_id, clock.now(), 1, gifts)
    await rows(ENTRIES, charity_id, fund_id, clock.now(), 1, gifts)
    await rows(USES, charity_id, fund_id, clock.now())
    for slot in range(8):
        await count_gift(fund_id, slot, given_fen=gifts // 8 * 1_000, gifts=gifts // 8)
    return project.id


@pytest.mark.usefixtures("transaction")
async def test_no_page_of_projects_looks_at_gifts(sealer: Sealer, clock: SteppedClock) -> None:
    await pm.make_open_project(sealer=sealer, now=clock.now())
    for sql, values in ASKED:
        plan = "\n".join(row["QUERY PLAN"] for row in await rows(f"EXPLAIN {sql}", *values))
        assert "donation" not in plan, plan


@pytest.mark.usefixtures("transaction")
async def test_sums_and_roll_of_many_gifts_come_from_totals_and_one_index(sealer: Sealer, clock: SteppedClock) -> None:
    """How fast that is stands in `cishan bench project-page project-roll`, at a million gifts."""
    await pm.charity_id_of_site(now=clock.now())
    people = await pm.make_project_people(sealer=sealer, now=clock.now())
    project_id = await project_with(MANY, people, sealer, clock)
    await rows("ANALYZE donation, ledger_posting, ledger_account, ledger_entry, fund_total")
    found = await public_project(project_id, sealer=sealer)
    assert (found.flow.received_fen, found.flow.paid_out_fen) == (MANY * 1_000, 50_000)
    assert [card.gifts for card in (await public_projects(ProjectFilter(), 1))[0]] == [MANY]
    newest = await roll_of(found.fund_id, limit=3, sealer=sealer)
    assert [gift.id for gift in await roll_of(found.fund_id, limit=2, sealer=sealer, before=newest[0].id)] == [
        gift.id for gift in newest[1:]
    ]
    plan = "\n".join(row["QUERY PLAN"] for row in await rows(f"EXPLAIN {ROLL}", found.fund_id, newest[2].id, 50))
    assert "ix_donation_roll" in plan

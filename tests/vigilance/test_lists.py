"""Official lists: only digests are kept, a hit rests until two people have looked, a namesake is not stopped twice."""

import asyncio
import secrets
from datetime import timedelta

import httpx2
import pytest

import makers
from cishan.accounts.own import change_own_name
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Forbidden, InvalidInput, NotFound
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.verify.checks import run_checks
from cishan.verify.vigilance import LISTED_GIVERS_ARE_WATCHED
from cishan.vigilance.actions import close_case, find_out
from cishan.vigilance.lists import HITS, add_names, end_list, lists_of, normal, read_names, screen_accounts
from cishan.vigilance.states import CaseOutcome, ListedKind
from conftest import Committed
from donations.donation_makers import pay, pledge
from payments.order_makers import make_site

LIST = "公安部 2026 年第 1 号公告"
NAME = "欧阳不凡"


@pytest.fixture
async def site(transaction: Settings, clock: SteppedClock) -> Site:
    return await make_site(clock.now())


@pytest.fixture
async def finance(site: Site, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=clock.now())


async def put_on_list(
    site: Site,
    actor: Viewer,
    sealer: Sealer,
    clock: SteppedClock,
    text: str = NAME,
    kind: ListedKind = ListedKind.PERSON,
) -> int:
    return await add_names(site.charity_id, LIST, kind, text, actor=actor, sealer=sealer, now=clock.now())


async def named_donor(sealer: Sealer, clock: SteppedClock, name: str = NAME) -> Viewer:
    return await makers.make_donor(sealer=sealer, now=clock.now(), name=name)


async def screen(sealer: Sealer, clock: SteppedClock) -> int:
    return await screen_accounts(limit=100, sealer=sealer, now=clock.advance(timedelta(minutes=1)))


async def give(site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock) -> None:
    pledged = await pledge(site.fund_id, 5_000, donor=donor, now=clock.now())
    await pay(pledged, sealer=sealer, now=clock.now())


async def cases() -> list[tuple[bool, bool]]:
    """Each case: whether a name opened it, and whether it is closed."""
    found = await rows("SELECT is_listed, closed_at IS NOT NULL AS closed FROM watch_case ORDER BY id")
    return [(row["is_listed"], row["closed"]) for row in found]


async def close(site: Site, outcome: CaseOutcome, finance: Viewer, sealer: Sealer, clock: SteppedClock) -> None:
    case = (await rows("SELECT id FROM watch_case WHERE closed_at IS NULL"))[0]["id"]
    other = await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=clock.now())
    await find_out(case, "打电话核对过出生地", charity_id=site.charity_id, actor=finance, now=clock.now())
    await close_case(case, outcome, charity_id=site.charity_id, actor=other, now=clock.now())


async def test_a_listed_name_makes_a_case_of_the_smallest_gift_and_its_donor_is_asked_nothing(
    site: Site, finance: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    assert await put_on_list(site, finance, sealer, clock) == 1
    donor, stranger = await named_donor(sealer, clock), await named_donor(sealer, clock, "欧阳一凡")
    assert await screen(sealer, clock) >= 2
    await give(site, donor, sealer, clock)
    await give(site, stranger, sealer, clock)
    assert await cases() == [(True, False)]
    assert await screen(sealer, clock) == 0


async def test_a_namesake_who_was_cleared_is_not_stopped_again_and_a_reported_one_is(
    site: Site, finance: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await put_on_list(site, finance, sealer, clock)
    donor = await named_donor(sealer, clock)
    await screen(sealer, clock)
    for outcome in (CaseOutcome.REPORTED, CaseOutcome.CLEARED):
        await give(site, donor, sealer, clock)
        await close(site, outcome, finance, sealer, clock)
    await give(site, donor, sealer, clock)
    assert await cases() == [(True, True), (True, True)]
    assert (await run_checks([LISTED_GIVERS_ARE_WATCHED], require_rows=True, now=clock.now()))[0].ok


async def test_a_name_that_is_listed_later_reaches_back_to_what_still_lies_there(
    site: Site, finance: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    donor = await named_donor(sealer, clock)
    await give(site, donor, sealer, clock)
    await put_on_list(site, finance, sealer, clock)
    await screen(sealer, clock)
    assert await cases() == [(True, False)]


async def test_whoever_takes_a_listed_name_is_compared_anew(
    site: Site, finance: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await put_on_list(site, finance, sealer, clock)
    donor = await named_donor(sealer, clock, "李平凡")
    await screen(sealer, clock)
    await change_own_name(NAME, actor=donor, sealer=sealer, now=clock.now())
    await screen(sealer, clock)
    await give(site, donor, sealer, clock)
    assert await cases() == [(True, False)]


@pytest.mark.parametrize("text", ["德州示例 商贸有限公司", "别的名字,{uscc}", "别的名字，{uscc}"])
async def test_an_organisation_is_found_by_its_name_or_its_number_for_all_its_accounts(
    site: Site, finance: Viewer, sealer: Sealer, clock: SteppedClock, text: str
) -> None:
    officer = await makers.make_organisation(sealer=sealer, now=clock.now())
    row = (await rows("SELECT g.name, g.uscc FROM account a JOIN organisation g ON g.id = a.organisation_id"))[0]
    written = text.format(uscc=row["uscc"]) if "{" in text else row["name"]
    await put_on_list(site, finance, sealer, clock, written, ListedKind.ORGANISATION)
    await screen(sealer, clock)
    await give(site, officer, sealer, clock)
    assert await cases() == [(True, False)]


async def test_a_list_that_ended_stops_nobody(site: Site, finance: Viewer, sealer: Sealer, clock: SteppedClock) -> None:
    await put_on_list(site, finance, sealer, clock)
    donor = await named_donor(sealer, clock)
    await screen(sealer, clock)
    await end_list(site.charity_id, LIST, actor=finance, now=clock.now())
    with pytest.raises(NotFound):
        await end_list(site.charity_id, LIST, actor=finance, now=clock.now())
    await give(site, donor, sealer, clock)
    assert await cases() == []
    assert await lists_of(site.charity_id) == ()


@pytest.mark.parametrize("text", ["", "   \n", "张", "张三,1,2", "\n".join(["张三"] * 20_001)])
def test_what_is_no_list_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_names(text)


def test_names_are_compared_without_width_spaces_and_case() -> None:
    assert {normal(name) for name in ("ABC 公司", "ＡＢＣ公司", "abc　公司")} == {"abc公司"}
    assert read_names("张三\n李四，3714\n\n王五\t99") == [("张三", ""), ("李四", "3714"), ("王五", "99")]


async def test_only_finance_keeps_lists_and_nothing_but_digests_is_kept(
    site: Site, finance: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    editor = await makers.make_staff(Role.EDITOR, makers.CITY, sealer=sealer, now=clock.now())
    with pytest.raises(Forbidden):
        await put_on_list(site, editor, sealer, clock)
    assert await put_on_list(site, finance, sealer, clock, f"{NAME},371402199001011234\n{NAME}") == 2
    assert await put_on_list(site, finance, sealer, clock, NAME) == 0
    kept = str(await rows("SELECT * FROM watch_entry"))
    assert NAME not in kept
    assert "371402199001011234" not in kept


async def test_hits_are_found_by_indexes_however_long_the_lists_are(
    site: Site, finance: Viewer, clock: SteppedClock
) -> None:
    await rows(
        "INSERT INTO watch_entry (charity_id, list_name, kind, name_index, number_index, added_by_id, added_at) "
        "SELECT $1, '名单', 'person', md5(n::text) || md5(n::text), md5('n' || n), $2, now() FROM generate_series(1, 10000) n",
        site.charity_id,
        finance.account_id,
    )
    await rows("ANALYZE watch_entry")
    given = ([finance.account_id], ["person"], ["a" * 64], ["b" * 64])
    plan = "\n".join(row["QUERY PLAN"] for row in await rows(f"EXPLAIN {HITS}", *given, clock.now()))
    assert "Seq Scan on watch_entry" not in plan


async def test_a_gift_of_the_same_moment_as_the_comparison_is_watched(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    site = await make_site(clock.now())
    finance = await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=clock.now())
    await put_on_list(site, finance, sealer, clock)
    for _ in range(5):
        donor = await named_donor(sealer, clock)
        now = clock.advance(timedelta(minutes=1))
        await asyncio.gather(
            screen_accounts(limit=100, sealer=sealer, now=now),
            screen_accounts(limit=100, sealer=sealer, now=now),
            pledge(site.fund_id, 5_000, donor=donor, now=now),
        )
    assert await rows("SELECT count(*) AS n FROM watch_case WHERE is_listed") == [{"n": 5}]


async def test_the_page_takes_a_list_and_shows_how_many_never_who(
    client: httpx2.AsyncClient, site: Site, finance: Viewer, clock: SteppedClock
) -> None:
    await makers.signed_in(client, finance, now=clock.now())
    page = "/desk/finance/watch-list"
    empty = await client.post(page, data={"form_key": secrets.token_urlsafe(24), "list_name": LIST, "kind": "person"})
    assert empty.status_code == 400
    assert "每行一个名字" in empty.text
    sent = {"form_key": secrets.token_urlsafe(24), "list_name": LIST, "kind": "person", "names": f"{NAME}\n王五"}
    assert (await client.post(page, data=sent)).status_code == 303
    shown = (await client.get(page)).text
    assert LIST in shown
    assert NAME not in shown
    ended = {"form_key": secrets.token_urlsafe(24), "list_name": LIST}
    assert (await client.post(f"{page}/end", data=ended)).status_code == 303
    assert "还没有名单" in (await client.get(page)).text

"""The wall: what anyone may read, found by filters in the address, counted truly."""

from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

from cishan.charities.states import LegalMode
from cishan.clock import SteppedClock
from cishan.households.states import Group
from cishan.sealing import Sealer
from cishan.wishes import actions as wishes
from cishan.wishes.memory import LIFETIME_SECONDS, BriefMemory
from cishan.wishes.states import Audience, WishKind, WishStatus
from makers import make_campaign, make_charity, make_donor, make_wish, make_wish_people, signed_in

MOST_BYTES = 60_000


@pytest.fixture(autouse=True)
def no_page_kept(client: httpx2.AsyncClient) -> None:
    """A cookie of ours keeps the public cache out of the way; it has tests of its own."""
    client.cookies.set("cishan_mode", "normal")


async def test_an_empty_wall_says_so(client: httpx2.AsyncClient, clock: SteppedClock) -> None:
    await make_campaign(now=clock.now())
    page = await client.get("/wishes")
    assert page.status_code == 200
    assert "心愿都有人认领了" in page.text


async def test_the_wall_shows_published_wishes_and_no_others(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    people = await make_wish_people(sealer=sealer, now=clock.now())
    for status, item in ((WishStatus.PUBLISHED, "书包"), (WishStatus.WORDED, "棉衣"), (WishStatus.CLAIMED, "台灯")):
        await make_wish(status, sealer=sealer, now=clock.now(), people=people, item=item)
    text = (await client.get("/wishes")).text
    assert "想要一件书包" in text
    assert "棉衣" not in text.replace("例如 书桌、棉被", "")
    assert "想要一件台灯" not in text
    assert "德城区" in text


async def test_each_filter_keeps_what_it_names(client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock) -> None:
    people = await make_wish_people(sealer=sealer, now=clock.now())
    common = {"sealer": sealer, "now": clock.now(), "people": people}
    await make_wish(item="书包", price_fen=8_000, **common)  # type: ignore[arg-type]
    await make_wish(item="厚棉被", price_fen=20_000, group=Group.EXTREME_HARDSHIP, audience=Audience.ELDER, **common)  # type: ignore[arg-type]
    await make_wish(item="每周陪伴聊天", price_fen=0, hours=4, kind=WishKind.VISIT, **common)  # type: ignore[arg-type]
    for query, item in (
        ("kind=visit", "每周陪伴聊天"),
        ("band=low", "书包"),
        ("band=time", "每周陪伴聊天"),
        ("group=extreme_hardship", "厚棉被"),
        ("q=棉被", "厚棉被"),
        ("q=被", "厚棉被"),
        ("q=书包&band=low&county=371402000000&sort=cheapest", "书包"),
    ):
        text = (await client.get(f"/wishes?{query}")).text
        assert "找到 1 个心愿" in text, query
        assert f"想要一件{item}" in text, query
    for query in ("q=摩托车", "county=371403000000", "q='''", "q=' | '摩托车"):
        assert "没有找到这样的心愿" in (await client.get(f"/wishes?{query}")).text, query


@pytest.mark.parametrize(
    "query", ["kind=gold", "after=x-1", "after=99999999999999999999-1", "band=&county=9", "sort=1"]
)
async def test_an_address_nobody_gave_out_still_shows_a_wall(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock, query: str
) -> None:
    await make_wish(sealer=sealer, now=clock.now())
    assert (await client.get(f"/wishes?{query}")).status_code == 200


@pytest.mark.parametrize("sort", ["newest", "cheapest"])
async def test_pages_follow_each_other_without_gap_or_repetition(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock, sort: str
) -> None:
    people = await make_wish_people(sealer=sealer, now=clock.now())
    made = []
    for number in range(45):
        clock.advance(timedelta(seconds=number % 3))
        fen = 10_000 + number % 4
        wish = await make_wish(sealer=sealer, now=clock.now(), people=people, item=f"书包{number}", price_fen=fen)
        made.append((wish.published_at, wish.price_fen, wish.id))
    order = sorted(made, key=lambda wish: (wish[0], wish[2]), reverse=True)
    if sort == "cheapest":
        order = sorted(made, key=lambda wish: (wish[1], wish[2]))
    pages, href = [], f"/wishes?sort={sort}"
    while href:
        text = (await client.get(href)).text
        assert len(text.encode()) < MOST_BYTES
        pages.append((href, ids_in(text)))
        href = link_in(text, "next")
    assert [number for _, ids in pages for number in ids] == [wish[2] for wish in order]
    assert [len(ids) for _, ids in pages] == [20, 20, 5]
    back = link_in((await client.get(pages[2][0])).text, "prev")
    assert ids_in((await client.get(back)).text) == pages[1][1]


def ids_in(text: str) -> list[int]:
    return [int(part.split('"')[0]) for part in text.split('class="wish-name"><a href="/wishes/')[1:]]


def link_in(text: str, rel: str) -> str:
    if f'rel="{rel}"' not in text:
        return ""
    return text.split(f'rel="{rel}" href="')[1].split('"')[0].replace("&amp;", "&")


async def test_the_numbers_of_the_wall_are_true(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    people = await make_wish_people(sealer=sealer, now=clock.now())
    for status, number in (
        (WishStatus.PUBLISHED, 3),
        (WishStatus.CLAIMED, 2),
        (WishStatus.FULFILLED, 1),
        (WishStatus.WORDED, 1),
    ):
        for _ in range(number):
            await make_wish(status, sealer=sealer, now=clock.now(), people=people)
    text = (await client.get("/wishes")).text
    numbers = [part.split("<")[0] for part in text.split('<b class="number">')[1:4]]
    assert numbers == ["3", "2", "1"]


async def test_the_page_of_a_wish_says_what_it_is_and_names_nobody(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    people = await make_wish_people(sealer=sealer, now=clock.now())
    wish = await make_wish(sealer=sealer, now=clock.now(), people=people)
    text = (await client.get(f"/wishes/{wish.id}")).text
    assert "它不是个人求助，也不是为某一个人募捐" in text
    assert "53371400MJE0000011A25001" in text
    assert f'href="/wishes/{wish.id}/claim"' in text
    for secret in ("张秀英", "张小满", "前屯", "周协理", "郑审核", "吴同行", "冯编辑", "写字没有桌子", "1391"):
        assert secret not in text


async def test_a_taken_wish_offers_others_instead(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    people = await make_wish_people(sealer=sealer, now=clock.now())
    taken = await make_wish(WishStatus.CLAIMED, sealer=sealer, now=clock.now(), people=people, item="书包")
    other = await make_wish(sealer=sealer, now=clock.now(), people=people, item="台灯")
    text = (await client.get(f"/wishes/{taken.id}")).text
    assert "/claim" not in text
    assert f'href="/wishes/{other.id}"' in text


@pytest.mark.parametrize("status", [WishStatus.DRAFT, WishStatus.WORDED, WishStatus.WITHDRAWN, WishStatus.LAPSED])
async def test_a_wish_that_is_not_on_the_wall_is_not_there(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock, status: WishStatus
) -> None:
    wish = await make_wish(status, sealer=sealer, now=clock.now())
    assert (await client.get(f"/wishes/{wish.id}")).status_code == 404


async def test_in_private_mode_strangers_are_sent_to_sign_in(client: httpx2.AsyncClient, clock: SteppedClock) -> None:
    await make_charity(now=clock.now(), legal_mode=LegalMode.PRIVATE)
    answer = await client.get("/wishes")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


async def test_only_a_reader_without_our_cookies_gets_a_page_that_may_be_kept(
    client: httpx2.AsyncClient, clock: SteppedClock
) -> None:
    await make_campaign(now=clock.now())
    assert "x-public-for" not in (await client.get("/wishes")).headers


async def test_signed_in_readers_share_what_was_read_for_less_than_a_second(
    app: Starlette, client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    seconds = [0.0]
    app.state.wall_memory = BriefMemory(clock=lambda: seconds[0])
    wish = await make_wish(sealer=sealer, now=clock.now())
    donor = await make_donor(sealer=sealer, now=clock.now())
    await signed_in(client, donor, now=clock.now())
    assert f'href="/wishes/{wish.id}"' in (await client.get("/wishes")).text

    await wishes.claim_wish(wish.id, actor=donor, now=clock.now())
    seconds[0] += LIFETIME_SECONDS
    assert f'href="/wishes/{wish.id}"' in (await client.get("/wishes")).text
    seconds[0] += 0.001
    assert f'href="/wishes/{wish.id}"' not in (await client.get("/wishes")).text

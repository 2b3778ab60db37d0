"""The pages that belong to no room."""

import httpx2
import pytest

import makers
from cishan.clock import SteppedClock


@pytest.fixture
async def charity(transaction: object, clock: SteppedClock) -> None:
    await makers.make_charity(now=clock.now())


async def test_about_names_the_charity_and_its_certificate(charity: None, client: httpx2.AsyncClient) -> None:
    page = await client.get("/about")
    assert page.status_code == 200
    for fact in ("德州市慈善总会", "53371400MJE0000011", "53371400000001", "0534-12346"):
        assert fact in page.text


async def test_an_unknown_address_is_a_page_in_chinese(charity: None, client: httpx2.AsyncClient) -> None:
    page = await client.get("/no-such-page")
    assert page.status_code == 404
    assert 'lang="zh-CN"' in page.text


async def test_an_unknown_address_keeps_the_frame_and_the_large_print(
    charity: None, client: httpx2.AsyncClient
) -> None:
    page = await client.get("/no-such-page", headers={"Cookie": "cishan_mode=elder"})
    assert 'data-mode="elder"' in page.text
    assert "0534-12346" in page.text


async def test_a_write_from_another_site_is_refused(charity: None, client: httpx2.AsyncClient) -> None:
    form = {"mode": "elder", "back": "/about", "form_key": "k" * 20}
    refused = await client.post("/mode", data=form, headers={"Origin": "http://evil.example"})
    allowed = await client.post("/mode", data=form)
    assert (refused.status_code, allowed.status_code) == (403, 303)


async def test_large_print_is_remembered_and_never_leads_away(charity: None, client: httpx2.AsyncClient) -> None:
    answer = await client.post("/mode", data={"mode": "elder", "back": "//evil.example/"})
    assert answer.headers["location"] == "/"
    assert 'data-mode="elder"' in (await client.get("/about")).text

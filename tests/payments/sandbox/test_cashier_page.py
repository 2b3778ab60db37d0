"""The cashier as a buyer meets it: clear without script, on a phone and a desk, light and dark."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from playwright.async_api import Page, Route, async_playwright

from axe import violations_on
from cishan.payments.sandbox.cashier import time_left_text
from gateway_makers import make_checkout, open_shop


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.seen)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 秒"),
        (0, "0 秒"),
        (59, "59 秒"),
        (60, "1 分 0 秒"),
        (3599, "59 分 59 秒"),
        (3600, "1 小时 0 分"),
        (86_399, "23 小时 59 分"),
        (86_400, "1 天 0 小时"),
    ],
)
def test_the_time_left_is_said_as_people_say_it(seconds: int, text: str) -> None:
    assert time_left_text(seconds) == text


async def test_the_page_names_payee_subject_amount_and_time_left() -> None:
    async with open_shop() as shop:
        await shop.open_cashier(make_checkout())
        shop.clock.advance(timedelta(minutes=1, seconds=30))
        html = (await shop.open_cashier(make_checkout())).text
    for words in ("德州市慈善总会", "微心愿：台灯", "88.80", "3 月 2 日 12:30", "28 分 30 秒", "模拟支付宝·沙箱"):
        assert words in html
    for button in ("确认付款", "余额不足，付款失败", "暂不付款，返回商户"):
        assert f"{button}</button>" in html


async def test_the_page_has_one_heading_a_language_and_no_script() -> None:
    async with open_shop() as shop:
        response = await shop.open_cashier(make_checkout())
    tags = Tags(response.text)
    assert (tags.count("h1"), tags.count("main"), tags.count("script")) == (1, 1, 0)
    assert tags.seen[0] == ("html", {"lang": "zh-CN"})
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://shop.example" in policy


async def test_what_a_merchant_writes_cannot_become_markup() -> None:
    async with open_shop() as shop:
        html = (await shop.open_cashier(make_checkout(subject='<img src onerror"x">'))).text
    assert "<img" not in html
    assert "&lt;img" in html


@asynccontextmanager
async def browser_page(**options: Any) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(**options)

        async def shop(route: Route) -> None:
            await route.fulfill(content_type="text/html", body="<h1>shop</h1>")

        await context.route("http://shop.example/**", shop)
        try:
            yield await context.new_page()
        finally:
            await browser.close()


PHONE = {"viewport": {"width": 320, "height": 640}}
DESK = {"viewport": {"width": 1280, "height": 800}}


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_wrong_with_the_cashier(size: dict[str, Any], scheme: str) -> None:
    async with open_shop() as shop, browser_page(color_scheme=scheme, **size) as page:
        await page.goto(shop.gateway.checkout_url(make_checkout()))
        found = [await violations_on(page)]
        await page.get_by_role("button", name="余额不足").click()
        found.append(await violations_on(page))
        wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert found == [[], []]
    assert not wide


@pytest.mark.browser
@pytest.mark.parametrize(
    ("button", "address"),
    [("确认付款", "http://shop.example/return?"), ("暂不付款，返回商户", "http://shop.example/wish/7")],
)
async def test_the_buttons_lead_back_to_the_shop_without_any_script(button: str, address: str) -> None:
    async with open_shop() as shop, browser_page(java_script_enabled=False, **PHONE) as page:
        await page.goto(shop.gateway.checkout_url(make_checkout(phone=True)))
        await page.get_by_role("button", name=button).click()
        await page.wait_for_url(f"{address}**")
        assert page.url.startswith(address)

"""A certificate from the donor's phone to the stranger who checks it, and the donor's way to a receipt and a statement."""

import pytest
from playwright.async_api import Browser

from cishan.accounts.states import Role
from cishan.web import SESSION_COOKIE
from journeys.demo_site import DemoSite
from journeys.test_in_browser import look, on_a_phone

pytestmark = pytest.mark.browser


async def test_a_stranger_checks_a_certificate_that_a_donor_made(browser: Browser, site: DemoSite) -> None:
    context = await on_a_phone(browser, script=False, large=False, site=site)
    await context.add_cookies([{"name": SESSION_COOKIE, "value": await site.token_of(Role.DONOR), "url": site.url}])
    page = await context.new_page()
    await page.goto(f"{site.url}/me")
    await page.get_by_role("link", name="我的捐款").click()
    await page.locator("ul.rows a.row").nth(2).click()
    await page.get_by_label("不写名字").check()
    await page.get_by_role("button", name="做一张证书").click()
    address = await page.get_by_role("link", name="看别人扫码看到什么").get_attribute("href")
    await context.close()
    stranger = await on_a_phone(browser, large=True, site=site)
    page = await stranger.new_page()
    await page.goto(f"{site.url}{address}")
    await look(page)
    words = await page.inner_text("main")
    assert "现在有效" in words
    assert "爱心人士" in words
    assert "王芳" not in await page.content()
    await stranger.close()

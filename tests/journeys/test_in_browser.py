"""People in a real Chromium: a donor on a phone, a coordinator on a phone, a family opening its list, a clerk at a desk.

Pages that only a walk can reach are looked at with axe on the way, in large print on phones.
"""

import re

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from axe import violations_on
from cishan.accounts.states import Role
from cishan.demo.people import DONORS, PASSWORD, VILLAGES
from cishan.demo.staff import staff_samples
from journeys.demo_site import DemoSite

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


async def on_a_phone(browser: Browser, *, script: bool = True, large: bool = False, site: DemoSite) -> BrowserContext:
    context = await browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
        java_script_enabled=script,
        user_agent="Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/156.0 Mobile Safari/537.36",
    )
    if large:
        await context.add_cookies([{"name": "cishan_mode", "value": "elder", "url": site.url}])
    return context


async def look(page: Page) -> None:
    """axe finds nothing on the page that is open."""
    assert [f"{page.url} {one['id']}: {one['nodes'][0]['html'][:120]}" for one in await violations_on(page)] == []


async def turn(page: Page, element: Locator) -> None:
    """Follows a link or sends a form, and waits until the next page is there: what looks at it must not look too soon."""
    async with page.expect_navigation():
        await element.click()


async def newest_code(page: Page, phone: str) -> str:
    """The six digits last sent to a phone, off the demo's outbox in a tab of its own."""
    tab = await page.context.new_page()
    await tab.goto(re.sub(r"(https?://[^/]+)/.*", r"\1/demo/outbox", page.url))
    text = await tab.inner_text("main")
    await tab.close()
    found = re.search(rf"{phone}\D.*?(?<!\d)(\d{{6}})(?!\d)", text, flags=re.DOTALL)
    assert found is not None, text[:500]
    return found[1]


async def sign_in_staff(page: Page, site: DemoSite, role: Role, place: str = "") -> None:
    sample = next(one for one in staff_samples() if one.role is role and one.place.startswith(place))
    await page.goto(f"{site.url}/staff/sign-in")
    await page.get_by_label("手机号码").fill(sample.phone)
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录", exact=True).click()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
async def test_a_new_donor_claims_and_pays_on_a_phone(browser: Browser, site: DemoSite, script: bool) -> None:
    phone = "13705340101" if script else "13705340102"
    context = await on_a_phone(browser, script=script, large=script, site=site)
    page = await context.new_page()
    await page.goto(f"{site.url}/wishes?kind=thing")
    await page.locator("article.wish a").first.click()
    wish = page.url
    await page.get_by_role("link", name="认领").first.click()
    await page.goto(f"{site.url}/register")
    await page.get_by_label("手机号码").fill(phone)
    await turn(page, page.get_by_role("button", name="发验证码"))
    if script:
        await look(page)
    await page.get_by_label("验证码").fill(await newest_code(page, phone))
    await turn(page, page.get_by_role("button", name="下一步"))
    if script:
        await look(page)
    await page.get_by_label("您的姓名").fill("林晓")
    await page.get_by_role("button", name="完成登记").click()
    await page.goto(f"{wish}/claim")
    await page.get_by_role("button", name="认领并去付款").click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/cashier/" in page.url
    await page.get_by_role("button", name="确认付款").click()
    if "/cashier/" in page.url:
        await page.get_by_role("link").first.click()
    await expect(page.get_by_text("收到您的捐款")).to_be_visible()
    if script:
        await look(page)
    await take_back(page, script=script)
    await context.close()


async def take_back(page: Page, *, script: bool) -> None:
    """The donor thinks better of it, and the money is on its way back without anybody being asked."""
    await turn(page, page.get_by_role("link", name="改主意了"))
    if script:
        await look(page)
    await page.get_by_role("button", name="退回").click()
    await expect(page.get_by_text(re.compile("正在退回|已经原路退回")).first).to_be_visible()


async def test_a_household_form_survives_a_dead_battery_without_its_id_number(browser: Browser, site: DemoSite) -> None:
    context = await on_a_phone(browser, site=site)
    page = await context.new_page()
    await sign_in_staff(page, site, Role.COORDINATOR, VILLAGES[0])
    await page.goto(f"{site.url}/field/households/new")
    await page.get_by_role("textbox", name="户主姓名").fill("高桂珍")
    await page.get_by_role("textbox", name="身份证号码").fill("371402195203048824")
    await page.get_by_role("textbox", name="住址").fill("2 组 8 号")
    await expect(page.get_by_role("textbox", name="住址")).to_have_value("2 组 8 号")
    kept = await page.evaluate("JSON.stringify(localStorage)")
    await page.close()
    page = await context.new_page()
    await page.goto(f"{site.url}/field/households/new")
    await expect(page.get_by_role("textbox", name="住址")).to_have_value("2 组 8 号")
    await expect(page.get_by_role("textbox", name="身份证号码")).to_have_value("")
    assert "371402195203048824" not in kept
    await context.close()


async def test_a_wish_is_saved_at_each_step_even_without_script(browser: Browser, site: DemoSite) -> None:
    context = await on_a_phone(browser, script=False, site=site)
    page = await context.new_page()
    await sign_in_staff(page, site, Role.COORDINATOR, VILLAGES[0])
    home = await site.rows("SELECT id FROM household WHERE division_code = $1 ORDER BY id LIMIT 1", VILLAGES[0])
    await page.goto(f"{site.url}/field/households/{home[0]['id']}/wishes/new")
    await page.get_by_role("textbox", name="想要什么").fill("感应小夜灯")
    await turn(page, page.get_by_role("button", name="保存，下一步"))
    await page.close()
    page = await context.new_page()
    await page.goto(f"{site.url}/field")
    await page.get_by_text("感应小夜灯").first.click()
    await expect(page.get_by_role("main")).to_contain_text("感应小夜灯")
    await context.close()


async def test_the_steps_of_a_wish_read_well_in_large_print(browser: Browser, site: DemoSite) -> None:
    context = await on_a_phone(browser, large=True, site=site)
    page = await context.new_page()
    await sign_in_staff(page, site, Role.COORDINATOR, VILLAGES[1])
    home = await site.rows("SELECT id FROM household WHERE division_code = $1 ORDER BY id LIMIT 1", VILLAGES[1])
    await page.goto(f"{site.url}/field/households/{home[0]['id']}/wishes/new")
    await page.get_by_role("textbox", name="想要什么").fill("电风扇")
    await turn(page, page.get_by_role("button", name="保存，下一步"))
    await look(page)
    await page.get_by_label("老人").check()
    await page.get_by_role("textbox", name="为什么想要").fill("夏天屋里热。")
    await turn(page, page.get_by_role("button", name="保存，下一步"))
    await look(page)
    await page.get_by_role("textbox", name="大约多少钱").fill("160")
    await turn(page, page.get_by_role("button", name="保存，下一步"))
    await look(page)
    await context.close()


async def test_a_clerk_at_a_desk_signs_in_works_a_queue_and_leaves(browser: Browser, site: DemoSite) -> None:
    context = await browser.new_context(viewport=DESK, locale="zh-CN")  # type: ignore[arg-type]
    page = await context.new_page()
    await sign_in_staff(page, site, Role.EDITOR)
    await expect(page).to_have_url(f"{site.url}/desk/publishing")
    await turn(page, page.get_by_role("main").get_by_role("link").first)
    await look(page)
    await page.goto(f"{site.url}/me/messages")
    await page.get_by_role("button", name="退出登录").click()
    await page.goto(f"{site.url}/desk/publishing")
    await expect(page).to_have_url(re.compile("/staff/sign-in"))
    await context.close()


async def test_a_returning_donor_signs_in_with_a_password(browser: Browser, site: DemoSite) -> None:
    context = await on_a_phone(browser, site=site)
    page = await context.new_page()
    await page.goto(f"{site.url}/me")
    await page.get_by_label("手机号码").fill(DONORS[0].phone)
    await page.get_by_label("密码").first.fill(PASSWORD)
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("我的心意")
    await context.close()

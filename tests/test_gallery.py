"""The gallery in a real Chromium: readable, no wider than the phone, big enough for a finger, usable without script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from axe import violations_seen_by_sync
from gallery import MODES, PAGES, draw, gallery_app, served

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
NAMES = tuple(row[0] for row in PAGES)
PAGE_LIMIT_BYTES = 60_000
LOOKS = [
    (390, "light", "normal"),
    (390, "dark", "elder"),
    (1280, "dark", "normal"),
    (1280, "light", "elder"),
    *(
        pytest.param(*look, marks=pytest.mark.slow)
        for look in (
            (390, "dark", "normal"),
            (390, "light", "elder"),
            (1280, "light", "normal"),
            (1280, "dark", "elder"),
        )
    ),
]
"""Every two of width, scheme and mode together; every three in `make slow`."""
WIDTHS = (1280, 800, 640, 390, 320)
STYLE_LIMIT_BYTES = 30_000
SMALLEST_TARGET = {"normal": 44, "elder": 60}
# A link in running text and the sort links of a desk table are exempt (WCAG 2.5.8); every control is not.
TARGETS = (
    ".button, .places a, .brand, .mode button, .input:not(textarea), .choice, .back, a.row, .contents a, "
    ".bottom a, .error-summary a, summary"
)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served(gallery_app()) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


def context(browser: Browser, *, width: int, scheme: str = "light", script: bool = True) -> BrowserContext:
    return browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=script,
    )


@pytest.mark.parametrize(("width", "scheme", "mode"), LOOKS)
def test_axe_finds_nothing(browser: Browser, site: str, width: int, scheme: str, mode: str) -> None:
    found = {}
    with context(browser, width=width, scheme=scheme) as tab:
        page = tab.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        for name in NAMES:
            page.goto(f"{site}/{mode}/{name}")
            for one in violations_seen_by_sync(page):
                found[name, one["id"]] = [node["html"][:160] for node in one["nodes"]][:3]
    assert found == {}
    assert complaints == []


def test_axe_does_find_what_is_wrong(browser: Browser, site: str) -> None:
    with context(browser, width=390) as tab:
        page = tab.new_page()
        page.goto(f"{site}/normal/form")
        page.evaluate("document.querySelector('label[for=f-amount]').remove()")
        assert "label" in [one["id"] for one in violations_seen_by_sync(page)]


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_wider_than_the_screen(browser: Browser, site: str, mode: str) -> None:
    with context(browser, width=WIDTHS[0]) as tab:
        page = tab.new_page()
        wide = {}
        for name in NAMES:
            page.goto(f"{site}/{mode}/{name}")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 844})
                if (needed := page.evaluate("document.documentElement.scrollWidth")) > width:
                    wide[name, width] = needed
    assert wide == {}


@pytest.mark.parametrize("mode", MODES)
def test_what_a_finger_meets_is_big_enough(browser: Browser, site: str, mode: str) -> None:
    small = {}
    with context(browser, width=390) as tab:
        page = tab.new_page()
        for name in NAMES:
            page.goto(f"{site}/{mode}/{name}")
            small |= {(name, words): height for words, height in _heights(page) if height < SMALLEST_TARGET[mode]}
    assert small == {}


def _heights(page: Page) -> list[tuple[str, float]]:
    return [
        (words, height)
        for words, height in page.eval_on_selector_all(
            TARGETS, "all => all.map(e => [e.className + ' ' + e.textContent.trim(), e.getBoundingClientRect().height])"
        )
        if height > 0
    ]


@pytest.mark.parametrize("name", NAMES)
def test_each_page_has_one_h1_and_its_landmarks(name: str) -> None:
    text = draw(name)
    for tag in ("<h1>", "<main ", "<header ", "<footer ", '<html lang="zh-CN"'):
        assert text.count(tag) == 1, tag
    for wanted in (
        'href="#main"',
        'action="/mode"',
        "/report?page=",
        "统一社会信用代码",
        "0534 000 0000",
        "/demo/outbox",
    ):
        assert wanted in text
    assert "style=" not in text
    assert "<style" not in text
    assert "<script>" not in text


def test_a_first_visit_stays_under_sixty_kilobytes(browser: Browser, site: str) -> None:
    sizes: dict[str, int] = {}
    with context(browser, width=390) as tab:
        page = tab.new_page()
        page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
        page.goto(f"{site}/normal/wall", wait_until="networkidle")
    assert sum(size for url, size in sizes.items() if url.endswith(".css")) < STYLE_LIMIT_BYTES
    assert sum(sizes.values()) < PAGE_LIMIT_BYTES


def test_without_script_the_form_can_still_be_sent(browser: Browser, site: str) -> None:
    with context(browser, width=390, script=False) as tab:
        page = tab.new_page()
        page.goto(f"{site}/normal/form")
        page.get_by_label("谁的心愿").fill("王芳")
        page.get_by_role("button", name="提交审核").click()
        assert page.get_by_role("heading", level=1).inner_text() == "付款成功，谢谢您"


def test_a_draft_comes_back_without_its_secrets(browser: Browser, site: str) -> None:
    with context(browser, width=390) as tab:
        page = tab.new_page()
        page.goto(f"{site}/normal/form")
        page.get_by_label("为什么需要").fill("冬天冷，棉衣穿了十年")
        page.get_by_label("身份证号码").fill("110101199003078515")
        page.get_by_label("一次服务").check()
        assert "110101199003078515" not in page.evaluate("JSON.stringify(localStorage)")
        page.goto(f"{site}/normal/form")
        assert page.get_by_label("为什么需要").input_value() == "冬天冷，棉衣穿了十年"
        assert page.get_by_label("一次服务").is_checked()
        assert page.get_by_label("身份证号码").input_value() == ""
        page.get_by_role("button", name="清空重填").click()
        assert page.get_by_label("为什么需要").input_value() == ""


def test_a_draft_goes_when_the_form_is_taken(browser: Browser, site: str) -> None:
    with context(browser, width=390) as tab:
        page = tab.new_page()
        page.goto(f"{site}/normal/form")
        page.get_by_label("为什么需要").fill("冬天冷")
        page.get_by_role("button", name="提交审核").click()
        page.wait_for_url(f"{site}/done")
        assert page.evaluate("Object.keys(localStorage)") == []


def test_a_draft_stays_when_the_server_fails(browser: Browser, site: str) -> None:
    with context(browser, width=390) as tab:
        page = tab.new_page()
        page.goto(f"{site}/normal/form")
        page.get_by_label("为什么需要").fill("冬天冷")
        page.eval_on_selector("form[data-draft]", "form => { form.action = '/broken' }")
        page.get_by_role("button", name="提交审核").click()
        page.wait_for_url(f"{site}/broken")
        page.goto(f"{site}/done")
        page.goto(f"{site}/normal/form")
        assert page.get_by_label("为什么需要").input_value() == "冬天冷"


@pytest.mark.parametrize(("guarded", "times"), [(True, 1), (False, 2)])
def test_the_second_tap_sends_nothing(browser: Browser, site: str, guarded: bool, times: int) -> None:
    sent: list[str] = []
    with context(browser, width=390) as tab:
        page = tab.new_page()
        page.route("**/field/new", lambda route: (sent.append(route.request.url), route.fulfill(status=204))[1])
        page.goto(f"{site}/normal/form")
        if not guarded:
            page.eval_on_selector("form[data-once]", "form => form.removeAttribute('data-once')")
        button = page.locator(".form .button").first
        for _ in range(2):
            button.click(force=True)
            page.wait_for_load_state("networkidle")
    assert len(sent) == times

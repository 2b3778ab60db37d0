"""What each person does, from the family's words to the line on their list. One function a step, in the order of the day."""

import asyncio
import io
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from PIL import Image
from pypdf import PdfReader

from cishan.accounts.states import Role
from cishan.clock import SystemClock, beijing_day
from cishan.demo.people import PASSWORD, VILLAGES
from cishan.demo.staff import staff_samples
from cishan.smoke.browser import Browser, Page, PageFault

VILLAGE, NEIGHBOUR = VILLAGES[0], VILLAGES[1]
HEAD, HEAD_ID, HEAD_PHONE = "高桂珍", "371402195203048824", "13705340088"
DONOR, DONOR_PHONE = "林晓", "13605340077"
WAIT_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 0.1
CODE_GROUPS = re.compile(r"(?:[0-9A-Z]{4,5}[ -]){4,}[0-9A-Z]{1,6}")


@dataclass
class Walk:
    """Everybody's browser, and what one step leaves for the next."""

    site_url: str
    browsers: dict[str, Browser] = field(default_factory=dict)
    wish_path: str = ""
    claim_path: str = ""
    household_id: str = ""
    sheet_code: str = ""

    def browser(self, who: str, *, phone: bool = False) -> Browser:
        if who not in self.browsers:
            self.browsers[who] = Browser(self.site_url, phone=phone)
        return self.browsers[who]

    async def staff(self, role: Role, place: str = "") -> Browser:
        """A staff member's browser, signed in at first use."""
        sample = next(one for one in staff_samples() if one.role is role and one.place.startswith(place))
        known = sample.phone in self.browsers
        browser = self.browser(sample.phone, phone=role is Role.COORDINATOR)
        if not known:
            door = await browser.get("/staff/sign-in")
            await browser.send(door.form("/staff/sign-in"), phone=sample.phone, password=PASSWORD)
        return browser

    @property
    def donor(self) -> Browser:
        return self.browser("donor", phone=True)

    @property
    def wish_id(self) -> str:
        return self.wish_path.rsplit("/", 1)[-1]

    @property
    def claim_id(self) -> str:
        return self.claim_path.rsplit("/", 1)[-1]

    async def aclose(self) -> None:
        for browser in self.browsers.values():
            await browser.aclose()


async def wait_for(look: Callable[[], Awaitable[Page]], *words: str) -> Page:
    """Looks at a page until the words stand on it; raises PageFault when they do not come in time."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        page = await look()
        if all(word in page.text for word in words) or time.monotonic() > until:
            return page.expect(*words)
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def sms_code(walk: Walk, phone: str) -> str:
    """The newest six digits sent to a phone, read off the demo's outbox as its visitor would."""
    reader = walk.browser("outbox")
    page = await wait_for(lambda: reader.get("/demo/outbox"), phone)
    found = re.search(rf"{phone}\D.*?(?<!\d)(\d{{6}})(?!\d)", page.text)
    if found is None:
        raise PageFault(f"短信里没有六位数字。{page.shown}")
    return found[1]


def photograph(colour: str) -> tuple[str, bytes, str]:
    """A picture as a phone would send it."""
    file = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(file, "JPEG")
    return ("photo.jpg", file.getvalue(), "image/jpeg")


async def open_household(walk: Walk) -> None:
    coordinator = await walk.staff(Role.COORDINATOR, VILLAGE)
    form = (await coordinator.get("/field/households/new")).form("/field/households/new")
    page = await coordinator.send(
        form,
        name=HEAD,
        id_number=HEAD_ID,
        phone=HEAD_PHONE,
        address="2 组 8 号",
        groups=["minimum_living"],
        purposes=["store", "show_to_claimer", "publish_picture"],
        method="paper",
    )
    walk.household_id = page.expect(HEAD).address.rstrip("/").rsplit("/", 1)[-1]


async def file_wish(walk: Walk) -> None:
    coordinator = await walk.staff(Role.COORDINATOR, VILLAGE)
    path = f"/field/households/{walk.household_id}/wishes/new"
    what = (await coordinator.get(path)).form("/wishes/new")
    who = await coordinator.send(what, kind="thing", item="电热水壶")
    price = await coordinator.send(who.form("/edit/who"), audience="elder", note="老伴去年走了，烧水要用柴锅。")
    check = await coordinator.send(price.form("/edit/price"), price="120", files={"picture": photograph("olive")})
    filed = await coordinator.send(check.form("/file"))
    walk.wish_path = f"/wishes/{check.form('/file').action.rsplit('/', 2)[-2]}"
    filed.expect("电热水壶")


async def visit_and_word(walk: Walk) -> None:
    reviewer = await walk.staff(Role.TOWN_REVIEWER, VILLAGE[:9])
    path = f"/desk/reviews/{walk.wish_id}"
    page = await reviewer.get(path)
    today = beijing_day(SystemClock().now())
    neighbour = await walk.staff(Role.COORDINATOR, NEIGHBOUR)
    form = page.form("/visit")
    await reviewer.send(
        form,
        visited_on=today.isoformat(),
        second_visitor=_colleague(page, NEIGHBOUR),
        findings="家里烧水用柴锅，情况属实。",
    )
    visits = await neighbour.get("/desk/visits")
    await neighbour.send(visits.form("/confirm"))
    page = await reviewer.get(path)
    naming, title = f"{HEAD}想要一个电热水壶，冬天喝上热水。", "想要一个电热水壶"
    refused = await reviewer.send(page.form("/word"), refused_with=400, title=title, text=naming)
    nameless = "一位独自生活的老人想要一个电热水壶，冬天喝上热水。"
    await reviewer.send(refused.form("/word"), group="minimum_living", title=title, text=nameless)


def _colleague(page: Page, village: str) -> str:
    """The option of the select that names the colleague of that village."""
    name = next(one.name for one in staff_samples() if one.role is Role.COORDINATOR and one.place == village)
    found = re.search(rf'<option value="(\d+)"[^>]*>[^<]*{name}', page.html)
    if found is None:
        raise PageFault(f"没有可选的同事 {name}。{page.shown}")
    return found[1]


async def publish(walk: Walk) -> None:
    editor = await walk.staff(Role.EDITOR)
    path = f"/desk/publishing/{walk.wish_id}"
    page = await editor.get(path)
    await editor.send(page.form("/picture"), verdict="clear")
    page = await editor.get(path)
    await editor.send(page.form("/publish"))


async def read_wall(walk: Walk) -> None:
    visitor = walk.browser("visitor")
    await wait_for(lambda: visitor.get("/wishes?q=电热水壶"), "想要一个电热水壶")
    wish = (await visitor.get(walk.wish_path)).expect("120 元", "举报")
    if HEAD in wish.html:
        raise PageFault(f"公开页面上出现了家庭成员的姓名。{wish.address}")


async def register_and_claim(walk: Walk) -> None:
    donor = walk.donor
    phone = (await donor.get("/register")).form("/register")
    code_page = await donor.send(phone, phone=DONOR_PHONE)
    name_page = await donor.send(code_page.form("/sign-in/code"), code=await sms_code(walk, DONOR_PHONE))
    await donor.send(name_page.form("/register/name"), name=DONOR)
    claim = (await donor.get(f"{walk.wish_path}/claim")).form("/claim")
    cashier = await donor.send(claim, way="pay")
    cashier.expect("120.00")
    await donor.send(cashier.form("/pay"))


async def see_paid(walk: Walk) -> None:
    mine = await walk.donor.get("/me")
    walk.claim_path = mine.link("/me/claims/").removeprefix(walk.site_url)
    await wait_for(lambda: walk.donor.get(walk.claim_path), "收到您的捐款 120 元")


async def advance(walk: Walk) -> None:
    finance = await walk.staff(Role.FINANCE)
    (await finance.get("/desk/finance")).expect("120 元")
    chosen = (await finance.get("/desk/finance/advances")).form("/advances/check")
    check = await finance.send(chosen, claim=walk.claim_id)
    await finance.send(check.form("/desk/finance/advances"))
    (await walk.donor.get(walk.claim_path)).expect("财务把钱拨到乡镇")


async def buy(walk: Walk) -> None:
    coordinator = await walk.staff(Role.COORDINATOR, VILLAGE)
    task = await coordinator.get(f"/field/deliveries/{walk.claim_id}")
    voucher = {"voucher": photograph("white")}
    await coordinator.send(task.form("/purchase"), shop="便民超市", spent="108.50", files=voucher)
    (await walk.donor.get(walk.claim_path)).expect("花了 108.50 元")


async def hand_over(walk: Walk) -> None:
    coordinator = await walk.staff(Role.COORDINATOR, VILLAGE)
    code = await sms_code(walk, HEAD_PHONE)
    task = await coordinator.get(f"/field/deliveries/{walk.claim_id}")
    wrong = "000000" if code != "000000" else "111111"
    task = await coordinator.send(task.form("/hand-over"), proof="code", code=wrong, refused_with=400)
    await coordinator.send(task.form("/hand-over"), proof="code", code=code, files={"picture": photograph("teal")})


async def check(walk: Walk) -> None:
    reviewer = await walk.staff(Role.TOWN_REVIEWER, VILLAGE[:9])
    page = await reviewer.get(f"/desk/checks/{walk.claim_id}")
    await reviewer.send(page.form(f"/desk/checks/{walk.claim_id}"), channel="visit", answered_by="本人", answer="yes")
    thanks = await reviewer.get(f"/desk/checks/{walk.claim_id}/thanks")
    await reviewer.send(thanks.form("/thanks"), text="水烧得快，谢谢好心人。")


async def pass_thanks_on(walk: Walk) -> None:
    editor = await walk.staff(Role.EDITOR)
    queue = await editor.get("/desk/thanks")
    await editor.send(queue.form(f"/desk/thanks/{walk.claim_id}"))
    (await walk.donor.get(walk.claim_path)).expect("水烧得快", "心愿圆了")


async def print_sheet(walk: Walk) -> None:
    reviewer = await walk.staff(Role.TOWN_REVIEWER, VILLAGE[:9])
    year = beijing_day(SystemClock().now()).year
    lists = await reviewer.get(f"/desk/lists?year={year}")
    await reviewer.send(lists.form("/desk/lists/freeze"))
    lists = await reviewer.get(f"/desk/lists?year={year}")
    sheet = await reviewer.send(lists.form(f"/desk/lists/{walk.household_id}/print"))
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(sheet.content)).pages)
    if "电热水壶" not in text:
        raise PageFault(f"纸质清单上没有这件心愿：{text[:300]}")
    found = CODE_GROUPS.search(text)
    if found is None:
        raise PageFault(f"纸质清单上没有码：{text[-300:]}")
    walk.sheet_code = found[0]


async def open_list(walk: Walk) -> None:
    family = walk.browser("family", phone=True)
    check_page = await family.send((await family.get("/list")).form("/list"), code=walk.sheet_code)
    again = await family.send(check_page.form("/list/check"), answer="000000")
    opened = await family.send(again.expect("没有打开").form("/list/check"), answer=HEAD_ID[-6:])
    opened.expect("电热水壶", "108.50")


async def see_overdue(walk: Walk) -> None:
    supervisor = await walk.staff(Role.SUPERVISOR)
    await supervisor.get("/desk/overdue")


STEPS: tuple[tuple[str, str, Callable[[Walk], Awaitable[None]]], ...] = (
    ("open_household", "协理员登记一户人家和同意书", open_household),
    ("file_wish", "协理员照原话登记心愿，带照片", file_wish),
    ("visit_and_word", "两人走访确认，写出不点名的文字", visit_and_word),
    ("publish", "编辑看过照片，发布上墙", publish),
    ("read_wall", "谁都能在墙上搜到，看不到是谁家", read_wall),
    ("register_and_claim", "爱心人士登记、认领、付款", register_and_claim),
    ("see_paid", "付款到账，看得到去向", see_paid),
    ("advance", "财务拨备用金到乡镇", advance),
    ("buy", "协理员凭票采购", buy),
    ("hand_over", "凭收货码送到手里", hand_over),
    ("check", "另一个人问这家人，记下感谢", check),
    ("pass_thanks_on", "编辑转达感谢，爱心人士看到全程", pass_thanks_on),
    ("print_sheet", "幸福清单定稿，印成一张纸", print_sheet),
    ("open_list", "家人凭码和第二道验证打开清单", open_list),
    ("see_overdue", "监督员看得到什么晚了", see_overdue),
)
"""key for machines, sentence for people, what is done."""


@asynccontextmanager
async def walking(site_url: str) -> AsyncIterator[Walk]:
    walk = Walk(site_url)
    try:
        yield walk
    finally:
        await walk.aclose()

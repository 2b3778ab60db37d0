"""Makes what a test needs through the product's own actions, so that no test stands on a state that can't exist."""

import itertools
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime

import httpx2
from stdnum.cn import ric

from cishan.accounts.actions import accept_invitation, invite_staff, register_donor
from cishan.accounts.passwords import Passwords
from cishan.accounts.sessions import open_session, viewer_of_token
from cishan.accounts.states import AccountKind, Role
from cishan.accounts.viewer import Viewer
from cishan.charities.actions import CharityFacts, set_up_charity
from cishan.charities.models import Charity
from cishan.charities.states import LegalMode
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.divisions.actions import load_divisions
from cishan.divisions.rules import county_of, town_of
from cishan.households import actions as households
from cishan.households.actions import HouseholdFacts, MemberFacts
from cishan.households.states import ConsentMethod, ConsentPurpose, Group
from cishan.messages.queries import newest_sms
from cishan.sealing import Sealer
from cishan.web import SESSION_COOKIE
from cishan.wishes import actions as wishes
from cishan.wishes.actions import WishDraft, Wording
from cishan.wishes.campaigns import open_campaign
from cishan.wishes.models import Wish
from cishan.wishes.states import Audience, WishKind, WishStatus

COUNTY = "371402000000"
TOWN = "371402001000"
VILLAGE = "371402001001"
OTHER_TOWN = "371402002000"
OTHER_VILLAGE = "371402002012"
OTHER_COUNTY_VILLAGE = "371403001003"
CITY = "371400000000"
"""Real codes of 德州: 德城区 and its first street offices."""

PASSWORD = "葡萄架下的长凳坐七人"
QUICK_PASSWORDS = Passwords(memory_kib=64, passes=1, lanes=1)
"""The same algorithm at the smallest cost: a test does not wait a tenth of a second for each account."""
_people = itertools.count(1)


def charity_facts(legal_mode: LegalMode = LegalMode.OWN_SITE) -> CharityFacts:
    """The charity of the tests; its unified code has a true check digit."""
    return CharityFacts(
        name="德州市慈善总会",
        uscc="53371400MJE0000011",
        division_code=CITY,
        legal_mode=legal_mode,
        contact_phone="0534-12345",
        report_phone="0534-12346",
        address="德州市德城区示例路 1 号",
        registration_number="鲁德社证字第 0001 号",
        certificate_number="53371400000001",
        certificate_from=date(2017, 1, 1),
        fund_name="微心愿",
        filing_number="53371400MJE0000011A25001",
        fund_purpose="本市困难家庭的微心愿。受益人由村、乡镇走访核实后按先后次序确定，不指定个人。",
    )


async def make_charity(*, now: datetime, legal_mode: LegalMode = LegalMode.OWN_SITE) -> Charity:
    await load_divisions(COUNTY)
    return await set_up_charity(charity_facts(legal_mode), now=now)


def new_phone() -> str:
    """A phone nobody else in this run has."""
    return f"139{next(_people):08d}"


async def make_donor(*, sealer: Sealer, now: datetime, phone: str = "", name: str = "王芳") -> Viewer:
    """A registered donor with PASSWORD, signed in on one device."""
    account_id = await register_donor(
        phone or new_phone(), name, password=PASSWORD, sealer=sealer, now=now, passwords=QUICK_PASSWORDS
    )
    return await _viewer(account_id, AccountKind.DONOR, now=now)


async def make_organisation(
    *, sealer: Sealer, now: datetime, name: str = "德州示例商贸有限公司", uscc: str = "91371400MA3C00001D"
) -> Viewer:
    """An officer who registered for an organisation."""
    account_id = await register_donor(
        new_phone(),
        "赵经理",
        password=PASSWORD,
        organisation=(name, uscc),
        sealer=sealer,
        now=now,
        passwords=QUICK_PASSWORDS,
    )
    return await _viewer(account_id, AccountKind.DONOR, now=now)


async def make_admin(*, sealer: Sealer, now: datetime) -> Viewer:
    """The city's administrator: the first one made, or the one who is already there."""
    found = await rows(
        "SELECT account_id FROM role_grant WHERE role = 'admin' AND ended_at IS NULL ORDER BY id LIMIT 1"
    )
    if found:
        return await _viewer(found[0]["account_id"], AccountKind.STAFF, now=now)
    return await _invited(Role.ADMIN, CITY, actor=None, phone=new_phone(), name="钱管理", sealer=sealer, now=now)


async def make_staff(
    role: Role, division_code: str, *, sealer: Sealer, now: datetime, phone: str = "", name: str = "孙同志"
) -> Viewer:
    """Someone invited by the city's administrator who has accepted with PASSWORD. Loads the place when it is missing."""
    if not await rows("SELECT 1 FROM division WHERE code = $1", division_code):
        await load_divisions(county_of(division_code))
    admin = await make_admin(sealer=sealer, now=now)
    return await _invited(
        role, division_code, actor=admin, phone=phone or new_phone(), name=name, sealer=sealer, now=now
    )


async def _invited(
    role: Role, place: str, *, actor: Viewer | None, phone: str, name: str, sealer: Sealer, now: datetime
) -> Viewer:
    token = await invite_staff(phone, name, role, place, actor=actor, sealer=sealer, now=now)
    account_id = await accept_invitation(token, PASSWORD, sealer=sealer, now=now, passwords=QUICK_PASSWORDS)
    return await _viewer(account_id, AccountKind.STAFF, now=now)


async def _viewer(account_id: int, kind: AccountKind, *, now: datetime) -> Viewer:
    token = await open_session(account_id, kind, device="测试", now=now)
    viewer = await viewer_of_token(token, now=now)
    assert viewer is not None
    return viewer


async def signed_in(client: httpx2.AsyncClient, viewer: Viewer, *, now: datetime) -> httpx2.AsyncClient:
    """Gives a browser a session of this person; it is the same browser that comes back."""
    kind = AccountKind.STAFF if viewer.is_staff else AccountKind.DONOR
    token = await open_session(viewer.account_id, kind, device="测试浏览器", now=now)
    client.cookies.set(SESSION_COOKIE, token)
    return client


@dataclass(frozen=True)
class WishPeople:
    """The people a wish needs: who files it, who goes along on the visit, who reviews it, who publishes it."""

    coordinator: Viewer
    second_visitor: Viewer
    reviewer: Viewer
    editor: Viewer


async def make_wish_people(*, sealer: Sealer, now: datetime, village: str = VILLAGE) -> WishPeople:
    town = town_of(village)
    return WishPeople(
        coordinator=await make_staff(Role.COORDINATOR, village, sealer=sealer, now=now, name="周协理"),
        second_visitor=await make_staff(Role.COORDINATOR, village, sealer=sealer, now=now, name="吴同行"),
        reviewer=await make_staff(Role.TOWN_REVIEWER, town, sealer=sealer, now=now, name="郑审核"),
        editor=await make_staff(Role.EDITOR, county_of(village), sealer=sealer, now=now, name="冯编辑"),
    )


async def make_wish(
    status: WishStatus = WishStatus.PUBLISHED,
    *,
    sealer: Sealer,
    now: datetime,
    people: WishPeople | None = None,
    household_id: int | None = None,
    item: str = "学习桌椅",
    price_fen: int = 30_000,
    kind: WishKind = WishKind.THING,
    hours: int = 0,
    audience: Audience = Audience.CHILD,
    group: Group | None = Group.MINIMUM_LIVING,
    village: str = VILLAGE,
    picture_id: int | None = None,
) -> Wish:
    """A wish that has come to `status` through the hands of the right people. Makes what is missing on the way."""
    await make_campaign(now=now)
    people = people or await make_wish_people(sealer=sealer, now=now, village=village)
    household_id = household_id or await make_household(
        people.coordinator, division_code=village, sealer=sealer, now=now
    )
    draft = WishDraft(
        kind=kind,
        item=item,
        audience=audience,
        price_fen=price_fen,
        hours=hours,
        note="孩子写字没有桌子",
        picture_id=picture_id,
    )
    wish = await wishes.draft_wish(household_id, draft, actor=people.coordinator, sealer=sealer, now=now)
    wording = Wording(f"想要一件{item}", f"这家的孩子上学了，家里还没有{item}。有了它，每天都用得上。", group)
    await _walk(wish.id, status, wording, people=people, sealer=sealer, now=now)
    return await Wish.get(id=wish.id)


async def make_published_wish(
    *, sealer: Sealer, now: datetime, item: str = "学习桌椅", price_fen: int = 30_000, people: WishPeople | None = None
) -> Wish:
    """A wish on the wall."""
    return await make_wish(sealer=sealer, now=now, item=item, price_fen=price_fen, people=people)


async def make_campaign(*, now: datetime) -> int:
    """The standing campaign with its default terms; with the charity, when there is none."""
    found = await rows("SELECT id FROM campaign ORDER BY id LIMIT 1")
    if found:
        return int(found[0]["id"])
    charities = await rows("SELECT id FROM charity ORDER BY id LIMIT 1")
    charity_id = charities[0]["id"] if charities else (await make_charity(now=now)).id
    return (await open_campaign(charity_id, now=now)).id


async def _walk(
    wish_id: int, status: WishStatus, wording: Wording, *, people: WishPeople, sealer: Sealer, now: datetime
) -> None:
    """Takes each step of the life of a wish in turn until it has come to `status`."""

    async def visit() -> None:
        visit = await wishes.record_visit(
            wish_id,
            visited_on=beijing_day(now),
            findings="情况属实，孩子在饭桌上写作业。",
            second_visitor_id=people.second_visitor.account_id,
            actor=people.reviewer,
            sealer=sealer,
            now=now,
        )
        await wishes.confirm_visit(visit.id, actor=people.second_visitor, now=now)

    async def claim() -> None:
        await wishes.claim_wish(wish_id, actor=await make_donor(sealer=sealer, now=now), now=now)

    straight: dict[WishStatus, Callable[[], Awaitable[object]]] = {
        WishStatus.FILED: lambda: wishes.file_wish(wish_id, actor=people.coordinator, sealer=sealer, now=now),
        WishStatus.VISITED: visit,
        WishStatus.WORDED: lambda: wishes.word_wish(wish_id, wording, actor=people.reviewer, sealer=sealer, now=now),
        WishStatus.PUBLISHED: lambda: wishes.publish_wish(wish_id, actor=people.editor, sealer=sealer, now=now),
        WishStatus.CLAIMED: claim,
        WishStatus.FULFILLED: lambda: wishes.fulfil_wish(wish_id, actor=people.reviewer, now=now),
    }
    aside: dict[WishStatus, tuple[WishStatus, Callable[[], Awaitable[object]]]] = {
        WishStatus.RETURNED: (
            WishStatus.FILED,
            lambda: wishes.send_back(wish_id, actor=people.reviewer, sealer=sealer, now=now, reason="价格要再问一次"),
        ),
        WishStatus.WITHDRAWN: (
            WishStatus.DRAFT,
            lambda: wishes.withdraw_wish(
                wish_id, actor=people.coordinator, sealer=sealer, now=now, reason="家里已经有了"
            ),
        ),
        WishStatus.LAPSED: (WishStatus.DRAFT, lambda: wishes.lapse_wish(wish_id, actor=None, now=now)),
    }
    until, last = aside.get(status, (status, None))
    for reached, step in straight.items():
        if until is WishStatus.DRAFT:
            break
        await step()
        if reached is until:
            break
    if last is not None:
        await last()


def new_id_number(birth_year: int = 1960, county: str = "371402") -> str:
    """An ID number nobody else in this run has, with a true check digit; its owner is born on 1 January."""
    first = f"{county}{birth_year}0101{next(_people) % 1000:03d}"
    return first + ric.calc_check_digit(f"{first}0")


async def make_household(
    coordinator: Viewer,
    *,
    sealer: Sealer,
    now: datetime,
    division_code: str = VILLAGE,
    names: tuple[str, ...] = ("张秀英", "张小满"),
    birth_years: tuple[int, ...] = (1960, 2000),
    consents: tuple[ConsentPurpose, ...] = (ConsentPurpose.STORE, ConsentPurpose.SHOW_TO_CLAIMER),
) -> int:
    """A household with its members and the consents to store and to show; returns its id.

    From the third member on, everyone is born in the last of `birth_years`.
    """
    members = tuple(
        MemberFacts(
            name=name,
            id_number=new_id_number(birth_years[min(place, len(birth_years) - 1)]),
            phone=new_phone(),
            relation="户主" if place == 0 else "孙女",
            groups=(Group.MINIMUM_LIVING,) if place == 0 else (),
        )
        for place, name in enumerate(names)
    )
    facts = HouseholdFacts(division_code, "前屯村 12 号", members)
    household_id = await households.open_household(facts, actor=coordinator, sealer=sealer, now=now)
    if consents:
        await households.give_consent(
            household_id, consents, ConsentMethod.PAPER, names[0], actor=coordinator, sealer=sealer, now=now
        )
    return household_id


async def newest_sms_text(phone: str, sealer: Sealer) -> str:
    """What the last SMS to this phone says."""
    return next(message.text for message in await newest_sms(sealer=sealer) if message.phone == phone)


async def newest_code(phone: str, sealer: Sealer) -> str:
    """The six digits that were sent to this phone last."""
    found = re.search(r"\d{6}", await newest_sms_text(phone, sealer))
    assert found
    return found.group()

"""Makes what a test needs through the product's own actions, so that no test stands on a state that can't exist."""

import itertools
from datetime import date, datetime

import httpx2

from cishan.accounts.actions import accept_invitation, invite_staff, register_donor
from cishan.accounts.passwords import Passwords
from cishan.accounts.sessions import open_session, viewer_of_token
from cishan.accounts.states import AccountKind, Role
from cishan.accounts.viewer import Viewer
from cishan.charities.actions import CharityFacts, set_up_charity
from cishan.charities.models import Charity
from cishan.charities.states import LegalMode
from cishan.database import rows
from cishan.divisions.actions import load_divisions
from cishan.divisions.rules import county_of
from cishan.sealing import Sealer
from cishan.web import SESSION_COOKIE

COUNTY = "371402000000"
TOWN = "371402001000"
VILLAGE = "371402001001"
OTHER_TOWN = "371402002000"
OTHER_VILLAGE = "371402002012"
OTHER_COUNTY_VILLAGE = "371403001003"
CITY = "371400000000"
"""Real codes of 德州: 德城区 and its first street offices."""

PASSWORD = "葡萄架下的长凳7"
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

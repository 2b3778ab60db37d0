"""What a browser must load for a page before its pictures: the HTML, its style sheets and its scripts, as they are sent."""

import re
from urllib.parse import urljoin

import httpx2

from bench.city import DONOR_BASE, STAFF_BASE, token_of, wish_number
from bench.harness import Aim, Benchmark, Rounds
from bench.world import World
from cishan.accounts.states import STAFF_ROLES, Role
from cishan.accounts.viewer import Viewer
from cishan.charities.states import LegalMode
from cishan.guard import may_enter
from cishan.permissions import Permission
from cishan.routes import ROUTES, Row
from cishan.settings import Environment
from cishan.web import SESSION_COOKIE

KB = 1000
MOST_KB = 60.0
HEAVIEST = 5
LOADED = re.compile(r'<link rel="stylesheet"[^>]* href="([^"]+)"|<script[^>]* src="([^"]+)"')
NEEDS_SCRIPT = re.compile(r"<script(?![^>]* src=)|href=\"javascript:|\son[a-z]+=\"|<noscript", re.IGNORECASE)
WALL_ADDRESSES = ("/wishes?q=书桌", "/wishes?kind=thing&band=low&group=marginal", "/wishes?sort=cheapest")


async def sizes(world: World) -> Rounds:
    """Every page that has an address without numbers, and the page of a wish, each for someone who may enter."""
    weights: dict[str, float] = {}
    html: dict[str, float] = {}
    scripted: list[str] = []
    base = f"http://127.0.0.1:{world.port}"
    async with httpx2.AsyncClient(base_url=base, trust_env=False, headers={"Connection": "close"}) as browser:
        for path, token in addresses():
            page = await browser.get(path, headers={"Cookie": f"{SESSION_COOKIE}={token}"} if token else {})
            if page.status_code >= 500:
                raise ValueError(f"{path} answers {page.status_code}")
            if page.status_code != 200 or "text/html" not in page.headers["content-type"]:
                continue
            parts = [urljoin(base, one or other) for one, other in LOADED.findall(page.text)]
            loaded = [(await browser.get(part)).num_bytes_downloaded for part in parts]
            html[path] = len(page.content) / KB
            weights[path] = html[path] + sum(loaded) / KB
            if NEEDS_SCRIPT.search(page.text):
                scripted.append(path)
    if scripted:
        raise ValueError(f"pages with script of their own: {scripted}")
    heaviest = sorted(weights, key=lambda path: -weights[path])[:HEAVIEST]
    notes = {
        "pages": len(weights),
        "heaviest": {path: {"kB": round(weights[path], 1), "html_kB": round(html[path], 1)} for path in heaviest},
    }
    return Rounds([max(weights.values())], notes=notes)


def addresses() -> list[tuple[str, str]]:
    """Address and session token (empty for nobody) of each page."""
    found = [
        (row.path, token) for row in ROUTES if "GET" in row.methods and "{" not in row.path for token in _reader(row)
    ]
    wish = f"/wishes/{wish_number(1)}"
    return [*found, (wish, ""), (f"{wish}/claim", token_of(DONOR_BASE)), *((path, "") for path in WALL_ADDRESSES)]


def _reader(row: Row) -> list[str]:
    """The token of the first who may enter; an empty list for a page that nobody here may see."""
    if row.permission is Permission.DEMO_ONLY:
        return []
    if may_enter(None, row.permission, LegalMode.OWN_SITE, Environment.TEST):
        return [""]
    people = {Role.DONOR: DONOR_BASE} | {role: STAFF_BASE + place for place, role in enumerate(sorted(STAFF_ROLES))}
    for role, account_id in people.items():
        if may_enter(Viewer(account_id, role), row.permission, LegalMode.OWN_SITE, Environment.TEST):
            return [token_of(account_id)]
    return []


BENCHMARKS = (
    Benchmark(
        name="page-weight",
        measures="the heaviest page with its style sheets and scripts, as sent, before pictures; none has script inside",
        against="60 kB",
        kind=Aim.LIMIT,
        aim=MOST_KB,
        unit="kB",
        run=sizes,
    ),
)

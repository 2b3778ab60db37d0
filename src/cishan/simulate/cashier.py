"""A donor's browser at the cashier: real HTTP to the application and to the sandbox, nothing else."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

import httpx2

from cishan.accounts.sessions import open_session
from cishan.accounts.states import AccountKind
from cishan.accounts.viewer import Viewer
from cishan.simulate.world import World
from cishan.web import SESSION_COOKIE

PHONE_AGENT = "Mozilla/5.0 (Linux; Android 14; HarmonyOS) AppleWebKit/537.36 Mobile Safari/537.36"
DESK_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Safari/537.36"
SEE_OTHER = 303


@dataclass(frozen=True)
class Cashier:
    """An open cashier page; its address stays good until the trade closes."""

    url: str


class DonorBrowser:
    """Signed in as one donor, on a phone or at a desk."""

    def __init__(self, world: World, token: str, *, phone: bool) -> None:
        self._world = world
        self._headers = {
            "Cookie": f"{SESSION_COOKIE}={token}",
            "User-Agent": PHONE_AGENT if phone else DESK_AGENT,
        }

    @classmethod
    async def sign_in(cls, world: World, donor: Viewer, *, phone: bool, now: datetime) -> "DonorBrowser":
        token = await open_session(donor.account_id, AccountKind.DONOR, device="模拟手机", now=now)
        return cls(world, token, phone=phone)

    async def open_cashier(self, paid_for: str) -> Cashier:
        """From the page of a claim or a donation, `claims/5`, through the signed link to the gateway's own page."""
        link = await self._get(f"{self._world.settings.site_url}/me/{paid_for}/pay", SEE_OTHER)
        accepted = await self._get(link.headers["location"], SEE_OTHER)
        url = urljoin(str(accepted.url), accepted.headers["location"])
        await self._get(url, 200)
        return Cashier(url)

    async def press(self, cashier: Cashier, button: str) -> str:
        """Presses `pay`, `decline` or `leave`; returns where the gateway sends the browser."""
        answer = await self._world.browser.post(f"{cashier.url}/{button}")
        _expect(answer, SEE_OTHER)
        return str(answer.headers["location"])

    async def follow(self, address: str) -> None:
        """Goes where the gateway sent the browser: the return page, which asks the gateway and shows the claim."""
        answer = await self._get(address, SEE_OTHER)
        await self._get(urljoin(address, answer.headers["location"]), 200)

    async def _get(self, url: str, expected: int) -> httpx2.Response:
        answer = await self._world.browser.get(url, headers=self._headers)
        _expect(answer, expected)
        return answer


def _expect(answer: httpx2.Response, status: int) -> None:
    if answer.status_code != status:
        raise RuntimeError(f"{answer.request.method} {answer.url} answered {answer.status_code}: {answer.text[:300]}")

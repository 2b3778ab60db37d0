"""Who works in the simulated city: invited, accepted and signed in by the same actions as real staff."""

from dataclasses import dataclass, field

from cishan.accounts.actions import accept_invitation, invite_staff, register_donor
from cishan.accounts.sessions import open_session, viewer_of_token
from cishan.accounts.states import AccountKind, Role
from cishan.accounts.viewer import Viewer
from cishan.divisions.rules import county_of, town_of
from cishan.simulate.names import uscc
from cishan.simulate.plan import ORGANISATION_SHARE
from cishan.simulate.world import QUICK_PASSWORDS, World

PASSWORD = "葡萄架下的长凳坐七人"
FIRST_PHONE = 13_900_000_000


@dataclass
class Staff:
    """Staff by role and place. Each town has two reviewers, so that each visit has two people."""

    admin: Viewer
    finance: Viewer
    second_finance: Viewer
    bookkeeper: Viewer
    cashier: Viewer
    supervisor: Viewer
    director: Viewer
    editors: dict[str, Viewer] = field(default_factory=dict)
    reviewers: dict[str, tuple[Viewer, Viewer]] = field(default_factory=dict)
    coordinators: dict[str, Viewer] = field(default_factory=dict)

    def coordinator(self, village: str) -> Viewer:
        return self.coordinators[village]

    def colleague(self, village: str) -> Viewer:
        """Another coordinator of the same town."""
        town = town_of(village)
        return next(
            self.coordinators[other] for other in self.coordinators if town_of(other) == town and other != village
        )

    def reviewer(self, village: str) -> Viewer:
        return self.reviewers[town_of(village)][0]

    def second_reviewer(self, village: str) -> Viewer:
        return self.reviewers[town_of(village)][1]

    def editor(self, village: str) -> Viewer:
        return self.editors[county_of(village)]


class Recruiter:
    """Gives everybody a phone of their own and brings them in."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._phone = FIRST_PHONE

    async def hire(self, villages: list[str]) -> Staff:
        """The city's administrator and finance, and for these villages all whom a wish needs."""
        city = self._world.plan.city_code
        admin = await self._invited(Role.ADMIN, city, "钱管理", None)
        staff = Staff(
            admin=admin,
            finance=await self._invited(Role.FINANCE, city, "赵财务", admin),
            second_finance=await self._invited(Role.FINANCE, city, "孙财务", admin),
            bookkeeper=await self._invited(Role.BOOKKEEPER, city, "何会计", admin),
            cashier=await self._invited(Role.CASHIER, city, "田出纳", admin),
            supervisor=await self._invited(Role.SUPERVISOR, city, "李监督", admin),
            director=await self._invited(Role.DIRECTOR, city, "蒋会长", admin),
        )
        for county in sorted({county_of(village) for village in villages}):
            staff.editors[county] = await self._invited(Role.EDITOR, county, "冯编辑", admin)
        for town in sorted({town_of(village) for village in villages}):
            first = await self._invited(Role.TOWN_REVIEWER, town, "郑审核", admin)
            staff.reviewers[town] = (first, await self._invited(Role.TOWN_REVIEWER, town, "吴走访", admin))
        for village in villages:
            staff.coordinators[village] = await self._invited(Role.COORDINATOR, village, "周协理", admin)
        return staff

    async def recruit_donors(self, count: int) -> list[Viewer]:
        """Donors, some of whom are officers of organisations."""
        organisations = max(1, round(count * ORGANISATION_SHARE))
        return [await self._donor(place, officer=place < organisations) for place in range(count)]

    async def recruit_companies(self, first: int, count: int) -> list[Viewer]:
        """Organisations, each with a number of its own: `first` is how many accounts there are already."""
        return [await self._donor(first + place, officer=True) for place in range(count)]

    async def _invited(self, role: Role, place: str, name: str, actor: Viewer | None) -> Viewer:
        sealer, now = self._world.sealer, self._world.clock.now()
        token = await invite_staff(self._next_phone(), name, role, place, actor=actor, sealer=sealer, now=now)
        account_id = await accept_invitation(token, PASSWORD, sealer=sealer, now=now, passwords=QUICK_PASSWORDS)
        return await self._signed_in(account_id, AccountKind.STAFF)

    async def _donor(self, place: int, *, officer: bool) -> Viewer:
        account_id = await register_donor(
            self._next_phone(),
            "王芳",
            password=PASSWORD,
            organisation=(f"示例商贸有限公司{place + 1}", uscc(place)) if officer else None,
            sealer=self._world.sealer,
            now=self._world.clock.now(),
            passwords=QUICK_PASSWORDS,
        )
        return await self._signed_in(account_id, AccountKind.DONOR)

    async def _signed_in(self, account_id: int, kind: AccountKind) -> Viewer:
        now = self._world.clock.now()
        token = await open_session(account_id, kind, device="模拟", now=now)
        viewer = await viewer_of_token(token, now=now)
        if viewer is None:
            raise RuntimeError(f"account {account_id} cannot sign in")
        return viewer

    def _next_phone(self) -> str:
        self._phone += 1
        return str(self._phone)

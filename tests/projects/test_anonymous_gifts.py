"""Gifts without a name (R-13): none of their givers stands on any page, file, picture, log or in anybody else's messages."""

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.disclosures.months import count_months
from cishan.donations.actions import show_name
from cishan.sealing import Sealer
from conftest import browser_for
from donations.donation_makers import pay, pledge
from papers import text_of
from projects import project_makers as pm

GIVEN_FEN = 1_000
NAMES = "鑫淼焱垚犇骉猋羴鱻麤毳晶磊森品众晔翀赟甦昶祎婳媞"
MOST_PAGES = 400
HREF = re.compile(r'(?:href|src|action)="(/[^"#]*)"')
NEVER = ("/static/", "/sign-in", "/staff", "/register")


@dataclass
class Givers:
    """People whose names and phones nobody else has."""

    people: dict[str, Viewer] = field(default_factory=dict)
    phones: list[str] = field(default_factory=list)

    def found_in(self, text: str) -> list[str]:
        return [secret for secret in (*self.people, *self.phones) if secret in text]


async def give_nameless(fund_ids: list[int], count: int, *, sealer: Sealer, clock: SteppedClock) -> Givers:
    """So many gifts, each by another giver; every tenth was named and takes it back, with words that name nobody."""
    givers = Givers()
    for number in range(count):
        name = "欧" + NAMES[number % 24] + NAMES[(number // 24 + 7) % 24]
        phone = f"1581111{number:04d}"
        donor = await makers.make_donor(sealer=sealer, now=clock.now(), phone=phone, name=name)
        givers.people[name] = donor
        givers.phones.append(phone)
        named = number % 10 == 0
        pledged = await pledge(
            fund_ids[number % len(fund_ids)], GIVEN_FEN, donor=donor, now=clock.now(), shows_name=named
        )
        await pay(pledged, sealer=sealer, now=clock.now())
        if named:
            await show_name(pledged.donation_id, False, actor=donor, now=clock.now())
    return givers


async def crawl(browser: httpx2.AsyncClient, *starts: str) -> dict[str, str]:
    """What anybody finds who follows every link from here: pages, files and papers, each as text."""
    waiting, found = list(starts), dict[str, str]()
    while waiting and len(found) < MOST_PAGES:
        address = waiting.pop(0)
        if address in found or address.startswith(NEVER):
            continue
        answer = await browser.get(address)
        found[address] = readable(answer)
        waiting += [link.replace("&amp;", "&") for link in HREF.findall(found[address])]
    return found


def readable(answer: httpx2.Response) -> str:
    if answer.content.startswith(b"%PDF"):
        return text_of(answer.content)
    if answer.content.startswith(b"PK"):
        book = zipfile.ZipFile(io.BytesIO(answer.content))
        return "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    return answer.content.decode("utf-8", "replace") + answer.headers.get("location", "")


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize("count", [60, pytest.param(500, marks=pytest.mark.slow)])
async def test_nobody_reads_who_gave_without_a_name(
    app: Starlette, sealer: Sealer, clock: SteppedClock, everything_logged: io.StringIO, count: int
) -> None:
    await pm.charity_id_of_site(now=clock.now())
    people = await pm.make_project_people(sealer=sealer, now=clock.now())
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    fund_ids = [row["id"] for row in await rows("SELECT id FROM fund ORDER BY id")]
    givers = await give_nameless(fund_ids, count, sealer=sealer, clock=clock)
    await count_months(now=clock.now())
    named = await makers.make_donor(sealer=sealer, now=clock.now(), name="公开甲")
    shown = await pledge(project.fund_id, GIVEN_FEN, donor=named, now=clock.now(), shows_name=True)  # type: ignore[attr-defined]
    await pay(shown, sealer=sealer, now=clock.now())
    starts = ("/", "/wishes", "/projects", f"/projects/{project.id}", f"/projects/{project.id}/gifts", "/transparency")
    async with browser_for(app) as stranger, browser_for(app) as other:
        stranger.cookies.set("cishan_mode", "normal")
        everything = await crawl(stranger, *starts, "/disclosures", "/about", "/about/books")
        await makers.signed_in(other, named, now=clock.now())
        everything |= {f"{address} (signed in)": text for address, text in (await crawl(other, "/me", *starts)).items()}
    for role in (Role.EDITOR, Role.SUPERVISOR, Role.TOWN_REVIEWER):
        async with browser_for(app) as staff:
            place = makers.TOWN if role is Role.TOWN_REVIEWER else makers.CITY
            viewer = await makers.make_staff(role, place, sealer=sealer, now=clock.now())
            await makers.signed_in(staff, viewer, now=clock.now())
            pages = await crawl(staff, "/desk/projects", "/desk/payouts", "/desk/words", "/desk/overdue", *starts)
            everything |= {f"{address} ({role})": text for address, text in pages.items()}
    assert len(everything) > 60
    assert "公开甲" in everything[f"/projects/{project.id}/gifts"]
    assert {address: givers.found_in(text)[:3] for address, text in everything.items() if givers.found_in(text)} == {}
    assert givers.found_in(everything_logged.getvalue()) == []
    assert await of_others(givers, sealer) == []


async def of_others(givers: Givers, sealer: Sealer) -> list[str]:
    """Secrets of givers in messages that go to somebody else."""
    own = {viewer.account_id: name for name, viewer in givers.people.items()}
    found = []
    for row in await rows("SELECT account_id, text_sealed FROM outbox_message"):
        secrets = givers.found_in(sealer.open(row["text_sealed"], "message.text"))
        found += [secret for secret in secrets if own.get(row["account_id"]) != secret]
    return found


def test_a_name_that_stands_somewhere_would_be_found() -> None:
    """Positive control: the same search finds what is there."""
    givers = Givers({"欧鑫鑫": Viewer(1, Role.DONOR)}, ["15811110000"])
    assert givers.found_in("谢谢欧鑫鑫，电话 15811110000。") == ["欧鑫鑫", "15811110000"]

"""Urgent help in the browser: opened, decided by two with their words, visited, and printed with a reason."""

from io import BytesIO

import httpx2
import pypdf
import pytest
from starlette.applications import Starlette

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.sealing import Sealer
from conftest import browser_for
from makers import make_staff, signed_in
from payouts.payout_makers import CARD, Bureau, key_of, make_bureau, make_payee
from urgent.urgent_makers import REASON, complete, decide, make_case, make_reserve, pay_out, second_of_town

DESK = "/desk/urgent"


@pytest.fixture
async def bureau(app: Starlette, sealer: Sealer, clock: SteppedClock) -> Bureau:
    return await make_bureau(sealer, clock)


async def as_(app: Starlette, person: Viewer, clock: SteppedClock) -> httpx2.AsyncClient:
    return await signed_in(browser_for(app), person, now=clock.now())


async def test_a_case_from_the_form_to_the_file(app: Starlette, bureau: Bureau, clock: SteppedClock) -> None:
    reserve, payee = await make_reserve(bureau), await make_payee(bureau)
    neighbour = await second_of_town(bureau)
    home = (
        await rows("SELECT h.case_number FROM payee y JOIN household h ON h.id = y.household_id WHERE y.id = $1", payee)
    )[0]
    town = await as_(app, bureau.town, clock)
    form = {
        "form_key": key_of(await town.get(f"{DESK}/new")),
        "case_number": home["case_number"],
        "allocation": str(reserve),
        "cause": "fire",
        "amount": "2000",
        "what": "火灾急难救助",
        "reason": REASON,
    }
    refused = await town.post(f"{DESK}/new", data=form)
    assert refused.status_code == 400
    assert "每件最多 1000.00 元" in refused.text
    assert REASON in refused.text
    again = await town.post(f"{DESK}/new", data={**form, "form_key": key_of(refused), "amount": "600"})
    assert (again.status_code, again.headers["location"]) == (303, DESK)
    payout_id = (await rows("SELECT id FROM payout"))[0]["id"]
    here = f"{DESK}/{payout_id}"
    assert "这件事您已经经手过了" in (await town.get(here)).text

    for person in (neighbour, bureau.editor):
        browser = await as_(app, person, clock)
        page = await browser.get(here)
        assert REASON in page.text
        assert "张秀英" not in page.text
        assert CARD not in page.text
        answer = await browser.post(f"{here}/agree", data={"form_key": key_of(page, "a"), "opinion": "应当救助。"})
        assert answer.status_code == 303
    cashier = await as_(app, bureau.cashier, clock)
    assert "急" in (await cashier.get("/desk/payouts")).text
    await pay_out(bureau, payout_id)

    browser = await as_(app, neighbour, clock)
    page = await browser.get(here)
    empty = await browser.post(f"{here}/finding", data={"form_key": key_of(page, "f"), "finding": "", "stands": "yes"})
    assert empty.status_code == 400
    assert "请写明走访看到的情况" in empty.text
    finding = {"form_key": key_of(empty, "f"), "finding": "和周协理一起去的，房顶烧穿。", "stands": "yes"}
    assert (await browser.post(f"{here}/finding", data=finding)).status_code == 303
    second = await as_(app, bureau.coordinator, clock)
    page = await second.get(here)
    assert (await second.post(f"{here}/confirm", data={"form_key": key_of(page, "c")})).status_code == 303
    assert "办完了" in (await second.get(here)).text


async def test_the_paper_has_the_name_and_its_printing_is_written_down(
    app: Starlette, bureau: Bureau, clock: SteppedClock, sealer: Sealer
) -> None:
    payout_id = await make_case(bureau, await make_reserve(bureau))
    here = f"{DESK}/{payout_id}/paper"
    neighbour = await second_of_town(bureau)
    town = await as_(app, bureau.town, clock)
    key = key_of(await town.get(f"{DESK}/{payout_id}"))
    assert (await town.post(here, data={"form_key": key, "purpose": "存档"})).status_code == 409
    await decide(bureau, payout_id, neighbour, bureau.editor)
    await pay_out(bureau, payout_id)
    await complete(bureau, payout_id, neighbour, bureau.coordinator)
    page = await town.get(f"{DESK}/{payout_id}")
    nothing = await town.post(here, data={"form_key": key_of(page, "p"), "purpose": " "})
    assert (nothing.status_code, "请写明打印做什么用" in nothing.text) == (400, True)
    assert await rows("SELECT id FROM event WHERE verb = 'print'") == []
    answer = await town.post(here, data={"form_key": key_of(page, "p"), "purpose": "镇里存档"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert "张" not in answer.headers["content-disposition"]
    text = "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(answer.content)).pages)
    for words in (
        "急难先行救助决定书",
        "张秀英",
        "陆佰元整",
        "情况属实，应当救助。",
        "郑审核",
        "韩审核",
        "冯编辑",
        "房顶烧穿",
    ):
        assert words in text.replace("\n", ""), words
    kept = await rows(
        "SELECT e.actor_id, s.text_sealed FROM event e JOIN event_reason s ON s.event_id = e.id WHERE verb = 'print'"
    )
    assert [row["actor_id"] for row in kept] == [bureau.town.account_id]


async def test_another_place_sees_nothing_and_a_supervisor_no_words(
    app: Starlette, bureau: Bureau, clock: SteppedClock, sealer: Sealer
) -> None:
    payout_id = await make_case(bureau, await make_reserve(bureau))
    stranger = await make_staff(Role.TOWN_REVIEWER, "371403001000", sealer=sealer, now=clock.now())
    browser = await as_(app, stranger, clock)
    assert (await browser.get(f"{DESK}/{payout_id}")).status_code == 404
    form = {"form_key": key_of(await browser.get(DESK)), "opinion": "同意"}
    assert (await browser.post(f"{DESK}/{payout_id}/agree", data=form)).status_code == 404
    supervisor = await make_staff(Role.SUPERVISOR, "371400000000", sealer=sealer, now=clock.now())
    page = await (await as_(app, supervisor, clock)).get(f"{DESK}/{payout_id}")
    assert page.status_code == 200
    assert REASON not in page.text

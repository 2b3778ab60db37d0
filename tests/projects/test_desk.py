"""The desk of projects over HTTP: a plan written step by step, decided by another, filed, changed, told about."""

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.projects.models import Project
from cishan.projects.states import ProjectStatus
from cishan.sealing import Sealer
from conftest import browser_for
from picture_corpus import jpeg
from projects import project_makers as pm


def key() -> dict[str, str]:
    return {"form_key": secrets.token_urlsafe(24)}


@pytest.fixture
async def people(app: Starlette, sealer: Sealer, clock: SteppedClock) -> pm.ProjectPeople:
    await pm.charity_id_of_site(now=clock.now())
    return await pm.make_project_people(sealer=sealer, now=clock.now())


@pytest.fixture
async def editor(app: Starlette, people: pm.ProjectPeople, clock: SteppedClock) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_for(app) as browser:
        yield await makers.signed_in(browser, people.editor, now=clock.now())


@pytest.fixture
async def director(app: Starlette, people: pm.ProjectPeople, clock: SteppedClock) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_for(app) as browser:
        yield await makers.signed_in(browser, people.director, now=clock.now())


def steps_of_form(people: pm.ProjectPeople, clock: SteppedClock) -> dict[str, dict[str, object]]:
    first = beijing_day(clock.now()) + timedelta(days=11)
    return {
        "what": {"kind": "ordinary", "name": "寒冬送暖", "purpose": "为困难家庭送棉被", "area_code": makers.CITY},
        "when": {
            "starts_at": first.isoformat(),
            "starts_time": "09：00",
            "ends_at": (first + timedelta(days=60)).isoformat(),
            "ends_time": "18:00",
            "use_ends_on": (first + timedelta(days=120)).isoformat(),
        },
        "who": {
            "leader": str(people.leader.account_id),
            "office": "德州市德城区示例路 1 号",
            "ways": ["online", "bank"],
            "bank_account": "3705 0184 6108 0000 0123",
            "bank_account_name": "德州市慈善总会",
            "platform_url": "https://cszg.mca.gov.cn/projects/1",
        },
        "whom": {"beneficiaries": "本市低保家庭", "beneficiaries_count": "500", "choosing": "走访核实后公示"},
        "money": {
            "target_fen": "100000",
            "budget_name_1": "棉被",
            "budget_sum_1": "60,000",
            "budget_name_2": "取暖费",
            "budget_sum_2": "40000",
        },
        "surplus": {"surplus_rule": "same_purpose", "surplus_words": "继续送棉被，并公布", "at_target": "go_on"},
        "partner": {},
    }


async def fill(editor: httpx2.AsyncClient, people: pm.ProjectPeople, clock: SteppedClock) -> str:
    """Writes a whole draft and returns its address."""
    location = (await editor.post("/desk/projects", data=key())).headers["location"]
    here = location.removesuffix("/edit/what")
    for step, typed in steps_of_form(people, clock).items():
        assert location == f"{here}/edit/{step}"
        answer = await editor.post(location, data={**key(), **typed})
        assert answer.status_code == 303, answer.text
        location = answer.headers["location"]
    assert location == here
    return str(here)


async def test_a_plan_is_written_step_by_step_decided_by_another_and_filed(
    editor: httpx2.AsyncClient, director: httpx2.AsyncClient, people: pm.ProjectPeople, clock: SteppedClock
) -> None:
    here = await fill(editor, people, clock)
    assert "等慈善总会负责人决定" in (await editor.get(here)).text
    assert (await editor.get(f"{here}/decide")).status_code == 403
    assert "为困难家庭送棉被" in (await director.get(f"{here}/decide")).text
    today = beijing_day(clock.now()).isoformat()
    unsigned = await director.post(f"{here}/decide", data={**key(), "decided_on": today})
    assert unsigned.status_code == 400
    assert "第十五条" in unsigned.text
    signed = {**key(), "decision_no": "德慈〔2025〕1号", "decided_on": today}
    assert (await director.post(f"{here}/decide", data=signed)).headers["location"] == here
    assert "锁定" in (await editor.get(f"{here}/file")).text
    filing = {"filing_number": "53371400MJE0000011A25009", "filed_on": today}
    places = {(await editor.post(f"{here}/file", data={**filing, "form_key": "k" * 24})).status_code for _ in range(3)}
    assert places == {303}
    assert "53371400MJE0000011A25009" in (await editor.get(here)).text
    assert (await editor.get(f"{here}/edit/what")).status_code == 404
    project = await Project.get(id=int(here.rsplit("/", 1)[1]))
    assert project.status is ProjectStatus.FILED


async def test_what_is_not_lawful_is_saved_and_said_on_its_field(
    editor: httpx2.AsyncClient, people: pm.ProjectPeople, clock: SteppedClock
) -> None:
    location = (await editor.post("/desk/projects", data=key())).headers["location"]
    here = location.removesuffix("/edit/what")
    typed = {**key(), "beneficiaries": "为王桂兰治病", "beneficiaries_count": "1", "choosing": "公示后确定"}
    answer = await editor.post(f"{here}/edit/whom", data=typed)
    assert answer.headers["location"] == f"{here}/edit/whom?check=1"
    page = (await editor.get(f"{here}/edit/whom?check=1")).text
    assert "第十条第（六）项" in page
    assert "为王桂兰治病" in page
    assert 'aria-describedby="f-beneficiaries-hint f-beneficiaries-error"' in page
    assert (await editor.post(f"{here}/edit/whom", data={**typed, **key(), "go": "later"})).headers["location"] == here
    assert "要改" in (await editor.get(here)).text


@pytest.mark.parametrize(
    ("step", "typed", "sentence"),
    [
        ("when", {"starts_at": "下个月"}, "请填写日期"),
        ("when", {"starts_time": "25:00"}, "请填写几点几分"),
        ("money", {"target_fen": "十万"}, "请填写金额"),
        ("money", {"budget_name_1": "棉被", "budget_sum_1": "很多"}, "第 1 项预算"),
        ("who", {"leader": "999999999"}, "请从列出的人中选择"),
        ("who", {"ways": ["bitcoin"]}, "请从列出的选项中选择"),
        ("what", {"area_code": "370100000000"}, "只能选您负责的地方"),
        ("whom", {"beneficiaries_count": "99999999999999999999"}, "不能大于"),
    ],
)
async def test_what_can_not_be_read_comes_back_as_typed(
    editor: httpx2.AsyncClient, step: str, typed: dict[str, object], sentence: str
) -> None:
    here = (await editor.post("/desk/projects", data=key())).headers["location"].removesuffix("/edit/what")
    answer = await editor.post(f"{here}/edit/{step}", data={**key(), **typed})
    assert answer.status_code == 400
    assert sentence in answer.text
    shown = [value for value in typed.values() if isinstance(value, str) and value not in {"999999999", "370100000000"}]
    assert all(value in answer.text for value in shown)


async def test_an_amendment_is_proposed_decided_and_filed_at_the_desk(
    editor: httpx2.AsyncClient,
    director: httpx2.AsyncClient,
    people: pm.ProjectPeople,
    sealer: Sealer,
    clock: SteppedClock,
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    here, today = f"/desk/projects/{project.id}", beijing_day(clock.now()).isoformat()
    assert "变更哪一项" in (await editor.get(f"{here}/amend")).text
    assert project.office in (await editor.get(f"{here}/amend?field=office")).text
    typed = {"field": "office", "office": "新湖路 2 号", "changed_on": today}
    refused = await editor.post(f"{here}/amend", data={**key(), **typed})
    assert refused.status_code == 400
    assert "理由" in refused.text
    assert "新湖路 2 号" in refused.text
    assert (await editor.post(f"{here}/amend", data={**key(), **typed, "reason": "搬家"})).status_code == 303
    amendment = (await rows("SELECT id FROM project_amendment"))[0]["id"]
    step = f"{here}/amendments/{amendment}"
    assert "同意变更" not in (await editor.get(here)).text
    assert (await director.post(f"{step}/decide", data=key())).status_code == 303
    assert (await editor.post(f"{step}/file", data={**key(), "filed_on": today})).status_code == 303
    assert "新湖路 2 号" in (await editor.get(here)).text
    assert (await Project.get(id=project.id)).office == "新湖路 2 号"


async def test_every_amendable_field_has_its_form(
    editor: httpx2.AsyncClient, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    page = (await editor.get(f"/desk/projects/{project.id}/amend")).text
    links = [part.partition('"')[0] for part in page.split('href="')[1:] if "amend?field=" in part.partition('"')[0]]
    assert len(links) > 15
    for link in links:
        assert "为什么变更" in (await editor.get(link)).text, link


async def test_an_update_is_public_after_another_editor_has_read_it(
    app: Starlette, editor: httpx2.AsyncClient, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    here = f"/desk/projects/{project.id}"
    named = await editor.post(f"{here}/updates/new", data={**key(), "title": "送到了", "text": "送给张秀英奶奶"})
    assert named.status_code == 400
    sent = await editor.post(
        f"{here}/updates/new",
        data={**key(), "title": "第一批棉被送到了", "text": "送出 300 床，花了 18,000 元。"},
        files={"picture": ("quilts.jpg", jpeg(), "image/jpeg")},
    )
    assert sent.status_code == 303, sent.text
    update = (await rows("SELECT id, picture_id FROM project_update"))[0]
    async with browser_for(app) as reader:
        assert "第一批棉被" not in (await reader.get(f"/projects/{project.id}")).text
        assert (await reader.get(f"/pictures/{update['picture_id']}")).status_code == 404
    publish = f"{here}/updates/{update['id']}/publish"
    assert (await editor.post(publish, data=key())).status_code == 403
    async with browser_for(app) as other:
        await makers.signed_in(other, people.leader, now=clock.now())
        assert (await other.post(publish, data=key())).status_code == 303
    async with browser_for(app) as reader:
        # Another address than before: the page that was kept for the reader before may be a second old.
        assert "第一批棉被" in (await reader.get(f"/projects/{project.id}?seen=later")).text
        assert (await reader.get(f"/pictures/{update['picture_id']}")).status_code == 200


async def test_a_paused_project_is_gone_from_the_public_until_it_goes_on(
    app: Starlette,
    editor: httpx2.AsyncClient,
    director: httpx2.AsyncClient,
    people: pm.ProjectPeople,
    sealer: Sealer,
    clock: SteppedClock,
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    here = f"/desk/projects/{project.id}"
    without = await editor.post(f"{here}/pause", data=key())
    assert without.status_code == 400
    assert "请写明原因" in without.text
    assert (await editor.post(f"{here}/pause", data={**key(), "reason": "有人举报，先核实"})).status_code == 303
    assert "有人举报，先核实" in (await editor.get(here)).text
    async with browser_for(app) as reader:
        answer = await reader.get(f"/projects/{project.id}?seen=paused")
        assert (answer.status_code, "暂停募捐" in answer.text) == (404, True)
    assert (await director.post(f"{here}/resume", data=key())).status_code == 303
    async with browser_for(app) as reader:
        assert (await reader.get(f"/projects/{project.id}?seen=again")).status_code == 200
    settled = await director.post(f"{here}/settle", data=key())
    assert settled.status_code == 409


async def test_the_list_says_what_is_due(
    editor: httpx2.AsyncClient, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    assert "还没有项目" in (await editor.get("/desk/projects")).text
    await pm.make_draft_project(sealer=sealer, now=clock.now(), people=people)
    await pm.make_open_emergency(sealer=sealer, now=clock.now(), people=people, name="洪水应急")
    clock.advance(timedelta(days=12))
    await makers.signed_in(editor, people.editor, now=clock.now())
    page = (await editor.get("/desk/projects")).text
    assert "写完以后请负责人决定" in page
    assert "前补办备案" in page
    assert 'class="is-late"' in page

"""The staff's journey through the browser: advance, buy, hand over, ask, thank; and what each page says on the way."""

import itertools
import re
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.households.actions import move_household
from cishan.ledger.actions import number_entries
from cishan.messages.queries import newest_sms
from cishan.sealing import Sealer
from cishan.settings import Settings
from claim_makers import Team, make_claim, make_team, status_of
from conftest import browser_for
from makers import signed_in
from picture_corpus import jpeg

_keys = itertools.count(1)


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


class Desk:
    """Someone of staff at their browser."""

    def __init__(self, browser: httpx2.AsyncClient) -> None:
        self.browser = browser

    async def read(self, path: str, status: int = 200) -> str:
        answer = await self.browser.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.text

    async def send(
        self, path: str, status: int = 303, files: dict[str, bytes] | None = None, **fields: object
    ) -> httpx2.Response:
        data = {"form_key": f"test-key-{next(_keys):012d}", **fields}
        uploads = {name: (f"{name}.jpg", content, "image/jpeg") for name, content in (files or {}).items()}
        answer = await self.browser.post(path, data=data, files=uploads or None)
        assert answer.status_code == status, (path, answer.status_code, plain(answer.text)[:2000])
        return answer


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def desk_of(app: Starlette, viewer: Viewer, clock: SteppedClock) -> Desk:
    return Desk(await signed_in(browser_for(app), viewer, now=clock.now()))


async def code_of(team: Team) -> str:
    text = next(sms.text for sms in await newest_sms(sealer=team.sealer) if "收货码" in sms.text)
    return text.partition("收货码 ")[2][:6]


async def test_the_whole_way_from_the_money_to_the_thanks(team: Team, app: Starlette, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, now=clock.now())
    finance, field = await desk_of(app, team.finance, clock), await desk_of(app, team.coordinator, clock)
    reviewer, editor = await desk_of(app, team.reviewer, clock), await desk_of(app, team.editor, clock)

    assert "300 元" in await finance.read("/desk/finance/advances")
    checked = await finance.send("/desk/finance/advances/check", 200, claim=[str(claim_id)])
    assert "拨款 300 元" in checked.text
    done = await finance.send("/desk/finance/advances", claim=[str(claim_id)])
    assert "已拨付" in await finance.read(done.headers["location"])

    assert "去买：学习桌椅" in await field.read("/field/deliveries")
    task = f"/field/deliveries/{claim_id}"
    assert "张秀英" in await field.read(task)
    await field.send(f"{task}/purchase", shop="供销社", spent="288.50", files={"voucher": jpeg()})
    assert await status_of(claim_id) is ClaimStatus.BOUGHT
    await field.send(f"{task}/hand-over", proof="code", code=await code_of(team), files={"picture": jpeg((320, 240))})
    assert await status_of(claim_id) is ClaimStatus.DELIVERED

    assert "学习桌椅" in await reviewer.read("/desk/checks")
    assert "学习桌椅" not in await field.read("/desk/checks")
    asked = await reviewer.send(f"/desk/checks/{claim_id}", channel="phone", answered_by="本人", answer="yes")
    assert asked.headers["location"] == f"/desk/checks/{claim_id}/thanks"
    await reviewer.send(asked.headers["location"], text="孩子有桌子写字了，谢谢。")
    assert "孩子有桌子写字了" in await editor.read("/desk/thanks")
    thanks = await rows("SELECT id FROM thanks WHERE claim_id = $1", claim_id)
    await editor.send(f"/desk/thanks/{thanks[0]['id']}", text="孩子有桌子写字了，谢谢您。")

    page = plain(await finance.read("/desk/finance"))
    assert "账是平的：收到 300 元 = 支付宝 11.50 元 + 乡镇 0 元 + 花了 288.50 元" in page


async def test_a_wrong_code_is_counted_though_the_page_is_refused(
    team: Team, app: Starlette, clock: SteppedClock
) -> None:
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    code = await code_of(team)
    field = await desk_of(app, team.coordinator, clock)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"

    answer = await field.send(f"/field/deliveries/{claim_id}/hand-over", 400, proof="code", code=wrong)

    assert "还能试 4 次" in answer.text
    left = await rows("SELECT code_tries_left FROM fulfilment WHERE claim_id = $1", claim_id)
    assert left[0]["code_tries_left"] == 4


async def test_no_staff_page_shows_the_code(team: Team, app: Starlette, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    code = await code_of(team)
    for viewer, path in (
        (team.coordinator, f"/field/deliveries/{claim_id}"),
        (team.coordinator, "/field/deliveries"),
        (team.reviewer, f"/desk/claims/{claim_id}"),
        (team.editor, f"/desk/claims/{claim_id}"),
    ):
        assert code not in await (await desk_of(app, viewer, clock)).read(path)


async def test_a_refused_purchase_keeps_what_was_typed(team: Team, app: Starlette, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    field = await desk_of(app, team.coordinator, clock)

    answer = await field.send(f"/field/deliveries/{claim_id}/purchase", 400, shop="供销社", spent="二百")
    assert "请填写金额" in answer.text
    assert 'value="供销社"' in answer.text
    assert 'value="二百"' in answer.text

    answer = await field.send(f"/field/deliveries/{claim_id}/purchase", 400, shop="供销社", spent="200")
    assert "请拍下购物小票" in answer.text
    answer = await field.send(
        f"/field/deliveries/{claim_id}/purchase", 400, shop="供销社", spent="200", files={"voucher": b"not a picture"}
    )
    assert 'href="#f-voucher"' in answer.text
    assert await status_of(claim_id) is ClaimStatus.ADVANCED


async def test_an_over_price_purchase_goes_through_finance(team: Team, app: Starlette, clock: SteppedClock) -> None:
    await make_claim(team, ClaimStatus.BOUGHT, now=clock.now(), spent_fen=20_000)
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    field, finance = await desk_of(app, team.coordinator, clock), await desk_of(app, team.second_finance, clock)
    task = f"/field/deliveries/{claim_id}"

    await field.send(f"{task}/purchase", shop="供销社", spent="312.34", files={"voucher": jpeg()})
    assert "等财务同意" in await field.read(task)
    page = await finance.read("/desk/finance/approvals")
    assert "12.34 元" in page
    giver = await desk_of(app, team.finance, clock)
    waiting = await giver.read("/desk/finance/approvals")
    assert ("同意，多拨" in page, "同意，多拨" in waiting, "请另一位财务同意" in waiting) == (True, False, True)
    purchase = (await rows("SELECT id FROM purchase WHERE claim_id = $1", claim_id))[0]["id"]
    refused = await finance.send(f"/desk/finance/approvals/{purchase}/refuse", 400)
    assert "请填写这一项" in refused.text

    await finance.send(f"/desk/finance/approvals/{purchase}/approve")

    assert await status_of(claim_id) is ClaimStatus.BOUGHT


async def test_any_yuan_is_found_with_its_path(team: Team, app: Starlette, clock: SteppedClock) -> None:

    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now(), spent_fen=28_850)
    await number_entries()
    finance = await desk_of(app, team.finance, clock)
    order = (await rows("SELECT out_trade_no FROM payment_order LIMIT 1"))[0]["out_trade_no"]

    by_order = plain(await finance.read(f"/desk/finance/entries?order={order}"))
    for words in ("收到捐款", "拨付备用金", "采购支出", "退回备用金"):
        assert words in by_order
    by_number = plain(await finance.read("/desk/finance/entries?number=1"))
    assert "第 1 号" in by_number
    assert "第 2 号" not in by_number
    entry = (await rows("SELECT id FROM ledger_entry WHERE kind = 'purchase'"))[0]["id"]
    page = plain(await finance.read(f"/desk/finance/entries/{entry}"))
    assert "288.50 元" in page
    assert page.index("收到捐款") < page.index("拨付备用金") < page.index("采购支出 （本笔）".replace(" （", "（"))
    assert "没有找到" in await finance.read("/desk/finance/entries?day=2001-01-01")
    assert "账目编号是数字" in await finance.read("/desk/finance/entries?number=abc", 400)
    await finance.read("/desk/finance/entries/999999999", 404)
    assert claim_id


async def test_what_is_late_stands_on_one_page_without_the_family(
    team: Team, app: Starlette, clock: SteppedClock
) -> None:
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    clock.advance(timedelta(days=9, hours=1))
    reviewer = await desk_of(app, team.reviewer, clock)

    page = await reviewer.read("/desk/overdue")

    assert "待采购" in page
    assert "3 天" in plain(page)
    for secret in ("张秀英", "前屯村", "DZ"):
        assert secret not in page
    buyers = await reviewer.read(f"/desk/claims/{claim_id}")
    assert "换人去买" in buyers
    await reviewer.send(f"/desk/claims/{claim_id}/buyer", buyer=str(team.people.second_visitor.account_id))
    assert "已经换人去买" in await (await desk_of(app, team.coordinator, clock)).read(f"/field/deliveries/{claim_id}")


async def test_the_town_ends_a_claim_and_the_donor_is_told_no_more_than_that(
    team: Team, app: Starlette, clock: SteppedClock
) -> None:
    claim_id = await make_claim(team, now=clock.now())
    reviewer = await desk_of(app, team.reviewer, clock)

    assert "请填写这一项" in (await reviewer.send(f"/desk/claims/{claim_id}/end", 400)).text
    await reviewer.send(f"/desk/claims/{claim_id}/end", reason="died")

    donor_id = (await rows("SELECT donor_id FROM claim WHERE id = $1", claim_id))[0]["donor_id"]

    donor = await desk_of(app, Viewer(donor_id, Role.DONOR), clock)
    gift = await donor.read(f"/me/claims/{claim_id}")
    assert "情况有变" in gift
    assert "去世" not in gift


async def test_a_promise_is_brought_with_its_value(team: Team, app: Starlette, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.PROMISED, now=clock.now(), way=ClaimWay.BRING)
    field = await desk_of(app, team.coordinator, clock)
    task = f"/field/deliveries/{claim_id}/hand-over"

    refused = await field.send(task, 400, proof="slip")
    assert 'href="#f-slip"' in refused.text
    assert 'href="#f-value"' in refused.text
    await field.send(task, proof="slip", value="120", files={"slip": jpeg()})

    assert await status_of(claim_id) is ClaimStatus.DELIVERED


async def test_a_replayed_form_hands_over_once(team: Team, app: Starlette, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.PROMISED, now=clock.now(), way=ClaimWay.BRING)
    field = await desk_of(app, team.coordinator, clock)
    key = f"test-key-{next(_keys):012d}"
    for _ in range(2):
        fields = {"form_key": key, "proof": "slip", "value": "120"}
        await field.send(f"/field/deliveries/{claim_id}/hand-over", files={"slip": jpeg()}, **fields)
    count = await rows("SELECT count(*) AS n FROM event WHERE subject_id = $1 AND verb = 'deliver'", claim_id)
    assert count[0]["n"] == 1


async def test_pages_with_nothing_to_do_say_so(team: Team, app: Starlette, clock: SteppedClock) -> None:
    for viewer, path in (
        (team.coordinator, "/field/deliveries"),
        (team.reviewer, "/desk/checks"),
        (team.editor, "/desk/thanks"),
        (team.reviewer, "/desk/overdue"),
        (team.finance, "/desk/finance/advances"),
        (team.finance, "/desk/finance/approvals"),
        (team.finance, "/desk/finance/entries"),
    ):
        assert 'class="empty"' in await (await desk_of(app, viewer, clock)).read(path)


async def test_a_stranger_meets_a_page_that_is_not_there(
    team: Team, app: Starlette, sealer: Sealer, clock: SteppedClock
) -> None:

    claim_id = await make_claim(team, ClaimStatus.DELIVERED, now=clock.now())
    stranger = await makers.make_staff(Role.COORDINATOR, makers.OTHER_VILLAGE, sealer=sealer, now=clock.now())
    desk = await desk_of(app, stranger, clock)
    for path in (f"/field/deliveries/{claim_id}", f"/desk/checks/{claim_id}", f"/desk/checks/{claim_id}/thanks"):
        await desk.read(path, 404)


async def test_a_family_that_moves_within_the_town_still_gets_what_was_paid_for(
    app: Starlette, team: Team, clock: SteppedClock
) -> None:
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    found = await rows(
        "SELECT w.household_id AS id FROM claim c JOIN wish w ON w.id = c.wish_id WHERE c.id = $1", claim_id
    )
    await move_household(
        found[0]["id"], "371402001002", "2 组 8 号", actor=team.reviewer, sealer=team.sealer, now=clock.now()
    )
    desk = await desk_of(app, team.coordinator, clock)
    page = await desk.read(f"/field/deliveries/{claim_id}")
    assert "2 组 8 号" not in page
    await desk.send(f"/field/deliveries/{claim_id}/purchase", files={"voucher": jpeg()}, shop="前屯供销社", spent="300")
    assert await status_of(claim_id) is ClaimStatus.BOUGHT

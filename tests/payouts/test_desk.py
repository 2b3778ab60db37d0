"""Help on the desk: two approve, the cashier makes one file, downloads it with a reason, and says what became of it."""

import pytest
from starlette.applications import Starlette

from cishan.accounts.states import Role
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.kin.rules import Near
from cishan.kin.states import Tie
from cishan.kin.ties import declare_ties
from cishan.payouts.applying import refuse_payout
from cishan.payouts.paying import record_paid
from cishan.payouts.rules import Terms
from cishan.payouts.terms import set_terms
from cishan.sealing import Sealer
from cishan.summaries.sources import lines_of
from conftest import browser_for
from makers import CITY, TOWN, VILLAGE, make_household, make_staff, signed_in
from payouts.payout_makers import (
    CARD,
    Bureau,
    approve_with,
    key_of,
    make_application,
    make_approved,
    make_bureau,
    make_director,
    make_payee,
    make_project_fund,
    make_share,
    send,
)

DESK = "/desk/payouts"


@pytest.fixture
async def bureau(app: Starlette, sealer: Sealer, clock: SteppedClock) -> Bureau:
    return await make_bureau(sealer, clock)


async def test_help_is_approved_by_two_and_reaches_the_list(
    app: Starlette, bureau: Bureau, clock: SteppedClock
) -> None:
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau))
    here = f"{DESK}/{payout_id}"
    for person in (bureau.editor, bureau.finance):
        async with browser_for(app) as browser:
            await signed_in(browser, person, now=clock.now())
            listed = await browser.get(DESK)
            assert "大病救助金" in listed.text
            assert CARD not in listed.text
            page = await browser.get(here)
            assert "张秀英" not in page.text
            answer = await browser.post(f"{here}/approve", data={"form_key": key_of(page, "y")})
            assert (answer.status_code, answer.headers["location"]) == (303, DESK)
    async with browser_for(app) as browser:
        await signed_in(browser, bureau.cashier, now=clock.now())
        listed = await browser.get(DESK)
        made = await browser.post(f"{DESK}/files", data={"form_key": key_of(listed), "payout": str(payout_id)})
        file = made.headers["location"]
        page = await browser.get(file)
        form = {"form_key": key_of(page), "receiver": "", "purpose": "代付救助款"}
        assert (await browser.post(f"{file}/download", data=form)).status_code == 400
        got = await browser.post(f"{file}/download", data={**form, "receiver": "德州银行"})
        assert got.headers["cache-control"] == "private, no-store"
        assert got.content[:2] == b"PK"
        assert "1 次" in (await browser.get(file)).text
        page = await browser.get(here)
        wrong = {"form_key": key_of(page, "p"), "paid_on": "2025-03-04"}
        refused = await browser.post(f"{here}/paid", data=wrong)
        assert (refused.status_code, "不能晚于现在" in refused.text) == (400, True)
        await browser.post(f"{here}/paid", data={"form_key": key_of(page, "p"), "paid_on": "2025-03-03"})
    home = (await rows("SELECT household_id FROM payout"))[0]["household_id"]
    assert [line.amount_fen for line in await lines_of(home, 2025)] == [100_000]


async def test_a_town_applies_by_the_case_number(app: Starlette, bureau: Bureau, clock: SteppedClock) -> None:
    share = await make_share(bureau)
    await make_payee(bureau)
    case = (await rows("SELECT case_number FROM household"))[0]["case_number"]
    async with browser_for(app) as browser:
        await signed_in(browser, bureau.town, now=clock.now())
        page = await browser.get(f"{DESK}/new")
        form = {"form_key": key_of(page), "allocation": str(share), "amount": "800", "what": "助学金", "reason": "上学"}
        wrong = await browser.post(f"{DESK}/new", data={**form, "case_number": "NOBODY-1"})
        assert (wrong.status_code, "助学金" in wrong.text) == (400, True)
        answer = await browser.post(f"{DESK}/new", data={**form, "case_number": case})
        assert answer.status_code == 303
        assert "800" in (await browser.get(answer.headers["location"])).text
    assert (await rows("SELECT amount_fen, status FROM payout")) == [{"amount_fen": 80_000, "status": "applied"}]


async def test_a_refusal_wants_its_reason(app: Starlette, bureau: Bureau, clock: SteppedClock) -> None:
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau))
    here = f"{DESK}/{payout_id}"
    async with browser_for(app) as browser:
        await signed_in(browser, bureau.editor, now=clock.now())
        page = await browser.get(here)
        assert (await browser.post(f"{here}/refuse", data={"form_key": key_of(page, "n")})).status_code == 400
        form = {"form_key": key_of(page, "n"), "reason": "材料不全"}
        assert (await browser.post(f"{here}/refuse", data=form)).status_code == 303
    assert (await rows("SELECT status FROM payout"))[0]["status"] == "refused"


async def test_a_director_is_shown_what_waits_for_a_director(
    app: Starlette, bureau: Bureau, clock: SteppedClock
) -> None:
    now = clock.now()
    director = await make_director(bureau)
    await set_terms(
        bureau.charity_id, Terms(50_000, 1_000_000), valid_from=now.date(), actor=await make_director(bureau), now=now
    )
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau), 50_001)
    here = f"{DESK}/{payout_id}"
    async with browser_for(app) as browser:
        await signed_in(browser, director, now=now)
        assert here not in (await browser.get(DESK)).text
        assert "现在不是您批" in (await browser.get(here)).text
        await approve_with(bureau, payout_id, bureau.editor, bureau.finance)
        assert here in (await browser.get(DESK)).text
        form = {"form_key": key_of(await browser.get(here), "y")}
        assert (await browser.post(f"{here}/approve", data=form)).status_code == 303
    assert (await rows("SELECT status FROM payout"))[0]["status"] == "approved"


async def test_what_the_bank_sent_back_is_written_down(app: Starlette, bureau: Bureau, clock: SteppedClock) -> None:
    now, payout_id = clock.now(), await make_approved(bureau)
    await send(bureau, payout_id)
    await record_paid(payout_id, paid_at=now, actor=bureau.cashier, now=now)
    here = f"{DESK}/{payout_id}"
    async with browser_for(app) as browser:
        await signed_in(browser, bureau.cashier, now=now)
        page = await browser.get(here)
        assert "登记到账" not in page.text
        form = {"form_key": key_of(page, "r"), "reason": "账号已注销"}
        assert (await browser.post(f"{here}/returned", data=form)).status_code == 303
        assert "账号已注销" in (await browser.get(here)).text


async def test_choosing_nothing_is_said(app: Starlette, bureau: Bureau, clock: SteppedClock) -> None:
    await make_approved(bureau)
    async with browser_for(app) as browser:
        await signed_in(browser, bureau.cashier, now=clock.now())
        answer = await browser.post(f"{DESK}/files", data={"form_key": key_of(await browser.get(DESK))})
    assert (answer.status_code, "请选择要付的款" in answer.text) == (400, True)


async def test_finance_sets_a_projects_money_aside_by_its_budget_and_no_more(
    app: Starlette, bureau: Bureau, clock: SteppedClock
) -> None:
    project, line = await make_project_fund(bureau, 1, 50_000)
    async with browser_for(app) as browser:
        await signed_in(browser, bureau.finance, now=clock.now())
        assert f"{DESK}/shares" in (await browser.get(DESK)).text
        assert f"shares?fund={project.fund_id}" in (await browser.get(f"{DESK}/shares")).text
        here = f"{DESK}/shares?fund={project.fund_id}"
        page = await browser.get(here)
        assert "500 元可以安排" in page.text
        form = {"form_key": key_of(page), "place": TOWN, "category": "助困", "budget_line": str(line)}
        over = await browser.post(here, data={**form, "amount": "500.01"})
        assert over.status_code == 409
        assert "不够" in over.text
        taken = await browser.post(here, data={**form, "form_key": key_of(over), "amount": "500"})
        assert (taken.status_code, taken.headers["location"].partition("&")[0]) == (303, here)
        assert (await browser.get(f"{DESK}/shares?fund=999999")).status_code == 404
    assert await rows("SELECT amount_fen, budget_line_id FROM allocation") == [
        {"amount_fen": 50_000, "budget_line_id": line}
    ]


async def test_finance_takes_back_what_nobody_applied_for(app: Starlette, bureau: Bureau, clock: SteppedClock) -> None:
    share = await make_share(bureau, 300_000)
    async with browser_for(app) as browser:
        await signed_in(browser, bureau.finance, now=clock.now())
        page = await browser.get(f"{DESK}/shares")
        assert "收回没用的" in page.text
        action = f"{DESK}/shares/{share}/release?fund={bureau.fund_id}"
        answer = await browser.post(action, data={"form_key": key_of(page, f"r{share}")})
        assert answer.status_code == 303
        assert "收回没用的" not in (await browser.get(f"{DESK}/shares")).text
    assert await rows("SELECT amount_fen FROM allocation_release") == [{"amount_fen": 300_000}]


async def test_whoever_applied_reads_why_it_was_refused(
    app: Starlette, bureau: Bureau, sealer: Sealer, clock: SteppedClock
) -> None:
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau))
    why = "发票上的日期在住院以前"
    await refuse_payout(payout_id, why, actor=bureau.editor, sealer=sealer, now=clock.now())
    for person, reads in ((bureau.town, True), (bureau.editor, False)):
        async with browser_for(app) as browser:
            await signed_in(browser, person, now=clock.now())
            assert (why in (await browser.get(DESK)).text) is reads


async def test_an_account_is_entered_by_one_and_compared_by_another(
    app: Starlette, bureau: Bureau, clock: SteppedClock
) -> None:
    home = await make_household(bureau.coordinator, sealer=bureau.sealer, now=clock.now())
    case = (await rows("SELECT case_number FROM household WHERE id = $1", home))[0]["case_number"]
    async with browser_for(app) as one, browser_for(app) as other:
        await signed_in(one, bureau.coordinator, now=clock.now())
        await signed_in(other, bureau.town, now=clock.now())
        page = await one.get(f"{DESK}/payees")
        form = {
            "whose": "household",
            "case_number": case,
            "kind": "bank",
            "holder": "张秀英",
            "number": CARD,
            "bank": "示例银行",
        }
        wrong = await one.post(f"{DESK}/payees", data={**form, "form_key": key_of(page), "number": "12"})
        assert wrong.status_code == 400
        assert "12 到 30 位数字" in wrong.text
        assert (await one.post(f"{DESK}/payees", data={**form, "form_key": key_of(wrong)})).status_code == 303
        payee = (await rows("SELECT id FROM payee"))[0]["id"]
        waiting = await other.get(f"{DESK}/payees")
        assert CARD not in waiting.text
        verify = f"{DESK}/payees/{payee}/verify"
        differs = await other.post(verify, data={"form_key": key_of(waiting), "number": CARD[:-1] + "9"})
        assert "和第一次录的不一样" in differs.text
        same = await other.post(verify, data={"form_key": key_of(differs), "number": CARD})
        assert same.status_code == 303
    assert await rows("SELECT verified_at IS NOT NULL AS yes FROM payee") == [{"yes": True}]


async def test_a_village_and_a_supplier_are_paid_like_a_family_but_stand_on_no_list(
    app: Starlette, bureau: Bureau, clock: SteppedClock
) -> None:
    share = await make_share(bureau)
    async with browser_for(app) as one, browser_for(app) as other:
        await signed_in(one, bureau.coordinator, now=clock.now())
        await signed_in(other, bureau.town, now=clock.now())
        form = {"whose": "public", "kind": "bank", "holder": "尉署社区居委会", "number": CARD, "bank": "示例银行"}
        nowhere = await one.post(f"{DESK}/payees", data={**form, "form_key": key_of(await one.get(f"{DESK}/payees"))})
        assert (nowhere.status_code, "请选择是哪个村" in nowhere.text) == (400, True)
        done = await one.post(f"{DESK}/payees", data={**form, "form_key": key_of(nowhere), "place": VILLAGE})
        assert done.status_code == 303
        payee = (await rows("SELECT id FROM payee"))[0]["id"]
        page = await other.get(f"{DESK}/payees")
        assert "尉署社区居委会" in page.text
        await other.post(f"{DESK}/payees/{payee}/verify", data={"form_key": key_of(page), "number": CARD})
        asked = {"allocation": str(share), "amount": "500", "what": "路灯", "reason": "村口没有灯。"}
        page = await other.get(f"{DESK}/new")
        assert "尉署社区居委会" in page.text
        nobody = await other.post(f"{DESK}/new", data={**asked, "kind": "village", "form_key": key_of(page)})
        assert (nobody.status_code, "请选择付给谁" in nobody.text) == (400, True)
        village = {**asked, "kind": "village", "payee": str(payee)}
        assert (await other.post(f"{DESK}/new", data={**village, "form_key": key_of(nobody)})).status_code == 303
        page = await other.get(f"{DESK}/new")
        bare = await other.post(f"{DESK}/new", data={**village, "kind": "purchase", "form_key": key_of(page)})
        assert (bare.status_code, "比过哪几家" in bare.text) == (400, True)
        priced = {**village, "kind": "purchase", "price_note": "比了三家，这家最便宜。"}
        assert (await other.post(f"{DESK}/new", data={**priced, "form_key": key_of(bare)})).status_code == 303
        family = {**village, "kind": "household", "case_number": "371402-00000000"}
        assert (await other.post(f"{DESK}/new", data={**family, "form_key": key_of(page)})).status_code == 400
    found = await rows("SELECT id, kind, household_id, price_note FROM payout ORDER BY id")
    assert [(row["kind"], row["household_id"]) for row in found] == [("village", None), ("purchase", None)]
    async with browser_for(app) as browser:
        await signed_in(browser, bureau.editor, now=clock.now())
        page = await browser.get(f"{DESK}/{found[1]['id']}")
        assert "尉署社区居委会" in page.text
        assert "比了三家" in page.text


async def test_a_tie_that_was_found_is_told_to_those_who_supervise(
    app: Starlette, bureau: Bureau, sealer: Sealer, clock: SteppedClock
) -> None:
    supervisor = await make_staff(Role.SUPERVISOR, CITY, sealer=sealer, now=clock.now())
    near = Near(Tie.SURNAME_VILLAGE, "张", VILLAGE)
    await declare_ties([near], actor=bureau.town, sealer=sealer, now=clock.now())
    share = await make_share(bureau)
    payout_id = await make_application(bureau, share, await make_payee(bureau))
    async with browser_for(app) as browser:
        await signed_in(browser, supervisor, now=clock.now())
        page = await browser.get("/desk/kin")
        assert "同村同姓" in page.text
        assert "乡镇审核员" in page.text
        assert "张秀英" not in page.text
        assert "郑审核" not in page.text
    told = await rows("SELECT key FROM outbox_message WHERE account_id = $1 ORDER BY key", supervisor.account_id)
    assert f"kin:{payout_id}:{supervisor.account_id}" in [row["key"] for row in told]


async def test_what_has_moved_on_is_found_again(app: Starlette, bureau: Bureau, clock: SteppedClock) -> None:
    payout_id = await make_approved(bureau)
    file_id = await send(bureau, payout_id)
    async with browser_for(app) as browser:
        await signed_in(browser, bureau.town, now=clock.now())
        assert f"{DESK}/{payout_id}" not in (await browser.get(DESK)).text
        assert f"{DESK}/{payout_id}" in (await browser.get(f"{DESK}?show=all")).text
        assert "母亲住院，自付六万元。" in (await browser.get(f"{DESK}/{payout_id}")).text
        await signed_in(browser, bureau.cashier, now=clock.now())
        page = (await browser.get(DESK)).text
        assert f"{DESK}/files/{file_id}" in page
        assert "还没有下载" in page
        assert "母亲住院" not in (await browser.get(f"{DESK}/{payout_id}")).text


async def test_approved_help_is_stopped_at_the_desk(app: Starlette, bureau: Bureau, clock: SteppedClock) -> None:
    payout_id = await make_approved(bureau)
    here = f"{DESK}/{payout_id}"
    async with browser_for(app) as browser:
        await signed_in(browser, bureau.cashier, now=clock.now())
        page = await browser.get(here)
        form = {"form_key": key_of(page, "s"), "reason": "账号给错了"}
        assert (await browser.post(f"{here}/stop", data=form)).status_code == 303
        await signed_in(browser, bureau.town, now=clock.now())
        assert "账号给错了" in (await browser.get(DESK)).text
    assert (await rows("SELECT status FROM payout"))[0]["status"] == "refused"

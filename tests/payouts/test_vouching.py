"""What proves that help arrived: invoices make up the sum, each is used once, and what is missing is late after thirty days."""

from datetime import date, timedelta

import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.states import Role
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.payouts.paying import record_paid, record_returned
from cishan.payouts.rules import proof_faults
from cishan.payouts.states import PayoutKind
from cishan.payouts.vouching import Proof, proofs_of, record_proof, unproved
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.supervision.queries import overdue_for
from conftest import browser_for
from payouts.payout_makers import Bureau, key_of, make_approved, make_bureau, make_village_payout, send

DESK = "/desk/payouts"
SUM_FEN = 100_000
LATE = timedelta(days=30)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def bureau(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Bureau:
    return await make_bureau(sealer, clock)


def invoice(bureau: Bureau, number: str, amount_fen: int = SUM_FEN) -> Proof:
    return Proof(number, beijing_day(bureau.clock.now()), amount_fen, "")


async def prove(bureau: Bureau, payout_id: int, proof: Proof) -> None:
    await record_proof(payout_id, proof, actor=bureau.town, now=bureau.clock.now())


async def test_two_invoices_make_up_the_sum(bureau: Bureau) -> None:
    payout_id = await make_village_payout(bureau)
    assert [(one.id, one.left_fen) for one in await unproved(bureau.town)] == [(payout_id, SUM_FEN)]
    await prove(bureau, payout_id, invoice(bureau, "26372000", SUM_FEN - 1))
    assert [(one.id, one.left_fen) for one in await unproved(bureau.town)] == [(payout_id, 1)]
    with pytest.raises(InvalidInput, match=r"还差 0\.01 元"):
        await prove(bureau, payout_id, invoice(bureau, "26372001", 2))
    await prove(bureau, payout_id, invoice(bureau, "26372001", 1))
    assert await unproved(bureau.town) == ()
    assert [one.amount_fen for one in await proofs_of(payout_id)] == [SUM_FEN - 1, 1]
    with pytest.raises(Conflict, match="登记齐了"):
        await prove(bureau, payout_id, invoice(bureau, "26372002", 1))


async def test_an_invoice_proves_one_payment(bureau: Bureau) -> None:
    first, second = await make_village_payout(bureau), await make_village_payout(bureau)
    await prove(bureau, first, invoice(bureau, "26372000"))
    with pytest.raises(Conflict, match="一张只能用一次"):
        await prove(bureau, second, invoice(bureau, " 26372000 "))


async def test_two_families_give_their_word(bureau: Bureau) -> None:
    for _ in range(2):
        payout_id = await make_approved(bureau)
        with pytest.raises(Conflict, match="还没有付到"):
            await prove(bureau, payout_id, Proof("", beijing_day(bureau.clock.now()), SUM_FEN, "看过存折"))
        await pay_out(bureau, payout_id)
        await prove(bureau, payout_id, Proof("", beijing_day(bureau.clock.now()), SUM_FEN, "看过存折"))
    assert len(await rows("SELECT id FROM payout_proof")) == 2


async def pay_out(bureau: Bureau, payout_id: int) -> None:
    await send(bureau, payout_id)
    await record_paid(payout_id, paid_at=bureau.clock.now(), actor=bureau.cashier, now=bureau.clock.now())


async def test_what_came_back_needs_no_proof(bureau: Bureau) -> None:
    payout_id, now = await make_village_payout(bureau), bureau.clock.now()
    await record_returned(payout_id, "账号已注销", actor=bureau.cashier, now=now)
    assert await unproved(bureau.town) == ()
    with pytest.raises(Conflict, match="已经退回"):
        await prove(bureau, payout_id, invoice(bureau, "26372000"))


async def test_only_the_place_that_applied_writes_it_down(bureau: Bureau) -> None:
    payout_id, now = await make_village_payout(bureau), bureau.clock.now()
    with pytest.raises(Forbidden):
        await record_proof(payout_id, invoice(bureau, "26372000"), actor=bureau.cashier, now=now)
    elsewhere = await makers.make_staff(Role.TOWN_REVIEWER, makers.OTHER_TOWN, sealer=bureau.sealer, now=now)
    with pytest.raises(NotFound):
        await record_proof(payout_id, invoice(bureau, "26372000"), actor=elsewhere, now=now)


@pytest.mark.parametrize(("offset", "late"), [(-SECOND, 0), (timedelta(0), 1)])
async def test_a_missing_invoice_is_late_after_thirty_days(bureau: Bureau, offset: timedelta, late: int) -> None:
    payout_id = await make_village_payout(bureau)
    supervisor = await makers.make_staff(
        Role.SUPERVISOR, makers.CITY, sealer=bureau.sealer, now=bureau.clock.now(), name="钱督"
    )
    found = await overdue_for(supervisor, now=bureau.clock.now() + LATE + offset)
    assert [(row.what, row.item, row.whose, row.href) for row in found] == [
        ("要登记发票", "路灯", Role.TOWN_REVIEWER, f"{DESK}/{payout_id}")
    ][:late]


async def test_a_town_writes_an_invoice_down_in_the_browser(
    app: Starlette, sealer: Sealer, clock: SteppedClock
) -> None:
    bureau = await make_bureau(sealer, clock)
    payout_id = await make_village_payout(bureau)
    here = f"{DESK}/{payout_id}"
    async with browser_for(app) as browser:
        await makers.signed_in(browser, bureau.town, now=clock.now())
        assert "等着登记发票的" in (await browser.get(DESK)).text
        page = await browser.get(here)
        assert "登记凭据" in page.text
        typed = {"dated_on": "2025-03-03", "amount": "1000", "note": "路灯"}
        bare = await browser.post(f"{here}/proof", data={**typed, "form_key": key_of(page, "o")})
        assert (bare.status_code, "请填发票或收据的号码" in bare.text, 'value="路灯"' in bare.text) == (400, True, True)
        whole = {**typed, "number": "26372000", "form_key": key_of(bare, "o")}
        assert (await browser.post(f"{here}/proof", data=whole)).status_code == 303
        page = await browser.get(here)
        assert "26372000" in page.text
        assert "登记凭据" not in page.text
        assert "等着登记发票的" not in (await browser.get(DESK)).text


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        (PayoutKind.VILLAGE, {"number": ""}, "number"),
        (PayoutKind.PURCHASE, {"number": "发票一"}, "number"),
        (PayoutKind.VILLAGE, {"number": "123"}, "number"),
        (PayoutKind.HOUSEHOLD, {"note": " "}, "note"),
        (PayoutKind.HOUSEHOLD, {"note": "长" * 201}, "note"),
        (PayoutKind.VILLAGE, {"amount_fen": 0}, "amount"),
        (PayoutKind.VILLAGE, {"amount_fen": SUM_FEN + 1}, "amount"),
        (PayoutKind.VILLAGE, {"dated_on": date(2025, 3, 4)}, "dated_on"),
    ],
)
def test_each_fault_is_named(kind: PayoutKind, changes: dict[str, object], field: str) -> None:
    today = date(2025, 3, 3)
    facts: dict[str, object] = {
        "number": "26372000",
        "note": "看过存折",
        "amount_fen": SUM_FEN,
        "left_fen": SUM_FEN,
        "dated_on": today,
        "today": today,
    }
    assert proof_faults(kind, **facts) == {}  # type: ignore[arg-type]
    assert set(proof_faults(kind, **{**facts, **changes})) == {field}  # type: ignore[arg-type]


@pytest.mark.parametrize("again", ["INV12345", "inv-12345", " ＩＮＶ 12345"])
async def test_an_invoice_is_the_same_however_it_is_typed(bureau: Bureau, again: str) -> None:
    first, second = await make_village_payout(bureau), await make_village_payout(bureau)
    await prove(bureau, first, invoice(bureau, "INV-12345"))
    with pytest.raises(Conflict, match="一张只能用一次"):
        await prove(bureau, second, invoice(bureau, again))

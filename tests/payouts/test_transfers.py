"""Help by Alipay: sent once under one number, unknown until Alipay has said so, booked where the money lay, heard when it returns."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from tortoise.transactions import in_transaction

import makers
from cishan.accounts.states import Role
from cishan.app import create_app
from cishan.charities.actions import allow_transfers, set_up_merchant
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, Forbidden
from cishan.ledger.actions import Source, book_refund_due
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.payments.alipay.terms import (
    GatewayAway,
    GatewayRefused,
    GatewayUnknown,
    Transfer,
    TransferOrder,
    TransferStatus,
)
from cishan.payments.sandbox.faults import Fault
from cishan.payouts.paying import record_paid, record_returned
from cishan.payouts.rules import STILL_THERE, TRANSFER_LEASE, refusal_words
from cishan.payouts.states import PayeeKind
from cishan.payouts.transferring import begin_transfers, send_due_transfers
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.settings import Settings
from cishan.summaries.sources import lines_of
from cishan.supervision.queries import overdue_for
from cishan.verify.checks import run_checks
from cishan.verify.money import MONEY_CHECKS
from cishan.verify.payouts import PAYOUT_CHECKS
from conftest import browser_for
from donations.donation_makers import pay, pledge
from gateway_makers import APP_ID, SELLER_ID, Shop, open_shop
from payouts.payout_makers import (
    Bureau,
    approve_with,
    key_of,
    make_application,
    make_approved,
    make_bureau,
    make_payee,
    make_share,
    send,
)

HELP_FEN, AT_ALIPAY_FEN = 100_000, 400_000
ACCOUNT = "zhang@example.cn"
HOUR = timedelta(hours=1)


@pytest.fixture
async def shop(transaction: Settings, clock: SteppedClock) -> AsyncIterator[Shop]:
    async with open_shop(clock) as opened:
        yield opened


@pytest.fixture
async def bureau(shop: Shop, sealer: Sealer, clock: SteppedClock) -> Bureau:
    """A fund with money at the bank and at Alipay, and a contract that allows transfers."""
    made = await make_bureau(sealer, clock)
    donor = await makers.make_donor(sealer=sealer, now=clock.now())
    await pay(await pledge(made.fund_id, AT_ALIPAY_FEN, donor=donor, now=clock.now()), sealer=sealer, now=clock.now())
    await set_up_merchant(made.charity_id, app_id=APP_ID, seller_id=SELLER_ID, gateway_url=shop.running.gateway_url)
    await allow_transfers(APP_ID, allowed=True)
    return made


@pytest.fixture
def services(shop: Shop, transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Services:
    return Services(transaction, clock, sealer, shop.gateway)


async def approved(bureau: Bureau, account: str = ACCOUNT, amount_fen: int = HELP_FEN) -> int:
    share = await make_share(bureau, amount_fen)
    payee = await make_payee(bureau, number=account, kind=PayeeKind.ALIPAY)
    payout_id = await make_application(bureau, share, payee, amount_fen)
    await approve_with(bureau, payout_id, bureau.editor, bureau.finance)
    return payout_id


async def begin(bureau: Bureau, *payout_ids: int) -> int:
    return await begin_transfers(payout_ids, actor=bureau.cashier, sealer=bureau.sealer, now=bureau.clock.now())


async def send_all(services: Services) -> int:
    return await send_due_transfers(limit=50, services=services, now=services.clock.now())


async def number_of(payout_id: int) -> str:
    return str((await rows("SELECT out_biz_no FROM payout_transfer WHERE payout_id = $1", payout_id))[0]["out_biz_no"])


async def stands(payout_id: int) -> tuple[str, str]:
    found = await rows(
        "SELECT p.status, t.state FROM payout p JOIN payout_transfer t ON t.payout_id = p.id WHERE p.id = $1", payout_id
    )
    return found[0]["status"], found[0]["state"]


async def at_alipay(bureau: Bureau) -> int:
    return await balance_of(bureau.fund_id, AccountType.ALIPAY)


async def keeps_every_promise(bureau: Bureau) -> None:
    results = await run_checks((*MONEY_CHECKS, *PAYOUT_CHECKS), require_rows=False, now=bureau.clock.now())
    assert [result for result in results if not result.ok] == []


async def test_help_goes_once_and_stands_on_the_list(bureau: Bureau, services: Services) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    assert await stands(payout_id) == ("in_file", "requested")
    assert [await send_all(services), await send_all(services)] == [1, 0]
    assert await stands(payout_id) == ("paid", "made")
    assert await at_alipay(bureau) == AT_ALIPAY_FEN - HELP_FEN
    home = (await rows("SELECT household_id, paid_at FROM payout WHERE id = $1", payout_id))[0]
    assert [line.amount_fen for line in await lines_of(home["household_id"], home["paid_at"].year)] == [HELP_FEN]
    await keeps_every_promise(bureau)


@pytest.mark.parametrize(
    ("account", "why"), [("13800000000@nobody", "账号不存在"), ("holder+李四@example.cn", "账号和姓名不一致")]
)
async def test_what_alipay_refuses_goes_back_to_its_share_with_the_reason(
    bureau: Bureau, services: Services, account: str, why: str
) -> None:
    payout_id = await approved(bureau, account)
    await begin(bureau, payout_id)
    await send_all(services)
    assert await stands(payout_id) == ("returned", "refused")
    assert why in (await rows("SELECT return_reason FROM payout WHERE id = $1", payout_id))[0]["return_reason"]
    assert await at_alipay(bureau) == AT_ALIPAY_FEN
    assert (await rows("SELECT held_fen FROM fund WHERE id = $1", bureau.fund_id))[0]["held_fen"] == HELP_FEN
    await keeps_every_promise(bureau)


async def test_too_small_a_balance_at_alipay_is_told(bureau: Bureau, shop: Shop, services: Services) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    shop.running.sandbox.set_faults(await number_of(payout_id), frozenset({Fault.NO_BALANCE}))
    await send_all(services)
    assert "余额不够" in (await rows("SELECT return_reason FROM payout"))[0]["return_reason"]


@pytest.mark.parametrize(
    "fault",
    [Fault.UNKNOWN_RESULT, Fault.SERVER_ERROR, Fault.UNSIGNED_ERROR, Fault.BAD_ANSWER_SIGNATURE, Fault.DEALING],
)
async def test_unknown_is_not_failed_and_is_asked_until_it_is_known(
    bureau: Bureau, shop: Shop, services: Services, fault: Fault
) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    number = await number_of(payout_id)
    shop.running.sandbox.set_faults(number, frozenset({fault}))
    for _ in range(3):
        await send_all(services)
        assert await stands(payout_id) == ("in_file", "unknown")
        services.clock.advance(HOUR)  # type: ignore[attr-defined]
    assert await at_alipay(bureau) == AT_ALIPAY_FEN
    shop.running.sandbox.set_faults(number, frozenset())
    await send_all(services)
    assert await stands(payout_id) == ("paid", "made")
    assert await number_of(payout_id) == number
    assert len(await rows("SELECT id FROM ledger_entry WHERE kind = 'payout'")) == 1
    await keeps_every_promise(bureau)


async def test_an_answer_with_another_sum_proves_nothing(bureau: Bureau, shop: Shop, services: Services) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    faults = frozenset({Fault.UNKNOWN_RESULT})
    shop.running.sandbox.set_faults(await number_of(payout_id), faults)
    await send_all(services)
    shop.running.sandbox.set_faults(await number_of(payout_id), frozenset({Fault.WRONG_ANSWER_AMOUNT}))
    services.clock.advance(HOUR)  # type: ignore[attr-defined]
    await send_all(services)
    assert await stands(payout_id) == ("in_file", "unknown")


async def test_money_that_comes_back_later_is_heard(bureau: Bureau, shop: Shop, services: Services) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    await send_all(services)
    shop.running.sandbox.set_faults(await number_of(payout_id), frozenset({Fault.COMES_BACK}))
    services.clock.advance(STILL_THERE[0])  # type: ignore[attr-defined]
    await send_all(services)
    assert await stands(payout_id) == ("returned", "came_back")
    assert await at_alipay(bureau) == AT_ALIPAY_FEN
    await keeps_every_promise(bureau)


async def test_a_made_transfer_is_looked_at_some_days_and_then_left(bureau: Bureau, services: Services) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    asked = 0
    for _ in range(20):
        asked += await send_all(services)
        services.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    assert asked == 1 + len(STILL_THERE)
    assert await stands(payout_id) == ("paid", "made")


async def test_what_is_on_its_way_is_neither_paid_by_hand_nor_twice(bureau: Bureau, services: Services) -> None:
    payout_id, now = await approved(bureau), bureau.clock.now()
    await begin(bureau, payout_id)
    with pytest.raises(Conflict, match="不要再付一次"):
        await record_paid(payout_id, paid_at=now, actor=bureau.cashier, now=now)
    with pytest.raises(Conflict, match="不要再付一次"):
        await record_returned(payout_id, "不要了", actor=bureau.cashier, now=now)
    with pytest.raises(Conflict):
        await begin(bureau, payout_id)
    with pytest.raises(Conflict):
        await send(bureau, payout_id)
    await send_all(services)
    assert await at_alipay(bureau) == AT_ALIPAY_FEN - HELP_FEN


async def test_each_account_is_paid_its_own_way(bureau: Bureau) -> None:
    by_alipay, by_bank = await approved(bureau), await make_approved(bureau)
    with pytest.raises(Conflict, match="支付宝付款"):
        await send(bureau, by_alipay)
    with pytest.raises(Conflict, match="银行的付款文件"):
        await begin(bureau, by_bank)


async def test_no_more_leaves_alipay_than_the_fund_has_there(bureau: Bureau) -> None:
    first = await approved(bureau, amount_fen=AT_ALIPAY_FEN)
    second = await approved(bureau)
    await begin(bureau, first)
    with pytest.raises(Conflict, match="支付宝里"):
        await begin(bureau, second)


class WaywardGateway:
    """The shop's gateway with an interruption: what a test does before a transfer or a question is passed on, or instead of it."""

    def __init__(self, shop: Shop) -> None:
        self._real = shop.gateway
        self.before_transfer: list[Callable[[TransferOrder], Awaitable[None]]] = []
        self.answers: list[Transfer | None] = []

    async def transfer(self, order: TransferOrder) -> Transfer:
        if self.before_transfer:
            await self.before_transfer.pop(0)(order)
        return await self._real.transfer(order)

    async def query_transfer(self, number: str) -> Transfer | None:
        return self.answers.pop(0) if self.answers else await self._real.query_transfer(number)


def through(gateway: WaywardGateway, services: Services) -> Services:
    return replace(services, gateway=gateway)  # type: ignore[arg-type]


async def refuse(order: TransferOrder) -> None:
    raise GatewayRefused("40004", "PAYER_BALANCE_NOT_ENOUGH")


async def test_a_refusal_says_nothing_about_an_earlier_call_that_was_not_answered(
    bureau: Bureau, shop: Shop, services: Services
) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    number = await number_of(payout_id)
    shop.running.sandbox.set_faults(number, frozenset({Fault.UNKNOWN_RESULT}))
    await send_all(services)
    shop.running.sandbox.set_faults(number, frozenset())
    services.clock.advance(HOUR)  # type: ignore[attr-defined]
    wayward = WaywardGateway(shop)
    wayward.answers, wayward.before_transfer = [None], [refuse]
    await send_all(through(wayward, services))
    assert await stands(payout_id) == ("paid", "made")


async def test_a_later_refusal_is_believed_once_nothing_is_found_under_the_number(
    bureau: Bureau, shop: Shop, services: Services
) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    wayward = WaywardGateway(shop)

    async def lose(order: TransferOrder) -> None:
        raise GatewayAway("lost on the way")

    wayward.before_transfer = [lose, refuse]
    await send_all(through(wayward, services))
    assert await stands(payout_id) == ("in_file", "unknown")
    services.clock.advance(HOUR)  # type: ignore[attr-defined]
    await send_all(through(wayward, services))
    assert await stands(payout_id) == ("returned", "refused")


async def test_a_refusal_heard_after_the_lease_ran_out_is_not_the_last_word(
    bureau: Bureau, shop: Shop, services: Services
) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    number = await number_of(payout_id)
    wayward = WaywardGateway(shop)

    async def hang(order: TransferOrder) -> None:
        """While this call hangs another node makes the transfer without hearing the answer."""
        services.clock.advance(TRANSFER_LEASE)  # type: ignore[attr-defined]
        shop.running.sandbox.set_faults(number, frozenset({Fault.UNKNOWN_RESULT}))
        with pytest.raises(GatewayUnknown):
            await shop.gateway.transfer(order)
        await send_all(services)
        await refuse(order)

    wayward.before_transfer = [hang]
    await send_all(through(wayward, services))
    assert await stands(payout_id) == ("in_file", "unknown")
    shop.running.sandbox.set_faults(number, frozenset())
    services.clock.advance(HOUR)  # type: ignore[attr-defined]
    await send_all(services)
    assert await stands(payout_id) == ("paid", "made")


async def test_what_alipay_takes_back_of_its_word_is_told_and_asked_about_no_more_than_the_rest(
    bureau: Bureau, shop: Shop, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    await send_all(services)
    wayward = WaywardGateway(shop)
    wayward.answers = [Transfer(await number_of(payout_id), TransferStatus.FAIL, HELP_FEN, None, "GONE")] * 9
    asked = 0
    for _ in range(5):
        services.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
        asked += await send_all(through(wayward, services))
    assert asked == len(STILL_THERE)
    assert await stands(payout_id) == ("paid", "made")
    assert "now says that it failed: GONE" in caplog.text


async def test_a_transfer_that_took_several_tries_is_looked_at_as_often(
    bureau: Bureau, shop: Shop, services: Services
) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    number = await number_of(payout_id)
    shop.running.sandbox.set_faults(number, frozenset({Fault.UNKNOWN_RESULT}))
    for _ in range(4):
        await send_all(services)
        services.clock.advance(HOUR)  # type: ignore[attr-defined]
    shop.running.sandbox.set_faults(number, frozenset())
    assert await send_all(services) == 1
    asked = 0
    for _ in range(9):
        services.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
        asked += await send_all(services)
    assert asked == len(STILL_THERE)


async def test_a_look_that_is_not_answered_is_repeated_some_days(
    bureau: Bureau, shop: Shop, services: Services
) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    await send_all(services)
    number = await number_of(payout_id)
    shop.running.sandbox.set_faults(number, frozenset({Fault.SERVER_ERROR}))
    asked = [await _a_day_later(services) for _ in range(20)]
    assert (asked[:8], asked[-1]) == ([1] * 8, 0)
    assert await stands(payout_id) == ("paid", "made")


async def _a_day_later(services: Services) -> int:
    services.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    return await send_all(services)


async def test_an_account_that_gave_the_money_back_while_alipay_was_away_is_heard(
    bureau: Bureau, shop: Shop, services: Services
) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    await send_all(services)
    number = await number_of(payout_id)
    shop.running.sandbox.set_faults(number, frozenset({Fault.SERVER_ERROR}))
    for _ in range(5):
        await _a_day_later(services)
    shop.running.sandbox.set_faults(number, frozenset({Fault.COMES_BACK}))
    await _a_day_later(services)
    assert await stands(payout_id) == ("returned", "came_back")


async def test_what_is_owed_to_donors_stays_at_alipay(bureau: Bureau) -> None:
    payout_id = await approved(bureau, amount_fen=AT_ALIPAY_FEN)
    async with in_transaction():
        source = Source("test_refund", payout_id)
        await book_refund_due(bureau.fund_id, AccountType.FUND, 1, source, now=bureau.clock.now())
    with pytest.raises(Conflict, match=r"支付宝里还有 3999[.]99 元"):
        await begin(bureau, payout_id)


async def test_only_a_cashier_apart_from_the_others_pays_and_only_where_the_contract_allows(bureau: Bureau) -> None:
    payout_id = await approved(bureau)
    with pytest.raises(Forbidden):
        await begin_transfers([payout_id], actor=bureau.finance, sealer=bureau.sealer, now=bureau.clock.now())
    await allow_transfers(APP_ID, allowed=False)
    with pytest.raises(Conflict, match="没有开通"):
        await begin(bureau, payout_id)


async def test_the_sandbox_makes_a_transfer_once_for_its_number(shop: Shop) -> None:
    order = TransferOrder("P1", 1_000, ACCOUNT, "张三", "慈善救助款")
    assert await shop.gateway.query_transfer("P1") is None
    made = [await shop.gateway.transfer(order) for _ in range(2)]
    assert {one.status for one in made} == {TransferStatus.SUCCESS}
    with pytest.raises(GatewayRefused, match="PAYMENT_INFO_INCONSISTENCY"):
        await shop.gateway.transfer(TransferOrder("P1", 1_001, ACCOUNT, "张三", "慈善救助款"))
    found = await shop.gateway.query_transfer("P1")
    assert found is not None
    assert (found.status, found.amount_fen) == (TransferStatus.SUCCESS, 1_000)


@pytest.mark.parametrize("changes", [{"amount_fen": 9}, {"name": " "}, {"title": "长" * 65}, {"out_biz_no": "号"}])
async def test_what_alipay_would_refuse_anyway_is_not_sent(shop: Shop, changes: dict[str, object]) -> None:
    order = {"out_biz_no": "P1", "amount_fen": 1_000, "account": ACCOUNT, "name": "张三", "title": "慈善救助款"}
    with pytest.raises(ValueError):
        await shop.gateway.transfer(TransferOrder(**{**order, **changes}))  # type: ignore[arg-type]


async def test_without_a_certificate_nothing_leaves_and_the_cashier_reads_why(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    async with open_shop(clock, faults=frozenset({Fault.NO_CERTIFICATE})) as shop:
        with pytest.raises(GatewayRefused) as refused:
            await shop.gateway.transfer(TransferOrder("P1", 1_000, ACCOUNT, "张三", "慈善救助款"))
    assert "没有证书" in refusal_words(f"{refused.value.code} {refused.value.sub_code}")


def test_a_code_that_nobody_has_named_is_shown() -> None:
    assert "40004 SOMETHING_NEW" in refusal_words("40004 SOMETHING_NEW")


async def test_the_cashier_pays_in_the_browser(
    bureau: Bureau, shop: Shop, services: Services, transaction: Settings, clock: SteppedClock
) -> None:
    payout_id = await approved(bureau)
    app: Starlette = create_app(
        transaction, clock=clock, gateway=shop.gateway, passwords=makers.QUICK_PASSWORDS, open_database=False
    )
    async with app.router.lifespan_context(app), browser_for(app) as browser:
        await makers.signed_in(browser, bureau.cashier, now=clock.now())
        assert "支付宝付款" in (await browser.get("/desk/payouts")).text
        page = await browser.get("/desk/payouts/transfers")
        assert "1,000 元" in page.text
        assert ACCOUNT not in page.text
        nothing = await browser.post("/desk/payouts/transfers", data={"form_key": key_of(page, "f1")})
        assert (nothing.status_code, "请选择要付的款" in nothing.text) == (400, True)
        answer = await browser.post(
            "/desk/payouts/transfers", data={"form_key": key_of(nothing, "f1"), "payout": str(payout_id)}
        )
        assert answer.status_code == 303
        assert "准备付" in (await browser.get("/desk/payouts/transfers")).text
        await send_all(services)
        assert "已付" in (await browser.get("/desk/payouts/transfers")).text


@pytest.mark.parametrize(("offset", "late"), [(-timedelta(seconds=1), 0), (timedelta(0), 1)])
async def test_a_transfer_without_an_outcome_is_late_after_a_day(bureau: Bureau, offset: timedelta, late: int) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    found = await overdue_for(bureau.town, now=bureau.clock.now() + timedelta(days=1) + offset)
    assert [(row.what, row.whose) for row in found] == [("救助款等付款结果", Role.CASHIER)][:late]


async def test_nobody_says_by_hand_that_a_made_transfer_came_back(bureau: Bureau, services: Services) -> None:
    payout_id = await approved(bureau)
    await begin(bureau, payout_id)
    await send_all(services)
    with pytest.raises(Conflict, match="支付宝说了算"):
        await record_returned(payout_id, "家里说没收到", actor=bureau.cashier, now=bureau.clock.now())
    assert await stands(payout_id) == ("paid", "made")


async def test_less_than_alipay_transfers_is_refused_before_anything_is_begun(bureau: Bureau) -> None:
    payout_id = await approved(bureau, amount_fen=9)
    with pytest.raises(Conflict, match=r"最少付 0\.10 元"):
        await begin(bureau, payout_id)
    assert await rows("SELECT id FROM payout_transfer") == []

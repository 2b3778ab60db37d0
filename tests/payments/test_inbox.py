"""Notices: kept with their verdict, believed only when they agree with the order or the gateway confirms them."""

from dataclasses import dataclass, field

import pytest

from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.alipay.terms import GatewayUnknown, Trade, TradeStatus
from cishan.payments.inbox import handle_notice
from cishan.payments.states import NoticeVerdict
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.settings import Settings
from gateway_makers import make_merchant, notice_form, strangers_key_pem
from payments.order_makers import PRICE_FEN, RecordingOwner, Till, make_till, trade_for

REFUND = {"gmt_refund": "2026-03-02 13:00:00.123", "refund_fee": "10.00", "out_biz_no": "R1"}


@dataclass
class AnsweringGateway(AlipayGateway):
    """The real verification of notices, with queries answered from `truth`."""

    truth: list[Trade | Exception | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def query(self, out_trade_no: str) -> Trade | None:
        self.asked.append(out_trade_no)
        answer = self.truth.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass(frozen=True)
class Desk:
    till: Till
    gateway: AnsweringGateway
    services: Services

    def notice(self, **changes: str) -> bytes:
        said = {"out_trade_no": self.till.order.out_trade_no, "total_amount": "300.00", **changes}
        return notice_form(said)

    async def handle(self, body: bytes) -> NoticeVerdict:
        now = self.services.clock.now()
        return await handle_notice(body, services=self.services, owners={"claim": RecordingOwner()}, now=now)


@pytest.fixture
async def desk(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Desk:
    gateway = AnsweringGateway()
    AlipayGateway.__init__(gateway, make_merchant(), clock)
    till = await make_till(sealer=sealer, now=clock.now())
    return Desk(till, gateway, Services(transaction, clock, sealer, gateway))


async def stored() -> list[tuple[str, str]]:
    return [(row["verdict"], row["reason"]) for row in await rows("SELECT * FROM stored_notice ORDER BY id")]


async def booked_fen() -> int:
    found = await rows(
        "SELECT coalesce(sum(amount_fen) FILTER (WHERE amount_fen > 0), 0)::bigint AS fen FROM ledger_posting"
    )
    return int(found[0]["fen"])


async def test_an_expected_notice_is_settled_without_asking(desk: Desk) -> None:
    assert await desk.handle(desk.notice()) is NoticeVerdict.SETTLED
    assert await desk.handle(desk.notice()) is NoticeVerdict.NOTHING_NEW
    assert (desk.gateway.asked, await booked_fen()) == ([], PRICE_FEN)
    assert await stored() == [("settled", ""), ("nothing_new", "")]


async def test_a_forged_notice_is_kept_and_books_nothing(desk: Desk) -> None:
    said = {"out_trade_no": desk.till.order.out_trade_no, "total_amount": "300.00"}
    assert await desk.handle(notice_form(said, key_pem=strangers_key_pem())) is NoticeVerdict.REJECTED
    assert (await booked_fen(), await stored()) == (0, [("rejected", "bad_signature")])


async def test_a_surprising_amount_is_asked_about_and_denied(desk: Desk) -> None:
    desk.gateway.truth = [trade_for(desk.till.order)]
    assert await desk.handle(desk.notice(total_amount="3000.00")) is NoticeVerdict.DENIED
    assert (await booked_fen(), await stored()) == (0, [("denied", "amount")])


async def test_a_surprising_amount_the_gateway_confirms_is_received_money(desk: Desk) -> None:
    desk.gateway.truth = [trade_for(desk.till.order, total_fen=35_000)]
    assert await desk.handle(desk.notice(total_amount="350.00")) is NoticeVerdict.SETTLED
    assert await booked_fen() == 35_000


async def test_a_surprise_nobody_can_confirm_is_left_to_come_again(desk: Desk) -> None:
    desk.gateway.truth = [GatewayUnknown("away")]
    assert await desk.handle(desk.notice(total_amount="350.00")) is NoticeVerdict.WAITING
    assert (await booked_fen(), await stored()) == (0, [("waiting", "amount")])


async def test_a_notice_for_an_unknown_order_books_nothing(desk: Desk) -> None:
    desk.gateway.truth = [None]
    assert await desk.handle(desk.notice(out_trade_no="C20250303UNKNOWN")) is NoticeVerdict.DENIED
    assert await booked_fen() == 0


async def test_a_partial_refund_that_says_success_is_not_a_payment(desk: Desk) -> None:
    await desk.handle(desk.notice())
    assert await desk.handle(desk.notice(**REFUND)) is NoticeVerdict.NOTHING_NEW
    assert (desk.gateway.asked, await booked_fen()) == ([], PRICE_FEN)


async def test_a_refund_heard_of_before_its_payment_is_asked_about(desk: Desk) -> None:
    desk.gateway.truth = [trade_for(desk.till.order, TradeStatus.WAIT_BUYER_PAY), trade_for(desk.till.order)]
    assert await desk.handle(desk.notice(**REFUND)) is NoticeVerdict.DENIED
    assert await booked_fen() == 0
    assert await desk.handle(desk.notice(**REFUND)) is NoticeVerdict.SETTLED
    assert await booked_fen() == PRICE_FEN


async def test_the_body_of_a_notice_is_sealed(desk: Desk, sealer: Sealer) -> None:
    await desk.handle(desk.notice(buyer_logon_id="159****5620"))
    row = (await rows("SELECT body_sealed FROM stored_notice"))[0]
    assert b"159" not in row["body_sealed"]
    assert "159" in sealer.open(row["body_sealed"], "stored_notice.body")

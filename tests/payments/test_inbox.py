"""Notices: kept with their verdict, believed only when they agree with the order or the gateway confirms them."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.payments.alipay.terms import GatewayUnknown, TradeStatus
from cishan.payments.inbox import FORGED_OF_ALL, FORGED_OF_NETWORK, KEPT_FORGED_BYTES, handle_notice
from cishan.payments.states import NoticeVerdict
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.settings import Settings
from gateway_makers import notice_form, strangers_key_pem
from payments.order_makers import (
    PRICE_FEN,
    AnsweringGateway,
    RecordingOwner,
    Till,
    make_answering_gateway,
    make_till,
    trade_for,
)

REFUND = {"gmt_refund": "2026-03-02 13:00:00.123", "refund_fee": "10.00", "out_biz_no": "R1"}


@dataclass(frozen=True)
class Desk:
    till: Till
    gateway: AnsweringGateway
    services: Services

    def notice(self, **changes: str) -> bytes:
        said = {"out_trade_no": self.till.order.out_trade_no, "total_amount": "300.00", **changes}
        return notice_form(said)

    async def handle(self, body: bytes, address: str = "203.0.113.7") -> NoticeVerdict:
        now, owners = self.services.clock.now(), {"claim": RecordingOwner()}
        return await handle_notice(body, address=address, services=self.services, owners=owners, now=now)

    def forged(self, **changes: str) -> bytes:
        said = {"out_trade_no": self.till.order.out_trade_no, "total_amount": "300.00", **changes}
        return notice_form(said, key_pem=strangers_key_pem())


@pytest.fixture
async def desk(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Desk:
    gateway = make_answering_gateway(clock)
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


async def test_of_a_forged_notice_only_a_short_excerpt_is_kept(desk: Desk, sealer: Sealer) -> None:
    await desk.handle(desk.forged(body="x" * 12_000))
    row = (await rows("SELECT body_sealed FROM stored_notice"))[0]
    assert len(sealer.open(row["body_sealed"], "stored_notice.body")) == KEPT_FORGED_BYTES


async def test_beyond_the_limit_of_a_network_forged_notices_are_only_counted(desk: Desk, clock: SteppedClock) -> None:
    for _ in range(FORGED_OF_NETWORK.most + 3):
        assert await desk.handle(desk.forged()) is NoticeVerdict.REJECTED
    assert len(await stored()) == FORGED_OF_NETWORK.most
    clock.advance(timedelta(hours=1, seconds=1))
    await desk.handle(b"unreadable")
    assert (await stored())[-1] == ("rejected", "unreadable (3 before it not kept)")


async def test_many_networks_together_have_a_limit_too(desk: Desk) -> None:
    for number in range(FORGED_OF_ALL.most + 5):
        await desk.handle(b"unreadable", address=f"198.51.{number}.1")
    assert len(await stored()) == FORGED_OF_ALL.most


async def test_what_the_gateway_signed_is_taken_while_forgeries_are_only_counted(desk: Desk) -> None:
    for _ in range(FORGED_OF_NETWORK.most + 1):
        await desk.handle(desk.forged())
    assert await desk.handle(desk.notice()) is NoticeVerdict.SETTLED
    assert await desk.handle(desk.notice(trade_status="NO_SUCH_STATUS")) is NoticeVerdict.REJECTED
    assert (await stored())[-2:] == [("settled", ""), ("rejected", "bad_status")]

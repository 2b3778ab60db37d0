"""What reaches us unasked is believed only if Alipay signed it, to us, in one reading."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cishan.clock import SteppedClock
from cishan.payments.alipay.gateway import AlipayGateway, NoticeFault, NoticeRejected, TradeStatus
from cishan.payments.alipay.signing import public_key_pem
from gateway_makers import (
    NOON,
    alipay_key_pem,
    app_key_pem,
    make_gateway,
    make_merchant,
    notice_form,
    strangers_key_pem,
)

GATEWAY = make_gateway()


def fields_of(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def rejection_of(body: bytes, gateway: AlipayGateway = GATEWAY) -> NoticeFault:
    with pytest.raises(NoticeRejected) as rejected:
        gateway.read_notice(body)
    return rejected.value.reason


def test_a_true_notice_is_read_whole() -> None:
    notice = GATEWAY.read_notice(notice_form())
    assert notice.trade.out_trade_no == "W20260302001"
    assert notice.trade.status is TradeStatus.TRADE_SUCCESS
    assert (notice.trade.total_fen, notice.trade.refunded_fen) == (8880, 0)
    assert notice.trade.paid_at == datetime(2026, 3, 2, 4, 5, tzinfo=UTC)
    assert notice.trade.buyer == "139****0001"
    assert notice.raw["subject"] == "微心愿：台灯 + 灯泡 100%"
    assert not notice.is_refund


def test_blank_values_count_in_the_signature() -> None:
    form = fields_of(notice_form())
    assert form["body"] == ""
    del form["body"]
    assert rejection_of(urlencode(form).encode()) is NoticeFault.BAD_SIGNATURE


@pytest.mark.parametrize("mark", [{"gmt_refund": "2026-03-03 09:00:00.123"}, {"out_biz_no": "R1"}])
def test_a_partial_refund_looks_paid_and_is_told_apart(mark: dict[str, str]) -> None:
    notice = GATEWAY.read_notice(notice_form({"refund_fee": "10.00", **mark}))
    assert notice.is_refund
    assert notice.trade.status is TradeStatus.TRADE_SUCCESS
    assert notice.trade.refunded_fen == 1000


def test_closing_by_refund_and_closing_by_time_are_told_apart() -> None:
    refunded = GATEWAY.read_notice(notice_form({"trade_status": "TRADE_CLOSED", "refund_fee": "88.80"}))
    in_time = GATEWAY.read_notice(notice_form({"trade_status": "TRADE_CLOSED", "gmt_payment": None}))
    assert (refunded.is_refund, in_time.is_refund) == (True, False)


def test_a_payment_with_a_refund_fee_of_zero_is_no_refund() -> None:
    assert not GATEWAY.read_notice(notice_form({"refund_fee": "0.00"})).is_refund


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"app_id": "2021000000000002"}, NoticeFault.WRONG_APP),
        ({"app_id": None}, NoticeFault.WRONG_APP),
        ({"seller_id": "2088000000000999"}, NoticeFault.WRONG_SELLER),
        ({"seller_id": None}, NoticeFault.WRONG_SELLER),
        ({"sign_type": "RSA"}, NoticeFault.WRONG_SIGN_TYPE),
        ({"sign_type": "none"}, NoticeFault.WRONG_SIGN_TYPE),
        ({"sign_type": None}, NoticeFault.WRONG_SIGN_TYPE),
        ({"charset": "GBK"}, NoticeFault.UNREADABLE),
        ({"notify_type": "open_app_auth_notify"}, NoticeFault.WRONG_KIND),
        ({"notify_id": None}, NoticeFault.MISSING_FIELD),
        ({"out_trade_no": ""}, NoticeFault.MISSING_FIELD),
        ({"trade_no": "a b"}, NoticeFault.MISSING_FIELD),
        ({"trade_status": "PAID"}, NoticeFault.BAD_STATUS),
        ({"total_amount": "88.8x"}, NoticeFault.BAD_AMOUNT),
        ({"total_amount": "-1.00"}, NoticeFault.BAD_AMOUNT),
        ({"total_amount": "0.00"}, NoticeFault.BAD_AMOUNT),
        ({"refund_fee": "88.81"}, NoticeFault.BAD_AMOUNT),
        ({"gmt_payment": "2026-02-30 10:00:00"}, NoticeFault.BAD_TIME),
    ],
)
def test_a_signed_notice_that_is_not_for_us_or_makes_no_sense_is_refused(
    changes: dict[str, str | None], reason: NoticeFault
) -> None:
    assert rejection_of(notice_form(changes)) is reason


@pytest.mark.parametrize("key_pem", [strangers_key_pem(), app_key_pem()])
def test_a_right_signature_by_another_key_is_refused(key_pem: str) -> None:
    assert rejection_of(notice_form(key_pem=key_pem)) is NoticeFault.BAD_SIGNATURE


def test_without_the_check_of_the_signature_the_stranger_would_be_believed() -> None:
    """The guard off: to whoever trusts the stranger's key, the very same bytes are a payment."""

    theirs = (public_key_pem(strangers_key_pem()),)
    gullible = AlipayGateway(replace(make_merchant(), alipay_public_key_pems=theirs), SteppedClock(NOON))
    assert gullible.read_notice(notice_form(key_pem=strangers_key_pem())).trade.total_fen == 8880


def test_a_key_that_stands_twice_is_refused_even_with_the_same_value() -> None:
    assert rejection_of(notice_form() + b"&total_amount=88.80") is NoticeFault.DUPLICATE_KEY
    assert rejection_of(notice_form() + b"&total%5Famount=0.01") is NoticeFault.DUPLICATE_KEY


def test_a_refund_cannot_be_hidden_in_the_field_before_it() -> None:
    """`k=v` is joined by `&` without escaping, so moving a border leaves the signed text the same."""
    form = fields_of(notice_form({"refund_fee": "10.00"}))
    form["receipt_amount"] += f"&refund_fee={form.pop('refund_fee')}"
    assert rejection_of(urlencode(form).encode()) is NoticeFault.AMBIGUOUS


@pytest.mark.parametrize(
    "body",
    [b"", b"a", b"&", b"a=%zz", b"a=%ff", b"=1", b"A=1", b"a=\xe5", b"a=1&&b=2", b"a=1;b=2", b"<xml/>"],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    assert rejection_of(body) in (NoticeFault.UNREADABLE, NoticeFault.WRONG_SIGN_TYPE)


def test_a_body_of_two_megabytes_is_refused_unread() -> None:
    assert rejection_of(b"a=" + b"1" * 2_000_000) is NoticeFault.TOO_LARGE
    assert rejection_of(b"&".join(b"a%d=1" % n for n in range(100))) is NoticeFault.UNREADABLE


def test_double_encoding_breaks_the_signature() -> None:
    form = fields_of(notice_form())
    form["subject"] = form["subject"].replace("+", "%2B")
    assert rejection_of(urlencode(form).encode()) is NoticeFault.BAD_SIGNATURE


TRUE_FIELDS = fields_of(notice_form())


@settings(deadline=None)
@given(st.sampled_from(sorted(TRUE_FIELDS)), st.text(max_size=30).filter(lambda t: t.isprintable()))
def test_no_field_can_be_changed(name: str, value: str) -> None:
    forged = {**TRUE_FIELDS, name: value}
    if forged != TRUE_FIELDS:
        rejection_of(urlencode(forged).encode())


@settings(deadline=None)
@given(st.data())
def test_no_byte_can_be_changed_into_another_meaning(data: st.DataObject) -> None:
    true = notice_form()
    place = data.draw(st.integers(0, len(true) - 1))
    forged = bytearray(true)
    forged[place] = data.draw(st.integers(0, 255))
    try:
        notice = GATEWAY.read_notice(bytes(forged))
    except NoticeRejected:
        return
    # Only another spelling of the same bytes, such as %e5 for %E5, is still the same notice.
    assert dict(notice.raw) == TRUE_FIELDS


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_never_believed_and_never_an_accident(body: bytes) -> None:
    rejection_of(body)


@settings(deadline=None)
@given(st.permutations(sorted(TRUE_FIELDS)), st.integers(1, len(TRUE_FIELDS) - 1))
def test_fields_may_change_places_but_none_may_be_left_out_or_merged(names: list[str], place: int) -> None:
    form = {name: TRUE_FIELDS[name] for name in names}
    assert dict(GATEWAY.read_notice(urlencode(form).encode()).raw) == TRUE_FIELDS
    gone = form.pop(names[place])
    rejection_of(urlencode(form).encode())
    form[names[place - 1]] += f"&{names[place]}={gone}"
    rejection_of(urlencode(form).encode())


def test_a_return_says_which_order_and_cannot_pass_for_a_notice() -> None:
    query = notice_form({"method": "alipay.trade.page.pay.return", "trade_status": None, "notify_type": None})
    ticket = GATEWAY.read_return(query)
    assert (ticket.out_trade_no, ticket.total_fen) == ("W20260302001", 8880)
    assert rejection_of(query) is NoticeFault.WRONG_KIND


def test_a_notice_cannot_pass_for_a_return_and_a_forged_return_is_refused() -> None:
    with pytest.raises(NoticeRejected):
        GATEWAY.read_return(notice_form())
    forged = notice_form({"method": "alipay.trade.page.pay.return"}, key_pem=strangers_key_pem())
    with pytest.raises(NoticeRejected) as rejected:
        GATEWAY.read_return(forged)
    assert rejected.value.reason is NoticeFault.BAD_SIGNATURE
    assert rejected.value.claimed["out_trade_no"] == "W20260302001"


def test_the_merchants_private_key_is_not_written_anywhere() -> None:
    assert "PRIVATE" not in repr(GATEWAY.merchant)
    assert alipay_key_pem() != app_key_pem()

"""Reading a day's bill: what Alipay writes is read to the fen, and what is not its bill of that day is not believed."""

import contextlib
import zipfile
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cishan.reconciliation.reading import BillFault, UnreadableBill, read_bill
from cishan.reconciliation.states import BillRowKind
from gateway_makers import SELLER_ID
from reconciliation.bill_makers import HEADER, Listed, bill_zip, details_text, zip_of

DAY = date(2025, 3, 3)
PAID = Listed("2025030322001400000000000001", "C20250303aa", 30_000, "2025-03-03 09:05:00", fee_fen=180)
BACK = Listed("2025030322001400000000000001", "C20250303aa", 1_250, "2025-03-03 18:00:00", request_no="R1", fee_fen=7)
NAME = f"{SELLER_ID}_20250303_业务明细.csv"


def fault_of(data: bytes, *, seller_id: str = SELLER_ID, day: date = DAY) -> BillFault:
    with pytest.raises(UnreadableBill) as refused:
        read_bill(data, seller_id=seller_id, day=day)
    return refused.value.fault


def zip_of_text(text: str, name: str = NAME) -> bytes:
    return zip_of([(name, text.encode("gb18030"))])


@pytest.mark.parametrize("refunds_negative", [True, False])
def test_a_payment_and_its_refund_are_read_whatever_sign_the_refund_has(refunds_negative: bool) -> None:
    bill = read_bill(bill_zip([PAID, BACK], DAY, refunds_negative=refunds_negative), seller_id=SELLER_ID, day=DAY)
    paid, back = bill.lines
    assert (paid.kind, paid.amount_fen, paid.received_fen, paid.fee_fen) == (BillRowKind.PAYMENT, 30_000, 30_000, 180)
    assert (back.kind, back.amount_fen, back.request_no, back.fee_fen) == (BillRowKind.REFUND, 1_250, "R1", -7)
    assert paid.finished_at == datetime(2025, 3, 3, 1, 5, tzinfo=UTC)
    assert bill.fee_fen == 173


def test_an_empty_day_is_a_bill_without_rows() -> None:
    assert read_bill(bill_zip([], DAY), seller_id=SELLER_ID, day=DAY).lines == ()


def test_the_hash_is_of_the_rows_and_not_of_the_hour_of_export() -> None:
    text = details_text([PAID], DAY)
    first = read_bill(zip_of_text(text), seller_id=SELLER_ID, day=DAY)
    later = read_bill(zip_of_text(text.replace("09:03:00", "11:40:00")), seller_id=SELLER_ID, day=DAY)
    other = read_bill(bill_zip([BACK], DAY), seller_id=SELLER_ID, day=DAY)
    assert first.sha256 == later.sha256 != other.sha256


def test_a_comma_in_another_shops_subject_moves_no_sum() -> None:
    row = Listed("2025030322001400000000000009", "SHOP1", 1_990, "2025-03-03 10:00:00", subject="书,本子,笔")
    assert read_bill(bill_zip([row], DAY), seller_id=SELLER_ID, day=DAY).lines[0].amount_fen == 1_990


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", BillFault.NOT_A_ZIP),
        (b"<html>404</html>", BillFault.NOT_A_ZIP),
        (bill_zip([PAID], DAY)[:-40], BillFault.NOT_A_ZIP),
        (zip_of([("readme.txt", b"hello")]), BillFault.NO_DETAILS),
        (zip_of([(NAME, b"\xff\xff\xff")]), BillFault.BAD_TEXT),
        (zip_of_text("#支付宝业务明细查询\r\n"), BillFault.NO_HEADER),
        (zip_of_text(details_text([PAID], DAY).replace("商户订单号", "订单号")), BillFault.NO_HEADER),
        (zip_of_text(details_text([PAID], DAY).replace("300.00,300.00", "300.00,3e2")), BillFault.BAD_ROW),
        (zip_of_text(details_text([PAID], DAY).replace("交易\t", "转账\t")), BillFault.BAD_ROW),
        (bill_zip([PAID], date(2025, 3, 4)), BillFault.WRONG_DAY),
        (zip_of_text(details_text([PAID], DAY).replace("2025-03-03 09", "2025-03-02 09")), BillFault.WRONG_DAY),
        (bill_zip([PAID], DAY, seller_id="2088000000000999"), BillFault.WRONG_SELLER),
        (zip_of_text(details_text([PAID], DAY).replace("交易合计：1笔", "交易合计：2笔")), BillFault.WRONG_TOTALS),
        (zip_of_text(details_text([PAID], DAY).replace("共300.00元", "共300.01元")), BillFault.WRONG_TOTALS),
        (bill_zip([PAID, PAID], DAY), BillFault.TWICE),
    ],
)
def test_a_file_that_is_not_this_days_bill_is_not_believed(data: bytes, fault: BillFault) -> None:
    assert fault_of(data) is fault


def test_a_zip_bomb_stops_at_the_limit() -> None:
    bomb = zip_of([(NAME, b"0" * 50_000_000)])
    assert len(bomb) < 100_000
    with pytest.raises(UnreadableBill) as refused:
        read_bill(bomb, seller_id=SELLER_ID, day=DAY, most_bytes=1_000_000)
    assert refused.value.fault is BillFault.TOO_LARGE


def test_an_entry_with_a_password_is_no_bill() -> None:
    data = bytearray(bill_zip([PAID], DAY))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        place = data.find(mark) + (6 if mark == b"PK\x03\x04" else 8)
        data[place] |= 1
    assert fault_of(bytes(data)) is BillFault.NOT_A_ZIP


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_at_all_end_in_anything_but_a_fault(data: bytes) -> None:
    with pytest.raises(UnreadableBill):
        read_bill(data, seller_id=SELLER_ID, day=DAY)


WHOLE = bill_zip([PAID, BACK], DAY)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_one_changed_byte_is_noticed_or_changes_nothing(place: int, change: int) -> None:
    data = bytearray(WHOLE)
    data[place] ^= change
    try:
        bill = read_bill(bytes(data), seller_id=SELLER_ID, day=DAY)
    except UnreadableBill:
        return
    assert bill == read_bill(WHOLE, seller_id=SELLER_ID, day=DAY)


cells = st.text(st.characters(codec="gbk", exclude_characters="\r\n"), max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.lists(cells, min_size=1, max_size=30))
def test_no_row_ends_in_anything_but_a_fault(row: list[str]) -> None:
    text = f"{HEADER}\r\n{','.join(row)}\r\n"
    with contextlib.suppress(UnreadableBill):
        read_bill(zip_of_text(text), seller_id=SELLER_ID, day=DAY)


amounts = st.integers(1, 10**13)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(amounts, st.booleans(), amounts), max_size=8))
def test_every_sum_is_read_as_it_was_written(sums: list[tuple[int, bool, int]]) -> None:
    rows = [
        Listed(f"T{number}", f"C{number}", amount, "2025-03-03 12:00:00", request_no="R" if refund else "", fee_fen=fee)
        for number, (amount, refund, fee) in enumerate(sums)
    ]
    bill = read_bill(bill_zip(rows, DAY), seller_id=SELLER_ID, day=DAY)
    assert [line.amount_fen for line in bill.lines] == [amount for amount, _, _ in sums]
    assert bill.fee_fen == sum(-fee if refund else fee for _, refund, fee in sums)


def test_names_in_utf_8_are_read_as_well() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(NAME, details_text([PAID], DAY).encode("gb18030"))
    assert len(read_bill(out.getvalue(), seller_id=SELLER_ID, day=DAY).lines) == 1

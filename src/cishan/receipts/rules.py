"""Pure decisions about receipts: who may ask, what a number looks like, by when."""

import re
import secrets
from datetime import datetime

from stdnum.cn import ric, uscc

from cishan.errors import Conflict, InvalidInput
from cishan.receipts.states import PayerKind, ReceiptState
from cishan.working_days import end_of_working_days

DAYS_TO_ISSUE = 7
"""Working days from the request. 慈善法 art. 38 asks for a receipt and names no day; the guide of 2011 tells a donor of a
received gift in 7 working days, and that is taken."""
DAYS_TO_REVERSE = 3
"""Working days in which the red number is entered; no rule sets a figure."""
TOKEN_BYTES = 16

# Codes of electronic fiscal bills end in two digits of their year; numbers run on inside a code (公告 2020 年第 24 号 of four
# ministries describes the form for road tolls; 财综〔2024〕1号 art. 6 lists code, number and check code for gifts).
CODE = re.compile(r"[0-9]{8}", re.ASCII)
NUMBER = re.compile(r"[0-9]{10}", re.ASCII)
CHECK_CODE = re.compile(r"[0-9A-Za-z]{6}", re.ASCII)

CAN_ASK = frozenset({ReceiptState.NOT_ASKED, ReceiptState.REFUSED, ReceiptState.REVERSED})


def state_of(
    *, left_fen: int, is_waiting: bool, has_live_receipt: bool, was_reversed: bool, was_refused: bool
) -> ReceiptState:
    """Where a gift stands with its receipt, from what there is."""
    if is_waiting:
        return ReceiptState.WAITING
    if has_live_receipt:
        return ReceiptState.ISSUED
    if left_fen <= 0:
        return ReceiptState.NOTHING_LEFT
    if was_reversed:
        return ReceiptState.REVERSED
    return ReceiptState.REFUSED if was_refused else ReceiptState.NOT_ASKED


def refuse_second_request(state: ReceiptState) -> None:
    """One gift, one receipt: raises Conflict unless one may be asked for now."""
    sentences = {
        ReceiptState.WAITING: "这笔捐款的票据已经申请过，财务正在开。",
        ReceiptState.ISSUED: "这笔捐款已经开过票据。一笔捐款只开一张。",
        ReceiptState.NOTHING_LEFT: "这笔钱已经退回或者还在处理，没有可以开票的金额。",
    }
    if state not in CAN_ASK:
        raise Conflict(sentences[state])


def check_payer(kind: PayerKind, number: str) -> str:
    """The payer's number in its standard form, or empty; raises InvalidInput for a wrong one (R-44)."""
    plain = re.sub(r"[\s-]", "", number).upper()
    if kind is PayerKind.ORGANISATION:
        if not uscc.is_valid(plain):
            raise InvalidInput({"payer_number": "统一社会信用代码不对，请照登记证书再看一遍。"})
        return plain
    if plain and not (len(plain) == 18 and ric.is_valid(plain)):
        raise InvalidInput({"payer_number": "身份证号码不对，请再看一遍。不想写可以空着。"})
    return plain


def check_bill(code: str, number: str, check_code: str, *, year: int) -> dict[str, str]:
    """What is wrong with a bill's numbers, by field; a code carries its year in the last two digits."""
    faults: dict[str, str] = {}
    if not CODE.fullmatch(code):
        faults["code"] = "票据代码是 8 位数字。"
    elif int(code[6:]) != year % 100:
        faults["code"] = f"票据代码最后两位是年份，今年是 {year % 100:02d}。请看看是不是拿了别的年份的票。"
    if not NUMBER.fullmatch(number):
        faults["number"] = "票据号码是 10 位数字。"
    if not CHECK_CODE.fullmatch(check_code):
        faults["check_code"] = "校验码是 6 位数字或字母。"
    return faults


def due_after_request(now: datetime) -> datetime:
    return end_of_working_days(now, DAYS_TO_ISSUE)


def due_after_reversal(now: datetime) -> datetime:
    return end_of_working_days(now, DAYS_TO_REVERSE)


def register_number(year: int, number: int) -> str:
    """Our own number of a receipt: 2025-000012."""
    return f"{year}-{number:06d}"


def new_certificate_token() -> str:
    """128 random bits, in letters and digits of which the QR code is small: base32 of 26 characters."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    value = secrets.randbits(8 * TOKEN_BYTES)
    return "".join(alphabet[value >> (5 * place) & 31] for place in reversed(range(26)))

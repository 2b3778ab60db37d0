"""Transfers to accounts, as `alipay.fund.trans.uni.transfer` makes them: once for a number, to an account that is there.

Accounts are made up: whose login ends with `nobody` is not there, and one that names its holder as `holder+name@…` belongs to
that name alone; any other belongs to whom it is sent to.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cishan.clock import beijing_day
from cishan.money import fen_from_yuan_text, yuan_text
from cishan.payments.alipay.terms import TransferStatus, beijing_text
from cishan.payments.sandbox import protocol
from cishan.payments.sandbox.faults import Fault
from cishan.payments.sandbox.trades import BusinessFailure

if TYPE_CHECKING:
    from cishan.payments.sandbox.engine import Sandbox

LEAST_FEN, MOST_FEN = 10, 100_000_000 * 100
PRODUCT, SCENE = "TRANS_ACCOUNT_NO_PWD", "DIRECT_TRANSFER"
SCENE_NAMES = frozenset(
    {"现金营销", "企业退款", "佣金报酬", "业务结算", "二手回收", "公益补助", "行政补贴和退款", "保险理赔"}
)
IDENTITY_TYPES = frozenset({"ALIPAY_USER_ID", "ALIPAY_LOGON_ID"})
NUMBER = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
HOLDER = re.compile(r"holder\+([^@]+)@.+")
NOBODY = "nobody"


@dataclass(frozen=True)
class SandboxTransfer:
    app_id: str
    out_biz_no: str
    order_id: str
    amount_fen: int
    account: str
    name: str
    title: str
    made_at: datetime

    def is_same(self, other: "SandboxTransfer") -> bool:
        return (self.amount_fen, self.account, self.name) == (other.amount_fen, other.account, other.name)


class TransferDesk:
    """Answers a merchant's calls about transfers."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def make(self, app_id: str, biz: Mapping[str, Any]) -> dict[str, Any]:
        asked = _read(app_id, biz, self._sandbox.now())
        faults = self._sandbox.faults_of(asked.out_biz_no)
        made = self._sandbox.store.transfer(app_id, asked.out_biz_no)
        if made is not None and not made.is_same(asked):
            raise BusinessFailure("PAYMENT_INFO_INCONSISTENCY", "两次请求的单号一样，金额或收款人不一样")
        if made is None:
            _check_payee(asked)
            if Fault.NO_BALANCE in faults:
                raise BusinessFailure("PAYER_BALANCE_NOT_ENOUGH", "付款方余额不足")
            made = asked
            self._sandbox.store.keep_transfer(made)
        status = TransferStatus.DEALING if Fault.DEALING in faults else TransferStatus.SUCCESS
        return protocol.success({**_told(made, status), "trans_date": beijing_text(made.made_at)})

    def query(self, app_id: str, biz: Mapping[str, Any]) -> dict[str, Any]:
        number = str(biz.get("out_biz_no", ""))
        faults = self._sandbox.faults_of(number)
        made = self._sandbox.store.transfer(app_id, number)
        if made is None:
            raise BusinessFailure("ORDER_NOT_EXIST", "转账单据不存在")
        status = TransferStatus.SUCCESS
        if Fault.DEALING in faults:
            status = TransferStatus.DEALING
        elif Fault.COMES_BACK in faults:
            status = TransferStatus.REFUND
        extra = 1 if Fault.WRONG_ANSWER_AMOUNT in faults else 0
        return protocol.success(
            {
                **_told(made, status),
                "pay_date": beijing_text(made.made_at),
                "trans_amount": yuan_text(made.amount_fen + extra),
            }
        )


def _told(made: SandboxTransfer, status: TransferStatus) -> dict[str, Any]:
    return {"order_id": made.order_id, "out_biz_no": made.out_biz_no, "status": status.value}


def _read(app_id: str, biz: Mapping[str, Any], now: datetime) -> SandboxTransfer:
    number, payee = str(biz.get("out_biz_no", "")), biz.get("payee_info")
    if NUMBER.fullmatch(number) is None or not isinstance(payee, dict):
        raise BusinessFailure("INVALID_PARAMETER", "out_biz_no 或 payee_info 不对")
    if (biz.get("product_code"), biz.get("biz_scene")) != (PRODUCT, SCENE):
        raise BusinessFailure("INVALID_PARAMETER", "product_code 或 biz_scene 不对")
    if biz.get("transfer_scene_name") not in SCENE_NAMES:
        raise BusinessFailure("TRANSFER_SCENE_NAME_BLANK", "缺少 transfer_scene_name")
    try:
        amount_fen = fen_from_yuan_text(str(biz.get("trans_amount", "")))
    except ValueError as error:
        raise BusinessFailure("INVALID_PARAMETER", "trans_amount 不是金额") from error
    if not LEAST_FEN <= amount_fen <= MOST_FEN:
        raise BusinessFailure("EXCEED_LIMIT_SM_AMOUNT", "单笔金额超限")
    account, name = str(payee.get("identity", "")), str(payee.get("name", ""))
    if payee.get("identity_type") not in IDENTITY_TYPES or not account:
        raise BusinessFailure("INVALID_PARAMETER", "payee_info 不对")
    if payee["identity_type"] == "ALIPAY_LOGON_ID" and not name:
        raise BusinessFailure("INVALID_PARAMETER", "用登录号收款时要填姓名")
    digest = hashlib.sha256(f"{app_id} {number}".encode()).digest()
    order_id = f"{beijing_day(now):%Y%m%d}{int.from_bytes(digest[:12]) % 10**20:020d}"
    return SandboxTransfer(app_id, number, order_id, amount_fen, account, name, str(biz.get("order_title", "")), now)


def _check_payee(asked: SandboxTransfer) -> None:
    if asked.account.endswith(NOBODY):
        raise BusinessFailure("PAYEE_NOT_EXIST", "收款账号不存在")
    holder = HOLDER.fullmatch(asked.account)
    if holder is not None and holder.group(1) != asked.name:
        raise BusinessFailure("PAYEE_USERINFO_ERROR", "收款账号和姓名不一致")

"""Bills as Alipay writes them, and a gateway that serves them: for the tests of reconciliation."""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

import httpx2

from cishan.clock import SteppedClock
from cishan.money import yuan_text
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.alipay.signing import load_private_key, sign_bytes
from gateway_makers import SELLER_ID, alipay_key_pem, make_merchant

HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)


@dataclass(frozen=True)
class Listed:
    """A row to be written: a payment, or with `request_no` a refund."""

    trade_no: str
    out_trade_no: str
    amount_fen: int
    at: str
    request_no: str = ""
    fee_fen: int = 0
    received_fen: int | None = None
    subject: str = "微心愿捐款7号"


def row_text(row: Listed, *, refunds_negative: bool = True) -> str:
    sign = -1 if row.request_no and refunds_negative else 1
    received = row.amount_fen if row.received_fen is None else row.received_fen
    fee = -row.fee_fen if not row.request_no else row.fee_fen
    return (
        f"{row.trade_no}\t,{row.out_trade_no}\t,{'退款' if row.request_no else '交易'}\t,{row.subject}\t,{row.at},{row.at},"
        f"\t,\t,\t,\t,**佳(yan***@163.com)\t,{yuan_text(sign * row.amount_fen)},{yuan_text(sign * received)},"
        f"0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,{row.request_no}\t,{yuan_text(fee)},0.00,"
    )


def details_text(
    rows: Sequence[Listed], day: date, *, seller_id: str = SELLER_ID, refunds_negative: bool = True
) -> str:
    paid = [row for row in rows if not row.request_no]
    returned = [row for row in rows if row.request_no]
    totals = [
        sum(row.amount_fen if row.received_fen is None else row.received_fen for row in part)
        for part in (paid, returned)
    ]
    lines = [
        "#支付宝业务明细查询",
        f"#账号：[{seller_id}]",
        f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{day + timedelta(days=1):%Y年%m月%d日} 00:00:00]",
        f"#{'-' * 30}业务明细列表{'-' * 30}",
        HEADER,
        *(row_text(row, refunds_negative=refunds_negative) for row in rows),
        f"#{'-' * 30}业务明细列表结束{'-' * 30}",
        f"#交易合计：{len(paid)}笔，商家实收共{yuan_text(totals[0])}元，商家优惠共0.00元",
        f"#退款合计：{len(returned)}笔，商家实收退款共-{yuan_text(totals[1])}元，商家优惠退款共0.00元",
        f"#导出时间：[{day + timedelta(days=1):%Y年%m月%d日} 09:03:00]",
    ]
    return "".join(f"{line}\r\n" for line in lines)


class GbkName(zipfile.ZipInfo):
    """An entry whose name is GBK without the mark of UTF-8, as Alipay's are."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def zip_of(files: Sequence[tuple[str, bytes]]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(GbkName(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def bill_zip(rows: Sequence[Listed], day: date, **options: Any) -> bytes:
    stem = f"{SELLER_ID}_{day:%Y%m%d}_业务明细"
    details = details_text(rows, day, **options).encode("gb18030")
    return zip_of([(f"{stem}.csv", details), (f"{stem}(汇总).csv", "#支付宝业务汇总查询\r\n".encode("gbk"))])


@dataclass
class FakeAlipay:
    """Answers what the tests want, signed as Alipay signs: the address of a bill, the bill itself, a query of a trade."""

    bills: dict[date, bytes] = field(default_factory=dict)
    trades: dict[str, dict[str, str]] = field(default_factory=dict)
    refusal: str = ""
    away: bool = False
    address: str = "http://127.0.0.1:9/bill/{day}"
    fetched: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """The methods that were called, in order."""

    def gateway(self, clock: SteppedClock) -> AlipayGateway:
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer))
        return AlipayGateway(make_merchant(), clock, client=client)

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.away:
            raise httpx2.ConnectError("away")
        if request.method == "GET":
            self.fetched.append(str(request.url))
            day = date.fromisoformat(request.url.path.rsplit("/", 1)[1])
            return httpx2.Response(200, content=self.bills[day])
        method = parse_qs(request.url.query.decode())["method"][0]
        self.asked.append(method)
        asked = json.loads(parse_qs((await request.aread()).decode())["biz_content"][0])
        content = self._bill(asked) if method.endswith("downloadurl.query") else self._trade(asked["out_trade_no"])
        name = method.replace(".", "_") + "_response"
        inner = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        signature = sign_bytes(inner.encode(), load_private_key(alipay_key_pem()))
        return httpx2.Response(200, content=f'{{"{name}":{inner},"sign":"{signature}"}}'.encode())

    def _bill(self, asked: dict[str, str]) -> dict[str, str]:
        day = date.fromisoformat(asked["bill_date"])
        if self.refusal or day not in self.bills:
            sub_code = self.refusal or "NO_BILL_DATA"
            return {"code": "40004", "msg": "Business Failed", "sub_code": f"isp.{sub_code}", "sub_msg": "账单不存在"}
        return {"code": "10000", "msg": "Success", "bill_download_url": self.address.format(day=day)}

    def _trade(self, out_trade_no: str) -> dict[str, str]:
        trade = self.trades.get(out_trade_no)
        if trade is None:
            return {"code": "40004", "msg": "Business Failed", "sub_code": "ACQ.TRADE_NOT_EXIST"}
        return {"code": "10000", "msg": "Success", "out_trade_no": out_trade_no, **trade}

"""The daily bill: a zip of two GBK files, framed by lines with `#`, as the real one has been seen to be."""

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO

from cishan.clock import BEIJING
from cishan.money import yuan_text
from cishan.payments.alipay.terms import beijing_text
from cishan.payments.sandbox.trades import SandboxRefund, SandboxTrade

READY_AT_HOUR = 9
"""The bill of a day is there at this hour of the next day in China."""
ADDRESS_LIVES = timedelta(seconds=30)
KEPT_DAYS = 6 * 365

COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
SUMMARY_COLUMNS = (
    "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,"
    "卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"
)
BUYER = "**光(139****0001)"
RULE = "-" * 40


@dataclass(frozen=True)
class BillLine:
    """One row: a payment, or a refund with a negative sum and the merchant's number of it."""

    trade: SandboxTrade
    amount_fen: int
    at: datetime
    request_no: str = ""
    fee_fen: int = 0

    @property
    def is_refund(self) -> bool:
        return bool(self.request_no)


def payment_line(trade: SandboxTrade, fee_per_ten_thousand: int, extra_fen: int) -> BillLine:
    assert trade.paid_at is not None
    amount_fen = trade.total_fen + extra_fen
    return BillLine(trade, amount_fen, trade.paid_at, fee_fen=(amount_fen * fee_per_ten_thousand + 5_000) // 10_000)


def refund_line(refund: SandboxRefund, trade: SandboxTrade) -> BillLine:
    return BillLine(trade, -refund.amount_fen, refund.refunded_at, refund.request_no)


def bill_zip(seller_id: str, day: date, lines: Sequence[BillLine], now: datetime) -> bytes:
    """The whole file of a day."""
    stem = f"{seller_id}_{day:%Y%m%d}_业务明细"
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in ((f"{stem}.csv", _details), (f"{stem}(汇总).csv", _summary)):
            archive.writestr(_GbkName(name), text(seller_id, day, lines, now).encode("gbk"))
    return out.getvalue()


class _GbkName(zipfile.ZipInfo):
    """An entry whose name is written in GBK and not marked as anything else."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def _frame(seller_id: str, day: date, what: str) -> list[str]:
    last = f"{day + timedelta(days=1):%Y年%m月%d日} 00:00:00"
    return [
        "#支付宝业务明细查询",
        f"#账号：[{seller_id}]",
        f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{last}]",
        f"#{RULE}{what}列表{RULE}",
    ]


def _details(seller_id: str, day: date, lines: Sequence[BillLine], now: datetime) -> str:
    payments = [line for line in lines if not line.is_refund]
    refunds = [line for line in lines if line.is_refund]
    return _text(
        [
            *_frame(seller_id, day, "业务明细"),
            COLUMNS,
            *(_row(line) for line in lines),
            f"#{RULE}业务明细列表结束{RULE}",
            f"#交易合计：{len(payments)}笔，商家实收共{yuan_text(_sum(payments))}元，商家优惠共0.00元",
            f"#退款合计：{len(refunds)}笔，商家实收退款共{yuan_text(_sum(refunds))}元，商家优惠退款共0.00元",
            f"#导出时间：[{now.astimezone(BEIJING):%Y年%m月%d日 %H:%M:%S}]",
        ]
    )


def _row(line: BillLine) -> str:
    amount, fee = yuan_text(line.amount_fen), yuan_text(-line.fee_fen) if line.fee_fen else "0.00"
    trade = line.trade
    cells = (
        *(_cell(trade.trade_no), _cell(trade.out_trade_no), _cell("退款" if line.is_refund else "交易")),
        *(_cell(trade.subject), beijing_text(trade.created_at), beijing_text(line.at)),
        *([_cell("")] * 4),
        _cell(BUYER),
        *(amount, amount, "0.00", "0.00", "0.00", "0.00", "0.00"),
        *("", "0.00\t", "0.00"),
        *(_cell(line.request_no), fee, "0.00", "公益捐款\t"),
    )
    return ",".join(cells)


def _summary(seller_id: str, day: date, lines: Sequence[BillLine], now: datetime) -> str:
    refunds = sum(line.is_refund for line in lines)
    total, fees = _sum(lines), sum(line.fee_fen for line in lines)
    sums = (
        yuan_text(total),
        yuan_text(total),
        "0.00",
        "0.00",
        "0.00",
        yuan_text(-fees),
        "0.00",
        yuan_text(total - fees),
    )
    row = ",".join(("合计\t", "\t", str(len(lines) - refunds), str(refunds), *sums))
    frame = _frame(seller_id, day, "业务汇总")
    return _text([*frame, SUMMARY_COLUMNS, row, f"#{RULE}业务汇总列表结束{RULE}", f"#导出时间：[{beijing_text(now)}]"])


def _cell(text: str) -> str:
    """Texts of the real bill end in a tab, so that a spreadsheet leaves long numbers alone."""
    return f"{text}\t"


def _sum(lines: Iterable[BillLine]) -> int:
    return sum(line.amount_fen for line in lines)


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)

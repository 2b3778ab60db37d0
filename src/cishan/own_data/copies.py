"""The copy of one's own data, as a file that people and programs can read (PIPL art. 45). Pure."""

import json
from datetime import datetime

from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.database import JsonRow
from cishan.labels import label
from cishan.money import yuan_text
from cishan.own_data.queries import Held
from cishan.payments.states import LateChoice, OrderStatus, PayChannel
from cishan.receipts.states import RequestStatus
from cishan.refunds.states import RefundStatus
from cishan.templating import moment


def copy_of(held: Held, *, charity: str, now: datetime) -> bytes:
    """JSON in UTF-8 with Chinese names; sums as text in yuan, times as China reads them."""
    data = {
        "说明": f"{charity}保存的您的资料，{moment(now)}导出。密码只存指纹，不在里面。",
        "账号": {
            "姓名": held.name,
            "手机号码": held.phone,
            "单位": held.organisation,
            "统一社会信用代码": held.uscc,
            "大字版": held.elder_mode,
            "登记时间": moment(held.registered_at),
        },
        "登录过的设备": [
            {"设备": row["device"], "登录": moment(row["created_at"]), "最近使用": moment(row["seen_at"])}
            for row in held.devices
        ],
        "认领": [_claim(row) for row in held.claims],
        "订单": [_order(row) for row in held.orders],
        "退款": [
            {
                "订单号": row["out_trade_no"],
                "金额（元）": yuan_text(row["amount_fen"]),
                "状态": label(RefundStatus(row["status"])),
                "时间": moment(row["succeeded_at"] or row["created_at"]),
            }
            for row in held.refunds
        ],
        "票据申请": [_request(row) for row in held.requests],
        "捐赠证书": [
            {"金额（元）": yuan_text(row["amount_fen"]), "署名": not row["anonymous"], "时间": moment(row["made_at"])}
            for row in held.certificates
        ],
        "消息": [{"时间": moment(row["at"]), "内容": row["text"]} for row in held.messages],
    }
    return json.dumps(data, ensure_ascii=False, indent=1).encode()


def _claim(row: JsonRow) -> JsonRow:
    return {
        "心愿": row["public_title"],
        "方式": label(ClaimWay(row["way"])),
        "状态": label(ClaimStatus(row["status"])),
        "金额（元）": yuan_text(row["price_fen"]),
        "时间": moment(row["claimed_at"]),
    }


def _order(row: JsonRow) -> JsonRow:
    return {
        "订单号": row["out_trade_no"],
        "状态": label(OrderStatus(row["status"])),
        "应付（元）": yuan_text(row["total_fen"]),
        "实付（元）": yuan_text(row["paid_fen"]) if row["paid_fen"] else "",
        "付款迟到、多付时": label(LateChoice(row["late_choice"])),
        "付款方式": label(PayChannel(row["channel"])),
        "交易号": row["trade_no"] or "",
        "想说的话": row["note"],
        "下单": moment(row["created_at"]),
        "付款": moment(row["paid_at"]) if row["paid_at"] else "",
    }


def _request(row: JsonRow) -> JsonRow:
    return {
        "交款人": row["payer_name"],
        "证件号码": row["payer_number"],
        "状态": label(RequestStatus(row["status"])),
        "申请": moment(row["requested_at"]),
        "票据代码": row["code"] or "",
        "票据号码": row["number"] or "",
        "金额（元）": yuan_text(row["amount_fen"]) if row["amount_fen"] else "",
    }

"""The wire: reading a signed request of a merchant, and writing a signed answer."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from cishan.payments.alipay.signing import SIGN_TYPE, sign_bytes, string_to_sign, verify
from cishan.payments.alipay.terms import instant_from_beijing_text

PAGE_PAY = "alipay.trade.page.pay"
WAP_PAY = "alipay.trade.wap.pay"
QUERY = "alipay.trade.query"
CLOSE = "alipay.trade.close"
PRECREATE = "alipay.trade.precreate"
REFUND = "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"
BILL = "alipay.data.dataservice.bill.downloadurl.query"
TRANSFER = "alipay.fund.trans.uni.transfer"
TRANSFER_QUERY = "alipay.fund.trans.common.query"
METHODS = frozenset({PAGE_PAY, WAP_PAY, QUERY, CLOSE, PRECREATE, REFUND, REFUND_QUERY, BILL, TRANSFER, TRANSFER_QUERY})

# A parameter, the name that error codes give it, and its greatest length.
_REQUIRED = (
    ("app_id", "app-id", 32),
    ("method", "method", 128),
    ("sign_type", "signature-type", 10),
    ("sign", "signature", 344),
    ("timestamp", "timestamp", 19),
    ("version", "version", 3),
)
_OPTIONAL = (
    ("format", "format", 40),
    ("charset", "charset", 10),
    ("notify_url", "notify-url", 256),
    ("return_url", "return-url", 256),
)
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


class ProtocolError(Exception):
    """The request itself is at fault: 40001 for what is missing, 40002 for what is wrong."""

    def __init__(self, code: str, sub_code: str, sub_msg: str) -> None:
        super().__init__(f"{code} {sub_code}")
        self.code = code
        self.sub_code = sub_code
        self.sub_msg = sub_msg


@dataclass(frozen=True)
class Call:
    """A request whose signature held."""

    app_id: str
    method: str
    params: Mapping[str, str]
    biz: Mapping[str, Any]


def merged(query: bytes, body: bytes) -> dict[str, str]:
    """The parameters of query and form together: the SDK puts public ones in the query, the rest in the
    form.
    """
    try:
        pairs = [
            pair
            for part in (query, body)
            for pair in parse_qsl(part.decode("ascii"), keep_blank_values=True, errors="strict")
        ]
    except UnicodeDecodeError as error:
        raise ProtocolError("40002", "isv.invalid-encoding", "参数编码无效") from error
    params = dict(pairs)
    if len(params) != len(pairs):
        raise ProtocolError("40002", "isv.invalid-parameter", "参数重复")
    return params


def read_call(params: dict[str, str], keys: Mapping[str, RSAPublicKey]) -> Call:
    """Checks what every request must have, then the signature of the named application."""
    for name, spoken, longest in _REQUIRED:
        if not params.get(name):
            raise ProtocolError("40001", f"isv.missing-{spoken}", f"缺少参数 {name}")
        _refuse_long(params[name], spoken, longest)
    for name, spoken, longest in _OPTIONAL:
        _refuse_long(params.get(name, ""), spoken, longest)
    key = keys.get(params["app_id"])
    if key is None:
        raise ProtocolError("40002", "isv.invalid-app-id", "无效的 AppID")
    if params["sign_type"] != SIGN_TYPE:
        raise ProtocolError("40002", "isv.invalid-signature-type", "无效的签名类型")
    if params.get("charset", "utf-8").lower() != "utf-8":
        raise ProtocolError("40002", "isv.invalid-charset", "无效的字符集")
    if not verify(string_to_sign(params).encode(), params["sign"], [key]):
        raise ProtocolError("40002", "isv.invalid-signature", "验签出错，请检查签名与公钥是否匹配")
    _refuse_wrong_values(params)
    return Call(params["app_id"], params["method"], params, _biz_content(params))


def _refuse_long(value: str, spoken: str, longest: int) -> None:
    if len(value) > longest:
        raise ProtocolError("40002", f"isv.invalid-{spoken}", f"参数超过 {longest} 个字符")


def _refuse_wrong_values(params: Mapping[str, str]) -> None:
    if params["method"] not in METHODS:
        raise ProtocolError("40002", "isv.invalid-method", "不存在的方法名")
    if params["version"] != "1.0" or params.get("format", "json").lower() != "json":
        raise ProtocolError("40002", "isv.invalid-format", "无效的版本或格式")
    try:
        if _TIMESTAMP.fullmatch(params["timestamp"]) is None:
            raise ValueError("not the form of a timestamp")
        instant_from_beijing_text(params["timestamp"])
    except ValueError as error:
        raise ProtocolError("40002", "isv.invalid-timestamp", "时间戳参数无效") from error


def _biz_content(params: Mapping[str, str]) -> dict[str, Any]:
    try:
        biz = json.loads(params.get("biz_content") or "{}")
    except (ValueError, RecursionError):
        biz = None
    if not isinstance(biz, dict):
        raise ProtocolError("40002", "isv.invalid-parameter", "biz_content 不是 JSON 对象")
    return biz


def success(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": "10000", "msg": "Success", **content}


def failure(sub_code: str, sub_msg: str) -> dict[str, Any]:
    return {"code": "40004", "msg": "Business Failed", "sub_code": sub_code, "sub_msg": sub_msg}


def undecided() -> dict[str, Any]:
    return {
        "code": "20000",
        "msg": "Service Currently Unavailable",
        "sub_code": "aop.unknow-error",
        "sub_msg": "系统繁忙",
    }


def at_fault(error: ProtocolError) -> dict[str, Any]:
    msg = "Missing Required Arguments" if error.code == "40001" else "Invalid Arguments"
    return {"code": error.code, "msg": msg, "sub_code": error.sub_code, "sub_msg": error.sub_msg}


def envelope(method: str, content: Mapping[str, Any], key: RSAPrivateKey, spoil: bool = False) -> bytes:
    """`{"…_response":{…},"sign":"…"}`: compact, UTF-8, the signature last and over exactly the inner
    bytes.
    """
    name = method.replace(".", "_") + "_response" if method in METHODS else "error_response"
    inner = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    signature = spoilt(sign_bytes(inner, key)) if spoil else sign_bytes(inner, key)
    return b'{"%s":%s,"sign":"%s"}' % (name.encode(), inner, signature.encode())


def unsigned_envelope(method: str) -> bytes:
    """How a gateway in trouble answers: a refusal without a signature, which proves nothing."""
    name = method.replace(".", "_") + "_response"
    inner = json.dumps(
        {"code": "40004", "msg": "Business Failed", "sub_code": "isp.unknow-error", "sub_msg": "系统繁忙"},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return f'{{"{name}":{inner}}}'.encode()


def spoilt(signature: str) -> str:
    """The same signature with its first character changed: well formed, and it fits nothing."""
    return ("B" if signature[0] != "B" else "C") + signature[1:]

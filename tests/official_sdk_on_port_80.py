"""Asks the sandbox with the official SDK, nothing of it changed: run it in a network namespace of its own.

The SDK's `execute()` cannot use a port, so the sandbox listens on 127.0.0.1:80, which only root of the
namespace may. Prints one line of JSON with what the SDK verified and read.
"""

import asyncio
import json

import httpx2
from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.domain.AlipayFundTransCommonQueryModel import AlipayFundTransCommonQueryModel
from alipay.aop.api.domain.AlipayFundTransUniTransferModel import AlipayFundTransUniTransferModel
from alipay.aop.api.domain.AlipayTradeCloseModel import AlipayTradeCloseModel
from alipay.aop.api.domain.AlipayTradeFastpayRefundQueryModel import AlipayTradeFastpayRefundQueryModel
from alipay.aop.api.domain.AlipayTradePagePayModel import AlipayTradePagePayModel
from alipay.aop.api.domain.AlipayTradePrecreateModel import AlipayTradePrecreateModel
from alipay.aop.api.domain.AlipayTradeQueryModel import AlipayTradeQueryModel
from alipay.aop.api.domain.AlipayTradeRefundModel import AlipayTradeRefundModel
from alipay.aop.api.domain.Participant import Participant
from alipay.aop.api.exception.Exception import ResponseException
from alipay.aop.api.request.AlipayFundTransCommonQueryRequest import AlipayFundTransCommonQueryRequest
from alipay.aop.api.request.AlipayFundTransUniTransferRequest import AlipayFundTransUniTransferRequest
from alipay.aop.api.request.AlipayTradeCloseRequest import AlipayTradeCloseRequest
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import AlipayTradeFastpayRefundQueryRequest
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradePrecreateRequest import AlipayTradePrecreateRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.response.AlipayTradeQueryResponse import AlipayTradeQueryResponse
from alipay.aop.api.response.AlipayTradeRefundResponse import AlipayTradeRefundResponse

from cishan.clock import SystemClock
from cishan.payments.alipay.signing import public_key_pem
from cishan.payments.sandbox.faults import Fault
from cishan.payments.sandbox.serve import running_sandbox
from gateway_makers import APP_ID, alipay_key_pem, app_key_pem, make_settings

ORDER = "W20260302001"


def official_client() -> DefaultAlipayClient:
    config = AlipayClientConfig()
    config.server_url = "http://127.0.0.1/gateway.do"
    config.app_id = APP_ID
    config.app_private_key = app_key_pem()
    config.alipay_public_key = public_key_pem(alipay_key_pem())
    return DefaultAlipayClient(config)


def pay_request() -> AlipayTradePagePayRequest:
    model = AlipayTradePagePayModel()
    model.out_trade_no = ORDER
    model.product_code = "FAST_INSTANT_TRADE_PAY"
    model.subject = "微心愿：台灯"
    model.total_amount = "88.80"
    return AlipayTradePagePayRequest(model)


def query(client: DefaultAlipayClient) -> AlipayTradeQueryResponse:
    model = AlipayTradeQueryModel()
    model.out_trade_no = ORDER
    response = AlipayTradeQueryResponse()
    # execute() raises unless the signature of the answer holds.
    response.parse_response_content(client.execute(AlipayTradeQueryRequest(model)))
    return response


def close(client: DefaultAlipayClient) -> str:
    model = AlipayTradeCloseModel()
    model.out_trade_no = ORDER
    code: str = json.loads(client.execute(AlipayTradeCloseRequest(model)))["sub_code"]
    return code


def refund(client: DefaultAlipayClient) -> list[str]:
    model = AlipayTradeRefundModel()
    model.out_trade_no = ORDER
    model.out_request_no = "R1"
    model.refund_amount = "10.00"
    response = AlipayTradeRefundResponse()
    response.parse_response_content(client.execute(AlipayTradeRefundRequest(model)))
    return [response.fund_change, response.refund_fee]


def refund_status(client: DefaultAlipayClient) -> list[str]:
    model = AlipayTradeFastpayRefundQueryModel()
    model.out_trade_no = ORDER
    model.out_request_no = "R1"
    answer = json.loads(client.execute(AlipayTradeFastpayRefundQueryRequest(model)))
    return [answer["refund_status"], answer["refund_amount"]]


def qr_code(client: DefaultAlipayClient) -> str:
    model = AlipayTradePrecreateModel()
    model.out_trade_no = "W20260302002"
    model.subject = "微心愿：台灯"
    model.total_amount = "1.00"
    code: str = json.loads(client.execute(AlipayTradePrecreateRequest(model)))["qr_code"]
    return code


def transfer(client: DefaultAlipayClient) -> list[str]:
    payee = Participant()
    payee.identity, payee.identity_type, payee.name = "zhang@example.cn", "ALIPAY_LOGON_ID", "张三"
    model = AlipayFundTransUniTransferModel()
    model.out_biz_no, model.trans_amount, model.order_title = "P1", "10.00", "慈善救助款"
    model.product_code, model.biz_scene = "TRANS_ACCOUNT_NO_PWD", "DIRECT_TRANSFER"
    model.transfer_scene_name, model.payee_info = "公益补助", payee
    answer = json.loads(client.execute(AlipayFundTransUniTransferRequest(model)))
    return [answer["code"], answer["status"], answer["out_biz_no"]]


def transfer_status(client: DefaultAlipayClient) -> list[str]:
    model = AlipayFundTransCommonQueryModel()
    model.out_biz_no, model.product_code, model.biz_scene = "P1", "TRANS_ACCOUNT_NO_PWD", "DIRECT_TRANSFER"
    answer = json.loads(client.execute(AlipayFundTransCommonQueryRequest(model)))
    return [answer["status"], answer["trans_amount"]]


async def main() -> None:
    client = official_client()
    async with (
        running_sandbox(make_settings(port=80), SystemClock()) as running,
        httpx2.AsyncClient(trust_env=False) as browser,
    ):
        before = await asyncio.to_thread(query, client)
        cashier = await browser.get(client.page_execute(pay_request(), "GET"), follow_redirects=True)
        await browser.post(f"{cashier.url}/pay")
        after = await asyncio.to_thread(query, client)
        refusal = await asyncio.to_thread(close, client)
        refunds = [await asyncio.to_thread(refund, client) for _ in range(2)]
        known = await asyncio.to_thread(refund_status, client)
        code = await asyncio.to_thread(qr_code, client)
        transfers = [await asyncio.to_thread(transfer, client) for _ in range(2)]
        transferred = await asyncio.to_thread(transfer_status, client)
        running.sandbox.set_faults(ORDER, frozenset({Fault.BAD_ANSWER_SIGNATURE}))
        try:
            await asyncio.to_thread(query, client)
            spoilt = "believed"
        except ResponseException as error:
            spoilt = "sign verify failed" if "sign verify failed" in str(error) else str(error)
    seen = {
        "before": before.sub_code,
        "after": [after.code, after.trade_status, after.total_amount, after.out_trade_no],
        "close": refusal,
        "refunds": refunds,
        "refund": known,
        "code": code.startswith("http://127.0.0.1/cashier/"),
        "transfers": transfers,
        "transferred": transferred,
        "spoilt": spoilt,
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    asyncio.run(main())

"""The gateway as the rest of the house sees it: one object per merchant, made once at start."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx2

from cishan.payments.alipay import notices, requests
from cishan.payments.alipay.answers import (
    made_refund_from_answer,
    open_answer,
    refund_from_answer,
    trade_from_answer,
    transfer_from_answer,
)
from cishan.payments.alipay.signing import load_private_key, load_public_keys
from cishan.payments.alipay.terms import (
    PAID,
    Checkout,
    CheckoutTooLate,
    CloseOutcome,
    GatewayAway,
    GatewayRefused,
    GatewayUnknown,
    MadeRefund,
    Merchant,
    Notice,
    NoticeFault,
    NoticeRejected,
    RefundAnswer,
    ReturnTicket,
    Trade,
    TradeStatus,
    Transfer,
    TransferOrder,
)

if TYPE_CHECKING:
    from cishan.clock import Clock

__all__ = [
    "AlipayGateway",
    "Checkout",
    "CheckoutTooLate",
    "CloseOutcome",
    "GatewayAway",
    "GatewayRefused",
    "GatewayUnknown",
    "MadeRefund",
    "Merchant",
    "Notice",
    "NoticeFault",
    "NoticeRejected",
    "RefundAnswer",
    "ReturnTicket",
    "Trade",
    "TradeStatus",
]

MAX_ANSWER_BYTES = 64 * 1024
BILL_HOSTS = (".alipay.com", ".alipayobjects.com", ".alipaydev.com")
MAX_BILL_BYTES = 64 * 1024 * 1024
BILL_SECONDS = 25
"""A bill's address dies after 30."""
MAX_CONNECTIONS = 20
# Shorter than servers commonly keep an idle connection, so that we are not the ones to find it closed.
IDLE_CONNECTION_SECONDS = 4.0

NO_SUCH_TRANSFER = "ORDER_NOT_EXIST"
NO_SUCH_TRADE = frozenset({"ACQ.TRADE_NOT_EXIST", "TRADE_NOT_EXIST"})
# An empty day, or a bill that is not ready yet: the two are not told apart.
NO_BILL = frozenset({"NO_BILL_DATA", "BILL_NOT_EXIST", "isp.NO_BILL_DATA", "isp.BILL_NOT_EXIST"})
# A trade that is not waiting for its buyer is not closed; the refusal does not say whether it is paid or
# closed.
NOT_WAITING = frozenset(
    {
        "ACQ.TRADE_STATUS_ERROR",
        "ACQ.REASON_TRADE_STATUS_INVALID",
        "ACQ.REASON_ILLEGAL_STATUS",
        "ACQ.TRADE_HAS_CLOSE",
        "ACQ.TRADE_HAS_SUCCESS",
        "ACQ.TRADE_HAS_FINISHED",
    }
)


# The client writes the address of every request to its log, and a bill's address is the bill.
logging.getLogger("httpx2").setLevel(logging.WARNING)


class AlipayGateway:
    """Asks Alipay and believes only what it signed.

    `query` and `close` end within `timeout_seconds`, all of it counted: connecting, waiting and reading. They
    raise

        GatewayUnknown    no signed and final answer; ask again later, never conclude "failed"
        GatewayAway       the same, because nothing sensible came back at all
        GatewayRefused    a signed refusal with its code and sub_code
    """

    def __init__(
        self,
        merchant: Merchant,
        clock: "Clock",
        client: httpx2.AsyncClient | None = None,
        timeout_seconds: float = 10,
    ) -> None:
        parts = urlsplit(merchant.gateway_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("the gateway's address is absolute and has no query")
        self.merchant = merchant
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._private_key = load_private_key(merchant.private_key_pem)
        self._alipay_keys = load_public_keys(merchant.alipay_public_key_pems)
        self._client = client
        self._owns_client = client is None

    def take_keys(self, private_key_pem: str, alipay_public_key_pems: tuple[str, ...]) -> None:
        """Signs and believes with these keys from the next call on; raises ValueError for what is no key, and keeps the old."""
        ours, theirs = load_private_key(private_key_pem), load_public_keys(alipay_public_key_pems)
        self.merchant = replace(
            self.merchant, private_key_pem=private_key_pem, alipay_public_key_pems=alipay_public_key_pems
        )
        self._private_key, self._alipay_keys = ours, theirs

    def checkout_url(self, checkout: Checkout) -> str:
        """The signed address of the cashier, for a 303. Some 0.5 ms, no network.

        Raises CheckoutTooLate within the last minute, ValueError for what Alipay would refuse.
        """
        now = self._clock.now()
        request = requests.pay_request(checkout, self.merchant.seller_id, now)
        return requests.link(self.merchant.gateway_url, self._signed(request, now))

    async def query(self, out_trade_no: str) -> Trade | None:
        """The trade as Alipay has it now. None: nobody has opened the cashier yet, but still may."""
        async with self._deadline():
            return await self._query(out_trade_no)

    async def close(self, out_trade_no: str) -> CloseOutcome:
        """Closes an unpaid trade. ALREADY_PAID: query it and book what it says.

        NOTHING_TO_CLOSE leaves the cashier link payable until its `expires_at`: Alipay cannot close a trade
        that nobody has opened.
        """
        async with self._deadline():
            try:
                answer = await self._ask(requests.close_request(out_trade_no))
            except GatewayRefused as refusal:
                return await self._why_not_closed(out_trade_no, refusal)
            if answer.get("out_trade_no") != out_trade_no:
                raise GatewayUnknown("the answer is about another trade")
            return CloseOutcome.CLOSED

    async def refund(self, out_trade_no: str, request_no: str, amount_fen: int, reason: str) -> RefundAnswer:
        """Gives money back. The same number and sum again is no second refund, so it may be asked until it is known."""
        async with self._deadline():
            answer = await self._ask(requests.refund_request(out_trade_no, request_no, amount_fen, reason))
            return refund_from_answer(answer, out_trade_no)

    async def query_refund(self, out_trade_no: str, request_no: str) -> MadeRefund | None:
        """The refund with this number; None when Alipay has not received it, or has not made it."""
        async with self._deadline():
            try:
                answer = await self._ask(requests.refund_query_request(out_trade_no, request_no))
            except GatewayRefused as refusal:
                if refusal.sub_code in NO_SUCH_TRADE:
                    return None
                raise
            return made_refund_from_answer(answer, out_trade_no, request_no)

    async def transfer(self, order: TransferOrder) -> Transfer:
        """Sends money to an account. The same number and order again is no second transfer."""
        async with self._deadline():
            answer = await self._ask(requests.transfer_request(order))
            return transfer_from_answer(answer, order.out_biz_no)

    async def query_transfer(self, out_biz_no: str) -> Transfer | None:
        """The transfer with this number; None when Alipay has not received it."""
        async with self._deadline():
            try:
                answer = await self._ask(requests.transfer_query_request(out_biz_no))
            except GatewayRefused as refusal:
                if refusal.sub_code == NO_SUCH_TRANSFER:
                    return None
                raise
            return transfer_from_answer(answer, out_biz_no)

    async def precreate(self, checkout: Checkout) -> str:
        """What to draw as a QR code, for a phone that is not the one in use. The trade begins when it is scanned."""
        now = self._clock.now()
        async with self._deadline():
            answer = await self._ask(requests.precreate_request(checkout, self.merchant.seller_id, now))
        code = answer.get("qr_code")
        if answer.get("out_trade_no") != checkout.out_trade_no or not isinstance(code, str):
            raise GatewayUnknown("the answer is about another trade")
        return code

    async def bill(self, day: date) -> bytes | None:
        """The zip of a day's bill, fetched within the half minute that its address lives; None when there is none yet."""
        try:
            async with self._deadline():
                answer = await self._ask(requests.bill_request(day))
        except GatewayRefused as refusal:
            if refusal.sub_code in NO_BILL:
                return None
            raise
        async with self._deadline(BILL_SECONDS):
            return await self._fetch(str(answer.get("bill_download_url", "")))

    async def aclose(self) -> None:
        """Gives back the connections, if they are ours."""
        if self._client is not None and self._owns_client:
            client, self._client = self._client, None
            await client.aclose()

    def read_notice(self, body: bytes) -> Notice:
        """What Alipay posted to our notify address. Raises NoticeRejected with the reason.

        Answer `success` only after what it says is committed; a rejected one is never acted on.
        """
        return notices.read_notice(body, self.merchant, self._alipay_keys)

    def read_return(self, query: bytes) -> ReturnTicket:
        """Which order a donor comes back from, out of the raw query string. Raises NoticeRejected."""
        return notices.read_return(query, self.merchant, self._alipay_keys)

    async def _query(self, out_trade_no: str) -> Trade | None:
        try:
            answer = await self._ask(requests.query_request(out_trade_no))
        except GatewayRefused as refusal:
            if refusal.sub_code in NO_SUCH_TRADE:
                return None
            raise
        return trade_from_answer(answer, out_trade_no)

    async def _why_not_closed(self, out_trade_no: str, refusal: GatewayRefused) -> CloseOutcome:
        if refusal.sub_code in NO_SUCH_TRADE:
            return CloseOutcome.NOTHING_TO_CLOSE
        if refusal.sub_code not in NOT_WAITING:
            raise refusal
        trade = await self._query(out_trade_no)
        if trade is None:
            return CloseOutcome.NOTHING_TO_CLOSE
        if trade.status in PAID or trade.paid_at is not None:
            return CloseOutcome.ALREADY_PAID
        if trade.status is TradeStatus.TRADE_CLOSED:
            return CloseOutcome.CLOSED
        raise GatewayUnknown("Alipay neither closes the trade nor calls it paid")

    def _signed(self, request: Any, now: datetime) -> dict[str, str]:
        return requests.signed_params(request, self.merchant.app_id, self._private_key, now)

    async def _ask(self, request: Any) -> dict[str, Any]:
        params = self._signed(request, self._clock.now())
        method = params["method"]
        # As the SDK sends it: the public parameters in the address, the content in the body.
        body = {"biz_content": params.pop("biz_content")}
        raw = await self._post(requests.link(self.merchant.gateway_url, params), urlencode(body).encode())
        return open_answer(raw, method, self._alipay_keys)

    async def _post(self, url: str, body: bytes) -> bytes:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded;charset=utf-8",
            "Accept-Encoding": "identity",
        }
        return await self._read("POST", url, MAX_ANSWER_BYTES, content=body, headers=headers)

    async def _read(self, method: str, url: str, most_bytes: int, **options: Any) -> bytes:
        """The whole answer, if it is one and no longer than it may be. The address is in no message: it may be a key."""
        raw = bytearray()
        try:
            async with self._pool().stream(method, url, **options) as response:
                if response.status_code != 200:
                    raise GatewayAway(f"the gateway answered with status {response.status_code}")
                async for chunk in response.aiter_bytes():
                    raw += chunk
                    if len(raw) > most_bytes:
                        raise GatewayUnknown("the answer is far too long")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise GatewayAway(f"the gateway could not be reached: {type(error).__name__}") from None
        return bytes(raw)

    async def _fetch(self, url: str) -> bytes:
        """A file from an address that Alipay signed. It is believed no further than that: nothing is fetched but from Alipay's
        hosts over TLS, or from where the gateway itself is.
        """
        return await self._read("GET", _bill_address(url, self.merchant.gateway_url), MAX_BILL_BYTES)

    def _pool(self) -> httpx2.AsyncClient:
        if self._client is None:
            # Proxies of the environment are not followed: whoever sets one would read what is asked.
            self._client = httpx2.AsyncClient(
                timeout=self._timeout_seconds,
                follow_redirects=False,
                trust_env=False,
                limits=httpx2.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=IDLE_CONNECTION_SECONDS),
            )
        return self._client

    @asynccontextmanager
    async def _deadline(self, seconds: float | None = None) -> AsyncIterator[None]:
        # A client's own timeouts count one read at a time; a server that drips would hold us for ever.
        limit = seconds or self._timeout_seconds
        try:
            async with asyncio.timeout(limit):
                yield
        except TimeoutError as late:
            raise GatewayAway(f"no answer within {limit:g} s") from late


def _bill_address(url: str, gateway_url: str) -> str:
    """Where a bill may be fetched; GatewayUnknown for anywhere else. Documents of Alipay show plain http, hosts take TLS."""
    try:
        parts, own = urlsplit(url), urlsplit(gateway_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise GatewayUnknown("the bill's address is none") from None
    if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
        return url
    plain = parts.username is None and port in {None, 80, 443}
    if parts.scheme in {"http", "https"} and plain and host.endswith(BILL_HOSTS):
        return parts._replace(scheme="https", netloc=host).geturl()
    raise GatewayUnknown("the bill lies where no bill of Alipay's lies")

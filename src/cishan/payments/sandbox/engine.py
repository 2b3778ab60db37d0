"""The sandbox itself: accepts checkouts, makes and moves trades, answers calls, and knows what to tell
whom.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2

from cishan.payments.alipay.signing import load_private_key, load_public_keys
from cishan.payments.sandbox import messages, protocol, trades
from cishan.payments.sandbox.courier import Courier
from cishan.payments.sandbox.faults import Fault
from cishan.payments.sandbox.merchant import MerchantDesk
from cishan.payments.sandbox.pay_requests import checkout_page
from cishan.payments.sandbox.protocol import Call
from cishan.payments.sandbox.settings import Application, SandboxSettings
from cishan.payments.sandbox.store import Store
from cishan.payments.sandbox.trades import BusinessFailure, CheckoutPage, SandboxRefund, SandboxTrade

if TYPE_CHECKING:
    from cishan.clock import Clock

SWEEP_BATCH = 500
# How long the background task sleeps at most before it looks again: the clock may be moved by somebody else.
LONGEST_NAP_SECONDS = 1.0


class NoSuchPage(LookupError):
    """A cashier address that no accepted request has asked for."""


class Sandbox:
    """One gateway. Everything that changes a trade is synchronous and whole; only notices are awaited.

    `client` sends the notices; without one it makes its own.
    """

    def __init__(self, settings: SandboxSettings, clock: "Clock", client: httpx2.AsyncClient | None = None) -> None:
        self.settings = settings
        self.key = load_private_key(settings.private_key_pem)
        self._clock = clock
        self._applications = {application.app_id: application for application in settings.applications}
        self._app_keys = {
            application.app_id: load_public_keys([application.public_key_pem])[0]
            for application in settings.applications
        }
        self.store = Store(settings.database)
        self.merchant = MerchantDesk(self)
        self._wake = asyncio.Event()
        self._courier = Courier(
            self.store,
            self.key,
            clock,
            self.faults_of,
            settings.clock_divisor,
            settings.notices_at_once,
            settings.notice_timeout_seconds,
            client,
        )

    # Notices

    async def deliver_due(self) -> int:
        """Lets time do its work, then sends every notice that is due by the clock. Returns the posts made."""
        self.sweep()
        return await self._courier.deliver_due()

    async def keep_delivering(self) -> None:
        """`deliver_due` again and again, until cancelled."""
        while True:
            await self.deliver_due()
            try:
                async with asyncio.timeout(LONGEST_NAP_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue
            finally:
                self._wake.clear()

    def sweep(self) -> int:
        """Closes trades whose time is over and finishes those past refunding; returns how many."""
        moved = 0
        now = self._clock.now()
        while batch := self.store.trades_out_of_time(now, now - trades.REFUNDABLE_FOR, SWEEP_BATCH):
            with self.store.together():
                for trade in batch:
                    self._keep(trades.aged(trade, now), now)
            moved += len(batch)
        return moved

    async def aclose(self) -> None:
        await self._courier.aclose()
        self.store.close()

    # Faults

    def faults_of(self, out_trade_no: str) -> frozenset[Fault]:
        """Those set for this trade, otherwise those the sandbox was started with."""
        own = self.store.faults(out_trade_no)
        return self.settings.faults if own is None else own

    def set_faults(self, out_trade_no: str, faults: frozenset[Fault]) -> None:
        """From now on exactly these hold for this trade, whether it exists yet or not."""
        self.store.set_faults(out_trade_no, faults)

    def send_again(self, out_trade_no: str) -> None:
        """Every notice of this trade is due once more, whatever was answered to it."""
        self.store.make_due(out_trade_no, self._clock.now())
        self._wake.set()

    @property
    def app_ids(self) -> tuple[str, ...]:
        return tuple(self._applications)

    # The buyer

    def read_call(self, params: dict[str, str]) -> Call:
        return protocol.read_call(params, self._app_keys)

    def accept_checkout(self, call: Call) -> CheckoutPage:
        """Takes a signed pay request and keeps its cashier page. No trade begins by this."""
        checkout = checkout_page(call, self._applications[call.app_id])
        trade = self._trade(checkout.app_id, checkout.out_trade_no)
        if trade is not None:
            trades.refuse_second_use(trade, checkout, self._lets_late_pay(checkout.out_trade_no))
        self.store.keep_checkout(checkout)
        return checkout

    def now(self) -> datetime:
        return self._clock.now()

    def application(self, app_id: str) -> Application:
        return self._applications[app_id]

    def payee(self, checkout: CheckoutPage) -> str:
        return self._applications[checkout.app_id].name

    def checkout(self, checkout_id: str) -> CheckoutPage:
        checkout = self.store.checkout(checkout_id)
        if checkout is None or checkout.app_id not in self._applications:
            raise NoSuchPage(checkout_id)
        return checkout

    def scan(self, checkout: CheckoutPage) -> SandboxTrade:
        """A buyer opens the cashier: from here on the trade exists. Opening it again changes nothing."""
        late_pay = self._lets_late_pay(checkout.out_trade_no)
        trade = self._trade(checkout.app_id, checkout.out_trade_no)
        if trade is None:
            trade = trades.opened(checkout, self._clock.now(), late_pay)
            self.store.keep_trade(trade)
        trades.refuse_second_use(trade, checkout, late_pay)
        return trade

    def pay(self, checkout: CheckoutPage) -> SandboxTrade:
        """The buyer pays. The trade and the notice about it are kept together or not at all."""
        waiting = self.scan(checkout)
        now = self._clock.now()
        trade = trades.paid(waiting, now)
        with self.store.together():
            self._keep(trade, now)
            if Fault.REORDER in self.faults_of(trade.out_trade_no):
                # Notices of one trade leave in the order of their rows, so this old one comes last.
                self._schedule(trades.as_opened(waiting), now)
        return trade

    def return_address(self, checkout: CheckoutPage) -> str | None:
        """Where to send the buyer of a paid trade; None if it is not paid or the merchant named no
        address.
        """
        trade = self._trade(checkout.app_id, checkout.out_trade_no)
        if trade is None or trade.paid_at is None or not checkout.return_url:
            return None
        return messages.return_address(
            trade,
            checkout,
            self._applications[checkout.app_id],
            self._clock.now(),
            self.key,
            self.faults_of(checkout.out_trade_no),
        )

    # The merchant

    def answer(self, call: Call, base_url: str) -> dict[str, Any]:
        """The content of the answer to a merchant's call."""
        return self.merchant.answer(call, base_url)

    def close_trade(self, trade: SandboxTrade) -> None:
        now = self._clock.now()
        with self.store.together():
            self._keep(trades.closed(trade, now), now)

    def refund(self, trade: SandboxTrade, request_no: str, amount_fen: int, reason: str) -> SandboxRefund:
        """Gives money back; the trade, the refund and the notice about it are kept together or not at all."""
        now = self._clock.now()
        moved = trades.refunded(trade, amount_fen, now)
        refund = SandboxRefund(
            trade.app_id, trade.out_trade_no, request_no, amount_fen, moved.refunded_fen, reason, now
        )
        with self.store.together():
            self.store.keep_trade(moved)
            self.store.keep_refund(refund)
            self._schedule(moved, now, refund)
        return refund

    def named_trade(self, app_id: str, biz: Mapping[str, Any]) -> SandboxTrade:
        trade_no, out_trade_no = biz.get("trade_no"), biz.get("out_trade_no")
        if not isinstance(trade_no or out_trade_no, str):
            raise BusinessFailure("ACQ.INVALID_PARAMETER", "缺少 trade_no 或 out_trade_no")
        # Alipay's own number wins over the merchant's.
        trade = self.store.trade_by_number(app_id, trade_no) if trade_no else None
        trade = self._trade(app_id, trade.out_trade_no if trade else str(out_trade_no))
        if trade is None or (trade_no and trade.trade_no != trade_no):
            raise BusinessFailure("ACQ.TRADE_NOT_EXIST", "交易不存在")
        return trade

    # Inside

    def _trade(self, app_id: str, out_trade_no: str) -> SandboxTrade | None:
        """The trade as time has left it; what time changed is kept at once."""
        trade = self.store.trade(app_id, out_trade_no)
        if trade is None:
            return None
        now = self._clock.now()
        current = trades.aged(trade, now)
        if current != trade:
            with self.store.together():
                self._keep(current, now)
        return current

    def _keep(self, trade: SandboxTrade, now: datetime) -> None:
        self.store.keep_trade(trade)
        if trades.notifies(trade):
            self._schedule(trade, now)

    def _schedule(self, trade: SandboxTrade, due_at: datetime, refund: SandboxRefund | None = None) -> None:
        checkout = self.checkout(trade.checkout_id)
        if not checkout.notify_url:
            return
        if Fault.DELAY in self.faults_of(trade.out_trade_no):
            due_at += timedelta(seconds=self.settings.delay_seconds / self.settings.clock_divisor)
        self.store.add_notice(
            trade.app_id,
            trade.out_trade_no,
            checkout.notify_url,
            messages.notice_fields(trade, checkout, self._applications[trade.app_id], refund),
            due_at,
        )
        self._wake.set()

    def _lets_late_pay(self, out_trade_no: str) -> bool:
        return Fault.PAID_AFTER_CLOSE in self.faults_of(out_trade_no)

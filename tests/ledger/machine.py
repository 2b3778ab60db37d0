"""The ledger machine (L1): random lives of gifts through the product's own actions, with a model beside them.

Each example is one transaction that is rolled back, so that all begin alike; what the database checks at commit is checked
after each step. What a step may not do raises one of the product's own errors and must leave everything as it was.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule
from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.app import refund_follower
from cishan.claims.actions import OWNER_KIND as CLAIM
from cishan.claims.actions import claim_wish, lapse_due_claims
from cishan.claims.money import ClaimPayments
from cishan.claims.purchases import advance_money, approve_purchase
from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.donations.actions import OWNER_KIND as DONATION
from cishan.donations.actions import DonationPayments, make_donation
from cishan.errors import CishanError
from cishan.ledger.queries import balances_of
from cishan.ledger.states import AccountType
from cishan.payments.actions import settle
from cishan.payments.alipay.terms import GatewayRefused, GatewayUnknown, MadeRefund, RefundAnswer, Trade, TradeStatus
from cishan.payments.owners import LineOwner
from cishan.payments.states import LateChoice, SettleSource
from cishan.refunds.actions import keep_refused, retry_refund, take_gift_back
from cishan.refunds.late_money import resolve_open_money
from cishan.refunds.neighbours import Neighbours
from cishan.refunds.sending import send_due_refunds
from cishan.sealing import Sealer
from cishan.services import RefundFollower, Services
from cishan.verify.checks import run_checks
from cishan.verify.donations import DONATION_CHECKS
from cishan.verify.money import MONEY_CHECKS
from cishan.verify.refunds import REFUND_CHECKS
from cishan.verify.tracing import TRACE_CHECKS
from claim_makers import Team, buy
from ledger.money_model import Gift, Model

SUMS = st.sampled_from([1, 100, 9_999, 30_000, 123_456])
OFF_BY = st.sampled_from([0, 0, 0, 0, -1, 1, 5_000])
CHECKS = [
    check for check in (*MONEY_CHECKS, *REFUND_CHECKS, *TRACE_CHECKS, *DONATION_CHECKS) if "$1" not in check.broken
]
"""All but those of deadlines: here nobody keeps them."""


@dataclass
class ScriptedGateway:
    """Answers every refund as the step says."""

    answer: str = "made"

    async def refund(self, out_trade_no: str, request_no: str, amount_fen: int, reason: str) -> RefundAnswer:
        if self.answer == "refused":
            raise GatewayRefused("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        if self.answer == "unknown":
            raise GatewayUnknown("no answer")
        return RefundAnswer(changed=True, refunded_fen=amount_fen, refunded_at=None)

    async def query_refund(self, out_trade_no: str, request_no: str) -> MadeRefund | None:
        if self.answer == "unknown":
            raise GatewayUnknown("no answer")
        return None


@dataclass
class Stage:
    """What all examples begin with, made once: people, free wishes, and the loop that they live in."""

    run: Callable[[Awaitable[object]], object]
    team: Team
    wishes: tuple[int, ...]
    donors: tuple[Viewer, ...]
    start: datetime


class LedgerMachine(RuleBasedStateMachine):
    """`stage` is set by the test before the machine runs."""

    stage: Stage
    gifts = Bundle("gifts")

    def __init__(self) -> None:
        super().__init__()
        self.clock = SteppedClock(self.stage.start)
        self.model = Model()
        self.gateway = ScriptedGateway()
        team = self.stage.team
        self.owners = self.make_owners(team.sealer)
        self.neighbours = Neighbours(self.owners, follow=self.make_follower(team.sealer))
        self.services = Services(team.settings, self.clock, team.sealer, self.gateway)  # type: ignore[arg-type]
        self.stage.run(self._begin())

    async def _begin(self) -> None:
        self._transaction = in_transaction()
        await self._transaction.__aenter__()

    def make_owners(self, sealer: Sealer) -> dict[str, LineOwner]:
        """As `app.py` registers them; a test of the machine itself hands in a faulty one."""
        return {CLAIM: ClaimPayments(sealer), DONATION: DonationPayments(sealer)}

    def make_follower(self, sealer: Sealer) -> RefundFollower:
        return refund_follower(sealer)

    def teardown(self) -> None:
        try:
            found = self.stage.run(run_checks(CHECKS, require_rows=False, now=self.clock.now()))
            broken = [check.name for check in found if not check.ok]  # type: ignore[attr-defined]
            assert broken == [], f"broken promises: {broken}"
        finally:
            self.leave()

    def leave(self) -> None:
        """Takes back all that the example did."""
        self.stage.run(self._transaction.__aexit__(Exception, Exception("the end of an example"), None))

    def attempt(self, act: Awaitable[object]) -> bool:
        """Does something that the product may refuse; a refusal is one of its own errors."""
        try:
            self.stage.run(self._whole(act))
        except CishanError as refused:
            note(f"refused: {refused}")
            return False
        return True

    async def _whole(self, act: Awaitable[object]) -> None:
        async with in_transaction():
            await act

    # --- gifts ---------------------------------------------------------------------------------------------------

    @rule(target=gifts, donor=st.integers(0, 1), amount_fen=SUMS, goes_to_fund=st.booleans())
    def pledge(self, donor: int, amount_fen: int, goes_to_fund: bool) -> Gift:
        made = self.stage.run(
            make_donation(
                self.stage.team.site.fund_id,
                amount_fen,
                shows_name=False,
                late_choice=LateChoice.FUND if goes_to_fund else LateChoice.REFUND,
                actor=self.stage.donors[donor],
                now=self.clock.now(),
            )
        )
        gift = Gift(made.out_trade_no, amount_fen, made.donation_id, goes_to_fund=goes_to_fund)  # type: ignore[attr-defined]
        self.model.gifts.append(gift)
        return gift

    @rule(target=gifts, donor=st.integers(0, 1), wish=st.integers(0, 2), goes_to_fund=st.booleans())
    def claim(self, donor: int, wish: int, goes_to_fund: bool) -> Gift | None:
        wish_id, claimed = self.stage.wishes[wish], None

        async def act() -> None:
            nonlocal claimed
            claimed = await claim_wish(
                wish_id,
                ClaimWay.PAY,
                site=self.stage.team.site,
                actor=self.stage.donors[donor],
                now=self.clock.now(),
                late_choice=LateChoice.FUND if goes_to_fund else LateChoice.REFUND,
            )

        if not self.attempt(act()) or claimed is None:
            return None
        assert wish_id not in self.model.taken
        gift = Gift(claimed.out_trade_no, 30_000, claimed.claim_id, wish_id=wish_id, goes_to_fund=goes_to_fund)
        self.model.gifts.append(gift)
        self.model.taken[wish_id] = gift
        return gift

    @rule(gift=gifts, off_by=OFF_BY)
    def pay(self, gift: Gift | None, off_by: int) -> None:
        if gift is None or gift.amount_fen + off_by <= 0:
            return
        paid_fen = gift.amount_fen + off_by
        number, now = gift.out_trade_no, self.clock.now()
        trade = Trade(number, f"T{number}", TradeStatus.TRADE_SUCCESS, gift.paid_fen or paid_fen, 0, now, "")
        sealer = self.stage.team.sealer
        self.stage.run(settle(trade, SettleSource.NOTICE, owners=self.owners, sealer=sealer, now=now))
        self.model.pay(gift, paid_fen)

    @rule(minutes=st.sampled_from([1, 40]))
    def time_passes(self, minutes: int) -> None:
        now = self.clock.advance(timedelta(minutes=minutes))
        if minutes < 40:
            return
        self.stage.run(lapse_due_claims(limit=50, sealer=self.stage.team.sealer, now=now))
        self.model.lapse()

    # --- money that came too late, twice or too much; refunds ------------------------------------------------------

    @rule()
    def resolve(self) -> None:
        now, sealer = self.clock.now(), self.stage.team.sealer
        handled = self.stage.run(resolve_open_money(limit=50, neighbours=self.neighbours, sealer=sealer, now=now))
        assert handled.failed == 0  # type: ignore[attr-defined]
        for gift in self.model.gifts:
            self.model.resolve(gift)

    @rule(gift=gifts)
    def take_back(self, gift: Gift | None) -> None:
        if gift is None:
            return
        kind = CLAIM if gift.is_claim else DONATION
        donor = self.stage.run(rows("SELECT donor_id FROM payment_order WHERE out_trade_no = $1", gift.out_trade_no))
        actor = Viewer(donor[0]["donor_id"], Role.DONOR)  # type: ignore[index]
        back = take_gift_back(
            kind,
            gift.owner_id,
            neighbours=self.neighbours,
            actor=actor,
            sealer=self.stage.team.sealer,
            now=self.clock.now(),
        )
        if self.attempt(back) and gift.wish_id is not None and self.model.taken.get(gift.wish_id) is gift:
            del self.model.taken[gift.wish_id]

    @rule(answer=st.sampled_from(["made", "made", "unknown", "refused"]))
    def send_refunds(self, answer: str) -> None:
        self.gateway.answer = answer
        now = self.clock.advance(timedelta(minutes=5))
        self.stage.run(send_due_refunds(limit=50, services=self.services, now=now))

    @rule(again=st.booleans())
    def decide_on_a_refusal(self, again: bool) -> None:
        refused = self.stage.run(rows("SELECT id FROM refund WHERE status = 'refused' ORDER BY id LIMIT 1"))
        if not refused:
            return
        refund_id, team, now = refused[0]["id"], self.stage.team, self.clock.now()  # type: ignore[index]
        charity_id = team.site.charity_id
        if again:
            act = retry_refund(refund_id, charity_id=charity_id, actor=team.finance, now=now)
        else:
            act = keep_refused(
                refund_id,
                "和捐赠人说好了，留在项目里",
                charity_id=charity_id,
                actor=team.finance,
                sealer=team.sealer,
                now=now,
                follow=self.neighbours.follow,
            )
        assert self.attempt(act)

    # --- buying ----------------------------------------------------------------------------------------------------

    def _claims(self, status: ClaimStatus) -> list[int]:
        found = self.stage.run(rows("SELECT id FROM claim WHERE status = $1 ORDER BY id", status.value))
        return [row["id"] for row in found]  # type: ignore[attr-defined]

    @rule()
    def advance(self) -> None:
        paid = self._claims(ClaimStatus.PAID)
        if not paid:
            return
        self.stage.run(advance_money(paid[:1], actor=self.stage.team.finance, now=self.clock.now()))
        if paid[0] in self._claims(ClaimStatus.ADVANCED):
            self.model.town_fen += 30_000

    @rule(off_by=st.sampled_from([0, -2_500, -29_999, 700]))
    def purchase(self, off_by: int) -> None:
        advanced = self._claims(ClaimStatus.ADVANCED)
        if not advanced:
            return
        spent_fen, now = 30_000 + off_by, self.clock.now()
        if self.attempt(buy(self.stage.team, advanced[0], spent_fen, now=now)) and off_by <= 0:
            self.model.town_fen -= 30_000
            self.model.spent_fen += spent_fen

    @rule()
    def agree_to_more(self) -> None:
        waiting = self.stage.run(rows("SELECT id, spent_fen FROM purchase WHERE booked_at IS NULL ORDER BY id LIMIT 1"))
        if not waiting:
            return
        team = self.stage.team
        purchase_id, spent_fen = waiting[0]["id"], waiting[0]["spent_fen"]  # type: ignore[index]
        if self.attempt(
            approve_purchase(purchase_id, actor=team.second_finance, sealer=team.sealer, now=self.clock.now())
        ):
            self.model.town_fen -= 30_000
            self.model.spent_fen += spent_fen

    # --- what always holds -----------------------------------------------------------------------------------------

    @precondition(lambda self: self.model.gifts)
    @invariant()
    def the_books_are_what_the_model_says(self) -> None:
        for when in ("IMMEDIATE", "DEFERRED"):
            self.stage.run(rows(f"SET CONSTRAINTS ALL {when}"))
        balances = self.stage.run(balances_of(self.stage.team.site.fund_id))
        sums: dict[AccountType, int] = {}
        for item in balances:  # type: ignore[attr-defined]
            sums[item.type] = sums.get(item.type, 0) + item.balance_fen
        assert sum(sums.values()) == 0
        refunds = self.stage.run(
            rows(
                "SELECT coalesce(sum(amount_fen) FILTER (WHERE status IN ('requested', 'unknown', 'refused')), 0)::bigint "
                "AS owed, coalesce(sum(amount_fen) FILTER (WHERE status = 'succeeded'), 0)::bigint AS gone FROM refund"
            )
        )
        owed_fen, gone_fen = refunds[0]["owed"], refunds[0]["gone"]  # type: ignore[index]
        self._advances_given_back()
        expected = self.model.books(owed_fen, gone_fen)
        assert {account: fen for account, fen in sums.items() if fen} == expected

    def _advances_given_back(self) -> None:
        """A refund of an advanced claim brings the town's money back; the town holds what open advances say."""
        held = len(self._claims(ClaimStatus.ADVANCED)) * 30_000
        assert held <= self.model.town_fen
        self.model.town_fen = held


def keep_loop(loop: asyncio.Runner, context: object) -> Callable[[Awaitable[object]], object]:
    """Runs what the machine asks for, always in one loop and one context, so that its transaction stays open."""

    async def wait(act: Awaitable[object]) -> object:
        return await act

    def run(act: Awaitable[object]) -> object:
        return loop.run(wait(act), context=context)  # type: ignore[arg-type]

    return run

"""Refunds: whole and in part, by a donor or by finance, unknown until Alipay has said so, booked once."""

from datetime import timedelta

import pytest

from cishan.accounts.states import Role
from cishan.claims.purchases import advance_money
from cishan.claims.queries import gift_of
from cishan.claims.rules import next_status as next_claim_status
from cishan.claims.states import ClaimStatus
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.ledger.states import AccountType
from cishan.payments.sandbox.faults import NO_FAULTS, Fault
from cishan.payments.states import NoticeVerdict
from cishan.refunds.actions import (
    agree_to_refund,
    decline_refund,
    keep_refused,
    part_key,
    retry_refund,
    set_terms,
    start_refund,
    take_gift_back,
)
from cishan.refunds.queries import order_for_finance, parts_of, refunds_waiting, terms_on
from cishan.refunds.rules import ASK_AFTER, DEFAULT_TERMS, Terms
from cishan.refunds.states import RefundReason
from claim_makers import buy
from makers import CITY, make_donor, make_staff
from refunds.counter import PRICE_FEN, Counter, status_of

ALIPAY, FUND, DUE = AccountType.ALIPAY, AccountType.FUND, AccountType.REFUND_DUE


async def take_back(counter: Counter, claim_id: int) -> int:
    return await take_gift_back(
        "claim",
        claim_id,
        neighbours=counter.neighbours,
        actor=counter.team.donor,
        sealer=counter.team.sealer,
        now=counter.clock.now(),
    )


async def start(counter: Counter, out_trade_no: str, fen: int, *, actor: object = None) -> int:
    """Finance refunds a sum of the order's first part."""
    found = await rows("SELECT id FROM payment_order WHERE out_trade_no = $1", out_trade_no)
    part = (await parts_of(found[0]["id"]))[0]
    return await start_refund(
        counter.team.site.charity_id,
        out_trade_no,
        {part_key(part): fen},
        RefundReason.MISTAKE,
        "付错了金额，本人来电",
        neighbours=counter.neighbours,
        actor=actor or counter.team.finance,  # type: ignore[arg-type]
        now=counter.clock.now(),
    )


async def wish_of(claim_id: int) -> int:
    found = await rows("SELECT wish_id FROM claim WHERE id = $1", claim_id)
    wish_id: int = found[0]["wish_id"]
    return wish_id


# --- a donor takes a gift back ------------------------------------------------------------------------------------


async def test_a_donor_takes_an_unspent_gift_back_and_the_wish_is_on_the_wall_again(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    await take_back(counter, claimed.claim_id)
    assert await status_of("claim", claimed.claim_id) == "ended"
    assert await status_of("wish", await wish_of(claimed.claim_id)) == "published"
    assert await counter.books() == {ALIPAY: PRICE_FEN, DUE: -PRICE_FEN}
    await counter.send()
    assert await counter.books() == {}
    order = await order_for_finance(counter.team.site.charity_id, claimed.out_trade_no, sealer=counter.team.sealer)
    assert (order.paid_fen, order.refunded_fen) == (PRICE_FEN, PRICE_FEN)
    trade = await counter.shop.gateway.query(claimed.out_trade_no)
    assert trade is not None
    assert trade.refunded_fen == PRICE_FEN


async def test_it_goes_back_once(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    await take_back(counter, claimed.claim_id)
    with pytest.raises(NotFound):
        await take_back(counter, claimed.claim_id)
    await counter.send()
    with pytest.raises(NotFound):
        await take_back(counter, claimed.claim_id)
    assert await counter.statuses() == ["succeeded"]


async def test_after_the_cooling_period_it_does_not(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    counter.clock.advance(timedelta(hours=DEFAULT_TERMS.cooling_hours))
    with pytest.raises(Conflict, match="24 小时"):
        await take_back(counter, claimed.claim_id)
    assert await status_of("claim", claimed.claim_id) == "paid"


async def test_the_cooling_period_is_a_dated_setting_of_the_charity(counter: Counter) -> None:
    charity_id, now = counter.team.site.charity_id, counter.clock.now()
    terms = Terms(cooling_hours=1)
    tomorrow = beijing_day(now) + timedelta(days=1)
    await set_terms(charity_id, terms, valid_from=tomorrow, actor=counter.team.finance, now=now)
    assert await terms_on(charity_id, now) == DEFAULT_TERMS
    assert await terms_on(charity_id, now + timedelta(days=1)) == terms
    with pytest.raises(InvalidInput):
        await set_terms(charity_id, terms, valid_from=tomorrow - timedelta(days=2), actor=counter.team.finance, now=now)


async def test_money_that_is_out_to_buy_with_does_not_go_back_by_itself(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    await advance_money([claimed.claim_id], actor=counter.team.finance, now=counter.clock.now())
    with pytest.raises(Conflict, match="已经拨去采购"):
        await take_back(counter, claimed.claim_id)


async def test_a_strangers_gift_is_not_there(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    stranger = await make_donor(sealer=counter.team.sealer, now=counter.clock.now())
    with pytest.raises(NotFound):
        await take_gift_back(
            "claim",
            claimed.claim_id,
            neighbours=counter.neighbours,
            actor=stranger,
            sealer=counter.team.sealer,
            now=counter.clock.now(),
        )


# --- finance ------------------------------------------------------------------------------------------------------


async def test_a_refund_of_an_advanced_claim_brings_the_advance_back(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    await advance_money([claimed.claim_id], actor=counter.team.finance, now=counter.clock.now())
    await start(counter, claimed.out_trade_no, PRICE_FEN)
    await counter.send()
    assert await counter.books() == {}
    assert await status_of("wish", await wish_of(claimed.claim_id)) == "published"


async def test_of_what_was_bought_only_the_rest_goes_back(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    team, now = counter.team, counter.clock.now()
    await advance_money([claimed.claim_id], actor=team.finance, now=now)
    await buy(team, claimed.claim_id, 28_000, now=now)
    with pytest.raises(InvalidInput):
        await start(counter, claimed.out_trade_no, 2_001)
    await start(counter, claimed.out_trade_no, 1_500)
    await counter.send()
    with pytest.raises(InvalidInput):
        await start(counter, claimed.out_trade_no, 501)
    assert await status_of("claim", claimed.claim_id) == "bought"
    assert await counter.books() == {ALIPAY: 500, FUND: -28_500, AccountType.SPENDING: 28_000}


async def test_sums_of_one_trade_add_up_and_never_pass_what_was_paid(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    for fen in (10_000, 15_000):
        await start(counter, claimed.out_trade_no, fen)
        counter.clock.advance(timedelta(seconds=10))
        await counter.send()
    with pytest.raises(InvalidInput):
        await start(counter, claimed.out_trade_no, 5_001)
    await start(counter, claimed.out_trade_no, 5_000)
    counter.clock.advance(timedelta(seconds=10))
    await counter.send()
    assert await counter.statuses() == ["succeeded"] * 3
    assert await counter.books() == {}


async def test_refunds_of_one_trade_go_one_after_the_other_three_seconds_apart(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    await start(counter, claimed.out_trade_no, 10_000)
    await start(counter, claimed.out_trade_no, 10_000)
    await counter.send()
    assert await counter.statuses() == ["succeeded", "requested"]
    counter.clock.advance(timedelta(seconds=2))
    await counter.send()
    assert await counter.statuses() == ["succeeded", "requested"]
    counter.clock.advance(timedelta(seconds=1))
    await counter.send()
    assert await counter.statuses() == ["succeeded", "succeeded"]


async def test_over_the_set_sum_a_second_person_agrees(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    team, now = counter.team, counter.clock.now()
    charity_id = team.site.charity_id
    terms = Terms(second_person_over_fen=20_000)
    await set_terms(charity_id, terms, valid_from=beijing_day(now), actor=team.finance, now=now)
    refund_id = await start(counter, claimed.out_trade_no, 20_001)
    assert await counter.statuses() == ["proposed"]
    assert await counter.send() == 0
    assert await counter.books() == {ALIPAY: PRICE_FEN, FUND: -PRICE_FEN}
    options = {"charity_id": charity_id, "neighbours": counter.neighbours, "now": now}
    with pytest.raises(Forbidden):
        await agree_to_refund(refund_id, actor=team.finance, **options)  # type: ignore[arg-type]
    second = await make_staff(Role.FINANCE, CITY, sealer=team.sealer, now=now)
    await agree_to_refund(refund_id, actor=second, **options)  # type: ignore[arg-type]
    await counter.send()
    assert await counter.statuses() == ["succeeded"]
    assert await counter.books() == {ALIPAY: 9_999, FUND: -9_999}


async def test_a_proposal_can_be_declined_and_what_it_held_is_free_again(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    team, now = counter.team, counter.clock.now()
    terms = Terms(second_person_over_fen=0)
    await set_terms(team.site.charity_id, terms, valid_from=beijing_day(now), actor=team.finance, now=now)
    refund_id = await start(counter, claimed.out_trade_no, PRICE_FEN)
    with pytest.raises(InvalidInput):
        await start(counter, claimed.out_trade_no, 1)
    await decline_refund(refund_id, "本人又不要退了", charity_id=team.site.charity_id, actor=team.finance, now=now)
    assert await status_of("claim", claimed.claim_id) == "paid"
    await start(counter, claimed.out_trade_no, PRICE_FEN)
    assert await counter.statuses() == ["cancelled", "proposed"]


async def test_what_was_bought_meanwhile_is_not_agreed_to(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    team, now = counter.team, counter.clock.now()
    terms = Terms(second_person_over_fen=0)
    await set_terms(team.site.charity_id, terms, valid_from=beijing_day(now), actor=team.finance, now=now)
    refund_id = await start(counter, claimed.out_trade_no, PRICE_FEN)
    await advance_money([claimed.claim_id], actor=team.finance, now=now)
    await buy(team, claimed.claim_id, PRICE_FEN, now=now)
    second = await make_staff(Role.FINANCE, CITY, sealer=team.sealer, now=now)
    with pytest.raises(InvalidInput):
        await agree_to_refund(
            refund_id, charity_id=team.site.charity_id, neighbours=counter.neighbours, actor=second, now=now
        )
    assert await counter.statuses() == ["proposed"]


# --- unknown is not failed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [Fault.UNKNOWN_RESULT, Fault.SERVER_ERROR, Fault.UNSIGNED_ERROR, Fault.BAD_ANSWER_SIGNATURE]
)
async def test_an_unknown_refund_is_asked_about_until_it_is_known(counter: Counter, fault: Fault) -> None:
    claimed = await counter.paid_claim()
    sandbox = counter.shop.running.sandbox
    sandbox.set_faults(claimed.out_trade_no, frozenset({fault}))
    await take_back(counter, claimed.claim_id)
    for tries, pause in enumerate(ASK_AFTER, start=1):
        assert await counter.send() == 1
        assert [(row["status"], row["tries"]) for row in await counter.refunds()] == [("unknown", tries)]
        assert await counter.send() == 0
        counter.clock.advance(pause)
    assert await counter.books() == {ALIPAY: PRICE_FEN, DUE: -PRICE_FEN}
    sandbox.set_faults(claimed.out_trade_no, NO_FAULTS)
    await counter.send()
    assert await counter.statuses() == ["succeeded"]
    assert await counter.books() == {}
    trade = await counter.shop.gateway.query(claimed.out_trade_no)
    assert trade is not None
    assert trade.refunded_fen == PRICE_FEN


async def test_a_gateway_that_is_away_for_a_day_is_asked_again_and_a_person_is_told(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    sandbox = counter.shop.running.sandbox
    sandbox.set_faults(claimed.out_trade_no, frozenset({Fault.SERVER_ERROR}))
    await take_back(counter, claimed.claim_id)
    charity_id, sealer = counter.team.site.charity_id, counter.team.sealer
    for _ in range(48):
        await counter.send()
        counter.clock.advance(timedelta(minutes=30))
    waiting = await refunds_waiting(charity_id, sealer=sealer, now=counter.clock.now())
    assert [refund.status.value for refund in waiting] == ["unknown"]
    sandbox.set_faults(claimed.out_trade_no, NO_FAULTS)
    await counter.send()
    assert await counter.statuses() == ["succeeded"]
    assert await refunds_waiting(charity_id, sealer=sealer, now=counter.clock.now()) == ()


async def test_a_worker_killed_after_asking_leaves_a_refund_that_is_found(counter: Counter) -> None:
    """What Alipay has done is known to it by our number, whatever became of the one who asked."""
    claimed = await counter.paid_claim()
    refund_id = await take_back(counter, claimed.claim_id)
    row = (await counter.refunds())[0]
    await counter.shop.gateway.refund(claimed.out_trade_no, row["request_no"], PRICE_FEN, "捐款退回")
    await rows(
        "UPDATE refund SET status = 'unknown', tries = 1, next_try_at = $2 WHERE id = $1",
        refund_id,
        counter.clock.now() + timedelta(minutes=2),
    )
    assert await counter.send() == 0
    counter.clock.advance(timedelta(minutes=2))
    await counter.send()
    assert await counter.statuses() == ["succeeded"]
    assert await counter.books() == {}


# --- refused ------------------------------------------------------------------------------------------------------


async def test_an_empty_balance_is_shown_to_finance_who_tries_again(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    sandbox, team = counter.shop.running.sandbox, counter.team
    sandbox.set_faults(claimed.out_trade_no, frozenset({Fault.NO_BALANCE}))
    refund_id = await take_back(counter, claimed.claim_id)
    await counter.send()
    now = counter.clock.now()
    (waiting,) = await refunds_waiting(team.site.charity_id, sealer=team.sealer, now=now)
    assert waiting.refusal == "40004 ACQ.SELLER_BALANCE_NOT_ENOUGH"
    assert waiting.due_at is not None
    assert await counter.books() == {ALIPAY: PRICE_FEN, DUE: -PRICE_FEN}
    sandbox.set_faults(claimed.out_trade_no, NO_FAULTS)
    await retry_refund(refund_id, charity_id=team.site.charity_id, actor=team.finance, now=now)
    counter.clock.advance(timedelta(seconds=3))
    await counter.send()
    assert await counter.statuses() == ["succeeded"]


async def test_what_alipay_will_not_give_back_stays_with_the_fund(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    team = counter.team
    counter.clock.advance(timedelta(days=366))
    refund_id = await start(counter, claimed.out_trade_no, PRICE_FEN)
    await counter.send()
    assert (await counter.refunds())[0]["refusal"] == "40004 ACQ.TRADE_HAS_FINISHED"
    await keep_refused(
        refund_id,
        "和本人电话商量过，转入微心愿",
        charity_id=team.site.charity_id,
        actor=team.finance,
        sealer=team.sealer,
        now=counter.clock.now(),
    )
    assert await counter.books() == {ALIPAY: PRICE_FEN, FUND: -PRICE_FEN}
    assert await counter.statuses() == ["cancelled"]


# --- what Alipay tells unasked ------------------------------------------------------------------------------------


async def test_notices_of_our_own_refunds_book_nothing_twice(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    await start(counter, claimed.out_trade_no, 10_000)
    await counter.send()
    assert await counter.deliver() == [NoticeVerdict.NOTHING_NEW]
    body = counter.shop.bodies[0]
    for later in (timedelta(seconds=1), timedelta(days=1), timedelta(days=365)):
        counter.clock.advance(later)
        assert await counter.hear(body) is NoticeVerdict.NOTHING_NEW
    assert await counter.books() == {ALIPAY: 20_000, FUND: -20_000}
    assert len(await counter.refunds()) == 1


async def test_a_notice_settles_a_refund_whose_answer_was_lost(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    sandbox = counter.shop.running.sandbox
    sandbox.set_faults(claimed.out_trade_no, frozenset({Fault.UNKNOWN_RESULT}))
    await take_back(counter, claimed.claim_id)
    await counter.send()
    assert await counter.deliver() == [NoticeVerdict.WAITING]
    sandbox.set_faults(claimed.out_trade_no, NO_FAULTS)
    assert await counter.hear(counter.shop.bodies[0]) is NoticeVerdict.SETTLED
    assert await counter.statuses() == ["succeeded"]
    assert await counter.books() == {}


async def test_a_refund_made_at_the_console_is_booked_once_and_given_to_a_person(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    sandbox, team = counter.shop.running.sandbox, counter.team
    trade = sandbox.store.trade(counter.shop.gateway.merchant.app_id, claimed.out_trade_no)
    assert trade is not None
    sandbox.refund(trade, "CONSOLE1", PRICE_FEN, "商户后台退款")
    assert await counter.deliver() == [NoticeVerdict.SETTLED]
    assert await counter.hear(counter.shop.bodies[0]) is NoticeVerdict.NOTHING_NEW
    assert await counter.books() == {}
    (waiting,) = await refunds_waiting(team.site.charity_id, sealer=team.sealer, now=counter.clock.now())
    assert (waiting.reason, waiting.request_no) == (RefundReason.ELSEWHERE, "CONSOLE1")
    assert await status_of("wish", await wish_of(claimed.claim_id)) == "published"


async def test_a_refund_notice_that_the_gateway_denies_books_nothing(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    trade = await counter.shop.gateway.query(claimed.out_trade_no)
    assert trade is not None
    hear, services, now = counter.services.hear_refund, counter.services, counter.clock.now()
    assert await hear(claimed.out_trade_no, "NEVER", 1_000, services=services, now=now) is False
    assert await counter.books() == {ALIPAY: PRICE_FEN, FUND: -PRICE_FEN}


# --- totals -------------------------------------------------------------------------------------------------------


async def test_every_total_follows_at_once(counter: Counter) -> None:
    claimed = await counter.paid_claim()
    await take_back(counter, claimed.claim_id)
    gift = await gift_of(claimed.claim_id, viewer=counter.team.donor)
    assert [(refund.amount_fen, refund.status.value) for refund in gift.refunds] == [(PRICE_FEN, "requested")]
    counts = (await rows("SELECT count(*) AS n FROM wish WHERE status = 'published'"))[0]["n"]
    assert counts == 1
    await counter.send()
    gift = await gift_of(claimed.claim_id, viewer=counter.team.donor)
    assert gift.refunded_fen == PRICE_FEN


def test_a_refunded_claim_leads_nowhere_else() -> None:
    assert next_claim_status(ClaimStatus.PAID, "refund") is ClaimStatus.ENDED
    with pytest.raises(Conflict):
        next_claim_status(ClaimStatus.BOUGHT, "refund")

"""Money that comes too late, twice or is too much is settled by what its donor chose, once, and the donor hears of it."""

from datetime import timedelta

import pytest

from cishan.claims.actions import claim_wish, lapse_due_claims, pay_anew
from cishan.claims.states import ClaimWay
from cishan.database import rows
from cishan.ledger.states import AccountType
from cishan.payments.queries import last_late_choice
from cishan.payments.rules import LATE_MONEY_JOB
from cishan.payments.states import LateChoice, NoticeVerdict
from cishan.refunds.late_money import resolve_late_money
from makers import make_donor
from refunds.counter import PRICE_FEN, Counter, status_of

LATE = timedelta(minutes=33)


async def late_payment(counter: Counter, choice: LateChoice, *, taken: bool = True) -> int:
    """A claim that lapses while its donor is at the cashier; with `taken` somebody else has the wish by then."""
    wish = await counter.wish()
    claimed = await counter.claim(choice, wish=wish)
    counter.clock.advance(LATE)
    now = counter.clock.now()
    assert await lapse_due_claims(limit=10, sealer=counter.team.sealer, now=now) == 1
    if taken:
        other = await make_donor(sealer=counter.team.sealer, now=now)
        await claim_wish(wish.id, ClaimWay.PAY, site=counter.team.site, actor=other, now=now)
    await counter.pay(claimed.out_trade_no)
    assert await counter.deliver() == [NoticeVerdict.SETTLED]
    return claimed.claim_id


async def notices(counter: Counter) -> list[str]:
    found = await rows(
        "SELECT text_sealed FROM outbox_message WHERE account_id = $1 ORDER BY id", counter.team.donor.account_id
    )
    return [counter.team.sealer.open(row["text_sealed"], "message.text") for row in found]


async def test_late_money_for_a_wish_that_is_free_again_is_taken_for_it(counter: Counter) -> None:
    claim_id = await late_payment(counter, LateChoice.REFUND, taken=False)
    assert await status_of("claim", claim_id) == "paid"
    assert await rows("SELECT id FROM unassigned_money") == []
    assert await counter.books() == {AccountType.ALIPAY: PRICE_FEN, AccountType.FUND: -PRICE_FEN}


async def test_late_money_is_queued_with_its_booking_and_sent_back(counter: Counter) -> None:
    await late_payment(counter, LateChoice.REFUND)
    (kind, payload), *_ = counter.queued
    assert kind == LATE_MONEY_JOB
    assert await counter.resolve() == 1
    assert await counter.books() == {AccountType.ALIPAY: PRICE_FEN, AccountType.REFUND_DUE: -PRICE_FEN}
    assert await counter.send() == 1
    assert await counter.statuses() == ["succeeded"]
    assert await counter.books() == {}
    assert (await counter.refunds())[0]["request_no"] == f"LATE_{payload['unassigned_id']}"
    told = await notices(counter)
    assert "会原路退给您" in told[-3]
    assert "已经原路退回" in told[-1]


async def test_late_money_goes_to_the_fund_when_the_donor_chose_so(counter: Counter) -> None:
    await late_payment(counter, LateChoice.FUND)
    await counter.resolve()
    assert await counter.books() == {AccountType.ALIPAY: PRICE_FEN, AccountType.FUND: -PRICE_FEN}
    assert "转入微心愿项目" in (await notices(counter))[-1]


async def test_late_money_claims_the_most_similar_wish_it_can_pay(counter: Counter) -> None:
    await counter.wish(PRICE_FEN + 1)
    await counter.wish(20_000, item="书包")
    same = await counter.wish(25_000)
    await late_payment(counter, LateChoice.SIMILAR)
    await counter.resolve()
    claimed = await rows("SELECT wish_id, status, price_fen FROM claim WHERE status = 'paid'")
    assert claimed == [{"wish_id": same.id, "status": "paid", "price_fen": 25_000}]
    used = await rows("SELECT resolved_as, owner_kind, used_fen FROM unassigned_money")
    assert used == [{"resolved_as": "similar", "owner_kind": "claim", "used_fen": 25_000}]
    assert await counter.books() == {AccountType.ALIPAY: PRICE_FEN, AccountType.FUND: -PRICE_FEN}
    assert "多出的 50.00 元留在微心愿项目" in (await notices(counter))[-1]


async def test_without_a_similar_wish_the_fund_takes_it(counter: Counter) -> None:
    await counter.wish(PRICE_FEN + 1)
    await late_payment(counter, LateChoice.SIMILAR)
    await counter.resolve()
    assert (await rows("SELECT resolved_as FROM unassigned_money"))[0]["resolved_as"] == "fund"
    assert "没有价钱相近的心愿" in (await notices(counter))[-1]


async def test_the_second_payment_of_a_wish_is_sent_back_and_the_first_stays(counter: Counter) -> None:
    claimed = await counter.claim()
    team, now = counter.team, counter.clock.now()
    second = await pay_anew(claimed.claim_id, site=team.site, actor=team.donor, now=now)
    for out_trade_no in (claimed.out_trade_no, second):
        await counter.pay(out_trade_no)
        assert await counter.deliver() == [NoticeVerdict.SETTLED]
    await counter.resolve()
    await counter.send()
    refunded = await rows("SELECT out_trade_no FROM payment_order WHERE refunded_fen = paid_fen")
    assert refunded == [{"out_trade_no": second}]
    assert await counter.books() == {AccountType.ALIPAY: PRICE_FEN, AccountType.FUND: -PRICE_FEN}
    assert await status_of("claim", claimed.claim_id) == "paid"


async def test_it_is_resolved_once_whoever_comes_first(counter: Counter) -> None:
    await late_payment(counter, LateChoice.FUND)
    row = (await rows("SELECT id FROM unassigned_money"))[0]
    options = {"neighbours": counter.neighbours, "sealer": counter.team.sealer, "now": counter.clock.now()}
    assert [await resolve_late_money(row["id"], **options) for _ in range(3)] == [True, False, False]  # type: ignore[arg-type]
    assert await counter.resolve() == 0


async def test_a_donors_choice_is_remembered(counter: Counter) -> None:
    donor = counter.team.donor
    assert await last_late_choice(donor.account_id) is LateChoice.REFUND
    await counter.claim(LateChoice.SIMILAR)
    assert await last_late_choice(donor.account_id) is LateChoice.SIMILAR


@pytest.mark.parametrize("choice", list(LateChoice))
async def test_the_choice_is_written_before_anybody_can_pay(counter: Counter, choice: LateChoice) -> None:
    claimed = await counter.claim(choice)
    stored = await rows("SELECT late_choice, status FROM payment_order WHERE out_trade_no = $1", claimed.out_trade_no)
    assert stored == [{"late_choice": choice.value, "status": "pending"}]

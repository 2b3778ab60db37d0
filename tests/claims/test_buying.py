"""Money of a claim on its way through the town: every fen stands in the books, and nobody agrees to their own purchase."""

from datetime import datetime

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

import makers
from cishan.accounts.states import Role
from cishan.claims import purchases
from cishan.claims.fulfilment_rules import divide
from cishan.claims.purchases import advance_money, approve_purchase, refuse_purchase
from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, IllegalMove, InvalidInput
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.permissions import HOLDERS, Permission
from cishan.sealing import Sealer
from cishan.settings import Settings
from claim_makers import PRICE_FEN, Team, buy, make_claim, make_team, status_of

LEFT_FEN = 2_000


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


async def books(team: Team) -> tuple[int, int, int, int]:
    """Alipay, town, spent and received, in fen; the database's own check of balanced entries runs first."""
    await rows("SET CONSTRAINTS ALL IMMEDIATE")
    await rows("SET CONSTRAINTS ALL DEFERRED")
    fund = team.site.fund_id
    return (
        await balance_of(fund, AccountType.ALIPAY),
        await balance_of(fund, AccountType.TOWN_ADVANCE, makers.TOWN),
        await balance_of(fund, AccountType.SPENDING),
        -await balance_of(fund, AccountType.FUND),
    )


async def test_an_advance_moves_the_price_from_the_fund_to_the_town(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, now=clock.now())
    assert await books(team) == (30_000, 0, 0, 30_000)

    results = await advance_money([claim_id], actor=team.finance, now=clock.now())

    assert [result.refusal for result in results] == [""]
    assert await books(team) == (0, 30_000, 0, 30_000)


async def test_one_claim_that_cannot_be_advanced_does_not_stop_the_others(team: Team, clock: SteppedClock) -> None:
    first, second = [await make_claim(team, now=clock.now()) for _ in range(2)]
    unpaid = await make_claim(team, ClaimStatus.RESERVED, now=clock.now())

    results = await advance_money([unpaid, second, first, second], actor=team.finance, now=clock.now())

    assert {result.claim_id for result in results if not result.refusal} == {first, second}
    assert "等待付款" in next(result.refusal for result in results if result.claim_id == unpaid)
    assert await books(team) == (0, 60_000, 0, 60_000)


async def test_an_advance_is_given_once(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())

    again = await advance_money([claim_id], actor=team.finance, now=clock.now())

    assert again[0].refusal
    assert await books(team) == (0, PRICE_FEN, 0, PRICE_FEN)


async def test_only_finance_advances_money(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, now=clock.now())
    for actor in (team.coordinator, team.reviewer, team.editor, team.donor):
        with pytest.raises(Forbidden):
            await advance_money([claim_id], actor=actor, now=clock.now())


async def test_finance_of_another_county_finds_no_such_claim(team: Team, sealer: Sealer, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, now=clock.now())
    stranger = await makers.make_staff(Role.FINANCE, "371403000000", sealer=sealer, now=clock.now())

    results = await advance_money([claim_id], actor=stranger, now=clock.now())

    assert "没有找到" in results[0].refusal
    assert await status_of(claim_id) is ClaimStatus.PAID


@pytest.mark.parametrize(("spent_fen", "left_fen"), [(30_000, 0), (29_999, 1), (25_050, 4_950)])
async def test_what_is_not_spent_goes_back_to_the_fund(
    team: Team, clock: SteppedClock, spent_fen: int, left_fen: int
) -> None:
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())

    assert await buy(team, claim_id, spent_fen, now=clock.now())

    assert await books(team) == (left_fen, 0, spent_fen, 30_000)
    assert await status_of(claim_id) is ClaimStatus.BOUGHT


async def test_a_fen_over_the_price_waits_for_finance_and_books_nothing(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())

    assert not await buy(team, claim_id, 30_001, now=clock.now())

    assert await books(team) == (0, 30_000, 0, 30_000)
    assert await status_of(claim_id) is ClaimStatus.ADVANCED
    with pytest.raises(Conflict):
        await buy(team, claim_id, 30_000, now=clock.now())


async def pending(team: Team, now: datetime, spent_fen: int = 31_234) -> tuple[int, int]:
    """A claim whose purchase waits for finance, and that purchase. What another claim left over is in the fund."""
    await make_claim(team, ClaimStatus.BOUGHT, now=now, spent_fen=PRICE_FEN - LEFT_FEN)
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=now)
    await buy(team, claim_id, spent_fen, now=now)
    found = await rows("SELECT id FROM purchase WHERE claim_id = $1", claim_id)
    return claim_id, found[0]["id"]


async def test_finance_agrees_and_the_extra_is_advanced_to_the_fen(team: Team, clock: SteppedClock) -> None:
    claim_id, purchase_id = await pending(team, clock.now())

    await approve_purchase(purchase_id, actor=team.second_finance, sealer=team.sealer, now=clock.now())

    assert await books(team) == (LEFT_FEN - 1_234, 0, 28_000 + 31_234, 60_000)
    assert await status_of(claim_id) is ClaimStatus.BOUGHT
    with pytest.raises(Conflict):
        await approve_purchase(purchase_id, actor=team.second_finance, sealer=team.sealer, now=clock.now())


async def test_who_gave_the_advance_never_agrees_to_more(team: Team, clock: SteppedClock) -> None:
    claim_id, purchase_id = await pending(team, clock.now())

    with pytest.raises(Forbidden, match="是您拨的"):
        await approve_purchase(purchase_id, actor=team.finance, sealer=team.sealer, now=clock.now())

    assert await status_of(claim_id) is ClaimStatus.ADVANCED


async def test_more_is_agreed_to_only_as_far_as_the_fund_has_it(team: Team, clock: SteppedClock) -> None:
    """What was paid for another wish, and not yet advanced, is not there for this one."""
    await make_claim(team, now=clock.now())
    _, one_too_much = await pending(team, clock.now(), spent_fen=PRICE_FEN + LEFT_FEN + 1)

    with pytest.raises(Conflict, match=r"只剩 20\.00 元"):
        await approve_purchase(one_too_much, actor=team.second_finance, sealer=team.sealer, now=clock.now())

    assert await books(team) == (PRICE_FEN + LEFT_FEN, PRICE_FEN, PRICE_FEN - LEFT_FEN, 3 * PRICE_FEN)


async def test_finance_does_not_agree_and_it_is_bought_anew(team: Team, clock: SteppedClock) -> None:
    claim_id, purchase_id = await pending(team, clock.now())

    await refuse_purchase(purchase_id, "请买拨款以内的", actor=team.finance, sealer=team.sealer, now=clock.now())

    assert await books(team) == (LEFT_FEN, 30_000, 28_000, 60_000)
    assert await buy(team, claim_id, 29_000, now=clock.now())
    assert await books(team) == (LEFT_FEN + 1_000, 0, 28_000 + 29_000, 60_000)
    kept = await rows("SELECT detail FROM event WHERE verb = 'refuse_purchase' AND subject_id = $1", claim_id)
    assert "31234" in str(kept[0]["detail"])


async def test_a_refusal_needs_its_reason(team: Team, clock: SteppedClock) -> None:
    _, purchase_id = await pending(team, clock.now())
    with pytest.raises(InvalidInput):
        await refuse_purchase(purchase_id, "  ", actor=team.finance, sealer=team.sealer, now=clock.now())


async def test_who_bought_never_agrees_to_the_sum(
    team: Team, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, purchase_id = await pending(team, clock.now())
    monkeypatch.setitem(HOLDERS, Permission.MANAGE_MONEY, frozenset({Role.COORDINATOR}))

    with pytest.raises(Forbidden, match="不能由您自己同意"):
        await approve_purchase(purchase_id, actor=team.coordinator, sealer=team.sealer, now=clock.now())


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("ck_purchase_two_people", "UPDATE purchase SET approved_by_id = buyer_id, approved_at = $2 WHERE id = $1"),
        (
            "ck_purchase_two_of_finance",
            "UPDATE purchase SET approved_by_id = advanced_by_id, approved_at = $2 WHERE id = $1",
        ),
        ("ck_purchase_leave", "UPDATE purchase SET booked_at = $2 WHERE id = $1"),
    ],
)
async def test_the_database_refuses_it_too_when_the_rule_is_off(
    team: Team, clock: SteppedClock, name: str, sql: str
) -> None:
    _, purchase_id = await pending(team, clock.now())
    with pytest.raises(IntegrityError, match=name):
        async with in_transaction():
            await rows(sql, purchase_id, clock.now())


async def test_a_purchase_before_its_advance_is_refused(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, now=clock.now())
    with pytest.raises(IllegalMove):
        await buy(team, claim_id, 100, now=clock.now())


async def test_a_promise_never_takes_money(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.PROMISED, now=clock.now(), way=ClaimWay.BRING)
    results = await advance_money([claim_id], actor=team.finance, now=clock.now())
    assert results[0].refusal


@pytest.mark.parametrize(("spent", "unspent", "extra"), [(99, 1, 0), (100, 0, 0), (101, 0, 1)])
def test_an_advance_is_divided_without_losing_a_fen(spent: int, unspent: int, extra: int) -> None:
    found = divide(100, spent)
    assert (found.unspent_fen, found.extra_fen, found.needs_leave) == (unspent, extra, extra > 0)


def test_no_form_advances_more_claims_than_a_page_shows() -> None:
    from cishan.claims.staff_queries import PAGE_ROWS

    assert purchases.MOST_ADVANCES == PAGE_ROWS

"""Hand over, ask, thank, end: codes are counted, deliverer and asker are two people, books stay right."""

from datetime import timedelta

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

import claim_makers
import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims import checks
from cishan.claims.checks import Check, record_check
from cishan.claims.fulfilment import HandedOver, HandOver, end_claim, hand_over, reassign_buyer
from cishan.claims.queries import gift_of
from cishan.claims.states import CheckAnswer, CheckChannel, ClaimStatus, ClaimWay, DeliveryProof, EndReason
from cishan.claims.thanks import pass_on_thanks, write_thanks
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, IllegalMove, InvalidInput, NotFound
from cishan.households.actions import give_consent, withdraw_consent
from cishan.households.states import ConsentMethod, ConsentPurpose
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.messages.queries import newest_sms
from cishan.pictures.actions import clear_picture
from cishan.pictures.models import PictureUse
from cishan.pictures.queries import picture_visible_to
from cishan.sealing import Sealer
from cishan.settings import Settings
from claim_makers import Team, ask, buy, deliver_by_slip, make_claim, make_team, status_of


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


async def code_of(team: Team) -> str:
    """What the household reads on its phone."""
    text = next(sms.text for sms in await newest_sms(sealer=team.sealer) if "收货码" in sms.text)
    return text.partition("收货码 ")[2][:6]


async def by_code(team: Team, claim_id: int, code: str, clock: SteppedClock, actor: Viewer | None = None) -> HandedOver:
    given = HandOver(DeliveryProof.CODE, code=code)
    return await hand_over(claim_id, given, actor=actor or team.coordinator, sealer=team.sealer, now=clock.now())


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def events(claim_id: int) -> list[str]:
    found = await rows(
        "SELECT verb FROM event WHERE subject_kind = 'claim' AND subject_id = $1 ORDER BY number", claim_id
    )
    return [row["verb"] for row in found]


async def notices(key: str) -> int:
    return (await rows("SELECT count(*) AS n FROM outbox_message WHERE key LIKE $1", f"{key}%"))[0]["n"]


# --- the hand-over code --------------------------------------------------------------------------------------------


async def test_the_code_on_the_familys_phone_proves_the_hand_over(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())

    handed = await by_code(team, claim_id, await code_of(team), clock)

    assert handed.delivered
    found = (
        await rows("SELECT * FROM claim JOIN fulfilment f ON f.claim_id = claim.id WHERE claim.id = $1", claim_id)
    )[0]
    assert found["status"] == ClaimStatus.DELIVERED
    assert found["check_due_at"] == clock.now() + timedelta(days=3)
    assert found["due_at"] == clock.now() + timedelta(days=3 + 7)
    assert found["code_hash"] is None


async def test_the_code_is_kept_nowhere_but_in_its_message(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    code = await code_of(team)

    stored = (await rows("SELECT code_hash FROM fulfilment WHERE claim_id = $1", claim_id))[0]["code_hash"]
    told = await rows("SELECT string_agg(detail::text, ' ') AS text FROM event")

    assert code not in stored
    assert code not in told[0]["text"]


async def test_five_wrong_codes_and_the_right_one_opens_no_more(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    code = await code_of(team)

    tries = [(await by_code(team, claim_id, wrong(code), clock)).tries_left for _ in range(5)]

    assert tries == [4, 3, 2, 1, 0]
    assert await by_code(team, claim_id, code, clock) == HandedOver(delivered=False, tries_left=0)
    assert await status_of(claim_id) is ClaimStatus.BOUGHT


async def test_the_fifth_try_may_still_be_right(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    code = await code_of(team)
    for _ in range(4):
        await by_code(team, claim_id, wrong(code), clock)

    assert (await by_code(team, claim_id, code, clock)).delivered


async def test_a_code_of_another_claim_is_wrong(team: Team, clock: SteppedClock) -> None:
    await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    other_code = await code_of(team)
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now() + timedelta(minutes=1))
    if other_code != await code_of(team):
        assert not (await by_code(team, claim_id, other_code, clock)).delivered


async def test_a_slip_needs_its_picture(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    given = HandOver(DeliveryProof.SLIP)
    with pytest.raises(InvalidInput) as refused:
        await hand_over(claim_id, given, actor=team.coordinator, sealer=team.sealer, now=clock.now())
    assert set(refused.value.fields) == {"slip"}


async def test_another_villages_coordinator_finds_no_such_claim(
    team: Team, sealer: Sealer, clock: SteppedClock
) -> None:
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    stranger = await makers.make_staff(Role.COORDINATOR, makers.OTHER_VILLAGE, sealer=sealer, now=clock.now())
    with pytest.raises(NotFound):
        await by_code(team, claim_id, await code_of(team), clock, actor=stranger)


@pytest.mark.parametrize(("way", "value_fen", "hours"), [(ClaimWay.BRING, 12_300, 0), (ClaimWay.GIVE_TIME, 0, 3)])
async def test_goods_count_at_a_fair_value_and_a_service_in_hours(
    team: Team, clock: SteppedClock, way: ClaimWay, value_fen: int, hours: int
) -> None:
    claim_id = await make_claim(team, ClaimStatus.CONFIRMED, now=clock.now(), way=way)
    found = (await rows("SELECT value_fen, hours FROM fulfilment WHERE claim_id = $1", claim_id))[0]
    assert (found["value_fen"], found["hours"]) == (value_fen, hours)


async def test_a_bought_thing_counts_what_was_spent(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.DELIVERED, now=clock.now(), spent_fen=28_765)
    found = (await rows("SELECT value_fen FROM fulfilment WHERE claim_id = $1", claim_id))[0]
    assert found["value_fen"] == 28_765


async def test_the_donor_sees_the_picture_only_once_an_editor_cleared_it(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    picture_id = await claim_makers.picture(team, PictureUse.HANDOVER, now=clock.now())
    given = HandOver(DeliveryProof.CODE, code=await code_of(team), picture_id=picture_id)
    await hand_over(claim_id, given, actor=team.coordinator, sealer=team.sealer, now=clock.now())
    donor = Viewer(await donor_of(claim_id), Role.DONOR)

    before = (await gift_of(claim_id, viewer=donor)).picture_id
    await clear_picture(picture_id, actor=team.editor, now=clock.now())

    assert before is None
    assert (await gift_of(claim_id, viewer=donor)).picture_id == picture_id


async def test_the_donor_sees_the_picture_no_longer_once_the_family_took_that_consent_back(
    team: Team, clock: SteppedClock
) -> None:
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    picture_id = await claim_makers.picture(team, PictureUse.HANDOVER, now=clock.now())
    given = HandOver(DeliveryProof.CODE, code=await code_of(team), picture_id=picture_id)
    await hand_over(claim_id, given, actor=team.coordinator, sealer=team.sealer, now=clock.now())
    await clear_picture(picture_id, actor=team.editor, now=clock.now())
    donor = Viewer(await donor_of(claim_id), Role.DONOR)
    home = (await rows("SELECT w.household_id AS id FROM claim c JOIN wish w ON w.id = c.wish_id"))[0]["id"]
    purpose, who = ConsentPurpose.PUBLISH_PICTURE, team.coordinator
    paper, now = ConsentMethod.PAPER, clock.now()
    await give_consent(home, [purpose], paper, "张秀英", actor=who, sealer=team.sealer, now=now)
    assert (await picture_visible_to(donor, picture_id))["id"] == picture_id

    await withdraw_consent(home, purpose, actor=who, now=now, handlers=())

    assert (await gift_of(claim_id, viewer=donor)).picture_id is None
    with pytest.raises(NotFound):
        await picture_visible_to(donor, picture_id)


async def donor_of(claim_id: int) -> int:
    found: int = (await rows("SELECT donor_id FROM claim WHERE id = $1", claim_id))[0]["donor_id"]
    return found


# --- the check -----------------------------------------------------------------------------------------------------


async def test_a_yes_fulfils_the_wish_and_tells_the_donor(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.DELIVERED, now=clock.now())

    await ask(team, claim_id, CheckAnswer.YES, now=clock.now())

    wish = await rows("SELECT w.status FROM wish w JOIN claim c ON c.wish_id = w.id WHERE c.id = $1", claim_id)
    assert wish[0]["status"] == "fulfilled"
    assert await notices(f"claim-confirmed:{claim_id}") == 1


async def test_a_no_goes_to_the_town_with_a_day_to_put_it_right(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.QUESTIONED, now=clock.now())

    claim = (await rows("SELECT escalation, due_at FROM claim WHERE id = $1", claim_id))[0]
    assert (claim["escalation"], claim["due_at"]) == (1, clock.now() + timedelta(days=7))
    assert await notices(f"claim-questioned:{claim_id}") == 1


async def test_a_questioned_claim_is_delivered_and_asked_again(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.QUESTIONED, now=clock.now())

    await deliver_by_slip(team, claim_id, now=clock.advance(timedelta(days=1)))
    await ask(team, claim_id, CheckAnswer.YES, now=clock.now())

    assert (await events(claim_id))[-4:] == ["deliver", "question", "deliver", "confirm"]


async def test_a_no_says_what_is_wrong(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.DELIVERED, now=clock.now())
    check = Check(CheckChannel.PHONE, "张秀英", CheckAnswer.NO)
    with pytest.raises(InvalidInput) as refused:
        await record_check(claim_id, check, actor=team.reviewer, sealer=team.sealer, now=clock.now())
    assert set(refused.value.fields) == {"answered_by", "note"}


async def test_who_delivered_does_not_ask(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.DELIVERED, now=clock.now())
    with pytest.raises(Forbidden, match="不能由您来核实"):
        await ask(team, claim_id, CheckAnswer.YES, now=clock.now(), actor=team.coordinator)


async def test_the_database_holds_the_two_apart_when_the_rule_is_off(
    team: Team, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_id = await make_claim(team, ClaimStatus.DELIVERED, now=clock.now())
    monkeypatch.setattr(checks, "refusal_of_asker", lambda actor_id, deliverer_id: "")

    with pytest.raises(IntegrityError, match="ck_fulfilment_two_people"):
        async with in_transaction():
            await ask(team, claim_id, CheckAnswer.YES, now=clock.now(), actor=team.coordinator)


async def test_a_colleague_of_the_same_village_may_ask(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.DELIVERED, now=clock.now())
    status = await ask(team, claim_id, CheckAnswer.YES, now=clock.now(), actor=team.people.second_visitor)
    assert status is ClaimStatus.CONFIRMED


async def test_finance_does_not_ask(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.DELIVERED, now=clock.now())
    with pytest.raises(Forbidden):
        await ask(team, claim_id, CheckAnswer.YES, now=clock.now(), actor=team.finance)


# --- thanks --------------------------------------------------------------------------------------------------------


async def test_thanks_reach_the_donor_through_an_editor(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.CONFIRMED, now=clock.now())
    donor = Viewer(await donor_of(claim_id), Role.DONOR)
    told = {"sealer": team.sealer, "now": clock.now()}

    thanks_id = await write_thanks(claim_id, "孩子有桌子写字了，谢谢。", actor=team.coordinator, **told)
    before = (await gift_of(claim_id, viewer=donor)).thanks
    await pass_on_thanks(thanks_id, "孩子有桌子写字了，谢谢您。", actor=team.editor, **told)

    assert before == ""
    assert (await gift_of(claim_id, viewer=donor)).thanks == "孩子有桌子写字了，谢谢您。"
    with pytest.raises(Conflict):
        await pass_on_thanks(thanks_id, "再说一次", actor=team.editor, **told)
    with pytest.raises(Conflict):
        await write_thanks(claim_id, "换一句", actor=team.coordinator, **told)


@pytest.mark.parametrize("text", ["张秀英全家谢谢您", "打我电话 13900000001 吧", "欢迎来我家12号院做客"])
async def test_thanks_name_nobody(team: Team, clock: SteppedClock, text: str) -> None:
    claim_id = await make_claim(team, ClaimStatus.CONFIRMED, now=clock.now())
    with pytest.raises(InvalidInput):
        await write_thanks(claim_id, text, actor=team.coordinator, sealer=team.sealer, now=clock.now())


async def test_thanks_are_not_passed_on_before_the_check(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.DELIVERED, now=clock.now())
    told = {"sealer": team.sealer, "now": clock.now()}
    thanks_id = await write_thanks(claim_id, "谢谢。", actor=team.coordinator, **told)
    with pytest.raises(Conflict):
        await pass_on_thanks(thanks_id, "谢谢。", actor=team.editor, **told)


# --- ending --------------------------------------------------------------------------------------------------------


ENDED = [
    (ClaimStatus.PAID, (30_000, 0, 0)),
    (ClaimStatus.ADVANCED, (30_000, 0, 0)),
    (ClaimStatus.BOUGHT, (0, 0, 30_000)),
    (ClaimStatus.QUESTIONED, (0, 0, 30_000)),
]


@pytest.mark.parametrize(("status", "books"), ENDED)
async def test_ending_leaves_the_sum_in_the_fund_and_the_books_right(
    team: Team, clock: SteppedClock, status: ClaimStatus, books: tuple[int, int, int]
) -> None:
    claim_id = await make_claim(team, status, now=clock.now())

    await end_claim(claim_id, EndReason.DIED, actor=team.reviewer, sealer=team.sealer, now=clock.now())

    await rows("SET CONSTRAINTS ALL IMMEDIATE")
    fund = team.site.fund_id
    assert (
        await balance_of(fund, AccountType.ALIPAY),
        await balance_of(fund, AccountType.TOWN_ADVANCE, makers.TOWN),
        await balance_of(fund, AccountType.SPENDING),
    ) == books
    assert await balance_of(fund, AccountType.FUND) == -30_000
    wish = await rows("SELECT w.status FROM wish w JOIN claim c ON c.wish_id = w.id WHERE c.id = $1", claim_id)
    assert wish[0]["status"] == "withdrawn"


async def test_the_donor_is_told_but_not_why(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, now=clock.now())
    await end_claim(claim_id, EndReason.DIED, actor=team.editor, sealer=team.sealer, now=clock.now())

    told = (await rows("SELECT text_sealed FROM outbox_message WHERE key = $1", f"claim-ended:{claim_id}"))[0]
    text = team.sealer.open(told["text_sealed"], "message.text")
    gift = await gift_of(claim_id, viewer=Viewer(await donor_of(claim_id), Role.DONOR))
    assert "留在微心愿项目" in text
    for words in (text, gift.over_reason):
        assert "世" not in words
        assert "死" not in words


async def test_a_delivered_claim_is_asked_about_before_it_can_end(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.DELIVERED, now=clock.now())
    with pytest.raises(IllegalMove):
        await end_claim(claim_id, EndReason.MOVED, actor=team.reviewer, sealer=team.sealer, now=clock.now())


async def test_a_claim_does_not_end_under_a_purchase_that_waits(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    await buy(team, claim_id, 30_001, now=clock.now())
    with pytest.raises(Conflict):
        await end_claim(claim_id, EndReason.MOVED, actor=team.reviewer, sealer=team.sealer, now=clock.now())


async def test_the_coordinator_does_not_end_a_claim(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, now=clock.now())
    with pytest.raises(Forbidden):
        await end_claim(claim_id, EndReason.MOVED, actor=team.coordinator, sealer=team.sealer, now=clock.now())


# --- another buyer -------------------------------------------------------------------------------------------------


async def test_a_late_purchase_is_given_to_another_buyer(team: Team, sealer: Sealer, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    other = await makers.make_staff(Role.COORDINATOR, "371402001002", sealer=sealer, now=clock.now())
    told = {"actor": team.reviewer, "sealer": sealer}
    with pytest.raises(Conflict, match="还没有超时"):
        await reassign_buyer(claim_id, other.account_id, **told, now=clock.now())

    now = clock.advance(timedelta(days=7))
    await reassign_buyer(claim_id, other.account_id, **told, now=now)

    with pytest.raises(Conflict, match="换人"):
        await buy(team, claim_id, 100, now=now)
    assert await buy(team, claim_id, 29_000, now=now, actor=other)


async def test_a_buyer_is_a_coordinator_of_the_town(team: Team, sealer: Sealer, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    stranger = await makers.make_staff(Role.COORDINATOR, makers.OTHER_VILLAGE, sealer=sealer, now=clock.now())
    now = clock.advance(timedelta(days=8))
    for account_id in (stranger.account_id, team.reviewer.account_id, team.donor.account_id):
        with pytest.raises(InvalidInput):
            await reassign_buyer(claim_id, account_id, actor=team.reviewer, sealer=sealer, now=now)

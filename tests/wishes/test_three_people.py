"""Filer, reviewer and publisher are three people, and a visit is made by two: in the action and in the table."""

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.errors import Forbidden, InvalidInput, NotFound
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.wishes import actions as wishes
from cishan.wishes.actions import WishDraft, Wording
from cishan.wishes.models import Wish
from cishan.wishes.states import WishStatus
from makers import OTHER_VILLAGE, VILLAGE, WishPeople, make_staff, make_wish, make_wish_people

pytestmark = pytest.mark.usefixtures("transaction")


@pytest.fixture
async def people(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> WishPeople:
    return await make_wish_people(sealer=sealer, now=clock.now())


def in_the_role_of(person: Viewer, role: Viewer) -> Viewer:
    """The same person after a change of role: the account stays, so the rule must look at the account."""
    return Viewer(account_id=person.account_id, role=role.role, division_code=role.division_code)


async def test_who_filed_may_not_review(people: WishPeople, sealer: Sealer, clock: SteppedClock) -> None:
    wish = await make_wish(WishStatus.VISITED, sealer=sealer, now=clock.now(), people=people)
    filer = in_the_role_of(people.coordinator, people.reviewer)
    wording = Wording("想要一张书桌", "孩子在饭桌上写作业，想要一张书桌。", None)
    with pytest.raises(Forbidden):
        await wishes.word_wish(wish.id, wording, actor=filer, sealer=sealer, now=clock.now())


@pytest.mark.parametrize("part", ["coordinator", "reviewer"])
async def test_who_filed_or_reviewed_may_not_publish(
    people: WishPeople, sealer: Sealer, clock: SteppedClock, part: str
) -> None:
    wish = await make_wish(WishStatus.WORDED, sealer=sealer, now=clock.now(), people=people)
    other = in_the_role_of(getattr(people, part), people.editor)
    with pytest.raises(Forbidden):
        await wishes.publish_wish(wish.id, actor=other, sealer=sealer, now=clock.now())
    assert (await wishes.publish_wish(wish.id, actor=people.editor, sealer=sealer, now=clock.now())).published_at


async def test_the_table_refuses_too(people: WishPeople, sealer: Sealer, clock: SteppedClock) -> None:
    wish = await make_wish(WishStatus.WORDED, sealer=sealer, now=clock.now(), people=people)
    for column in ("reviewed_by_id", "published_by_id"):
        with pytest.raises(IntegrityError, match="ck_wish_three_people"):
            async with in_transaction():
                await rows(f"UPDATE wish SET {column} = filed_by_id WHERE id = $1", wish.id)


@pytest.mark.parametrize("who", ["reviewer", "coordinator", "editor", "stranger"])
async def test_the_second_visitor_is_someone_else_of_the_town(
    people: WishPeople, sealer: Sealer, clock: SteppedClock, who: str
) -> None:
    wish = await make_wish(WishStatus.FILED, sealer=sealer, now=clock.now(), people=people)
    stranger = await make_staff(Role.COORDINATOR, OTHER_VILLAGE, sealer=sealer, now=clock.now())
    second = stranger if who == "stranger" else getattr(people, who)
    with pytest.raises(InvalidInput) as refused:
        await visit(wish, second, people, sealer, clock)
    assert "second_visitor" in refused.value.fields


async def test_only_the_second_visitor_confirms(people: WishPeople, sealer: Sealer, clock: SteppedClock) -> None:
    wish = await make_wish(WishStatus.FILED, sealer=sealer, now=clock.now(), people=people)
    visit_id = await visit(wish, people.second_visitor, people, sealer, clock)
    for other in (people.reviewer, people.coordinator, people.editor):
        with pytest.raises(NotFound):
            await wishes.confirm_visit(visit_id, actor=other, now=clock.now())
    await wishes.confirm_visit(visit_id, actor=people.second_visitor, now=clock.now())
    assert (await Wish.get(id=wish.id)).status is WishStatus.VISITED


async def visit(wish: Wish, second: Viewer, people: WishPeople, sealer: Sealer, clock: SteppedClock) -> int:
    made = await wishes.record_visit(
        wish.id,
        visited_on=beijing_day(clock.now()),
        findings="属实",
        second_visitor_id=second.account_id,
        actor=people.reviewer,
        sealer=sealer,
        now=clock.now(),
    )
    return made.id


async def test_staff_of_another_place_find_nothing(people: WishPeople, sealer: Sealer, clock: SteppedClock) -> None:
    wish = await make_wish(WishStatus.WORDED, sealer=sealer, now=clock.now(), people=people)
    elsewhere = await make_staff(Role.EDITOR, "371403000000", sealer=sealer, now=clock.now())
    with pytest.raises(NotFound):
        await wishes.publish_wish(wish.id, actor=elsewhere, sealer=sealer, now=clock.now())
    neighbour = await make_staff(Role.COORDINATOR, OTHER_VILLAGE, sealer=sealer, now=clock.now())
    with pytest.raises(NotFound):
        await wishes.draft_wish(
            wish.household_id, WishDraft(item="书"), actor=neighbour, sealer=sealer, now=clock.now()
        )


async def test_a_wish_that_names_the_family_is_not_worded(
    people: WishPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    wish = await make_wish(WishStatus.VISITED, sealer=sealer, now=clock.now(), people=people)
    wording = Wording("张小满想要书桌", "孩子在饭桌上写作业，想要一张书桌。", None)
    with pytest.raises(InvalidInput) as refused:
        await wishes.word_wish(wish.id, wording, actor=people.reviewer, sealer=sealer, now=clock.now())
    assert "张小满" in refused.value.fields["title"]


async def test_without_consent_nothing_is_published(people: WishPeople, sealer: Sealer, clock: SteppedClock) -> None:
    wish = await make_wish(WishStatus.WORDED, sealer=sealer, now=clock.now(), people=people)
    await rows("UPDATE consent SET withdrawn_at = $2 WHERE household_id = $1", wish.household_id, clock.now())
    with pytest.raises(InvalidInput) as refused:
        await wishes.publish_wish(wish.id, actor=people.editor, sealer=sealer, now=clock.now())
    assert "consent" in refused.value.fields


@pytest.mark.parametrize(
    ("item", "price_fen", "field"),
    [("现金 500 元", 10_000, "item"), ("降压药", 10_000, "item"), ("书桌", 50_001, "price"), ("书桌", 0, "price")],
)
async def test_what_may_not_be_wished_for_is_not_filed(
    people: WishPeople, sealer: Sealer, clock: SteppedClock, item: str, price_fen: int, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await make_wish(WishStatus.FILED, sealer=sealer, now=clock.now(), people=people, item=item, price_fen=price_fen)
    assert field in refused.value.fields


async def test_the_cap_itself_may_be_wished_for(people: WishPeople, sealer: Sealer, clock: SteppedClock) -> None:
    wish = await make_wish(WishStatus.FILED, sealer=sealer, now=clock.now(), people=people, price_fen=50_000)
    assert wish.division_code == VILLAGE

"""To and from administrator and finance it takes two administrators; an invitation ends with its inviter's role."""

from datetime import timedelta

import httpx2
import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

import makers
from cishan.accounts.actions import accept_invitation, disable_account, end_role, invite_staff, revoke_invitation
from cishan.accounts.pending import open_invitations, waiting_changes
from cishan.accounts.role_changes import PROPOSAL_LASTS, change_role, confirm_role, drop_role_proposal
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.sealing import Sealer

FORM_KEY = "k" * 20


@pytest.fixture(autouse=True)
async def charity(transaction: object, clock: SteppedClock) -> None:
    await makers.make_charity(now=clock.now())


@pytest.fixture
async def first(charity: None, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_admin(sealer=sealer, now=clock.now())


@pytest.fixture
async def second(first: Viewer, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_staff(Role.ADMIN, makers.CITY, sealer=sealer, now=clock.now(), name="孙管理")


async def make_editor(sealer: Sealer, clock: SteppedClock, role: Role = Role.EDITOR) -> Viewer:
    return await makers.make_staff(role, makers.CITY, sealer=sealer, now=clock.now(), name="李同志")


async def role_of(member: Viewer) -> str:
    found = await rows("SELECT role FROM role_grant WHERE account_id = $1 AND ended_at IS NULL", member.account_id)
    return str(found[0]["role"])


async def waiting_id(viewer: Viewer, sealer: Sealer, clock: SteppedClock) -> int:
    (waiting,) = await waiting_changes(viewer, sealer=sealer, now=clock.now())
    return waiting.id


@pytest.mark.parametrize(
    ("before", "after"), [(Role.EDITOR, Role.FINANCE), (Role.FINANCE, Role.EDITOR), (Role.EDITOR, Role.ADMIN)]
)
async def test_one_proposes_and_another_confirms(
    first: Viewer, second: Viewer, sealer: Sealer, clock: SteppedClock, before: Role, after: Role
) -> None:
    member = await make_editor(sealer, clock, before)
    assert not await change_role(member.account_id, after, makers.CITY, actor=first, now=clock.now())
    assert await role_of(member) == before
    proposal = await waiting_id(second, sealer, clock)

    with pytest.raises(Forbidden, match="另一位管理员"):
        await confirm_role(proposal, actor=first, now=clock.now())
    await confirm_role(proposal, actor=second, now=clock.now())

    assert await role_of(member) == after
    assert await waiting_changes(second, sealer=sealer, now=clock.now()) == ()
    with pytest.raises(Conflict, match="已经有人处理过"):
        await confirm_role(proposal, actor=second, now=clock.now())
    verbs = await rows("SELECT verb FROM event WHERE subject_id = $1 ORDER BY number", member.account_id)
    assert [row["verb"] for row in verbs][-2:] == ["proposed_role", "changed_role"]


async def test_other_roles_are_one_administrators_to_change(
    first: Viewer, second: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    member = await make_editor(sealer, clock)
    assert await change_role(member.account_id, Role.SUPERVISOR, makers.CITY, actor=first, now=clock.now())
    assert await role_of(member) == Role.SUPERVISOR


async def test_a_single_administrator_changes_all_but_administrators_and_never_themselves(
    first: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    member = await make_editor(sealer, clock)
    assert await change_role(member.account_id, Role.FINANCE, makers.CITY, actor=first, now=clock.now())
    with pytest.raises(Forbidden, match="先邀请一位管理员"):
        await change_role(member.account_id, Role.ADMIN, makers.CITY, actor=first, now=clock.now())
    with pytest.raises(Forbidden, match="自己的岗位"):
        await change_role(first.account_id, Role.FINANCE, makers.CITY, actor=first, now=clock.now())


async def test_neither_the_person_nor_a_stranger_to_the_place_confirms(
    first: Viewer, second: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    third = await makers.make_staff(Role.ADMIN, makers.CITY, sealer=sealer, now=clock.now())
    county = await makers.make_staff(Role.ADMIN, makers.COUNTY, sealer=sealer, now=clock.now())
    await change_role(second.account_id, Role.EDITOR, makers.CITY, actor=first, now=clock.now())
    proposal = await waiting_id(third, sealer, clock)
    assert await waiting_changes(second, sealer=sealer, now=clock.now()) == ()
    with pytest.raises(Forbidden):
        await confirm_role(proposal, actor=second, now=clock.now())
    with pytest.raises(NotFound):
        await confirm_role(proposal, actor=county, now=clock.now())


@pytest.mark.parametrize(("seconds", "may"), [(-1, True), (0, False)])
async def test_a_proposal_lives_seven_days(
    first: Viewer, second: Viewer, sealer: Sealer, clock: SteppedClock, seconds: int, *, may: bool
) -> None:
    member = await make_editor(sealer, clock)
    await change_role(member.account_id, Role.FINANCE, makers.CITY, actor=first, now=clock.now())
    proposal = await waiting_id(second, sealer, clock)
    with pytest.raises(Conflict, match="在等确认"):
        await change_role(member.account_id, Role.ADMIN, makers.CITY, actor=first, now=clock.now())
    clock.advance(PROPOSAL_LASTS + timedelta(seconds=seconds))
    if may:
        await confirm_role(proposal, actor=second, now=clock.now())
        return
    with pytest.raises(Conflict, match="7 天"):
        await confirm_role(proposal, actor=second, now=clock.now())
    assert not await change_role(member.account_id, Role.ADMIN, makers.CITY, actor=first, now=clock.now())


@pytest.mark.parametrize("what", ["the person moved", "the proposer left"])
async def test_a_proposal_that_is_out_of_date_is_not_confirmed(
    first: Viewer, second: Viewer, sealer: Sealer, clock: SteppedClock, what: str
) -> None:
    member = await make_editor(sealer, clock)
    await change_role(member.account_id, Role.FINANCE, makers.CITY, actor=first, now=clock.now())
    proposal = await waiting_id(second, sealer, clock)
    if what == "the person moved":
        await change_role(member.account_id, Role.SUPERVISOR, makers.CITY, actor=second, now=clock.now())
    else:
        await disable_account(first.account_id, actor=second, now=clock.now())
    with pytest.raises(Conflict, match="岗位变过"):
        await confirm_role(proposal, actor=second, now=clock.now())
    await drop_role_proposal(proposal, actor=second, now=clock.now())
    assert await role_of(member) != Role.FINANCE


@pytest.mark.parametrize("column", ["proposed_by_id", "account_id"])
async def test_the_table_refuses_a_second_person_who_is_none(
    first: Viewer, second: Viewer, sealer: Sealer, clock: SteppedClock, column: str
) -> None:
    member = await make_editor(sealer, clock)
    await change_role(member.account_id, Role.FINANCE, makers.CITY, actor=first, now=clock.now())
    with pytest.raises(IntegrityError, match="ck_role_proposal_two_people"):
        async with in_transaction():
            await rows(
                f"UPDATE role_proposal SET agreed = true, decided_at = $1, decided_by_id = {column}", clock.now()
            )


async def test_an_invitation_is_no_way_around_the_second_administrator(
    first: Viewer, second: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    phone = makers.new_phone()
    await makers.make_staff(Role.EDITOR, makers.CITY, sealer=sealer, now=clock.now(), phone=phone)
    with pytest.raises(InvalidInput, match="两位管理员"):
        await invite_staff(phone, "李", Role.FINANCE, makers.CITY, actor=first, sealer=sealer, now=clock.now())


async def invited(by: Viewer, sealer: Sealer, clock: SteppedClock) -> str:
    return await invite_staff(
        makers.new_phone(), "李编辑", Role.EDITOR, makers.CITY, actor=by, sealer=sealer, now=clock.now()
    )


async def opens(token: str, sealer: Sealer, clock: SteppedClock) -> bool:
    try:
        await accept_invitation(
            token, makers.PASSWORD, sealer=sealer, now=clock.now(), passwords=makers.QUICK_PASSWORDS
        )
    except NotFound:
        return False
    return True


async def test_an_invitation_ends_when_its_inviter_has_the_role_no_more(
    first: Viewer, second: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    kept, of_first, of_second = [await invited(by, sealer, clock) for by in (first, first, second)]
    assert await opens(kept, sealer, clock)
    clock.advance(timedelta(minutes=1))
    await end_role(second.account_id, actor=first, now=clock.now())
    assert not await opens(of_second, sealer, clock)
    assert [one.invited_by for one in await open_invitations(first, sealer=sealer, now=clock.now())] == ["钱管理"]
    assert await opens(of_first, sealer, clock)


async def test_an_invitation_is_taken_back_by_an_administrator_of_the_place(
    first: Viewer, second: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    county = await makers.make_staff(Role.ADMIN, makers.COUNTY, sealer=sealer, now=clock.now())
    token = await invited(first, sealer, clock)
    (one,) = await open_invitations(second, sealer=sealer, now=clock.now())
    assert await open_invitations(county, sealer=sealer, now=clock.now()) == ()
    with pytest.raises(NotFound):
        await revoke_invitation(one.id, actor=county, now=clock.now())
    await revoke_invitation(one.id, actor=second, now=clock.now())
    assert not await opens(token, sealer, clock)
    with pytest.raises(NotFound):
        await revoke_invitation(one.id, actor=second, now=clock.now())


async def test_the_page_of_staff_lists_what_waits_and_does_it(
    client: httpx2.AsyncClient, first: Viewer, second: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    member = await make_editor(sealer, clock)
    token = await invited(first, sealer, clock)
    await makers.signed_in(client, first, now=clock.now())
    form = {"form_key": FORM_KEY, "role": "finance", "division_code": makers.CITY}
    proposed = await client.post(f"/desk/staff/{member.account_id}/role", data=form)
    assert proposed.headers["location"] == "/desk/staff"
    assert "确认换岗" not in (await client.get("/desk/staff")).text
    assert "等另一位管理员确认" in (await client.get(f"/desk/staff/{member.account_id}")).text

    await makers.signed_in(client, second, now=clock.now())
    page = (await client.get("/desk/staff")).text
    for words in ("确认换岗", "慈善总会编辑 → 德州市慈善总会财务", "还没接受的邀请（1）", "李编辑"):
        assert words in page
    proposal = await waiting_id(second, sealer, clock)
    confirmed = await client.post(f"/desk/staff/changes/{proposal}/confirm", data={"form_key": "c" * 20})
    assert confirmed.headers["location"] == f"/desk/staff/{member.account_id}"
    assert await role_of(member) == Role.FINANCE
    (one,) = await open_invitations(second, sealer=sealer, now=clock.now())
    await client.post(f"/desk/staff/invitations/{one.id}/revoke", data={"form_key": "r" * 20})
    assert not await opens(token, sealer, clock)
    assert "还没接受的邀请" not in (await client.get("/desk/staff")).text

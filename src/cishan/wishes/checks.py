"""What the actions ask the database before a step: is the household theirs, is the text anonymous, is consent given."""

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.divisions.rules import ancestors, contains, town_of
from cishan.errors import InvalidInput, NotFound
from cishan.households.queries import consents_now, members_now
from cishan.households.states import ConsentPurpose
from cishan.sealing import Sealer
from cishan.wishes.identifying import Finding, Known, find_identifying
from cishan.wishes.models import Wish
from cishan.wishes.rules import wording_faults

NEEDED_CONSENTS = frozenset({ConsentPurpose.STORE, ConsentPurpose.SHOW_TO_CLAIMER})
SECOND_VISITORS = frozenset({Role.COORDINATOR, Role.TOWN_REVIEWER})

HOUSEHOLD = "SELECT id, division_code, case_number FROM household WHERE id = $1 AND closed_at IS NULL FOR SHARE"
STAFF_ROLE = """
SELECT g.role, g.division_code FROM account a JOIN role_grant g ON g.account_id = a.id AND g.ended_at IS NULL
 WHERE a.id = $1 AND a.kind = 'staff' AND a.disabled_at IS NULL
"""
PLACES = "SELECT name FROM division WHERE code = ANY($1) AND valid_to IS NULL"
PICTURE = "SELECT sha256, cleared_at FROM picture WHERE id = $1"
HOLD_CONSENTS = """
SELECT 1 FROM household WHERE id = (SELECT household_id FROM wish WHERE id = $1) FOR SHARE
"""
SAME_PICTURE = """
SELECT 1 FROM wish w JOIN picture p ON p.id = w.picture_id
 WHERE p.sha256 = $1 AND w.household_id <> $2 LIMIT 1
"""


async def household_in_scope(household_id: int, actor: Viewer) -> JsonRow:
    """The household's place and case number; a stranger's or a closed one is not there.

    It neither moves nor closes until the caller's transaction ends.
    """
    found = await rows(HOUSEHOLD, household_id)
    if not found or not actor.covers(found[0]["division_code"]):
        raise NotFound
    return found[0]


async def second_visitor_faults(wish: Wish, second_visitor_id: int, actor: Viewer) -> dict[str, str]:
    """Why this person can't be the second visitor: not of this town's staff, the filer, or the reviewer again."""
    if second_visitor_id == actor.account_id:
        return {"second_visitor": "走访要两个人。请选另一位同事。"}
    if second_visitor_id == wish.filed_by_id:  # type: ignore[attr-defined]
        return {"second_visitor": "登记这个心愿的人不能当走访人。请选另一位同事。"}
    found = await rows(STAFF_ROLE, second_visitor_id)
    town = town_of(wish.division_code)
    if not found or found[0]["role"] not in SECOND_VISITORS or not contains(town, found[0]["division_code"]):
        return {"second_visitor": "请从本乡镇的工作人员中选择。"}
    return {}


async def check_wording(wish: Wish, title: str, text: str, *, sealer: Sealer) -> None:
    """Raises InvalidInput naming everything in the public text that would tell whose wish it is."""
    faults = wording_faults(title, text)
    known = await known_of(wish, sealer)
    for field, words in (("title", title), ("text", text)):
        found = find_identifying(words, known)
        if found:
            faults[field] = _sentence(found)
    if faults:
        raise InvalidInput(faults)


async def findings_in(wish_id: int, text: str, *, sealer: Sealer) -> str:
    """What in a text about a wish, such as the family's thanks, would tell whose it is; empty when nothing does."""
    return _sentence(find_identifying(text, await known_of(await Wish.get(id=wish_id), sealer)))


async def what_identifies(household_id: int, division_code: str, text: str, *, sealer: Sealer) -> str:
    """What in a text about a household's hardship would tell who it is; empty when nothing does."""
    return _sentence(find_identifying(text, await _known_of_home(household_id, division_code, sealer, b"")))


async def known_of(wish: Wish, sealer: Sealer) -> Known:
    """What would identify this household; opened for the check alone and shown to nobody."""
    household_id: int = wish.household_id  # type: ignore[attr-defined]
    return await _known_of_home(household_id, wish.division_code, sealer, wish.school_sealed or b"")


async def _known_of_home(household_id: int, division_code: str, sealer: Sealer, school_sealed: bytes) -> Known:
    members = await members_now(household_id, sealer=sealer)
    low = [division_code, *(code for code in ancestors(division_code) if code >= town_of(division_code))]
    places = await rows(PLACES, low)
    return Known(
        names=tuple(member.name for member in members),
        phones=tuple(member.phone for member in members if member.phone),
        id_numbers=tuple(member.id_number for member in members),
        places=tuple(row["name"] for row in places),
        school=sealer.open(school_sealed, "wish.school") if school_sealed else "",
    )


async def hold_consents(wish_id: int) -> None:
    """Until the transaction ends nobody takes back what this wish's family has agreed to; asked for before the wish's lock.

    A withdrawal locks the household and then its wishes on the wall; without this it would miss one just going there.
    """
    await rows(HOLD_CONSENTS, wish_id)


async def may_be_shown(wish: Wish) -> bool:
    """Whether the family still agrees to the wish being read by strangers."""
    household_id: int = wish.household_id  # type: ignore[attr-defined]
    return await consents_now(household_id) >= NEEDED_CONSENTS


async def check_publishable(wish: Wish) -> None:
    """Raises InvalidInput without the family's consents (R-21), or with a picture that may not be shown."""
    faults: dict[str, str] = {}
    household_id: int = wish.household_id  # type: ignore[attr-defined]
    given = await consents_now(household_id)
    if not given >= NEEDED_CONSENTS:
        faults["consent"] = "这家人还没有同意公开心愿，或已经撤回同意。请退回协理员补办。"
    picture_id: int | None = wish.picture_id  # type: ignore[attr-defined]
    if picture_id is not None:
        fault = await _picture_fault(picture_id, household_id, given)
        if fault:
            faults["picture"] = fault
    if faults:
        raise InvalidInput(faults)


async def _picture_fault(picture_id: int, household_id: int, given: frozenset[ConsentPurpose]) -> str:
    picture = (await rows(PICTURE, picture_id))[0]
    if await rows(SAME_PICTURE, picture["sha256"], household_id):
        return "同一张照片出现在另一户的心愿里，不能发布。请退回协理员核实。"
    if ConsentPurpose.PUBLISH_PICTURE not in given:
        return "这家人没有同意公开照片。请先去掉照片。"
    if picture["cleared_at"] is None:
        return "照片还没有看过。请先确认照片里没有人脸、证件和门牌，或者去掉照片。"
    return ""


def _sentence(found: list[Finding]) -> str:
    return "；".join(dict.fromkeys(finding.sentence for finding in found))

"""Consents: the texts people were shown, by version, and the only writers of giving and withdrawing them (PIPL 14-15)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.errors import Conflict, InvalidInput
from cishan.events.actions import record_event
from cishan.households.registry import SIGNED_BY_LABEL, SUBJECT, lock_household, must_keep_registry
from cishan.households.rules import read_name
from cishan.households.states import ConsentMethod, ConsentPurpose
from cishan.sealing import Sealer

TEXT_VERSION = "2025-1"

CONSENT_TEXTS: Mapping[tuple[ConsentPurpose, str], str] = {
    (ConsentPurpose.STORE, TEXT_VERSION): (
        "我们同意登记家里人的姓名、身份证号、电话、住址和困难情况，只用来办理救助、微心愿和幸福清单。"
        "这些内容加密保存，只有村协理员和乡镇审核员能看。我们随时可以要求查看、更正，也可以撤回同意。"
    ),
    (ConsentPurpose.SHOW_TO_CLAIMER, TEXT_VERSION): (
        "我们同意把心愿写成不带姓名、住址、学校的文字，公开给愿意帮忙的人看。认领的人也看不到我们是谁。撤回以后，公开的心愿马上撤下。"
    ),
    (ConsentPurpose.PUBLISH_PICTURE, TEXT_VERSION): (
        "我们同意公开物品或送达的照片。照片里没有人脸、证件和门牌。撤回以后，照片马上撤下。"
    ),
    (ConsentPurpose.NOTICE_BOARD, TEXT_VERSION): (
        "我们同意在村务公示栏公示户主姓名、家里人数和救助金额，不公示别的内容，到期撤下。"
    ),
}
"""What was read aloud before someone signed. A new wording gets a new version; old ones stay, as people signed them."""

GIVE = """
INSERT INTO consent (household_id, purpose, text_version, method, signed_by_sealed, recorded_by_id, given_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (household_id, purpose) WHERE withdrawn_at IS NULL DO NOTHING
RETURNING id
"""
WITHDRAW = """
UPDATE consent SET withdrawn_at = $3 WHERE household_id = $1 AND purpose = $2 AND withdrawn_at IS NULL RETURNING id
"""


class WithdrawalHandler(Protocol):
    """What another room does when a family takes a consent back; called inside the same transaction."""

    async def __call__(
        self, household_id: int, purpose: ConsentPurpose, *, actor: Viewer | None, now: datetime
    ) -> None: ...


async def give_consent(
    household_id: int,
    purposes: Sequence[ConsentPurpose],
    method: ConsentMethod,
    signed_by: str,
    *,
    actor: Viewer,
    sealer: Sealer,
    now: datetime,
) -> None:
    """Records what the family has agreed to, each purpose for itself, with the version of the text they were read."""
    must_keep_registry(actor)
    faults: dict[str, str] = {}
    if not purposes:
        faults["purposes"] = "请选择这家人同意了哪几项。"
    try:
        name = read_name(signed_by)
    except ValueError as error:
        faults["signed_by"] = str(error)
    if faults:
        raise InvalidInput(faults)
    async with in_transaction():
        await lock_household(household_id, actor)
        for purpose in dict.fromkeys(purposes):
            sealed = sealer.seal(name, SIGNED_BY_LABEL)
            given = await rows(
                GIVE, household_id, purpose.value, TEXT_VERSION, method.value, sealed, actor.account_id, now
            )
            if given:
                detail: dict[str, object] = {"purpose": purpose.value, "version": TEXT_VERSION, "method": method.value}
                await record_event(SUBJECT, household_id, "give_consent", actor=actor, now=now, detail=detail)


async def withdraw_consent(
    household_id: int,
    purpose: ConsentPurpose,
    *,
    actor: Viewer,
    now: datetime,
    handlers: Sequence[WithdrawalHandler],
) -> None:
    """Takes a consent back from now on; `handlers` remove what it had allowed, all or nothing (R-21: in one minute)."""
    must_keep_registry(actor)
    async with in_transaction():
        await lock_household(household_id, actor)
        if not await rows(WITHDRAW, household_id, purpose.value, now):
            raise Conflict("这一项现在没有同意，不用撤回。请刷新后再看。")
        detail: dict[str, object] = {"purpose": purpose.value}
        await record_event(SUBJECT, household_id, "withdraw_consent", actor=actor, now=now, detail=detail)
        for handler in handlers:
            await handler(household_id, purpose, actor=actor, now=now)

"""Accounts that money may be sent to: entered by one person, verified by another before anything is paid to them."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.payouts.rules import read_number
from cishan.payouts.states import PayeeKind
from cishan.permissions import Permission, must
from cishan.sealing import Sealer

HOLDER_LABEL, NUMBER_LABEL = "payee.holder", "payee.number"
HOLDER_LONGEST, BANK_LONGEST = 60, 60
HOUSEHOLD = "SELECT division_code FROM household WHERE id = $1 AND closed_at IS NULL"
ADD = """
INSERT INTO payee (household_id, division_code, kind, bank, holder_sealed, number_sealed, number_index, entered_by_id, entered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id
"""
LOCK = "SELECT id, division_code, kind, number_index, entered_by_id, verified_at FROM payee WHERE id = $1 FOR NO KEY UPDATE"
VERIFY = "UPDATE payee SET verified_by_id = $2, verified_at = $3 WHERE id = $1"


@dataclass(frozen=True)
class PayeeFacts:
    """An account as somebody typed it. `household_id` None is a village's or a supplier's, then with its place."""

    kind: PayeeKind
    holder: str
    number: str
    bank: str = ""
    household_id: int | None = None
    division_code: str = ""


async def enter_payee(facts: PayeeFacts, *, actor: Viewer, sealer: Sealer, now: datetime) -> int:
    """Keeps an account, sealed. Another person verifies it before it is paid to."""
    must(actor, Permission.VISIT)
    number = read_number(facts.kind, facts.number)
    _check(facts)
    async with in_transaction():
        place = await _place(facts, actor)
        sealed = (sealer.seal(facts.holder.strip(), HOLDER_LABEL), sealer.seal(number, NUMBER_LABEL))
        index = sealer.digest(number, NUMBER_LABEL)
        about = (facts.household_id, place, facts.kind.value, facts.bank.strip())
        added: int = (await rows(ADD, *about, *sealed, index, actor.account_id, now))[0]["id"]
        await record_event("payee", added, "enter", actor=actor, now=now)
        return added


def _check(facts: PayeeFacts) -> None:
    faults: dict[str, str] = {}
    if not facts.holder.strip() or len(facts.holder) > HOLDER_LONGEST:
        faults["holder"] = f"请填户名，最多 {HOLDER_LONGEST} 个字。"
    if len(facts.bank) > BANK_LONGEST or (facts.kind is PayeeKind.BANK and not facts.bank.strip()):
        faults["bank"] = f"请填开户行，最多 {BANK_LONGEST} 个字。"
    if faults:
        raise InvalidInput(faults)


async def _place(facts: PayeeFacts, actor: Viewer) -> str:
    place = facts.division_code
    if facts.household_id is not None:
        home = await rows(HOUSEHOLD, facts.household_id)
        place = home[0]["division_code"] if home else ""
    if not actor.covers(place):
        raise NotFound
    return place


async def verify_payee(payee_id: int, number: str, *, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """Another person types the number once more, from the card; raises InvalidInput when the two are not the same."""
    must(actor, Permission.VISIT)
    async with in_transaction():
        payee = await _payee(payee_id, actor)
        if payee["verified_at"] is not None:
            raise Conflict("这个账号已经有人核对过了。")
        if payee["entered_by_id"] == actor.account_id:
            raise Forbidden("账号是您录的，要由另一位同事核对。")
        retyped = sealer.digest(read_number(PayeeKind(payee["kind"]), number), NUMBER_LABEL)
        if retyped != payee["number_index"]:
            raise InvalidInput({"number": "和第一次录的不一样。请再照着卡看一遍；是第一次录错了，就重新录一个。"})
        await rows(VERIFY, payee_id, actor.account_id, now)
        await record_event("payee", payee_id, "verify", actor=actor, now=now)


async def _payee(payee_id: int, actor: Viewer) -> JsonRow:
    found = await rows(LOCK, payee_id)
    if not found or not actor.covers(found[0]["division_code"]):
        raise NotFound
    return found[0]

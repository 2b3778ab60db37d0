"""Sends approved help by Alipay, outside every transaction, and writes down what Alipay says.

Before the call the row says unknown, under one number that a transfer keeps for its whole life: a process killed in the middle
leaves a transfer that is asked about, never one that is forgotten or made twice. Asking goes on until Alipay has said yes or no.
"""

import logging
import secrets
from collections.abc import Iterable
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import BEIJING
from cishan.database import JsonRow, rows
from cishan.errors import Conflict
from cishan.events.actions import record_event
from cishan.money import yuan_text
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.alipay.requests import LEAST_TRANSFER_FEN
from cishan.payments.alipay.terms import (
    GatewayAway,
    GatewayRefused,
    GatewayUnknown,
    Transfer,
    TransferOrder,
    TransferStatus,
)
from cishan.payments.rules import AWAY_AFTER
from cishan.payouts.applying import SUBJECT, lock_payout
from cishan.payouts.payees import HOLDER_LABEL, NUMBER_LABEL
from cishan.payouts.paying import make_file, pay, take_back
from cishan.payouts.rules import TRANSFER_LEASE, look_again, look_once_more, next_try, refusal_words
from cishan.payouts.states import OPEN_TRANSFERS, PayoutChannel, PayoutStatus, TransferState
from cishan.sealing import Sealer
from cishan.services import Services

TITLE = "慈善救助款"
"""What the receiver reads at Alipay: nothing of their hardship."""
NOT_MADE = frozenset({"40001", "40002", "40004", "40006"})
"""Codes by which Alipay says that it has not made the transfer; every other one says nothing about it."""
SAYS_NOTHING = frozenset({"PAYMENT_INFO_INCONSISTENCY", "REP_INCONSISTENT", "BIZ_UNIQUE_EXCEPTION"})
"""Refusals of a second transfer under one number: the first may have been made."""
TRIES_KEPT = 30_000

ALLOWED = """
SELECT m.transfers FROM payout p JOIN fund f ON f.id = p.fund_id JOIN merchant_account m ON m.charity_id = f.charity_id AND m.active
 WHERE p.id = $1
"""
TOO_SMALL = "SELECT id FROM payout WHERE id = ANY($1) AND amount_fen < $2 LIMIT 1"
ADD = """
INSERT INTO payout_transfer (payout_id, out_biz_no, state, state_since, tries, next_try_at, fault)
VALUES ($1, $2, 'requested', $3, 0, $3, '')
"""
DUE = "SELECT payout_id FROM payout_transfer WHERE next_try_at <= $1 ORDER BY next_try_at, id LIMIT $2"
LOCK = """
SELECT t.id, t.payout_id, t.out_biz_no, t.state, t.state_since, t.tries, t.next_try_at, y.holder_sealed, y.number_sealed
  FROM payout_transfer t JOIN payout p ON p.id = t.payout_id JOIN payee y ON y.id = p.payee_id
 WHERE t.payout_id = $1 FOR UPDATE OF t
"""
ASKED = """
UPDATE payout_transfer SET state = $2::varchar, state_since = CASE WHEN state = $2::varchar THEN state_since ELSE $3 END, tries = $4,
       next_try_at = $5 WHERE id = $1
"""
WAIT = "UPDATE payout_transfer SET next_try_at = $2 WHERE id = $1 AND state IN ('requested', 'unknown')"
LOOK_AGAIN = "UPDATE payout_transfer SET next_try_at = $2 WHERE id = $1 AND state = 'made'"
END = "UPDATE payout_transfer SET state = $2, state_since = $3, next_try_at = $4, fault = $5 WHERE id = $1"

log = logging.getLogger(__name__)


async def begin_transfers(payout_ids: Iterable[int], *, actor: Viewer, sealer: Sealer, now: datetime) -> int:
    """Puts approved payouts of one fund on their way by Alipay; a job sends them. Returns the file's id.

    Raises Conflict where the contract does not allow transfers, or Alipay holds less of the fund.
    """
    chosen = sorted(set(payout_ids))
    async with in_transaction():
        if await rows(TOO_SMALL, chosen, LEAST_TRANSFER_FEN):
            raise Conflict(
                f"支付宝一次最少付 {yuan_text(LEAST_TRANSFER_FEN)} 元，里面有更小的。请这家人另给一个银行账号，从银行付。"
            )
        for payout_id in chosen[:1]:
            allowed = await rows(ALLOWED, payout_id)
            if not allowed or not allowed[0]["transfers"]:
                raise Conflict("支付宝付款没有开通。请这家人另给一个银行账号，从银行付。")
        file_id = await make_file(chosen, actor=actor, sealer=sealer, now=now, channel=PayoutChannel.ALIPAY)
        for payout_id in chosen:
            await rows(ADD, payout_id, f"P{now.astimezone(BEIJING):%Y%m%d}{secrets.token_hex(10)}", now)
    return file_id


async def send_due_transfers(*, limit: int, services: Services, now: datetime) -> int:
    """Asks about every transfer that is due, first or once more; any number of nodes may do it at once.

    While the gateway is away a batch ends after a few questions; what was not asked is still due.
    """
    if services.gateway is None:
        return 0
    due = await rows(DUE, now, limit)
    unanswered = 0
    for asked, row in enumerate(due, start=1):
        answered = await _send(row["payout_id"], services.gateway, services=services, now=now)
        unanswered = 0 if answered else unanswered + 1
        if unanswered == AWAY_AFTER:
            return asked
    return len(due)


async def _send(payout_id: int, gateway: AlipayGateway, *, services: Services, now: datetime) -> bool:
    """False when nothing came back at all."""
    transfer = await _mark_asked(payout_id, now=now)
    if transfer is None:
        return True
    try:
        answer = await _ask(transfer, gateway, sealer=services.sealer)
    except GatewayRefused as refusal:
        return await _hear_refusal(transfer, refusal, gateway, now=now)
    except GatewayUnknown as error:
        await _stay_unknown(transfer, str(error), now=now)
        return not isinstance(error, GatewayAway)
    await _hear(transfer, answer, now=now)
    return True


async def _mark_asked(payout_id: int, *, now: datetime) -> JsonRow | None:
    """Unknown from here on, with a lease; a made one keeps its state while it is looked at again. None when it is not due."""
    async with in_transaction():
        payout = await lock_payout(payout_id)
        transfer = (await rows(LOCK, payout_id))[0]
        if transfer["next_try_at"] is None or transfer["next_try_at"] > now:
            return None
        state, tries = TransferState(transfer["state"]), min(transfer["tries"] + 1, TRIES_KEPT)
        after = TransferState.UNKNOWN if state in OPEN_TRANSFERS else state
        await rows(ASKED, transfer["id"], after.value, now, tries, now + TRANSFER_LEASE)
        return {**transfer, "state": after, "tries": tries, "amount_fen": payout["amount_fen"]}


async def _ask(transfer: JsonRow, gateway: AlipayGateway, *, sealer: Sealer) -> Transfer:
    number = transfer["out_biz_no"]
    if transfer["tries"] > 1:
        known = await _query(number, gateway)
        if known is not None or transfer["state"] is TransferState.MADE:
            return known or Transfer(number, TransferStatus.DEALING, None, None, "")
    order = TransferOrder(
        out_biz_no=number,
        amount_fen=transfer["amount_fen"],
        account=sealer.open(transfer["number_sealed"], NUMBER_LABEL),
        name=sealer.open(transfer["holder_sealed"], HOLDER_LABEL),
        title=TITLE,
    )
    return await gateway.transfer(order)


async def _hear_refusal(transfer: JsonRow, refusal: GatewayRefused, gateway: AlipayGateway, *, now: datetime) -> bool:
    """A refused call was not made; that an earlier one under the number was not made either, only a question tells."""
    fault = f"{refusal.code} {refusal.sub_code}".strip()
    if refusal.code not in NOT_MADE or refusal.sub_code in SAYS_NOTHING:
        await _stay_unknown(transfer, fault, now=now)
        return True
    if transfer["tries"] > 1:
        try:
            known = await _query(transfer["out_biz_no"], gateway)
        except GatewayUnknown as error:
            await _stay_unknown(transfer, str(error), now=now)
            return not isinstance(error, GatewayAway)
        if known is not None:
            await _hear(transfer, known, now=now)
            return True
    await _record(transfer, TransferState.REFUSED, fault=fault, moved_at=now, now=now)
    return True


async def _query(number: str, gateway: AlipayGateway) -> Transfer | None:
    """A refusal to answer says nothing about the transfer."""
    try:
        return await gateway.query_transfer(number)
    except GatewayRefused as refusal:
        raise GatewayUnknown(str(refusal)) from refusal


async def _hear(transfer: JsonRow, answer: Transfer, *, now: datetime) -> None:
    """Books what Alipay vouches for, once; another sum than ours proves nothing."""
    if answer.amount_fen not in {None, transfer["amount_fen"]}:
        await _stay_unknown(transfer, "another sum", now=now)
        return
    states = {
        TransferStatus.SUCCESS: TransferState.MADE,
        TransferStatus.FAIL: TransferState.REFUSED,
        TransferStatus.REFUND: TransferState.CAME_BACK,
    }
    state = states.get(answer.status)
    if state is None:
        await _stay_unknown(transfer, "", now=now)
        return
    await _record(transfer, state, fault=answer.fault, moved_at=answer.moved_at or now, now=now)


async def _record(transfer: JsonRow, state: TransferState, *, fault: str, moved_at: datetime, now: datetime) -> None:
    async with in_transaction():
        payout = await lock_payout(transfer["payout_id"])
        stands = (await rows(LOCK, transfer["payout_id"]))[0]
        before = TransferState(stands["state"])
        if before is TransferState.MADE and state is not TransferState.CAME_BACK:
            if state is TransferState.REFUSED:
                log.error(
                    "transfer %s is booked as made, and Alipay now says that it failed: %s", transfer["id"], fault
                )
            await rows(LOOK_AGAIN, transfer["id"], look_again(stands["state_since"], now))
            return
        if before not in OPEN_TRANSFERS and before is not TransferState.MADE:
            return
        if state is TransferState.REFUSED and stands["tries"] != transfer["tries"]:
            # Somebody has asked once more since: what this call heard is not the last word.
            return
        is_made = state is not TransferState.REFUSED
        if is_made and payout["status"] == PayoutStatus.IN_FILE:
            await pay(payout, PayoutChannel.ALIPAY, paid_at=moved_at, actor=None, now=now)
            payout = await lock_payout(transfer["payout_id"])
        if state is not TransferState.MADE and payout["status"] in {PayoutStatus.IN_FILE, PayoutStatus.PAID}:
            words = refusal_words(fault) if state is TransferState.REFUSED else "收款人把钱退回来了"
            await take_back(payout, words, actor=None, now=now)
        look_at = look_again(now, now) if state is TransferState.MADE else None
        await rows(END, transfer["id"], state.value, now, look_at, fault[:80])
        detail: dict[str, object] = {"transfer": state.value}
        await record_event(SUBJECT, transfer["payout_id"], "transfer", actor=None, now=now, detail=detail)


async def _stay_unknown(transfer: JsonRow, why: str, *, now: datetime) -> None:
    if why:
        log.warning("transfer %s stays unknown: %s", transfer["id"], why)
    if transfer["state"] is TransferState.MADE:
        await rows(LOOK_AGAIN, transfer["id"], look_once_more(transfer["state_since"], now))
    else:
        await rows(WAIT, transfer["id"], next_try(transfer["tries"], now))

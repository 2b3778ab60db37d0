"""The only writer of donations: made before paying, received by `settle`, counted out again by a refund."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.donations.models import Donation
from cishan.donations.rules import (
    PAY_FOR,
    check_late_choice,
    check_takes_money,
    check_within_cap,
    next_status,
    pay_by,
    refusal_of_payment,
    takes_money,
)
from cishan.donations.states import DonationStatus
from cishan.donations.totals import count_gift, total_of
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.ledger.free import lock_fund, spendable_of
from cishan.messages.actions import queue_notice
from cishan.money import yuan_text
from cishan.payments.actions import NewLine, close_unopened, open_order
from cishan.payments.owners import Unspent, Used
from cishan.payments.rules import is_far_beyond
from cishan.payments.states import LateChoice, PayChannel, UnassignedReason
from cishan.refunds.queries import terms_on, usual_gift_fen
from cishan.refunds.states import COUNTED_SQL
from cishan.sealing import Sealer
from cishan.vigilance.actions import watch_order, watch_received
from cishan.vigilance.states import GiftSource

OWNER_KIND = "donation"
NOTE_LABEL = "donation.note"

FUND = "SELECT id, charity_id, name, takes_from, takes_until, cap_fen FROM fund WHERE id = $1"
LOCK = """
SELECT d.id, d.fund_id, d.donor_id, d.status, d.amount_fen, d.left_fen, d.wants_receipt, f.name AS fund_name, f.takes_from, f.takes_until,
       f.cap_fen
  FROM donation d JOIN fund f ON f.id = d.fund_id WHERE d.id = $1 FOR UPDATE OF d
"""
LIKE = """
SELECT d.fund_id, d.donor_id, d.shows_name, d.wants_receipt, o.late_choice
  FROM payment_order o JOIN order_line l ON l.order_id = o.id AND l.owner_kind = 'donation' JOIN donation d ON d.id = l.owner_id
 WHERE o.id = $1
"""
SHOW_NAME = "UPDATE donation SET shows_name = $2 WHERE id = $1"
UNPAID = """
SELECT d.id FROM donation d
 WHERE d.status = 'pledged'
   AND NOT EXISTS (SELECT FROM order_line l JOIN payment_order o ON o.id = l.order_id
                    WHERE l.owner_kind = 'donation' AND l.owner_id = d.id AND o.status NOT IN ('closed', 'paid'))
 ORDER BY d.id LIMIT $1
"""
PLEDGE = """
SELECT o.out_trade_no FROM order_line l JOIN payment_order o ON o.id = l.order_id AND o.channel = 'bank'
 WHERE l.owner_kind = 'donation' AND l.owner_id = $1
"""
PAID_AT = "SELECT paid_at FROM payment_order WHERE id = $1"
MOVE = "UPDATE donation SET status = $2, left_fen = $3, received_at = $4 WHERE id = $1"
COUNT_ANEW = "UPDATE donation SET status = $2, left_fen = $3 WHERE id = $1"
LEFT = f"""
SELECT d.id, (d.amount_fen - coalesce((SELECT sum(t.amount_fen) FROM refund_line t JOIN refund r ON r.id = t.refund_id
                WHERE t.order_line_id = l.id AND r.{COUNTED_SQL} AND r.status <> 'proposed'), 0))::bigint AS left_fen
  FROM order_line l JOIN donation d ON l.owner_kind = 'donation' AND d.id = l.owner_id
 WHERE l.order_id = $1 AND d.received_at IS NOT NULL ORDER BY d.id
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Pledged:
    """A new donation and our number of its order."""

    donation_id: int
    out_trade_no: str


@dataclass(frozen=True)
class Manner:
    """How a donor wants a donation to be taken: named or not, what becomes of late money, the way it comes, a receipt, and
    words of their own.
    """

    shows_name: bool
    late_choice: LateChoice
    channel: PayChannel
    wants_receipt: bool = False
    note_sealed: bytes | None = None


async def make_donation(
    fund_id: int,
    amount_fen: int,
    *,
    shows_name: bool,
    late_choice: LateChoice,
    actor: Viewer,
    now: datetime,
    pay_for: timedelta = PAY_FOR,
    source: GiftSource | None = None,
    may_ask: bool = True,
    channel: PayChannel = PayChannel.ALIPAY,
    wants_receipt: bool = False,
    note_sealed: bytes | None = None,
) -> Pledged:
    """Writes down what somebody gives to a fund, with an order that can be paid for `pay_for`, by transfer for longer.

    Raises NotFound for a fund that is not there, Conflict for one that takes no money now, InvalidInput("amount") for more
    than is lacking to a target that stops, InvalidInput("source") when a large sum wants its source said; with `may_ask`
    False nobody is there to be asked.
    """
    async with in_transaction():
        found = await rows(FUND, fund_id)
        if not found:
            raise NotFound
        fund = found[0]
        check_takes_money(now, takes_from=fund["takes_from"], takes_until=fund["takes_until"])
        check_late_choice(late_choice, takes_until=fund["takes_until"])
        if fund["cap_fen"] is not None:
            check_within_cap(amount_fen, cap_fen=fund["cap_fen"], given_fen=(await total_of(fund_id)).given_fen)
        return await _pledge(
            fund,
            amount_fen,
            Manner(shows_name, late_choice, channel, wants_receipt, note_sealed),
            expires_at=pay_by(channel, now, takes_until=fund["takes_until"], pay_for=pay_for),
            source=source,
            may_ask=may_ask,
            donor=actor,
            now=now,
        )


async def pledge_anew(order_id: int, amount_fen: int, *, now: datetime) -> Pledged:
    """A donation like that of an order, for a transfer of another sum, or a second one: each transfer is a gift of its own.

    The money is here already, so nothing is asked: a fund that takes none any more refuses it when it is received, and
    then it goes the way its donor chose.
    """
    async with in_transaction():
        found = await rows(LIKE, order_id)
        if not found:
            raise NotFound
        like = found[0]
        return await _pledge(
            (await rows(FUND, like["fund_id"]))[0],
            amount_fen,
            Manner(like["shows_name"], LateChoice(like["late_choice"]), PayChannel.BANK, like["wants_receipt"]),
            expires_at=now + PAY_FOR,
            source=None,
            may_ask=False,
            donor=Viewer(like["donor_id"], Role.ORGANISATION),
            now=now,
        )


async def _pledge(
    fund: JsonRow,
    amount_fen: int,
    manner: Manner,
    *,
    expires_at: datetime,
    source: GiftSource | None,
    may_ask: bool,
    donor: Viewer,
    now: datetime,
) -> Pledged:
    charity_id = fund["charity_id"]
    donation = await Donation.create(
        charity_id=charity_id,
        fund_id=fund["id"],
        donor_id=donor.account_id,
        status=DonationStatus.PLEDGED,
        amount_fen=amount_fen,
        shows_name=manner.shows_name,
        wants_receipt=manner.wants_receipt,
        note_sealed=manner.note_sealed,
        made_at=now,
    )
    await record_event("donation", donation.id, "pledge", actor=donor, now=now, detail={"amount_fen": amount_fen})
    order = await open_order(
        [NewLine(OWNER_KIND, donation.id, fund["id"], amount_fen)],
        charity_id=charity_id,
        subject="慈善捐款",
        expires_at=expires_at,
        actor=donor,
        now=now,
        late_choice=manner.late_choice,
        channel=manner.channel,
    )
    await watch_order(order.id, source, charity_id=charity_id, actor=donor, now=now, may_ask=may_ask)
    return Pledged(donation.id, order.out_trade_no)


async def check_not_mistaken(amount_fen: int, *, charity_id: int, actor: Viewer, now: datetime) -> None:
    """Raises InvalidInput("sure") for a donation far beyond what this donor usually gives, so that they are asked again."""
    terms, usual_fen = await terms_on(charity_id, now), await usual_gift_fen(actor.account_id)
    if usual_fen and is_far_beyond(
        amount_fen,
        need_fen=amount_fen,
        usual_fen=usual_fen,
        times=terms.ask_again_times,
        floor_fen=terms.ask_again_over_fen,
    ):
        raise InvalidInput(
            {
                "sure": f"这次要捐 {yuan_text(amount_fen)} 元，您平时一次捐 {yuan_text(usual_fen)} 元左右。"
                "请再看一眼金额；没有错的话，勾上这一项再提交。"
            }
        )


async def show_name(donation_id: int, shown: bool, *, actor: Viewer, now: datetime) -> None:
    """Lets a donor be named in public, or not any more; a stranger's donation is not there."""
    async with in_transaction():
        donation = await lock_donation(donation_id)
        if donation["donor_id"] != actor.account_id:
            raise NotFound
        await rows(SHOW_NAME, donation_id, shown)
        await record_event("donation", donation_id, "name", actor=actor, now=now, detail={"shown": shown})


async def cancel_pledge(donation_id: int, *, actor: Viewer, now: datetime) -> None:
    """A company will not transfer what it has announced; money that comes all the same is still received.

    Raises Conflict for what is paid, or goes by Alipay, whose cashier may be open.
    """
    async with in_transaction():
        donation = await lock_donation(donation_id)
        if donation["donor_id"] != actor.account_id:
            raise NotFound
        found = await rows(PLEDGE, donation_id)
        if not found or not await close_unopened(found[0]["out_trade_no"], now=now):
            raise Conflict("这笔捐款现在不能取消。")
        await rows(MOVE, donation_id, next_status(donation["status"], "lapse").value, 0, None)
        await record_event("donation", donation_id, "lapse", actor=actor, now=now)


async def hide_names_of(account_id: int) -> None:
    """Takes a donor's name off every donation, when they close their account; inside the caller's transaction."""
    await rows("UPDATE donation SET shows_name = false WHERE donor_id = $1 AND shows_name", account_id)


async def lapse_due_donations(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Ends donations whose order was closed unpaid, or whose money came and could not be taken; returns how many.

    Money that comes after all for a closed order is still received.
    """
    lapsed = 0
    for row in await rows(UNPAID, limit):
        async with in_transaction():
            donation = await lock_donation(row["id"])
            if donation["status"] is not DonationStatus.PLEDGED:
                continue
            status = next_status(donation["status"], "lapse")
            await rows(MOVE, row["id"], status.value, 0, None)
            await record_event("donation", row["id"], "lapse", actor=None, now=now)
            lapsed += 1
    return lapsed


async def follow_refund(order_id: int, *, actor: Viewer | None, now: datetime) -> None:
    """Counts a donation anew after something of its order was promised back, or stays after all; in the refund's own
    transaction.
    """
    for row in await rows(LEFT, order_id):
        donation = await lock_donation(row["id"])
        gone_fen = donation["left_fen"] - row["left_fen"]
        if not gone_fen:
            continue
        verb = "return" if row["left_fen"] == 0 else "keep" if donation["left_fen"] == 0 else None
        status = next_status(donation["status"], verb) if verb else donation["status"]
        gifts = {"return": -1, "keep": 1}.get(verb or "", 0)
        await rows(COUNT_ANEW, row["id"], status.value, row["left_fen"])
        await count_gift(donation["fund_id"], row["id"], given_fen=-gone_fen, gifts=gifts)
        await record_event("donation", row["id"], verb or "return", actor=actor, now=now, detail={"gone_fen": gone_fen})


async def lock_donation(donation_id: int) -> JsonRow:
    """The donation's row with what its fund takes, locked until the transaction ends."""
    found = await rows(LOCK, donation_id)
    if not found:
        raise NotFound
    return {**found[0], "status": DonationStatus(found[0]["status"])}


class DonationPayments:
    """How a donation takes the money of its order line, and gives it back; registered for OWNER_KIND."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def accept_payment(self, owner_id: int, *, order_id: int, now: datetime) -> UnassignedReason | None:
        """Receives a donation paid before its fund closed, whenever we hear of it; never beyond a target that stops."""
        donation = await lock_donation(owner_id)
        fund_id, amount_fen = donation["fund_id"], donation["amount_fen"]
        if donation["cap_fen"] is not None:
            await lock_fund(fund_id)
        paid_at = (await rows(PAID_AT, order_id))[0]["paid_at"]
        refused = refusal_of_payment(
            donation["status"],
            in_time=takes_money(paid_at, takes_from=donation["takes_from"], takes_until=donation["takes_until"]),
            cap_fen=donation["cap_fen"],
            given_fen=(await total_of(fund_id)).given_fen if donation["cap_fen"] is not None else 0,
            amount_fen=amount_fen,
        )
        if refused is not None:
            return refused
        status = next_status(donation["status"], "receive")
        await rows(MOVE, owner_id, status.value, amount_fen, paid_at)
        await count_gift(fund_id, owner_id, given_fen=amount_fen, gifts=1)
        await watch_received(order_id, now=now)
        await record_event("donation", owner_id, "receive", actor=None, now=now, detail={"order_id": order_id})
        text = f"谢谢您！您捐的 {yuan_text(amount_fen)} 元已经收到，记入“{donation['fund_name']}”项目。"
        if donation["wants_receipt"]:
            text += "您要的捐赠票据，请在“我的”里打开这笔捐款，写一下抬头。"
        await queue_notice(f"donation:{owner_id}", donation["donor_id"], text, sealer=self._sealer, now=now)
        return None

    async def use_late_money(self, owner_id: int, amount_fen: int, *, donor_id: int, now: datetime) -> Used | None:
        """Nothing else is like a donation: what came too late or twice stays with its fund or goes back."""
        return None

    async def unspent(self, owner_id: int) -> Unspent:
        """All that is left of it; untouched while its fund has as much that is promised to nobody."""
        donation = await lock_donation(owner_id)
        await lock_fund(donation["fund_id"])
        untouched = donation["left_fen"] <= await spendable_of(donation["fund_id"])
        return Unspent(donation["amount_fen"], untouched=untouched)

    async def give_up(self, owner_id: int, *, actor: Viewer | None, now: datetime) -> None:
        """What is left is counted by `follow_refund`, once the refund's own lines are written."""

    def address_of(self, owner_id: int) -> str:
        return f"/me/donations/{owner_id}?back"

"""Help that goes to a village and to a supplier: their accounts, the approvals, the bank's file, and the invoices afterwards."""

from dataclasses import dataclass
from random import Random

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.divisions.rules import town_of
from cishan.payouts.allocating import Share, allocate
from cishan.payouts.applying import Application, apply_for, approve_payout
from cishan.payouts.payees import PayeeFacts, enter_payee, verify_payee
from cishan.payouts.paying import make_file, record_paid
from cishan.payouts.states import PayeeKind, PayoutKind
from cishan.payouts.vouching import Proof, record_proof
from cishan.simulate.helping import Purse
from cishan.simulate.scene import Scene

CARD = 6_222_021_605_000_000_000
INVOICE = 26_372_000_000_000_000_000
"""The first of twenty digits, as invoices have."""


@dataclass(frozen=True)
class _Receiver:
    kind: PayoutKind
    holder: str
    what: str
    reason: str
    price_note: str
    invoices: int


RECEIVERS = (
    _Receiver(PayoutKind.VILLAGE, "示例村村民委员会", "集中送到各户", "老人自己取不了，由村里统一送到家。", "", 1),
    _Receiver(
        PayoutKind.PURCHASE, "示例商贸有限公司", "统一采购物资", "统一采购便宜，质量一样。", "比过三家，这家最便宜。", 2
    ),
)


async def help_place(scene: Scene, purse: Purse, village: str, rng: Random) -> None:
    """The purse's sum goes half to the village and half to a supplier; each brings the invoices that make up its half."""
    staff, town = scene.staff, town_of(village)
    share = Share(town, "村级和采购", purse.amount_fen, purse.budget_line_id)
    allocation = await allocate(purse.fund_id, share, actor=staff.finance, now=scene.now())
    half_fen = purse.amount_fen // len(RECEIVERS)
    made = [await _approved(scene, allocation, receiver, half_fen, village) for receiver in RECEIVERS]
    await scene.at_work(rng, days=1)
    await make_file(made, actor=staff.cashier, sealer=scene.world.sealer, now=scene.now())
    paid_at = await scene.after(hours=2)
    for payout_id in made:
        await record_paid(payout_id, paid_at=paid_at, actor=staff.cashier, now=scene.now())
    await scene.at_work(rng, days=5)
    for payout_id, receiver in zip(made, RECEIVERS, strict=True):
        await _prove(scene, payout_id, receiver, half_fen, staff.reviewer(village))


async def _approved(scene: Scene, allocation: int, receiver: _Receiver, amount_fen: int, village: str) -> int:
    staff, sealer, now = scene.staff, scene.world.sealer, scene.now()
    first, second = staff.reviewers[town_of(village)]
    card = str(CARD + allocation * len(RECEIVERS) + RECEIVERS.index(receiver))
    facts = PayeeFacts(PayeeKind.BANK, receiver.holder, card, "示例农商银行", division_code=village)
    payee = await enter_payee(facts, actor=first, sealer=sealer, now=now)
    await verify_payee(payee, card, actor=second, sealer=sealer, now=now)
    asked = Application(
        receiver.kind, allocation, payee, amount_fen, receiver.what, receiver.reason, price_note=receiver.price_note
    )
    payout_id = await apply_for(asked, actor=first, sealer=sealer, now=now)
    for person in (staff.editor(village), staff.second_finance):
        await approve_payout(payout_id, actor=person, sealer=sealer, now=now)
    return payout_id


async def _prove(scene: Scene, payout_id: int, receiver: _Receiver, amount_fen: int, actor: Viewer) -> None:
    part_fen = amount_fen // receiver.invoices
    for place in range(receiver.invoices):
        proof = Proof(str(INVOICE + payout_id * 10 + place), beijing_day(scene.now()), part_fen, "")
        await record_proof(payout_id, proof, actor=actor, now=scene.now())

"""What the books should hold, kept beside the product by a few lines of arithmetic that share nothing with it."""

from dataclasses import dataclass, field

from cishan.ledger.states import AccountType


@dataclass
class Gift:
    """One order: `in_fund_fen` is the fund's, the other sums are on their way. `claim_id` None is a donation."""

    out_trade_no: str
    amount_fen: int
    owner_id: int
    wish_id: int | None = None
    paid_fen: int = 0
    in_fund_fen: int = 0
    waiting_fen: int = 0
    is_taken: bool = False
    """Its owner has taken the money."""
    lapsed: bool = False
    goes_to_fund: bool = False

    @property
    def is_claim(self) -> bool:
        return self.wish_id is not None


@dataclass
class Model:
    """Sums of everything, in fen, and which wish is free."""

    gifts: list[Gift] = field(default_factory=list)
    taken: dict[int, Gift] = field(default_factory=dict)
    town_fen: int = 0
    spent_fen: int = 0

    def pay(self, gift: Gift, paid_fen: int) -> None:
        """The first payment of an order counts, and none after it; short money is nobody's, surplus waits."""
        if gift.paid_fen:
            return
        gift.paid_fen = paid_fen
        if paid_fen < gift.amount_fen or not self._takes(gift):
            gift.waiting_fen = paid_fen
            return
        gift.is_taken = True
        gift.in_fund_fen, gift.waiting_fen = gift.amount_fen, paid_fen - gift.amount_fen

    def _takes(self, gift: Gift) -> bool:
        if gift.wish_id is None:
            return True
        if gift.lapsed and self.taken.get(gift.wish_id) is None:
            self.taken[gift.wish_id] = gift
            gift.lapsed = False
        return self.taken.get(gift.wish_id) is gift

    def lapse(self) -> None:
        """Whoever has not paid for their claim loses the wish."""
        for wish_id, gift in list(self.taken.items()):
            if not gift.is_taken:
                gift.lapsed = True
                del self.taken[wish_id]

    def resolve(self, gift: Gift) -> int:
        """Waiting money goes where its donor chose; returns what is owed back now."""
        waiting_fen, gift.waiting_fen = gift.waiting_fen, 0
        if gift.goes_to_fund:
            gift.in_fund_fen += waiting_fen
            return 0
        return waiting_fen

    def books(self, owed_fen: int, gone_fen: int) -> dict[AccountType, int]:
        """Every account that is not empty, debit positive. Refunds come from their own rows."""
        paid_fen = sum(gift.paid_fen for gift in self.gifts)
        waiting_fen = sum(gift.waiting_fen for gift in self.gifts)
        found = {
            AccountType.ALIPAY: paid_fen - gone_fen - self.town_fen - self.spent_fen,
            AccountType.TOWN_ADVANCE: self.town_fen,
            AccountType.SPENDING: self.spent_fen,
            AccountType.UNASSIGNED: -waiting_fen,
            AccountType.REFUND_DUE: -owed_fen,
            AccountType.FUND: -(paid_fen - waiting_fen - owed_fen - gone_fen),
        }
        return {account: fen for account, fen in found.items() if fen}

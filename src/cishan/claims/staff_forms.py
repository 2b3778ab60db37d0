"""What staff type about a claim, as typed forms; sums are typed in yuan and read into fen."""

from typing import Literal

from pydantic import Field

from cishan.claims.fulfilment_rules import LONGEST_NOTE, LONGEST_SHOP, LONGEST_THANKS
from cishan.claims.states import CheckAnswer, CheckChannel, DeliveryProof, EndReason
from cishan.forms.reading import FormModel
from cishan.forms.typed import PlainDigits, YuanAsFen


class PurchaseForm(FormModel):
    shop: str = Field(max_length=LONGEST_SHOP)
    spent: YuanAsFen


class HandOverForm(FormModel):
    proof: DeliveryProof
    code: PlainDigits = Field(default="", max_length=12)
    value: YuanAsFen = 0
    hours: int = Field(default=0, ge=0, le=1000)


class CheckForm(FormModel):
    channel: CheckChannel
    answered_by: str
    answer: CheckAnswer
    note: str = Field(default="", max_length=LONGEST_NOTE)


class ThanksForm(FormModel):
    text: str = Field(max_length=LONGEST_THANKS)


class PictureForm(FormModel):
    """`picture` is the one that was looked at."""

    verdict: Literal["clear", "refuse"]
    picture: int


class RefusalForm(FormModel):
    reason: str = Field(max_length=200)


class EndForm(FormModel):
    reason: EndReason


class BuyerForm(FormModel):
    buyer: int


class ChosenForm(FormModel):
    """Claims that were ticked; or, with `every`, all that the page showed (their ids joined by "-")."""

    claim: tuple[int, ...] = ()
    shown: str = Field(default="", max_length=800, pattern=r"^[0-9]{1,18}(-[0-9]{1,18})*$")
    every: str = ""

    @property
    def chosen(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.shown.split("-") if part) if self.every else self.claim

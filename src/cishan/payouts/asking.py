"""The page on which a town or the federation applies for help: a family's, a village's public need, or a purchase."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.viewer import Viewer
from cishan.errors import InvalidInput
from cishan.forms.answering import NOTHING, answer_form
from cishan.forms.reading import FormModel, read_form
from cishan.forms.typed import YuanAsFen
from cishan.money import yuan_text
from cishan.payouts.applying import Application, apply_for
from cishan.payouts.choices import payee_of_case, public_payees, shares_for
from cishan.payouts.desk import DESK
from cishan.payouts.rules import REASON_LONGEST, WHAT_LONGEST
from cishan.payouts.states import PayoutKind
from cishan.templating import page_response
from cishan.web import id_in, services_of, viewer_of

KINDS = (
    (PayoutKind.HOUSEHOLD.value, "给一户人家", "填户编号，付到这家人自己的账号，会写在他们的幸福清单上"),
    (PayoutKind.VILLAGE.value, "给村里办公共的事", "例如修路灯、建助餐点，不能给哪一家"),
    (PayoutKind.PURCHASE.value, "向商家采购", "要写明比过哪几家的价"),
)


class ApplicationForm(FormModel):
    kind: PayoutKind = PayoutKind.HOUSEHOLD
    case_number: str = Field(default="", max_length=24)
    payee: str = Field(default="", max_length=12)
    allocation: int
    amount: YuanAsFen
    what: str = Field(max_length=WHAT_LONGEST)
    reason: str = Field(max_length=REASON_LONGEST)
    price_note: str = Field(default="", max_length=200)


@dataclass(frozen=True)
class AskingPage:
    """The form; `shares` are the allocations with money left for this place, `payees` its villages and suppliers."""

    shares: tuple[tuple[str, str], ...]
    payees: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    error: str = ""
    kinds: tuple[tuple[str, str, str], ...] = KINDS


async def show_new(request: Request) -> Response:
    return await _new(request)


async def _new(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    found = await shares_for(viewer_of(request))
    shares = tuple((str(one.id), f"{one.fund} · {one.category}（还剩 {yuan_text(one.left_fen)} 元）") for one in found)
    payees = await public_payees(viewer_of(request), sealer=services_of(request).sealer)
    return page_response(request, "payouts/new.html", AskingPage(shares, payees, values, errors, error), status=status)


async def apply_new(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> None:
        form = await read_form(request, ApplicationForm)
        payee_id = await _payee(form, viewer)
        asked = Application(
            form.kind,
            form.allocation,
            payee_id,
            form.amount,
            form.what,
            form.reason,
            price_note=form.price_note.strip(),
        )
        await apply_for(asked, actor=viewer, sealer=services.sealer, now=services.clock.now())

    return await answer_form(request, act, to=DESK, notice="payout-applied", again=_new)


async def _payee(form: ApplicationForm, viewer: Viewer) -> int:
    """The family's account by its case number, or the chosen one of a village or supplier."""
    if form.kind is PayoutKind.HOUSEHOLD:
        return await payee_of_case(form.case_number, viewer)
    payee_id = id_in(form.payee)
    if payee_id is None:
        raise InvalidInput({"payee": "请选择付给谁。账号要先由两个人录入、核对好。"})
    return payee_id

"""Desk pages before help can be applied for: finance sets shares aside, and two people keep a family's account."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from cishan.divisions.rules import is_code
from cishan.errors import InvalidInput, NotFound
from cishan.forms.answering import NOTHING, answer_form
from cishan.forms.reading import FormModel, read_form
from cishan.forms.typed import OptionalYuanAsFen, YuanAsFen
from cishan.ledger.free import spendable_of
from cishan.payouts.allocating import CATEGORY_LONGEST, Share, allocate, release_share
from cishan.payouts.choices import (
    FundChoice,
    SetAside,
    WaitingPayee,
    funds_to_share,
    household_of_case,
    payees_waiting,
    places_of,
    shares_of_fund,
    villages_of,
)
from cishan.payouts.payees import BANK_LONGEST, HOLDER_LONGEST, PayeeFacts, enter_payee, verify_payee
from cishan.payouts.states import PayeeKind
from cishan.templating import page_response, yuan
from cishan.web import path_id, services_of, viewer_of

SHARES, PAYEES = "/desk/payouts/shares", "/desk/payouts/payees"
WHOSE = (
    ("household", "一户人家", "填户编号"),
    ("public", "村里或商家", "村集体的公共账户，或者采购用的商家账户；选在哪里"),
)
KINDS = (("bank", "银行卡、存折"), ("alipay", "支付宝"))


class ShareForm(FormModel):
    place: str = Field(max_length=12)
    category: str = Field(max_length=CATEGORY_LONGEST)
    amount: YuanAsFen
    budget_line: int | None = None
    case_limit: OptionalYuanAsFen = None


class PayeeForm(FormModel):
    whose: str = Field(default="household", pattern="household|public")
    case_number: str = Field(default="", max_length=24)
    place: str = Field(default="", max_length=12)
    kind: PayeeKind
    holder: str = Field(max_length=HOLDER_LONGEST)
    number: str = Field(max_length=40)
    bank: str = Field(default="", max_length=BANK_LONGEST)


class RetypedForm(FormModel):
    number: str = Field(max_length=40)


@dataclass(frozen=True)
class SharesPage:
    """What of a fund is set aside for whom, and what may still be; `funds` are links to the others."""

    fund: FundChoice
    action: str
    funds: tuple[tuple[str, str, bool], ...]
    free_fen: int
    shares: tuple[SetAside, ...]
    places: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    error: str

    @property
    def line_choices(self) -> tuple[tuple[str, str], ...]:
        return tuple((str(line.id), f"{line.name}（还有 {yuan(line.left_fen)}）") for line in self.fund.lines)


@dataclass(frozen=True)
class PayeesPage:
    """Accounts that wait for a second person, and the form of a new one: a family's, or a village's or supplier's."""

    waiting: tuple[WaitingPayee, ...]
    whose: tuple[tuple[str, str, str], ...]
    places: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    error: str


async def show_shares(request: Request) -> Response:
    return await _shares(request)


async def set_aside(request: Request) -> Response:
    """Sets a share of a fund aside for a place; of a project's, a share of a line of its budget."""

    async def act() -> None:
        form = await read_form(request, ShareForm)
        share = Share(form.place, form.category, form.amount, form.budget_line, form.case_limit)
        fund = _chosen(request, await funds_to_share(request.state.site.charity_id))
        await allocate(fund.id, share, actor=viewer_of(request), now=services_of(request).clock.now())

    fund = _chosen(request, await funds_to_share(request.state.site.charity_id))
    return await answer_form(request, act, to=f"{SHARES}?fund={fund.id}", notice="share-set-aside", again=_shares)


async def _shares(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    funds = await funds_to_share(request.state.site.charity_id)
    fund = _chosen(request, funds)
    page = SharesPage(
        fund=fund,
        action=f"{SHARES}?fund={fund.id}",
        funds=tuple((one.name, f"{SHARES}?fund={one.id}", one.id == fund.id) for one in funds),
        free_fen=await spendable_of(fund.id),
        shares=await shares_of_fund(fund.id),
        places=await places_of(viewer_of(request)),
        values=values,
        errors=errors,
        error=error,
    )
    return page_response(request, "payouts/shares.html", page, status=status)


def _chosen(request: Request, funds: tuple[FundChoice, ...]) -> FundChoice:
    """The fund that the address names, the first when it names none; raises NotFound for one that is not there."""
    text = request.query_params.get("fund", "")
    found = [fund for fund in funds if not text or str(fund.id) == text]
    if not found:
        raise NotFound
    return found[0]


async def take_back_share(request: Request) -> Response:
    """What nobody has applied for goes back to what the fund may promise."""
    fund = _chosen(request, await funds_to_share(request.state.site.charity_id))

    async def act() -> None:
        await release_share(path_id(request), actor=viewer_of(request), now=services_of(request).clock.now())

    return await answer_form(request, act, to=f"{SHARES}?fund={fund.id}", notice="share-released", again=_shares)


async def show_payees(request: Request) -> Response:
    return await _payees(request)


async def enter(request: Request) -> Response:
    """Keeps an account, sealed; another person compares it with the card."""
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> None:
        form = await read_form(request, PayeeForm)
        if form.whose == "household":
            home, place = await household_of_case(form.case_number, viewer), ""
        else:
            home, place = None, _read_place(form.place)
        facts = PayeeFacts(form.kind, form.holder, form.number, form.bank, home, place)
        await enter_payee(facts, actor=viewer, sealer=services.sealer, now=services.clock.now())

    return await answer_form(request, act, to=PAYEES, notice="payee-entered", again=_payees)


def _read_place(code: str) -> str:
    if not is_code(code):
        raise InvalidInput({"place": "请选择是哪个村或乡镇的。"})
    return code


async def verify(request: Request) -> Response:
    """The second person types the number once more, from the card itself."""
    services = services_of(request)

    async def act() -> None:
        form = await read_form(request, RetypedForm)
        await verify_payee(
            path_id(request),
            form.number,
            actor=viewer_of(request),
            sealer=services.sealer,
            now=services.clock.now(),
        )

    return await answer_form(request, act, to=PAYEES, notice="payee-verified", again=_payees)


async def _payees(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    waiting = await payees_waiting(viewer_of(request), sealer=services_of(request).sealer)
    page = PayeesPage(waiting, WHOSE, await villages_of(viewer_of(request)), KINDS, values, errors, error)
    return page_response(request, "payouts/payees.html", page, status=status)

"""The form by which somebody gives to a fund, the same for every fund; the rooms whose fund it is show it by this module."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.states import Role
from cishan.donations.actions import NOTE_LABEL, check_not_mistaken, make_donation
from cishan.donations.pages import CHANNELS, CHIPS, LATE_CHOICES, OTHER, Choice, GivePage
from cishan.donations.rules import NOTE_LONGEST, read_amount
from cishan.errors import Conflict, InvalidInput
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.payments.states import LateChoice, PayChannel
from cishan.refunds.queries import terms_on
from cishan.templating import page_response
from cishan.vigilance.queries import source_choices
from cishan.vigilance.states import GiftSource
from cishan.web import see_other, services_of, viewer_of

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Giving:
    """The fund that is given to, and what its room says of it before anybody pays.

    `terms` are named sentences about when it takes money and what becomes of the rest; `closed_words` say why it takes
    none now, and are empty while it does. Without `late_choices` what can't be taken goes back. With `takes_transfers` a
    company may transfer its gift to the charity's bank account.
    """

    fund_id: int
    fund_name: str
    filing_number: str
    purpose: str
    action: str
    back: str
    lead: str
    monthly_href: str = ""
    terms: tuple[tuple[str, str], ...] = ()
    late_choices: tuple[Choice, ...] = LATE_CHOICES
    closed_words: str = ""
    takes_transfers: bool = False


class GiveForm(FormModel):
    chip: str = ""
    amount: str = ""
    named: bool = False
    late: LateChoice = LateChoice.REFUND
    sure: bool = False
    source: GiftSource | None = None
    channel: PayChannel = PayChannel.ALIPAY
    receipt: bool = False
    note: str = Field(default="", max_length=NOTE_LONGEST)


async def show_form(request: Request, giving: Giving) -> Response:
    return page_response(request, "donations/give.html", await _give_page(request, giving))


async def take_gift(request: Request, giving: Giving) -> Response:
    """Writes the donation down and goes straight on to the cashier; what is refused is said on the form."""
    services, viewer, site = services_of(request), viewer_of(request), request.state.site

    async def act() -> str:
        form, now = await read_form(request, GiveForm), services.clock.now()
        by_bank = form.channel is PayChannel.BANK
        if by_bank and not _takes_transfers(request, giving):
            raise InvalidInput({"channel": "这里不收银行转账，请用支付宝付款。"})
        amount_fen = read_amount(form.amount if form.chip in {"", OTHER} else form.chip, form.channel)
        if not form.sure:
            await check_not_mistaken(amount_fen, charity_id=site.charity_id, actor=viewer, now=now)
        made = await make_donation(
            giving.fund_id,
            amount_fen,
            shows_name=form.named,
            late_choice=form.late,
            actor=viewer,
            now=now,
            source=form.source,
            channel=form.channel,
            wants_receipt=form.receipt,
            note_sealed=services.sealer.seal(form.note.strip(), NOTE_LABEL) if form.note.strip() else None,
        )
        return f"/me/donations/{made.donation_id}" + ("" if by_bank else "/pay")

    try:
        return see_other(await answer_once(request, act))
    except InvalidInput as error:
        errors, status = error.fields, error.status_code
    except Conflict as error:
        errors, status = {"": error.sentence}, error.status_code
    page = await _give_page(request, giving, errors, typed_text(await read_fields(request)))
    return page_response(request, "donations/give.html", page, status=status)


async def _give_page(
    request: Request, giving: Giving, errors: Mapping[str, str] = NOTHING, values: Mapping[str, str] = NOTHING
) -> GivePage:
    services, site, viewer = services_of(request), request.state.site, viewer_of(request)
    return GivePage(
        action=giving.action,
        back=giving.back,
        lead=giving.lead,
        fund_name=giving.fund_name,
        filing_number=giving.filing_number,
        purpose=giving.purpose,
        terms=giving.terms,
        closed_words=giving.closed_words,
        monthly_href=giving.monthly_href,
        charity_name=site.name,
        chips=CHIPS,
        late_choices=giving.late_choices,
        cooling_hours=(await terms_on(site.charity_id, services.clock.now())).cooling_hours,
        can_pay=services.gateway is not None,
        donor_word="单位名称" if viewer.role is Role.ORGANISATION else "姓名",
        asks_again=errors.get("sure", ""),
        channels=CHANNELS if _takes_transfers(request, giving) else (),
        sources=source_choices() if "source" in errors else (),
        values=values or {"chip": CHIPS[2][0], "late": LateChoice.REFUND.value, "channel": PayChannel.ALIPAY.value},
        errors=errors,
    )


def _takes_transfers(request: Request, giving: Giving) -> bool:
    """Companies alone: a person's transfer names nobody but a person, and the cashier is quicker for them."""
    has_account = bool(request.state.site.bank_number)
    return giving.takes_transfers and has_account and viewer_of(request).role is Role.ORGANISATION

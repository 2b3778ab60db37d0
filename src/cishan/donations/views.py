"""Giving to the 微心愿 fund, and a donor's page of each donation."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from cishan.donations.actions import NOTE_LABEL, OWNER_KIND, cancel_pledge, show_name
from cishan.donations.giving import Giving, show_form, take_gift
from cishan.donations.pages import DonationPage, donation_page
from cishan.donations.queries import OwnDonation, own_donation
from cishan.donations.rules import LAST_MINUTES_TO_PAY
from cishan.donations.states import DonationStatus
from cishan.errors import Conflict
from cishan.forms.reading import FormModel, read_form
from cishan.forms.replay import answer_once
from cishan.payments.cashier import Payable, cashier_address
from cishan.payments.rules import is_payable
from cishan.payments.states import PayChannel
from cishan.payments.views import owners_of
from cishan.refunds.actions import take_gift_back
from cishan.refunds.neighbours import neighbours_of
from cishan.refunds.queries import terms_on
from cishan.templating import page_response
from cishan.web import done, path_id, see_other, services_of, viewer_of

GIVE = "/give"
SUBJECT = "慈善捐款"
NOTHING: Mapping[str, str] = MappingProxyType({})


class NameForm(FormModel):
    named: bool = False


async def show_give(request: Request) -> Response:
    return await show_form(request, wish_giving(request))


async def give(request: Request) -> Response:
    """Writes the donation down and goes straight on to the cashier."""
    return await take_gift(request, wish_giving(request))


def wish_giving(request: Request) -> Giving:
    """The 微心愿 fund, which takes money for no single wish."""
    site = request.state.site
    return Giving(
        fund_id=site.fund_id,
        fund_name=site.fund_name,
        filing_number=site.filing_number,
        purpose=site.purpose,
        action=GIVE,
        back="/wishes",
        lead="不指定哪一件心愿，用来圆还没有人认领的心愿。",
        monthly_href="/me/monthly",
        takes_transfers=True,
    )


async def go_to_cashier(request: Request) -> Response:
    """Sends the donor to Alipay while the donation waits for its money; safe to reload."""
    donation = await own_donation(path_id(request), viewer=viewer_of(request))
    page, now = f"/me/donations/{donation.id}", services_of(request).clock.now()
    by_bank = donation.channel is PayChannel.BANK
    is_over = donation.takes_until is not None and now >= donation.takes_until
    if by_bank or is_over or not is_payable(donation.order_status, donation.expires_at - LAST_MINUTES_TO_PAY, now):
        return see_other(page)
    order = Payable(donation.out_trade_no, SUBJECT, donation.amount_fen, donation.expires_at, page)
    return see_other(cashier_address(request, order))


async def show_donation(request: Request) -> Response:
    donation = await own_donation(path_id(request), viewer=viewer_of(request))
    return page_response(request, "donations/donation.html", await _donation_page(request, donation))


async def _donation_page(request: Request, donation: OwnDonation, error: str = "") -> DonationPage:
    now = services_of(request).clock.now()
    hours = (await terms_on(request.state.site.charity_id, now)).cooling_hours
    came_back = "back" in request.query_params
    sealed, sealer = donation.note_sealed, services_of(request).sealer
    return donation_page(
        donation,
        note=sealer.open(sealed, NOTE_LABEL) if sealed else "",
        site=request.state.site,
        came_back=came_back,
        cooling_hours=hours,
        now=now,
        error=error,
    )


async def change_name(request: Request) -> Response:
    """Takes the donor's name onto public lists or off them, at once (R-13)."""
    donation_id, viewer, now = path_id(request), viewer_of(request), services_of(request).clock.now()

    async def act() -> str:
        form = await read_form(request, NameForm)
        await show_name(donation_id, form.named, actor=viewer, now=now)
        return f"/me/donations/{donation_id}"

    return done(await answer_once(request, act), "saved")


async def cancel(request: Request) -> Response:
    """A company takes back its announcement of a transfer."""
    donation_id, viewer, now = path_id(request), viewer_of(request), services_of(request).clock.now()

    async def act() -> str:
        await cancel_pledge(donation_id, actor=viewer, now=now)
        return f"/me/donations/{donation_id}"

    return done(await answer_once(request, act), "saved")


async def take_back(request: Request) -> Response:
    """Takes an unspent donation back within the cooling period; nobody has to agree."""
    services, viewer, donation_id = services_of(request), viewer_of(request), path_id(request)
    if (await own_donation(donation_id, viewer=viewer)).status is DonationStatus.RETURNED:
        return see_other(f"/me/donations/{donation_id}")

    async def act() -> str:
        await take_gift_back(
            OWNER_KIND,
            donation_id,
            neighbours=neighbours_of(services, owners_of(request)),
            actor=viewer,
            sealer=services.sealer,
            now=services.clock.now(),
        )
        return f"/me/donations/{donation_id}"

    try:
        return done(await answer_once(request, act), "donation-taken-back")
    except Conflict as error:
        donation = await own_donation(donation_id, viewer=viewer)
        page = await _donation_page(request, donation, error.sentence)
        return page_response(request, "donations/donation.html", page, status=error.status_code)

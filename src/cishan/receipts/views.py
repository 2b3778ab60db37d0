"""The donor's side: gifts of money, the receipt of each, its certificate, the year's statement; and the public check."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.forms import Name
from cishan.accounts.queries import name_of
from cishan.accounts.states import Role
from cishan.amount_words import amount_in_words
from cishan.donations.queries import OwnDonation, unpaid_donations
from cishan.errors import InvalidInput, NotFound
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.listing import page_number, pagination
from cishan.payments.states import PayChannel
from cishan.receipts.actions import Payer, request_receipt
from cishan.receipts.certificates import Certificate, make_certificate, own_certificate, verify_certificate
from cishan.receipts.pages import (
    AskPage,
    MoneyGiftsPage,
    Statement,
    StatementPage,
    WaitingGift,
    certificate_page,
    gift_row,
    money_gift_page,
)
from cishan.receipts.queries import (
    GIFTS_A_PAGE,
    gifts_of_year,
    in_kind_of_year,
    money_gift_of,
    money_gifts_of,
    organisation_of,
    years_of_gifts,
)
from cishan.receipts.rules import CAN_ASK, DAYS_TO_ISSUE
from cishan.receipts.statements import make_statement, statement_data, workbook_of
from cishan.templating import day, page_response, yuan
from cishan.typesetting.codes import qr_svg
from cishan.typesetting.papers import set_paper
from cishan.web import done, path_id, see_other, services_of, viewer_of

GIFTS = "/me/gifts"
ROWS_A_PAGE = 50
FIRST_YEAR = 2016
LONGEST_TOKEN = 40
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NO_REFERRER = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


class AskForm(FormModel):
    payer_name: Name = ""
    payer_number: str = ""


class CertificateForm(FormModel):
    named: str = "no"


async def show_gifts(request: Request) -> Response:
    """All gifts of money, newest first, with where each stands with its receipt."""
    viewer, number = viewer_of(request), page_number(request)
    gifts, total = await money_gifts_of(viewer, number)
    page = MoneyGiftsPage(
        waiting=tuple(_waiting(one) for one in await unpaid_donations(viewer)),
        gifts=tuple(gift_row(gift) for gift in gifts),
        years=await years_of_gifts(viewer),
        pagination=pagination(f"{GIFTS}?", number, total, GIFTS_A_PAGE, "笔"),
    )
    return page_response(request, "receipts/gifts.html", page)


def _waiting(donation: OwnDonation) -> WaitingGift:
    by_bank = donation.channel is PayChannel.BANK
    state = f"等转账到账，转账码 {donation.transfer_code}" if by_bank else "等您付款"
    return WaitingGift(donation.fund_name, donation.amount_fen, f"/me/donations/{donation.id}", state)


async def show_gift(request: Request) -> Response:
    """One gift of money: its receipt and its certificate."""
    viewer, order_id = viewer_of(request), path_id(request)
    gift = await money_gift_of(order_id, viewer=viewer)
    certificate = await own_certificate(order_id, viewer=viewer, sealer=services_of(request).sealer)
    return page_response(request, "receipts/gift.html", money_gift_page(gift, certificate))


async def show_ask(request: Request) -> Response:
    """The form that asks for a receipt; a gift that can't have one leads back to its page, which says why."""
    gift = await money_gift_of(path_id(request), viewer=viewer_of(request))
    if gift.state not in CAN_ASK:
        return see_other(f"{GIFTS}/{gift.id}")
    return page_response(request, "receipts/ask.html", await _ask_page(request, {}))


async def ask(request: Request) -> Response:
    services, viewer, order_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await read_form(request, AskForm)
        payer = Payer(form.payer_name, form.payer_number)
        await request_receipt(order_id, payer, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return f"{GIFTS}/{order_id}"

    try:
        return done(await answer_once(request, act), "receipt-asked")
    except InvalidInput as error:
        page = await _ask_page(request, error.fields, typed_text(await read_fields(request)))
        return page_response(request, "receipts/ask.html", page, status=error.status_code)


async def _ask_page(request: Request, errors: dict[str, str], values: dict[str, str] | None = None) -> AskPage:
    viewer, sealer = viewer_of(request), services_of(request).sealer
    organisation = await organisation_of(viewer)
    name = organisation[0] if organisation else await name_of(viewer.account_id, sealer)
    return AskPage(
        gift=await money_gift_of(path_id(request), viewer=viewer),
        is_organisation=viewer.role is Role.ORGANISATION,
        name=name,
        number=organisation[1] if organisation else "",
        days=DAYS_TO_ISSUE,
        values=values or {"payer_name": name},
        errors=errors,
    )


async def certify(request: Request) -> Response:
    """Makes the certificate, or takes the donor's name onto it or off it."""
    services, viewer, order_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        anonymous = (await read_form(request, CertificateForm)).named != "yes"
        now = services.clock.now()
        await make_certificate(order_id, anonymous=anonymous, actor=viewer, sealer=services.sealer, now=now)
        return f"{GIFTS}/{order_id}"

    return done(await answer_once(request, act), "certificate-made")


async def download_certificate(request: Request) -> Response:
    """The certificate as a PDF, set now: it always says what its public page says."""
    services, order_id = services_of(request), path_id(request)
    certificate = await own_certificate(order_id, viewer=viewer_of(request), sealer=services.sealer)
    if certificate is None:
        raise NotFound
    pdf = await set_paper(
        "certificate.typ",
        certificate_data(certificate, services.settings.site_url),
        fonts_directory=services.settings.fonts_directory,
        now=services.clock.now(),
    )
    return _file(pdf, "application/pdf", f"certificate-{certificate.number}.pdf")


def certificate_data(certificate: Certificate, site_url: str) -> dict[str, object]:
    """The face of the certificate as plain data for the printer."""
    link = f"{site_url}/certificates/{certificate.token}"
    return {
        "title": "捐赠证书",
        "number": certificate.number,
        "name": certificate.name,
        "anonymous": certificate.anonymous,
        "given_on": day(certificate.given_at),
        "amount": yuan(certificate.amount_fen),
        "amount_words": amount_in_words(certificate.amount_fen),
        "project": certificate.project,
        "charity": certificate.charity,
        "qr_svg": qr_svg(link),
        "site": site_url.split("://")[-1],
    }


async def show_certificate(request: Request) -> Response:
    """For whoever holds a certificate: whether it counts. It says no more than the certificate's face."""
    token = str(request.path_params["token"])[:LONGEST_TOKEN]
    certificate = await verify_certificate(token, sealer=services_of(request).sealer)
    return page_response(request, "receipts/certificate.html", certificate_page(certificate), headers=NO_REFERRER)


async def show_statement(request: Request) -> Response:
    """A year's gifts with their sums."""
    statement, number = await _statement(request), page_number(request)
    years = await years_of_gifts(viewer_of(request))
    first = (number - 1) * ROWS_A_PAGE
    page = StatementPage(
        statement=statement,
        rows=statement.rows[first : first + ROWS_A_PAGE],
        years=tuple((f"{year} 年", f"/me/statements/{year}", year == statement.year) for year in years),
        pagination=pagination(f"/me/statements/{statement.year}?", number, len(statement.rows), ROWS_A_PAGE, "笔"),
    )
    return page_response(request, "receipts/statement.html", page)


async def download_statement_pdf(request: Request) -> Response:
    services, statement = services_of(request), await _statement(request)
    pdf = await set_paper(
        "statement.typ",
        statement_data(statement),
        fonts_directory=services.settings.fonts_directory,
        now=services.clock.now(),
    )
    return _file(pdf, "application/pdf", f"statement-{statement.year}.pdf")


async def download_statement_workbook(request: Request) -> Response:
    statement = await _statement(request)
    return _file(await asyncio.to_thread(workbook_of, statement), XLSX, f"statement-{statement.year}.xlsx")


async def _statement(request: Request) -> Statement:
    services, viewer, year = services_of(request), viewer_of(request), path_id(request, "year")
    if not FIRST_YEAR <= year <= services.clock.now().year + 1:
        raise NotFound
    organisation = await organisation_of(viewer)
    return make_statement(
        await gifts_of_year(viewer, year),
        await in_kind_of_year(viewer, year),
        year=year,
        name=organisation[0] if organisation else await name_of(viewer.account_id, services.sealer),
        site=request.state.site,
        now=services.clock.now(),
    )


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(body, media_type=media_type, headers=headers)

"""The donor's pages: claim a wish, pay for it, see what became of it."""

from starlette.requests import Request
from starlette.responses import Response

from cishan.claims.actions import cancel_claim, claim_wish, hand_back_claim, pay_anew
from cishan.claims.pages import (
    CHOICES,
    UNDER_WAY,
    WAITING,
    ClaimPage,
    GiftCard,
    MyPage,
    SimilarWish,
    TakenPage,
    gift_page,
    tone_of,
)
from cishan.claims.queries import Gift, gift_of, gifts_of, terms_for
from cishan.claims.rules import LAST_MINUTES_TO_PAY, order_subject, ways_for
from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.errors import Conflict, InvalidInput
from cishan.forms.reading import FormModel, read_form
from cishan.forms.replay import answer_once
from cishan.labels import label
from cishan.payments.alipay.terms import Checkout, CheckoutTooLate
from cishan.payments.rules import is_payable
from cishan.templating import page_response
from cishan.web import done, path_id, see_other, services_of, viewer_of
from cishan.wishes import queries as wishes

SIMILAR = 3


class ClaimForm(FormModel):
    way: ClaimWay


async def show_claim(request: Request) -> Response:
    """Check your answers before claiming."""
    return page_response(request, "claims/claim.html", await _claim_page(request, {}))


async def make_claim(request: Request) -> Response:
    """Claims the wish; by payment it goes straight on to the cashier, else to the page of the claim."""
    wish_id = path_id(request)
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> str:
        form = await read_form(request, ClaimForm)
        claimed = await claim_wish(wish_id, form.way, site=request.state.site, actor=viewer, now=services.clock.now())
        return f"/me/claims/{claimed.claim_id}" + ("/pay" if claimed.out_trade_no else "")

    try:
        return see_other(await answer_once(request, act))
    except InvalidInput as error:
        page = await _claim_page(request, error.fields)
        return page_response(request, "claims/claim.html", page, status=error.status_code)
    except Conflict as taken:
        return await _show_taken(request, wish_id, taken)


async def _show_taken(request: Request, wish_id: int, taken: Conflict) -> Response:
    similar = tuple(
        SimilarWish(id=card.id, title=card.title, county=card.county, price_fen=card.price_fen)
        for card in await wishes.similar_wishes(wish_id, limit=SIMILAR)
    )
    page = TakenPage(sentence=taken.sentence, similar=similar)
    return page_response(request, "claims/taken.html", page, status=taken.status_code)


async def _claim_page(request: Request, errors: dict[str, str]) -> ClaimPage:
    wish = await wishes.published_wish(path_id(request))
    services, site = services_of(request), request.state.site
    terms = await terms_for(wish.campaign_id, services.clock.now())
    ways = [way for way in ways_for(wish.kind, wish.price_fen) if way is not ClaimWay.PAY or services.gateway]
    return ClaimPage(
        wish_id=wish.id,
        title=wish.title,
        county=wish.county,
        price_fen=wish.price_fen,
        choices=tuple(CHOICES[way] for way in ways),
        chosen=ways[0].value if ways else "",
        pay_minutes=terms.pay_minutes,
        promise_days=terms.promise_days,
        fund_name=site.fund_name,
        filing_number=site.filing_number,
        charity_name=site.name,
        can_pay=ClaimWay.PAY in ways,
        errors=errors,
    )


async def go_to_cashier(request: Request) -> Response:
    """Sends the donor to Alipay with the claim's newest payable order; safe to reload."""
    services, viewer = services_of(request), viewer_of(request)
    gift, now = await gift_of(path_id(request), viewer=viewer), services.clock.now()
    payable = [order for order in gift.orders if is_payable(order.status, order.expires_at - LAST_MINUTES_TO_PAY, now)]
    if gift.status is not ClaimStatus.RESERVED or not payable or services.gateway is None:
        return see_other(f"/me/claims/{gift.id}")
    base = services.settings.site_url
    checkout = Checkout(
        out_trade_no=payable[-1].out_trade_no,
        subject=order_subject(gift.wish_id),
        total_fen=payable[-1].total_fen,
        expires_at=payable[-1].expires_at,
        notify_url=f"{base}/pay/notify",
        return_url=f"{base}/pay/return",
        quit_url=f"{base}/me/claims/{gift.id}",
        phone=is_phone(request),
    )
    try:
        return see_other(services.gateway.checkout_url(checkout))
    except CheckoutTooLate:
        return see_other(f"/me/claims/{gift.id}")


def is_phone(request: Request) -> bool:
    return "Mobile" in request.headers.get("user-agent", "")


async def start_again(request: Request) -> Response:
    """A new order for the same claim, for another Alipay account."""
    services, viewer, claim_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        await pay_anew(claim_id, site=request.state.site, actor=viewer, now=services.clock.now())
        return f"/me/claims/{claim_id}/pay"

    return see_other(await answer_once(request, act))


async def cancel(request: Request) -> Response:
    services, viewer, claim_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        await cancel_claim(claim_id, actor=viewer, now=services.clock.now())
        return f"/me/claims/{claim_id}"

    return done(await answer_once(request, act), "claim-cancelled")


async def hand_back(request: Request) -> Response:
    services, viewer, claim_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        await hand_back_claim(claim_id, actor=viewer, now=services.clock.now())
        return f"/me/claims/{claim_id}"

    return done(await answer_once(request, act), "claim-handed-back")


async def show_mine(request: Request) -> Response:
    """The donor's own gifts by where they stand."""
    gifts = await gifts_of(viewer_of(request))
    page = MyPage(
        waiting=tuple(_card(gift) for gift in gifts if gift.status in WAITING),
        under_way=tuple(_card(gift) for gift in gifts if gift.status in UNDER_WAY),
        fulfilled=tuple(_card(gift) for gift in gifts if gift.status is ClaimStatus.CONFIRMED),
        over=tuple(_card(gift) for gift in gifts if gift.status not in {*WAITING, *UNDER_WAY, ClaimStatus.CONFIRMED}),
        unread=0,
        given_fen=sum(gift.price_fen for gift in gifts if gift.advanced_at or gift.status is ClaimStatus.PAID),
    )
    return page_response(request, "claims/mine.html", page)


def _card(gift: Gift) -> GiftCard:
    return GiftCard(
        href=f"/me/claims/{gift.id}",
        title=gift.title,
        county=gift.county,
        price_fen=gift.price_fen,
        state_label=label(gift.status),
        state_tone=tone_of(gift.status),
        claimed_at=gift.claimed_at,
    )


async def show_gift(request: Request) -> Response:
    """The path of one gift."""
    gift = await gift_of(path_id(request), viewer=viewer_of(request))
    return page_response(request, "claims/gift.html", gift_page(gift, services_of(request).clock.now()))

"""The donor's pages: claim a wish, pay for it, see what became of it."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from cishan.claims.actions import (
    OWNER_KIND,
    cancel_claim,
    check_not_mistaken,
    claim_wish,
    hand_back_claim,
    pay_anew,
)
from cishan.claims.pages import (
    CHOICES,
    LATE_CHOICES,
    UNDER_WAY,
    WAITING,
    ClaimPage,
    GiftCard,
    MyPage,
    SimilarWish,
    TakeBackPage,
    TakenPage,
    gift_page,
    tone_of,
)
from cishan.claims.queries import Gift, gift_of, gifts_of, terms_for
from cishan.claims.rules import LAST_MINUTES_TO_PAY, order_subject, ways_for
from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.errors import Conflict, InvalidInput
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.labels import label
from cishan.payments.cashier import Payable, cashier_address
from cishan.payments.queries import last_late_choice
from cishan.payments.rules import is_payable
from cishan.payments.states import LateChoice
from cishan.payments.views import owners_of
from cishan.refunds.actions import take_gift_back
from cishan.refunds.neighbours import neighbours_of
from cishan.refunds.queries import terms_on
from cishan.templating import page_response
from cishan.vigilance.queries import source_choices
from cishan.vigilance.states import GiftSource
from cishan.web import done, path_id, see_other, services_of, viewer_of
from cishan.wishes import queries as wishes

SIMILAR = 3


class ClaimForm(FormModel):
    way: ClaimWay
    late: LateChoice | None = None
    sure: bool = False
    source: GiftSource | None = None


async def show_claim(request: Request) -> Response:
    """Check your answers before claiming."""
    return page_response(request, "claims/claim.html", await _claim_page(request, {}))


async def make_claim(request: Request) -> Response:
    """Claims the wish; by payment it goes straight on to the cashier, else to the page of the claim."""
    wish_id = path_id(request)
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> str:
        form, site, now = await read_form(request, ClaimForm), request.state.site, services.clock.now()
        if form.way is ClaimWay.PAY and not form.sure:
            await check_not_mistaken(wish_id, charity_id=site.charity_id, actor=viewer, now=now)
        choice = form.late or await last_late_choice(viewer.account_id)
        claimed = await claim_wish(
            wish_id, form.way, site=site, actor=viewer, now=now, late_choice=choice, source=form.source
        )
        return f"/me/claims/{claimed.claim_id}" + ("/pay" if claimed.out_trade_no else "")

    try:
        return see_other(await answer_once(request, act))
    except InvalidInput as error:
        page = await _claim_page(request, error.fields, typed_text(await read_fields(request)))
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


async def _claim_page(
    request: Request, errors: dict[str, str], typed: Mapping[str, str] = MappingProxyType({})
) -> ClaimPage:
    wish = await wishes.published_wish(path_id(request))
    services, site = services_of(request), request.state.site
    now, viewer = services.clock.now(), viewer_of(request)
    terms = await terms_for(wish.campaign_id, now)
    ways = [way for way in ways_for(wish.kind, wish.price_fen) if way is not ClaimWay.PAY or services.gateway]
    return ClaimPage(
        wish_id=wish.id,
        title=wish.title,
        county=wish.county,
        price_fen=wish.price_fen,
        choices=tuple(CHOICES[way] for way in ways),
        chosen=typed.get("way") or (ways[0].value if ways else ""),
        pay_minutes=terms.pay_minutes,
        promise_days=terms.promise_days,
        fund_name=site.fund_name,
        filing_number=site.filing_number,
        charity_name=site.name,
        can_pay=ClaimWay.PAY in ways,
        late_choices=LATE_CHOICES,
        late_chosen=typed.get("late") or (await last_late_choice(viewer.account_id)).value,
        cooling_hours=(await terms_on(site.charity_id, now)).cooling_hours,
        asks_again="sure" in errors,
        sources=source_choices() if "source" in errors else (),
        errors=errors,
    )


async def go_to_cashier(request: Request) -> Response:
    """Sends the donor to Alipay with the claim's newest payable order; safe to reload."""
    services, viewer = services_of(request), viewer_of(request)
    gift, now = await gift_of(path_id(request), viewer=viewer), services.clock.now()
    payable = [order for order in gift.orders if is_payable(order.status, order.expires_at - LAST_MINUTES_TO_PAY, now)]
    if gift.status is not ClaimStatus.RESERVED or not payable:
        return see_other(f"/me/claims/{gift.id}")
    order = payable[-1]
    subject, page = order_subject(gift.wish_id), f"/me/claims/{gift.id}"
    return see_other(
        cashier_address(request, Payable(order.out_trade_no, subject, order.total_fen, order.expires_at, page))
    )


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


async def show_take_back(request: Request) -> Response:
    """Check your answers: what is taken back and what becomes of the wish."""
    return await _take_back_response(request, {}, status=200)


async def _take_back_response(request: Request, errors: dict[str, str], *, status: int) -> Response:
    gift, now = await gift_of(path_id(request), viewer=viewer_of(request)), services_of(request).clock.now()
    if gift.cooling_until is None or now >= gift.cooling_until:
        return see_other(f"/me/claims/{gift.id}")
    page = TakeBackPage(gift.id, gift.title, gift.price_fen, gift.cooling_until, errors)
    return page_response(request, "claims/take_back.html", page, status=status)


async def take_back(request: Request) -> Response:
    """Takes an unspent gift back within the cooling period; nobody has to agree."""
    services, viewer, claim_id = services_of(request), viewer_of(request), path_id(request)
    neighbours = neighbours_of(services, owners_of(request))

    async def act() -> str:
        now = services.clock.now()
        await take_gift_back(OWNER_KIND, claim_id, neighbours=neighbours, actor=viewer, sealer=services.sealer, now=now)
        return f"/me/claims/{claim_id}"

    return done(await answer_once(request, act), "gift-taken-back")


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

"""What the gateway and returning donors call: the notice and the return page. Both end in `settle`."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cishan.accounts.cookies import address_of
from cishan.database import rows
from cishan.errors import InvalidInput
from cishan.payments.alipay.terms import NoticeRejected
from cishan.payments.inbox import handle_notice
from cishan.payments.owners import LineOwners
from cishan.payments.polling import ask_about
from cishan.payments.states import NoticeVerdict, SettleSource
from cishan.web import see_other, services_of

LINE_OF = """
SELECT l.owner_kind, l.owner_id FROM payment_order o JOIN order_line l ON l.order_id = o.id
 WHERE o.out_trade_no = $1 ORDER BY l.id LIMIT 1
"""


def owners_of(request: Request) -> LineOwners:
    owners: LineOwners = request.app.state.line_owners
    return owners


async def receive_notice(request: Request) -> Response:
    """Answers exactly `success` once what the notice says is committed; anything else makes Alipay send it again.

    The answer is the same for a forged notice and for a true one that we could not finish: it tells nothing.
    """
    services = services_of(request)
    body = await request.body()
    address, owners, now = address_of(request), owners_of(request), services.clock.now()
    verdict = await handle_notice(body, address=address, services=services, owners=owners, now=now)
    finished = verdict not in {NoticeVerdict.REJECTED, NoticeVerdict.WAITING}
    return PlainTextResponse("success" if finished else "failure")


async def come_back(request: Request) -> Response:
    """Where the cashier sends the donor. What the address says proves nothing, so the gateway is asked."""
    services = services_of(request)
    if services.gateway is None:
        raise InvalidInput({"": "支付还没有开通。"})
    try:
        ticket = services.gateway.read_return(request.scope["query_string"])
    except NoticeRejected as rejected:
        raise InvalidInput({"": "这个返回地址不完整，可能被改动过。付款结果以“我的”里显示的为准。"}) from rejected
    now = services.clock.now()
    await ask_about(ticket.out_trade_no, SettleSource.RETURN, services=services, owners=owners_of(request), now=now)
    found = await rows(LINE_OF, ticket.out_trade_no)
    if not found:
        return see_other("/me")
    return see_other(owners_of(request)[found[0]["owner_kind"]].address_of(found[0]["owner_id"]))

"""One's own messages, and the demo's outbox."""

from starlette.requests import Request
from starlette.responses import Response

from cishan.messages.pages import MessagesPage, OutboxPage
from cishan.messages.queries import MESSAGES_A_PAGE, messages_of, newest_sms
from cishan.page_parts import Pagination, page_number
from cishan.templating import page_response
from cishan.web import services_of, viewer_of

MESSAGES = "/me/messages"


async def show_messages(request: Request) -> Response:
    number = page_number(request.query_params.get("page", "1"))
    messages, total = await messages_of(viewer_of(request), number, sealer=services_of(request).sealer)
    last = max(1, -(-total // MESSAGES_A_PAGE))
    pagination = Pagination(
        number=number,
        last=last,
        total=total,
        unit="条",
        previous_href=f"{MESSAGES}?page={number - 1}" if number > 1 else None,
        next_href=f"{MESSAGES}?page={number + 1}" if number < last else None,
    )
    return page_response(request, "messages/messages.html", MessagesPage(messages, pagination))


async def show_outbox(request: Request) -> Response:
    """So that a visitor of the demo can read the code that no phone will get."""
    messages = await newest_sms(sealer=services_of(request).sealer)
    return page_response(request, "messages/outbox.html", OutboxPage(messages))

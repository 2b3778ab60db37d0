"""/desk/merchant-keys: the keys of the account at Alipay, with their last days. They are changed on the machine, not here."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.labels import label
from cishan.payments.keys import KeyRow, known_keys
from cishan.payments.rules import KEY_WARN_DAYS
from cishan.templating import page_response
from cishan.web import services_of


@dataclass(frozen=True)
class KeyLine:
    """A key, and how it stands: in use, to be replaced soon, over, or ended."""

    key: KeyRow
    side: str
    state: str
    tone: str


@dataclass(frozen=True)
class KeysPage:
    lines: tuple[KeyLine, ...]


async def show_keys(request: Request) -> Response:
    today = beijing_day(services_of(request).clock.now())
    lines = []
    for key in await known_keys():
        left = (key.use_until - today).days if key.use_until else None
        if key.ended_at:
            state, tone = "停用", "plain"
        elif left is not None and left < 0:
            state, tone = "过期没有换", "bad"
        elif left is not None and left <= KEY_WARN_DAYS[0]:
            state, tone = f"还有 {left} 天", "warn"
        else:
            state, tone = "在用", "good"
        lines.append(KeyLine(key, label(key.side), state, tone))
    return page_response(request, "payments/keys.html", KeysPage(tuple(lines)))

"""One way to answer a form whose page can be shown again: done and on to the next page, or back with what was typed."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from cishan.errors import Conflict, Forbidden, InvalidInput
from cishan.forms.reading import read_fields, typed_text
from cishan.forms.replay import answer_once
from cishan.web import done

NOTHING: Mapping[str, str] = MappingProxyType({})


class ShowAgain(Protocol):
    """Shows the form's page: `errors` by field with the `values` typed, or one `error` for the whole of it."""

    async def __call__(
        self,
        request: Request,
        *,
        errors: Mapping[str, str] = NOTHING,
        values: Mapping[str, str] = NOTHING,
        error: str = "",
        status: int = 200,
    ) -> Response: ...


async def answer_form(
    request: Request, act: Callable[[], Awaitable[None]], *, to: str, notice: str, again: ShowAgain
) -> Response:
    """Runs `act` once however often the form is sent, and goes on to `to`; what is refused is said on the page again."""

    async def once() -> str:
        await act()
        return to

    try:
        return done(await answer_once(request, once), notice)
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        return await again(request, errors=error.fields, values=typed, status=error.status_code)
    except (Conflict, Forbidden) as error:
        return await again(request, error=error.sentence, status=error.status_code)

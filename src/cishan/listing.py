"""Pages of a long list: the number in the address, and the links to the page before and after."""

from starlette.requests import Request

from cishan.page_parts import Pagination

MOST_PAGES = 10_000


def page_number(request: Request) -> int:
    """The page that is asked for; anything but a number from 1 is the first."""
    text = request.query_params.get("page", "1")
    readable = text.isascii() and text.isdigit() and len(text) <= len(str(MOST_PAGES))
    return min(max(int(text), 1), MOST_PAGES) if readable else 1


def pagination(base: str, number: int, total: int, size: int, unit: str) -> Pagination:
    """Where page `number` of lists of `size` stands. `base` is the address up to and with its last ? or &."""
    last = max((total + size - 1) // size, 1)
    return Pagination(
        number=number,
        last=last,
        total=total,
        unit=unit,
        previous_href=f"{base}page={min(number - 1, last)}" if number > 1 else None,
        next_href=f"{base}page={number + 1}" if number < last else None,
    )

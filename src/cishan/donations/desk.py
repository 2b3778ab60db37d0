"""What donors wrote with their donations, for the charity's people."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from cishan.donations.queries import PAGE_ROWS, DonorWords, count_donor_words, donor_words
from cishan.listing import page_number, pagination
from cishan.page_parts import Pagination
from cishan.templating import page_response
from cishan.web import services_of


@dataclass(frozen=True)
class WordsPage:
    words: tuple[DonorWords, ...]
    pagination: Pagination | None


async def show_words(request: Request) -> Response:
    charity_id, number = request.state.site.charity_id, page_number(request)
    page = WordsPage(
        words=await donor_words(charity_id, page=number, sealer=services_of(request).sealer),
        pagination=pagination("/desk/words?", number, await count_donor_words(charity_id), PAGE_ROWS, "条"),
    )
    return page_response(request, "donations/words.html", page)

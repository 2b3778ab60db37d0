"""The dated figures of projects at the desk, for whoever decides on projects."""

from collections.abc import Mapping
from dataclasses import asdict

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.forms.reading import parse_form
from cishan.money import yuan_text
from cishan.plans.facts import terms_on
from cishan.plans.forms import TermsForm
from cishan.plans.plan import Terms
from cishan.projects.desk import write
from cishan.projects.pages import TermsPage
from cishan.projects.terms import set_terms
from cishan.templating import page_response, yuan
from cishan.web import services_of, viewer_of

LABELS_OF_TERMS = {
    "notice_days": "备案到开始最少",
    "longest_years": "募捐最长",
    "longest_emergency_years": "应急募捐最长",
    "emergency_filing_days": "应急项目开始后补办备案最多",
    "amendment_days": "变更备案最多",
    "capacity_fen": "一个项目最多筹",
    "cost_permille": "募捐成本要少于目标的",
}
UNITS = {
    "notice_days": "天",
    "longest_years": "年",
    "longest_emergency_years": "年",
    "emergency_filing_days": "天",
    "amendment_days": "天",
    "cost_permille": "‰",
}


async def show_terms(request: Request) -> Response:
    """The dated figures of projects, for whoever decides."""
    return await _terms_page(request, {}, {})


async def save_terms(request: Request) -> Response:
    async def act(form: FormData) -> str:
        given = parse_form(form, TermsForm).model_dump()
        valid_from, now = given.pop("valid_from"), services_of(request).clock.now()
        charity_id = request.state.site.charity_id
        await set_terms(charity_id, Terms(**given), valid_from=valid_from, actor=viewer_of(request), now=now)
        return "/desk/projects/terms"

    return await write(request, act, "saved", show_again=_terms_page)


async def _terms_page(request: Request, values: Mapping[str, object], errors: Mapping[str, str]) -> Response:
    today = beijing_day(services_of(request).clock.now())
    terms = await terms_on(request.state.site.charity_id, today)
    stored = {**asdict(terms), "capacity_fen": yuan_text(terms.capacity_fen).removesuffix(".00")}
    words = {
        **{name: f"{stored[name]} {unit}" for name, unit in UNITS.items()},
        "capacity_fen": yuan(terms.capacity_fen),
    }
    page = TermsPage(
        rows=tuple((LABELS_OF_TERMS[name], words[name]) for name in LABELS_OF_TERMS),
        today=today.isoformat(),
        values=values or {**stored, "valid_from": today.isoformat()},
        errors=errors,
    )
    return page_response(request, "projects/terms.html", page, status=400 if errors else 200)

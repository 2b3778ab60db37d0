"""Filters, the page answer and static files by hash."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient
from jinja2 import UndefinedError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from cishan.page_parts import ErrorPage, MessagePage
from cishan.shipped import shipped
from cishan.summaries.pages import CheckPage
from cishan.supervision.report_views import ReportPage
from cishan.templating import (
    FOREVER,
    HashedStatic,
    day,
    environment,
    moment,
    page_response,
    remaining,
    render,
    static,
    waited,
    yuan,
)
from cishan.wishes.staff_pages import FilingPage

NOW = datetime(2025, 12, 24, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (30000, "300 元"),
        (1250, "12.50 元"),
        (1, "0.01 元"),
        (0, "0 元"),
        (99, "0.99 元"),
        (100, "1 元"),
        (101, "1.01 元"),
        (-1250, "-12.50 元"),
        (123456700, "1,234,567 元"),
        (9007199254740993, "90,071,992,547,409.93 元"),
    ],
)
def test_a_sum_reads_as_yuan(fen: int, words: str) -> None:
    assert yuan(fen) == words


def test_a_day_is_the_day_in_china() -> None:
    assert day(datetime(2025, 12, 23, 16, 0, tzinfo=UTC)) == "2025 年 12 月 24 日"
    assert day(datetime(2025, 12, 23, 15, 59, tzinfo=UTC)) == "2025 年 12 月 23 日"
    assert day(date(2025, 1, 2)) == "2025 年 1 月 2 日"


def test_a_moment_has_hours_and_minutes_of_china() -> None:
    assert moment(NOW) == "2025 年 12 月 24 日 09:30"
    assert moment(datetime(2025, 12, 24, 1, 5, tzinfo=UTC)) == "2025 年 12 月 24 日 09:05"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=3, hours=5), "还有 3 天"),
        (timedelta(days=1), "还有 1 天"),
        (timedelta(days=1) - timedelta(seconds=1), "还有 23 小时"),
        (timedelta(hours=1), "还有 1 小时"),
        (timedelta(hours=1) - timedelta(seconds=1), "还有 59 分钟"),
        (timedelta(minutes=1), "还有 1 分钟"),
        (timedelta(seconds=59), "不到 1 分钟"),
        (timedelta(0), "时间到了"),
        (timedelta(hours=-23), "时间到了"),
        (timedelta(days=-1), "过了 1 天"),
        (timedelta(days=-2, hours=-5), "过了 2 天"),
    ],
)
def test_what_is_left_is_never_more_than_there_is(left: timedelta, words: str) -> None:
    assert remaining(NOW + left, NOW) == words


def test_days_left_until_a_date_follow_the_calendar() -> None:
    assert remaining(date(2025, 12, 27), NOW) == "还有 3 天"
    assert remaining(date(2025, 12, 24), NOW) == "今天到期"
    assert remaining(date(2025, 12, 22), NOW) == "过了 2 天"


def test_waiting_counts_days_of_the_calendar_in_china() -> None:
    assert waited(datetime(2025, 12, 23, 15, 59, tzinfo=UTC), NOW) == "等了 1 天"
    assert waited(datetime(2025, 12, 23, 16, 0, tzinfo=UTC), NOW) == "今天发布"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        moment(datetime(2025, 12, 24, 9, 30))  # noqa: DTZ001


def test_what_people_write_is_escaped() -> None:
    text = render("message.html", MessagePage("done", "<b>谢谢</b>", ("<script>x()</script>",)))
    assert "&lt;b&gt;谢谢" in text
    assert "<script>x" not in text


def test_a_name_that_is_not_there_fails() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ page.nothing }}").render(page=object())


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 429, 500, 503])
def test_each_error_page_shows_its_own_words_or_the_sentence_of_the_error(status: int) -> None:
    bare = render(f"errors/{status}.html", None)
    told = render(f"errors/{status}.html", ErrorPage(sentence="这个心愿刚刚被认领了。", reference="A-7"))
    assert bare.count("<h1>") == 1
    assert "这个心愿刚刚被认领了。" in told
    assert "A-7" in told


@dataclass(frozen=True)
class Errors:
    errors: dict[str, str]
    values: dict[str, str]


def test_a_field_keeps_what_was_typed_and_links_its_error() -> None:
    source = (
        '{% import "_macros/fields.html" as f %}{{ f.error_summary(page.errors) }}'
        '{{ f.tel("phone", "手机", page.values.phone, error=page.errors.phone, hint="11 位") }}'
        '{{ f.text("name", "姓名", page.values.name, error=page.errors.name) }}'
    )
    text = environment().from_string(source).render(page=Errors({"phone": "少了一位"}, {"phone": '138"0'}))
    assert '<a href="#f-phone"><!--name:phone-->少了一位</a>' in text
    assert 'value="138&#34;0"' in text
    assert 'aria-describedby="f-phone-hint f-phone-error" aria-invalid="true"' in text
    assert text.count("aria-invalid") == 1


def test_a_summary_names_the_field_that_each_sentence_is_about() -> None:
    errors = {"text": "请填写这一项。", "contact": "怎么联系您？写一个电话。", "": "页面已过期。"}
    text = render("supervision/report.html", ReportPage("/", "", {}, errors))
    assert '<a href="#f-text">哪里有问题：请填写这一项。</a>' in text
    assert '<a href="#f-contact">怎么联系您？写一个电话。</a>' in text, "a sentence that says its label stays as it is"
    assert "<strong>页面已过期。</strong>" in text


def test_a_summary_names_a_group_of_choices_too() -> None:
    errors = {"kind": "请填写这一项。", "item": "请填写这一项。"}
    text = render("wishes/filing.html", FilingPage("what", 1, 4, "/x", "/", "H-1", {}, errors))
    assert '<a href="#f-kind">哪一种：请填写这一项。</a>' in text
    assert '<a href="#f-item">想要什么：请填写这一项。</a>' in text
    assert "您填的都还在" in text


def test_a_title_that_is_a_sentence_is_not_said_before_another() -> None:
    errors = {"answer": "请填 6 位。"}
    text = render("summaries/check.html", CheckPage(failed=False, code_sent=True, errors=errors))
    assert '<a href="#f-answer">请填 6 位。</a>' in text


NEVER_GIVEN_BACK = re.compile(r"f\.(?:password|code|file)\((?:[^()]|\([^()]*\))*\)")


@pytest.mark.parametrize("path", sorted(shipped("templates").rglob("*.html")), ids=lambda path: path.stem)
def test_a_summary_says_what_has_to_be_typed_again(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lost = [call for call in NEVER_GIVEN_BACK.findall(text) if "value=" not in call]
    for summary in re.findall(r"f\.error_summary\([^}]*", text):
        assert not lost or "again=" in summary


async def show(request: Request) -> Response:
    page = MessagePage("empty", "还没有认领")
    return page_response(request, "message.html", page, status=404, headers={"X-Robots-Tag": "noindex"})


@pytest.fixture
def client(tmp_path: Path) -> AsyncClient:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "a.css").write_text("p{}")
    files = HashedStatic(tmp_path)
    app = Starlette(routes=[Route("/me", show), Mount("/static", files)])
    app.state.url = files.url
    return AsyncClient(transport=ASGITransport(app), base_url="http://site.test")


async def test_a_page_answers_with_its_status_and_comes_back_to_where_it_was(client: AsyncClient) -> None:
    answer = await client.get("/me?from=<x>")
    assert answer.status_code == 404
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'href="/report?page=/me"' in answer.text
    assert "<x>" not in answer.text


async def test_a_hashed_file_is_kept_forever(client: AsyncClient, tmp_path: Path) -> None:
    url = HashedStatic(tmp_path).url("css/a.css")
    answer = await client.get(url)
    assert answer.text == "p{}"
    assert answer.headers["cache-control"] == FOREVER
    again = await client.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, FOREVER)


async def test_text_is_packed_for_a_browser_that_takes_it_so(client: AsyncClient, tmp_path: Path) -> None:
    url = HashedStatic(tmp_path).url("css/a.css")
    packed = await client.get(url, headers={"Accept-Encoding": "gzip"})
    plain = await client.get(url, headers={"Accept-Encoding": "identity"})
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-type"] == plain.headers["content-type"]
    assert packed.text == plain.text == "p{}"


@pytest.mark.parametrize("path", ["/static/css/a.css", "/static/css/a.000000000000.css", "/static/../pyproject.toml"])
async def test_any_other_name_is_not_found(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


def test_the_address_changes_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    before = HashedStatic(tmp_path).url("a.js")
    (tmp_path / "a.js").write_text("2")
    assert HashedStatic(tmp_path).url("a.js") != before


def test_no_style_or_script_asks_for_anything_outside_the_site() -> None:
    assert static("css/base.css").startswith("/static/css/base.")
    for path in (*shipped("static").rglob("*.css"), *shipped("static").rglob("*.js")):
        text = path.read_text(encoding="utf-8")
        for foreign in ("http:", "https:", "//fonts", "url(", "@import", "data:"):
            assert foreign not in text, (path, foreign)


def test_static_refuses_a_file_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        static("css/missing.css")

"""Turns a page object into HTML: one Jinja environment, its filters, and static files by content hash."""

import gzip
import hashlib
import os
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from cishan.clock import BEIJING
from cishan.money import yuan_text
from cishan.shell import BARE_SHELL, Shell
from cishan.shipped import shipped

STATIC_URL = "/static"
HASH_CHARACTERS = 12
ZIPPED = (".css", ".js", ".svg")
FOREVER = "public, max-age=31536000, immutable"

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def page_response(
    request: Request,
    template: str,
    page: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page as an HTML answer, in the frame that a middleware has left in `request.state.shell`."""
    query = request.scope["query_string"].decode("utf-8", "replace")
    path = path_of(request)
    shell: Shell = getattr(request.state, "shell", BARE_SHELL)
    text = render(template, page, shell=shell, path=path, here=f"{path}?{query}" if query else path)
    return HTMLResponse(text, status_code=status, headers=headers)


def path_of(request: Request) -> str:
    """What `request.url.path` gives, without taking the whole address apart: that costs half as much as drawing a page."""
    path: str = request.scope["path"]
    return path.replace("?", "%3F").replace("#", "%23").replace("\\", "%5C")


def render(template: str, page: object, *, shell: Shell = BARE_SHELL, path: str = "/", here: str | None = None) -> str:
    """The text of a page. `path` is its address without the query, `here` with it, for coming back."""
    text = environment().get_template(template).render(page=page, shell=shell, path=path, here=here or path)
    return _name_the_fields(text) if "<!--name:" in text else text


def _name_the_fields(text: str) -> str:
    """Begins each sentence of an error summary with its field's label, as the form below it writes it.

    The macro leaves a mark: when it draws the summary, the form is not drawn yet. A field without a title of its own,
    such as a box to tick, or with a title that is a sentence, and an error that says the label itself, stay as they are.
    """

    def named(mark: re.Match[str]) -> str:
        name, sentence = re.escape(mark[1]), mark[2]
        title = re.search(rf'class="field-title" (?:for="f-{name}"|id="f-{name}-title")>([^<]+)', text)
        label = title[1].strip() if title else ""
        return sentence if not label or "，" in label or label in sentence else f"{label}：{sentence}"

    return re.sub(r"<!--name:([\w-]+)-->([^<]*)", named, text)


@cache
def environment() -> Environment:
    """The only Jinja environment: it escapes everything and fails on a name that is not there."""
    found = Environment(
        loader=FileSystemLoader(shipped("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(yuan=yuan, day=day, moment=moment, remaining=remaining, waited=waited)
    found.globals["static"] = static
    return found


def yuan(fen: int) -> str:
    """A sum for people: 30000 -> "300 元", 1250 -> "12.50 元", 123456700 -> "1,234,567 元"."""
    whole, decimals = yuan_text(abs(fen)).split(".")
    shown = f"{int(whole):,}" if decimals == "00" else f"{int(whole):,}.{decimals}"
    return f"{'-' if fen < 0 else ''}{shown} 元"


def day(when: date | datetime) -> str:
    """The day in China: "2025 年 12 月 24 日"."""
    local = _in_china(when) if isinstance(when, datetime) else when
    return f"{local.year} 年 {local.month} 月 {local.day} 日"


def moment(when: datetime) -> str:
    """The day and the minute in China: "2025 年 12 月 24 日 09:05"."""
    local = _in_china(when)
    return f"{day(local)} {local:%H:%M}"


def remaining(until: date | datetime, now: datetime) -> str:
    """What is left, in the largest unit that fits, never more than there is; a date counts by the calendar in China."""
    if not isinstance(until, datetime):
        return _days_left((until - _in_china(now).date()).days)
    left = _in_china(until) - _in_china(now)
    if left <= timedelta(0):
        return "时间到了" if left > -DAY else f"过了 {-left // DAY} 天"
    for unit, name in ((DAY, "天"), (HOUR, "小时"), (MINUTE, "分钟")):
        if left >= unit:
            return f"还有 {left // unit} {name}"
    return "不到 1 分钟"


def waited(since: date | datetime, now: datetime) -> str:
    """How long something has been waiting, by days of the calendar in China: "今天发布" or "等了 12 天"."""
    first = _in_china(since).date() if isinstance(since, datetime) else since
    days = (_in_china(now).date() - first).days
    return f"等了 {days} 天" if days > 0 else "今天发布"


def static(path: str) -> str:
    """The address of a static file, with the hash of its content; raises KeyError when there is no such file."""
    return static_files().url(path)


@cache
def static_files() -> "HashedStatic":
    """The files of static/, to be mounted at STATIC_URL."""
    return HashedStatic(directory=shipped("static"))


class HashedStatic(StaticFiles):
    """Serves each file under a name that holds its content's hash, forever; the plain name is 404.

    So a browser never asks twice for the same bytes and never keeps old ones. Hashes are taken once, at the start, and
    text is packed then too, for a phone on a slow line.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)
        self._hashed = {
            path.relative_to(directory).as_posix(): _hashed_name(path, directory)
            for path in sorted(directory.rglob("*"))
            if path.is_file()
        }
        self._plain = {hashed: plain for plain, hashed in self._hashed.items()}
        self._zipped = {
            plain: gzip.compress((directory / plain).read_bytes(), mtime=0)
            for plain in self._hashed
            if plain.endswith(ZIPPED)
        }

    def url(self, path: str) -> str:
        return f"{STATIC_URL}/{quote(self._hashed[path])}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        plain = self._plain.get(path.replace(os.sep, "/"))
        if plain is None:
            raise HTTPException(status_code=404)
        response = await super().get_response(plain, scope)
        zipped = self._zipped.get(plain)
        if zipped is not None and response.status_code == 200 and _takes_gzip(scope):
            headers = {"Content-Encoding": "gzip", "ETag": f"W/{response.headers['etag']}"}
            response = Response(zipped, media_type=response.media_type, headers=headers)
        response.headers["Cache-Control"] = FOREVER
        response.headers["Vary"] = "Accept-Encoding"
        return response


def _takes_gzip(scope: Scope) -> bool:
    return scope["method"] == "GET" and "gzip" in Headers(scope=scope).get("accept-encoding", "")


def _hashed_name(path: Path, directory: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:HASH_CHARACTERS]
    return path.relative_to(directory).with_suffix(f".{digest}{path.suffix}").as_posix()


def _in_china(when: datetime) -> datetime:
    if when.tzinfo is None:
        raise ValueError("an instant without a time zone cannot be shown")
    return when.astimezone(BEIJING)


def _days_left(days: int) -> str:
    if days > 0:
        return f"还有 {days} 天"
    return "今天到期" if days == 0 else f"过了 {-days} 天"

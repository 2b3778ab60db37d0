"""A gallery of made-up pages that use every macro, to look at and to check; nobody in it is real.

`python tests/gallery.py DIRECTORY` writes the pages there; tests/test_gallery.py opens them in a browser.
"""

import shutil
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import uvicorn
from jinja2 import ChoiceLoader, FileSystemLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from cishan.charts import Chart, Point, bar_chart
from cishan.page_parts import Action, Column, ErrorPage, MessagePage, Pagination, Step
from cishan.shell import Place, Shell
from cishan.shipped import shipped
from cishan.templating import STATIC_URL, environment, static_files

TEMPLATES = Path(__file__).parent / "gallery_templates"
MODES = ("normal", "elder")
NOW = datetime(2025, 12, 24, 1, 30, tzinfo=UTC)

PUBLIC = Shell(
    site_name="德州慈善微心愿",
    charity_name="德州市慈善总会",
    uscc="51371400MJE000000X",
    certificate_no="51371400MJE000000X1",
    legal_note="本网站是德州市慈善总会自己的网站，只接受对本会的捐赠。",
    report_phone="0534 000 0000",
    elder=False,
    area="public",
    viewer_name=None,
    viewer_role=None,
    places=(
        Place("首页", "/", "home", False),
        Place("心愿墙", "/wishes", "heart", True),
        Place("项目", "/projects", "gift", False),
        Place("我的", "/me", "user", False),
    ),
    demo=True,
    form_key="k-0001",
    notice=None,
)
FIELD = replace(
    PUBLIC,
    area="field",
    viewer_name="孙协理",
    viewer_role="夏津县前屯村协理员",
    places=(
        Place("今天", "/field", "clock", True),
        Place("报心愿", "/field/new", "plus", False),
        Place("住户", "/field/homes", "users", False),
        Place("我的", "/field/me", "user", False),
    ),
)
DESK = replace(
    PUBLIC,
    area="desk",
    viewer_name="李编辑",
    viewer_role="市慈善总会 · 心愿编辑",
    places=(
        Place("待办", "/desk", "inbox", False),
        Place("心愿审核", "/desk/wishes", "list", True),
        Place("认领", "/desk/claims", "heart", False),
        Place("采购", "/desk/buying", "box", False),
        Place("账本", "/desk/ledger", "money", False),
        Place("统计", "/desk/figures", "chart", False),
    ),
)


@dataclass(frozen=True)
class Card:
    title: str
    for_whom: str
    county: str
    price_fen: int
    published_at: datetime
    icon: str
    tag: str | None = None


@dataclass(frozen=True)
class Queued:
    title: str
    county: str
    price_fen: int
    state: str
    tone: str
    late: bool
    due_at: datetime


@dataclass(frozen=True)
class GalleryPage:
    now: datetime
    pay_before: datetime
    cards: tuple[Card, ...]
    queue: tuple[Queued, ...]
    columns: tuple[Column | str, ...]
    pagination: Pagination
    steps: tuple[Step, ...]
    by_county: Chart
    errors: Mapping[str, str]
    values: Mapping[str, str]


def _cards() -> tuple[Card, ...]:
    rows = (
        ("一张带台灯的书桌", "读初中的女孩，想在家写作业", "夏津县", 30000, 12, "lamp", None),
        ("一件厚棉衣", "独居的老人，今年 76 岁", "武城县", 16800, 3, "coat", None),
        ("一辆自行车", "上学要走 4 公里的男孩", "平原县", 42000, 20, "bike", None),
        ("一台煤气灶", "一家三口，灶已经用了十几年", "乐陵市", 26850, 0, "stove", None),
        ("一床新被子", "腿脚不便的老人", "庆云县", 19900, 8, "bed", "已认领"),
        ("陪着去一次县医院", "眼睛看不清的老人，没有人陪", "临邑县", 0, 5, "visit", None),
    )
    return tuple(
        Card(title, whom, county, fen, NOW - timedelta(days=days), icon, tag)
        for title, whom, county, fen, days, icon, tag in rows
    )


def _queue() -> tuple[Queued, ...]:
    rows = (
        ("一张带台灯的书桌", "夏津县", 30000, "待审核", "warn", False, 2),
        ("一件厚棉衣", "武城县", 16800, "走访中", "busy", False, 4),
        ("一辆自行车", "平原县", 42000, "超时未审", "bad", True, -3),
        ("一床新被子", "庆云县", 19900, "已发布", "good", False, 9),
        ("一台煤气灶", "乐陵市", 26850, "草稿", "plain", False, 20),
    )
    return tuple(Queued(*row[:6], due_at=NOW + timedelta(days=row[6], minutes=5)) for row in rows)


def gallery_page(errors: Mapping[str, str] | None = None) -> GalleryPage:
    counties = (("夏津县", 320), ("武城县", 214), ("平原县", 180), ("乐陵市", 96), ("庆云县", 41))
    return GalleryPage(
        now=NOW,
        pay_before=NOW + timedelta(minutes=28),
        cards=_cards(),
        queue=_queue(),
        columns=(
            Column("选择"),
            Column("心愿", "?sort=title"),
            Column("县", "?sort=county"),
            Column("单价", "?sort=-price", "ascending", number=True),
            Column("办理期限"),
            Column("状态"),
        ),
        pagination=Pagination(2, 7, 132, "个心愿", "?page=1", "?page=3"),
        steps=(
            Step("协理员上报", "2025 年 12 月 2 日 10:12", "孙协理"),
            Step("两人走访，乡镇审核通过", "2025 年 12 月 5 日 16:40", "周审核", "孩子在凳子上写作业，确实需要。"),
            Step("您认领并付款 300 元", "2025 年 12 月 20 日 20:05", "您"),
            Step("正在采购", "还有 3 天", "夏津县慈善总会", stage="now"),
            Step("送到家里，发来照片", stage="next"),
        ),
        by_county=bar_chart(
            name="by-county",
            title="各县圆梦数",
            description="夏津县最多，有 320 个；庆云县最少，有 41 个。",
            unit="个",
            points=[Point(name, value, str(value)) for name, value in counties],
            label_head="县",
        ),
        errors=errors or {},
        values=MappingProxyType({"donor_name": "王芳", "amount": "300", "way": "pay"}),
    )


WRONG = {"phone": "手机号码要 11 位数字，您填了 10 位", "way": "请选一种帮法"}

PAGES: tuple[tuple[str, str, object, Shell], ...] = (
    ("wall", "wall.html", gallery_page(), PUBLIC),
    ("wish", "wish.html", gallery_page(), replace(PUBLIC, notice="认领成功，请在 30 分钟内付款。")),
    ("form", "form.html", gallery_page(), FIELD),
    ("form-wrong", "form.html", gallery_page(WRONG), FIELD),
    ("check", "check.html", gallery_page(), replace(PUBLIC, viewer_name="王芳")),
    ("desk", "desk.html", gallery_page(), DESK),
    ("figures", "figures.html", gallery_page(), DESK),
    ("field", "field.html", gallery_page(), FIELD),
    (
        "done",
        "message.html",
        MessagePage(
            "done",
            "付款成功，谢谢您",
            ("东西买好、送到后，您会收到照片。",),
            (Action("看心愿走到哪一步", "/me"), Action("再看看别的心愿", "/wishes")),
        ),
        PUBLIC,
    ),
    (
        "busy",
        "message.html",
        MessagePage(
            "busy", "正在确认您的付款", ("一般不到 1 分钟。可以先离开，办好了会发短信。",), (Action("刷新看看", ""),), 5
        ),
        PUBLIC,
    ),
    (
        "empty",
        "message.html",
        MessagePage("empty", "您还没有认领过心愿", ("挑一个看看吧。",), (Action("去心愿墙", "/wishes"),)),
        PUBLIC,
    ),
    ("error-404", "errors/404.html", None, PUBLIC),
    ("error-500", "errors/500.html", ErrorPage(reference="20251224-0042"), PUBLIC),
)


CONTENT_POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def gallery_app() -> Starlette:
    """Serves the gallery as the site would: static files by hash, no inline script or style allowed."""
    return Starlette(
        routes=[
            Mount(STATIC_URL, static_files()),
            Route("/done", _done, methods=["GET"]),
            Route("/broken", _broken, methods=["POST"]),
            Route("/field/new", _sent, methods=["POST"]),
            Route("/{mode}/{name}", _show, methods=["GET"]),
        ],
    )


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The address of the app on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def draw(name: str, *, elder: bool = False) -> str:
    """The HTML of one page of the gallery."""
    template, page, shell = next((row[1:] for row in PAGES if row[0] == name), (None, None, PUBLIC))
    if template is None:
        raise KeyError(name)
    found = environment().overlay(
        loader=ChoiceLoader([FileSystemLoader(TEMPLATES), FileSystemLoader(shipped("templates"))])
    )
    shown = replace(shell, elder=elder)
    return found.get_template(template).render(page=page, shell=shown, path=f"/{name}", here=f"/{name}?a=1")


def _answer(text: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(text, status_code=status, headers={"Content-Security-Policy": CONTENT_POLICY})


async def _show(request: Request) -> Response:
    return _answer(draw(request.path_params["name"], elder=request.path_params["mode"] == "elder"))


async def _done(_: Request) -> Response:
    return _answer(draw("done"))


async def _sent(_: Request) -> Response:
    return RedirectResponse("/done", status_code=303)


async def _broken(_: Request) -> Response:
    return _answer(draw("error-500"), 500)


def write_gallery(directory: Path) -> None:
    """Writes each page in both modes, and the static files beside them, for looking at."""
    root = shipped("static")
    for path in sorted(root.rglob("*.*")):
        target = directory / static_files().url(path.relative_to(root).as_posix()).strip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for name, *_ in PAGES:
        for mode in MODES:
            text = draw(name, elder=mode == "elder").replace(f'"{STATIC_URL}/', '"static/')
            (directory / f"{name}-{mode}.html").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_gallery(Path(sys.argv[1]))

"""A browser without script: reads pages, fills in the forms it is shown and sends them, as a person would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx2

SHOWN_CHARACTERS = 400
SILENT_TAGS = frozenset({"script", "style", "svg", "template"})


class PageFault(Exception):
    """The page is not what the next step needs; says what was on the screen."""


@dataclass
class PageForm:
    """One form of a page. `fields` holds what it would send if nothing were changed."""

    action: str
    method: str
    fields: dict[str, str | list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Page:
    address: str
    status: int
    html: str
    text: str
    forms: tuple[PageForm, ...]
    links: tuple[tuple[str, str], ...]
    content: bytes = b""

    def form(self, action_end: str) -> PageForm:
        """The form whose action ends like this; raises PageFault when there is none."""
        for form in self.forms:
            if form.action.partition("?")[0].endswith(action_end):
                return form
        raise PageFault(f"没有找到要填的表单 {action_end}。{self.shown}")

    def link(self, words: str) -> str:
        """The address of the first link whose text or address holds `words`."""
        for text, href in self.links:
            if words in text or words in href:
                return href
        raise PageFault(f"没有找到链接 {words}。{self.shown}")

    def expect(self, *words: str) -> "Page":
        """This page, if all the words stand on it."""
        missing = [word for word in words if word not in self.text]
        if missing:
            raise PageFault(f"页面上没有“{missing[0]}”。{self.shown}")
        return self

    @property
    def shown(self) -> str:
        return f"[{self.status} {self.address}] {self.text[:SHOWN_CHARACTERS]}"


class Browser:
    """One person's browser: keeps its cookies, follows redirects, refuses pages that say 400 or more."""

    def __init__(self, base_url: str, *, phone: bool = False) -> None:
        agent = "Mozilla/5.0 (Linux; Android 14) Mobile" if phone else "Mozilla/5.0 (X11; Linux x86_64)"
        self.client = httpx2.AsyncClient(
            base_url=base_url,
            follow_redirects=True,
            trust_env=False,
            timeout=30,
            headers={"User-Agent": agent, "Origin": base_url},
        )

    async def get(self, path: str, *, refused_with: int | None = None) -> Page:
        return read_page(await self.client.get(path), refused_with)

    async def send(
        self,
        form: PageForm,
        *,
        files: dict[str, tuple[str, bytes, str]] | None = None,
        refused_with: int | None = None,
        **values: str | list[str],
    ) -> Page:
        """Sends a form with these values in place of what it held; raises PageFault for a field it does not have.

        A list ticks several boxes of one name.
        """
        unknown = set(values) - form.names
        if unknown:
            raise PageFault(f"表单 {form.action} 没有这一项：{'、'.join(sorted(unknown))}")
        data = {**form.fields, **values}
        if form.method == "get":
            return read_page(await self.client.get(form.action, params=data), refused_with)
        return read_page(await self.client.post(form.action, data=data, files=files), refused_with)

    async def aclose(self) -> None:
        await self.client.aclose()


def read_page(answer: httpx2.Response, refused_with: int | None = None) -> Page:
    """The page of an answer; raises PageFault for an error that was not awaited."""
    is_html = answer.headers.get("content-type", "").startswith("text/html")
    reader = _Reader(str(answer.url))
    if is_html:
        reader.feed(answer.text)
    page = Page(
        address=str(answer.url),
        status=answer.status_code,
        html=answer.text if is_html else "",
        text=" ".join("".join(reader.words).split()),
        forms=tuple(reader.forms),
        links=tuple(reader.links),
        content=b"" if is_html else answer.content,
    )
    if answer.status_code != (refused_with or 200):
        raise PageFault(page.shown)
    return page


class _Reader(HTMLParser):
    """Collects text, links and forms; knows inputs, buttons with a name, textareas and selects."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.words: list[str] = []
        self.forms: list[PageForm] = []
        self.links: list[tuple[str, str]] = []
        self._form: PageForm | None = None
        self._link: list[str] | None = None
        self._textarea = ""
        self._select = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        name, value = have.get("name") or "", have.get("value") or ""
        if tag in SILENT_TAGS:
            self._silent += 1
        elif tag == "a" and have.get("href"):
            self._link = [urljoin(self.address, have["href"])]
        elif tag == "form":
            action = urljoin(self.address, have.get("action") or self.address)
            self._form = PageForm(action, (have.get("method") or "get").lower())
        elif self._form is not None and name:
            self._read_field(tag, name, value, have)
        elif tag == "option" and self._form is not None and self._select:
            self._read_option(value, "selected" in have, self._form)

    def _read_field(self, tag: str, name: str, value: str, have: dict[str, str | None]) -> None:
        form = self._form
        if form is None:
            return
        form.names.add(name)
        kind = have.get("type") or "text"
        if tag == "textarea":
            self._textarea = name
            form.fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "input" and kind in {"radio", "checkbox"}:
            if "checked" in have:
                form.fields[name] = value or "on"
        elif tag == "input" and kind != "file":
            form.fields[name] = value

    def _read_option(self, value: str, selected: bool, form: PageForm) -> None:
        if selected or self._select not in form.fields:
            form.fields[self._select] = value

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT_TAGS:
            self._silent -= 1
        elif tag == "a" and self._link:
            self.links.append(("".join(self._link[1:]).strip(), self._link[0]))
            self._link = None
        elif tag == "form" and self._form is not None:
            self.forms.append(self._form)
            self._form = None
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.words.append(data)
        if self._link is not None:
            self._link.append(data)
        if self._textarea and self._form is not None:
            typed = self._form.fields[self._textarea]
            self._form.fields[self._textarea] = f"{typed}{data}".removeprefix("\n")

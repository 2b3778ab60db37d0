"""The small parts that pages of several rooms share; templates/_macros/ draws them."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Column:
    """A column of a desk table; `href` sorts by it."""

    label: str
    href: str | None = None
    sorted: Literal["ascending", "descending"] | None = None
    number: bool = False


@dataclass(frozen=True)
class Pagination:
    """Where a list stands: page `number` of `last`, `total` things counted in `unit` (个, 笔, 户)."""

    number: int
    last: int
    total: int
    unit: str = "条"
    previous_href: str | None = None
    next_href: str | None = None


MOST_PAGES = 10_000


def page_number(text: str) -> int:
    """The page of a list that an address asks for; the first when the text is no number."""
    return min(max(int(text), 1), MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 7 else 1


@dataclass(frozen=True)
class Step:
    """One step of a timeline. `when` is text already; `why` is what the person wrote or the system gave as reason."""

    what: str
    when: str = ""
    who: str = ""
    why: str = ""
    stage: Literal["done", "now", "next", "bad"] = "done"
    picture: str | None = None
    picture_alt: str = ""


@dataclass(frozen=True)
class Action:
    """A link a person may take from a page; the first of several is drawn as the main one."""

    label: str
    href: str


@dataclass(frozen=True)
class MessagePage:
    """A page that says one thing: it is done, it is under way, there is nothing, or it cannot be.

    A busy page names in `poll_seconds` how often it looks again; without script the person follows the first action.
    `done` clears the draft of the form just sent.
    """

    kind: Literal["done", "busy", "empty", "stop"]
    title: str
    sentences: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    poll_seconds: int | None = None


@dataclass(frozen=True)
class ErrorPage:
    """What an error page adds to its own words: the sentence of the error, and a number to quote on the phone."""

    sentence: str | None = None
    reference: str | None = None
    retry_after_seconds: int | None = None

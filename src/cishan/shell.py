"""The frame around every page: whose site it is, who is looking, and where they can go."""

from dataclasses import dataclass
from typing import Literal

Area = Literal["public", "field", "desk"]


@dataclass(frozen=True)
class Place:
    """One place of the bottom bar or the rail; `icon` is a name of templates/_macros/icons.html."""

    label: str
    href: str
    icon: str
    current: bool


@dataclass(frozen=True)
class Shell:
    """What base.html needs besides the page.

    The footer shows the charity's full name, unified code, certificate and report phone on every page, as
    MZ/T 087-2017 asks of a donation site. A phone shows four places at most: with more than four it shows three
    and 更多, so put the daily ones first. `notice` says what has just been done, and nothing else: a page that has
    one also clears the draft of the form just sent. `form_key` is fresh for each page.
    """

    site_name: str
    charity_name: str
    uscc: str
    certificate_no: str
    legal_note: str
    report_phone: str
    elder: bool
    area: Area
    viewer_name: str | None
    viewer_role: str | None
    places: tuple[Place, ...]
    demo: bool
    form_key: str
    notice: str | None


# For a page drawn before anything is known about the site or the viewer, such as an error of the first middleware.
BARE_SHELL = Shell(
    site_name="慈善微心愿",
    charity_name="",
    uscc="",
    certificate_no="",
    legal_note="",
    report_phone="",
    elder=False,
    area="public",
    viewer_name=None,
    viewer_role=None,
    places=(),
    demo=False,
    form_key="",
    notice=None,
)

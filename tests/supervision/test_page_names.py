"""A report names its page the way an editor speaks of it, never by its address."""

import pytest

from cishan.supervision.concerns import page_name


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("/", "首页"),
        ("/about", "关于我们"),
        ("/wishes", "心愿墙"),
        ("/wishes/12", "心愿 12"),
        ("/wishes/12/claim", "心愿 12"),
        ("/wishes/0", "网站上的一页"),
        ("/list/open", "网站上的一页"),
        ("", "网站上的一页"),
    ],
)
def test_a_page_has_a_name(page: str, name: str) -> None:
    assert page_name(page) == name

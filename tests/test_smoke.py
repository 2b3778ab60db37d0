"""`cishan smoke` walks to the end, and names the step where it can't."""

import json
import subprocess
import sys

import httpx2
import pytest

from cishan.smoke.browser import Browser, PageFault, PageForm, read_page
from cishan.smoke.walk import STEPS

PAGE = """
<html><head><title>t</title><style>no</style></head><body><h1>认领</h1>
<form action="/claim" method="post"><input type="hidden" name="form_key" value="k">
<input type="radio" name="way" value="pay" checked><input type="radio" name="way" value="bring">
<select name="who"><option value="1">甲</option><option value="2" selected>乙</option></select>
<textarea name="note">
先写好的</textarea><button>去付款</button></form><a href="/next">下一步</a></body></html>
"""


def page_of(status: int = 200) -> httpx2.Response:
    request = httpx2.Request("GET", "http://site/wishes/1")
    return httpx2.Response(status, text=PAGE, headers={"content-type": "text/html"}, request=request)


def test_a_form_is_read_as_a_person_would_find_it() -> None:
    page = read_page(page_of())
    form = page.form("/claim")
    assert form == PageForm(
        "http://site/claim",
        "post",
        {"form_key": "k", "way": "pay", "who": "2", "note": "先写好的"},
        {"form_key", "way", "who", "note"},
    )
    assert page.link("下一步") == "http://site/next"
    assert "no" not in page.text


def test_what_is_not_on_the_page_is_said() -> None:
    page = read_page(page_of())
    with pytest.raises(PageFault, match="没有“付款成功”"):
        page.expect("付款成功")
    with pytest.raises(PageFault, match="/elsewhere"):
        page.form("/elsewhere")
    with pytest.raises(PageFault, match="500"):
        read_page(page_of(500))


async def test_a_field_the_form_does_not_have_can_not_be_filled_in() -> None:
    browser = Browser("http://site")
    with pytest.raises(PageFault, match="amount"):
        await browser.send(read_page(page_of()).form("/claim"), amount="1")
    await browser.aclose()


def test_the_whole_walk_succeeds() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cishan", "smoke", "--json"], capture_output=True, text=True, check=False, timeout=300
    )
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (0, True), done.stderr
    assert [step["step"] for step in told["steps"]] == [key for key, _, _ in STEPS]

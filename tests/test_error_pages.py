"""A fault of ours is a page in Chinese, and a line in the log that quotes nobody."""

import logging

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cishan.error_pages import caught

SECRET = "高桂珍 13705340088"


async def broken(request: Request) -> Response:
    raise ValueError(SECRET)


async def test_an_unexpected_fault_quotes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    app = Starlette(routes=[Route("/list/{token}", caught(broken))])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://testserver") as browser:
        with caplog.at_level(logging.DEBUG):
            answer = await browser.get("/list/abc-the-token")
    assert answer.status_code == 500
    assert 'lang="zh-CN"' in answer.text
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("cishan"))
    assert "unexpected ValueError at /list/{token}" in said
    assert "broken" in said
    assert SECRET not in answer.text + caplog.text
    assert "abc-the-token" not in said

"""A write form carries a key made with the page; sending it twice does the thing once and gives the first answer."""

import hashlib
import re
from collections.abc import Awaitable, Callable

from starlette.datastructures import FormData
from starlette.requests import Request
from tortoise.transactions import in_transaction

from cishan.database import rows
from cishan.errors import Conflict, InvalidInput
from cishan.forms.reading import read_fields
from cishan.web import services_of, viewer_or_none

KEY_PATTERN = re.compile(r"[A-Za-z0-9_-]{16,40}")

RESERVE = """
INSERT INTO form_answer (form_key, account_id, form_hash, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (form_key, account_id) DO NOTHING RETURNING id
"""
FIRST = "SELECT form_hash, location FROM form_answer WHERE form_key = $1 AND account_id = $2"
REMEMBER = "UPDATE form_answer SET location = $2 WHERE id = $1"


async def answer_once(request: Request, act: Callable[[], Awaitable[str]]) -> str:
    """Runs `act` in a transaction and returns the location it gives; a replay of the same form returns the first one.

    A second request with the key waits for the first to commit. If `act` fails nothing is kept, so the person may try
    again. The same key with other contents is a Conflict. `act` makes no remote call: it runs inside the transaction.
    """
    form = await read_fields(request)
    key, digest = form_key(form), form_hash(request, form)
    viewer = viewer_or_none(request)
    account_id = viewer.account_id if viewer else 0
    async with in_transaction():
        reserved = await rows(RESERVE, key, account_id, digest, services_of(request).clock.now())
        if not reserved:
            return await _first_answer(key, account_id, digest)
        location = await act()
        await rows(REMEMBER, reserved[0]["id"], location)
        return location


def form_key(form: FormData) -> str:
    key = form.get("form_key")
    if not isinstance(key, str) or not KEY_PATTERN.fullmatch(key):
        raise InvalidInput({"": "页面已过期，请刷新后重新提交。您填写的内容还在。"})
    return key


def form_hash(request: Request, form: FormData) -> str:
    fields = sorted((name, value) for name, value in form.multi_items() if isinstance(value, str))
    return hashlib.sha256(repr((request.url.path, fields)).encode()).hexdigest()


async def _first_answer(key: str, account_id: int, digest: str) -> str:
    first = (await rows(FIRST, key, account_id))[0]
    if first["form_hash"] != digest:
        raise Conflict("这张表单已经提交过，内容却变了。请打开一张新的表单再提交。")
    return str(first["location"])

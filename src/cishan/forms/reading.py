"""Turns a posted form into a typed object, or into one Chinese sentence for each field that can't be taken."""

import re
from datetime import date
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from cishan.errors import InvalidInput

NO_TEXT = re.compile("[\x00\ud800-\udfff]")
"""NUL and half of a pair: no table keeps them. A multipart form may name a codec that makes them."""
MAX_FIELDS = 60
MAX_FILES = 3

Form = TypeVar("Form", bound="FormModel")


class FormModel(BaseModel):
    """Base of all forms: text is stripped, unknown fields are ignored, NUL never gets through.

    A validator raises ValueError with the Chinese sentence; standard faults get theirs from SENTENCES.
    """

    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore", frozen=True)


FIRST_YEAR, LAST_YEAR = 1900, 2200
SENTENCES = {
    "missing": "请填写这一项。",
    "string_too_short": "请填写这一项。",
    "string_too_long": "太长了，最多 {max_length} 个字。",
    "int_parsing": "请填写整数。",
    "int_from_float": "请填写整数。",
    "greater_than_equal": "不能小于 {ge}。",
    "greater_than": "必须大于 {gt}。",
    "less_than_equal": "不能大于 {le}。",
    "enum": "请从列出的选项中选择。",
    "literal_error": "请从列出的选项中选择。",
    "date_from_datetime_parsing": "请填写日期，例如 2025-12-24。",
    "date_parsing": "请填写日期，例如 2025-12-24。",
    "bool_parsing": "请选择。",
}


async def read_fields(request: Request) -> FormData:
    """The posted fields and files, within the limits on their number; 400 for a body in an alphabet that nobody knows."""
    try:
        return await request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS)
    except (LookupError, UnicodeError) as error:
        raise HTTPException(400) from error


async def read_form(request: Request, form: type[Form]) -> Form:
    """Reads the body as `form`; raises InvalidInput with a sentence for each field. Empty text counts as not given."""
    return parse_form(await read_fields(request), form)


def parse_form(data: FormData, form: type[Form]) -> Form:
    values = typed_text(data)
    many = {name for name, field in form.model_fields.items() if str(field.annotation).startswith(("tuple", "list"))}
    given: dict[str, object] = {name: text for name, text in values.items() if text.strip()}
    for name in many:
        given[name] = tuple(str(value) for value in data.getlist(name))
    try:
        read = form.model_validate(given)
    except ValidationError as error:
        raise InvalidInput(
            {str(item["loc"][0]) if item["loc"] else "": _sentence(item) for item in error.errors()}
        ) from error
    unheard = {name: _BEYOND[isinstance(value, date)] for name, value in read if not _fits(value)}
    if unheard:
        raise InvalidInput(unheard)
    return read


_BEYOND = {False: "数字太大了，请再看一遍。", True: "日期不对，请再看一遍年份。"}


def _fits(value: object) -> bool:
    """Whether a number has its place in a table, and a day a year that anybody alive has to do with."""
    if isinstance(value, date):
        return FIRST_YEAR <= value.year <= LAST_YEAR
    numbers = value if isinstance(value, tuple) else (value,)
    return all(abs(number) < 2**63 for number in numbers if isinstance(number, int))


def typed_text(data: FormData) -> dict[str, str]:
    """What was typed, by field, so that a refused form keeps it; raises InvalidInput for NUL and half characters."""
    found = {name: value for name, value in data.items() if isinstance(value, str)}
    bad = {name: "含有不能识别的字符，请重新输入。" for name, value in found.items() if NO_TEXT.search(value)}
    if bad:
        raise InvalidInput(bad)
    return found


def _sentence(item: object) -> str:
    kind, context = item["type"], item.get("ctx") or {}  # type: ignore[index,attr-defined]
    if kind == "value_error":
        return str(context["error"])
    template = SENTENCES.get(kind, "填写的内容不对，请检查。")
    return template.format(**context) if "{" in template else template

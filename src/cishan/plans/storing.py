"""A plan as rows and as the text of one field: the only place that turns one into the other."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from cishan.database import JsonRow
from cishan.plans.plan import BudgetItem, Plan
from cishan.plans.states import AtTarget, GivingWay, ProjectKind, Reach, SurplusRule

FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Plan) if field.name != "budget")
COLUMNS_SQL = ", ".join(f"p.{name}" for name in FIELDS)
"""The columns of a plan, of the project `p`."""
BUDGET_SQL = """
coalesce((SELECT json_agg(json_build_array(b.name, b.amount_fen) ORDER BY b.position)
            FROM budget_line b WHERE b.project_id = p.id), '[]')::text AS budget
"""
FIELD_LABELS: dict[str, str] = {
    "kind": "项目类型",
    "reach": "向谁募捐",
    "name": "项目名称",
    "purpose": "募捐目的",
    "area_code": "募捐地域",
    "starts_at": "募捐开始时间",
    "ends_at": "募捐结束时间",
    "use_ends_on": "款物使用到",
    "leader_id": "活动负责人",
    "office": "办公地址",
    "ways": "接受捐赠的方式",
    "bank_account": "银行账号",
    "bank_account_name": "账户名称",
    "target_fen": "预期募集数额",
    "cost_fen": "募捐成本",
    "cost_words": "成本说明",
    "beneficiaries": "受益人范围",
    "beneficiaries_count": "受益人数",
    "choosing": "受益人怎么确定",
    "surplus_rule": "剩余财产怎么处理",
    "surplus_words": "剩余财产说明",
    "at_target": "筹够以后",
    "partner_name": "合作方",
    "partner_uscc": "合作方统一社会信用代码",
    "partner_agreement_no": "合作协议编号",
    "partner_evaluated_on": "合作方评估日期",
    "platform_url": "指定平台网址",
    "budget": "预算",
}
GROUPS: dict[str, tuple[str, ...]] = {
    "money": ("target_fen", "cost_fen", "cost_words", "budget"),
    "partner": ("partner_name", "partner_uscc", "partner_agreement_no", "partner_evaluated_on"),
}
"""Fields that are lawful only together, such as a sum and the lines that add up to it: one amendment changes all of them."""
AMENDMENT_LABELS: dict[str, str] = {
    **{name: words for name, words in FIELD_LABELS.items() if name not in {"kind", "reach", *sum(GROUPS.values(), ())}},
    "money": "数额、成本和预算",
    "partner": "合作方",
}
"""What an amendment may change; another kind or another reach would be another campaign."""

_DATES = {"use_ends_on", "partner_evaluated_on"}
_TIMES = {"starts_at", "ends_at"}
_NUMBERS = {"leader_id", "target_fen", "cost_fen", "beneficiaries_count"}
_WORDS: dict[str, Callable[[str], Any]] = {
    "kind": ProjectKind,
    "reach": Reach,
    "surplus_rule": SurplusRule,
    "at_target": AtTarget,
}


def plan_of(row: JsonRow) -> Plan:
    """The plan in a row of COLUMNS_SQL and BUDGET_SQL."""
    values: dict[str, Any] = {name: row[name] for name in FIELDS}
    for name, word in _WORDS.items():
        values[name] = word(values[name]) if values[name] else None
    values["ways"] = ways_of(row["ways"])
    return Plan(**values, budget=_budget_of(row["budget"]))


def columns_of(plan: Plan) -> dict[str, Any]:
    """What the project's own columns hold of a plan."""
    values = {name: getattr(plan, name) for name in FIELDS}
    return {**values, "ways": ",".join(plan.ways)}


def ways_of(text: str) -> tuple[GivingWay, ...]:
    known = {way.value for way in GivingWay}
    return tuple(GivingWay(part) for part in text.split(",") if part in known)


def fields_of(field: str) -> tuple[str, ...]:
    """The fields of a plan that an amendment of this one changes."""
    return GROUPS.get(field, (field,))


def text_of(plan: Plan, field: str) -> str:
    """One field, or one group of fields, as the text that an amendment keeps."""
    if field in GROUPS:
        return json.dumps({name: text_of(plan, name) for name in GROUPS[field]}, ensure_ascii=False)
    value = getattr(plan, field)
    if field == "budget":
        return json.dumps([[item.name, item.amount_fen] for item in plan.budget], ensure_ascii=False)
    if field == "ways":
        return ",".join(plan.ways)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return "" if value is None else str(value)


def with_text(plan: Plan, field: str, text: str) -> Plan:
    """The plan with one field, or one group, as an amendment keeps it; raises ValueError for text that is none of its kind."""
    if field in GROUPS:
        kept: dict[str, str] = json.loads(text)
        for name in GROUPS[field]:
            plan = with_text(plan, name, kept[name])
        return plan
    if field not in FIELD_LABELS:
        raise ValueError(f"no field of a plan: {field[:40]!r}")
    readers: Mapping[str, Callable[[str], Any]] = {
        "budget": _budget_of,
        "ways": ways_of,
        **dict.fromkeys(_DATES, lambda typed: date.fromisoformat(typed) if typed else None),
        **dict.fromkeys(_TIMES, datetime.fromisoformat),
        **dict.fromkeys(_NUMBERS, int),
        **_WORDS,
    }
    changed: dict[str, Any] = {field: readers.get(field, str)(text)}
    return replace(plan, **changed)


def _budget_of(text: str) -> tuple[BudgetItem, ...]:
    return tuple(BudgetItem(str(name), int(amount_fen)) for name, amount_fen in json.loads(text))

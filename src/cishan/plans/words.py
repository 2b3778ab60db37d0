"""A plan in words for people, and on which step of the form each of its fields stands."""

from collections.abc import Mapping
from datetime import datetime

from cishan.clock import BEIJING
from cishan.labels import label
from cishan.plans.plan import Plan
from cishan.plans.storing import FIELD_LABELS, fields_of
from cishan.templating import day, yuan

NONE = "没有写"
Answer = tuple[str, str, str | None]

STEP_OF_FIELD: dict[str, str] = {
    "kind": "what",
    "reach": "what",
    "name": "what",
    "purpose": "what",
    "area_code": "what",
    "starts_at": "when",
    "ends_at": "when",
    "use_ends_on": "when",
    "leader": "who",
    "office": "who",
    "ways": "who",
    "bank_account": "who",
    "bank_account_name": "who",
    "platform_url": "who",
    "beneficiaries": "whom",
    "beneficiaries_count": "whom",
    "choosing": "whom",
    "target_fen": "money",
    "cost_fen": "money",
    "cost_words": "money",
    "budget": "money",
    "surplus_rule": "surplus",
    "surplus_words": "surplus",
    "at_target": "surplus",
    "partner_name": "partner",
    "partner_uscc": "partner",
    "partner_agreement_no": "partner",
    "partner_evaluated_on": "partner",
}
"""On which step of the form a field of the plan stands."""
STEPS: tuple[str, ...] = tuple(dict.fromkeys(STEP_OF_FIELD.values()))
STEP_TITLES = {
    "what": "做什么",
    "when": "什么时候",
    "who": "谁负责、怎么收款",
    "whom": "帮助谁",
    "money": "要多少、怎么用",
    "surplus": "筹够和有剩余",
    "partner": "合作方",
}


def when(instant: datetime | None) -> str:
    """To the minute in China; the words for nothing when there is none."""
    return f"{instant.astimezone(BEIJING):%Y-%m-%d %H:%M}" if instant else NONE


def answers_of(plan: Plan, *, leader: str, area: str, edit: str | None) -> tuple[Answer, ...]:
    """The plan as questions and answers, each with the step that changes it; `edit` None offers no change."""
    budget = "；".join(f"{item.name} {yuan(item.amount_fen)}" for item in plan.budget)
    texts = {
        "kind": label(plan.kind),
        "reach": label(plan.reach),
        "area_code": area,
        "starts_at": when(plan.starts_at),
        "ends_at": when(plan.ends_at),
        "use_ends_on": day(plan.use_ends_on) if plan.use_ends_on else NONE,
        "leader_id": leader or NONE,
        "ways": "、".join(label(way) for way in plan.ways) or NONE,
        "target_fen": yuan(plan.target_fen) if plan.target_fen else NONE,
        "cost_fen": yuan(plan.cost_fen) if plan.cost_fen else "不花钱",
        "beneficiaries_count": f"{plan.beneficiaries_count:,} 人" if plan.beneficiaries_count else NONE,
        "surplus_rule": label(plan.surplus_rule) if plan.surplus_rule else NONE,
        "at_target": label(plan.at_target) if plan.at_target else NONE,
        "partner_evaluated_on": day(plan.partner_evaluated_on) if plan.partner_evaluated_on else NONE,
        "budget": budget or NONE,
    }
    skipped = set() if plan.partner_name else {"partner_uscc", "partner_agreement_no", "partner_evaluated_on"}
    return tuple(
        (
            words,
            texts[name] if name in texts else (getattr(plan, name) or ("没有" if name == "partner_name" else NONE)),
            f"{edit}{STEP_OF_FIELD[form_name(name)]}" if edit and name != "reach" else None,
        )
        for name, words in FIELD_LABELS.items()
        if name not in skipped
    )


def form_name(field: str) -> str:
    """The name under which the form has a field of the plan."""
    return "leader" if field == "leader_id" else field


def field_text(plan: Plan, field: str, *, leaders: Mapping[int, str], areas: Mapping[str, str]) -> str:
    """What an amendment changes of a plan, for people, as `answers_of` shows it."""
    leader = leaders.get(plan.leader_id or 0, "")
    area = areas.get(plan.area_code, plan.area_code)
    every = dict(zip(FIELD_LABELS.values(), FIELD_LABELS, strict=True))
    wanted = fields_of(field)
    found = [
        (words, text)
        for words, text, _ in answers_of(plan, leader=leader, area=area, edit=None)
        if every[words] in wanted
    ]
    return (
        found[0][1]
        if len(wanted) == 1 and found
        else "；".join(f"{words} {text.rstrip('。')}" for words, text in found) or NONE
    )

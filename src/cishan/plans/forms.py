"""The desk's forms: what is typed on one step becomes fields of the plan, and the plan becomes what a form shows."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from starlette.datastructures import FormData

from cishan.clock import BEIJING
from cishan.errors import InvalidInput
from cishan.forms.reading import FormModel, parse_form
from cishan.forms.typed import PlainDigits, YuanAsFen, fen_as_typed
from cishan.money import yuan_text
from cishan.plans.plan import MOST_BUDGET_LINES, BudgetItem, Plan
from cishan.plans.states import AtTarget, GivingWay, ProjectKind, SurplusRule
from cishan.plans.storing import fields_of, text_of
from cishan.plans.words import STEP_OF_FIELD, form_name

LONGEST_TEXT = 1_000
FEWEST_ROWS = 3


def _clock_time(text: object) -> time:
    plain = str(text).replace("：", ":").strip()
    try:
        hour, minute = plain.split(":")
        return time(int(hour), int(minute))
    except ValueError:
        raise ValueError("请填写几点几分，例如 09:00。") from None


ClockTime = Annotated[time, BeforeValidator(_clock_time)]


class WhatForm(FormModel):
    kind: ProjectKind = ProjectKind.ORDINARY
    name: str = Field(default="", max_length=60)
    purpose: str = Field(default="", max_length=LONGEST_TEXT)
    area_code: str = Field(default="", max_length=12)


class WhenForm(FormModel):
    starts_at: date | None = None
    starts_time: ClockTime = time(9, 0)
    ends_at: date | None = None
    ends_time: ClockTime = time(18, 0)
    use_ends_on: date | None = None


class WhoForm(FormModel):
    leader: int | None = None
    office: str = Field(default="", max_length=120)
    ways: tuple[GivingWay, ...] = ()
    bank_account: PlainDigits = Field(default="", max_length=40)
    bank_account_name: str = Field(default="", max_length=80)
    platform_url: str = Field(default="", max_length=200)


class WhomForm(FormModel):
    beneficiaries: str = Field(default="", max_length=LONGEST_TEXT)
    beneficiaries_count: int = Field(default=0, ge=0, le=10_000_000)
    choosing: str = Field(default="", max_length=LONGEST_TEXT)


class MoneyForm(FormModel):
    target_fen: YuanAsFen = 0
    cost_fen: YuanAsFen = 0
    cost_words: str = Field(default="", max_length=200)


class SurplusForm(FormModel):
    surplus_rule: SurplusRule | None = None
    surplus_words: str = Field(default="", max_length=300)
    at_target: AtTarget | None = None


class PartnerForm(FormModel):
    partner_name: str = Field(default="", max_length=80)
    partner_uscc: str = Field(default="", max_length=18)
    partner_agreement_no: str = Field(default="", max_length=60)
    partner_evaluated_on: date | None = None


class DecisionForm(FormModel):
    decision_no: str = Field(default="", max_length=60)
    decided_on: date


class FilingForm(FormModel):
    filing_number: str = Field(default="", max_length=60)
    filed_on: date


class ReasonForm(FormModel):
    reason: str = Field(default="", max_length=200)


class FiledOnForm(FormModel):
    filed_on: date


class TermsForm(FormModel):
    notice_days: int
    longest_years: int
    longest_emergency_years: int
    emergency_filing_days: int
    amendment_days: int
    capacity_fen: YuanAsFen
    cost_permille: int
    valid_from: date


class UpdateForm(FormModel):
    title: str = Field(default="", max_length=60)
    text: str = Field(default="", max_length=2_000)


class AmendForm(FormModel):
    reason: str = Field(default="", max_length=300)
    changed_on: date


def _what(form: FormData) -> dict[str, Any]:
    return parse_form(form, WhatForm).model_dump()


def _when(form: FormData) -> dict[str, Any]:
    given = parse_form(form, WhenForm)
    return {
        "starts_at": _instant(given.starts_at, given.starts_time),
        "ends_at": _instant(given.ends_at, given.ends_time),
        "use_ends_on": given.use_ends_on,
    }


def _who(form: FormData) -> dict[str, Any]:
    values = parse_form(form, WhoForm).model_dump()
    leader_id = values.pop("leader")
    return {**values, "leader_id": leader_id}


def _money(form: FormData) -> dict[str, Any]:
    return {**parse_form(form, MoneyForm).model_dump(), "budget": budget_in(form)}


READERS: dict[str, Callable[[FormData], dict[str, Any]]] = {
    "what": _what,
    "when": _when,
    "who": _who,
    "whom": lambda form: parse_form(form, WhomForm).model_dump(),
    "money": _money,
    "surplus": lambda form: parse_form(form, SurplusForm).model_dump(),
    "partner": lambda form: parse_form(form, PartnerForm).model_dump(),
}
"""What each step of the form gives to the plan."""


def with_step(plan: Plan, step: str, form: FormData) -> Plan:
    """The plan with what was typed on one step; raises InvalidInput for what is none of its kind, lawful or not."""
    return replace(plan, **READERS[step](form))


def budget_in(form: FormData) -> tuple[BudgetItem, ...]:
    """The lines of the budget, empty ones left out; raises InvalidInput (field `budget`) for a sum that is none."""
    found: list[BudgetItem] = []
    for number in range(1, MOST_BUDGET_LINES + 1):
        name, typed = (str(form.get(f"budget_{part}_{number}", "")).strip() for part in ("name", "sum"))
        if not name and not typed:
            continue
        try:
            found.append(BudgetItem(name[:60], fen_as_typed(typed)))
        except ValueError as error:
            raise InvalidInput({"budget": f"第 {number} 项预算：{error}"}) from error
    return tuple(found)


def amended_text(plan: Plan, field: str, form: FormData) -> str:
    """What was typed as the new value of one filed field, as the text an amendment keeps."""
    fields = fields_of(field)
    typed = READERS[STEP_OF_FIELD[form_name(fields[0])]](form)
    return text_of(replace(plan, **{name: typed[name] for name in fields}), field)


def values_of(plan: Plan) -> dict[str, object]:
    """What the form shows of a stored plan, by the names of its inputs."""
    values: dict[str, object] = {
        **{name: getattr(plan, name) for name in ("name", "purpose", "area_code", "office", "bank_account")},
        **{name: getattr(plan, name) for name in ("bank_account_name", "platform_url", "beneficiaries", "choosing")},
        **{name: getattr(plan, name) for name in ("cost_words", "surplus_words", "partner_name", "partner_uscc")},
        "partner_agreement_no": plan.partner_agreement_no,
        "kind": plan.kind.value,
        "leader": str(plan.leader_id or ""),
        "ways": [way.value for way in plan.ways],
        "beneficiaries_count": plan.beneficiaries_count or "",
        "surplus_rule": plan.surplus_rule.value if plan.surplus_rule else "",
        "at_target": plan.at_target.value if plan.at_target else "",
        "target_fen": _yuan_typed(plan.target_fen),
        "cost_fen": _yuan_typed(plan.cost_fen),
        "use_ends_on": plan.use_ends_on.isoformat() if plan.use_ends_on else "",
        "partner_evaluated_on": plan.partner_evaluated_on.isoformat() if plan.partner_evaluated_on else "",
        **_instant_values("starts", plan.starts_at, "09:00"),
        **_instant_values("ends", plan.ends_at, "18:00"),
    }
    for number, item in enumerate(plan.budget, start=1):
        values[f"budget_name_{number}"] = item.name
        values[f"budget_sum_{number}"] = _yuan_typed(item.amount_fen)
    return values


def budget_rows(values: Mapping[str, object]) -> tuple[int, ...]:
    """The numbers of the rows to show: those that are filled in, and two more to fill."""
    filled = [number for number in range(1, MOST_BUDGET_LINES + 1) if values.get(f"budget_name_{number}")]
    last = max(filled, default=0) + 2
    return tuple(range(1, min(max(last, FEWEST_ROWS), MOST_BUDGET_LINES) + 1))


def _instant(day: date | None, at: time) -> datetime | None:
    return datetime.combine(day, at, tzinfo=BEIJING) if day else None


def _instant_values(name: str, instant: datetime | None, usual: str) -> dict[str, object]:
    local = instant.astimezone(BEIJING) if instant else None
    return {
        f"{name}_at": local.date().isoformat() if local else "",
        f"{name}_time": f"{local:%H:%M}" if local else usual,
    }


def _yuan_typed(fen: int) -> str:
    return yuan_text(fen).removesuffix(".00") if fen else ""

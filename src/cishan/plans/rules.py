"""What the law asks of a plan before anybody decides on it: pure, each fault with its field and its article (R-2, R-7, R-8)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from stdnum.cn import uscc as uscc_number

from cishan.charities.states import LegalMode
from cishan.clock import BEIJING, beijing_day
from cishan.divisions.rules import contains, is_code, significant
from cishan.money import yuan_text
from cishan.plans import laws
from cishan.plans.persons import person_named_in
from cishan.plans.plan import MOST_BUDGET_LINES, REACH_OF_MODE, Facts, Plan, Terms
from cishan.plans.states import GivingWay, ProjectKind, Reach

PERMILLE = 1_000
NUMERALS = "零一二三四五六七八九十"
BANK_ACCOUNT = re.compile(r"\d{8,32}", re.ASCII)
WIDER_NAMES = re.compile("中国|全国|中华|国家级|世界|全球")
PASSES_COST_ON = re.compile(
    r"(?:向|由|让)(?:受益人|受助人|困难家庭|家庭|学生|患者|老人)[^，。；]{0,8}(?:收取|缴纳|承担|支付|扣|交)"
    r"|(?:受益人|受助人|困难家庭|学生|患者|老人)(?:要|应|需|须)?[^，。；]{0,6}(?:缴纳|承担|交纳|支付)[^，。；]{0,8}(?:费|成本|押金|保证金)"
)
SURPLUS_TAKEN = re.compile("奖金|福利|奖励|分给|分配给|归.{0,8}所有|退还.{0,4}发起人|投资|分红")

Fault = tuple[str, str]


def plan_faults(plan: Plan, facts: Facts, terms: Terms) -> dict[str, str]:
    """What keeps this plan from being decided on or filed: field -> sentence with its article, the first of each field."""
    found: dict[str, str] = {}
    for check in CHECKS:
        for field, sentence in check(plan, facts, terms):
            found.setdefault(field, sentence)
    return found


def _qualified(plan: Plan, facts: Facts, terms: Terms) -> Iterator[Fault]:
    if plan.reach is not REACH_OF_MODE[facts.mode]:
        yield "reach", _reach_sentence(plan.reach, facts.mode)
    if plan.reach is not Reach.PUBLIC:
        return
    certificate = facts.certificate
    if certificate is None:
        yield "", f"{laws.CERTIFICATE}：没有公开募捐资格证书，不得公开募捐。"
        return
    if not certificate.covers(facts.today):
        yield "", f"{laws.QUALIFICATION}：公开募捐资格证书不在有效期内，不得公开募捐。"
    elif plan.starts_at and not certificate.covers(beijing_day(plan.starts_at)):
        yield "starts_at", f"{laws.QUALIFICATION}：募捐开始时公开募捐资格证书不在有效期内。"
    elif plan.ends_at and not certificate.covers(beijing_day(plan.ends_at)):
        yield "ends_at", f"{laws.QUALIFICATION}：募捐结束前公开募捐资格证书就到期了，请先换证或者提前结束。"


def _reach_sentence(reach: Reach, mode: LegalMode) -> str:
    if mode is LegalMode.PRIVATE and reach is Reach.PUBLIC:
        return f"{laws.NOT_IN_PUBLIC}：定向募捐只能面向发起人、理事会成员和会员，不得向社会公开募捐。"
    if mode is LegalMode.COMMUNITY and reach is Reach.PUBLIC:
        return f"{laws.CERTIFICATE}：社区、单位内部互助不得向社会公开募捐。"
    return f"{laws.PLAN}：募捐对象和本站登记的募捐方式不一致。"


def _platform(plan: Plan, facts: Facts, terms: Terms) -> Iterator[Fault]:
    if plan.reach is not Reach.PUBLIC or facts.designation_number:
        return
    if not plan.platform_url:
        yield (
            "platform_url",
            f"{laws.PLATFORM}：互联网公开募捐应当在民政部指定的平台进行，请填写指定平台上这个项目的网址。",
        )
        return
    parts = urlsplit(plan.platform_url)
    if parts.scheme != "https" or "." not in parts.netloc:
        yield "platform_url", f"{laws.PLATFORM}：指定平台的网址不对，要以 https:// 开头。"


def _name(plan: Plan, facts: Facts, terms: Terms) -> Iterator[Fault]:
    if not plan.name:
        yield "name", f"{laws.NAME}：请写项目名称，名称要和募捐目的相符。"
    elif WIDER_NAMES.search(plan.name) and len(significant(facts.division_code)) > 0:
        yield "name", f"{laws.NAME}：项目名称不能用“全国”“中国”这样超出本会范围的字样。"
    elif named := person_named_in(plan.name):
        yield "name", f"{laws.BENEFICIARIES}：公开募捐不得为特定个人募捐，请把名称里的“{named}”去掉。"
    if not plan.purpose:
        yield "purpose", f"{laws.PLAN}：请写募捐目的。"
    elif named := person_named_in(plan.purpose):
        yield "purpose", f"{laws.BENEFICIARIES}：公开募捐不得为特定个人募捐，请把“{named}”去掉。"


def _period(plan: Plan, facts: Facts, terms: Terms) -> Iterator[Fault]:
    if plan.starts_at is None:
        yield "starts_at", f"{laws.PERIOD}：请写募捐开始时间。"
    if plan.ends_at is None:
        yield "ends_at", f"{laws.PERIOD}：请写募捐结束时间。"
    if plan.starts_at and plan.ends_at:
        emergency = plan.kind is ProjectKind.EMERGENCY
        years = terms.longest_emergency_years if emergency else terms.longest_years
        if plan.ends_at <= plan.starts_at:
            yield "ends_at", f"{laws.PERIOD}：结束时间要在开始时间之后。"
        elif plan.ends_at.astimezone(BEIJING) > _years_later(plan.starts_at, years):
            what = "应对重大突发事件的募捐期限" if emergency else "募捐期限"
            yield "ends_at", f"{laws.PERIOD}：{what}不得超过{_numeral(years)}年。"
    if plan.use_ends_on is None:
        yield "use_ends_on", f"{laws.USE}：请写款物使用到哪一天为止。"
    elif plan.ends_at and plan.use_ends_on < beijing_day(plan.ends_at):
        yield "use_ends_on", f"{laws.USE}：款物使用的结束日期不能早于募捐结束。"


def _years_later(starts_at: datetime, years: int) -> datetime:
    """The same minute of the same day, so many years on; 28 February for one that began on the 29th."""
    start = starts_at.astimezone(BEIJING)
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


def _numeral(number: int) -> str:
    return NUMERALS[number] if number < len(NUMERALS) else str(number)


def _people(plan: Plan, facts: Facts, terms: Terms) -> Iterator[Fault]:
    if not is_code(plan.area_code):
        yield "area_code", f"{laws.PLAN}：请选募捐地域。"
    elif not contains(facts.division_code, plan.area_code):
        yield "area_code", f"{laws.AREA}：募捐地域不能超出本会登记的民政部门管辖区域。"
    if plan.leader_id is None:
        yield "leader", f"{laws.LEADER}：请选活动负责人。"
    elif not facts.leader_is_staff:
        yield "leader", f"{laws.LEADER}：活动负责人应当是本会的专职工作人员。"
    if not plan.office:
        yield "office", f"{laws.PLAN}：请写办公地址。"
    if not plan.ways:
        yield "ways", f"{laws.PLAN}：请选接受捐赠的方式。"
    elif GivingWay.ONLINE not in plan.ways:
        yield "ways", f"{laws.WITHIN_FILED}：本站用网上支付收款，方案里没有备案网上支付，就超出了备案的方式。"


def _account(plan: Plan, facts: Facts, terms: Terms) -> Iterator[Fault]:
    if not BANK_ACCOUNT.fullmatch(plan.bank_account):
        yield "bank_account", f"{laws.ACCOUNT}：请写本会的银行账号，8 到 32 位数字。"
    if plan.partner_name and plan.bank_account_name == plan.partner_name != facts.charity_name:
        yield "bank_account_name", f"{laws.PARTNER_ACCOUNT}：合作方不得自己收款，全部款项都进本会的账户。"
    elif plan.bank_account_name != facts.charity_name:
        yield "bank_account_name", f"{laws.ACCOUNT}：只能用本会的账户收款，户名应当是“{facts.charity_name}”。"


def _sums(plan: Plan, facts: Facts, terms: Terms) -> Iterator[Fault]:
    if plan.target_fen <= 0:
        yield "target_fen", f"{laws.CAPACITY}：请写预期募集数额。"
    elif plan.target_fen > terms.capacity_fen:
        most = yuan_text(terms.capacity_fen).removesuffix(".00")
        yield "target_fen", f"{laws.CAPACITY}：预期募集数额要和本会的能力相适应，一个项目最多 {most} 元。"
    if plan.cost_fen and plan.cost_fen >= plan.target_fen * terms.cost_permille // PERMILLE:
        percent = f"{terms.cost_permille // 10}.{terms.cost_permille % 10}".removesuffix(".0")
        yield "cost_fen", f"{laws.COST}：募捐成本要少于预期募集数额的 {percent}%。"
    if plan.cost_fen and not plan.cost_words:
        yield "cost_words", f"{laws.COST}：请写募捐成本是什么、从哪里列支。"
    for field in ("cost_words", "choosing", "beneficiaries", "purpose"):
        if PASSES_COST_ON.search(getattr(plan, field)):
            yield field, f"{laws.COST}：募捐成本不得转嫁给受益人。"


def _beneficiaries(plan: Plan, facts: Facts, terms: Terms) -> Iterator[Fault]:
    if not plan.beneficiaries:
        yield "beneficiaries", f"{laws.BENEFICIARIES}：请写受益人的范围。"
    elif named := person_named_in(plan.beneficiaries):
        yield "beneficiaries", f"{laws.BENEFICIARIES}：受益人不得是特定的个人，请把“{named}”换成一类人的说法。"
    if plan.beneficiaries_count <= 0:
        yield "beneficiaries_count", f"{laws.BENEFICIARIES}：请写受益人大约有多少。"
    elif plan.beneficiaries_count == 1:
        yield "beneficiaries_count", f"{laws.BENEFICIARIES}：只有一个受益人就是为特定个人募捐，不得公开募捐。"
    if not plan.choosing:
        yield "choosing", f"{laws.BENEFICIARIES}：请写受益人怎么确定。"
    elif named := person_named_in(plan.choosing):
        yield "choosing", f"{laws.BENEFICIARIES}：受益人不得是特定的个人，请把“{named}”去掉。"


def _use(plan: Plan, facts: Facts, terms: Terms) -> Iterator[Fault]:
    if not plan.budget:
        yield "budget", f"{laws.USE}：请写款物怎么用，至少一项预算。"
    elif len(plan.budget) > MOST_BUDGET_LINES:
        yield "budget", f"{laws.USE}：预算最多 {MOST_BUDGET_LINES} 项。"
    elif any(not item.name or item.amount_fen <= 0 for item in plan.budget):
        yield "budget", f"{laws.USE}：每一项预算都要有名称和金额。"
    else:
        total_fen = sum(item.amount_fen for item in plan.budget) + plan.cost_fen
        if total_fen != plan.target_fen:
            yield (
                "budget",
                (
                    f"{laws.USE}：各项预算加募捐成本是 {yuan_text(total_fen)} 元，"
                    f"和预期募集数额 {yuan_text(plan.target_fen)} 元不一致。"
                ),
            )


def _surplus(plan: Plan, facts: Facts, terms: Terms) -> Iterator[Fault]:
    if plan.surplus_rule is None:
        yield "surplus_rule", f"{laws.SURPLUS}：请选剩余财产怎么处理。"
    if not plan.surplus_words:
        yield "surplus_words", f"{laws.SURPLUS}：请写剩余财产用到哪里、怎么向社会公开。"
    elif SURPLUS_TAKEN.search(plan.surplus_words):
        yield "surplus_words", f"{laws.SURPLUS_USE}：剩余财产只能用于目的相同或者相近的慈善项目，并向社会公告。"
    if plan.at_target is None:
        yield "at_target", f"{laws.SURPLUS}：请选筹够以后还收不收。"


def _partner(plan: Plan, facts: Facts, terms: Terms) -> Iterator[Fault]:
    if not (plan.partner_name or plan.partner_uscc or plan.partner_agreement_no or plan.partner_evaluated_on):
        return
    if not plan.partner_name:
        yield "partner_name", f"{laws.PARTNER}：请写合作方的名称；没有合作方，这一步都不用填。"
    if not uscc_number.is_valid(plan.partner_uscc):
        yield "partner_uscc", f"{laws.PARTNER}：合作方应当是依法成立的组织，请写对统一社会信用代码。"
    if not plan.partner_agreement_no:
        yield "partner_agreement_no", f"{laws.PARTNER}：和合作方要先签书面协议，请写协议编号。"
    if plan.partner_evaluated_on is None:
        yield "partner_evaluated_on", f"{laws.PARTNER}：要先对合作方做评估，请写评估日期。"
    elif plan.partner_evaluated_on > facts.today:
        yield "partner_evaluated_on", f"{laws.PARTNER}：评估要在决定以前做完，日期不能在今天以后。"


CHECKS = (
    _qualified,
    _platform,
    _name,
    _period,
    _people,
    _account,
    _sums,
    _beneficiaries,
    _use,
    _surplus,
    _partner,
)
"""In the order of art. 10, the right to raise money at all first."""


@dataclass(frozen=True)
class Decision:
    """The internal decision on a plan as it is about to be signed."""

    number: str
    decided_on: date


def decision_faults(decision: Decision, *, is_drafter: bool, is_director: bool, today: date) -> dict[str, str]:
    """What keeps the legal representative from signing: another person, a number, a day that has come (art. 15)."""
    found: dict[str, str] = {}
    if is_drafter:
        found[""] = f"{laws.DECISION}：拟定方案的人不能自己决定，要由另一个人决定。"
    elif not is_director:
        found[""] = f"{laws.DECISION}：募捐方案要由法定代表人审批。"
    if not decision.number:
        found["decision_no"] = f"{laws.DECISION}：请写内部决策文件的编号。"
    if decision.decided_on > today:
        found["decided_on"] = f"{laws.DECISION}：决定日期不能在今天以后。"
    return found

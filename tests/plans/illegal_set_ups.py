"""Illegal set-ups of a project, each with the article that refuses it (rules.md 10.1). Written before the rules were.

A plan's row says what is changed of a lawful plan or of the facts around it; `field` is where the form shows the refusal.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from cishan.charities.states import LegalMode
from cishan.plans.plan import BudgetItem, Certificate
from cishan.plans.states import GivingWay, ProjectKind, Reach

TODAY = date(2025, 3, 3)
STARTS_AT = datetime(2025, 3, 15, 1, 0, tzinfo=UTC)
"""Nine in the morning in Beijing, twelve days after TODAY."""
THREE_YEARS_ON = STARTS_AT.replace(year=2028)
ONE_YEAR_ON = STARTS_AT.replace(year=2026)
DAY = timedelta(days=1)
LAST = date(2030, 12, 31)

MEASURES = "《慈善组织公开募捐管理办法》"
LAW = "《中华人民共和国慈善法》"


@dataclass(frozen=True)
class IllegalPlan:
    """What is wrong with a plan: `plan` and `facts` are the fields that differ from a lawful set-up."""

    what: str
    article: str
    field: str
    plan: dict[str, object] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class IllegalFiling:
    """What is wrong with the filing of a decided plan, as changes to the call of `filing_faults`."""

    what: str
    article: str
    field: str
    number: str = "53371400MJE0000011A25002"
    filed_on: date = TODAY
    decided_on: date = TODAY
    today: date = TODAY
    is_number_taken: bool = False
    plan: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class IllegalStep:
    """What somebody tries with a project that is decided, filed or over; `step` names the test that tries it."""

    what: str
    article: str
    step: str


PLANS: tuple[IllegalPlan, ...] = (
    IllegalPlan("没有公开募捐资格证书", LAW + "第二十二条", "", facts={"certificate": None}),
    IllegalPlan(
        "证书已经过期",
        MEASURES + "第三条",
        "",
        facts={"certificate": Certificate(date(2017, 1, 1), date(2025, 3, 2))},
    ),
    IllegalPlan(
        "募捐开始时证书已经到期",
        MEASURES + "第三条",
        "starts_at",
        facts={"certificate": Certificate(date(2017, 1, 1), date(2025, 3, 14))},
    ),
    IllegalPlan(
        "募捐结束前证书到期",
        MEASURES + "第三条",
        "ends_at",
        facts={"certificate": Certificate(date(2017, 1, 1), date(2025, 6, 30))},
    ),
    IllegalPlan("定向募捐的网站向社会公开募捐", LAW + "第二十九条", "reach", facts={"mode": LegalMode.PRIVATE}),
    IllegalPlan("社区互助的网站向社会公开募捐", LAW + "第二十二条", "reach", facts={"mode": LegalMode.COMMUNITY}),
    IllegalPlan("公开募捐的网站做定向募捐", MEASURES + "第十条", "reach", plan={"reach": Reach.MEMBERS}),
    IllegalPlan("没有指定平台的网址，也没有被指定", LAW + "第二十七条", "platform_url", plan={"platform_url": ""}),
    IllegalPlan("指定平台的网址不是网址", LAW + "第二十七条", "platform_url", plan={"platform_url": "慈善中国"}),
    IllegalPlan("没有名称", MEASURES + "第十条第（一）项", "name", plan={"name": ""}),
    IllegalPlan("名称超出本会的范围", MEASURES + "第十条第（一）项", "name", plan={"name": "全国寒冬送暖"}),
    IllegalPlan("名称里有特定的人", MEASURES + "第十条第（六）项", "name", plan={"name": "救救张小满"}),
    IllegalPlan("没有募捐目的", MEASURES + "第十条", "purpose", plan={"purpose": ""}),
    IllegalPlan("没有开始时间", MEASURES + "第十条第（二）项", "starts_at", plan={"starts_at": None}),
    IllegalPlan("结束早于开始", MEASURES + "第十条第（二）项", "ends_at", plan={"ends_at": STARTS_AT - DAY}),
    IllegalPlan(
        "三年零一天",
        MEASURES + "第十条第（二）项",
        "ends_at",
        plan={"ends_at": THREE_YEARS_ON + DAY, "use_ends_on": LAST},
    ),
    IllegalPlan(
        "应急项目一年零一天",
        MEASURES + "第十条第（二）项",
        "ends_at",
        plan={"kind": ProjectKind.EMERGENCY, "ends_at": ONE_YEAR_ON + DAY, "use_ends_on": LAST},
    ),
    IllegalPlan(
        "募捐没有结束款物就用完了",
        MEASURES + "第十条第（七）项",
        "use_ends_on",
        plan={"use_ends_on": date(2025, 3, 16)},
    ),
    IllegalPlan("在本会管辖以外的地方募捐", LAW + "第二十三条", "area_code", plan={"area_code": "370100000000"}),
    IllegalPlan("没有负责人", MEASURES + "第十条第（三）项", "leader", plan={"leader_id": None}),
    IllegalPlan("负责人不是专职工作人员", MEASURES + "第十条第（三）项", "leader", facts={"leader_is_staff": False}),
    IllegalPlan("没有办公地址", MEASURES + "第十条", "office", plan={"office": ""}),
    IllegalPlan("没有接受捐赠的方式", MEASURES + "第十条", "ways", plan={"ways": ()}),
    IllegalPlan(
        "方案里没有网上支付却在网上收款",
        MEASURES + "第二十四条",
        "ways",
        plan={"ways": (GivingWay.BANK, GivingWay.CASH)},
    ),
    IllegalPlan(
        "用别人的账户收款",
        MEASURES + "第十条第（四）项",
        "bank_account_name",
        plan={"bank_account_name": "德州某文化公司"},
    ),
    IllegalPlan("银行账号不是账号", MEASURES + "第十条第（四）项", "bank_account", plan={"bank_account": "找张主任"}),
    IllegalPlan("没有预期数额", MEASURES + "第十条第（五）项", "target_fen", plan={"target_fen": 0}),
    IllegalPlan(
        "预期数额超出本会的能力",
        MEASURES + "第十条第（五）项",
        "target_fen",
        plan={"target_fen": 500_000_001, "budget": (BudgetItem("棉被", 499_800_001),)},
    ),
    IllegalPlan(
        "受益人是一个有名有姓的人",
        MEASURES + "第十条第（六）项",
        "beneficiaries",
        plan={"beneficiaries": "为王桂兰治病"},
    ),
    IllegalPlan(
        "受益人写了身份证号",
        MEASURES + "第十条第（六）项",
        "beneficiaries",
        plan={"beneficiaries": "身份证号 110101199003070038 的困难学生"},
    ),
    IllegalPlan(
        "受益人写了手机号", MEASURES + "第十条第（六）项", "choosing", plan={"choosing": "联系 13905340001 的那一家"}
    ),
    IllegalPlan("没有受益人范围", MEASURES + "第十条第（六）项", "beneficiaries", plan={"beneficiaries": ""}),
    IllegalPlan(
        "只有一个受益人", MEASURES + "第十条第（六）项", "beneficiaries_count", plan={"beneficiaries_count": 1}
    ),
    IllegalPlan("没有说受益人怎么确定", MEASURES + "第十条第（六）项", "choosing", plan={"choosing": ""}),
    IllegalPlan("没有预算", MEASURES + "第十条第（七）项", "budget", plan={"budget": ()}),
    IllegalPlan(
        "各项预算加起来差一分钱",
        MEASURES + "第十条第（七）项",
        "budget",
        plan={"budget": (BudgetItem("棉被", 6_000_000), BudgetItem("取暖费", 3_799_999))},
    ),
    IllegalPlan(
        "募捐成本到了一成",
        MEASURES + "第十条第（八）项",
        "cost_fen",
        plan={"cost_fen": 1_000_000, "budget": (BudgetItem("棉被", 9_000_000),)},
    ),
    IllegalPlan("没有说募捐成本从哪里出", MEASURES + "第十条第（八）项", "cost_words", plan={"cost_words": ""}),
    IllegalPlan(
        "募捐成本转嫁给受益人",
        MEASURES + "第十条第（八）项",
        "cost_words",
        plan={"cost_words": "宣传费由受助人承担"},
    ),
    IllegalPlan("没有剩余财产的处理办法", MEASURES + "第十条第（九）项", "surplus_rule", plan={"surplus_rule": None}),
    IllegalPlan("没有剩余财产的说明", MEASURES + "第十条第（九）项", "surplus_words", plan={"surplus_words": ""}),
    IllegalPlan(
        "剩余财产发奖金",
        LAW + "第五十八条",
        "surplus_words",
        plan={"surplus_words": "作为工作人员的奖金"},
    ),
    IllegalPlan(
        "没有和合作方签协议",
        MEASURES + "第十八条",
        "partner_agreement_no",
        plan={
            "partner_name": "德州示例志愿服务中心",
            "partner_uscc": "53371400MJE0000011",
            "partner_evaluated_on": TODAY,
        },
    ),
    IllegalPlan(
        "没有评估合作方",
        MEASURES + "第十八条",
        "partner_evaluated_on",
        plan={
            "partner_name": "德州示例志愿服务中心",
            "partner_uscc": "53371400MJE0000011",
            "partner_agreement_no": "德慈合 1 号",
        },
    ),
    IllegalPlan(
        "合作方没有有效的信用代码",
        MEASURES + "第十八条",
        "partner_uscc",
        plan={
            "partner_name": "某志愿者群",
            "partner_uscc": "53371400MJE0000012",
            "partner_agreement_no": "德慈合 1 号",
            "partner_evaluated_on": TODAY,
        },
    ),
    IllegalPlan(
        "合作方自己收款",
        LAW + "第二十六条",
        "bank_account_name",
        plan={
            "bank_account_name": "德州示例志愿服务中心",
            "partner_name": "德州示例志愿服务中心",
            "partner_uscc": "53371400MJE0000011",
            "partner_agreement_no": "德慈合 1 号",
            "partner_evaluated_on": TODAY,
        },
    ),
)

FILINGS: tuple[IllegalFiling, ...] = (
    IllegalFiling("提前九天备案", MEASURES + "第十一条", "filed_on", filed_on=date(2025, 3, 6), today=date(2025, 3, 6)),
    IllegalFiling(
        "应急项目开始十一天后才备案",
        MEASURES + "第十三条",
        "filed_on",
        filed_on=date(2025, 3, 26),
        today=date(2025, 3, 26),
        plan={"kind": ProjectKind.EMERGENCY},
    ),
    IllegalFiling("用别的活动的备案编号", MEASURES + "第十二条", "filing_number", is_number_taken=True),
    IllegalFiling("没有备案编号", MEASURES + "第十二条", "filing_number", number=""),
    IllegalFiling("备案早于内部决定", MEASURES + "第十五条", "filed_on", filed_on=date(2025, 3, 2)),
    IllegalFiling("备案日期还没有到", MEASURES + "第十一条", "filed_on", filed_on=date(2025, 3, 4)),
)

STEPS: tuple[IllegalStep, ...] = (
    IllegalStep("拟定方案的人自己决定", MEASURES + "第十五条", "decide_own"),
    IllegalStep("不是法定代表人来决定", MEASURES + "第十五条", "decide_without_post"),
    IllegalStep("决定没有文号", MEASURES + "第十五条", "decide_without_number"),
    IllegalStep("备案以后直接改文字", MEASURES + "第十七条", "rewrite_filed"),
    IllegalStep("没有备案就开始", MEASURES + "第十一条", "begin_unfiled"),
    IllegalStep("备案不满十日就开始", MEASURES + "第十一条", "begin_too_soon"),
    IllegalStep("过了备案的结束时间还在募捐", MEASURES + "第二十四条", "begin_too_late"),
    IllegalStep("变更不说理由", MEASURES + "第十二条", "amend_without_reason"),
    IllegalStep("用变更把期限延到三年以外", MEASURES + "第十条第（二）项", "amend_beyond_three_years"),
    IllegalStep("提出变更的人自己决定", MEASURES + "第十五条", "decide_own_amendment"),
    IllegalStep("募捐开始以后改开始时间", MEASURES + "第二十四条", "amend_start_after_start"),
)

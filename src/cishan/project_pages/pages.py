"""What everybody sees of projects: the list, one project with its plan, its money and its legal block, and the poster."""

from dataclasses import dataclass
from datetime import datetime

from cishan.charities.queries import Site
from cishan.charities.states import LegalMode
from cishan.charts import Chart, Point, bar_chart
from cishan.donations.giving import Giving
from cishan.donations.roll import RollRow
from cishan.labels import label
from cishan.page_parts import Pagination
from cishan.plans.plan import Plan
from cishan.plans.states import AtTarget, GivingWay, ProjectKind
from cishan.plans.words import when
from cishan.project_pages.queries import Flow, PublicCard, PublicProject, PublicUpdate
from cishan.projects.pages import TONES
from cishan.projects.states import ProjectStatus
from cishan.templating import day, remaining, yuan

LONGEST_SNIPPET = 60
CLOSED_WORDS = "募捐已经结束，不再收款。钱正在按方案使用，用到哪里会写在这一页。"
QUERY_PLATFORM = "https://cszg.mca.gov.cn"
"""慈善中国, where everybody can look a filing number up."""
PUBLIC_STATUSES = (ProjectStatus.OPEN, ProjectStatus.CLOSED, ProjectStatus.SETTLED)
WORDS_OF_MODE: dict[LegalMode, tuple[str, str]] = {
    LegalMode.OWN_SITE: ("慈善筹", "公开募捐的慈善项目，每一笔收支都公开。"),
    LegalMode.PRIVATE: ("会员慈善筹", "只面向本会发起人、理事会成员和会员，不对外公开。"),
    LegalMode.COMMUNITY: ("互助筹", "本社区、本单位内部的互助项目，不面向社会募捐。"),
}

Link = tuple[str, str, bool]
Choice = tuple[str, str]


@dataclass(frozen=True)
class Progress:
    """How far a project has come: `percent` is whole and never more than 100, the words say the true sums."""

    percent: int
    words: str
    gifts: str


@dataclass(frozen=True)
class Card:
    href: str
    name: str
    area: str
    snippet: str
    state_label: str
    state_tone: str
    left: str
    progress: Progress
    picture: str | None


@dataclass(frozen=True)
class ListPage:
    """The list; `statuses` are links that filter, so the address is all there is to its state."""

    title: str
    lead: str
    cards: tuple[Card, ...]
    statuses: tuple[Link, ...]
    areas: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    chosen: dict[str, str]
    is_filtered: bool
    pagination: Pagination


@dataclass(frozen=True)
class Share:
    """What a chat shows of a link to the page; nothing of it comes from a third party."""

    title: str
    description: str
    url: str
    image: str


@dataclass(frozen=True)
class LegalBlock:
    """What art. 16 of 募捐办法, 慈善法 art. 25 and MZ/T 087 want to see in a prominent place (R-2, R-45)."""

    rows: tuple[tuple[str, str], ...]
    platform_href: str
    query_href: str
    report_href: str
    phone: str
    report_phone: str


@dataclass(frozen=True)
class Fact:
    label: str
    text: str


@dataclass(frozen=True)
class ProjectPublicPage:
    """One project for everybody. `share` is None where nothing may leave the members' circle."""

    id: int
    fund_id: int
    name: str
    area: str
    state_label: str
    state_tone: str
    lead: str
    purpose: str
    facts: tuple[Fact, ...]
    surplus: str
    at_target: str
    progress: Progress
    budget_chart: Chart
    flow_chart: Chart
    flow_words: str
    newest_gifts: tuple[RollRow, ...]
    updates: tuple[PublicUpdate, ...]
    legal: LegalBlock
    give_href: str
    closed_words: str
    emergency_words: str
    share: Share | None
    poster_href: str


def progress_of(given_fen: int, target_fen: int, gifts: int) -> Progress:
    percent = min(given_fen * 100 // target_fen, 100) if target_fen else 0
    return Progress(max(percent, 0), f"已筹 {yuan(given_fen)}，目标 {yuan(target_fen)}", f"{gifts:,} 笔捐款")


def card_of(card: PublicCard, areas: dict[str, str], now: datetime) -> Card:
    is_open = card.status is ProjectStatus.OPEN
    snippet = card.purpose if len(card.purpose) <= LONGEST_SNIPPET else card.purpose[: LONGEST_SNIPPET - 1] + "…"
    return Card(
        href=f"/projects/{card.id}",
        name=card.name,
        area=areas.get(card.area_code, ""),
        snippet=snippet,
        state_label=label(card.status),
        state_tone=TONES[card.status],
        left=remaining(card.ends_at, now) if is_open else f"{day(card.ends_at)}结束",
        progress=progress_of(card.given_fen, card.target_fen, card.gifts),
        picture=f"/pictures/{card.picture_id}" if card.picture_id else None,
    )


def public_page(
    project: PublicProject, gifts: tuple[RollRow, ...], site: Site, area: str, site_url: str, now: datetime
) -> ProjectPublicPage:
    plan, is_open = project.plan, project.status is ProjectStatus.OPEN
    assert plan.ends_at is not None
    assert plan.at_target is not None
    is_private = site.legal_mode is LegalMode.PRIVATE
    refusal = give_refusal(project, now)
    return ProjectPublicPage(
        id=project.id,
        fund_id=project.fund_id,
        name=plan.name,
        area=area,
        state_label=label(project.status),
        state_tone=TONES[project.status],
        lead=f"{area} · {remaining(plan.ends_at, now)}结束" if is_open else f"{area} · {day(plan.ends_at)}结束",
        purpose=plan.purpose,
        facts=_facts(plan, project.leader),
        surplus=surplus_words(plan),
        at_target=label(plan.at_target),
        progress=progress_of(project.total.given_fen, plan.target_fen, project.total.gifts),
        budget_chart=_budget_chart(plan),
        flow_chart=_flow_chart(project.flow),
        flow_words=flow_words(project.flow),
        newest_gifts=gifts,
        updates=project.updates,
        legal=legal_block(project, site, area),
        give_href="" if refusal else give_address(project.id),
        closed_words=refusal,
        emergency_words=_emergency_words(project),
        share=None if is_private else _share(project, site_url),
        poster_href="" if is_private else f"/projects/{project.id}/poster.pdf",
    )


def flow_words(flow: Flow) -> str:
    """The money's path in one sentence, for those who can't see the chart."""
    return (
        f"收到 {yuan(flow.received_fen)}，已经支出 {yuan(flow.paid_out_fen)}，"
        f"已安排 {yuan(flow.committed_fen)}，还剩 {yuan(flow.left_fen)}。"
    )


def legal_block(project: PublicProject, site: Site, area: str) -> LegalBlock:
    is_public = site.legal_mode is LegalMode.OWN_SITE
    number = project.filing_number or f"应急项目，{when(project.filing_due_at)} 前补办备案"
    every = (
        ("慈善组织", site.name),
        ("统一社会信用代码", site.uscc),
        ("公开募捐资格证书", site.certificate_no if is_public else ""),
        ("募捐方案备案编号" if is_public else "项目编号", number),
        ("备案日期", day(project.filed_on) if project.filed_on else ""),
        ("募捐时间", f"{when(project.plan.starts_at)} 到 {when(project.plan.ends_at)}"),
        ("募捐地域", area),
        ("活动负责人", project.leader),
        ("办公地址", project.plan.office),
        ("合作方", project.plan.partner_name),
    )
    return LegalBlock(
        rows=tuple((name, text) for name, text in every if text),
        platform_href=project.plan.platform_url if is_public else "",
        query_href=QUERY_PLATFORM if is_public else "",
        report_href=f"/report?page=/projects/{project.id}",
        phone=site.contact_phone,
        report_phone=site.report_phone,
    )


def giving_of(project: PublicProject, area: str, site: Site, now: datetime) -> Giving:
    """What somebody who is about to give is told first: until when, what happens at the target, what with the rest.

    A transfer is taken where the plan names that way, and only to the account that was filed.
    """
    plan = project.plan
    lacking_fen = max(plan.target_fen - project.total.given_fen, 0)
    return Giving(
        fund_id=project.fund_id,
        fund_name=plan.name,
        filing_number=project.filing_number or "应急项目，正在补办备案",
        purpose=plan.purpose,
        action=give_address(project.id),
        back=f"/projects/{project.id}",
        lead=f"{area} · 目标 {yuan(plan.target_fen)}，已筹 {yuan(project.total.given_fen)}",
        terms=(
            ("收款到", f"{when(plan.ends_at)}，过了这一分钟付的款原路退回"),
            ("筹够以后", _at_target_words(plan, lacking_fen)),
            ("有剩余", surplus_words(plan)),
        ),
        late_choices=(),
        monthly_href=f"/me/monthly?fund={project.fund_id}",
        closed_words=give_refusal(project, now),
        takes_transfers=GivingWay.BANK in plan.ways and plan.bank_account == site.bank_number,
    )


def give_address(project_id: int) -> str:
    return f"/projects/{project_id}/give"


def give_refusal(project: PublicProject, now: datetime) -> str:
    """Why a project takes no money now, in a sentence; empty while it does. The fund's own bounds refuse it all the same."""
    ends_at = project.plan.ends_at
    if project.status is ProjectStatus.OPEN and ends_at is not None and now >= ends_at:
        return CLOSED_WORDS
    return _closed_words(project, full=is_full(project))


def is_full(project: PublicProject) -> bool:
    return project.plan.at_target is AtTarget.STOP and project.total.given_fen >= project.plan.target_fen


def surplus_words(plan: Plan) -> str:
    return f"{label(plan.surplus_rule)}。{plan.surplus_words}" if plan.surplus_rule else plan.surplus_words


def _at_target_words(plan: Plan, lacking_fen: int) -> str:
    assert plan.at_target is not None
    if plan.at_target is AtTarget.STOP:
        return (
            f"{label(plan.at_target)}。还差 {yuan(lacking_fen)}，一次最多捐这么多；别人先付满了，多出来的按您的选择处理"
        )
    return f"{label(plan.at_target)}。超过目标的钱按“有剩余”写的办法用"


def poster_data(project: PublicProject, site: Site, area: str, *, site_url: str, qr_svg: str) -> dict[str, object]:
    """The poster as plain data for the printer; the printer adds the fonts."""
    legal = legal_block(project, site, area)
    return {
        "title": f"{project.plan.name} - 募捐海报",
        "name": project.plan.name,
        "charity": site.name,
        "purpose": project.plan.purpose[:160],
        "target": yuan(project.plan.target_fen),
        "people": f"{project.plan.beneficiaries_count:,} 人",
        "until": when(project.plan.ends_at),
        "legal": [[name, text] for name, text in legal.rows],
        "phone": legal.phone,
        "report_phone": legal.report_phone,
        "qr_svg": qr_svg,
        "link": f"{site_url.split('://')[-1]}/projects/{project.id}",
        "is_public": site.legal_mode is LegalMode.OWN_SITE,
    }


def _facts(plan: Plan, leader: str) -> tuple[Fact, ...]:
    found = [
        Fact("帮助谁", plan.beneficiaries),
        Fact("大约多少人", f"{plan.beneficiaries_count:,} 人"),
        Fact("怎么确定", plan.choosing),
        Fact("接受捐赠的方式", "、".join(label(way) for way in plan.ways)),
        Fact("收款账户", f"{plan.bank_account_name} {plan.bank_account}"),
        Fact("募捐成本", f"{yuan(plan.cost_fen)}。{plan.cost_words}" if plan.cost_fen else "没有"),
        Fact("款物用到", day(plan.use_ends_on) if plan.use_ends_on else ""),
    ]
    return tuple(fact for fact in found if fact.text)


def _budget_chart(plan: Plan) -> Chart:
    points = [Point(item.name, item.amount_fen, yuan(item.amount_fen)) for item in plan.budget]
    if plan.cost_fen:
        points.append(Point("募捐成本", plan.cost_fen, yuan(plan.cost_fen)))
    largest = max(plan.budget, key=lambda item: item.amount_fen)
    return bar_chart(
        name="budget",
        title="钱准备怎么用",
        description=f"最多的一项是{largest.name}，{yuan(largest.amount_fen)}。",
        unit="元",
        points=[Point(point.label, point.value, point.words.removesuffix(" 元")) for point in points],
        label_head="用途",
    )


def _flow_chart(flow: Flow) -> Chart:
    sums = (
        ("收到", flow.received_fen),
        ("已支出", flow.paid_out_fen),
        ("已安排，还没有付", flow.committed_fen),
        ("还剩", flow.left_fen),
    )
    return bar_chart(
        name="flow",
        title="钱到了哪里",
        description=flow_words(flow),
        unit="元",
        points=[Point(name, max(fen, 0), yuan(fen).removesuffix(" 元")) for name, fen in sums],
        label_head="去向",
    )


def _closed_words(project: PublicProject, *, full: bool) -> str:
    if project.status is ProjectStatus.OPEN:
        return "已经筹够，按备案的方案不再收款。谢谢每一位捐款的人。" if full else ""
    if project.status is ProjectStatus.SETTLED:
        return "这个项目已经结项，收支和结果都在这一页。"
    return CLOSED_WORDS


def _emergency_words(project: PublicProject) -> str:
    if project.plan.kind is not ProjectKind.EMERGENCY or project.filing_number:
        return ""
    return "这是应对突发事件的募捐，依法先开始、十日内补办备案，每 5 天公布一次收支。"


def _share(project: PublicProject, site_url: str) -> Share:
    plan = project.plan
    picture = next((one.picture_id for one in project.updates if one.picture_id), None)
    return Share(
        title=plan.name,
        description=plan.purpose if len(plan.purpose) <= 100 else plan.purpose[:99] + "…",
        url=f"{site_url}/projects/{project.id}",
        image=f"{site_url}/pictures/{picture}" if picture else "",
    )

"""What the pages of the registry show: one frozen object each; sentences of the timeline are made here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cishan.households.consents import CONSENT_TEXTS, TEXT_VERSION
from cishan.households.lists import ListedHousehold
from cishan.households.queries import ConsentView, HouseholdEvent, HouseholdView, MaskedField, MemberView
from cishan.households.states import ConsentMethod, ConsentPurpose, Group, MembershipEnd, SealedField
from cishan.labels import label
from cishan.page_parts import Pagination, Step
from cishan.templating import day, moment

Fields = Mapping[str, str]
Choice = tuple[str, str]


@dataclass(frozen=True)
class ListPage:
    """Households of a village or a town; `villages` is the filter of a town and empty for a village."""

    base: str
    rows: tuple[ListedHousehold, ...]
    pagination: Pagination
    search: str
    village: str
    villages: tuple[Choice, ...]
    can_open: bool
    place: str


@dataclass(frozen=True)
class FieldRow:
    """A sealed field as it may be seen; `unmask_href` asks for a reason and opens it once."""

    label: str
    text: str
    unmask_href: str | None


@dataclass(frozen=True)
class MemberRow:
    """One person. `number` is what people say instead of a name: 成员 2."""

    title: str
    number: int
    facts: str
    is_minor: bool
    needs_grant: bool
    fields: tuple[FieldRow, ...]
    groups: tuple[str, ...]
    gone: str
    end_href: str | None
    groups_href: str | None


@dataclass(frozen=True)
class ConsentRow:
    """One purpose: whether it is agreed to, by whom, how, and the words they were read."""

    title: str
    text: str
    given: str
    is_given: bool
    withdraw_href: str | None


@dataclass(frozen=True)
class HouseholdPage:
    """A household as this viewer may see it; `sees_people` is false for roles that get case number and county only."""

    base: str
    title: str
    case_number: str
    county: str
    village: str | None
    sees_people: bool
    address: FieldRow | None
    members: tuple[MemberRow, ...]
    former: tuple[MemberRow, ...]
    consents: tuple[ConsentRow, ...]
    steps: tuple[Step, ...]
    is_closed: bool
    can_edit: bool
    can_move: bool
    back: str
    wish_href: str | None


@dataclass(frozen=True)
class FormPage:
    """A form about a household: what was typed, what is wrong, and the choices it offers."""

    base: str
    title: str
    back: str
    values: Mapping[str, object] = field(default_factory=dict)
    errors: Fields = field(default_factory=dict)
    choices: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    now: datetime | None = None


@dataclass(frozen=True)
class GroupsPage:
    """The groups of one member: those that hold, with a form to end each, and one to join another."""

    base: str
    person_id: int
    member: str
    current: tuple[Choice, ...]
    past: tuple[str, ...]
    choices: tuple[Choice, ...]
    today: str
    errors: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class UnmaskPage:
    """Asks why, then shows the value once: `value` is None on the first."""

    base: str
    action: str
    case_number: str
    what: str
    person_id: int | None
    sealed_field: str
    value: str | None = None
    reason: str = ""
    errors: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class GrantRow:
    who: str
    child: str
    reason: str
    granted_at: datetime
    expires_at: datetime
    is_live: bool


@dataclass(frozen=True)
class GrantsPage:
    """The supervisor's form, in two steps: which child, then who may read and why."""

    case_number: str
    number: str
    grantees: tuple[Choice, ...]
    found: bool
    grants: tuple[GrantRow, ...]
    now: datetime
    reason: str = ""
    grantee: str = ""
    errors: Fields = field(default_factory=dict)


GROUP_CHOICES: tuple[Choice, ...] = tuple((group.value, label(group)) for group in Group)
METHOD_CHOICES: tuple[Choice, ...] = tuple((method.value, label(method)) for method in ConsentMethod)
END_CHOICES: tuple[Choice, ...] = tuple((end.value, label(end)) for end in MembershipEnd)


def purpose_choices(left_out: frozenset[ConsentPurpose] = frozenset()) -> tuple[tuple[str, ...], ...]:
    """The purposes that may be ticked, each with the words to read aloud; none is ticked beforehand."""
    return tuple(
        (purpose.value, label(purpose), CONSENT_TEXTS[purpose, TEXT_VERSION])
        for purpose in ConsentPurpose
        if purpose not in left_out
    )


def household_page(view: HouseholdView, base: str, *, can_edit: bool, can_move: bool, can_wish: bool) -> HouseholdPage:
    """The page of a household; `base` is /field/households or /desk/households."""
    here = f"{base}/{view.id}"
    open_now = not view.is_closed
    rows = [(member, _member_row(member, view, here, can_edit and open_now)) for member in view.members]
    return HouseholdPage(
        base=here,
        title=f"{view.head.name.text}家" if view.head and not view.head.needs_grant else "一户人家",
        case_number=view.case_number,
        county=view.county,
        village=view.village,
        sees_people=view.address is not None,
        address=_field_row("住址", view.address, _unmask(view, None, SealedField.ADDRESS)) if view.address else None,
        members=tuple(row for member, row in rows if member.lives_here),
        former=tuple(row for member, row in rows if not member.lives_here),
        consents=_consent_rows(view.consents, f"{here}/consents", can_edit and open_now) if view.address else (),
        steps=tuple(Step(what=sentence_of(event), when=moment(event.at), who=_who(event)) for event in view.events),
        is_closed=view.is_closed,
        can_edit=can_edit and open_now,
        can_move=can_move and open_now,
        back=base if view.address else "/staff",
        wish_href=f"{here}/wishes/new" if can_wish and open_now else None,
    )


def _unmask(view: HouseholdView, person_id: int | None, sealed: SealedField) -> str:
    person = f"person={person_id}&" if person_id is not None else ""
    return f"/desk/households/{view.id}/unmask?{person}field={sealed.value}"


def _field_row(title: str, shown: MaskedField, href: str) -> FieldRow:
    return FieldRow(title, shown.text, href if shown.can_unmask else None)


def _member_row(member: MemberView, view: HouseholdView, here: str, can_edit: bool) -> MemberRow:
    shown = [
        (SealedField.NAME, member.name),
        (SealedField.ID_NUMBER, member.id_number),
        (SealedField.PHONE, member.phone),
    ]
    if not member.name.can_unmask:
        shown = shown[1:]
    edit = can_edit and member.lives_here
    since = f"{day(member.from_on)}入户" if member.from_on else ""
    return MemberRow(
        title=member.name.text,
        number=member.number,
        facts=" · ".join(part for part in (f"成员 {member.number}", member.relation, since) if part),
        is_minor=member.is_minor,
        needs_grant=member.needs_grant,
        fields=()
        if member.needs_grant
        else tuple(_field_row(label(sealed), one, _unmask(view, member.person_id, sealed)) for sealed, one in shown),
        groups=tuple(label(span.group) for span in member.groups if span.to_on is None),
        gone=f"{day(member.to_on)}{label(member.end_reason) if member.end_reason else '离开'}" if member.to_on else "",
        end_href=f"{here}/members/{member.person_id}/end" if edit else None,
        groups_href=f"{here}/members/{member.person_id}/groups" if edit and not member.needs_grant else None,
    )


def _consent_rows(consents: tuple[ConsentView, ...], href: str, can_edit: bool) -> tuple[ConsentRow, ...]:
    newest = {consent.purpose: consent for consent in consents}
    return tuple(_consent_row(purpose, newest.get(purpose), href, can_edit) for purpose in ConsentPurpose)


def _consent_row(purpose: ConsentPurpose, consent: ConsentView | None, href: str, can_edit: bool) -> ConsentRow:
    is_given = consent is not None and consent.withdrawn_at is None
    version = consent.text_version if consent else TEXT_VERSION
    return ConsentRow(
        title=label(purpose),
        text=CONSENT_TEXTS.get((purpose, version), ""),
        given=_given(consent),
        is_given=is_given,
        withdraw_href=f"{href}/{purpose.value}/withdraw" if is_given and can_edit else None,
    )


def _given(consent: ConsentView | None) -> str:
    if consent is None:
        return "还没有问过"
    signed = f"{consent.signed_by} " if consent.signed_by else ""
    how = f"{day(consent.given_at)} {signed}{label(consent.method)}，文本 {consent.text_version} 版"
    return f"{how}；{day(consent.withdrawn_at)}撤回" if consent.withdrawn_at else how


def _who(event: HouseholdEvent) -> str:
    return label(event.role) if event.role else "系统"


def sentence_of(event: HouseholdEvent) -> str:
    """What happened, in words that name nobody."""
    detail = event.detail
    match event.verb:
        case "open" if "batch" in detail:
            return "从民政数据导入这一户"
        case "open":
            return f"登记这一户，{detail.get('members', 1)} 个人"
        case "end_membership":
            return f"一位家人{label(MembershipEnd(str(detail['reason'])))}"
        case "join_group":
            return f"一位家人列入{label(Group(str(detail['group'])))}"
        case "leave_group":
            return f"一位家人退出{label(Group(str(detail['group'])))}"
        case "give_consent":
            return f"同意“{label(ConsentPurpose(str(detail['purpose'])))}”"
        case "withdraw_consent":
            return f"撤回“{label(ConsentPurpose(str(detail['purpose'])))}”的同意"
        case "unmask":
            return f"查看了{label(SealedField(str(detail['field'])))}"
        case "unmask_refused":
            return f"想看{label(SealedField(str(detail['field'])))}，没有授权，没给看"
    return SENTENCES.get(event.verb, "有一项变动")


SENTENCES = {
    "add_member": "添加一位家人",
    "move": "换了住址",
    "close": "家里没有人了，销户",
    "grant_minor": "授权查看一位未成年人的信息，24 小时有效",
    "change_from_file": "按民政数据更新",
}

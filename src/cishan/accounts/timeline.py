"""What happened to an account, in Chinese, from its events."""

from collections.abc import Mapping, Sequence

from cishan.accounts.states import Role
from cishan.database import JsonRow
from cishan.labels import ROLE_LABELS
from cishan.page_parts import Step
from cishan.templating import moment

SENTENCES = {
    "registered": "注册",
    "accepted_invitation": "接受邀请，担任{place}{role}",
    "changed_role": "改任{place}{role}",
    "proposed_role": "提议改任{place}{role}，等另一位管理员确认",
    "dropped_role": "改任{place}{role}的提议作罢",
    "revoked_invitation": "收回一个邀请：{place}{role}",
    "ended_role": "不再担任{place}{role}",
    "disabled": "账号停用，所有设备退出登录",
    "changed_password": "修改了密码",
    "changed_name": "改了姓名",
    "closed": "注销了账号",
}


def account_timeline(
    events: Sequence[JsonRow], people: Mapping[int, str], places: Mapping[str, str]
) -> tuple[Step, ...]:
    """Steps from rows of queries.account_steps; `people` and `places` name ids and codes."""
    return tuple(_step(event, people, places) for event in events)


def _step(event: JsonRow, people: Mapping[int, str], places: Mapping[str, str]) -> Step:
    detail = event["detail"]
    code, role = detail.get("division_code", ""), detail.get("role")
    place, role_label = places.get(code, code), ROLE_LABELS[Role(role)] if role else ""
    return Step(
        what=SENTENCES[event["verb"]].format(place=place, role=role_label),
        when=moment(event["at"]),
        who=people.get(event["actor_id"], "") if event["actor_id"] else "",
        stage="bad" if event["verb"] == "disabled" else "done",
    )

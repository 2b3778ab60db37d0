"""The decision paper (决定书) of an urgent case: what stands on it. Each printing is written down with its reason (R-26)."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.amount_words import amount_in_words
from cishan.charities.queries import Site
from cishan.errors import Conflict, Forbidden
from cishan.events.actions import REASON_LABEL, record_event
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer
from cishan.templating import day, moment, yuan
from cishan.urgent.queries import CaseView, case_for, holder_of
from cishan.urgent.rules import PANEL, PURPOSE_LONGEST, read_words

LEGAL_BASIS = "《社会救助暂行办法》第四十七条、第四十八条"
"""Emergency help by a town, simplified where it is urgent (rules.md, section 6)."""


async def decision_data(
    payout_id: int, purpose: str, *, site: Site, actor: Viewer, sealer: Sealer, now: datetime
) -> dict[str, object]:
    """The data of the paper, with the name that the account bears; who takes it and why is written down first.

    Raises Forbidden for everybody but the town's reviewer, Conflict before anybody has decided.
    """
    if not holds(actor.role, Permission.REVIEW):
        raise Forbidden
    words = read_words("purpose", purpose, PURPOSE_LONGEST, "打印做什么用")
    case = await case_for(actor, payout_id, sealer=sealer)
    if len(case.opinions) < PANEL:
        raise Conflict("两个人都同意以后才有决定书。")
    async with in_transaction():
        detail: dict[str, object] = {"fields": "户名、户编号、金额、意见", "sheets": 1}
        sealed = sealer.seal(words, REASON_LABEL)
        await record_event("payout", payout_id, "print", actor=actor, now=now, reason_sealed=sealed, detail=detail)
        holder = await holder_of(payout_id, sealer=sealer)
    return _data(case, holder, site, now)


def _data(case: CaseView, holder: str, site: Site, now: datetime) -> dict[str, object]:
    row = case.row
    panel = [{"who": one.who, "words": one.words, "at": moment(one.at)} for one in case.opinions]
    return {
        "title": "急难先行救助决定书",
        "number": f"急 {row.opened_at.year} 第 {row.payout_id} 号",
        "charity": site.name,
        "town": row.town,
        "facts": [
            ["户名", holder],
            ["户编号", row.case_number],
            ["原因", row.cause_label],
            ["救助内容", case.what],
            ["金额", f"{yuan(row.amount_fen)}（{amount_in_words(row.amount_fen)}）"],
            ["资金来源", f"“{case.fund}”项目，{row.town}急难备用金，每件最多 {yuan(case.limit_fen)}"],
            ["提出", f"{case.opened_by}，{moment(row.opened_at)}"],
            ["付款", moment(case.paid_at) if case.paid_at else "还没有付"],
        ],
        "reason": case.reason,
        "panel": panel,
        "finding": case.finding,
        "finding_by": f"{case.found_by}、{case.confirmed_by}，{moment(case.confirmed_at)}" if case.confirmed_at else "",
        "stands": "" if not case.confirmed_at else "应当救助" if case.stands else "不应当救助，要把钱追回来",
        "basis": LEGAL_BASIS,
        "printed_on": day(now),
    }

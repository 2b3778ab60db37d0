"""Pure decisions about urgent help: where a case stands, who may visit, until when what must be done."""

from datetime import timedelta

from cishan.errors import Conflict, Forbidden, InvalidInput
from cishan.payouts.states import PayoutStatus
from cishan.urgent.states import CaseStage

PANEL = 2
"""People who decide, beside who opened the case."""
DECIDE_WITHIN = timedelta(hours=24)
"""First aid comes within a day (field notes N18)."""
COMPLETE_WITHIN = 10
"""Working days after the payment in which the file is completed (社会救助暂行办法 arts 47-48)."""
OPINION_LONGEST, FINDING_LONGEST, PURPOSE_LONGEST = 200, 500, 120

_BEFORE_PAYMENT = {
    PayoutStatus.APPLIED: CaseStage.DECISION,
    PayoutStatus.ENDORSED: CaseStage.DECISION,
    PayoutStatus.AWAITING_THIRD: CaseStage.DECISION,
    PayoutStatus.APPROVED: CaseStage.PAYMENT,
    PayoutStatus.IN_FILE: CaseStage.PAYMENT,
    PayoutStatus.REFUSED: CaseStage.REFUSED,
}


def stage_of(status: PayoutStatus, *, clock_runs: bool, stands: bool | None, confirmed: bool) -> CaseStage:
    """Where a case stands, by its payout and by what was found afterwards; nobody visits before the clock runs."""
    if confirmed and stands is False:
        return CaseStage.UNDUE
    if status is PayoutStatus.RETURNED:
        return CaseStage.RETURNED
    if status is not PayoutStatus.PAID:
        return _BEFORE_PAYMENT[status]
    if not clock_runs:
        return CaseStage.PAYMENT
    if stands is None:
        return CaseStage.FINDING
    return CaseStage.COMPLETED if confirmed else CaseStage.SECOND


def read_words(name: str, text: str, longest: int, what: str) -> str:
    """Words that somebody has to write; raises InvalidInput for none or too many."""
    words = text.strip()
    if not words or len(words) > longest:
        raise InvalidInput({name: f"请写明{what}，最多 {longest} 个字。"})
    return words


def check_first_visitor(stage: CaseStage, account_id: int, *, opened_by: int) -> None:
    """Whoever opened the case does not check it alone."""
    if stage is not CaseStage.FINDING:
        raise Conflict(
            "这件事现在不用写核实情况。" if stage is not CaseStage.SECOND else "已经写过了，等第二位走访人确认。"
        )
    if account_id == opened_by:
        raise Forbidden("申请的人不能自己写核实情况。请另一位同事走访后来写，您可以一起去、作第二位确认。")


def check_second_visitor(stage: CaseStage, account_id: int, *, found_by: int | None) -> None:
    if stage is not CaseStage.SECOND:
        raise Conflict("这件事现在不用确认。")
    if account_id == found_by:
        raise Forbidden("走访要两个人。请另一位一起去的同事用自己的账号确认。")


def check_town_is_up_to_date(late: int) -> None:
    """No new case where an old one should have been completed (a reserve is no way around the file)."""
    if late:
        raise Conflict(f"本地有 {late} 件先行救助过了补手续的期限。补好以后才能再开新的。")


def check_first_of_year(same: int) -> None:
    """Once per cause, per household and year (R-31)."""
    if same:
        raise Conflict("这家人今年已经因为同样的原因先行救助过一次。请走一般的救助申请。")

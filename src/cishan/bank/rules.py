"""Pure decisions about bank movements: what each may be called, and where money that goes back must go."""

from cishan.bank.states import INCOMING, MOVES, OUTGOING, BankLineStatus
from cishan.errors import Conflict, InvalidInput
from cishan.payments.rules import transfer_codes_in


def choices_for(amount_fen: int) -> tuple[BankLineStatus, ...]:
    """What a movement in this direction can be."""
    return INCOMING if amount_fen > 0 else OUTGOING


def check_may_be(before: BankLineStatus, wanted: BankLineStatus, amount_fen: int, *, is_settled: bool) -> None:
    """Raises Conflict for what has been recognised already, InvalidInput for what does not fit the direction."""
    if is_settled or wanted not in MOVES.get(before, frozenset()):
        raise Conflict("这笔流水已经有人认定过了。")
    if wanted not in choices_for(amount_fen):
        way = "收入" if amount_fen > 0 else "支出"
        raise InvalidInput({"status": f"这笔是{way}，不会是这种钱。请从列出的选项中选择。"})


def read_code(text: str) -> str:
    """The one transfer code that somebody typed; raises InvalidInput("number") for anything else."""
    codes = transfer_codes_in(text)
    if len(codes) != 1:
        raise InvalidInput({"number": "请填转账码，CS 开头，后面 12 位数字。核对一下有没有抄错。"})
    return codes[0]


def check_same_account(came_from: str, goes_to: str) -> None:
    """Money goes back to whom it came from and to nobody else (R-19)."""
    if came_from.strip() != goes_to.strip():
        raise Conflict("收款户名和当初汇款的户名不一样。钱只能退回原来的账户，请先查清楚。")

"""Sums in Chinese capital numerals, as receipts and sheets carry them so that nobody can alter a digit."""

from cishan.money import FEN_PER_YUAN

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("仟", "佰", "拾", "")
GROUPS = ("", "万", "亿")
FEN_LIMIT = 10 ** (4 * len(GROUPS)) * FEN_PER_YUAN


def amount_in_words(fen: int) -> str:
    """A sum in words: 728400 -> "柒仟贰佰捌拾肆元整", 140950 -> "壹仟肆佰零玖元伍角整", 1602 -> "壹拾陆元零贰分".

    After 支付结算办法, annex 1: 整 closes a sum that ends with 元 or 角, zeros in between are said once, and the zero
    before 分 is said when there is no 角. Raises ValueError below zero and from 万亿 yuan on.
    """
    if not 0 <= fen < FEN_LIMIT:
        raise ValueError(f"no words for {fen} fen")
    yuan, rest = divmod(fen, FEN_PER_YUAN)
    jiao, last = divmod(rest, 10)
    if rest == 0:
        return f"{_yuan_words(yuan)}元整" if yuan else "零元整"
    words = f"{_yuan_words(yuan)}元" if yuan else ""
    if jiao:
        words += f"{DIGITS[jiao]}角"
    elif yuan:
        words += "零"
    return words + (f"{DIGITS[last]}分" if last else "整")


def _yuan_words(yuan: int) -> str:
    """Whole yuan by groups of four digits; a group that begins with zeros, or follows an empty one, is led by 零."""
    groups = [yuan // 10 ** (4 * place) % 10_000 for place in range(len(GROUPS))]
    words = ""
    for place in reversed(range(len(GROUPS))):
        group = groups[place]
        if group:
            skipped = place + 1 < len(GROUPS) and groups[place + 1] == 0
            if words and (group < 1000 or skipped):
                words += "零"
            words += _group_words(group) + GROUPS[place]
    return words


def _group_words(group: int) -> str:
    words, gap = "", False
    for power, place in zip((1000, 100, 10, 1), PLACES, strict=True):
        digit = group // power % 10
        if digit:
            words += ("零" if gap and words else "") + DIGITS[digit] + place
        gap = digit == 0
    return words

"""Words of a public text for search: cut by a Chinese dictionary, kept as they are by PostgreSQL."""

import rjieba

MOST_TOKENS = 600
MOST_QUERY_TOKENS = 8
LONGEST_TOKEN = 20


def tokens_of(text: str) -> list[str]:
    """The distinct words of a text and its single signs, lower case, without punctuation.

    The single signs find what the dictionary cuts otherwise: 桌 in 书桌.
    """
    words = _words(rjieba.cut_for_search(text))
    return list(dict.fromkeys([*words, *(sign for word in words for sign in word)]))[:MOST_TOKENS]


def query_of(text: str) -> str:
    """A tsquery that asks for every word of what was typed; a text without words asks for nothing that exists."""
    words = _words(rjieba.cut(text))[:MOST_QUERY_TOKENS]
    return " & ".join(_quoted(word) for word in words) or _quoted("\u0001")


def _words(cut: list[str]) -> list[str]:
    found = (word.strip().lower() for word in cut)
    return [word for word in found if 0 < len(word) <= LONGEST_TOKEN and any(sign.isalnum() for sign in word)]


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"

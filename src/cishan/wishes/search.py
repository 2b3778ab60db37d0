"""Words of a public text for search: cut by a Chinese dictionary, kept as they are by PostgreSQL."""

import rjieba

MOST_TOKENS = 200
LONGEST_TOKEN = 20


def tokens_of(text: str) -> list[str]:
    """The distinct words of a text, lower case, without punctuation, in order."""
    found = (word.strip().lower() for word in rjieba.cut_for_search(text))
    kept = (word for word in found if word and len(word) <= LONGEST_TOKEN and any(sign.isalnum() for sign in word))
    return list(dict.fromkeys(kept))[:MOST_TOKENS]

"""What opens a list: a link of 128 bits and a code a person can type from paper. Only their digests are kept."""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass, field

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so nothing on paper can be taken for something else."""
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
CODE_CHARACTERS = 26
GROUP_CHARACTERS = 4
LINK_BYTES = 16
MOST_TYPED = 80


@dataclass(frozen=True)
class IssuedKey:
    """A household's new link and code, to be printed and kept nowhere."""

    household_id: int
    link_token: str = field(repr=False)
    code: str = field(repr=False)

    @property
    def grouped_code(self) -> str:
        return grouped(self.code)


def new_key(household_id: int) -> IssuedKey:
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARACTERS))
    return IssuedKey(household_id, secrets.token_urlsafe(LINK_BYTES), code)


def key_hash(secret: str) -> str:
    """A plain digest is enough: nobody can try 128 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def grouped(code: str) -> str:
    """The code in groups of four, as it stands on the sheet."""
    return " ".join(code[at : at + GROUP_CHARACTERS] for at in range(0, len(code), GROUP_CHARACTERS))


def typed_code(text: str) -> str | None:
    """The code somebody typed, however they grouped it, in small or wide letters, O for 0 and I or L for 1.

    None when it can't be a code at all.
    """
    tidy = unicodedata.normalize("NFKC", text[:MOST_TYPED]).upper().translate(MISREAD)
    code = "".join(character for character in tidy if character not in " -.,·_\t\r\n")
    return code if len(code) == CODE_CHARACTERS and set(code) <= set(ALPHABET) else None

"""Whoever owns the database changes one value of the old books, anywhere; the chain says so (L3)."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from cishan.database import rows
from cishan.verify.chain import CHAIN_UNBROKEN
from cishan.verify.checks import run_check
from verify.sound_books import Books

SEED = 20250303
COLUMNS: tuple[tuple[str, str], ...] = (
    ("ledger_entry", "kind"),
    ("ledger_entry", "source_kind"),
    ("ledger_entry", "source_id"),
    ("ledger_entry", "occurred_at"),
    ("ledger_entry", "booked_at"),
    ("ledger_posting", "amount_fen"),
    ("ledger_posting", "account_id"),
    ("ledger_posting", "entry_id"),
    ("ledger_account", "type"),
    ("ledger_account", "fund_id"),
    ("ledger_account", "division_code"),
    ("ledger_entry_number", "entry_id"),
    ("ledger_link", "hash"),
)
"""What an old entry is made of. An account that nothing is posted to has no part in it."""
ROWS = {
    "ledger_account": "SELECT DISTINCT a.* FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id ORDER BY a.id"
}


def _other(value: Any, chance: random.Random) -> Any:
    """The same with one byte of it, or the last place of its number, changed."""
    changes: dict[type, Callable[[Any], Any]] = {
        int: lambda number: number ^ (1 << chance.randrange(16)),
        datetime: lambda instant: instant + timedelta(microseconds=1 << chance.randrange(30)),
        bytes: lambda text: _with_other_byte(text, chance),
        str: lambda text: _with_other_byte(text.encode() or b"0", chance, mask=1).decode(),
    }
    return changes[type(value)](value)


def _with_other_byte(text: bytes, chance: random.Random, *, mask: int = 0) -> bytes:
    place = chance.randrange(len(text))
    return text[:place] + bytes([text[place] ^ (mask or chance.randrange(1, 256))]) + text[place + 1 :]


class _Undo(Exception):
    """Ends a trial, so that the next one finds sound books."""


async def find_changes(books: Books, trials: int) -> list[str]:
    """Makes so many changes, each undone before the next; returns those that nobody noticed."""
    chance, unnoticed, made = random.Random(SEED), [], 0
    while made < trials:
        table, column = COLUMNS[made % len(COLUMNS)]
        found = await rows(ROWS.get(table, f"SELECT * FROM {table} ORDER BY 1"))
        row = chance.choice(found)
        key = "number" if table in {"ledger_entry_number", "ledger_link"} else "id"
        changed = _literal(_other(row[column], chance))
        try:
            async with in_transaction():
                await books.as_owner(f"UPDATE {table} SET {column} = {changed} WHERE {key} = {row[key]}")
                if (await run_check(CHAIN_UNBROKEN, require_rows=True, now=books.now)).ok:
                    unnoticed.append(f"{table}.{column} of {row[key]} = {changed}")
                raise _Undo
        except IntegrityError:
            # Two rows would have become the same; the database refuses it to its owner too, so it is no trial.
            continue
        except _Undo:
            made += 1
    return unnoticed


def _literal(value: Any) -> str:
    if isinstance(value, bytes):
        return f"decode('{value.hex()}', 'hex')"
    return f"'{value}'"


async def test_a_changed_value_of_the_old_books_is_found(books: Books) -> None:
    assert await find_changes(books, 4 * len(COLUMNS)) == []


@pytest.mark.slow
async def test_a_thousand_changed_values_are_found(books: Books) -> None:
    assert await find_changes(books, 1_000) == []

"""Loads payment records: rows go into a temporary table, are compared there as a set, and then written in slices."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from cishan.accounts.viewer import Viewer
from cishan.benefits.rules import AMOUNT, ID_NUMBER, PROGRAMME, BenefitRow
from cishan.csv_files import RowError
from cishan.database import rows
from cishan.sealing import Sealer

ID_LABEL = "person.id_number"
ROWS_A_SLICE = 50_000
MOST_FAULTS = 20_000

STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_benefit (
    row int NOT NULL, person_id bigint, programme_id bigint, month date NOT NULL, amount_fen bigint NOT NULL,
    paid_on date NOT NULL) ON COMMIT DROP
"""
EMPTY = "TRUNCATE staged_benefit"
TAKE = """
INSERT INTO staged_benefit
SELECT given.row, p.id, g.id, given.month, given.amount_fen, given.paid_on
  FROM unnest($1::int[], $2::text[], $3::text[], $4::date[], $5::bigint[], $6::date[])
       AS given (row, id_number_index, programme, month, amount_fen, paid_on)
  LEFT JOIN person p ON p.id_number_index = given.id_number_index
  LEFT JOIN programme g ON g.code = given.programme OR g.name = given.programme
"""
ANALYZE = "ANALYZE staged_benefit"
UNKNOWN_PERSONS = "SELECT row FROM staged_benefit WHERE person_id IS NULL ORDER BY row LIMIT $1"
UNKNOWN_PROGRAMMES = "SELECT row FROM staged_benefit WHERE programme_id IS NULL ORDER BY row LIMIT $1"
STRANGERS = """
SELECT s.row FROM staged_benefit s
 WHERE s.person_id IS NOT NULL AND NOT EXISTS (
       SELECT FROM membership m JOIN household h ON h.id = m.household_id
        WHERE m.person_id = s.person_id AND h.division_code BETWEEN $2 AND $3)
 ORDER BY s.row LIMIT $1
"""
DUPLICATES = """
SELECT row FROM (
       SELECT row, row_number() OVER (PARTITION BY person_id, programme_id, month ORDER BY row) AS place
         FROM staged_benefit WHERE person_id IS NOT NULL AND programme_id IS NOT NULL) numbered
 WHERE place > 1 ORDER BY row LIMIT $1
"""
DIFFERENT = """
SELECT s.row FROM staged_benefit s JOIN benefit_record b USING (person_id, programme_id, month)
 WHERE (b.amount_fen, b.paid_on) <> (s.amount_fen, s.paid_on) ORDER BY s.row LIMIT $1
"""
SAME = """
SELECT count(*) AS rows FROM staged_benefit s JOIN benefit_record b USING (person_id, programme_id, month)
"""
WRITE = """
INSERT INTO benefit_record (programme_id, person_id, month, amount_fen, paid_on, batch_id)
SELECT s.programme_id, s.person_id, s.month, s.amount_fen, s.paid_on, $1
  FROM staged_benefit s
 WHERE s.row BETWEEN $2 AND $3
ON CONFLICT (person_id, programme_id, month) DO NOTHING
"""

CHECKS: tuple[tuple[str, str, str], ...] = (
    (UNKNOWN_PERSONS, ID_NUMBER, "没有登记过这个人。请先导入户籍名册，再导入发放记录。"),
    (UNKNOWN_PROGRAMMES, PROGRAMME, "没有这个项目编码，请核对。"),
    (DUPLICATES, ID_NUMBER, "同一个人同一个项目同一个月在文件里出现了两次。"),
    (DIFFERENT, AMOUNT, "这个人这个项目这个月已经导入过，金额或日期不一样。更正要另外走更正，不能直接改。"),
)
STRANGER = "这个人不在您管的地方。"


@dataclass(frozen=True)
class Counts:
    """What a file would do, in rows."""

    new: int = 0
    same: int = 0
    changed: int = 0


class BenefitLoader:
    """Stages, compares and writes one file of payments, inside one transaction."""

    def __init__(self, *, actor: Viewer, sealer: Sealer, batch_id: int) -> None:
        self._actor, self._sealer, self._batch_id = actor, sealer, batch_id
        self._rows, self._last_row = 0, 0

    async def begin(self) -> None:
        await rows(STAGE)
        await rows(EMPTY)

    async def take(self, given: Sequence[BenefitRow], *, write: bool) -> list[RowError]:
        """Stages the next rows; faults are found by `finish`, when all are there."""
        if given:
            columns = await asyncio.to_thread(self._columns, given)
            await rows(TAKE, *columns)
            self._rows += len(given)
            self._last_row = given[-1].row
        return []

    async def finish(self, *, write: bool) -> tuple[Counts, list[RowError]]:
        """Compares the whole file with what is known; with `write`, and when nothing is wrong, writes what is new."""
        await rows(ANALYZE)
        wrong = [
            RowError(row["row"], column, sentence)
            for sql, column, sentence in CHECKS
            for row in await rows(sql, MOST_FAULTS)
        ]
        strangers = await rows(STRANGERS, MOST_FAULTS, *self._actor.scope)
        wrong += [RowError(row["row"], ID_NUMBER, STRANGER) for row in strangers]
        same = (await rows(SAME))[0]["rows"]
        if write and not wrong:
            for first in range(0, self._last_row + 1, ROWS_A_SLICE):
                await rows(WRITE, self._batch_id, first, first + ROWS_A_SLICE - 1)
        return Counts(new=self._rows - same, same=same), wrong

    def _columns(self, given: Sequence[BenefitRow]) -> tuple[list[object], ...]:
        digest = self._sealer.digest
        return (
            [row.row for row in given],
            [digest(row.id_number, ID_LABEL) for row in given],
            [row.programme for row in given],
            [row.month for row in given],
            [row.amount_fen for row in given],
            [row.paid_on for row in given],
        )

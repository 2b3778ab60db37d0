"""The bureau's files of the demo: what families were paid this year and last, loaded by the import like any other file.

The sums are samples: 德州 has published no standards of its own in the data, so those of 菏泽 of 2024 are borrowed. 低保
pays the standard less the family's income a head, never the full standard.
"""

import csv
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from cishan.accounts.viewer import Viewer
from cishan.benefits.imports import apply_import, preview_import
from cishan.benefits.programmes import load_programmes
from cishan.benefits.rules import BENEFIT_COLUMNS
from cishan.benefits.states import ImportKind
from cishan.clock import beijing_day
from cishan.demo.people import Family
from cishan.households.rules import birth_date
from cishan.households.states import Group
from cishan.money import yuan_text
from cishan.services import Services

RURAL_MINIMUM_FEN = 76_100
RURAL_HARDSHIP_FEN = 99_000
HIGH_AGE, HIGH_AGE_FEN = 80, 10_000
HEALTH_INSURANCE_FEN, HEALTH_INSURANCE_MONTH = 40_000, 2
PAY_DAY = 20

BenefitLine = tuple[str, str, str, str, str]


async def import_payments(families: Sequence[Family], *, actor: Viewer, services: Services, now: datetime) -> None:
    """Imports a file for last year and one for the months of this year that have been paid."""
    await load_programmes()
    today = beijing_day(now)
    directory = services.settings.data_directory / "imports"
    for year in (today.year - 1, today.year):
        lines = [line for family in families for line in _lines(family, year, today)]
        with tempfile.TemporaryDirectory() as temporary:
            file = Path(temporary) / f"{year}年发放表.csv"
            _write(file, lines)
            batch_id = await preview_import(
                ImportKind.BENEFITS, file, directory=directory, actor=actor, sealer=services.sealer, now=now
            )
            await apply_import(batch_id, directory=directory, actor=actor, sealer=services.sealer, now=now)


def _write(file: Path, lines: Sequence[BenefitLine]) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(BENEFIT_COLUMNS)
        writer.writerows(lines)


def _lines(family: Family, year: int, today: date) -> Iterator[BenefitLine]:
    for month in range(1, 13):
        paid_on = date(year, month, PAY_DAY)
        if paid_on > today:
            return
        for member in family.facts.members:
            for programme, fen in _paid(family, birth_date(member.id_number), paid_on):
                yield member.id_number, programme, f"{year}-{month:02}", yuan_text(fen), paid_on.isoformat()


def _paid(family: Family, born: date, paid_on: date) -> Iterator[tuple[str, int]]:
    if family.group is Group.MINIMUM_LIVING:
        yield "DIBAO", RURAL_MINIMUM_FEN - family.income_fen
    if family.group is Group.EXTREME_HARDSHIP:
        yield "TEKUN", RURAL_HARDSHIP_FEN
    if paid_on.year - born.year >= HIGH_AGE:
        yield "GAOLING", HIGH_AGE_FEN
    if paid_on.month == HEALTH_INSURANCE_MONTH and family.group in {Group.MINIMUM_LIVING, Group.EXTREME_HARDSHIP}:
        yield "YIBAO", HEALTH_INSURANCE_FEN

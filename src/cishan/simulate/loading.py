"""The bureau's files of a simulated city, and their way in: written as CSV, previewed and applied by the import action."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

from cishan.accounts.viewer import Viewer
from cishan.benefits.imports import apply_import, preview_import
from cishan.benefits.programmes import SAMPLE_FROM, load_programmes
from cishan.benefits.rules import BENEFIT_COLUMNS, REGISTRY_COLUMNS
from cishan.benefits.states import Area, ImportKind
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.households.states import Group
from cishan.money import yuan_text
from cishan.simulate.plan import Plan
from cishan.simulate.registry import Family, Resident, families
from cishan.simulate.scene import rng_of
from cishan.simulate.world import World

MONTHS = 12
GROUP_WORDS = {
    Group.MINIMUM_LIVING: "低保",
    Group.EXTREME_HARDSHIP: "特困",
    Group.MARGINAL: "低保边缘",
    Group.AT_RISK: "防返贫监测",
}
IN_REGISTER_SINCE = date(2020, 1, 1)
MOST_INCOME_SHARE = 0.6
"""Of the standard: what a family on 低保 may earn a head in a month, which its benefit leaves out."""
DISABLED_SHARE = 0.15
DISABILITY_FEN = (15_800, 17_300, 31_600)
OLD_AGE = 80
OLD_AGE_FEN = 10_000
INSURANCE_FEN = 40_000
JOINS_LATE_SHARE = 0.02
LEAVES_EARLY_SHARE = 0.01
STANDARD = """
SELECT s.monthly_fen FROM standard s JOIN programme p ON p.id = s.programme_id
 WHERE p.code = $1 AND s.area = $2 AND s.valid_from <= $3 AND s.division_code = ANY($4)
 ORDER BY s.division_code <> $5, s.valid_from DESC LIMIT 1
"""

Standards = dict[tuple[str, bool], int]
"""Monthly fen by programme, and whether the place is urban."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What someone gets under a programme in each month from the first to the last."""

    id_number: str
    amount_fen: int
    first_month: int
    last_month: int


@dataclass
class Payroll:
    """Everybody's benefits of the year by programme; of a whole city some 150,000 lines."""

    payments: dict[str, list[Payment]] = field(default_factory=dict)

    def add(self, programme: str, payment: Payment) -> None:
        self.payments.setdefault(programme, []).append(payment)


async def load_registry(world: World, admin: Viewer, villages: Sequence[str]) -> Payroll:
    """Imports the registry as one file; returns what its people will be paid."""
    await load_programmes()
    standards = await _standards(world.plan)
    payroll, rng = Payroll(), rng_of(world.plan, "payroll")
    drawn = families(world.plan, villages, rng_of(world.plan, "registry"))
    path = world.directory / "registry.csv"
    _write(path, REGISTRY_COLUMNS, _registry_rows(drawn, payroll, standards, world.plan.year, rng))
    await _import(world, ImportKind.REGISTRY, path, admin)
    return payroll


async def load_month(world: World, admin: Viewer, payroll: Payroll, month: date) -> None:
    """Imports the files of one month, one for each programme that pays in it."""
    paid_on = beijing_day(world.clock.now()) - timedelta(days=1)
    for programme, payments in payroll.payments.items():
        due = [payment for payment in payments if payment.first_month <= month.month <= payment.last_month]
        if due:
            path = world.directory / f"{programme}-{month:%Y-%m}.csv"
            _write(path, BENEFIT_COLUMNS, _benefit_rows(due, programme, month, paid_on))
            await _import(world, ImportKind.BENEFITS, path, admin)


async def _import(world: World, kind: ImportKind, path: Path, admin: Viewer) -> None:
    """Previewed and applied as an administrator does it; every row of ours is right and new."""
    directory = world.settings.data_directory / "imports"
    sealer, now = world.sealer, world.clock.now()
    batch_id = await preview_import(kind, path, directory=directory, actor=admin, sealer=sealer, now=now)
    await apply_import(batch_id, directory=directory, actor=admin, sealer=sealer, now=now)


def _write(path: Path, columns: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(lines)


def _registry_rows(
    drawn: Iterable[Family], payroll: Payroll, standards: Standards, year: int, rng: Random
) -> Iterator[Sequence[str]]:
    """One line a person. What they will be paid is drawn on the way, so that nobody is drawn twice."""
    for family in drawn:
        income_share = rng.random() * MOST_INCOME_SHARE
        for resident in family.residents:
            _promise(resident, family, income_share, payroll, standards, year, rng)
            yield (
                family.case_number,
                family.village,
                family.address,
                resident.name,
                resident.id_number,
                resident.phone,
                resident.relation,
                GROUP_WORDS[resident.group],
                IN_REGISTER_SINCE.isoformat() if resident.born < IN_REGISTER_SINCE else resident.born.isoformat(),
            )


def _promise(
    resident: Resident,
    family: Family,
    income_share: float,
    payroll: Payroll,
    standards: Standards,
    year: int,
    rng: Random,
) -> None:
    """Every person has a monthly benefit; some have two, and some not for the whole year."""
    first = rng.randint(2, MONTHS) if rng.random() < JOINS_LATE_SHARE else 1
    last = rng.randint(first, MONTHS) if rng.random() < LEAVES_EARLY_SHARE else MONTHS

    def pay(programme: str, amount_fen: int, until: int = last) -> None:
        payroll.add(programme, Payment(resident.id_number, amount_fen, first, until))

    disabled = rng.random() < DISABLED_SHARE
    if resident.group is Group.MINIMUM_LIVING:
        standard = standards["DIBAO", family.is_urban]
        pay("DIBAO", standard - round(standard * income_share / 100) * 100)
    elif resident.group is Group.EXTREME_HARDSHIP:
        pay("TEKUN", standards["TEKUN", family.is_urban])
        pay("YIBAO", INSURANCE_FEN, until=first)
    else:
        disabled = True
    if disabled:
        pay("CANJI", rng.choice(DISABILITY_FEN))
    if year - resident.born.year > OLD_AGE:
        pay("GAOLING", OLD_AGE_FEN)


def _benefit_rows(payments: Iterable[Payment], programme: str, month: date, paid_on: date) -> Iterator[Sequence[str]]:
    month_text, day_text = f"{month:%Y-%m}", paid_on.isoformat()
    for payment in payments:
        yield payment.id_number, programme, month_text, yuan_text(payment.amount_fen), day_text


async def _standards(plan: Plan) -> Standards:
    """The city's own standards at the beginning of the year, else the sample's."""
    found: Standards = {}
    places = [plan.city_code, SAMPLE_FROM]
    for programme in ("DIBAO", "TEKUN"):
        for area in Area:
            row = (await rows(STANDARD, programme, area.value, date(plan.year, 1, 1), places, plan.city_code))[0]
            found[programme, area is Area.URBAN] = row["monthly_fen"]
    return found

"""Programmes and their monthly standards: the only writer of both, from the facts that ship with the package."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tortoise.transactions import in_transaction

from cishan.benefits.states import Area
from cishan.database import rows
from cishan.shipped import shipped

SAMPLE_FROM = "371700000000"
SAMPLE_FOR = "371400000000"
"""德州 has published none that we could find, so its demo borrows 菏泽's, and every page says 示例."""

AREAS = {"城市": (Area.URBAN,), "农村": (Area.RURAL,), "城乡": (Area.URBAN, Area.RURAL)}

PROGRAMME = """
INSERT INTO programme (code, name, office, hotline)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT (code) DO NOTHING RETURNING id
"""
STANDARD = """
INSERT INTO standard (programme_id, division_code, area, valid_from, monthly_fen, source, is_sample)
SELECT p.id, $2, $3, $4, $5, $6, $7 FROM programme p WHERE p.name = $1
ON CONFLICT (programme_id, division_code, area, valid_from) DO NOTHING RETURNING id
"""


@dataclass(frozen=True)
class ProgrammeFacts:
    """A programme as files and lists name it; the hotline is the one a family may ring."""

    code: str
    name: str
    office: str
    hotline: str


PROGRAMMES: tuple[ProgrammeFacts, ...] = (
    ProgrammeFacts("DIBAO", "低保", "县（市、区）民政局", "12349"),
    ProgrammeFacts("TEKUN", "特困人员基本生活", "县（市、区）民政局", "12349"),
    ProgrammeFacts("CANJI", "残疾人两项补贴", "县（市、区）民政局、残联", "12385"),
    ProgrammeFacts("GAOLING", "高龄津贴", "县（市、区）民政局", "12349"),
    ProgrammeFacts("LINSHI", "临时救助", "乡镇人民政府、街道办事处", "12349"),
    ProgrammeFacts("YIBAO", "医保代缴", "县（市、区）医疗保障局", "12393"),
)


@dataclass(frozen=True)
class StandardFacts:
    programme: str
    division_code: str
    area: Area
    valid_from: date
    monthly_fen: int
    source: str
    is_sample: bool = False


async def load_programmes() -> int:
    """Writes the programmes and standards that are not there yet; returns how many rows were new."""
    new = 0
    async with in_transaction():
        new += len(
            await rows(
                PROGRAMME,
                [one.code for one in PROGRAMMES],
                [one.name for one in PROGRAMMES],
                [one.office for one in PROGRAMMES],
                [one.hotline for one in PROGRAMMES],
            )
        )
        for one in shipped_standards():
            new += len(
                await rows(
                    STANDARD,
                    one.programme,
                    one.division_code,
                    one.area.value,
                    one.valid_from,
                    one.monthly_fen,
                    one.source,
                    one.is_sample,
                )
            )
    return new


def shipped_standards() -> Iterator[StandardFacts]:
    """The published standards, and the samples borrowed from them."""
    with shipped("data/standards.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for area in AREAS[row["area"]]:
                yield _standard(row, row["division"], area)
                if row["division"] == SAMPLE_FROM:
                    yield _standard(row, SAMPLE_FOR, area, is_sample=True)


def _standard(row: dict[str, str], division_code: str, area: Area, *, is_sample: bool = False) -> StandardFacts:
    return StandardFacts(
        programme=row["programme"],
        division_code=division_code,
        area=area,
        valid_from=date.fromisoformat(row["valid_from"]),
        monthly_fen=int(row["fen_per_month"]),
        source=f"示例，借用{row['place']}：{row['source']}" if is_sample else row["source"],
        is_sample=is_sample,
    )

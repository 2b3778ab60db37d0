"""The families of a simulated city and what they live on, drawn by seed, village by village, never all at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from cishan.divisions.rules import county_of
from cishan.households.states import Group
from cishan.simulate.names import IdNumbers, birth_day, person_name
from cishan.simulate.plan import NO_PHONE_SHARE, Plan

FIRST_PHONE = 15_000_000_000
LARGEST_FAMILY = 7
ADULT_AGES = (25, 88)
CHILD_AGES = (1, 17)
URBAN_BELOW = 100
"""Towns numbered below this are street offices (街道) of a city, the others towns and townships."""


@dataclass(frozen=True)
class Resident:
    """One person of the bureau's file."""

    name: str
    id_number: str
    born: date
    phone: str
    relation: str
    group: Group


@dataclass(frozen=True)
class Family:
    case_number: str
    village: str
    address: str
    residents: tuple[Resident, ...]

    @property
    def is_urban(self) -> bool:
        return int(self.village[6:9]) < URBAN_BELOW


def families(plan: Plan, villages: Sequence[str], rng: Random) -> Iterator[Family]:
    """Exactly the plan's households and persons, spread over the villages in their order."""
    sizes = _sizes(plan.scale.households, plan.scale.persons, rng)
    numbers = IdNumbers(rng)
    for place, size in enumerate(sizes):
        village = villages[place * len(villages) // len(sizes)]
        yield _family(plan, place + 1, village, size, numbers, rng)


def _sizes(households: int, persons: int, rng: Random) -> list[int]:
    """One person in every household, the others in households drawn at random."""
    sizes = [1] * households
    left = persons - households
    while left:
        chosen = rng.randrange(households)
        if sizes[chosen] < LARGEST_FAMILY:
            sizes[chosen] += 1
            left -= 1
    return sizes


def _family(plan: Plan, number: int, village: str, size: int, numbers: IdNumbers, rng: Random) -> Family:
    county = county_of(village)
    surname = person_name(rng)[0]
    group = rng.choices((Group.MINIMUM_LIVING, Group.EXTREME_HARDSHIP, Group.MARGINAL, Group.AT_RISK), (70, 15, 10, 5))[
        0
    ]
    phone = "" if rng.random() < NO_PHONE_SHARE else str(FIRST_PHONE + number)
    head = _resident(plan, county, surname, ADULT_AGES, phone, "户主", group, numbers, rng)
    others = [
        _resident(plan, county, surname, CHILD_AGES, "", "孙子女", group, numbers, rng)
        if rng.random() < 0.4
        else _resident(plan, county, "", ADULT_AGES, "", "家人", group, numbers, rng)
        for _ in range(size - 1)
    ]
    address = f"{rng.randint(1, 9)} 组 {rng.randint(1, 200)} 号"
    return Family(f"{village[:6]}-S{number:07d}", village, address, (head, *others))


def _resident(
    plan: Plan,
    county: str,
    surname: str,
    ages: tuple[int, int],
    phone: str,
    relation: str,
    group: Group,
    numbers: IdNumbers,
    rng: Random,
) -> Resident:
    born = birth_day(rng, plan.year, ages)
    return Resident(person_name(rng, surname), numbers.new(county, born), born, phone, relation, group)

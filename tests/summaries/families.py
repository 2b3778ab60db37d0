"""A family whose list is made, with its coordinator and reviewer."""

from dataclasses import dataclass
from datetime import UTC, datetime

import makers
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.summaries.queries import members_of
from summaries import givers

HEAD_BORN, CHILD_BORN = 1960, 2015
CHRISTMAS_EVE = datetime(2025, 12, 24, 1, 0, tzinfo=UTC)
"""Late enough for the whole year's payments to have been made."""


@dataclass(frozen=True)
class Family:
    """A grandmother, who is an adult, and a granddaughter, who is not."""

    household_id: int
    grandmother: int
    granddaughter: int
    people: makers.WishPeople
    settings: Settings
    sealer: Sealer
    clock: SteppedClock

    async def benefit(self, person_id: int, code: str, months: tuple[int, ...], fen: int) -> None:
        await givers.give_benefit(
            person_id, code, months, fen, settings=self.settings, sealer=self.sealer, now=self.clock.now()
        )

    async def thing(self, item: str, value_fen: int) -> int:
        return await givers.give_thing(self.household_id, item, value_fen, **self._who())

    async def hours(self, item: str, hours: int) -> int:
        return await givers.give_hours(self.household_id, item, hours, **self._who())

    async def id_tail(self, person_id: int) -> str:
        return (await givers.id_number_of(person_id, self.sealer))[-6:]

    async def phone(self) -> str:
        sealed = (await rows("SELECT phone_sealed FROM person WHERE id = $1", self.grandmother))[0]["phone_sealed"]
        return self.sealer.open(sealed, "person.phone")

    def _who(self) -> dict[str, object]:
        return {
            "people": self.people,
            "settings": self.settings,
            "sealer": self.sealer,
            "now": self.clock.now(),
        }


async def make_family(
    settings: Settings,
    sealer: Sealer,
    clock: SteppedClock,
    *,
    names: tuple[str, str] = ("张秀英", "张小满"),
    at: datetime = CHRISTMAS_EVE,
) -> Family:
    clock.move_to(at)
    await makers.make_campaign(now=clock.now())
    people = await makers.make_wish_people(sealer=sealer, now=clock.now())
    household_id = await makers.make_household(
        people.coordinator, sealer=sealer, now=clock.now(), names=names, birth_years=(HEAD_BORN, CHILD_BORN)
    )
    grandmother, granddaughter = (await members_of([household_id]))[household_id]
    return Family(household_id, grandmother, granddaughter, people, settings, sealer, clock)

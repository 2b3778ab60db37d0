"""Puts together what sheets need, for one household or a village, in a handful of queries."""

from collections.abc import Sequence
from datetime import datetime

from cishan.charities.queries import Site
from cishan.divisions.queries import names_of
from cishan.divisions.rules import county_of, town_of
from cishan.sealing import Sealer
from cishan.summaries.editions import EditionView
from cishan.summaries.keys import IssuedKey
from cishan.summaries.queries import editions_for, members_of, names_of_people, offices_of
from cishan.summaries.sheets import Ask, Sheet, asks_of, make_sheet

NO_HEAD = "（没有登记户主）"


async def sheets_for(
    keys: Sequence[IssuedKey], year: int, *, site: Site, site_url: str, sealer: Sealer, now: datetime
) -> list[tuple[EditionView, Sheet]]:
    """The sheets of households whose keys have just been issued, in their order; one without an edition is left out."""
    ids = [key.household_id for key in keys]
    editions = await editions_for(ids, year)
    members = await members_of(ids)
    lines = [line for edition in editions.values() for line in edition.lines]
    people = {line.person_id for line in lines if line.person_id} | {one for own in members.values() for one in own}
    names = await names_of_people(sorted(people), sealer)
    asks = await asks_for(list(editions.values()), site)
    villages = await places_of([edition.division_code for edition in editions.values()])
    return [
        (
            edition,
            make_sheet(
                edition,
                key=key,
                site_url=site_url,
                head=_head(members.get(key.household_id, []), names),
                village=villages[edition.division_code],
                members=members.get(key.household_id, []),
                names=names,
                asks=asks[edition.household_id],
                now=now,
            ),
        )
        for key in keys
        if (edition := editions.get(key.household_id)) is not None
    ]


async def asks_for(editions: Sequence[EditionView], site: Site) -> dict[int, tuple[Ask, ...]]:
    """Whom each household may ask, by household."""
    offices = await offices_of(line for edition in editions for line in edition.lines)
    codes = {code for edition in editions for code in (edition.division_code, town_of(edition.division_code))}
    names = await names_of(sorted(codes))
    return {
        edition.household_id: asks_of(
            edition.lines,
            [offices[code] for code in dict.fromkeys(line.source for line in edition.lines) if code in offices],
            village=names.get(edition.division_code, ""),
            town=names.get(town_of(edition.division_code), ""),
            charity=site.name,
            charity_phone=site.contact_phone,
        )
        for edition in editions
    }


async def places_of(codes: Sequence[str]) -> dict[str, str]:
    """County, town and village in one line, by the village's code."""
    wanted = {part for code in codes for part in (county_of(code), town_of(code), code)}
    names = await names_of(sorted(wanted))
    chains = {code: dict.fromkeys((county_of(code), town_of(code), code)) for code in codes}
    return {code: "".join(names.get(part, "") for part in chain) for code, chain in chains.items()}


def _head(members: Sequence[int], names: dict[int, str]) -> str:
    return names.get(members[0], NO_HEAD) if members else NO_HEAD

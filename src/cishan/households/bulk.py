"""Loads the bureau's registry, some thousand rows at a time, with one statement for each table.

The same rows again change nothing: sealed values are opened and compared, for sealing twice gives different bytes.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.households.registry import ADDRESS_LABEL, ID_LABEL, NAME_LABEL, PHONE_LABEL, SUBJECT
from cishan.households.registry_rows import RegistryRow
from cishan.households.rules import birth_date
from cishan.sealing import Sealer

HEAD = "户主"

PLACES = "SELECT code FROM division WHERE code = ANY($1) AND valid_to IS NULL"
PEOPLE = """
SELECT p.id, p.id_number_index, p.name_sealed, p.phone_sealed, m.id AS membership_id, m.relation, h.case_number,
       (SELECT array_agg(g."group") FROM group_membership g WHERE g.person_id = p.id AND g.to_on IS NULL) AS groups
  FROM person p
  LEFT JOIN membership m ON m.person_id = p.id AND m.to_on IS NULL
  LEFT JOIN household h ON h.id = m.household_id
 WHERE p.id_number_index = ANY($1)
"""
HOMES = """
SELECT id, case_number, division_code, address_sealed, closed_at FROM household WHERE case_number = ANY($1)
"""
OPEN = """
WITH new AS (
    INSERT INTO household (case_number, division_code, address_sealed, opened_by_id, opened_at, imported)
    SELECT case_number, division_code, address, $4, $5, true
      FROM unnest($1::text[], $2::text[], $3::bytea[]) AS given (case_number, division_code, address)
    RETURNING id, case_number),
told AS (
    INSERT INTO event (subject_kind, subject_id, number, verb, actor_id, at, detail)
    SELECT $6, id, 1, 'open', $4, $5, jsonb_build_object('batch', $7::bigint) FROM new)
SELECT id, case_number FROM new
"""
MOVE = """
WITH given AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[]) AS given (id, division_code, address)),
kept AS (
    INSERT INTO former_address (household_id, division_code, address_sealed, until_on)
    SELECT h.id, h.division_code, h.address_sealed, $4 FROM household h JOIN given USING (id))
UPDATE household h SET division_code = given.division_code, address_sealed = given.address
  FROM given WHERE h.id = given.id
"""
NEW_PEOPLE = """
INSERT INTO person (name_sealed, id_number_sealed, id_number_index, phone_sealed, birth_year)
SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::bytea[], $5::int[])
RETURNING id, id_number_index
"""
JOIN = """
INSERT INTO membership (household_id, person_id, relation, from_on)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::date[])
"""
CHANGE_RELATION = """
UPDATE membership m SET relation = given.relation
  FROM unnest($1::bigint[], $2::text[]) AS given (id, relation) WHERE m.id = given.id
"""
CHANGE_PHONE = """
UPDATE person p SET phone_sealed = given.phone
  FROM unnest($1::bigint[], $2::bytea[]) AS given (id, phone) WHERE p.id = given.id
"""
JOIN_GROUPS = """
INSERT INTO group_membership (person_id, "group", from_on)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::date[])
ON CONFLICT (person_id, "group") WHERE to_on IS NULL DO NOTHING
"""
TELL = """
INSERT INTO event (subject_kind, subject_id, number, verb, actor_id, at, detail)
SELECT $1::varchar, changed.id,
       (SELECT coalesce(max(e.number), 0) + 1 FROM event e WHERE e.subject_kind = $1 AND e.subject_id = changed.id),
       'change_from_file', $3, $4, jsonb_build_object('batch', $5::bigint)
  FROM (SELECT id FROM household WHERE id = ANY($2) ORDER BY id FOR NO KEY UPDATE) changed
"""


class Verdict(Enum):
    """What a row would do to the registry."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"


@dataclass(frozen=True)
class WrongRow:
    """Why a row that reads well can't be taken: `about` is the field of RegistryRow it speaks of."""

    row: int
    about: str
    sentence: str


@dataclass(frozen=True)
class _Compared:
    row: RegistryRow
    index: str
    person: JsonRow | None
    home: JsonRow | None
    verdict: Verdict


class RegistryLoader:
    """Compares rows with the registry and writes them. One object for one file, inside one transaction."""

    def __init__(self, *, actor: Viewer, sealer: Sealer, now: datetime, batch_id: int) -> None:
        self._actor, self._sealer, self._now, self._batch_id = actor, sealer, now, batch_id
        self._places: dict[str, bool] = {}
        self._homes: dict[str, tuple[str, str]] = {}
        self._seen: set[str] = set()
        self._told: set[int] = set()

    async def take(self, given: Sequence[RegistryRow], *, write: bool) -> tuple[list[Verdict], list[WrongRow]]:
        """Compares the next rows of the file; with `write`, and when none of them is wrong, writes them as well."""
        await self._learn_places({row.division_code for row in given})
        indexes = await asyncio.to_thread(self._digests, given)
        people = {row["id_number_index"]: row for row in await rows(PEOPLE, indexes)}
        homes = {row["case_number"]: row for row in await rows(HOMES, list({row.case_number for row in given}))}
        compared: list[_Compared] = []
        wrong: list[WrongRow] = []
        opened = await asyncio.to_thread(self._open_homes, homes.values())
        for row, index in zip(given, indexes, strict=True):
            person, home = people.get(index), homes.get(row.case_number)
            fault = self._fault(row, index, person, home)
            if fault is not None:
                wrong.append(fault)
                continue
            verdict = self._compare(row, person, opened.get(row.case_number))
            compared.append(_Compared(row, index, person, home, verdict))
        if write and not wrong:
            await self._write([one for one in compared if one.verdict is not Verdict.SAME], opened)
        return [one.verdict for one in compared], wrong

    async def _learn_places(self, codes: set[str]) -> None:
        unknown = [code for code in codes if code not in self._places]
        if unknown:
            found = {row["code"] for row in await rows(PLACES, unknown)}
            self._places.update({code: code in found for code in unknown})

    def _digests(self, given: Sequence[RegistryRow]) -> list[str]:
        return [self._sealer.digest(row.id_number, ID_LABEL) for row in given]

    def _open_homes(self, homes: Iterable[JsonRow]) -> dict[str, tuple[str, str]]:
        return {
            home["case_number"]: (home["division_code"], self._sealer.open(home["address_sealed"], ADDRESS_LABEL))
            for home in homes
        }

    def _fault(self, row: RegistryRow, index: str, person: JsonRow | None, home: JsonRow | None) -> WrongRow | None:
        if not self._places[row.division_code]:
            return WrongRow(row.row, "division_code", "没有这个村代码，请核对。")
        if not self._actor.covers(row.division_code):
            return WrongRow(row.row, "division_code", "这个村不在您管的地方。")
        if home is not None and not self._actor.covers(home["division_code"]):
            return WrongRow(row.row, "case_number", "这个户编号已经在别的地方用了。")
        if home is not None and home["closed_at"] is not None:
            return WrongRow(row.row, "case_number", "这一户已经销户。")
        if self._homes.setdefault(row.case_number, (row.division_code, row.address)) != (
            row.division_code,
            row.address,
        ):
            return WrongRow(row.row, "address", "同一个户编号，前面写的是另一个村或另一个地址。")
        if index in self._seen:
            return WrongRow(row.row, "id_number", "这个身份证号在文件里出现了两次。")
        self._seen.add(index)
        return self._fault_of_person(row, person)

    def _fault_of_person(self, row: RegistryRow, person: JsonRow | None) -> WrongRow | None:
        if person is None:
            return None
        if self._sealer.open(person["name_sealed"], NAME_LABEL) != row.name:
            return WrongRow(row.row, "name", "这个身份证号登记的是另一个名字，请对照身份证核对。")
        if person["case_number"] not in {None, row.case_number}:
            return WrongRow(row.row, "case_number", "这个人现在登记在另一户。请先从那户迁出。")
        return None

    def _compare(self, row: RegistryRow, person: JsonRow | None, home: tuple[str, str] | None) -> Verdict:
        if person is None or person["case_number"] is None:
            return Verdict.NEW
        is_same = (
            home == (row.division_code, row.address)
            and person["relation"] == row.relation
            and set(row.groups) <= set(person["groups"] or ())
            and not self._phone_differs(row, person)
        )
        return Verdict.SAME if is_same else Verdict.CHANGED

    def _phone_differs(self, row: RegistryRow, person: JsonRow) -> bool:
        """A file without a phone takes none away."""
        if row.phone is None:
            return False
        sealed = person["phone_sealed"]
        return sealed is None or self._sealer.open(sealed, PHONE_LABEL) != row.phone

    async def _write(self, compared: list[_Compared], opened: Mapping[str, tuple[str, str]]) -> None:
        if not compared:
            return
        homes = await self._write_homes(compared, opened)
        people = await self._write_people(compared)
        living = {one.index: one.person["membership_id"] for one in compared if one.person is not None}
        joining = [one for one in compared if living.get(one.index) is None]
        # The head first, so that a list of members begins with them.
        joining.sort(key=lambda one: (one.row.case_number, one.row.relation != HEAD, one.row.row))
        await rows(
            JOIN,
            [homes[one.row.case_number] for one in joining],
            [people[one.index] for one in joining],
            [one.row.relation for one in joining],
            [one.row.since for one in joining],
        )
        groups = [(people[one.index], group.value, one.row.since) for one in compared for group in one.row.groups]
        await rows(JOIN_GROUPS, *([item[place] for item in groups] for place in range(3)))
        await self._write_changes([one for one in compared if one.verdict is Verdict.CHANGED], homes)

    async def _write_homes(self, compared: list[_Compared], opened: Mapping[str, tuple[str, str]]) -> dict[str, int]:
        """Opens households that are not there, moves those whose address differs; their ids by case number."""
        ids = {one.row.case_number: int(one.home["id"]) for one in compared if one.home is not None}
        new = {one.row.case_number: one.row for one in compared if one.home is None}
        if new:
            sealed = await asyncio.to_thread(self._sealed_addresses, list(new.values()))
            places = [row.division_code for row in new.values()]
            made = await rows(
                OPEN, list(new), places, sealed, self._actor.account_id, self._now, SUBJECT, self._batch_id
            )
            ids.update({row["case_number"]: row["id"] for row in made})
        moved = {
            one.row.case_number: one.row
            for one in compared
            if one.home is not None and opened[one.row.case_number] != (one.row.division_code, one.row.address)
        }
        if moved:
            sealed = await asyncio.to_thread(self._sealed_addresses, list(moved.values()))
            places = [row.division_code for row in moved.values()]
            await rows(MOVE, [ids[case] for case in moved], places, sealed, beijing_day(self._now))
        return ids

    async def _write_people(self, compared: list[_Compared]) -> dict[str, int]:
        """Makes new people known; all ids by index."""
        ids = {one.index: int(one.person["id"]) for one in compared if one.person is not None}
        new = [one for one in compared if one.person is None]
        if new:
            names, numbers, phones = await asyncio.to_thread(self._sealed_people, [one.row for one in new])
            years = [birth_date(one.row.id_number).year for one in new]
            made = await rows(NEW_PEOPLE, names, numbers, [one.index for one in new], phones, years)
            ids.update({row["id_number_index"]: row["id"] for row in made})
        return ids

    async def _write_changes(self, changed: list[_Compared], homes: Mapping[str, int]) -> None:
        """New phones and relations of people who were here before, and an event for each of their households."""
        known = [(one.row, one.person) for one in changed if one.person is not None]
        phones = [(person["id"], row.phone) for row, person in known if row.phone and self._phone_differs(row, person)]
        sealed = [self._sealer.seal(phone, PHONE_LABEL) for _, phone in phones]
        await rows(CHANGE_PHONE, [person_id for person_id, _ in phones], sealed)
        relations = [(person["membership_id"], row.relation) for row, person in known]
        await rows(CHANGE_RELATION, [item[0] for item in relations], [item[1] for item in relations])
        touched = sorted({homes[row.case_number] for row, _ in known} - self._told)
        self._told.update(touched)
        if touched:
            await rows(TELL, SUBJECT, touched, self._actor.account_id, self._now, self._batch_id)

    def _sealed_addresses(self, given: Sequence[RegistryRow]) -> list[bytes]:
        return [self._sealer.seal(row.address, ADDRESS_LABEL) for row in given]

    def _sealed_people(self, given: Sequence[RegistryRow]) -> tuple[list[bytes], list[bytes], list[bytes | None]]:
        seal = self._sealer.seal
        return (
            [seal(row.name, NAME_LABEL) for row in given],
            [seal(row.id_number, ID_LABEL) for row in given],
            [seal(row.phone, PHONE_LABEL) if row.phone else None for row in given],
        )

"""Every sealed column and the label it is sealed under, in one table; and sealing them anew under the current key."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg

from cishan.sealing import Sealer

BATCH = 500


@dataclass(frozen=True)
class SealedColumn:
    """`label` is mostly "table.column"; an invitation holds an account to be, a former address a household's."""

    table: str
    column: str
    label: str


COLUMNS: tuple[SealedColumn, ...] = (
    SealedColumn("account", "phone_sealed", "account.phone"),
    SealedColumn("account", "name_sealed", "account.name"),
    SealedColumn("invitation", "phone_sealed", "account.phone"),
    SealedColumn("invitation", "name_sealed", "account.name"),
    SealedColumn("household", "address_sealed", "household.address"),
    SealedColumn("former_address", "address_sealed", "household.address"),
    SealedColumn("person", "name_sealed", "person.name"),
    SealedColumn("person", "id_number_sealed", "person.id_number"),
    SealedColumn("person", "phone_sealed", "person.phone"),
    SealedColumn("consent", "signed_by_sealed", "consent.signed_by"),
    SealedColumn("wish", "note_sealed", "wish.note"),
    SealedColumn("wish", "school_sealed", "wish.school"),
    SealedColumn("visit", "findings_sealed", "visit.findings"),
    SealedColumn("stored_notice", "body_sealed", "stored_notice.body"),
    SealedColumn("receipt_request", "payer_name_sealed", "receipt_request.payer_name"),
    SealedColumn("receipt_request", "payer_number_sealed", "receipt_request.payer_number"),
    SealedColumn("gift_certificate", "token_sealed", "gift_certificate.token"),
    SealedColumn("concern", "text_sealed", "concern.text"),
    SealedColumn("concern", "contact_sealed", "concern.contact"),
    SealedColumn("event_reason", "text_sealed", "event_reason.text"),
    SealedColumn("payee", "holder_sealed", "payee.holder"),
    SealedColumn("payee", "number_sealed", "payee.number"),
    SealedColumn("payout", "reason_sealed", "payout.reason"),
    SealedColumn("urgent_case", "finding_sealed", "urgent_case.finding"),
    SealedColumn("urgent_opinion", "opinion_sealed", "urgent_opinion.opinion"),
    SealedColumn("donation", "note_sealed", "donation.note"),
    SealedColumn("bank_line", "party_sealed", "bank_line.party"),
    SealedColumn("bank_line", "summary_sealed", "bank_line.summary"),
    SealedColumn("outbox_message", "recipient_sealed", "message.recipient"),
    SealedColumn("outbox_message", "text_sealed", "message.text"),
)
"""A test compares it with the models' `*_sealed` fields."""

# A sealed value begins with the length of its key's name, then the name.
_KEY_NAME = "convert_from(substring({column} from 2 for get_byte({column}, 0)), 'UTF8')"


async def count_by_key(connection: asyncpg.Connection) -> dict[str, int]:
    """How many values each key has sealed."""
    counts: dict[str, int] = {}
    for one in COLUMNS:
        name = _KEY_NAME.format(column=one.column)
        sql = f"SELECT {name} AS key, count(*) AS n FROM {one.table} WHERE {one.column} IS NOT NULL GROUP BY 1"  # noqa: S608
        for row in await connection.fetch(sql):
            counts[row["key"]] = counts.get(row["key"], 0) + row["n"]
    return counts


async def reseal(connection: asyncpg.Connection, sealer: Sealer) -> AsyncIterator[tuple[SealedColumn, int]]:
    """Seals every value of an older key anew, batch by batch; yields what each batch did.

    Each batch commits by itself, so it may be killed and started again. `connection` is the owner's: some of these
    columns stand in tables that the app itself may only append to.
    """
    for one in COLUMNS:
        while done := await _reseal_batch(connection, one, sealer):
            yield one, done


async def _reseal_batch(connection: asyncpg.Connection, one: SealedColumn, sealer: Sealer) -> int:
    name = _KEY_NAME.format(column=one.column)
    async with connection.transaction():
        old = await connection.fetch(
            f"SELECT id, {one.column} AS sealed FROM {one.table}"  # noqa: S608 - names from the table above
            f" WHERE {one.column} IS NOT NULL AND {name} <> $1 ORDER BY id LIMIT $2 FOR UPDATE",
            sealer.current,
            BATCH,
        )
        anew = [(row["id"], sealer.seal(sealer.open(row["sealed"], one.label), one.label)) for row in old]
        await connection.executemany(f"UPDATE {one.table} SET {one.column} = $2 WHERE id = $1", anew)  # noqa: S608
    return len(old)

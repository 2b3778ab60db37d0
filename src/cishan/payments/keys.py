"""The keys of a merchant account: files of the keys directory, and a row for each with its dates. Both are written here only.

What lies in the directory is used; a key is accepted by putting its file there and ended by renaming it, so a copy of the
directory is a copy of everything. Processes look again every half minute and need no restart.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from tortoise.transactions import in_transaction

from cishan.accounts.queries import staff_covering
from cishan.accounts.states import Role
from cishan.charities.states import KeySide
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.labels import label
from cishan.messages.actions import queue_notice
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.alipay.signing import fingerprint, load_private_key, load_public_keys
from cishan.payments.merchants import private_key_file, public_key_files
from cishan.payments.rules import KEY_WARN_DAYS, key_step
from cishan.production import Unsafe, refuse_unsafe_merchant
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.templating import day

EVERY_SECONDS = 30.0
MOST_MERCHANTS = 1_000
ENDED = "ended-"
"""What the name of an ended key's file begins with."""

MERCHANTS = "SELECT id, charity_id, app_id, active FROM merchant_account ORDER BY id LIMIT $1"
MERCHANT = "SELECT id FROM merchant_account WHERE app_id = $1 FOR NO KEY UPDATE"
KEYS = """
SELECT m.app_id, k.side, k.fingerprint, k.since, k.use_until, k.ended_at
  FROM merchant_key k JOIN merchant_account m ON m.id = k.merchant_id ORDER BY m.app_id, k.side, k.since, k.id
"""
SEEN = """
INSERT INTO merchant_key (merchant_id, side, fingerprint, since) VALUES ($1, $2, $3, $4)
ON CONFLICT (merchant_id, side, fingerprint) DO UPDATE SET ended_at = NULL WHERE merchant_key.ended_at IS NOT NULL
"""
GONE = """
UPDATE merchant_key SET ended_at = $4
 WHERE merchant_id = $1 AND side = $2 AND fingerprint <> ALL($3) AND ended_at IS NULL
"""
UNTIL = """
UPDATE merchant_key SET use_until = $4, warned_days = NULL
 WHERE merchant_id = $1 AND fingerprint LIKE $2 || '%' AND ended_at IS NULL AND ($3 = '' OR side = $3) RETURNING id
"""
TO_WARN = """
SELECT k.id, k.side, k.fingerprint, k.use_until, k.warned_days, m.app_id, c.division_code
  FROM merchant_key k JOIN merchant_account m ON m.id = k.merchant_id AND m.active JOIN charity c ON c.id = m.charity_id
 WHERE k.ended_at IS NULL AND k.use_until <= $1 ORDER BY k.use_until, k.id LIMIT $2
"""
WARNED = "UPDATE merchant_key SET warned_days = $2 WHERE id = $1 AND warned_days IS DISTINCT FROM $2 RETURNING id"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeyRow:
    """A key as it is known: whose, since when, until when, and whether it is still used."""

    app_id: str
    side: KeySide
    fingerprint: str
    since: datetime
    use_until: date | None
    ended_at: datetime | None

    @property
    def name(self) -> str:
        """The first twelve digits, as people say them."""
        return self.fingerprint[:12]


async def known_keys() -> tuple[KeyRow, ...]:
    """Every key of every merchant account, the ended ones too."""
    return tuple(
        KeyRow(row["app_id"], KeySide(row["side"]), row["fingerprint"], row["since"], row["use_until"], row["ended_at"])
        for row in await rows(KEYS)
    )


async def note_keys(settings: Settings, *, now: datetime) -> None:
    """Brings the rows up to what lies in the keys directory."""
    for merchant in await rows(MERCHANTS, MOST_MERCHANTS):
        for side, found in _in_directory(settings, merchant["app_id"]).items():
            for one in found:
                await rows(SEEN, merchant["id"], side.value, one, now)
            await rows(GONE, merchant["id"], side.value, list(found), now)


async def accept_key(settings: Settings, app_id: str, pem: str, use_until: date | None, *, now: datetime) -> str:
    """Believes what is signed with another key of Alipay too, beside the ones already there; returns its fingerprint."""
    async with in_transaction():
        await _lock(app_id)
        name = _public_fingerprint(pem)
        if name in _in_directory(settings, app_id)[KeySide.ALIPAY]:
            raise Conflict("这把公钥已经在用了。")
        _write(settings.keys_directory / f"alipay-{app_id}-{name[:12]}.pem", pem)
        await _note_and_date(settings, app_id, name, KeySide.ALIPAY, use_until, now=now)
        return name


async def end_key(settings: Settings, app_id: str, name: str, *, now: datetime) -> None:
    """Believes a key of Alipay no more; its file is kept under another name. The last one stays."""
    async with in_transaction():
        await _lock(app_id)
        files = {_public_fingerprint(path.read_text()): path for path in public_key_files(settings, app_id)}
        chosen = [found for found in files if name and found.startswith(name)]
        if len(chosen) != 1:
            raise NotFound("没有这把公钥，或者写的指纹太短。用 cishan merchants list 查看。")
        if len(files) == 1:
            raise Conflict("这是最后一把公钥。没有它，支付宝的通知一条也不能相信。请先接受新的公钥。")
        path = files[chosen[0]]
        path.rename(path.with_name(f"{ENDED}{path.name}"))
        await note_keys(settings, now=now)


async def replace_own_key(settings: Settings, app_id: str, pem: str, use_until: date | None, *, now: datetime) -> str:
    """Signs with a new private key from now on; the old file is kept under another name. Returns its fingerprint."""
    async with in_transaction():
        await _lock(app_id)
        name, path = _private_fingerprint(pem), private_key_file(settings, app_id)
        old = _private_fingerprint(path.read_text())
        if name == old:
            raise Conflict("这就是现在用的私钥。")
        kept = path.with_name(f"{ENDED}{old[:12]}-{path.name}")
        _write(kept, path.read_text())
        fresh = path.with_name(f"{path.name}.new")
        _write(fresh, pem)
        fresh.replace(path)
        await _note_and_date(settings, app_id, name, KeySide.OURS, use_until, now=now)
        return name


async def set_use_until(settings: Settings, app_id: str, name: str, use_until: date | None, *, now: datetime) -> None:
    """Sets the day by which a key is to be replaced; administrators are warned before it."""
    async with in_transaction():
        merchant_id = await _lock(app_id)
        await note_keys(settings, now=now)
        if len(await rows(UNTIL, merchant_id, name, "", use_until)) != 1:
            raise NotFound("没有这把密钥，或者写的指纹太短。用 cishan merchants list 查看。")


async def warn_of_keys(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Tells administrators 30, 7 and 1 day before a key's last day, and once when it is over; returns how many keys."""
    today, warned = beijing_day(now), 0
    for key in await rows(TO_WARN, date.fromordinal(today.toordinal() + KEY_WARN_DAYS[0]), limit):
        step = key_step(key["use_until"], today, warned_days=key["warned_days"])
        if step is None:
            continue
        async with in_transaction():
            if not await rows(WARNED, key["id"], step):
                continue
            text = _warning(KeySide(key["side"]), key["app_id"], key["fingerprint"], key["use_until"], is_over=step < 0)
            for admin in await staff_covering(key["division_code"], Role.ADMIN):
                message = f"merchant-key:{key['id']}:{key['use_until']}:{step}:{admin['account_id']}"
                await queue_notice(message, admin["account_id"], text, sealer=sealer, now=now)
            warned += 1
    return warned


def refresh_gateway(gateway: AlipayGateway, settings: Settings) -> bool:
    """Takes the keys that lie in the directory now, when they are others; returns whether. Unfit ones change nothing."""
    app_id = gateway.merchant.app_id
    try:
        ours = private_key_file(settings, app_id).read_text()
        theirs = tuple(path.read_text() for path in public_key_files(settings, app_id))
        if (ours, theirs) == (gateway.merchant.private_key_pem, gateway.merchant.alipay_public_key_pems):
            return False
        before = gateway.merchant
        gateway.take_keys(ours, theirs)
        try:
            refuse_unsafe_merchant(settings, gateway.merchant)
        except Unsafe:
            gateway.take_keys(before.private_key_pem, before.alipay_public_key_pems)
            raise
    except (OSError, ValueError):
        log.exception("the merchant's keys could not be read anew; the ones in use stay")
        return False
    return True


@contextlib.asynccontextmanager
async def following_the_keys(
    gateway: AlipayGateway | None, settings: Settings, *, every_seconds: float = EVERY_SECONDS
) -> AsyncIterator[None]:
    """Looks into the keys directory again and again while inside."""
    if gateway is None:
        yield
        return
    task = asyncio.create_task(_follow(gateway, settings, every_seconds))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _follow(gateway: AlipayGateway, settings: Settings, every_seconds: float) -> None:
    while True:
        await asyncio.sleep(every_seconds)
        refresh_gateway(gateway, settings)


async def _lock(app_id: str) -> int:
    found = await rows(MERCHANT, app_id)
    if not found:
        raise NotFound(f"没有应用编号是 {app_id} 的收款商户。")
    merchant_id: int = found[0]["id"]
    return merchant_id


async def _note_and_date(
    settings: Settings, app_id: str, name: str, side: KeySide, use_until: date | None, *, now: datetime
) -> None:
    await note_keys(settings, now=now)
    if use_until is not None:
        await rows(UNTIL, await _lock(app_id), name, side.value, use_until)


def _in_directory(settings: Settings, app_id: str) -> dict[KeySide, set[str]]:
    """Fingerprints of the keys that lie in the directory; a private key that is not there yet is none."""
    private = private_key_file(settings, app_id)
    return {
        KeySide.OURS: {_private_fingerprint(private.read_text())} if private.exists() else set(),
        KeySide.ALIPAY: {_public_fingerprint(path.read_text()) for path in public_key_files(settings, app_id)},
    }


def _public_fingerprint(pem: str) -> str:
    try:
        return fingerprint(load_public_keys([pem])[0])
    except ValueError as error:
        raise InvalidInput({"key": f"这不是支付宝的公钥：{error}"}) from error


def _private_fingerprint(pem: str) -> str:
    try:
        return fingerprint(load_private_key(pem).public_key())
    except ValueError as error:
        raise InvalidInput({"key": f"这不是应用的私钥：{error}"}) from error


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)


def _warning(side: KeySide, app_id: str, name: str, use_until: date, *, is_over: bool) -> str:
    what = f"收款应用 {app_id} 的{label(side)} {name[:12]}"
    if is_over:
        return f"{what} 应当在 {day(use_until)}前更换，已经过期。请用 cishan merchants 更换。"
    return f"{what} 要在 {day(use_until)}前更换。步骤在运行手册“更换支付宝密钥”一节。"

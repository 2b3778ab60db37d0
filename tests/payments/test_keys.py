"""Keys change while money goes on: the new one beside the old, then the old one ended, everybody warned in time."""

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import httpx2
import pytest

import makers
from cishan.charities.actions import set_up_merchant
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.alipay.notices import NoticeRejected
from cishan.payments.alipay.signing import fingerprint, load_private_key, public_key_pem
from cishan.payments.keys import (
    accept_key,
    end_key,
    following_the_keys,
    known_keys,
    note_keys,
    refresh_gateway,
    replace_own_key,
    set_use_until,
    warn_of_keys,
)
from cishan.payments.rules import key_step
from cishan.sealing import Sealer, create_keys
from cishan.settings import Settings
from command_line import environment_of, run_cishan
from conftest import Committed
from gateway_makers import APP_ID, SELLER_ID, alipay_key_pem, app_key_pem, make_gateway, notice_form, strangers_key_pem

OLD, NEW = alipay_key_pem, strangers_key_pem


def name_of(private_pem: str) -> str:
    return fingerprint(load_private_key(private_pem).public_key())


def write_keys(settings: Settings) -> None:
    (settings.keys_directory / f"merchant-{APP_ID}.pem").write_text(app_key_pem())
    (settings.keys_directory / f"alipay-{APP_ID}.pem").write_text(public_key_pem(OLD()))


async def set_up(settings: Settings, directory: Path, clock: SteppedClock) -> Settings:
    """A charity with its account, and the two keys in a directory of the test's own."""
    create_keys(directory)
    own = replace(settings, keys_directory=directory)
    write_keys(own)
    charity = await makers.make_charity(now=clock.now())
    await set_up_merchant(charity.id, app_id=APP_ID, seller_id=SELLER_ID, gateway_url="https://gateway.example/")
    await note_keys(own, now=clock.now())
    return own


@pytest.fixture
async def settings(transaction: Settings, tmp_path: Path, clock: SteppedClock) -> Settings:
    return await set_up(transaction, tmp_path / "keys", clock)


@pytest.fixture
def gateway(settings: Settings, clock: SteppedClock) -> AlipayGateway:
    return make_gateway(clock=clock)


def believes(gateway: AlipayGateway, key_pem: str) -> bool:
    try:
        gateway.read_notice(notice_form(key_pem=key_pem))
    except NoticeRejected:
        return False
    return True


async def test_a_new_key_is_believed_beside_the_old_until_the_old_is_ended(
    settings: Settings, gateway: AlipayGateway, clock: SteppedClock
) -> None:
    seen = [(believes(gateway, OLD()), believes(gateway, NEW()))]
    await accept_key(settings, APP_ID, public_key_pem(NEW()), None, now=clock.now())
    assert refresh_gateway(gateway, settings)
    seen.append((believes(gateway, OLD()), believes(gateway, NEW())))
    await end_key(settings, APP_ID, name_of(OLD())[:12], now=clock.now())
    assert refresh_gateway(gateway, settings)
    seen.append((believes(gateway, OLD()), believes(gateway, NEW())))
    assert seen == [(True, False), (True, True), (False, True)]
    assert not refresh_gateway(gateway, settings)
    ended = {key.fingerprint: key.ended_at for key in await known_keys()}
    assert ended[name_of(OLD())] == clock.now()
    assert ended[name_of(NEW())] is None


async def test_the_last_key_of_alipay_stays(settings: Settings, clock: SteppedClock) -> None:
    with pytest.raises(Conflict, match="最后一把"):
        await end_key(settings, APP_ID, name_of(OLD()), now=clock.now())
    with pytest.raises(NotFound):
        await end_key(settings, APP_ID, "", now=clock.now())


@pytest.mark.parametrize("text", ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
async def test_what_is_no_key_is_refused_and_nothing_changes(
    settings: Settings, gateway: AlipayGateway, clock: SteppedClock, text: str
) -> None:
    with pytest.raises(InvalidInput):
        await accept_key(settings, APP_ID, text, None, now=clock.now())
    with pytest.raises(InvalidInput):
        await replace_own_key(settings, APP_ID, text, None, now=clock.now())
    with pytest.raises(Conflict, match="已经在用"):
        await accept_key(settings, APP_ID, public_key_pem(OLD()), None, now=clock.now())
    with pytest.raises(NotFound):
        await accept_key(settings, "1", public_key_pem(NEW()), None, now=clock.now())
    assert not refresh_gateway(gateway, settings)


async def test_we_sign_with_the_new_key_and_keep_the_old_file(
    settings: Settings, gateway: AlipayGateway, clock: SteppedClock
) -> None:
    await replace_own_key(settings, APP_ID, NEW(), date(2027, 6, 30), now=clock.now())
    assert refresh_gateway(gateway, settings)
    assert gateway.merchant.private_key_pem == NEW()
    kept = list(settings.keys_directory.glob("ended-*merchant*"))
    assert [path.read_text() for path in kept] == [app_key_pem()]
    assert {path.stat().st_mode & 0o777 for path in settings.keys_directory.glob("*merchant*")} <= {0o600, 0o644}
    ours = [key for key in await known_keys() if key.side.value == "ours"]
    assert [(key.fingerprint == name_of(NEW()), key.use_until) for key in ours if key.ended_at is None] == [
        (True, date(2027, 6, 30))
    ]


async def test_unfit_files_change_nothing_that_works(
    settings: Settings, gateway: AlipayGateway, caplog: pytest.LogCaptureFixture
) -> None:
    (settings.keys_directory / f"alipay-{APP_ID}-x.pem").write_text("not a key")
    assert not refresh_gateway(gateway, settings)
    assert believes(gateway, OLD())
    assert "could not be read anew" in caplog.text


async def test_a_running_process_takes_a_new_key_by_itself(
    settings: Settings, gateway: AlipayGateway, clock: SteppedClock
) -> None:
    async with following_the_keys(gateway, settings, every_seconds=0.01):
        await accept_key(settings, APP_ID, public_key_pem(NEW()), None, now=clock.now())
        async with asyncio.timeout(10):
            while not believes(gateway, NEW()):  # noqa: ASYNC110 - another task looks at files; nothing signals it
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("left", "warned", "step"),
    [
        (31, None, None),
        (30, None, 30),
        (12, 30, None),
        (7, 30, 7),
        (1, 7, 1),
        (0, 1, None),
        (-1, 1, -1),
        (-9, -1, None),
    ],
)
def test_each_warning_comes_once(left: int, warned: int | None, step: int | None) -> None:
    today = date(2026, 11, 27)
    assert key_step(today + timedelta(days=left), today, warned_days=warned) == step


async def test_administrators_are_warned_before_the_last_day_and_once_after_it(
    settings: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    admin = await makers.make_admin(sealer=sealer, now=clock.now())
    last = beijing_day(clock.now()) + timedelta(days=40)
    await set_use_until(settings, APP_ID, name_of(OLD())[:8], last, now=clock.now())
    told = []
    for _ in range(45):
        told.append(await warn_of_keys(limit=10, sealer=sealer, now=clock.now()))
        clock.advance(timedelta(days=1))
    assert [day for day, count in enumerate(told) if count] == [10, 33, 39, 41]
    found = await rows("SELECT count(*) AS n FROM outbox_message WHERE account_id = $1", admin.account_id)
    assert found == [{"n": 4}]


async def test_nobody_collects_under_another_charitys_account(settings: Settings, clock: SteppedClock) -> None:
    first = (await rows("SELECT id FROM charity"))[0]["id"]
    other = await rows(
        "INSERT INTO charity SELECT (jsonb_populate_record(c, jsonb_build_object('id', 999, 'uscc', '9'))).* FROM charity c "
        "RETURNING id"
    )
    for app_id, seller_id in ((APP_ID, "2088000000000999"), ("2021000000000999", SELLER_ID)):
        with pytest.raises(Conflict, match="别的慈善组织"):
            await set_up_merchant(other[0]["id"], app_id=app_id, seller_id=seller_id, gateway_url="https://g.example/")
    await set_up_merchant(first, app_id="2021000000000777", seller_id=SELLER_ID, gateway_url="https://g.example/")


async def test_the_page_shows_each_key_and_how_long_it_has(
    client: httpx2.AsyncClient, settings: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    await makers.signed_in(client, await makers.make_admin(sealer=sealer, now=clock.now()), now=clock.now())
    last = beijing_day(clock.now()) + timedelta(days=5)
    await set_use_until(settings, APP_ID, name_of(OLD())[:8], last, now=clock.now())
    page = (await client.get("/desk/merchant-keys")).text
    assert name_of(OLD())[:12] in page
    assert "还有 5 天" in page
    assert "PRIVATE" not in page


async def test_the_command_lists_accepts_and_ends(
    committed_database: Committed, tmp_path: Path, clock: SteppedClock
) -> None:
    settings = await set_up(committed_database.settings, tmp_path / "keys", clock)
    environment = environment_of(settings)
    new = tmp_path / "new.pem"
    new.write_text(public_key_pem(NEW()))
    accepted = run_cishan("merchants", "accept", APP_ID, new, "--until", "2027-06-30", environment=environment)
    assert accepted.returncode == 0, accepted.stderr
    listed = json.loads(run_cishan("merchants", "list", "--json", environment=environment).stdout)
    assert {(key["side"], key["use_until"]) for key in listed} == {
        ("ours", None),
        ("alipay", None),
        ("alipay", "2027-06-30"),
    }
    again = run_cishan("merchants", "accept", APP_ID, new, environment=environment)
    assert (again.returncode, "已经在用" in again.stderr) == (1, True)
    ended = run_cishan("merchants", "end", APP_ID, name_of(OLD())[:12], environment=environment)
    assert ended.returncode == 0, ended.stderr
    assert "停用" in run_cishan("merchants", "list", environment=environment).stdout

"""A city's worth of rows: skewed by county, kind, group, price and day, the way a real wall is.

Rows of a kind are numbered from a base of their own, so that a number in a logged statement names its table.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

import asyncpg

from bench.scale import Scale
from cishan.accounts.states import STAFF_ROLES
from cishan.charities.actions import CharityFacts, set_up_charity, set_up_merchant
from cishan.charities.states import LegalMode
from cishan.database import JsonRow, credentials, database, database_now, migrate
from cishan.divisions.actions import load_divisions
from cishan.payments.alipay.signing import generate_private_key_pem, public_key_pem
from cishan.payments.merchants import private_key_file
from cishan.sealing import Sealer, load_sealer
from cishan.settings import Settings
from cishan.shipped import shipped
from cishan.wishes.campaigns import open_campaign
from cishan.wishes.search import tokens_of

CITY = "371400000000"
WISH_BASE = 50_000_000
DONOR_BASE = 60_000_000
PAST_DONOR_BASE = 65_000_000
STAFF_BASE = 68_000_000
NEXT_ID = {"claim": 70_000_000, "payment_order": 80_000_000, "form_answer": 90_000_000, "ledger_entry": 95_000_000}
EVERY = 10
"""Every tenth wish is published, so published ones lie spread over the whole table."""
WISHES_PER_HOUSEHOLD = 4
PAST_DONORS = 2_000
MOST_ITEMS = 60
REASONS = (
    "孩子上学用得上，家里一直没有添置。",
    "老人腿脚不便，盼了很久。",
    "冬天快到了，旧的已经不能用。",
    "一家人都用得上，每天都会想起这份心意。",
    "村里的协理员两次上门看过，确实需要。",
)

ACCOUNTS = """
INSERT INTO account (id, kind, phone_sealed, phone_index, name_sealed, elder_mode, created_at)
SELECT $1::bigint + n, $2::text, $6, md5($2::text || ($1::bigint + n)), $3, false, $4 FROM generate_series(0, $5::int) n
"""
SESSIONS = """
INSERT INTO session (token_hash, account_id, device, created_at, seen_at, expires_at)
SELECT encode(sha256(convert_to('bench-' || ($1::bigint + n), 'UTF8')), 'hex'), $1::bigint + n, 'bench', $2::timestamptz, $2::timestamptz,
       $2::timestamptz + interval '1 day'
  FROM generate_series(0, $3::int) n
"""
GRANT = """
INSERT INTO role_grant (account_id, role, division_code, granted_at)
SELECT $1::bigint + given.number - 1, given.role, CASE given.role WHEN 'coordinator' THEN p.code WHEN 'town_reviewer' THEN rpad(left(p.code, 9), 12, '0')
       ELSE $3 END, $4
  FROM unnest($2::text[]) WITH ORDINALITY AS given (role, number), place p WHERE p.n = 0
"""
PLACES = """
CREATE TEMP TABLE place AS
SELECT (row_number() OVER (ORDER BY md5(code)) - 1)::int AS n, code, rpad(left(code, 6), 12, '0') AS county
  FROM division WHERE level = 5 AND left(code, 4) = left($1, 4)
"""
HOUSEHOLDS = """
INSERT INTO household (id, case_number, division_code, address_sealed, opened_by_id, opened_at, imported)
SELECT $1::bigint + h.n, 'B' || h.n, p.code, $2, $3, $4, false
  FROM (SELECT n, floor(power(random(), 2.5) * (SELECT count(*) FROM place))::int AS place
          FROM generate_series(0, $5::int) n OFFSET 0) h
  JOIN place p ON p.n = h.place
"""
WISHES = """
INSERT INTO wish (id, campaign_id, household_id, division_code, county_code, kind, status, item, audience, price_fen, hours,
  note_sealed, public_title, public_text, public_group, search, filed_by_id, reviewed_by_id, published_by_id,
  created_at, status_since, published_at, due_at, returned_reason)
SELECT $1::bigint + r.n, $2::bigint, h.id, h.division_code, rpad(left(h.division_code, 6), 12, '0'), t.kind, s.status, t.item, t.audience,
  CASE WHEN t.kind = 'thing' THEN 1000 * floor(4 + 480 * power(r.price, 2.2))::bigint ELSE 0 END,
  CASE WHEN t.kind = 'thing' THEN 0 ELSE 1 + floor(r.price * 8)::int END,
  $3, t.title, t.body, (ARRAY['minimum_living', 'minimum_living', 'minimum_living', 'minimum_living', 'extreme_hardship',
  'extreme_hardship', 'marginal', 'marginal', 'expenditure', 'at_risk'])[1 + floor(r.who * 10)::int],
  t.tokens, $4::bigint, $4::bigint + 1, $4::bigint + 2, s.at - interval '9 days', s.at, s.at, s.at + interval '60 days', ''
  FROM (SELECT n, random() AS fate, random() AS price, random() AS who, power(random(), 1.5) AS age,
               floor(power(random(), 2) * (SELECT count(*) FROM body))::int AS body,
               floor(power(random(), 1.5) * $6::int)::int AS household
          FROM generate_series(1, $5::int) n OFFSET 0) r
  JOIN body t ON t.n = r.body
  JOIN household h ON h.id = $1::bigint + r.household
  CROSS JOIN LATERAL (
    SELECT $7::timestamptz - r.age * interval '30 days' AS at,
           CASE WHEN r.n % {every} = 0 THEN 'published' WHEN r.fate < 0.66 THEN 'fulfilled' WHEN r.fate < 0.74 THEN 'claimed'
                WHEN r.fate < 0.84 THEN 'lapsed' WHEN r.fate < 0.88 THEN 'withdrawn' WHEN r.fate < 0.92 THEN 'draft'
                WHEN r.fate < 0.96 THEN 'filed' ELSE 'worded' END AS status) s
"""
CLAIMS = """
INSERT INTO claim (wish_id, donor_id, way, status, price_fen, claimed_at, status_since, escalation, over_reason)
SELECT w.id, $1::bigint + w.id % $2::bigint, CASE WHEN w.kind = 'thing' THEN 'pay' ELSE 'give_time' END,
       CASE WHEN w.status = 'fulfilled' THEN 'confirmed' ELSE 'paid' END, w.price_fen, w.published_at, w.published_at, 0, ''
  FROM wish w WHERE w.status IN ('fulfilled', 'claimed')
"""


def token_of(account_id: int) -> str:
    """The session token of an account made here."""
    return f"bench-{account_id}"


def wish_number(place: int) -> int:
    """The id of the published wish at this place, from 0."""
    return WISH_BASE + EVERY * (place + 1)


async def fill_city(settings: Settings, scale: Scale) -> None:
    """Migrates an empty database and fills it; the charity and its campaign come from the product's own actions."""
    await migrate(settings)
    sealer = load_sealer(settings.keys_directory)
    write_merchant_keys(settings)
    async with database(settings):
        now = await database_now()
        await load_divisions(CITY)
        charity = await set_up_charity(FACTS, now=now)
        campaign = await open_campaign(charity.id, now=now)
        account = merchant()
        await set_up_merchant(
            charity.id, app_id=account.app_id, seller_id=account.seller_id, gateway_url=account.gateway_url
        )
        items = catalogue()
    connection = await asyncpg.connect(**credentials(settings.database_url))
    try:
        await connection.execute("SELECT setseed(0.42)")
        await _fill(connection, scale, items, campaign_id=campaign.id, sealer=sealer)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def write_merchant_keys(settings: Settings) -> None:
    account = merchant()
    private_key_file(settings, account.app_id).write_text(account.private_key_pem)
    public = settings.keys_directory / f"alipay-{account.app_id}.pem"
    public.write_text(public_key_pem(account.alipay_private_key_pem))


async def _fill(
    connection: asyncpg.Connection, scale: Scale, items: list[JsonRow], *, campaign_id: int, sealer: Sealer
) -> None:
    name, phone = sealer.seal("王芳", "account.name"), sealer.seal("13900000001", "account.phone")
    note, address = sealer.seal("孩子写字没有桌子", "wish.note"), sealer.seal("前屯村 12 号", "household.address")
    now = await connection.fetchval("SELECT now()")
    roles = sorted(STAFF_ROLES)
    donors = scale.wishes // EVERY
    for base, kind, count in (
        (DONOR_BASE, "donor", donors),
        (PAST_DONOR_BASE, "donor", PAST_DONORS),
        (STAFF_BASE, "staff", len(roles)),
    ):
        await connection.execute(ACCOUNTS, base, kind, name, now, count - 1, phone)
    await connection.execute(SESSIONS, DONOR_BASE, now, donors - 1)
    await connection.execute(SESSIONS, STAFF_BASE, now, len(roles) - 1)
    await connection.execute(PLACES.replace("$1", f"'{CITY}'"))
    await connection.execute(GRANT, STAFF_BASE, roles, CITY, now)
    await connection.execute(
        "CREATE TEMP TABLE body (n int, item text, kind text, audience text, title text, body text, tokens tsvector)"
    )
    await connection.executemany(
        "INSERT INTO body VALUES ($1, $2, $3, $4, $5, $6, array_to_tsvector($7::text[]))", list(_bodies(items))
    )
    households = scale.wishes // WISHES_PER_HOUSEHOLD
    await connection.execute(HOUSEHOLDS, WISH_BASE, address, STAFF_BASE, now, households)
    await connection.execute(
        WISHES.format(every=EVERY), WISH_BASE, campaign_id, note, STAFF_BASE, scale.wishes, households, now
    )
    await connection.execute(CLAIMS, PAST_DONOR_BASE, PAST_DONORS)
    for table, first in NEXT_ID.items():
        await connection.execute("SELECT setval(pg_get_serial_sequence($1, 'id'), $2)", table, first)


def _bodies(items: list[JsonRow]) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for item in items:
        for reason in REASONS:
            title, text = f"想要{item['item']}", f"{reason}想要{item['item']}。"
            tokens = tokens_of(f"{title} {item['item']} {text}")
            found.append((len(found), item["item"], item["kind"], item["audience"], title, text, tokens))
    return found


def catalogue() -> list[JsonRow]:
    """What people wish for, from the product's own catalogue."""
    audiences = {"儿童": "child", "老人": "elder", "残疾人": "disabled"}
    lines = (shipped("data/wish_catalogue.csv")).read_text(encoding="utf-8").splitlines()[1 : MOST_ITEMS + 1]
    cells = [line.split(",") for line in lines]
    return [{"item": c[0][:30], "kind": c[1], "audience": audiences.get(c[2], "family")} for c in cells]


FACTS = CharityFacts(
    name="德州市慈善总会",
    uscc="53371400MJE0000011",
    division_code=CITY,
    legal_mode=LegalMode.OWN_SITE,
    contact_phone="0534-12345",
    report_phone="0534-12346",
    address="德州市德城区示例路 1 号",
    registration_number="鲁德社证字第 0001 号",
    certificate_number="53371400000001",
    certificate_from=date(2017, 1, 1),
    fund_name="微心愿",
    filing_number="53371400MJE0000011A25001",
    fund_purpose="本市困难家庭的微心愿。受益人由村、乡镇走访核实后按先后次序确定，不指定个人。",
)


@dataclass(frozen=True)
class BenchMerchant:
    """A merchant account whose gateway nobody answers: its notices can be signed, nothing can be asked."""

    private_key_pem: str
    alipay_private_key_pem: str
    app_id: str = "2021000000000001"
    seller_id: str = "2088000000000156"
    gateway_url: str = "http://127.0.0.1:9/gateway.do"


@cache
def merchant() -> BenchMerchant:
    """The same keys for the whole run."""
    return BenchMerchant(generate_private_key_pem(), generate_private_key_pem())

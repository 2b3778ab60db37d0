"""What the tests of every page share: a real address for each page that routes.py offers, and a look at it with axe."""

from dataclasses import dataclass

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

from axe import violations_on
from cishan.accounts.sessions import token_hash
from cishan.accounts.states import Role
from cishan.web import SESSION_COOKIE
from journeys.demo_site import DemoSite

PAGE_LIMIT_BYTES = 60_000
WIDTHS = {"normal": 1280, "elder": 390}

CLAIM_IN = (
    "SELECT c.id FROM claim c JOIN wish w ON w.id = c.wish_id WHERE c.status = ANY('{%s}') AND %s ORDER BY c.id LIMIT 1"
)
MINE = "w.filed_by_id = $1"
ANY = "$1::bigint > 0"


@dataclass(frozen=True)
class Sample:
    """Who looks at a page, and the query that finds the id in its address; it takes the account's id as $1.

    `query` is what the address has after its question mark.
    """

    role: Role | None
    find: str = ""
    query: str = ""


NOT_PAGES = {
    "/ready",
    "/pictures/{id}",
    "/me/gifts/{id}/certificate.pdf",
    "/me/statements/{year}/pdf",
    "/me/statements/{year}/xlsx",
    "/me/data/copy",
    "/projects/{id}/poster.pdf",
    "/pay/return",
    "/me/claims/{id}/pay",
    "/me/donations/{id}/pay",
    "/staff",
    "/field/wishes/{id}/go-on",
    "/desk/imports/templates/{kind}",
    "/desk/imports/{id}/errors.csv",
    "/desk/finance/bank/template",
    "/desk/finance/months/{month}/vouchers.csv",
    "/desk/finance/months/{month}/vouchers.xlsx",
    "/disclosures/{id}/pdf",
    "/disclosures/{id}/xlsx",
    "/transparency/csv",
    "/transparency/{id}/xlsx",
}
"""Answers that are text, pictures, files or redirects."""

MY_HOUSE = "SELECT h.id, m.person_id FROM household h JOIN membership m ON m.household_id = h.id AND m.to_on IS NULL "
MY_HOUSE += (
    "JOIN role_grant g ON g.division_code = h.division_code AND g.account_id = $1 ORDER BY h.id, m.id DESC LIMIT 1"
)
A_HOUSE = "SELECT id FROM household WHERE $1::bigint > 0 ORDER BY id LIMIT 1"
TOWNS_HOUSE = "SELECT h.id FROM household h JOIN role_grant g ON left(g.division_code, 9) = left(h.division_code, 9) "
TOWNS_HOUSE += "AND g.account_id = $1 ORDER BY h.id LIMIT 1"
MY_WISH = "SELECT id, 'price' AS step FROM wish WHERE filed_by_id = $1 AND status = ANY('{%s}') ORDER BY id LIMIT 1"
TOWNS_WISH = "SELECT w.id FROM wish w JOIN role_grant g ON left(g.division_code, 9) = left(w.division_code, 9) "
TOWNS_WISH += "AND g.account_id = $1 AND w.status = 'visited' ORDER BY w.id LIMIT 1"
A_WISH = "SELECT id FROM wish WHERE status = '%s' AND $1::bigint >= 0 ORDER BY id LIMIT 1"
A_PROJECT = "SELECT id FROM project WHERE status = '%s' AND $1::bigint >= 0 ORDER BY id LIMIT 1"
AN_EDITOR = "SELECT account_id AS id FROM role_grant WHERE role = 'editor' AND $1::bigint > 0 LIMIT 1"

MY_RECEIPT = (
    "SELECT o.id FROM payment_order o JOIN receipt r ON r.order_id = o.id WHERE o.donor_id = $1 ORDER BY o.id LIMIT 1"
)
MY_GIFT_WITHOUT = "SELECT id FROM payment_order o WHERE donor_id = $1 AND status = 'paid' "
MY_GIFT_WITHOUT += "AND NOT EXISTS (SELECT FROM receipt_request q WHERE q.order_id = o.id) ORDER BY id LIMIT 1"
MY_YEAR = "SELECT extract(year FROM max(paid_at) AT TIME ZONE 'Asia/Shanghai')::int AS year FROM payment_order "
MY_YEAR += "WHERE donor_id = $1 AND status = 'paid'"

SAMPLES: dict[str, Sample] = {
    "/": Sample(None),
    "/about": Sample(None),
    "/about/books": Sample(None),
    "/wishes": Sample(None),
    "/wishes/{id}": Sample(None, A_WISH % "published"),
    "/projects": Sample(None),
    "/projects/{id}": Sample(None, A_PROJECT % "open"),
    "/projects/{id}/gifts": Sample(None, A_PROJECT % "open"),
    "/projects/{id}/give": Sample(Role.DONOR, A_PROJECT % "open"),
    "/desk/projects": Sample(Role.DIRECTOR),
    "/desk/projects/terms": Sample(Role.DIRECTOR),
    "/desk/projects/{id}": Sample(Role.EDITOR, A_PROJECT % "open"),
    "/desk/projects/{id}/edit/{step}": Sample(
        Role.EDITOR, (A_PROJECT % "draft").replace("id FROM", "id, 'money' AS step FROM")
    ),
    "/desk/projects/{id}/decide": Sample(Role.DIRECTOR, A_PROJECT % "draft"),
    "/desk/projects/{id}/file": Sample(Role.EDITOR, A_PROJECT % "draft"),
    "/desk/projects/{id}/surplus": Sample(Role.EDITOR, A_PROJECT % "open"),
    "/desk/projects/{id}/amend": Sample(Role.EDITOR, A_PROJECT % "open", "?field=money"),
    "/desk/projects/{id}/updates/new": Sample(Role.EDITOR, A_PROJECT % "open"),
    "/disclosures": Sample(None),
    "/disclosures/{id}": Sample(None, "SELECT id FROM disclosure WHERE $1::bigint >= 0 ORDER BY id LIMIT 1"),
    "/transparency": Sample(None),
    "/transparency/{id}": Sample(None, "SELECT id FROM fund WHERE $1::bigint >= 0 ORDER BY id LIMIT 1"),
    "/report": Sample(None),
    "/report/thanks": Sample(None),
    "/sign-in": Sample(None),
    "/register": Sample(None),
    "/staff/sign-in": Sample(None),
    "/list": Sample(None),
    "/demo/outbox": Sample(None),
    "/wishes/{id}/claim": Sample(Role.DONOR, A_WISH % "published"),
    "/give": Sample(Role.DONOR),
    "/me/monthly": Sample(Role.DONOR),
    "/me/donations/{id}": Sample(Role.DONOR, "SELECT id FROM donation WHERE donor_id = $1 ORDER BY id LIMIT 1"),
    "/me": Sample(Role.DONOR),
    "/me/claims/{id}": Sample(
        Role.DONOR, "SELECT id FROM claim WHERE donor_id = $1 AND status = 'confirmed' ORDER BY id LIMIT 1"
    ),
    "/me/gifts": Sample(Role.DONOR),
    "/me/gifts/{id}": Sample(Role.DONOR, MY_RECEIPT),
    "/me/gifts/{id}/receipt": Sample(Role.DONOR, MY_GIFT_WITHOUT),
    "/me/statements/{year}": Sample(Role.DONOR, MY_YEAR),
    "/me/data": Sample(Role.DONOR),
    "/me/data/name": Sample(Role.DONOR),
    "/me/data/close": Sample(Role.DONOR),
    "/me/devices": Sample(Role.DONOR),
    "/me/password": Sample(Role.DONOR),
    "/me/messages": Sample(Role.DONOR),
    "/field": Sample(Role.COORDINATOR),
    "/field/households": Sample(Role.COORDINATOR),
    "/field/households/new": Sample(Role.COORDINATOR),
    "/field/households/{id}": Sample(Role.COORDINATOR, MY_HOUSE),
    "/field/households/{id}/members/new": Sample(Role.COORDINATOR, MY_HOUSE),
    "/field/households/{id}/members/{person_id}/end": Sample(Role.COORDINATOR, MY_HOUSE),
    "/field/households/{id}/members/{person_id}/groups": Sample(Role.COORDINATOR, MY_HOUSE),
    "/field/households/{id}/consents": Sample(Role.COORDINATOR, MY_HOUSE),
    "/field/households/{id}/move": Sample(Role.COORDINATOR, MY_HOUSE),
    "/field/households/{id}/wishes/new": Sample(Role.COORDINATOR, MY_HOUSE),
    "/field/wishes/{id}": Sample(Role.COORDINATOR, MY_WISH % "published,claimed,fulfilled"),
    "/field/deliveries": Sample(Role.COORDINATOR),
    "/field/deliveries/{id}": Sample(Role.COORDINATOR, CLAIM_IN % ("advanced,bought", MINE)),
    "/desk/reviews": Sample(Role.TOWN_REVIEWER),
    "/desk/reviews/{id}": Sample(Role.TOWN_REVIEWER, TOWNS_WISH),
    "/desk/visits": Sample(Role.TOWN_REVIEWER),
    "/desk/households": Sample(Role.TOWN_REVIEWER),
    "/desk/households/{id}": Sample(Role.SUPERVISOR, A_HOUSE),
    "/desk/households/{id}/move": Sample(Role.TOWN_REVIEWER, TOWNS_HOUSE),
    "/desk/households/{id}/unmask": Sample(Role.TOWN_REVIEWER, TOWNS_HOUSE, "?field=address"),
    "/desk/minor-grants": Sample(Role.SUPERVISOR),
    "/desk/publishing": Sample(Role.EDITOR),
    "/desk/publishing/{id}": Sample(Role.EDITOR, A_WISH % "worded"),
    "/desk/concerns": Sample(Role.EDITOR),
    "/desk/checks": Sample(Role.TOWN_REVIEWER),
    "/desk/checks/{id}": Sample(Role.SUPERVISOR, CLAIM_IN % ("delivered", ANY)),
    "/desk/checks/{id}/thanks": Sample(Role.SUPERVISOR, CLAIM_IN % ("confirmed", ANY)),
    "/desk/thanks": Sample(Role.EDITOR),
    "/desk/claims/{id}": Sample(Role.EDITOR, CLAIM_IN % ("paid", ANY)),
    "/desk/finance": Sample(Role.FINANCE),
    "/desk/finance/advances": Sample(Role.FINANCE),
    "/desk/finance/advanced/{ids}": Sample(
        Role.FINANCE, (CLAIM_IN % ("advanced", ANY)).replace("c.id FROM", "c.id AS ids FROM")
    ),
    "/desk/finance/approvals": Sample(Role.FINANCE),
    "/desk/disclosures": Sample(Role.EDITOR),
    "/desk/disclosures/{id}": Sample(
        Role.EDITOR, "SELECT id FROM disclosure_duty WHERE $1::bigint > 0 ORDER BY due_on LIMIT 1"
    ),
    "/desk/payouts": Sample(Role.TOWN_REVIEWER),
    "/desk/payouts/shares": Sample(Role.FINANCE),
    "/desk/payouts/terms": Sample(Role.DIRECTOR),
    "/desk/ties": Sample(Role.TOWN_REVIEWER),
    "/desk/payouts/payees": Sample(Role.TOWN_REVIEWER),
    "/desk/payouts/{id}": Sample(Role.EDITOR, "SELECT id FROM payout WHERE $1::bigint > 0 ORDER BY id LIMIT 1"),
    "/desk/payouts/files/{id}": Sample(
        Role.CASHIER, "SELECT id FROM payout_file WHERE $1::bigint > 0 ORDER BY id LIMIT 1"
    ),
    "/desk/payouts/transfers": Sample(Role.CASHIER),
    "/desk/payouts/new": Sample(Role.TOWN_REVIEWER),
    "/desk/words": Sample(Role.EDITOR),
    "/desk/kin": Sample(Role.SUPERVISOR),
    "/desk/urgent": Sample(Role.TOWN_REVIEWER),
    "/desk/urgent/new": Sample(Role.TOWN_REVIEWER),
    "/desk/urgent/{id}": Sample(
        Role.EDITOR, "SELECT payout_id AS id FROM urgent_case WHERE $1::bigint > 0 ORDER BY id DESC LIMIT 1"
    ),
    "/desk/finance/receipts": Sample(Role.FINANCE),
    "/desk/finance/receipts/issued": Sample(Role.FINANCE),
    "/desk/finance/receipts/{id}": Sample(
        Role.FINANCE, "SELECT id FROM receipt_request WHERE status = 'waiting' AND $1::bigint > 0 ORDER BY id LIMIT 1"
    ),
    "/desk/finance/entries": Sample(Role.FINANCE),
    "/desk/finance/trial-balance": Sample(Role.FINANCE),
    "/desk/finance/entries/{id}": Sample(
        Role.FINANCE, "SELECT id FROM ledger_entry WHERE $1::bigint > 0 ORDER BY id LIMIT 1"
    ),
    "/desk/finance/refunds": Sample(Role.FINANCE),
    "/desk/finance/large-gifts": Sample(Role.FINANCE),
    "/desk/finance/refunds/new": Sample(Role.FINANCE),
    "/desk/finance/refunds/terms": Sample(Role.FINANCE),
    "/desk/finance/refunds/{id}": Sample(
        Role.FINANCE, "SELECT id FROM refund WHERE $1::bigint > 0 ORDER BY id LIMIT 1"
    ),
    "/desk/finance/reconciliation": Sample(Role.FINANCE),
    "/desk/finance/reconciliation/{day}": Sample(
        Role.BOOKKEEPER, "SELECT day FROM bill_day WHERE status = 'different' AND $1::bigint > 0 LIMIT 1"
    ),
    "/desk/finance/bank": Sample(Role.BOOKKEEPER),
    "/desk/finance/bank/{id}": Sample(
        Role.CASHIER, "SELECT id FROM bank_statement WHERE $1::bigint > 0 ORDER BY id LIMIT 1"
    ),
    "/desk/finance/months": Sample(Role.BOOKKEEPER),
    "/desk/lists": Sample(Role.TOWN_REVIEWER),
    "/desk/doubts": Sample(Role.TOWN_REVIEWER),
    "/desk/overdue": Sample(Role.SUPERVISOR),
    "/desk/staff": Sample(Role.ADMIN),
    "/desk/staff/invite": Sample(Role.ADMIN),
    "/desk/staff/{id}": Sample(Role.ADMIN, AN_EDITOR),
    "/desk/staff/{id}/role": Sample(Role.ADMIN, AN_EDITOR),
    "/desk/imports": Sample(Role.ADMIN),
    "/desk/imports/{id}": Sample(Role.ADMIN, "SELECT id FROM import_batch WHERE $1::bigint > 0 ORDER BY id LIMIT 1"),
    "/desk/finance/costs": Sample(Role.BOOKKEEPER),
    "/desk/finance/watch-list": Sample(Role.FINANCE),
    "/desk/merchant-keys": Sample(Role.ADMIN),
    "/desk/jobs": Sample(Role.ADMIN),
}

WALKED = {
    "/sign-in/code",
    "/register/name",
    "/invitations/{token}",
    "/desk/staff/invite-donor",
    "/staff/invitations/{token}",
    "/field/wishes/{id}/edit/{step}",
    "/field/wishes/{id}/check",
    "/me/claims/{id}/take-back",
    "/list/check",
    "/list/open",
    "/list/doubt",
    "/list/{token}",
    "/certificates/{token}",
}
"""Pages that only a walk, or another legal mode, can reach; the journeys in a browser look at them with axe."""


async def address_of(site: DemoSite, path: str, sample: Sample, account_id: int) -> str:
    """The path with a real id in it."""
    if "{" not in path:
        return path + sample.query
    found = await site.rows(sample.find, account_id)
    assert found, f"the demo city has no row for {path}"
    return path.format(**found[0]) + sample.query


async def tab_for(browser: Browser, site: DemoSite, mode: str, token: str | None) -> BrowserContext:
    context = await browser.new_context(viewport={"width": WIDTHS[mode], "height": 844}, locale="zh-CN")
    cookies = {"cishan_mode": mode, **({SESSION_COOKIE: token} if token else {})}
    await context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in cookies.items()])
    return context


async def look_at(page: Page, address: str) -> list[str]:
    """What is wrong with a page: its status, size, width, console and what axe finds."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    page.on("console", hear)
    answer = await page.goto(address)
    page.remove_listener("console", hear)
    if answer is None or answer.status != 200:
        return [f"{address}: status {answer.status if answer else 'none'}"]
    if len(await answer.body()) > PAGE_LIMIT_BYTES:
        complaints.append("larger than 60 kB")
    if await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        complaints.append("wider than the screen")
    complaints += [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in await violations_on(page)]
    return [f"{address}: {complaint}" for complaint in complaints]


async def complaints_of_all(browser: Browser, site: DemoSite, mode: str) -> list[str]:
    """What is wrong with any page of SAMPLES in this mode, each seen by the role it is for."""
    complaints: list[str] = []
    for role in {sample.role for sample in SAMPLES.values()}:
        token = await site.token_of(role) if role else None
        account_id = await site.account_of(token_hash(token)) if token else 0
        context = await tab_for(browser, site, mode, token)
        page = await context.new_page()
        for path, sample in SAMPLES.items():
            if sample.role is role:
                complaints += await look_at(page, site.url + await address_of(site, path, sample, account_id))
        await context.close()
    return complaints

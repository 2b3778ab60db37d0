"""The site as its pages show it: whose it is, what certificate it has, how it may raise money."""

from dataclasses import dataclass

from cishan.charities.states import LegalMode
from cishan.database import rows

SITE = """
SELECT c.id, c.name, c.uscc, c.division_code, c.legal_mode, c.contact_phone, c.report_phone, c.address, c.platform_url,
       c.bank_name, c.bank_number,
       (SELECT number FROM certificate t WHERE t.charity_id = c.id AND t.kind = 'public_fundraising'
         ORDER BY valid_from DESC LIMIT 1) AS certificate_no,
       f.id AS fund_id, f.name AS fund_name, f.filing_number, f.purpose
  FROM charity c LEFT JOIN fund f ON f.charity_id = c.id AND f.kind = 'wish'
 ORDER BY c.id LIMIT 1
"""


@dataclass(frozen=True)
class Site:
    """One deployment serves one charity (R-1, R-5)."""

    charity_id: int
    name: str
    uscc: str
    division_code: str
    legal_mode: LegalMode
    contact_phone: str
    report_phone: str
    address: str
    platform_url: str
    certificate_no: str
    fund_id: int
    fund_name: str
    filing_number: str
    purpose: str
    bank_name: str
    bank_number: str


async def load_site() -> Site | None:
    """The charity of this deployment; None before `cishan setup` or `cishan demo` has made one."""
    found = await rows(SITE)
    if not found:
        return None
    row = found[0]
    return Site(
        charity_id=row["id"],
        name=row["name"],
        uscc=row["uscc"],
        division_code=row["division_code"],
        legal_mode=LegalMode(row["legal_mode"]),
        contact_phone=row["contact_phone"],
        report_phone=row["report_phone"],
        address=row["address"],
        platform_url=row["platform_url"] or "",
        certificate_no=row["certificate_no"] or "",
        fund_id=row["fund_id"] or 0,
        fund_name=row["fund_name"] or "",
        filing_number=row["filing_number"] or "",
        purpose=row["purpose"] or "",
        bank_name=row["bank_name"],
        bank_number=row["bank_number"],
    )

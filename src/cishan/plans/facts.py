"""What a plan is held against: the charity's certificates, the leader's post, the dated figures."""

from datetime import date, datetime

from cishan.accounts.states import Role
from cishan.charities.states import LegalMode
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.plans.plan import DEFAULT_TERMS, Certificate, Facts, Terms

FULL_TIME = (Role.EDITOR, Role.FINANCE, Role.BOOKKEEPER, Role.CASHIER, Role.DIRECTOR)
"""Posts at the charity itself; coordinators, town reviewers and supervisors work for others."""

CHARITY = """
SELECT c.name, c.legal_mode, c.division_code, c.designation_number, t.valid_from, t.valid_to,
       EXISTS (SELECT FROM role_grant g JOIN account a ON a.id = g.account_id AND a.disabled_at IS NULL
                WHERE g.account_id = $2 AND g.ended_at IS NULL AND g.role = ANY($3)) AS leader_is_staff
  FROM charity c
  LEFT JOIN LATERAL (SELECT valid_from, valid_to FROM certificate
                      WHERE charity_id = c.id AND kind = 'public_fundraising' ORDER BY valid_from DESC LIMIT 1) t ON true
 WHERE c.id = $1
"""
TERMS = """
SELECT notice_days, longest_years, longest_emergency_years, emergency_filing_days, amendment_days, capacity_fen,
       cost_permille
  FROM project_terms WHERE charity_id = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1
"""


async def facts_for(charity_id: int, leader_id: int | None, *, now: datetime) -> Facts:
    row = (await rows(CHARITY, charity_id, leader_id, [role.value for role in FULL_TIME]))[0]
    certificate = Certificate(row["valid_from"], row["valid_to"]) if row["valid_from"] else None
    return Facts(
        mode=LegalMode(row["legal_mode"]),
        charity_name=row["name"],
        division_code=row["division_code"],
        certificate=certificate,
        designation_number=row["designation_number"] or "",
        leader_is_staff=row["leader_is_staff"],
        today=beijing_day(now),
    )


async def terms_on(charity_id: int, day: date) -> Terms:
    """The figures in force on a day in China; the defaults when the charity has set none."""
    found = await rows(TERMS, charity_id, day)
    return Terms(**found[0]) if found else DEFAULT_TERMS

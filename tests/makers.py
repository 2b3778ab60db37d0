"""Makes what a test needs through the product's own actions, so that no test stands on a state that can't exist."""

from datetime import date, datetime

from cishan.charities.actions import CharityFacts, set_up_charity
from cishan.charities.models import Charity
from cishan.charities.states import LegalMode
from cishan.divisions.actions import load_divisions

COUNTY = "371402000000"
TOWN = "371402001000"
VILLAGE = "371402001001"
OTHER_TOWN = "371402002000"
OTHER_VILLAGE = "371402002001"
OTHER_COUNTY_VILLAGE = "371403001001"
CITY = "371400000000"
"""Real codes of 德州: 德城区 and its first street offices."""


def charity_facts(legal_mode: LegalMode = LegalMode.OWN_SITE) -> CharityFacts:
    """The charity of the tests; its unified code has a true check digit."""
    return CharityFacts(
        name="德州市慈善总会",
        uscc="53371400MJE0000011",
        division_code=CITY,
        legal_mode=legal_mode,
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


async def make_charity(*, now: datetime, legal_mode: LegalMode = LegalMode.OWN_SITE) -> Charity:
    await load_divisions(COUNTY)
    return await set_up_charity(charity_facts(legal_mode), now=now)

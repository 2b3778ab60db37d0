"""All promises, in the order in which they are shown."""

from cishan.verify.bank import BANK_CHECKS
from cishan.verify.chain import CHAIN_CHECKS
from cishan.verify.disclosures import DISCLOSURE_CHECKS
from cishan.verify.donations import DONATION_CHECKS
from cishan.verify.money import MONEY_CHECKS
from cishan.verify.payouts import PAYOUT_CHECKS
from cishan.verify.people import PEOPLE_CHECKS
from cishan.verify.projects import PROJECT_CHECKS
from cishan.verify.receipts import RECEIPT_CHECKS
from cishan.verify.reconciliation import RECONCILIATION_CHECKS
from cishan.verify.refunds import REFUND_CHECKS
from cishan.verify.tracing import TRACE_CHECKS
from cishan.verify.urgent import URGENT_CHECKS
from cishan.verify.vigilance import VIGILANCE_CHECKS
from cishan.verify.wishes import WISH_CHECKS

CHECKS = (
    *MONEY_CHECKS,
    *REFUND_CHECKS,
    *TRACE_CHECKS,
    *DONATION_CHECKS,
    *VIGILANCE_CHECKS,
    *PAYOUT_CHECKS,
    *URGENT_CHECKS,
    *RECEIPT_CHECKS,
    *CHAIN_CHECKS,
    *RECONCILIATION_CHECKS,
    *BANK_CHECKS,
    *PROJECT_CHECKS,
    *DISCLOSURE_CHECKS,
    *WISH_CHECKS,
    *PEOPLE_CHECKS,
)

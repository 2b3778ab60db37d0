"""Who a person is to the system."""

from enum import StrEnum


class AccountKind(StrEnum):
    """One phone may hold one account of each kind; staff never give from their staff account."""

    DONOR = "donor"
    STAFF = "staff"


class Role(StrEnum):
    DONOR = "donor"
    ORGANISATION = "organisation"
    COORDINATOR = "coordinator"
    TOWN_REVIEWER = "town_reviewer"
    EDITOR = "editor"
    FINANCE = "finance"
    """Approves: advances, purchases over their price, what is written off, the close of a month (R-18)."""
    BOOKKEEPER = "bookkeeper"
    """Keeps the books: compares them with the bills, codes the bank's lines, proposes the close."""
    CASHIER = "cashier"
    """Handles money and never the books: brings the bank's statements."""
    DIRECTOR = "director"
    """The charity's legal representative: signs the internal decision on a project (募捐办法 art. 15)."""
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


STAFF_ROLES = frozenset(Role) - {Role.DONOR, Role.ORGANISATION}


class CodePurpose(StrEnum):
    REGISTER = "register"
    SIGN_IN = "sign_in"


class Standing(StrEnum):
    """How a staff member stands: it follows from the account and its last grant, and is stored nowhere."""

    WORKING = "working"
    ENDED = "ended"
    DISABLED = "disabled"

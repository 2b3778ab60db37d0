"""What a route asks of the person who comes: a permission, and the roles that hold it.

Object access is decided again where the object is got: `wish_visible_to(viewer, id)`; a stranger sees 404.
"""

from enum import StrEnum

from cishan.accounts.states import STAFF_ROLES, Role
from cishan.accounts.viewer import Viewer
from cishan.errors import Forbidden

DONORS = frozenset({Role.DONOR, Role.ORGANISATION})


class Permission(StrEnum):
    OPEN = "open"
    """Anyone, in every legal mode: sign-in, legal notices, gateway notices, a household's list behind its own key."""
    READ_WALL = "read_wall"
    """Anyone in mode (a) and (c); in mode (b) only people who signed in (慈善法 arts 29-30)."""
    SIGNED_IN = "signed_in"
    GIVE = "give"
    FILE_WISH = "file_wish"
    REVIEW = "review"
    PUBLISH = "publish"
    MANAGE_MONEY = "manage_money"
    """Approves: what goes out, what is written off, the close of a month. Never keeps the books (R-18)."""
    KEEP_BOOKS = "keep_books"
    """Says what a difference or a bank movement is, and proposes to close a month."""
    HANDLE_CASH = "handle_cash"
    """Brings the bank's statements."""
    SEE_MONEY = "see_money"
    SEE_PROJECTS = "see_projects"
    MANAGE_PROJECTS = "manage_projects"
    """Drafts charity projects, files them, writes about them."""
    DECIDE_PROJECTS = "decide_projects"
    """Signs the internal decision (募捐办法 art. 15); never drafts."""
    DISCLOSE = "disclose"
    """Drafts what has to be published, or publishes what another has drafted."""
    DELIVER = "deliver"
    CHECK_FULFILMENT = "check_fulfilment"
    ISSUE_LISTS = "issue_lists"
    SUPERVISE = "supervise"
    RESOLVE = "resolve"
    """Decides what becomes of a claim that is stuck: another buyer, or its end."""
    SEE_PAYOUTS = "see_payouts"
    APPLY_PAYOUT = "apply_payout"
    APPROVE_PAYOUT = "approve_payout"
    DECLARE_TIES = "declare_ties"
    """Everybody who may have a hand in help for a family (R-11)."""
    STOP_PAYOUT = "stop_payout"
    """Whoever approves or pays: approved help that must not be paid after all."""
    SEE_URGENT = "see_urgent"
    DECIDE_URGENT = "decide_urgent"
    """Votes on urgent help of a place: its town, or the federation."""
    PAY_OUT = "pay_out"
    """Takes the file of approved help to the bank and brings back what became of it."""
    VISIT = "visit"
    UNMASK = "unmask"
    IMPORT = "import"
    ADMINISTER = "administer"
    GRANT_MINOR = "grant_minor"
    STAFF = "staff"
    DEMO_ONLY = "demo_only"


HOLDERS: dict[Permission, frozenset[Role]] = {
    Permission.SIGNED_IN: frozenset(Role),
    Permission.GIVE: DONORS,
    Permission.FILE_WISH: frozenset({Role.COORDINATOR}),
    Permission.REVIEW: frozenset({Role.TOWN_REVIEWER}),
    Permission.PUBLISH: frozenset({Role.EDITOR}),
    Permission.MANAGE_MONEY: frozenset({Role.FINANCE}),
    Permission.KEEP_BOOKS: frozenset({Role.BOOKKEEPER}),
    Permission.HANDLE_CASH: frozenset({Role.CASHIER}),
    Permission.SEE_MONEY: frozenset({Role.FINANCE, Role.BOOKKEEPER, Role.CASHIER}),
    Permission.SEE_PROJECTS: frozenset({Role.EDITOR, Role.DIRECTOR}),
    Permission.MANAGE_PROJECTS: frozenset({Role.EDITOR}),
    Permission.DECIDE_PROJECTS: frozenset({Role.DIRECTOR}),
    Permission.DISCLOSE: frozenset({Role.EDITOR, Role.FINANCE}),
    Permission.DELIVER: frozenset({Role.COORDINATOR}),
    Permission.CHECK_FULFILMENT: frozenset({Role.COORDINATOR, Role.TOWN_REVIEWER, Role.SUPERVISOR}),
    Permission.ISSUE_LISTS: frozenset({Role.COORDINATOR, Role.TOWN_REVIEWER}),
    Permission.SUPERVISE: frozenset({Role.SUPERVISOR, Role.EDITOR, Role.TOWN_REVIEWER}),
    Permission.RESOLVE: frozenset({Role.EDITOR, Role.TOWN_REVIEWER}),
    Permission.SEE_PAYOUTS: frozenset({Role.TOWN_REVIEWER, Role.EDITOR, Role.FINANCE, Role.CASHIER, Role.DIRECTOR}),
    Permission.APPLY_PAYOUT: frozenset({Role.TOWN_REVIEWER, Role.EDITOR}),
    Permission.APPROVE_PAYOUT: frozenset({Role.EDITOR, Role.FINANCE, Role.DIRECTOR}),
    Permission.DECLARE_TIES: frozenset(
        {Role.COORDINATOR, Role.TOWN_REVIEWER, Role.EDITOR, Role.FINANCE, Role.CASHIER, Role.DIRECTOR}
    ),
    Permission.STOP_PAYOUT: frozenset({Role.EDITOR, Role.FINANCE, Role.CASHIER, Role.DIRECTOR}),
    Permission.SEE_URGENT: frozenset(
        {Role.COORDINATOR, Role.TOWN_REVIEWER, Role.EDITOR, Role.FINANCE, Role.SUPERVISOR}
    ),
    Permission.DECIDE_URGENT: frozenset({Role.TOWN_REVIEWER, Role.EDITOR, Role.FINANCE}),
    Permission.PAY_OUT: frozenset({Role.CASHIER}),
    Permission.VISIT: frozenset({Role.COORDINATOR, Role.TOWN_REVIEWER}),
    Permission.UNMASK: frozenset({Role.COORDINATOR, Role.TOWN_REVIEWER}),
    Permission.IMPORT: frozenset({Role.ADMIN}),
    Permission.ADMINISTER: frozenset({Role.ADMIN}),
    Permission.GRANT_MINOR: frozenset({Role.SUPERVISOR}),
    Permission.STAFF: STAFF_ROLES,
}
"""Roles that hold each permission; OPEN, READ_WALL and DEMO_ONLY do not depend on a role alone."""


def holds(role: Role, permission: Permission) -> bool:
    return role in HOLDERS.get(permission, frozenset())


def must(actor: Viewer, permission: Permission) -> None:
    """Raises Forbidden for a role that may not."""
    if not holds(actor.role, permission):
        raise Forbidden

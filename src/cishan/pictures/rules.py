"""Whom of staff a picture concerns, by what it is for. Outside staff `queries.py` decides by what has been cleared."""

from cishan.accounts.states import Role
from cishan.pictures.models import PictureUse

SEEN_BY: dict[PictureUse, frozenset[Role]] = {
    PictureUse.WISH: frozenset({Role.COORDINATOR, Role.TOWN_REVIEWER, Role.EDITOR}),
    PictureUse.VOUCHER: frozenset({Role.COORDINATOR, Role.TOWN_REVIEWER, Role.FINANCE}),
    PictureUse.HANDOVER: frozenset({Role.COORDINATOR, Role.TOWN_REVIEWER, Role.EDITOR, Role.SUPERVISOR}),
    PictureUse.PROJECT: frozenset({Role.EDITOR, Role.DIRECTOR}),
    PictureUse.SLIP: frozenset({Role.COORDINATOR, Role.TOWN_REVIEWER, Role.SUPERVISOR}),
}
"""Those who take it, judge it or check by it. A slip is signed with a name: the federation's desks need none."""


def concerns(use: PictureUse, role: Role) -> bool:
    """Whether someone of staff with this role sees a picture of their place before anyone has cleared it."""
    return role in SEEN_BY[use]

"""Who may see a picture."""

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.pictures.models import PictureUse
from cishan.pictures.rules import concerns

PICTURE = "SELECT id, use, sha256, division_code, cleared_at FROM picture WHERE id = $1"
ON_A_PUBLIC_WISH = """
SELECT 1 FROM wish WHERE picture_id = $1 AND status IN ('published', 'claimed', 'fulfilled') LIMIT 1
"""
OF_A_PUBLIC_UPDATE = """
SELECT 1 FROM project_update u JOIN project p ON p.id = u.project_id
 WHERE u.picture_id = $1 AND u.published AND p.status IN ('open', 'closed', 'settled') LIMIT 1
"""
STILL_AGREED = """
NOT EXISTS (SELECT FROM consent s WHERE s.household_id = w.household_id AND s.purpose = 'publish_picture'
             GROUP BY s.household_id HAVING bool_and(s.withdrawn_at IS NOT NULL))
"""
"""Of a wish `w`: its family has not taken back that a hand-over picture may be shown (R-21)."""
OF_THEIR_CLAIM = f"""
SELECT 1 FROM fulfilment d JOIN claim c ON c.id = d.claim_id JOIN wish w ON w.id = c.wish_id
 WHERE d.picture_id = $1 AND c.donor_id = $2 AND {STILL_AGREED} LIMIT 1
"""  # noqa: S608 - a constant


async def picture_visible_to(viewer: Viewer | None, picture_id: int) -> JsonRow:
    """The picture's row for someone who may see it; for everyone else it is not there.

    Staff see what lies in their place and concerns their role. Anyone sees a cleared picture of a wish that is on the wall and of a project's update that is published; a donor besides the
    cleared picture of their own wish's hand-over; nobody outside ever sees a receipt or a signed slip.
    """
    found = await rows(PICTURE, picture_id)
    if not found:
        raise NotFound
    picture = found[0]
    if viewer is not None and viewer.covers(picture["division_code"]) and concerns(picture["use"], viewer.role):
        return picture
    if picture["cleared_at"] is None or not await _shown_outside(viewer, picture):
        raise NotFound
    return picture


async def _shown_outside(viewer: Viewer | None, picture: JsonRow) -> bool:
    if picture["use"] == PictureUse.WISH:
        return bool(await rows(ON_A_PUBLIC_WISH, picture["id"]))
    if picture["use"] == PictureUse.PROJECT:
        return bool(await rows(OF_A_PUBLIC_UPDATE, picture["id"]))
    if picture["use"] == PictureUse.HANDOVER and viewer is not None:
        return bool(await rows(OF_THEIR_CLAIM, picture["id"], viewer.account_id))
    return False

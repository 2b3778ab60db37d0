"""Pictures that a phone might take: every one different, since the same picture twice is refused (R-30)."""

import io
from random import Random

from PIL import Image

from cishan.accounts.viewer import Viewer
from cishan.pictures.actions import store_picture
from cishan.pictures.models import PictureUse
from cishan.simulate.world import World

SIDE_PIXELS = 48


async def take_photo(world: World, use: PictureUse, place: str, *, actor: Viewer, rng: Random) -> int:
    """Uploads a new picture by the product's own way and returns its id."""
    picture = await store_picture(
        _jpeg(rng),
        use=use,
        division_code=place,
        actor=actor,
        settings=world.settings,
        now=world.clock.now(),
    )
    picture_id: int = picture.id
    return picture_id


def _jpeg(rng: Random) -> bytes:
    image = Image.frombytes("RGB", (SIDE_PIXELS, SIDE_PIXELS), rng.randbytes(SIDE_PIXELS * SIDE_PIXELS * 3))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=60)
    return written.getvalue()

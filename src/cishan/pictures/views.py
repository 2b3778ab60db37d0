"""Serves a picture, as the one type it can be."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from cishan.pictures.files import path_of
from cishan.pictures.queries import picture_visible_to
from cishan.web import path_id, services_of, viewer_or_none

SECONDS_KEPT = 60
"""A browser keeps a picture a minute at most: consent may be withdrawn, and then it is gone as soon (R-21)."""


async def show_picture(request: Request) -> Response:
    picture = await picture_visible_to(viewer_or_none(request), path_id(request))
    path = path_of(services_of(request).settings, picture["sha256"])
    return Response(
        await asyncio.to_thread(path.read_bytes),
        media_type="image/webp",
        headers={
            "Cache-Control": f"private, max-age={SECONDS_KEPT}",
            "Content-Disposition": 'inline; filename="picture.webp"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )

"""Links as QR codes, for paper."""

import io

import segno


def qr_svg(link: str) -> str:
    """The link as a QR code. A fixed mask spares the search for the best one, which costs five times the rest."""
    picture = io.BytesIO()
    segno.make(link, mask=3, error="m", boost_error=False, micro=False).save(
        picture, kind="svg", xmldecl=False, border=2
    )
    return picture.getvalue().decode()

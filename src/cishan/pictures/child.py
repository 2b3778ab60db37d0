"""A process that does nothing but turn pictures from outside into clean ones, inside limits of its own.

A decoder is the likeliest thing to break on a hostile file, so it runs where it can break: no files, no network needed, a
bounded address space. Run as `python -m cishan.pictures.child`; it reads a length and a picture from its input,
answers with one letter, two sizes, a length and the new picture, and ends when its input ends.
"""

import io
import resource
import sys
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from cishan.pictures.wire import ANSWER, BROKEN, GOOD, REQUEST, TOO_MANY_PIXELS, WRONG_TYPE

ADDRESS_SPACE_BYTES = 640 * 1024 * 1024
MOST_PIXELS = 25_000_000
MOST_SIDE = 16_000
LONGEST_SIDE = 1_600
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 80
WHITE = (255, 255, 255)


class _TooManyPixels(Exception):
    """The header claims more than we decode; raised before anything is decoded."""


def main() -> None:
    set_limits()
    serve(sys.stdin.buffer, sys.stdout.buffer)


def set_limits() -> None:
    """Address space bounded, no file can be written, no core is dumped."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    while head := asked.read(REQUEST.size):
        (length,) = REQUEST.unpack(head)
        verdict, width, height, clean = judge(asked.read(length))
        answers.write(ANSWER.pack(verdict, width, height, len(clean)) + clean)
        answers.flush()


def judge(data: bytes) -> tuple[bytes, int, int, bytes]:
    """The letter of the verdict, and for a good picture its new width, height and bytes."""
    try:
        return (GOOD, *reencode(data))
    except UnidentifiedImageError:
        return WRONG_TYPE, 0, 0, b""
    except (_TooManyPixels, Image.DecompressionBombError):
        return TOO_MANY_PIXELS, 0, 0, b""
    except Exception:
        # Whatever a decoder can raise: the file is not a picture we can show, and that is all anyone needs to know.
        return BROKEN, 0, 0, b""


def reencode(data: bytes) -> tuple[int, int, bytes]:
    """Upright, at most LONGEST_SIDE long, first frame only, as WebP without EXIF, profile or comment."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS or max(opened.size) > MOST_SIDE:
            raise _TooManyPixels
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        opened.load()
        upright = ImageOps.exif_transpose(opened)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        plain = _on_white(upright)
    output = io.BytesIO()
    plain.save(output, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return plain.width, plain.height, output.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    """Without transparency, and without anything the file said about itself."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        see_through = image.convert("RGBA")
        plain = Image.new("RGB", see_through.size, WHITE)
        plain.paste(see_through, mask=see_through.getchannel("A"))
        return plain
    plain = image.convert("RGB")
    plain.info = {}
    return plain


if __name__ == "__main__":
    main()

"""Pictures from outside: honest ones, and those made to break a decoder."""

import io
import struct
import zlib

from PIL import Image
from PIL.ExifTags import Base

GPS_TAG = 0x8825


def jpeg(size: tuple[int, int] = (640, 480), *, orientation: int = 1, gps: bool = False) -> bytes:
    """A photograph as a phone makes it, red on its left half."""
    image = Image.new("RGB", size, "navy")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Make] = "SecretPhone"
    if gps:
        exif.get_ifd(GPS_TAG)[2] = (37.0, 26.0, 12.0)
    output = io.BytesIO()
    image.save(output, "JPEG", exif=exif, comment=b"taken at home")
    return output.getvalue()


def png(size: tuple[int, int] = (64, 48), mode: str = "RGBA") -> bytes:
    output = io.BytesIO()
    Image.new(mode, size).save(output, "PNG")
    return output.getvalue()


def png_claiming(width: int, height: int, rows: int | None = None) -> bytes:
    """A one-bit PNG that claims a size, and carries `rows` rows of zeros for it: 176 Mpx fit in some 20 kB."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    row = bytes(1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def animated_png(frames: int) -> bytes:
    images = [Image.new("RGB", (32, 32), (number % 255, number // 255, 7)) for number in range(frames)]
    output = io.BytesIO()
    images[0].save(output, "PNG", save_all=True, append_images=images[1:])
    return output.getvalue()


def gif() -> bytes:
    output = io.BytesIO()
    Image.new("P", (32, 32)).save(output, "GIF")
    return output.getvalue()


def text_bomb() -> bytes:
    """A small PNG whose compressed text grows to 200 MB."""
    bomb = b"Comment\x00\x00" + zlib.compress(b"a" * 200_000_000, 9)
    plain = png()
    end = plain.index(b"IDAT") - 4
    return plain[:end] + _chunk(b"zTXt", bomb) + plain[end:]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML_FIRST = b"<html><script>alert(1)</script></html>" + jpeg()
HTML_LAST = jpeg() + b"<html><script>alert(1)</script></html>"


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

"""Pictures for the demo, drawn by hand of the program: a receipt, a signed slip, a thing that has arrived."""

import io
import random

from PIL import Image, ImageDraw

SIZE = (640, 480)
PAPER, INK, FAINT = (252, 250, 244), (60, 56, 50), (190, 182, 170)
BLANKET_COLOURS = ((226, 120, 84), (104, 150, 196), (134, 168, 108), (206, 164, 82))


def receipt(number: int, spent_fen: int) -> bytes:
    """A shop's receipt: only numbers, so that it needs no font."""
    image, draw = _sheet(PAPER)
    draw.text((240, 40), f"No. {number:06d}", fill=INK, font_size=28)
    for line in range(4):
        y = 120 + line * 50
        draw.line((120, y, 400 - line * 30, y), fill=FAINT, width=10)
        draw.line((460, y, 520, y), fill=FAINT, width=10)
    draw.text((330, 350), f"CNY {spent_fen / 100:.2f}", fill=INK, font_size=34)
    return _png(image)


def slip(number: int) -> bytes:
    """A hand-over slip with a signature."""
    image, draw = _sheet(PAPER)
    draw.rectangle((60, 50, 580, 430), outline=FAINT, width=4)
    for line in range(3):
        draw.line((110, 130 + line * 60, 530, 130 + line * 60), fill=FAINT, width=6)
    pen = random.Random(number)
    points = [(330 + step * 14, 360 + pen.randint(-30, 30)) for step in range(14)]
    draw.line(points, fill=INK, width=5, joint="curve")
    return _png(image)


def arrived(number: int) -> bytes:
    """Something new, standing in a room."""
    colour = BLANKET_COLOURS[number % len(BLANKET_COLOURS)]
    image, draw = _sheet((238, 232, 222))
    draw.rectangle((0, 340, 640, 480), fill=(206, 190, 168))
    shift = number * 7 % 90
    draw.rounded_rectangle((170 + shift, 190, 440 + shift, 380), radius=24, fill=colour, outline=INK, width=4)
    draw.line((170 + shift, 250, 440 + shift, 250), fill=INK, width=3)
    draw.ellipse((60, 60, 130, 130), fill=(250, 214, 120))
    return _png(image)


def _sheet(colour: tuple[int, int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", SIZE, colour)
    return image, ImageDraw.Draw(image)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()

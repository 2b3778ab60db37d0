"""Hostile pictures are refused with a sentence, honest ones come out clean, and the web process hardly grows (D2, D3)."""

import io
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable

import psutil
import pytest
from PIL import Image

import picture_corpus as corpus
from cishan.errors import InvalidInput
from cishan.pictures.encoder import FIELD, MOST_BYTES, TOO_BIG, PictureEncoder

MOST_GROWTH_BYTES = 40 * 1024 * 1024


@pytest.fixture(scope="module")
async def encoder() -> AsyncIterator[PictureEncoder]:
    found = PictureEncoder()
    yield found
    await found.close()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "176 Mpx in one bit": lambda: corpus.png_claiming(13_300, 13_300),
    "64k x 64k": lambda: corpus.png_claiming(65_535, 65_535, rows=10),
    "one long line": lambda: corpus.png_claiming(200_000, 1),
    "a text that grows to 200 MB": corpus.text_bomb,
    "truncated JPEG": lambda: corpus.jpeg()[:-2_000],
    "truncated PNG": lambda: corpus.png()[:60],
    "SVG": lambda: corpus.SVG,
    "HTML before a JPEG": lambda: corpus.HTML_FIRST,
    "GIF": corpus.gif,
    "nothing": lambda: b"",
    "noise": lambda: os.urandom(50_000),
    "half a JPEG head": lambda: b"\xff\xd8\xff\xe0" + os.urandom(2_000),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_picture_is_refused_with_a_sentence(encoder: PictureEncoder, name: str) -> None:
    before = psutil.Process().memory_info().rss
    data = HOSTILE[name]()
    with pytest.raises(InvalidInput) as refused:
        await encoder.clean(data)
    assert "重新拍" in refused.value.fields[FIELD]
    assert psutil.Process().memory_info().rss - before < MOST_GROWTH_BYTES


async def test_ten_megabytes_pass_the_door_and_one_byte_more_does_not(encoder: PictureEncoder) -> None:
    padding = bytes(MOST_BYTES - len(corpus.jpeg()))
    assert (await encoder.clean(corpus.jpeg() + padding)).width == 640
    with pytest.raises(InvalidInput) as refused:
        await encoder.clean(corpus.jpeg() + padding + b"\x00")
    assert refused.value.fields[FIELD] == TOO_BIG


async def test_what_a_picture_says_about_itself_is_gone(encoder: PictureEncoder) -> None:
    dirty = corpus.jpeg(gps=True)
    assert b"SecretPhone" in dirty
    clean = await encoder.clean(dirty)
    with Image.open(io.BytesIO(clean.data)) as image:
        assert image.format == "WEBP"
        assert not image.getexif()
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)
    assert b"SecretPhone" not in clean.data


async def test_a_picture_taken_sideways_stands_upright(encoder: PictureEncoder) -> None:
    clean = await encoder.clean(corpus.jpeg((640, 480), orientation=6))
    assert (clean.width, clean.height) == (480, 640)


async def test_a_large_picture_is_made_smaller(encoder: PictureEncoder) -> None:
    clean = await encoder.clean(corpus.jpeg((5_000, 4_000)))
    assert (clean.width, clean.height) == (1_600, 1_280)


async def test_a_header_that_promises_more_than_there_is_gives_an_ordinary_picture(encoder: PictureEncoder) -> None:
    clean = await encoder.clean(corpus.png_claiming(4_000, 4_000, rows=3))
    assert (clean.width, clean.height) == (1_600, 1_600)


async def test_only_the_first_frame_of_an_animation_is_kept(encoder: PictureEncoder) -> None:
    clean = await encoder.clean(corpus.animated_png(300))
    with Image.open(io.BytesIO(clean.data)) as image:
        assert getattr(image, "n_frames", 1) == 1


async def test_script_behind_a_picture_does_not_come_through(encoder: PictureEncoder) -> None:
    assert b"script" not in (await encoder.clean(corpus.HTML_LAST)).data


async def test_a_child_that_is_killed_is_replaced(encoder: PictureEncoder) -> None:
    await encoder.clean(corpus.png())
    first = encoder.child_pid
    assert first is not None
    psutil.Process(first).kill()
    assert (await encoder.clean(corpus.png())).width == 64
    assert encoder.child_pid != first


async def test_a_child_that_takes_too_long_is_ended() -> None:
    impatient = PictureEncoder(seconds_for_one=0.0)
    with pytest.raises(InvalidInput):
        await impatient.clean(corpus.jpeg())
    assert impatient.child_pid is None


async def test_the_child_lives_inside_its_limit(encoder: PictureEncoder) -> None:
    await encoder.clean(corpus.png())
    assert encoder.child_pid is not None
    limit, _ = psutil.Process(encoder.child_pid).rlimit(psutil.RLIMIT_AS)
    assert limit == 640 * 1024 * 1024


def test_a_web_process_loads_no_decoder() -> None:
    """Whatever is wrong with a decoder then happens in the child alone."""
    told = subprocess.run(
        [sys.executable, "-c", "import sys, cishan.app; print('PIL' in sys.modules)"], capture_output=True, text=True
    )
    assert (told.stdout.strip(), told.stderr) == ("False", "")

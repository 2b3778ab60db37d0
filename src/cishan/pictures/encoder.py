"""Hands pictures to the bounded child process, one at a time, and starts it again when one of them broke it."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass

from cishan.errors import InvalidInput
from cishan.pictures.wire import ANSWER, BROKEN, GOOD, REQUEST, TOO_MANY_PIXELS, WRONG_TYPE

MOST_BYTES = 10 * 1024 * 1024
SECONDS_FOR_ONE = 10
TRIES = 2
"""A child that has died may have died of the picture before; of this one it dies twice."""
PICTURES_PER_CHILD = 200
"""After so many a new child is started, so that no leak of a decoder's lasts."""

FIELD = "picture"
TOO_BIG = "照片太大了，最大 10 MB。请用手机重新拍一张，或者选一张小的。"
SENTENCES = {
    WRONG_TYPE: "只收 JPG、PNG 或 WebP 照片。请重新拍一张。",
    TOO_MANY_PIXELS: "照片的尺寸太大了。请用手机重新拍一张。",
    BROKEN: "这张照片打不开，可能没有传完。请重新拍一张。",
}


@dataclass(frozen=True)
class CleanPicture:
    """A picture as it may be kept: WebP, upright, without metadata."""

    width: int
    height: int
    data: bytes


class PictureEncoder:
    """A warm child. Callers wait for each other: one decoder is all the memory that uploads may take."""

    def __init__(self, seconds_for_one: float = SECONDS_FOR_ONE) -> None:
        self.seconds_for_one = seconds_for_one
        self._process: Process | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()
        self._done = 0

    @property
    def child_pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def clean(self, data: bytes) -> CleanPicture:
        """Raises InvalidInput with a sentence for anything that is not a picture we can show."""
        if len(data) > MOST_BYTES:
            raise InvalidInput({FIELD: TOO_BIG})
        async with self._lock:
            verdict, picture = await self._ask(data, tries=TRIES)
        if picture is None:
            raise InvalidInput({FIELD: SENTENCES[verdict]})
        return picture

    async def close(self) -> None:
        """Ends the child and waits for it."""
        process, self._process = self._process, None
        if process is None or self._loop is not asyncio.get_running_loop():
            return
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def _ask(self, data: bytes, tries: int) -> tuple[bytes, CleanPicture | None]:
        process = await self._running()
        try:
            async with asyncio.timeout(self.seconds_for_one):
                return await _exchange(process, data)
        except TimeoutError:
            await self.close()
            return BROKEN, None
        except (asyncio.IncompleteReadError, ConnectionError):
            await self.close()
            return await self._ask(data, tries - 1) if tries > 1 else (BROKEN, None)
        except asyncio.CancelledError:
            # Half an exchange is left in the pipes; the next picture must not meet it.
            await self.close()
            raise

    async def _running(self) -> Process:
        if self._done >= PICTURES_PER_CHILD:
            await self.close()
        alive = self._process is not None and self._process.returncode is None
        if not alive or self._loop is not asyncio.get_running_loop():
            self._process, self._loop, self._done = await _start(), asyncio.get_running_loop(), 0
        self._done += 1
        assert self._process is not None
        return self._process


async def _start() -> Process:
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cishan.pictures.child", stdin=PIPE, stdout=PIPE, env=environment
    )


async def _exchange(process: Process, data: bytes) -> tuple[bytes, CleanPicture | None]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(REQUEST.pack(len(data)) + data)
    await process.stdin.drain()
    head = await process.stdout.readexactly(ANSWER.size)
    verdict, width, height, length = ANSWER.unpack(head)
    clean = await process.stdout.readexactly(length)
    return verdict, CleanPicture(width, height, clean) if verdict == GOOD else None

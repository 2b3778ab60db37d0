"""Passwords: Argon2id in a thread, two at a time, and the rule of what may be one."""

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 64 * 1024
PASSES = 3
LANES = 4
AT_ONCE = 2
"""Each hash takes 64 MiB for a tenth of a second; more at once would let sign-in eat the machine's memory."""


class Passwords:
    """Hashes and checks passwords. Tests make one with a small `memory_kib`; everything else uses STRONG."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES, lanes: int = LANES) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
        self._limiter = CapacityLimiter(AT_ONCE)
        self._nobody = ""

    async def hash(self, password: str) -> str:
        return await to_thread.run_sync(self._hasher.hash, password, limiter=self._limiter)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether this is the password. For `stored` None it works just as long and says no."""
        if not self._nobody:
            self._nobody = await self.hash("nobody has this one")
        right = await to_thread.run_sync(self._verify, stored or self._nobody, password, limiter=self._limiter)
        return right and stored is not None

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


STRONG = Passwords()
"""The one of this process; RFC 9106's second recommendation."""

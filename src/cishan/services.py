"""What a process works with, made once in `app.py` or the worker and handed on; nothing is a global."""

from dataclasses import dataclass

from cishan.accounts.passwords import STRONG, Passwords
from cishan.clock import Clock
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.sealing import Sealer
from cishan.settings import Settings


@dataclass(frozen=True)
class Services:
    """`gateway` is None until a merchant account is set up; payment pages then say that paying is not open yet."""

    settings: Settings
    clock: Clock
    sealer: Sealer
    gateway: AlipayGateway | None
    passwords: Passwords = STRONG

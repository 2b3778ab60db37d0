"""What a sandbox is started with, and the two conditions under which it refuses to start."""

import ipaddress
from dataclasses import dataclass, field

from cishan.payments.alipay.signing import load_private_key, load_public_keys, public_key_pem
from cishan.payments.alipay.terms import Merchant
from cishan.payments.sandbox.faults import NO_FAULTS, Fault


class SandboxRefused(ValueError):
    """The sandbox will not start like this; the text says why, for the person who started it."""


@dataclass(frozen=True)
class Application:
    """A merchant's application as the sandbox knows it. `name` is the payee shown at the cashier."""

    app_id: str
    seller_id: str
    public_key_pem: str
    name: str


@dataclass(frozen=True)
class SandboxSettings:
    """`port` 0 takes a free one; `database` is a file path or ":memory:".

    `clock_divisor` shortens the gaps between attempts to notify and the delay of the fault `delay`; time
    limits of trades follow the clock itself. `control` opens the endpoints under /control/, `operator` the page
    on which a person sees all trades and plays tricks on them. `fee_per_ten_thousand` is what the bill charges.
    """

    applications: tuple[Application, ...]
    private_key_pem: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    database: str = ":memory:"
    faults: frozenset[Fault] = NO_FAULTS
    control: bool = False
    operator: bool = False
    fee_per_ten_thousand: int = 0
    slow_seconds: float = 30
    clock_divisor: float = 1
    delay_seconds: float = 600
    notices_at_once: int = 8
    notice_timeout_seconds: float = 10

    def __post_init__(self) -> None:
        refuse_open_address(self.host)
        refuse_shared_keys(self.private_key_pem, self.applications)
        if self.clock_divisor <= 0 or self.notices_at_once < 1:
            raise SandboxRefused("the clock divisor is above 0 and at least one notice is sent at once")


def application_of(merchant: Merchant, name: str) -> Application:
    """Registers a merchant of ours with the sandbox: what it would have uploaded to Alipay."""
    return Application(merchant.app_id, merchant.seller_id, public_key_pem(merchant.private_key_pem), name)


def refuse_open_address(host: str) -> None:
    """A gateway that lets anybody pay with nothing must not be reachable from outside."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError as error:
        raise SandboxRefused(f"the sandbox listens on a loopback address like 127.0.0.1, not {host}") from error
    if not address.is_loopback:
        raise SandboxRefused(f"the sandbox listens on loopback only, and {host} is open to others")


def refuse_shared_keys(private_key_pem: str, applications: tuple[Application, ...]) -> None:
    """With one key pair for both sides, a mix-up of the two public keys would go unnoticed until
    production.
    """
    own = load_private_key(private_key_pem).public_key().public_numbers()
    for application in applications:
        (theirs,) = load_public_keys([application.public_key_pem])
        if theirs.public_numbers() == own:
            raise SandboxRefused(f"the sandbox and application {application.app_id} use the same key pair")

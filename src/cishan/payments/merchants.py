"""The charity's merchant account at Alipay: numbers from its row, keys from files of mode 0600."""

from pathlib import Path
from urllib.parse import urlsplit

from cishan.clock import Clock
from cishan.database import rows
from cishan.payments.alipay.gateway import AlipayGateway, Merchant
from cishan.settings import Settings

FIND = "SELECT app_id, seller_id, gateway_url FROM merchant_account WHERE active ORDER BY id LIMIT 1"


async def load_gateway(settings: Settings, clock: Clock) -> AlipayGateway | None:
    """The gateway of the active merchant account; None before one is set up."""
    found = await rows(FIND)
    if not found:
        return None
    row = found[0]
    merchant = Merchant(
        app_id=row["app_id"],
        seller_id=row["seller_id"],
        private_key_pem=private_key_file(settings, row["app_id"]).read_text(),
        alipay_public_key_pems=tuple(path.read_text() for path in public_key_files(settings, row["app_id"])),
        gateway_url=row["gateway_url"],
    )
    return AlipayGateway(merchant, clock)


def private_key_file(settings: Settings, app_id: str) -> Path:
    return settings.keys_directory / f"merchant-{app_id}.pem"


def public_key_files(settings: Settings, app_id: str) -> list[Path]:
    """Alipay's public keys; several are accepted while one replaces another."""
    return sorted(settings.keys_directory.glob(f"alipay-{app_id}*.pem"))


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

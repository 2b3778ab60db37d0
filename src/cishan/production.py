"""What a production deployment refuses to start with: whoever can forge Alipay's word could invent gifts."""

import ipaddress
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from cishan.payments.alipay.signing import load_private_key, load_public_keys
from cishan.payments.alipay.terms import Merchant
from cishan.settings import Environment, Settings

TRIAL_GATEWAYS = ("alipaydev.com",)
"""Domains of Alipay's own trial environment: money paid there is play money."""


class Unsafe(ValueError):
    """The settings would let somebody be cheated; `sentences` say which and what to do."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = tuple(sentences)


def refuse_unsafe_settings(settings: Settings) -> None:
    """Raises Unsafe for a production site that is not served by https under a public name. Others may do as they like."""
    if settings.environment is Environment.PRODUCTION:
        _refuse(wrong_settings(settings))


def refuse_unsafe_merchant(settings: Settings, merchant: Merchant) -> None:
    """Raises Unsafe for a production merchant account at a gateway, or with keys, that are not Alipay's own."""
    if settings.environment is Environment.PRODUCTION:
        _refuse([*wrong_gateway(merchant.gateway_url), *_wrong_keys(settings.keys_directory, merchant)])


def _refuse(sentences: Sequence[str]) -> None:
    if sentences:
        raise Unsafe(sentences)


def wrong_settings(settings: Settings) -> list[str]:
    """What of the settings can't be so in production, a sentence each."""
    parts = urlsplit(settings.site_url)
    wrong = []
    if parts.scheme != "https":
        wrong.append(f"网站地址要以 https:// 开头，现在是 {settings.site_url}。")
    if is_local(parts.hostname or ""):
        wrong.append(f"网站地址不能是本机地址，现在是 {settings.site_url}。")
    elif parts.hostname not in settings.trusted_hosts:
        wrong.append(f"可信域名里没有网站自己的域名 {parts.hostname}，请加到 CISHAN_TRUSTED_HOSTS。")
    return wrong


def wrong_gateway(url: str) -> Iterator[str]:
    """Why this is no gateway for real money, a sentence each."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        yield f"支付宝网关地址要以 https:// 开头，现在是 {url}。"
    if is_local(host):
        yield f"支付宝网关指向本机（{url}），那是模拟网关，正式环境不能使用。"
    if any(host == domain or host.endswith(f".{domain}") for domain in TRIAL_GATEWAYS):
        yield f"{host} 是支付宝的沙箱网关，正式环境不能使用。"


def _wrong_keys(directory: Path, merchant: Merchant) -> Iterator[str]:
    alipays = {_fingerprint(key) for key in load_public_keys(merchant.alipay_public_key_pems)}
    if _fingerprint(load_private_key(merchant.private_key_pem).public_key()) in alipays:
        yield "“支付宝公钥”填成了应用自己的公钥。请到支付宝开放平台复制“支付宝公钥”。"
        return
    for name, key in private_keys_in(directory):
        if _fingerprint(key.public_key()) in alipays:
            yield f"密钥目录里的 {name} 能冒充支付宝签名，它是模拟网关的密钥，正式环境不能使用。"


def private_keys_in(directory: Path) -> Iterator[tuple[str, RSAPrivateKey]]:
    """The private keys that lie in a directory, with their files' names."""
    for path in sorted(directory.glob("*.pem")):
        try:
            yield path.name, load_private_key(path.read_text(encoding="ascii", errors="replace"))
        except (ValueError, OSError):
            continue


def is_local(host: str) -> bool:
    """Whether a host name means this machine or a private network."""
    if host in {"", "localhost"} or host.endswith((".localhost", ".local")):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return not address.is_global


def _fingerprint(key: RSAPublicKey) -> tuple[int, int]:
    numbers = key.public_numbers()
    return numbers.n, numbers.e

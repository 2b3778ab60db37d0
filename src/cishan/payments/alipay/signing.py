"""RSA2: what exactly is signed, how, and by which keys (RSASSA-PKCS1-v1_5 with SHA-256, base64).

Loading a private key costs some 60 ms because the key is checked, so keys are loaded once at start.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SIGN_TYPE = "RSA2"
KEY_BITS = 2048

# A request is signed with its sign_type in place; a notice and a return are signed without it.
REQUEST_LEAVES_OUT = frozenset({"sign"})
NOTICE_LEAVES_OUT = frozenset({"sign", "sign_type"})

_ARMOUR = re.compile(r"-----(?:BEGIN|END) [A-Z ]+-----")


def string_to_sign(params: Mapping[str, str], leaves_out: frozenset[str] = REQUEST_LEAVES_OUT) -> str:
    """`k=v` sorted by key and joined by `&`, the values raw: neither URL-encoded nor trimmed."""
    return "&".join(f"{key}={value}" for key, value in sorted(params.items()) if key not in leaves_out)


def sign(params: Mapping[str, str], key: rsa.RSAPrivateKey, leaves_out: frozenset[str] = REQUEST_LEAVES_OUT) -> str:
    """The base64 signature of the parameters."""
    return sign_bytes(string_to_sign(params, leaves_out).encode(), key)


def sign_bytes(content: bytes, key: rsa.RSAPrivateKey) -> str:
    """The base64 signature of exactly these bytes."""
    return base64.b64encode(key.sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


def verify(content: bytes, signature: str, keys: Sequence[rsa.RSAPublicKey]) -> bool:
    """Whether one of the keys signed exactly these bytes. Alipay may rotate its key, so any of ours will do.

    The base64 must be the canonical one: otherwise one signature could be written in several ways.
    """
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    if base64.b64encode(raw).decode() != signature:
        return False
    return any(_signed_by(key, raw, content) for key in keys)


def _signed_by(key: rsa.RSAPublicKey, raw: bytes, content: bytes) -> bool:
    try:
        key.verify(raw, content, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=8)
def load_private_key(pem: str) -> rsa.RSAPrivateKey:
    """Reads a private key: PKCS#1 or PKCS#8, as PEM or as the bare base64 that Alipay's key tool prints.

    Reading tests the key's primes, which takes as long as a hundred signatures, so the few keys of a process are kept.
    """
    try:
        key = serialization.load_der_private_key(_der(pem), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("this is not a private key") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < KEY_BITS:
        raise ValueError(f"Alipay wants an RSA key of at least {KEY_BITS} bits")
    return key


def load_public_keys(pems: Iterable[str]) -> tuple[rsa.RSAPublicKey, ...]:
    """Reads Alipay's public keys, PEM or bare base64; at least one."""
    keys = tuple(_load_public_key(pem) for pem in pems)
    if not keys:
        raise ValueError("without a public key of Alipay nothing it says can be believed")
    return keys


def _load_public_key(pem: str) -> rsa.RSAPublicKey:
    try:
        key = serialization.load_der_public_key(_der(pem))
    except (ValueError, TypeError) as error:
        raise ValueError("this is not a public key") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < KEY_BITS:
        raise ValueError(f"Alipay's key is an RSA key of at least {KEY_BITS} bits")
    return key


def _der(text: str) -> bytes:
    return base64.b64decode("".join(_ARMOUR.sub("", text).split()), validate=True)


def fingerprint(key: rsa.RSAPublicKey) -> str:
    """What a key is called by: SHA-256 of its public half, in hex. Both halves of a pair have the same."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def generate_private_key_pem() -> str:
    """A fresh key for the sandbox and the demo, in PKCS#1 so that the official SDK reads it too."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def public_key_pem(private_key_pem: str) -> str:
    """The public half of a private key, as PEM."""
    return public_pem(load_private_key(private_key_pem).public_key())


def public_pem(key: rsa.RSAPublicKey) -> str:
    """A public key as PEM (SubjectPublicKeyInfo)."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

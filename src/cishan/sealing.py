"""Seals what may identify a person: AES-256-GCM with named keys, and keyed digests for looking up.

Keys live outside the database, in a file of mode 0600 (or a mounted secret): {"current": "k1", "keys": {"k1": "…"},
"index": "…"}. A sealed value is: length of key id, key id, 12-byte nonce, ciphertext. The label binds a value to its
column, so that a sealed phone can't be passed off as a name.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32
KEYS_FILE = "sealing.json"


@dataclass(frozen=True)
class Sealer:
    """Seals with the current key and opens with any it knows. One object for each process, handed to the rooms."""

    current: str
    keys: dict[str, AESGCM] = field(repr=False)
    index_key: bytes = field(repr=False)
    file: Path | None = None
    """Where the keys were read; another process may have added one since."""

    def seal(self, text: str, label: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        name = self.current.encode()
        sealed = self.keys[self.current].encrypt(nonce, text.encode(), label.encode())
        return bytes([len(name)]) + name + nonce + sealed

    def open(self, sealed: bytes, label: str) -> str:
        """Raises cryptography's InvalidTag for a changed value, KeyError for a key that was retired too early."""
        end = 1 + sealed[0]
        nonce, body = sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :]
        return self._key(self.key_of(sealed)).decrypt(nonce, body, label.encode()).decode()

    def _key(self, name: str) -> AESGCM:
        if name not in self.keys and self.file is not None:
            self.keys.update(_read_keys(json.loads(self.file.read_text())))
        return self.keys[name]

    def key_of(self, sealed: bytes) -> str:
        return sealed[1 : 1 + sealed[0]].decode()

    def digest(self, text: str, label: str) -> str:
        """A keyed digest (HMAC-SHA256, hex): equal texts give equal digests; without the key nobody can try them out."""
        return hmac.new(self.index_key, f"{label}:{text}".encode(), hashlib.sha256).hexdigest()


def load_sealer(directory: Path) -> Sealer:
    """Reads the keys file; raises FileNotFoundError when there is none, PermissionError when others may read it."""
    path = directory / KEYS_FILE
    mode = path.stat().st_mode & 0o077
    if mode:
        raise PermissionError(f"{path} must be readable by its owner alone (chmod 600)")
    stored = json.loads(path.read_text())
    index_key = base64.b64decode(stored["index"])
    return Sealer(current=stored["current"], keys=_read_keys(stored), index_key=index_key, file=path)


def _read_keys(stored: dict[str, Any]) -> dict[str, AESGCM]:
    return {name: AESGCM(base64.b64decode(value)) for name, value in stored["keys"].items()}


def create_keys(directory: Path) -> None:
    """Makes the first keys file; raises FileExistsError rather than overwrite keys that rows depend on."""
    stored: dict[str, object] = {"current": "k1", "keys": {"k1": _new_key()}, "index": _new_key()}
    _write_new(directory / KEYS_FILE, stored)


def add_key(directory: Path) -> str:
    """Adds a key and makes it current; older values stay readable until they are re-sealed. Returns its name."""
    path = directory / KEYS_FILE
    stored = json.loads(path.read_text())
    name = f"k{len(stored['keys']) + 1}"
    stored["keys"][name], stored["current"] = _new_key(), name
    temporary = path.with_suffix(".new")
    _write_new(temporary, stored)
    temporary.replace(path)
    return name


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _write_new(path: Path, stored: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(stored, file, indent=1)

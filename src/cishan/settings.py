"""One frozen object with every setting; nothing else reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path


class Environment(StrEnum):
    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


def _setting(default: object, explanation: str) -> object:
    return field(default=default, metadata={"help": explanation})


@dataclass(frozen=True)
class Settings:
    """What a deployment decides. Each field is read from the variable CISHAN_<NAME>; DATABASE_URL and PORT also count."""

    environment: Environment = _setting(
        Environment.DEMO, "demo, test or production; a deployment that says nothing is production"
    )  # type: ignore[assignment]
    database_url: str = _setting("", "the app's PostgreSQL login; it must be a member of role cishan_app")  # type: ignore[assignment]
    owner_url: str = _setting("", "the login that owns the schema and migrates; database_url when empty")  # type: ignore[assignment]
    data_directory: Path = _setting(Path("var"), "pictures, sheets, uploads and logs")  # type: ignore[assignment]
    keys_directory: Path = _setting(Path("var/keys"), "sealing keys and merchant keys, files of mode 0600")  # type: ignore[assignment]
    fonts_directory: Path = _setting(Path("var/fonts"), "extra fonts for rare characters in names")  # type: ignore[assignment]
    site_url: str = _setting("http://127.0.0.1:8000", "the address people and Alipay use, without a final slash")  # type: ignore[assignment]
    host: str = _setting("127.0.0.1", "the address the web process binds")  # type: ignore[assignment]
    port: int = _setting(8000, "the port the web process binds")  # type: ignore[assignment]
    trusted_hosts: tuple[str, ...] = _setting(("127.0.0.1", "localhost"), "Host headers that are answered")  # type: ignore[assignment]
    pool_size: int = _setting(10, "database connections of one process")  # type: ignore[assignment]
    sms_transport: str = _setting("file", "file or console; a provider's adapter is named here in production")  # type: ignore[assignment]

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def secure_cookies(self) -> bool:
        return self.site_url.startswith("https://")

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] = os.environ, *, otherwise: Environment = Environment.PRODUCTION
    ) -> "Settings":
        """Reads CISHAN_* variables; raises ValueError naming the variable that cannot be read.

        Where nothing says which environment this is, it is `otherwise`: a deployment that forgot to say so is taken
        for production, which has no demo pages and refuses play money.
        """
        values: dict[str, object] = {"environment": otherwise}
        for item in fields(cls):
            text = environ.get(f"CISHAN_{item.name.upper()}") or _plain_variable(item.name, environ)
            if text is not None:
                values[item.name] = _read(item.name, item.default, text)
        return cls(**values)  # type: ignore[arg-type]


def _plain_variable(name: str, environ: Mapping[str, str]) -> str | None:
    return environ.get({"database_url": "DATABASE_URL", "port": "PORT"}.get(name, ""))


def _read(name: str, default: object, text: str) -> object:
    try:
        if isinstance(default, Environment):
            return Environment(text)
        if isinstance(default, Path):
            return Path(text)
        if isinstance(default, int):
            return int(text)
        if isinstance(default, tuple):
            return tuple(part.strip() for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"CISHAN_{name.upper()}={text!r}: {error}") from error
    return text

"""Where a picture's bytes are: a file named by their hash."""

from pathlib import Path

from cishan.settings import Settings


def path_of(settings: Settings, sha256: str) -> Path:
    return settings.data_directory / "pictures" / f"{sha256}.webp"

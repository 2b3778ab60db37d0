"""Where a picture's bytes are: a file named by their hash."""

from pathlib import Path

from cishan.settings import Settings

STORING = 0x70_69_63_74
"""The advisory lock that storing a picture shares, and that looking for files without a row has alone."""


def directory_of(settings: Settings) -> Path:
    return settings.data_directory / "pictures"


def path_of(settings: Settings, sha256: str) -> Path:
    return directory_of(settings) / f"{sha256}.webp"

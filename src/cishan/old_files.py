"""Files that have lain in a directory of ours since before an instant, by what the disk says of them."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path


def old_files(directory: Path, before: datetime) -> list[Path]:
    """Files of a directory that were written before then, among them what a dead process left half written."""
    return [path for path in directory.iterdir() if _is_old(path, before)] if directory.is_dir() else []


def remove_old(paths: Iterable[Path], before: datetime) -> None:
    """Looks at each file's age again: the same file may have been written anew meanwhile."""
    for path in paths:
        if _is_old(path, before):
            path.unlink(missing_ok=True)


def _is_old(path: Path, before: datetime) -> bool:
    try:
        return path.is_file() and path.stat().st_mtime < before.timestamp()
    except FileNotFoundError:
        return False

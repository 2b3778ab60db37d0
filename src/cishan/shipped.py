"""Where templates, static files, migrations and data are: inside the installed package, or at the repository's root."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent.parent


def shipped(name: str) -> Path:
    """The directory or file called `name` that came with this installation; raises FileNotFoundError."""
    for base in (PACKAGE, ROOT):
        if (base / name).exists():
            return base / name
    raise FileNotFoundError(f"{name} is missing from this installation of cishan; install it again")

"""The fonts that paper is set in, and which characters none of them has.

Noto Sans SC comes with the package justmytype-intl-cjk; Debian's HanaMinB (Unicode extensions B to F) joins when it is
there, and so does any font a city puts into its fonts directory for the rarest names.
"""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

import typst
from fontTools.ttLib import TTCollection, TTFont

PACKAGE = "justmytype_intl_cjk"
PACKAGED = "fonts/ofl/notosanssc"
DEBIAN_NOTO = Path("/usr/share/fonts/opentype/noto")
DEBIAN_HANAZONO = Path("/usr/share/fonts/truetype/hanazono")
COLLECTIONS = frozenset({".ttc", ".otc"})


def load_fonts(extra: Path) -> typst.Fonts:
    """The fonts there are, and never those of the system at large; raises FileNotFoundError without a main one."""
    main = [one for one in (Path(str(files(PACKAGE))) / PACKAGED, DEBIAN_NOTO) if one.is_dir()]
    if not main:
        raise FileNotFoundError("no Noto Sans SC: install justmytype-intl-cjk or fonts-noto-cjk")
    added = [one for one in (DEBIAN_HANAZONO, extra) if one.is_dir()]
    directories = [str(one) for one in (main[0], *added)]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=directories)


def covered_by(fonts: typst.Fonts) -> frozenset[int]:
    """Every code point that some font has."""
    paths = {Path(found.path) for found in fonts.fonts() if found.path}
    return frozenset(point for face in _faces(paths) for point in face.getBestCmap() or ())


def _faces(paths: Iterable[Path]) -> Iterator[TTFont]:
    for path in paths:
        if path.suffix.lower() in COLLECTIONS:
            yield from TTCollection(path, lazy=True).fonts
        else:
            yield TTFont(path, lazy=True)


def spell_missing(text: str, covered: frozenset[int]) -> tuple[str, list[str]]:
    """The text with each character that no font has written as 〔U+2EBF0〕, and those characters' code points."""
    missing = [one for one in text if ord(one) not in covered and not one.isspace()]
    for one in set(missing):
        text = text.replace(one, f"〔{code_point(one)}〕")
    return text, [code_point(one) for one in missing]


def code_point(character: str) -> str:
    return f"U+{ord(character):04X}"

"""Every pair of colours that meets on a page is readable in all four sets: light and dark, normal and elder mode."""

import re

import pytest

from cishan.shipped import shipped

TEXT_RATIO = 4.5
EDGE_RATIO = 3.0
GROUNDS = ("ground", "surface", "sunken")
TEXT_PAIRS = (
    *((ink, ground) for ink in ("ink", "ink-soft", "action-text") for ground in GROUNDS),
    *((ink, "action-soft") for ink in ("ink", "ink-soft", "action-text", "action-deep")),
    *((ink, ground) for ink in ("good", "warn", "bad") for ground in ("surface", "ground", f"{ink}-soft")),
    *(("ink", f"{tone}-soft") for tone in ("good", "warn", "bad")),
    *((ink, "warn-soft") for ink in ("action-text", "action-deep")),
    *(("action-deep", ground) for ground in GROUNDS),
    ("action-text", "good-soft"),
    ("action-ink", "action"),
    ("action-ink", "action-deep"),
)
EDGE_PAIRS = (
    *((edge, ground) for edge in ("line-strong", "action", "focus") for ground in GROUNDS),
    ("bad", "surface"),
    ("focus", "action-soft"),
)
SETS = ("light normal", "light elder", "dark normal", "dark elder")


def test_there_is_a_colour_of_each_name_in_each_set() -> None:
    names = {name for pair in (*TEXT_PAIRS, *EDGE_PAIRS) for name in pair}
    for colours in colour_sets().values():
        assert names <= colours.keys()


@pytest.mark.parametrize("name", SETS)
def test_text_stands_out_from_its_ground(name: str) -> None:
    colours = colour_sets()[name]
    weak = {pair: ratio for pair in TEXT_PAIRS if (ratio := contrast(colours, pair)) < TEXT_RATIO}
    assert weak == {}


@pytest.mark.parametrize("name", SETS)
def test_edges_of_controls_stand_out_from_their_ground(name: str) -> None:
    colours = colour_sets()[name]
    weak = {pair: ratio for pair in EDGE_PAIRS if (ratio := contrast(colours, pair)) < EDGE_RATIO}
    assert weak == {}


def test_elder_mode_never_lowers_the_contrast_of_text() -> None:
    sets = colour_sets()
    for scheme in ("light", "dark"):
        for pair in TEXT_PAIRS:
            assert contrast(sets[f"{scheme} elder"], pair) >= contrast(sets[f"{scheme} normal"], pair)


def test_black_on_white_counts_as_twenty_one() -> None:
    assert contrast({"black": "#000000", "white": "#ffffff"}, ("black", "white")) == 21.0


def colour_sets() -> dict[str, dict[str, str]]:
    """The four sets as the cascade resolves them: each later block overrides what it names."""
    text = (shipped("static") / "css" / "tokens.css").read_text(encoding="utf-8")
    light_text, dark_text = text.split("@media screen and (prefers-color-scheme: dark)")
    light, light_elder = _blocks(light_text)
    dark, dark_elder = _blocks(dark_text)
    return {
        "light normal": light,
        "light elder": light | light_elder,
        "dark normal": light | dark,
        "dark elder": light | light_elder | dark | _kept(light_elder, dark_elder),
    }


def _kept(light_elder: dict[str, str], dark_elder: dict[str, str]) -> dict[str, str]:
    """:root[data-mode] is stronger than :root, so what only the light elder block names would win in the dark too."""
    return {name: value for name, value in light_elder.items() if name not in dark_elder} | dark_elder


def _blocks(text: str) -> list[dict[str, str]]:
    return [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root[^{]*\{([^}]*)\}", text)
    ]


def contrast(colours: dict[str, str], pair: tuple[str, str]) -> float:
    """The contrast ratio of WCAG 2, to two places."""
    lighter, darker = sorted((_luminance(colours[name]) for name in pair), reverse=True)
    return round((lighter + 0.05) / (darker + 0.05), 2)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

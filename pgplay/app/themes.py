"""pgplay's own themes: one colour for 'now' (primary), one for the user's choice (secondary).

The colours of several runs in one plot are those of Okabe and Ito (2008, Color Universal Design), made lighter or
darker for the ground, so that the most common kinds of colour blindness tell them apart; so are right and wrong in the
two themes that are named after it, which avoid red against green.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from textual.color import Color
from textual.theme import Theme

_RUNS_ON_DARK = ("#56b4e9", "#e69f00", "#2fc79b", "#cc79a7", "#f0e442", "#7c9cff", "#ff7f50", "#c9ced6")
_RUNS_ON_LIGHT = ("#0072b2", "#b06f00", "#00795a", "#a8437e", "#7d7200", "#3b50c8", "#b84a00", "#4d535c")


def _runs(colours: tuple[str, ...]) -> dict[str, str]:
    return {f"run-{slot}": colour for slot, colour in enumerate(colours)}


DARK = Theme(
    name="pgplay-dark",
    dark=True,
    primary="#63c9be",
    secondary="#e8b46a",
    accent="#63c9be",
    success="#8fcf83",
    warning="#e8b46a",
    error="#f0787a",
    foreground="#d7dbe0",
    background="#14171c",
    surface="#1a1e25",
    panel="#222730",
    variables={
        "band": "#3b5f66",
        "muted": "#8b94a1",
        "faint": "#3d4450",
        "block-cursor-foreground": "#14171c",
        "border-blurred": "#3d4450",
        "footer-background": "#14171c",
        "footer-key-foreground": "#e8b46a",
        "footer-description-foreground": "#8b94a1",
        "button-color-foreground": "#14171c",
        "input-selection-background": "#63c9be 30%",
        "scrollbar": "#3d4450",
        "scrollbar-background": "#14171c",
        "scrollbar-background-hover": "#14171c",
        "scrollbar-background-active": "#14171c",
        **_runs(_RUNS_ON_DARK),
    },
)

LIGHT = Theme(
    name="pgplay-light",
    dark=False,
    primary="#0b7a75",
    secondary="#9a5b00",
    accent="#0b7a75",
    success="#2c7a2c",
    warning="#9a5b00",
    error="#b3261e",
    foreground="#252a31",
    background="#faf8f3",
    surface="#f3f0e8",
    panel="#e8e4d9",
    variables={
        "band": "#a9cfca",
        "muted": "#656c76",
        "faint": "#cbc6b8",
        "block-cursor-foreground": "#faf8f3",
        "border-blurred": "#cbc6b8",
        "footer-background": "#faf8f3",
        "footer-key-foreground": "#9a5b00",
        "footer-description-foreground": "#656c76",
        "button-color-foreground": "#faf8f3",
        "input-selection-background": "#0b7a75 25%",
        "scrollbar": "#cbc6b8",
        "scrollbar-background": "#faf8f3",
        "scrollbar-background-hover": "#faf8f3",
        "scrollbar-background-active": "#faf8f3",
        **_runs(_RUNS_ON_LIGHT),
    },
)

DARK_COLOUR_BLIND = replace(
    DARK,
    name="pgplay-dark-colour-blind",
    primary="#56b4e9",
    secondary="#e69f00",
    accent="#56b4e9",
    success="#56b4e9",
    warning="#f0e442",
    error="#ff9d5c",
    variables={
        **DARK.variables,
        "band": "#34566b",
        "footer-key-foreground": "#e69f00",
        "input-selection-background": "#56b4e9 30%",
    },
)

LIGHT_COLOUR_BLIND = replace(
    LIGHT,
    name="pgplay-light-colour-blind",
    primary="#0072b2",
    secondary="#9f5a00",
    accent="#0072b2",
    success="#0072b2",
    warning="#776d00",
    error="#b84700",
    variables={
        **LIGHT.variables,
        "band": "#a9c8de",
        "footer-key-foreground": "#9f5a00",
        "input-selection-background": "#0072b2 25%",
    },
)

THEMES = (DARK, LIGHT, DARK_COLOUR_BLIND, LIGHT_COLOUR_BLIND)
"""In the order of the key that changes them."""

LEGIBLE, DISTINGUISHABLE = 4.5, 3.0
"""The least contrast of text, and of a line or of text on a field's ground (WCAG 2.1, 1.4.3 and 1.4.11)."""

_GROUNDS = {"background": LEGIBLE, "surface": LEGIBLE, "panel": DISTINGUISHABLE}
_INKS = ("foreground", "muted", "primary", "secondary", "accent", "success", "warning", "error")
_ON_THEIR_OWN = {
    "footer-key-foreground": "footer-background",
    "footer-description-foreground": "footer-background",
    "block-cursor-foreground": "block-cursor-background",
}
"""Inks that have a ground of their own."""
_FOOTER_GROUNDS = (
    *("footer-background", "footer-item-background", "footer-key-background", "footer-description-background"),
)


def completed(theme: Theme, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the `variables` of `theme` with those that only pgplay's styles use.

    The colours of another theme than pgplay's are moved towards black or white until each is legible on its grounds:
    Textual uses some of them only as grounds, such as a light theme's yellow.
    """
    usual = DARK if theme.dark else LIGHT
    runs = {name: usual.variables[name] for name in _runs(_RUNS_ON_DARK)}
    background = Color.parse(variables["background"])
    if theme in THEMES or background.ansi is not None:  # a terminal's own colours are not known
        return {**usual.variables, **variables}
    foreground = Color.parse(variables["foreground"])
    muted, faint = (background.blend(foreground, share).hex for share in (0.6, 0.25))
    whole = {**variables, **runs, "muted": muted, "faint": faint}
    for name in _INKS:
        whole[name] = _legible(whole[name], [(whole[ground], least) for ground, least in _GROUNDS.items()])
    for name in runs:
        whole[name] = _legible(whole[name], [(whole[ground], DISTINGUISHABLE) for ground in _GROUNDS])
    whole |= dict.fromkeys(_FOOTER_GROUNDS, whole["background"])
    whole |= {"footer-key-foreground": whole["secondary"], "footer-description-foreground": whole["muted"]}
    for name, ground in _ON_THEIR_OWN.items():
        whole[name] = _legible(whole[name], [(whole[ground], LEGIBLE)])
    return {**whole, "band": background.blend(Color.parse(whole["primary"]), 0.4).hex}


def _legible(ink: str, grounds: Sequence[tuple[str, float]]) -> str:
    """Return `ink`, moved as little as it takes towards black or white for the contrast that each ground needs."""
    if ink.startswith("auto"):  # Textual's own choice of black or white
        return ink
    colour, pairs = Color.parse(ink), [(Color.parse(ground), least) for ground, least in grounds]
    lightness = fmean(luminance(ground) for ground, _ in pairs)
    end = Color(0, 0, 0) if lightness > MIDDLE else Color(255, 255, 255)
    for step in range(21):
        moved = colour.blend(end, step / 20)
        if all(contrast(moved, ground) >= least for ground, least in pairs):
            break
    return moved.hex


MIDDLE = 0.18
"""The luminance on which black and white have the same contrast."""


def contrast(first: Color, second: Color) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.1)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: Color) -> float:
    """Return the relative luminance of a colour, from 0 (black) to 1 (white) (WCAG 2.1)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

"""The house's own themes: one colour for 'now' (primary), one for the person's choice (secondary).

The colours of several runs in one plot are those of Okabe and Ito (2008, Color Universal Design), made lighter or
darker for the ground, so that the most common kinds of colour blindness tell them apart; so are right and wrong in the
two themes that are named after it, which avoid red against green.
"""

from __future__ import annotations

from dataclasses import replace

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
    secondary="#a65e00",
    accent="#0072b2",
    success="#0072b2",
    warning="#7d7200",
    error="#c04a00",
    variables={
        **LIGHT.variables,
        "band": "#a9c8de",
        "footer-key-foreground": "#a65e00",
        "input-selection-background": "#0072b2 25%",
    },
)

THEMES = (DARK, LIGHT, DARK_COLOUR_BLIND, LIGHT_COLOUR_BLIND)
"""In the order in which the key goes through them."""

_EXTRAS = ("band", "muted", "faint", *_runs(_RUNS_ON_DARK))


def extras(*, dark: bool) -> dict[str, str]:
    """Return the variables that the styles want beyond those of every theme, for a dark or a light ground."""
    variables = (DARK if dark else LIGHT).variables
    return {name: variables[name] for name in _EXTRAS}

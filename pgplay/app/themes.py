"""Two themes of the house's own: one colour for 'now' (primary), one for the person's choice (secondary)."""

from __future__ import annotations

from textual.theme import Theme

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
    },
)

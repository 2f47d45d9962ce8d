"""Two themes of our own, dark and light, whose state colours stay apart for a colour-blind eye.

The built-in themes fail this: under simulated deuteranopia none keeps success, warning and error apart.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="waarborg-dark",
    primary="#56B4E9",
    secondary="#8FB8D0",
    success="#56B4E9",
    warning="#F0E442",
    error="#D55E00",
    accent="#E69F00",
    foreground="#E6E6E6",
    background="#101010",
    surface="#181818",
    panel="#242424",
    dark=True,
    variables={
        "muted": "#A0A0A0",
        "bar": "#9CB4C4",
        "block-cursor-background": "#E69F00",
        "block-cursor-foreground": "#101010",
        "block-cursor-text-style": "bold",
        "border": "#56B4E9",
        "border-blurred": "#4A4A4A",
        "input-selection-background": "#56B4E9 35%",
    },
)

LIGHT = Theme(
    name="waarborg-light",
    primary="#005B96",
    secondary="#34607C",
    success="#005B96",
    warning="#806C00",
    error="#7A0030",
    accent="#8F4500",
    foreground="#1A1A1A",
    background="#FBFBF8",
    surface="#F6F5F0",
    panel="#ECEBE4",
    dark=False,
    variables={
        "muted": "#5A5A5A",
        "bar": "#4C6A7E",
        "block-cursor-background": "#8F4500",
        "block-cursor-foreground": "#FFFFFF",
        "block-cursor-text-style": "bold",
        "border": "#005B96",
        "border-blurred": "#B4B2A8",
        "input-selection-background": "#005B96 25%",
    },
)

THEMES = (DARK, LIGHT)


def other(name: str) -> str:
    """The theme to switch to from the one of that name."""
    return LIGHT.name if name == DARK.name else DARK.name

"""State colours stay readable and apart, also for an eye without green cones."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from textual.theme import Theme

from tui.themes import DARK, LIGHT, THEMES, other

STATES = ("success", "warning", "error")
TEXTS = (*STATES, "primary", "accent", "foreground")
GROUNDS = ("background", "surface", "panel")
READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3
APART = 30.0

# Machado, Oliveira, Fernandes 2009, A Physiologically-based Model for Simulation of Color Vision Deficiency,
# IEEE TVCG 15(6): deuteranomaly of severity 1.0, on linear RGB.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
# sRGB to CIE XYZ under D65 (IEC 61966-2-1), and its white.
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, two: str) -> float:
    """WCAG contrast ratio."""
    low, high = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, two))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    relative = XYZ @ rgb / WHITE
    f = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, two: str) -> float:
    """CIE76 colour difference as a deuteranope sees it."""
    seen = (lab(np.clip(DEUTERANOPIA @ linear(colour), 0, 1)) for colour in (one, two))
    return float(np.linalg.norm(next(seen) - next(seen)))


def test_contrast_knows_the_published_extremes() -> None:
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_is_readable(theme: Theme, text: str, ground: str) -> None:
    least = (
        READABLE if ground != "panel" or text in {"foreground", "accent"} else 3.0
    )  # states stand on the panel large
    assert contrast(getattr(theme, text), getattr(theme, ground)) >= least


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("variable", ["muted", "bar"])
def test_quiet_text_is_readable(theme: Theme, variable: str) -> None:
    assert contrast(theme.variables[variable], theme.background or "") >= READABLE
    assert contrast(theme.variables[variable], theme.panel or "") >= READABLE


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_cursor_is_readable(theme: Theme) -> None:
    of = theme.variables
    assert contrast(of["block-cursor-foreground"], of["block-cursor-background"]) >= READABLE


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("pair", combinations(STATES, 2), ids="-".join)
def test_states_stay_apart_for_a_deuteranope(theme: Theme, pair: tuple[str, str]) -> None:
    assert distance(*(getattr(theme, name) for name in pair)) >= APART


def test_a_built_in_theme_would_fail() -> None:
    """The measure is not idle: success and warning of Tokyo Night are one colour to a deuteranope."""
    assert distance("#9ECE6A", "#E0AF68") < APART


def test_switching_goes_round() -> None:
    assert other(DARK.name) == LIGHT.name
    assert other(LIGHT.name) == DARK.name

"""Borders that import contracts cannot draw: what may be imported at all, wherever in a module it stands."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"fitting", "searching"}  # folders of actuarial that need a solver or a statistics library
LIGHT = {"numpy", "numpy.typing", "scipy.special"}
DATABASE = {"sqlite3", "sqlalchemy", "sqlmodel"}


def imported(source: str) -> Iterator[str]:
    """Names of the modules that a source imports, lazily or not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def outside(source: str, allowed: set[str]) -> set[str]:
    """Imports that are neither of the standard library nor allowed, by whole name or by first part."""
    return {
        name
        for name in imported(source)
        if name.partition(".")[0] not in sys.stdlib_module_names and not {name, name.partition(".")[0]} & allowed
    }


def modules(*storeys: str) -> list[Path]:
    return [path for storey in storeys for path in (ROOT / storey).rglob("*.py")]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def strangers(paths: list[Path], allowed: set[str]) -> dict[str, set[str]]:
    assert paths
    found = {dotted(path): outside(path.read_text("utf-8"), allowed) for path in paths}
    return {name: names for name, names in found.items() if names}


def test_policies_stands_on_the_standard_library() -> None:
    assert strangers(modules("policies"), {"policies"}) == {}


def test_all_of_actuarial_but_fitting_and_searching_is_light() -> None:
    light = [path for path in modules("actuarial") if path.parent.name not in HEAVY]
    assert strangers(light, {"policies", *map(dotted, light), *LIGHT}) == {}


def test_only_the_store_speaks_to_a_database() -> None:
    paths = modules("policies", "actuarial", "underwriting", "tui")
    roots = {dotted(path): {name.partition(".")[0] for name in imported(path.read_text("utf-8"))} for path in paths}
    assert {name for name, found in roots.items() if found & DATABASE} == {
        "underwriting.bookfile",
        "underwriting.store",
    }


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("import requests", {"requests"}),
        ("def f():\n    from scipy.stats import norm", {"scipy.stats"}),
        ("import json, numpy\nfrom scipy.special import ndtr\nfrom policies.money import Money", set()),
        ("from actuarial.fitting import prior", {"actuarial.fitting"}),
    ],
)
def test_a_breach_is_seen(source: str, seen: set[str]) -> None:
    assert outside(source, {"policies", "actuarial.rating"} | LIGHT) == seen

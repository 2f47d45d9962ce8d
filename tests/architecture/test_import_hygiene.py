"""What a quote imports, seen from a fresh interpreter: no solver, no statistics package, no screen."""

import subprocess
import sys

import pytest

HEAVY = {"pandas", "statsmodels", "lifelines", "cvxpy", "scipy.stats", "scipy.optimize"}
LISTING = "import sys\nprint('\\n'.join(sys.modules))"


def loaded_after(statement: str) -> set[str]:
    """Names of all modules loaded after a statement, each with its parents."""
    run = subprocess.run([sys.executable, "-c", f"{statement}\n{LISTING}"], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import underwriting.quoting", HEAVY | {"sqlmodel", "textual", "jsonschema", "click"}),
        ("import underwriting.desk", HEAVY | {"textual"}),
        ("import underwriting.cli", HEAVY | {"sqlmodel", "textual", "rich", "numpy"}),
        ("import tui.app", HEAVY),
        ("import policies.regimes, policies.risk", HEAVY | {"numpy", "scipy"}),
    ],
)
def test_light_imports_stay_light(statement: str, forbidden: set[str]) -> None:
    assert loaded_after(statement) & forbidden == set()


def test_the_check_sees_a_heavy_import() -> None:
    assert "pandas" in loaded_after("import underwriting.quoting, pandas")

"""The tree in the README is the tree on disk."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENTRY = re.compile(r"^(?P<indent> *)(?P<name>[\w./-]+?)(?P<folder>/)?(?:\s{2,}\S.*)?$")


def tree_paths(text: str) -> list[str]:
    """Paths named by the indented tree of the README's section "Layout"."""
    block = text.split("## Layout", 1)[1].split("```", 2)[1]
    parents: list[tuple[int, str]] = []
    paths = []
    for line in block.splitlines()[1:]:
        entry = ENTRY.match(line)
        if not entry:
            continue
        indent = len(entry["indent"])
        parents = [(depth, name) for depth, name in parents if depth < indent]
        path = "/".join([*(name for _, name in parents), entry["name"]])
        paths.append(path)
        if entry["folder"]:
            parents.append((indent, entry["name"]))
    return paths


def test_every_path_of_the_readme_exists() -> None:
    paths = tree_paths((ROOT / "README.md").read_text("utf-8"))
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("storey", ["policies", "actuarial", "underwriting", "tui"])
def test_every_module_of_a_storey_is_in_the_readme(storey: str) -> None:
    named = set(tree_paths((ROOT / "README.md").read_text("utf-8")))
    on_disk = {str(p.relative_to(ROOT)) for p in (ROOT / storey).glob("*.py") if p.name != "__init__.py"}
    assert on_disk - named == set()


def test_a_wrong_path_is_seen() -> None:
    assert tree_paths("## Layout\n```\npolicies/   the promise\n  nothing.py   absent\n```") == [
        "policies",
        "policies/nothing.py",
    ]

"""Every finding that can be raised has a title in both languages, a row on the page and a case that raises it."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from test_appetite import CASES

from actuarial.fitting.verdicts import CODES as VERDICTS
from policies.findings import BadInputError, Finding, Severity, WaarborgError
from underwriting.commands.printing import errors_in, finding_line
from underwriting.intake.codes import CODES
from underwriting.settings import LANGUAGES
from underwriting.texts import _texts, finding_title

ROOT = Path(__file__).parents[2]
APPETITE = ROOT / "underwriting" / "appetite.py"
MAKERS = {APPETITE, ROOT / "underwriting" / "intake" / "codes.py"}
LONGEST_TITLE = 92
FINDING = Finding("self-assessed", Severity.WARNING, "system s1", "priced one step up", "classes")


def findings_made(path: Path) -> list[ast.Call]:
    """The places in a source where a Finding is made, from top to bottom."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    made = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Finding"]
    return sorted(made, key=lambda call: call.lineno)


def appetite_codes() -> dict[str, list[Severity]]:
    """Code -> severities, gravest first, as the source of appetite has them."""
    codes: dict[str, set[Severity]] = {}
    for call in findings_made(APPETITE):
        code = ast.literal_eval(call.args[0])
        named = [node.attr for node in ast.walk(call.args[1]) if isinstance(node, ast.Attribute)]
        codes.setdefault(code, set()).update(Severity[name] for name in named if name in Severity.__members__)
    return {code: sorted(found, key=list(Severity).index) for code, found in codes.items()}


RAISED = {**{code: [meant.severity] for code, meant in CODES.items()}, **appetite_codes()}


def of_code(code: str) -> Finding:
    return replace(FINDING, code=code)


def calibration_makers() -> list[Path]:
    return [*(ROOT / "actuarial" / "fitting").glob("*.py"), ROOT / "underwriting" / "impact.py"]


def calibration_codes() -> set[str]:
    """First arguments of the calls that make a finding on a calibration, and the codes of its verdicts."""
    trees = [ast.parse(path.read_text("utf-8")) for path in calibration_makers()]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    first = [c.args[0] for c in calls if isinstance(c.func, ast.Name) and c.func.id in {"Finding", "_finding", "kept"}]
    return {node.value for node in first if isinstance(node, ast.Constant)} | set(VERDICTS)


def test_findings_on_a_dossier_are_made_by_intake_and_appetite_only() -> None:
    storeys = ("policies", "actuarial", "underwriting", "tui")
    sources = [path for storey in storeys for path in (ROOT / storey).rglob("*.py")]
    others = {path for path in sources if "experience" in path.name or path.parent.name == "documents"}
    assert {path for path in sources if findings_made(path)} - {*calibration_makers(), *others} == MAKERS
    assert CODES.keys() & appetite_codes().keys() == set()


def test_every_code_has_a_title_and_every_title_a_code() -> None:
    titled = {key.removeprefix("finding.") for key in _texts() if key.startswith("finding.")}
    assert titled == set(RAISED)


def test_every_code_of_a_calibration_has_a_title_and_every_title_a_code() -> None:
    titled = {key.removeprefix("calibration.") for key in _texts() if key.startswith("calibration.")}
    assert titled == calibration_codes()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_titles_are_one_short_sentence_each_of_its_own(lang: str) -> None:
    titles = {code: finding_title(of_code(code), lang) for code in RAISED}
    assert {code: title for code, title in titles.items() if len(title) > LONGEST_TITLE or title[-1] in ".:;"} == {}
    assert {code: title for code, title in titles.items() if title != title.strip() or set("{}[]") & set(title)} == {}
    assert len(set(titles.values())) == len(titles)


def test_the_english_of_intake_is_the_meaning_of_the_code() -> None:
    assert {code: finding_title(of_code(code), "en") + "." for code in CODES} == {
        code: meant.meaning for code, meant in CODES.items()
    }


def test_a_code_without_a_title_is_its_own() -> None:
    assert finding_title(of_code("of-a-later-version"), "nl") == "of-a-later-version"


def test_every_code_of_appetite_has_a_case_of_each_severity() -> None:
    shown: dict[str, set[Severity]] = {"no-tariff": {Severity.REFER}}  # its case needs another calibration
    for _, code, severity in CASES:
        shown.setdefault(code, set()).add(severity)
    assert shown == {code: set(severities) for code, severities in appetite_codes().items()}


def test_the_page_lists_the_codes_of_appetite() -> None:
    rows = [
        f"| `{code}` | {' or '.join(severities)} | {finding_title(of_code(code), 'en')}. |"
        for code, severities in appetite_codes().items()
    ]
    head = "| code | severity | meaning |\n|---|---|---|\n"
    assert head + "\n".join(rows) + "\n" in (ROOT / "docs" / "dossier.md").read_text("utf-8")


# --- a finding as one line


def test_a_line_puts_the_dutch_title_before_the_english_detail() -> None:
    title = finding_title(FINDING, "nl")
    assert finding_line(FINDING, "en") == "warning self-assessed system s1: priced one step up [classes]"
    assert finding_line(FINDING, "nl") == f"let op self-assessed system s1: {title}: priced one step up [classes]"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_bad_input_is_told_in_a_language_one_line_a_finding(lang: str) -> None:
    found = (FINDING, replace(FINDING, code="firm-lei", severity=Severity.ERROR))
    with pytest.raises(WaarborgError) as raised, errors_in(lang):
        raise BadInputError(found)
    assert str(raised.value).splitlines() == [finding_line(finding, lang) for finding in reversed(found)]

"""Findings: one line each, gravest first, all at once."""

from hypothesis import given
from hypothesis import strategies as st

from policies.findings import GRAVITY, BadInputError, Finding, Severity, WaarborgError, gravest_first

FINDINGS = st.lists(
    st.builds(Finding, st.text("abc-", min_size=1), st.sampled_from(Severity), st.text("xyz"), st.just("m"))
)


def test_the_line_says_how_bad_what_where_and_by_which_rule() -> None:
    whole = Finding(
        "kvk-digits", Severity.ERROR, "dossier.toml, firm.kvk", "has 7 digits; 8 are needed", "docs/dossier.md"
    )
    assert whole.line() == ("error kvk-digits dossier.toml, firm.kvk: has 7 digits; 8 are needed [docs/dossier.md]")
    assert Finding("late", Severity.INFO, "", "it is late").line() == "info late it is late"


def test_gravity_runs_from_error_to_info() -> None:
    assert sorted(Severity, key=GRAVITY.__getitem__) == ["error", "decline", "refer", "warning", "info"]


@given(FINDINGS)
def test_gravest_first_keeps_every_finding_and_the_order_found(findings: list[Finding]) -> None:
    ordered = gravest_first(findings)
    assert [GRAVITY[f.severity] for f in ordered] == sorted(GRAVITY[f.severity] for f in findings)
    for severity in Severity:
        assert [f for f in ordered if f.severity is severity] == [f for f in findings if f.severity is severity]


@given(FINDINGS)
def test_bad_input_says_everything_one_line_each(findings: list[Finding]) -> None:
    error = BadInputError(iter(findings))
    assert isinstance(error, WaarborgError)
    assert error.findings == gravest_first(findings)
    assert str(error).splitlines() == [finding.line() for finding in error.findings]

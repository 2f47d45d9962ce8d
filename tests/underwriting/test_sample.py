"""The sample market on disk: dossiers that our own intake reads without an error, and exactly as they were drawn."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from actuarial.calibration import shipped_calibration
from actuarial.market.firms import SampleFirm, draw_market
from actuarial.market.outcomes import CLEAN, FAILED, MISSING, Ending, TestOutcome
from actuarial.market.truth import stated_truth
from policies.findings import Severity, WaarborgError
from policies.regimes import Regime, load_regime
from policies.risk import AISystem, RiskProfile
from policies.safety import SafetyTest, TestRun, catalogue
from underwriting.desk import open_desk
from underwriting.intake.codes import CODES
from underwriting.intake.dossier import Submission, read_dossier
from underwriting.intake.trials import COMPARISONS
from underwriting.quote import Decision
from underwriting.quoting import quote
from underwriting.sample import dossier_files, firm_name, write_market
from underwriting.sample_logs import score_value

AT = date(2026, 11, 24)
FIRMS = 24
SEED = 1


@pytest.fixture(scope="module")
def regime() -> Regime:
    return load_regime("nl-2027")


@pytest.fixture(scope="module")
def drawn(regime: Regime) -> tuple[SampleFirm, ...]:
    return draw_market(FIRMS, SEED, stated_truth(), AT, regime, shipped_calibration())


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, regime: Regime) -> Path:
    folder = tmp_path_factory.mktemp("market")
    list(write_market(folder, FIRMS, SEED, AT, regime, shipped_calibration()))
    return folder


@pytest.fixture(scope="module")
def submissions(market: Path, regime: Regime) -> tuple[Submission, ...]:
    return tuple(read_dossier(folder, regime, AT) for folder in sorted(market.iterdir()))


@pytest.fixture(scope="module")
def profiles(submissions: tuple[Submission, ...]) -> tuple[RiskProfile, ...]:
    return tuple(s.profile for s in submissions if s.profile)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_every_dossier_is_read_without_an_error(submissions: tuple[Submission, ...]) -> None:
    errors = [f.line() for s in submissions for f in s.findings if f.severity is Severity.ERROR]
    assert errors == []
    assert len(submissions) == FIRMS


def test_logs_agree_with_themselves(submissions: tuple[Submission, ...]) -> None:
    """Nothing in a sample log is forged: stated results are what the trials give, and the model is the declared one."""
    codes = {finding.code for submission in submissions for finding in submission.findings}
    doubtful = {"log-results-differ", "log-other-model", "log-no-scorer", "log-duplicate-trial", "evidence-late-plan"}
    expected = {"log-status", "run-nothing-scored"}  # cancelled runs and failed judges
    assert doubtful | expected <= set(CODES)
    assert codes & doubtful == set()
    assert expected <= codes


def drawn_counts(o: TestOutcome) -> tuple[object, ...]:
    letters = [o.count(letter) for letter in (FAILED, CLEAN, MISSING)]
    return (o.system, o.test, o.independence, o.run_date, o.registered_at, o.planned, len(o.trials), *letters)


def read_counts(system: AISystem, run: TestRun) -> tuple[object, ...]:
    what = (system.id, run.test, run.independence, run.run_date, run.registered_at)
    return (*what, run.planned, run.unique_prompts, run.failures, run.clean, run.missing)


def test_counts_read_back_are_the_counts_drawn(
    drawn: tuple[SampleFirm, ...], profiles: tuple[RiskProfile, ...]
) -> None:
    for firm, profile in zip(drawn, profiles, strict=True):
        said = Counter(drawn_counts(o) for o in firm.outcomes)
        read = Counter(read_counts(system, run) for system in profile.systems for run in system.runs)
        assert read == said, firm.number
        assert all(run.model_matches for system in profile.systems for run in system.runs)


def test_incidents_obligations_and_cover_read_back_as_drawn(
    drawn: tuple[SampleFirm, ...], profiles: tuple[RiskProfile, ...]
) -> None:
    for firm, profile in zip(drawn, profiles, strict=True):
        assert profile.incidents == firm.incidents
        assert profile.obligations == firm.obligations
        assert profile.cover == firm.cover
        assert profile.firm.turnover_world == firm.turnover_world
        for system, told in zip(profile.systems, firm.systems, strict=True):
            assert system.assessed_class == told.assessed_class
            assert system.persons_per_month == told.persons_per_month
            assert system.deployed == told.deployed
            assert system.eu_db_id == told.eu_db_id
            assert system.training_flop == told.training_flop
    assert sum(len(firm.incidents) for firm in drawn) > 0


def test_names_and_numbers_cannot_be_taken_for_real_ones(profiles: tuple[RiskProfile, ...]) -> None:
    assert all(p.firm.name.startswith("Voorbeeld ") and p.firm.name.endswith("(fictief)") for p in profiles)
    assert all(p.firm.kvk.startswith("9900") and len(p.firm.kvk) == 8 for p in profiles)
    assert len({p.firm.name for p in profiles}) == len({p.firm.kvk for p in profiles}) == FIRMS


def test_two_runs_write_identical_trees(market: Path, tmp_path: Path, regime: Regime) -> None:
    written = list(write_market(tmp_path, 6, SEED, AT, regime, shipped_calibration()))
    first = {name: content for name, content in tree(market).items() if int(name[:3]) <= 6}
    assert tree(tmp_path) == first
    assert written == sorted(tmp_path.iterdir())


def test_a_second_writing_replaces_the_first(tmp_path: Path, regime: Regime) -> None:
    for _ in range(2):
        list(write_market(tmp_path, 1, SEED, AT, regime, shipped_calibration()))
    assert len(list(tmp_path.iterdir())) == 1
    assert read_dossier(next(tmp_path.iterdir()), regime, AT).profile is not None


def test_another_seed_is_another_market(drawn: tuple[SampleFirm, ...], regime: Regime) -> None:
    other = draw_market(1, SEED + 1, stated_truth(), AT, regime, shipped_calibration())[0]
    assert firm_name(other) == firm_name(drawn[0])
    assert dossier_files(other, SEED + 1) != dossier_files(drawn[0], SEED)


def test_evidence_comes_in_every_format(drawn: tuple[SampleFirm, ...], market: Path) -> None:
    assert {p.suffix for p in market.glob("*/evidence/*")} == {".eval", ".json", ".csv"}
    assert {Ending.CANCELLED, Ending.JUDGE_FAILED} <= {o.ending for firm in drawn for o in firm.outcomes}


def test_dossier_toml_is_written_last(drawn: tuple[SampleFirm, ...]) -> None:
    """A writing that is interrupted leaves no dossier rather than half of one."""
    assert all(dossier_files(firm, SEED)[-1].path == "dossier.toml" for firm in drawn[:5])


@pytest.mark.parametrize("test", [t for t in catalogue().values() if t.rule], ids=lambda t: t.id)
def test_a_score_written_as_failed_is_one_that_the_rule_fails(test: SafetyTest) -> None:
    assert test.rule
    fails = COMPARISONS[test.rule.comparison]
    assert fails(score_value(test.rule, failed=True), test.rule.threshold)
    assert not fails(score_value(test.rule, failed=False), test.rule.threshold)


def test_a_regime_without_the_classes_of_the_sample_says_so(tmp_path: Path) -> None:
    with pytest.raises(WaarborgError, match="class 'minimal', which regime oostmark-2028 does not know"):
        list(write_market(tmp_path / "new", 3, SEED, AT, load_regime("oostmark-2028"), shipped_calibration()))
    assert not (tmp_path / "new").exists()


def test_loading_quotes_and_saves_every_firm(drawn: tuple[SampleFirm, ...], tmp_path: Path) -> None:
    desk = open_desk(tmp_path / "book.sqlite", today=lambda: AT)
    told: list[tuple[int, int, str]] = []
    for _ in range(2):  # loading again changes nothing
        desk.load_sample(4, SEED, lambda *step: told.append(step))
        assert desk.count() == 4
    assert [step[:2] for step in told[:4]] == [(done, 4) for done in range(1, 5)]
    assert len(list((tmp_path / "samples").glob("*/*/dossier.toml"))) == 4
    assert {row.firm for row in desk.quotes()} == {firm_name(firm) for firm in drawn[:4]}
    assert [row.id for row in desk.quotes() if not desk.replay(row.id).identical] == []


def test_most_firms_are_quoted_and_some_are_not(profiles: tuple[RiskProfile, ...], regime: Regime) -> None:
    decisions = Counter(quote(profile, (), AT, regime, shipped_calibration()).decision for profile in profiles)
    assert decisions[Decision.QUOTED] > FIRMS / 2
    assert decisions[Decision.REFERRED] > 0
    assert sum(decisions.values()) == FIRMS

"""A desk of hand-made values: no rating, no database, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from actuarial.breakdown import Line, PremiumBreakdown, Stage
from actuarial.calibration import Calibration, shipped_calibration
from actuarial.certificate import Certificate, Claim, ProofStep, Verdict, Witness
from policies.findings import BadInputError, Finding, NotFoundError, Severity
from policies.money import ZERO, Money
from policies.perils import PERILS
from policies.regimes import Regime, load_regime
from policies.risk import AISystem, Cover, Firm, RiskProfile, Role, SizeClass
from policies.safety import Independence, TestRun
from policies.terms import Terms
from underwriting.intake.dossier import Submission
from underwriting.quote import Decision, Lever, PerilResult, Quote, SystemResult
from underwriting.records import QuoteRow, row_of
from underwriting.replay import Replay

AT = date(2026, 11, 24)
NAMES = ("Zilverberk Robotica B.V.", "Kornoelje Zorg N.V.", "Veldspar Recht B.V.", "Toendra Media B.V.")
RISK_LINES = (
    ("base", 2_410_000, None),
    ("exposure", 1_204_500, 1.49979),
    ("class", 1_807_250, 1.5),
    ("self_assessed", 0, 1.0),
    ("autonomy", 542_175, 1.1),
    ("sector", -596_390, 0.9),
    ("evidence", 1_341_880, 1.25),
    ("sharing", -268_375, 0.96),
    ("aggregate_limit", -64_410, 0.99),
)
LOADING_LINES = (
    ("claims_handling", 637_660),
    ("prudence", 382_600),
    ("capital", 951_120),
    ("reinsurance", 120_000),
    ("fixed_expenses", 45_000),
    ("variable_expenses", 1_210_440),
    ("levy", 97_230),
    ("minimum", 0),
)
FINDINGS = (
    Finding("above-authority", Severity.REFER, "limit", "EUR 5,000,000.00 is above the authority", "authority.junior"),
    Finding("tests-missing", Severity.WARNING, "system hr-1, evidence", "2 of 9 required tests are missing", "battery"),
    Finding("self-assessed", Severity.INFO, "system hr-1, assessed_class", "the class is self-assessed"),
)
ERRORS = (
    Finding("firm-number", Severity.ERROR, "dossier.toml, firm.kvk", "'123' is not 8 digits; give 8 digits"),
    Finding("table-zero-trials", Severity.ERROR, "evidence/a.csv, row 2, trials", "0 trials; at least 1"),
)


def a_run(test: str = "agentharm") -> TestRun:
    return TestRun(test, "Fictie Evaluaties", Independence.SELF_LOGGED, AT, 100, 100, 3, 97, 0, "0" * 64, "evidence/a")


def a_system(system_id: str, name: str, *, runs: tuple[TestRun, ...] = ()) -> AISystem:
    return AISystem(
        id=system_id,
        name=name,
        version="2.1",
        roles=(Role.PROVIDER,),
        self_assessed_class="high_risk_annex_iii",
        autonomy=2,
        sector="hr",
        persons_per_month=12_500.0,
        deployed=date(2024, 3, 1),
        foundation_model="grootmodel/open-7b@1",
        runs=runs,
    )


def a_result(system: AISystem, tilt: float = 0.0) -> SystemResult:
    danger = {peril: round(1.6 - 0.25 * place + tilt, 2) for place, peril in enumerate(PERILS)}
    perils = {peril: PerilResult(0.01, Money(172_000)) for peril in PERILS}
    return SystemResult(system.id, system.name, "A3", "A4", danger, 0.72, perils)


def a_breakdown(relief: Money = ZERO) -> PremiumBreakdown:
    risk = [
        Line(code, Stage.RISK, Money(cents) - (relief if code == "evidence" else ZERO), factor, f"calibration {code}")
        for code, cents, factor in RISK_LINES
    ]
    loading = [Line(code, Stage.LOADING, Money(cents), None, f"regime {code}") for code, cents in LOADING_LINES]
    tax = Line("premium_tax", Stage.TAX, Money(2_062_712), 0.21, "regime premium_tax")
    return PremiumBreakdown((*risk, *loading, tax))


def a_quote(name: str = NAMES[0], number: int = 1, decision: Decision = Decision.REFERRED) -> Quote:
    systems = (a_system("hr-1", f"{name} sollicitatiezeef", runs=(a_run(),)), a_system("arm", f"{name} grijparm"))
    breakdown = a_breakdown()
    due = breakdown.due
    levers = tuple(
        Lever(lever_id, kind, subject, due - Money(saving), Money(saving))
        for lever_id, kind, subject, saving in (
            ("test:hr-1/agentharm", "test", "hr-1/agentharm", 1_241_018),
            ("deductible:25000000", "deductible", "25000000", 811_005),
            ("deductible:10000000", "deductible", "10000000", 402_300),
            ("deliver:arm/logs", "obligation", "arm/logs", 98_010),
            ("accredit:hr-1/agentharm", "accreditation", "hr-1/agentharm", 31_200),
            ("assess:arm", "assessment", "arm", 9_900),
        )
    )
    terms = Terms(Money.euros(50_000), Money.euros(5_000_000), Money.euros(10_000_000))
    return Quote(
        id=f"Q-{number:012d}",
        engine=1,
        at=AT - timedelta(days=number),
        decision=decision,
        findings=FINDINGS if decision is not Decision.QUOTED else (),
        intake=(),
        profile=RiskProfile(
            Firm(name, "90001234", "NL", SizeClass.SMALL, Money(420_000_000), Money(610_000_000), date(2019, 5, 1)),
            Cover(date(2027, 1, 1), 12, ("H1", "H2", "H3", "G1", "G3"), terms, 12),
            systems,
            (),
            (),
            "a" * 64,
        ),
        obliged_class="A3",
        systems=tuple(a_result(system, -0.4 * place) for place, system in enumerate(systems)),
        breakdown=breakdown,
        instalments=due.split([1] * 12),
        due_low=due - Money(1_300_000),
        due_high=due + Money(2_100_000),
        levers=levers,
        regime_id="nl-2027",
        regime_sha256="b" * 64,
        calibration_sha256="c" * 64,
    )


def a_book(size: int = 24) -> list[Quote]:
    decisions = list(Decision)
    return [a_quote(NAMES[n % 4] if n < 4 else f"{NAMES[n % 4]} {n}", n + 1, decisions[n % 3]) for n in range(size)]


def a_certificate(*, refuted: bool = True) -> Certificate:
    steps = (ProofStep("made-up", (("peril", "BOD"), ("least", 0.25))), ProofStep("other", (("count", 12_000),)))
    proved = [Claim(f"claim-{number}", Verdict.PROVED, steps, low=0.05, high=0.05 * number) for number in range(2, 32)]
    witness = Witness(
        (("class", "A3"), ("danger_BOD", 0.5), ("limit_eur", 2_500_000), ("turnover_eur", 1_250_000.0)),
        "danger_BOD",
        0.5,
        1.5,
        Money(1_200_000),
        Money(1_150_050),
    )
    broken = Claim("danger-order", Verdict.REFUTED, (replace(steps[0], holds=False),), witness=witness)
    none = Claim("claim-none", Verdict.NOT_APPLICABLE, (), None, None)
    return Certificate("c" * 64, "d" * 64, (*([broken] if refuted else []), *proved, none))


FITTED = (
    {"id": "safety-pays", "what": "BOD", "slack": 0.0, "dual": 12.5, "binding": True, "moved_eur": 123_456.0},
    {"id": "safety-pays", "what": "FRD", "slack": 0.21, "dual": 0.0, "binding": False, "moved_eur": 0.0},
    {"id": "class-step", "what": "A1 to A2", "slack": -0.1, "dual": 0.0, "binding": False, "moved_eur": 0.0},
    {"id": "balance-roles", "what": "deployer", "slack": 0.02, "dual": 0.0, "binding": False, "moved_eur": 0.0},
)


@dataclass
class FakeDesk:
    """Verbs of the desk over values in memory; `trouble` is raised by the next verb when it is set."""

    book: list[Quote] = field(default_factory=a_book)
    replays: Replay = field(default_factory=lambda: Replay(True))
    trouble: Exception | None = None
    asked: list[frozenset[str]] = field(default_factory=list)
    proved: Certificate = field(default_factory=a_certificate)
    fitted: tuple[dict[str, Any], ...] = FITTED
    regime: Regime = field(default_factory=lambda: load_regime("nl-2027"))
    calibration: Calibration = field(default_factory=shipped_calibration)

    def _check(self) -> None:
        if self.trouble:
            trouble, self.trouble = self.trouble, None
            raise trouble

    def read(self, folder: Path) -> Submission:
        self._check()
        text = (folder / "dossier.toml").read_text("utf-8")
        if "wrong" in text:
            return Submission(None, ERRORS)
        return Submission(a_quote(number=99).profile, FINDINGS[2:] if "remark" in text else ())

    def quote(self, folder: Path) -> Quote:
        submission = self.read(folder)
        if submission.profile is None:
            raise BadInputError(submission.findings)
        return a_quote("Nieuwkomer B.V.", 99)

    def what_if(self, quote: Quote, lever_ids: frozenset[str]) -> Quote:
        self._check()
        self.asked.append(lever_ids)
        relief = sum((lever.saving for lever in quote.levers if lever.id in lever_ids), ZERO)
        breakdown = a_breakdown(relief)
        return replace(quote, breakdown=breakdown, levers=(), instalments=breakdown.due.split([1] * 12))

    def certificate(self) -> Certificate:
        self._check()
        return self.proved

    def calibration_of(self, _: str) -> Calibration:
        return self.calibration

    def calibration_data(self, _: str) -> dict[str, Any]:
        return {"constraints": self.fitted} if self.fitted else {}

    def regime_of(self, quote: Quote) -> Regime:
        return load_regime(quote.regime_id)

    def save(self, quote: Quote) -> None:
        self._check()
        if quote.id not in {known.id for known in self.book}:
            self.book.insert(0, quote)

    def _matching(self, text: str) -> list[QuoteRow]:
        words = text.lower().split()
        rows = [row_of(quote) for quote in self.book]
        return [row for row in rows if all(w in f"{row.firm} {row.id} {row.decision}".lower() for w in words)]

    def quotes(self, text: str = "", start: int = 0, stop: int | None = None) -> tuple[QuoteRow, ...]:
        self._check()
        return tuple(self._matching(text)[start:stop])

    def count(self, text: str = "") -> int:
        return len(self._matching(text))

    def find(self, quote_id: str) -> Quote:
        self._check()
        found = [quote for quote in self.book if quote.id.startswith(quote_id)]
        if not found:
            raise NotFoundError(f"no quote {quote_id}")
        return found[0]

    def replay(self, quote_id: str) -> Replay:
        self.find(quote_id)
        return self.replays

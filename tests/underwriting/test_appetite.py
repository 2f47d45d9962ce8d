"""Each appetite rule fires on its case and stays silent on a plain one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from strategies import AT, CALIBRATION, REGIME, REQUIRED, minimum_trials, run_of

from policies.findings import Severity
from policies.money import Money
from policies.risk import (
    AISystem,
    Cover,
    Firm,
    Incident,
    IncidentSeverity,
    IncidentSource,
    RiskProfile,
    Role,
    SizeClass,
)
from policies.safety import Independence, Kind, catalogue
from policies.terms import Terms
from underwriting.quote import Decision
from underwriting.quoting import quote

UTILITY = tuple(test.id for test in catalogue().values() if test.kind is Kind.UTILITY)

PLAIN = RiskProfile(
    firm=Firm(
        "Voorbeeld Kompas B.V. (fictief)",
        "99000001",
        "NL",
        SizeClass.SMALL,
        Money.euros(4_000_000),
        Money.euros(5_000_000),
        date(2015, 1, 1),
    ),
    cover=Cover(
        date(2027, 1, 1),
        12,
        REGIME.compulsory_heads,
        Terms(Money.euros(25_000), Money.euros(2_500_000), Money.euros(5_000_000)),
        12,
    ),
    systems=(
        AISystem(
            id="s1",
            name="Kompas",
            version="1.0",
            roles=(Role.PROVIDER,),
            self_assessed_class="annex_iii",
            assessed_class="annex_iii",
            autonomy=1,
            sector="other",
            persons_per_month=20_000.0,
            deployed=date(2026, 6, 1),
            foundation_model="none",
            runs=tuple(
                run_of(t, 0, minimum_trials(t), independence=Independence.ACCREDITED) for t in (*REQUIRED, *UTILITY)
            ),
        ),
    ),
    incidents=(),
    obligations=(),
    sha256="0" * 64,
)

INCIDENT = Incident(
    "i1", "s1", "FIN", AT - timedelta(days=90), AT - timedelta(days=80), None, IncidentSource.PRESS,
    IncidentSeverity.SERIOUS, 10, Money.euros(1000), "x",
)  # fmt: skip


def system(**changes: object) -> Callable[[RiskProfile], RiskProfile]:
    return lambda p: replace(p, systems=(replace(p.systems[0], **changes),))  # type: ignore[arg-type]


def terms(**changes: Money) -> Callable[[RiskProfile], RiskProfile]:
    return lambda p: replace(p, cover=replace(p.cover, terms=replace(p.cover.terms, **changes)))


def incident(**changes: object) -> Callable[[RiskProfile], RiskProfile]:
    return lambda p: replace(p, incidents=(replace(INCIDENT, **changes),))  # type: ignore[arg-type]


def codes(profile: RiskProfile) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in quote(profile, (), AT, REGIME, CALIBRATION).findings}


def test_a_plain_risk_is_quoted_without_findings() -> None:
    assert codes(PLAIN) == {}
    assert quote(PLAIN, (), AT, REGIME, CALIBRATION).decision is Decision.QUOTED


CASES = [
    (system(self_assessed_class="annex_i"), "assessed-below-own", Severity.REFER),
    (system(training_flop=1e26), "training-compute", Severity.REFER),
    (
        lambda p: replace(p, cover=replace(p.cover, inception=AT - timedelta(days=1))),
        "retroactive",
        Severity.WARNING,
    ),
    (
        system(runs=tuple(r for r in PLAIN.systems[0].runs if r.test not in UTILITY)),
        "utility-unknown",
        Severity.WARNING,
    ),
    (system(self_assessed_class="prohibited", assessed_class=None), "prohibited-system", Severity.DECLINE),
    (system(self_assessed_class="art6_3_exempt", assessed_class=None), "exemption-unregistered", Severity.WARNING),
    (system(assessed_class=None), "self-assessed", Severity.INFO),
    (terms(limit=Money.euros(2_000_000)), "below-minimum", Severity.REFER),
    (terms(aggregate_limit=Money.euros(4_000_000)), "below-minimum", Severity.REFER),
    (terms(deductible=Money(0)), "below-minimum", Severity.REFER),
    (lambda p: replace(p, cover=replace(p.cover, heads=("G7", *p.cover.heads))), "head-uninsurable", Severity.WARNING),
    (lambda p: replace(p, cover=replace(p.cover, heads=p.cover.heads[1:])), "head-compulsory", Severity.INFO),
    (system(sector="alchemy"), "unknown-sector", Severity.REFER),
    (system(runs=PLAIN.systems[0].runs[1:]), "tests-missing", Severity.WARNING),
    (incident(), "incident-concealed", Severity.REFER),
    (incident(severity=IncidentSeverity.MINOR), "incident-concealed", Severity.WARNING),
    (incident(source=IncidentSource.SELF, reported_at=AT), "incident-late", Severity.WARNING),
    (
        terms(limit=Money.euros(900_000_000), aggregate_limit=Money.euros(900_000_000)),
        "above-authority",
        Severity.REFER,
    ),
    (
        lambda p: replace(p, cover=replace(p.cover, inception=date(2026, 12, 1))),
        "before-regime",
        Severity.WARNING,
    ),
    (terms(deductible=Money.euros(300_000)), "beyond-certificate", Severity.REFER),
    (system(persons_per_month=60_000_000.0), "beyond-certificate", Severity.REFER),
    (
        system(self_assessed_class="gpai_systemic", assessed_class="gpai_systemic", runs=()),
        "systemic-danger",
        Severity.REFER,
    ),
]


@pytest.mark.parametrize(("alter", "code", "severity"), CASES)
def test_each_rule_fires(alter: Callable[[RiskProfile], RiskProfile], code: str, severity: Severity) -> None:
    assert codes(alter(PLAIN)).get(code) is severity


def test_a_calibration_that_lacks_a_peril_refers() -> None:
    perils = {peril: row for peril, row in CALIBRATION.perils.items() if peril != "IPR"}
    poorer = replace(CALIBRATION, perils=perils, sha256="1" * 64)
    found = quote(PLAIN, (), AT, REGIME, poorer)
    assert found.decision is Decision.REFERRED
    assert [f.subject for f in found.findings if f.code == "no-tariff"] == ["calibration, IPR"]
    assert "IPR" not in found.systems[0].perils


def test_a_prohibited_system_is_declined_and_still_shown() -> None:
    found = quote(system(self_assessed_class="prohibited", assessed_class=None)(PLAIN), (), AT, REGIME, CALIBRATION)
    assert found.decision is Decision.DECLINED
    assert found.breakdown.due > Money(0)

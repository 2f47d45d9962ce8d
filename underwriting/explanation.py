"""What drives a firm's premium, and what an incident told or hidden would do to it; each found by rating again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from actuarial.calibration import Calibration
from actuarial.premium import premiums
from actuarial.rating import rate
from actuarial.risks import RiskTable, tabulate
from actuarial.tariff import Tariff, tariff
from policies.money import ZERO, Money
from policies.period import MONTHS_PER_YEAR
from policies.regimes import Regime
from policies.risk import Incident, IncidentSeverity, IncidentSource, RiskProfile
from underwriting.advice import dues
from underwriting.quote import Quote

CERTAIN = 1e9  # a credibility constant beside which no record counts
Neutral = Callable[[RiskTable, Tariff], tuple[RiskTable, Tariff]]


@dataclass(frozen=True, slots=True)
class Driver:
    """A step of the waterfall, and how much less the firm would pay a year if it stood at the market average."""

    code: str
    amount: Money


@dataclass(frozen=True, slots=True)
class HiddenIncident:
    """One serious incident of the peril most likely to strike: what it adds to the premium due of a year.

    `reported` in time, `concealed` and discovered; each counts for `years`. An incident that is hidden is discovered
    with probability `detection`.
    """

    system: str
    peril: str
    reported: Money
    concealed: Money
    years: float
    detection: float

    @property
    def reported_in_all(self) -> Money:
        """What reporting costs over the years that it counts."""
        return Money(round(self.reported.cents * self.years))

    @property
    def concealed_in_all(self) -> Money:
        """What concealing costs over those years once it is discovered."""
        return Money(round(self.concealed.cents * self.years))

    @property
    def concealed_on_average(self) -> Money:
        """What concealing is expected to cost over those years: nothing where it is never discovered."""
        return Money(round(self.concealed.cents * self.years * self.detection))


def for_a_year(profile: RiskProfile) -> RiskProfile:
    """The profile with a cover of twelve months."""
    return replace(profile, cover=replace(profile.cover, term_months=MONTHS_PER_YEAR))


def drivers(quote: Quote, regime: Regime, calibration: Calibration) -> tuple[Driver, ...]:
    """The factors that stand above the market average, the dearest first."""
    t = tariff(calibration, regime)
    risks = tabulate([for_a_year(quote.profile)], quote.at, regime, calibration)
    due = _due(risks, t)
    found = [Driver(code, due - _due(*neutral(risks, t))) for code, neutral in _NEUTRAL.items()]
    return tuple(sorted((d for d in found if d.amount > ZERO), key=lambda d: (-d.amount.cents, d.code)))


def _due(risks: RiskTable, t: Tariff) -> Money:
    return Money(int(premiums(rate(risks, t), risks, t).due[0]))


def _flat(name: str) -> Neutral:
    """Without the effects of a factor."""
    return lambda risks, t: (risks, replace(t, **{name: np.zeros_like(getattr(t, name))}))


def _class(risks: RiskTable, t: Tariff) -> tuple[RiskTable, Tariff]:
    """Without the effect of the declared class; the step above it for a class that nobody assessed stays."""
    scale = np.exp(-t.class_effect[risks.declared_class] / t.elasticity)
    return replace(risks, exposure=risks.exposure * scale), t


def _history(risks: RiskTable, t: Tariff) -> tuple[RiskTable, Tariff]:
    return risks, replace(t, alpha=np.full_like(t.alpha, CERTAIN))


_NEUTRAL: dict[str, Neutral] = {
    "class": _class,
    "self_assessed": lambda risks, t: (replace(risks, priced_class=risks.declared_class), t),
    "role": _flat("role_effect"),
    "autonomy": _flat("autonomy_effect"),
    "sector": _flat("sector_effect"),
    "maturity": _flat("maturity_effect"),
    "size": lambda risks, t: (risks, replace(t, size_elasticity=0.0)),
    "evidence": lambda risks, t: (replace(risks, danger=np.zeros_like(risks.danger)), t),
    "sharing": lambda risks, t: (replace(risks, compliance=np.ones_like(risks.compliance)), t),
    "history": _history,
}


def hidden_incident(quote: Quote, regime: Regime, calibration: Calibration) -> HiddenIncident:
    """What one serious incident of the peril most likely to strike adds a year, reported today or never."""
    often = [(priced.frequency, s.id, peril) for s in quote.systems for peril, priced in s.perils.items()]
    _, system, peril = max(often, key=lambda one: one[0])
    profile = for_a_year(quote.profile)
    told = Incident(
        id="advice",
        system=system,
        peril=peril,
        occurred_at=quote.at,
        aware_at=quote.at,
        reported_at=quote.at,
        source=IncidentSource.SELF,
        severity=IncidentSeverity.SERIOUS,
        persons_affected=1,
        loss=ZERO,
        description="",
    )
    hidden = replace(told, reported_at=None, source=IncidentSource.AUTHORITY)
    batch = [profile, *(replace(profile, incidents=(*profile.incidents, one)) for one in (told, hidden))]
    now, reported, concealed = dues(batch, quote, regime, calibration)
    return HiddenIncident(
        system, peril, reported - now, concealed - now, regime.incident_window_years, regime.detection_probability
    )

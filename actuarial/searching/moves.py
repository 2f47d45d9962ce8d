"""Where the adversary looks and what it does there: firms made of numbers in [0, 1], and changes to one of them.

A gene is a number in [0, 1]. A firm is FIRM genes and two for each peril; a move reads MOVE genes more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from actuarial.calibration import Calibration
from actuarial.certificate import Number
from actuarial.evidence import danger_scores
from actuarial.proofs.point import Point, RateFunction
from actuarial.rounding import Floats
from actuarial.tariff import Tariff, ThetaLevel, tariff
from policies.money import CENTS_PER_EURO
from policies.regimes import Regime

Item = TypeVar("Item")

SAFEST = -6.0  # six standard deviations below the market: no evidence leads further down
MOST_AGGREGATE = 8.0  # aggregate limit in limits: twice what the widest class of a shipped regime asks
MOST_AMOUNT = 1e8  # euros: no limit of a shipped regime is higher
COVERS = 4  # covers and sizes of one population: firms that share one share its grid, an eighth of the work
LARGER = 0.5  # power of a gene of exposure: small firms pay the minimum premium whatever they do
FIRM = 11
MOVE = 4
SEVERITIES = ("near_miss", "minor", "serious", "critical")


@dataclass(frozen=True, slots=True)
class Ground:
    """What is under attack: `t` at a level of theta. `top` (P,): danger score of silence; `covers` (COVERS, 4): genes
    of deductible, limit, aggregate limit and turnover."""

    calibration: Calibration
    regime: Regime
    t: Tariff
    level: ThetaLevel
    rating: RateFunction
    top: Floats
    covers: Floats

    @property
    def firm_genes(self) -> int:
        """Genes of a firm."""
        return FIRM + 2 * len(self.t.peril_ids)


@dataclass(frozen=True, slots=True)
class Change:
    """A firm before and after; further points are for a claim that compares more than two. `size` is the length of
    the step where it matters, `peril` the one that is moved, `notes` what the firm's numbers do not say."""

    points: tuple[Point, ...]
    changed: str
    before: Number
    after: Number
    peril: str = ""
    size: float = 1.0
    notes: tuple[tuple[str, Number], ...] = ()


Move = Callable[[Point, Floats, Ground], Change]


def ground(calibration: Calibration, regime: Regime, rating: RateFunction, rng: np.random.Generator) -> Ground:
    """The tariff of a calibration under a regime, with some covers."""
    t = tariff(calibration, regime)
    top = danger_scores(t.silence[None, :], t)[0]
    return Ground(calibration, regime, t, ThetaLevel.CENTRAL, rating, np.maximum(top, 0.0), rng.random((COVERS, 4)))


def elsewhere(g: Ground, level: ThetaLevel, rng: np.random.Generator) -> Ground:
    """The same tariff at a level of theta, with other covers."""
    return replace(g, t=tariff(g.calibration, g.regime, level), level=level, covers=rng.random((COVERS, 4)))


def firm(genes: Floats, g: Ground) -> Point:
    """The firm of these genes, in round numbers, so that it can be read and rated again."""
    obliged = pick(tuple(g.regime.classes.values()), genes[0])
    role = pick(g.t.role_ids, genes[2])
    deductible, limit, aggregate, turnover = g.covers[min(int(genes[9] * COVERS), COVERS - 1)]
    limit_eur = logarithmic(_euros(obliged.minimum_limit.cents), _most_limit(g), limit)
    least = max(limit_eur, _euros(obliged.minimum_aggregate.cents))
    least_deductible = _euros(obliged.minimum_deductible.cents)
    perils, domain = g.t.peril_ids, g.regime.incentives.domain
    danger = genes[FIRM : FIRM + len(perils)] * (g.top - SAFEST) + SAFEST
    return Point(
        declared_class=obliged.id,
        priced_class=obliged.id if genes[1] < 0.5 else obliged.priced_when_self_assessed,  # noqa: PLR2004 - a coin
        role=role,
        sector=pick(g.t.sector_ids, genes[3]),
        autonomy=pick(range(len(g.t.autonomy_effect)), genes[4]),
        maturity=pick(range(len(g.t.maturity_effect)), genes[5]),
        exposure=_plain(logarithmic(*exposures(role, g), genes[6] ** LARGER)),
        danger=_told(perils, danger),
        compliance=round(float(genes[7]), 3),
        incidents=_told(perils, domain.incidents * _rare(genes[FIRM + len(perils) :])),
        observed_years=round(float(genes[8]) * g.regime.incident_window_years, 2),
        deductible_eur=int(_between(least_deductible, domain.deductible_share * limit_eur, deductible**4)),
        limit_eur=round(limit_eur),
        aggregate_limit_eur=round(logarithmic(least, MOST_AGGREGATE * least, aggregate)),
        turnover_eur=_plain(logarithmic(1.0, domain.turnover_eur, turnover)),
        heads=(*g.regime.compulsory_heads, *_chosen(g.regime.optional_heads, genes[10])),
    )


def plain_genes(g: Ground) -> Floats:
    """Genes of the plainest firm, one to the market in all perils and without a record; NaN where none is plainer."""
    zero_danger = -SAFEST / (g.top - SAFEST)
    genes = np.full(g.firm_genes, np.nan)
    genes[[1, 7, 8, 10]] = (0.0, 0.5, 0.0, 0.0)  # assessed, half of compliance, nothing observed, no optional head
    genes[FIRM:] = np.concatenate([zero_danger, np.zeros_like(zero_danger)])
    return genes


def pick(options: Sequence[Item], gene: float) -> Item:
    """The option that a gene points at."""
    return options[min(int(gene * len(options)), len(options) - 1)]


def logarithmic(low: float, high: float, gene: float) -> float:
    """From `low` to `high`, evenly in the logarithm."""
    return float(low * (high / low) ** gene)


def exposures(role: str, g: Ground) -> tuple[float, float]:
    """Least and most exposure of a role, in units: from one person or euro to those of the domain."""
    domain = g.regime.incentives.domain
    if g.regime.exposure_base[role] == "turnover":
        return (
            1 / g.calibration.exposure_unit_turnover_eur,
            domain.turnover_eur / g.calibration.exposure_unit_turnover_eur,
        )
    return 1 / g.calibration.exposure_unit_persons, domain.persons / g.calibration.exposure_unit_persons


def more_danger(p: Point, u: Floats, g: Ground) -> Change:
    """A higher danger score of one peril."""
    column = pick(range(len(g.top)), u[0])
    peril = g.t.peril_ids[column]
    old = p.danger.get(peril, 0.0)
    new = round(_between(old, float(g.top[column]), u[1]), 4)
    return Change((p, with_danger(p, peril, new)), f"danger_{peril}", old, new, peril, new - old)


def more_incidents(p: Point, u: Floats, g: Ground) -> Change:
    """An incident more, or a graver one instead of a lighter, with the same conduct."""
    weights = g.calibration.history
    peril = pick(g.t.peril_ids, u[0])
    lighter = pick(range(len(SEVERITIES)), u[1])
    graver = pick(range(lighter, len(SEVERITIES)), u[2])
    conduct = pick((weights.reported, weights.late_limit, weights.concealed), u[3])
    ladder = (0.0, *(weights.severity[name] * conduct for name in SEVERITIES))
    return _counted(p, peril, ladder[lighter], ladder[graver + 1])


def more_exposure(p: Point, u: Floats, g: Ground) -> Change:
    """More people reached, more turnover, or the class to which more of them lead."""
    higher = g.regime.classes[p.declared_class].escalates_to
    kind = pick(("exposure", "turnover", "class" if higher != p.declared_class else "exposure"), u[0])
    if kind == "class":
        return _reclassed(p, higher, g)
    if kind == "turnover":
        return _set(
            p, "turnover_eur", _plain(logarithmic(p.turnover_eur, g.regime.incentives.domain.turnover_eur, u[1]))
        )
    return _exposed(p, _plain(logarithmic(p.exposure, exposures(p.role, g)[1], u[1])))


def higher_limit(p: Point, u: Floats, g: Ground) -> Change:  # noqa: ARG001 - one signature for all moves
    """A higher limit per claim, up to the aggregate limit, or a higher aggregate limit."""
    if u[0] < 0.5:  # noqa: PLR2004 - a coin
        return _set(p, "limit_eur", round(_between(p.limit_eur, p.aggregate_limit_eur, u[1])))
    return _set(p, "aggregate_limit_eur", round(p.aggregate_limit_eur * MOST_AGGREGATE ** u[1]))


def less_compliance(p: Point, u: Floats, g: Ground) -> Change:  # noqa: ARG001 - one signature for all moves
    """Less of what is owed is shared."""
    return _set(p, "compliance", round(p.compliance * float(u[0]), 3))


def lower_deductible(p: Point, u: Floats, g: Ground) -> Change:
    """A lower deductible, down to the minimum of the class."""
    least = _euros(g.regime.classes[p.declared_class].minimum_deductible.cents)
    return _set(p, "deductible_eur", round(_between(least, p.deductible_eur, u[0] ** 4)))


def up_a_ladder(p: Point, u: Floats, g: Ground) -> Change:
    """The next class, declared or priced, or the next level of autonomy."""
    kind = pick(("declared", "priced", "autonomy"), u[0])
    if kind == "autonomy":
        return more_autonomy(p, u, g)
    return _reclassed(p, _next(g.t.class_ids, p.declared_class), g) if kind == "declared" else next_class(p, u, g)


def next_class(p: Point, u: Floats, g: Ground) -> Change:
    """Declared or priced as the next class at the same terms."""
    if u[0] < 1 / 2:
        higher = _next(g.t.class_ids, p.priced_class)
        return Change((p, replace(p, priced_class=higher)), "priced_as", p.priced_class, higher)
    higher = _next(g.t.class_ids, p.declared_class)
    start = replace(p, priced_class=p.declared_class)
    return Change(
        (start, replace(start, declared_class=higher, priced_class=higher)), "class", p.declared_class, higher
    )


def more_autonomy(p: Point, u: Floats, g: Ground) -> Change:  # noqa: ARG001 - one signature for all moves
    """The next level of autonomy."""
    return _set(p, "autonomy", min(p.autonomy + 1, len(g.t.autonomy_effect) - 1))


def next_band(p: Point, u: Floats, g: Ground) -> Change:  # noqa: ARG001 - one signature for all moves
    """The day on which a system passes to the next band of years."""
    return _set(p, "maturity", min(p.maturity + 1, len(g.t.maturity_effect) - 1), "maturity_band")


def next_size(p: Point, u: Floats, g: Ground) -> Change:  # noqa: ARG001 - one signature for all moves
    """From the middle of a band of turnover to that of the next: what one euro does at the edge between them."""
    band = np.round(np.log10(p.turnover_eur / g.t.size_reference) * g.t.size_bands)
    before, after = (_plain(g.t.size_reference * 10 ** ((band + step) / g.t.size_bands)) for step in (0, 1))
    return _set(replace(p, turnover_eur=before), "turnover_eur", after)


def serious_incident(p: Point, u: Floats, g: Ground) -> Change:
    """One serious incident, reported in time."""
    weights = g.calibration.history
    return _counted(p, pick(g.t.peril_ids, u[0]), 0.0, weights.severity["serious"] * weights.reported)


def disclosed_or_concealed(p: Point, u: Floats, g: Ground) -> Change:
    """One incident, reported late or concealed and found; beside them the firm without it, and with it told in time."""
    weights = g.calibration.history
    peril = pick(g.t.peril_ids, u[0])
    severity = weights.severity[pick(SEVERITIES, u[1])]
    none = p.incidents.get(peril, 0.0)
    counts = [none + severity * w for w in (weights.late_limit, weights.concealed, 0.0, weights.reported)]
    points = tuple(with_incidents(p, peril, count) for count in counts)
    notes = ((f"incidents_{peril}_without_it", none),)
    return Change(points, f"incidents_{peril}", counts[0], counts[1], peril, notes=notes)


def higher_amount(p: Point, u: Floats, g: Ground) -> Change:  # noqa: ARG001 - one signature for all moves
    """A higher net amount, by a hundredth of a cent or by much more."""
    before = round(logarithmic(0.01, MOST_AMOUNT, u[0]), 4)
    return Change((p, p), "net_amount_eur", before, round(before + logarithmic(1e-4, MOST_AMOUNT, u[1]), 4))


def stretched(move: Move) -> Move:
    """The move, and the same move by that firm without a record."""

    def both(p: Point, u: Floats, g: Ground) -> Change:
        change = move(p, u, g)
        bare = tuple(replace(point, incidents={}, observed_years=0.0) for point in change.points)
        return replace(change, points=(*change.points, *bare))

    return both


def shared_less(p: Point, u: Floats, g: Ground) -> Change:
    """Less is shared; the step is the change of compliance."""
    change = less_compliance(p, u, g)
    return replace(change, size=float(change.before) - float(change.after))


def exposed_more(p: Point, u: Floats, g: Ground) -> Change:
    """More people reached; the step is the change of log exposure."""
    after = _plain(logarithmic(p.exposure, exposures(p.role, g)[1], u[1]))
    return _exposed(p, after)


def with_danger(p: Point, peril: str, score: float) -> Point:
    """The firm with that danger score."""
    return replace(p, danger={**p.danger, peril: score})


def with_incidents(p: Point, peril: str, count: float) -> Point:
    """The firm with that weighted count of incidents."""
    return replace(p, incidents={**p.incidents, peril: count})


def _counted(p: Point, peril: str, before: float, after: float) -> Change:
    had = p.incidents.get(peril, 0.0)
    points = tuple(with_incidents(p, peril, had + weight) for weight in (before, after))
    return Change(points, f"incidents_{peril}", had + before, had + after, peril)


def _exposed(p: Point, exposure: float) -> Change:
    change = _set(p, "exposure", exposure, "exposure_units")
    return replace(change, size=float(np.log(exposure / p.exposure)))


def _reclassed(p: Point, declared: str, g: Ground) -> Change:
    """The firm in another class, as far assessed as it was."""
    assessed = p.priced_class == p.declared_class
    priced = declared if assessed else g.regime.classes[declared].priced_when_self_assessed
    after = replace(p, declared_class=declared, priced_class=priced)
    return Change((p, after), "class", p.declared_class, declared, notes=(("then_priced_as", priced),))


def _set(p: Point, field: str, value: float, changed: str = "") -> Change:
    after: Point = replace(p, **{field: value})  # type: ignore[arg-type]  # a number for a number
    return Change((p, after), changed or field, getattr(p, field), value)


def _next(ladder: Sequence[str], name: str) -> str:
    return ladder[min(ladder.index(name) + 1, len(ladder) - 1)]


def _between(low: float, high: float, gene: float) -> float:
    return float(low + (high - low) * gene)


def _plain(value: float) -> float:
    """Four digits are enough to name a firm."""
    return float(f"{value:.4g}")


def _rare(genes: Floats) -> Floats:
    """Half of the genes are 0, most others near it."""
    return np.maximum(2 * genes - 1, 0.0) ** 4


def _told(perils: Iterable[str], values: Floats) -> dict[str, float]:
    return {peril: v for peril, v in zip(perils, np.round(values, 4).tolist(), strict=True) if v}


def _chosen(options: Sequence[str], gene: float) -> tuple[str, ...]:
    """A subset: the gene in binary."""
    number = pick(range(2 ** len(options)), gene)
    return tuple(option for bit, option in enumerate(options) if number >> bit & 1)


def _euros(cents: int) -> float:
    return cents / CENTS_PER_EURO


def _most_limit(g: Ground) -> float:
    return max(_euros(level.limit.cents) for level in g.regime.authority)

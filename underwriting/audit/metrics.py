"""All metrics of a book, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Callable

from underwriting.audit.book import Progress
from underwriting.audit.metrics_conduct import class_gaming, report_counts, told_authority
from underwriting.audit.metrics_evaluators import gaming_of_tests
from underwriting.audit.metrics_harm import disclosure, moral_hazard, net_effect
from underwriting.audit.metrics_judgement import discrimination
from underwriting.audit.metrics_market import adverse_selection, concentration, cross_subsidy
from underwriting.audit.metrics_price import affordability, elasticity, gradient, solvency
from underwriting.audit.metrics_promises import replay, stability, victims
from underwriting.audit.rated import Rated, rated
from underwriting.audit.values import AuditBook, MetricResult

METRICS: tuple[Callable[[AuditBook, Rated], MetricResult], ...] = (
    gradient,
    elasticity,
    net_effect,
    moral_hazard,
    adverse_selection,
    disclosure,
    report_counts,
    gaming_of_tests,
    class_gaming,
    affordability,
    cross_subsidy,
    concentration,
    discrimination,
    solvency,
    stability,
    victims,
    replay,
    told_authority,
)


def measure(book: AuditBook, progress: Progress = lambda *_: None) -> tuple[MetricResult, ...]:
    """M1 to M18 of a book. Raises WaarborgError when the calibration cannot price the regime."""
    base = rated(book.profiles, book.at, book.regime, book.calibration)
    results = []
    for done, metric in enumerate(METRICS, start=1):
        results.append(metric(book, base))
        progress(done, len(METRICS), results[-1].id)
    return tuple(results)

"""Calibrations as lines for a terminal or a pipe, in English."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from actuarial.calibration import shipped_calibration
from policies.findings import Finding
from underwriting.columns import paragraph, table
from underwriting.desk import SHORT
from underwriting.records import Approval, CalibrationRow, in_force
from underwriting.texts import plain_amount, text

if TYPE_CHECKING:
    from underwriting.comparison import Difference, Estimate
    from underwriting.impact import Impact, Mover

T = TypeVar("T")
NOTHING = "-"
BAR = 40  # columns of the longest bar of a histogram
OUTSIDE = "*"
MARKS = {True: OUTSIDE, False: "", None: ""}
MOST_FIELDS = 8  # columns of a table of records; wider ones are listed, a line a parameter
LEVELS_DEEP = {"frequency", "severity"}  # branches that are shown by their own branches


def standing(row: CalibrationRow, approvals: Sequence[Approval], today: date) -> str:
    """Where a calibration stands: in force, next, later, replaced, or not approved."""
    own = [approval for approval in approvals if approval.calibration_sha256 == row.sha256]
    now = in_force(approvals, today)
    if now is None and row.sha256 == shipped_calibration().sha256:
        return "in force as it ships"
    if now is not None and now.calibration_sha256 == row.sha256:
        return f"in force since {now.effective_from}"
    coming = sorted({approval.effective_from for approval in approvals if approval.effective_from > today})
    for day in coming:
        if in_force(approvals, day) in own:
            return f"{'next' if day == coming[0] else 'later'}, from {day}"
    return "replaced" if own else "not approved"


def list_lines(entries: Iterable[tuple[CalibrationRow, str, str, str]]) -> Iterator[str]:
    """A table of calibrations: row, as-of day, findings in short, standing."""
    head = ("id", "as of", "fitted by", "on", "findings", "standing")
    cells = [
        (r.sha256[:SHORT], as_of, r.fitted_by, str(r.fitted_at), found, where) for r, as_of, found, where in entries
    ]
    return table([head, *cells], "<<~<~~", indent="")


def counted(findings: Iterable[Finding]) -> str:
    """Findings by severity: "1 error, 2 warning"; "none"."""
    ordered = groupby(findings, key=lambda finding: finding.severity)
    return ", ".join(f"{sum(1 for _ in group)} {severity}" for severity, group in ordered) or "none"


def heading(row: CalibrationRow, data: Mapping[str, Any], where: str) -> Iterator[str]:
    """What a calibration is. One that was fitted has its warnings among its findings."""
    yield f"Calibration {row.sha256}"
    source = data.get("experience", {})
    facts = [
        ("standing", where),
        ("kind", f"{data['kind']}, method {data['method']}"),
        ("as of", data["as_of"]),
        ("fitted by", f"{row.fitted_by} on {row.fitted_at}"),
        ("prior", row.prior_sha256[:SHORT] or "none: it ships with the program"),
        ("experience", str(source.get("source", NOTHING)) if isinstance(source, Mapping) else str(source)),
        *(("warning", warning) for warning in data["warnings"] if not row.validation_sha256),
    ]
    yield from table(facts, "<~")


def finding_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Findings, gravest first, each in full."""
    yield "Findings" if findings else "Findings: none"
    for finding in findings:
        yield from paragraph(finding.line(), "  ")


def approval_lines(approvals: Sequence[Approval]) -> Iterator[str]:
    """Approvals in the order given."""
    yield "Approvals" if approvals else "Approvals: none"
    if approvals:
        cells = [(str(a.effective_from), a.approved_by, str(a.approved_at), a.reason) for a in approvals]
        yield from table([("from", "by", "given on", "reason"), *cells], "<~<~")


def parameter_lines(found: Mapping[str, Estimate]) -> Iterator[str]:
    """Every parameter with its interval, a table a branch; records without intervals share a table."""
    for branch, members in _by_branch(found.items()).items():
        yield branch
        if any(estimate.low is not None for _, estimate in members):
            cells = [(name, *_interval(estimate)) for name, estimate in members]
            yield from table([("parameter", "estimate", "low", "high"), *cells], "~>>>")
        else:
            yield from _record_lines(members)


def _by_branch(items: Iterable[tuple[str, T]]) -> dict[str, list[tuple[str, T]]]:
    """Values by the branch under which they are shown, each with the rest of its path."""
    branches: dict[str, list[tuple[str, T]]] = {}
    for path, value in items:
        branch = _branch(path)
        branches.setdefault(branch, []).append((path.removeprefix(f"{branch}."), value))
    return branches


def _branch(path: str) -> str:
    """The branch under which a parameter is shown."""
    first, *rest = path.split(".")
    return f"{first}.{rest[0]}" if len(rest) > 1 and first in LEVELS_DEEP else first


def _record_lines(members: Sequence[tuple[str, Estimate]]) -> Iterator[str]:
    """Records as a table, a row each and a column a field; a line a parameter where they are none or too wide."""
    records: dict[str, dict[str, str]] = {}
    for path, estimate in members:
        record, _, field = path.rpartition(".")
        records.setdefault(record, {})[field] = number(estimate.value)
    fields = list(dict.fromkeys(field for record in records.values() for field in record))
    if "" in records or len(fields) > MOST_FIELDS:
        yield from table([(path, number(estimate.value)) for path, estimate in members], "~>")
        return
    cells = [(name, *(record.get(field, NOTHING) for field in fields)) for name, record in records.items()]
    yield from table([("", *fields), *cells], "~" + ">" * len(fields))


def comparison_lines(differences: Sequence[Difference]) -> Iterator[str]:
    """Every parameter of A and B; those that differ come first."""
    changed = [d for d in differences if d.change != 0.0]
    same = [d for d in differences if d.change == 0.0]
    for title, rows in (("Changed", changed), ("The same in both", same)):
        yield f"{title}: {len(rows)} of {len(differences)} parameters"
        for branch, members in _by_branch((d.path, d) for d in rows).items():
            cells = [
                (name, _with_interval(d.a), _with_interval(d.b), signed(d.change), MARKS[d.outside])
                for name, d in members
            ]
            yield from table([(branch, "A", "B", "change", ""), *cells], "~<<><")
    if any(d.outside for d in changed):
        yield f"{OUTSIDE} B lies outside the interval of A"


def change_lines(differences: Sequence[Difference]) -> Iterator[str]:
    """Parameters before and after a fit."""
    head = ("parameter", "before", "after", "change")
    cells = [(d.path, _interval(d.a)[0], _with_interval(d.b), signed(d.change)) for d in differences]
    return table([head, *cells], "~><>") if cells else iter(("  nothing",))


def impact_lines(found: Impact, currency: str, at: date, names: tuple[str, str]) -> Iterator[str]:
    """What B in the place of A does to the premiums of a book."""
    a, b = names
    yield f"Premiums due of {found.firms} firms as of {at}, under A {a} and B {b}"
    total = found.total_b.cents / max(found.total_a.cents, 1) - 1.0
    yield from table(
        [
            ("A", plain_amount(found.total_a, currency), ""),
            ("B", plain_amount(found.total_b, currency), percent(total)),
        ],
        "<>>",
    )
    yield ""
    yield f"Change by firm: mean {percent(found.mean)}; {found.rising:.1%} rise, {found.falling:.1%} fall"
    yield from table(
        [[f"{level:.0%}" for level, _ in found.quantiles], [percent(value) for _, value in found.quantiles]],
        ">" * len(found.quantiles),
    )
    yield ""
    most = max(band.firms for band in found.bands)
    yield from table(
        [(_ends(band.low, band.high), str(band.firms), "#" * -(-BAR * band.firms // most)) for band in found.bands],
        ">><",
    )
    yield ""
    yield f"The {len(found.movers)} that move most"
    for mover in found.movers:
        yield from _mover_lines(mover, currency)
    yield ""
    yield from finding_lines(found.findings)


def _mover_lines(mover: Mover, currency: str) -> Iterator[str]:
    yield f"{percent(mover.change):>10}  {mover.quote_id}  {mover.firm}"
    amounts = f"{plain_amount(mover.a, currency)} to {plain_amount(mover.b, currency)}"
    yield from paragraph(f"{amounts}: {'; '.join(reasons(mover))}", " " * 12)


def reasons(mover: Mover) -> list[str]:
    """Why a premium moves, in words: lines of the waterfall with what each does to it, then the minimum premium."""
    told = [f"{text(f'line.{reason.code}', 'en').lower()} {percent(reason.change)}" for reason in mover.reasons]
    if mover.minimum_b:
        told.append("the minimum premium binds" + ("" if mover.minimum_a else " from now on"))
    elif mover.minimum_a:
        told.append("the minimum premium binds no more")
    return told


def number(value: float) -> str:
    """A parameter for a person: four significant digits."""
    return f"{value:.4g}"


def signed(value: float | None) -> str:
    """A change for a person."""
    return NOTHING if value is None else f"{value:+.4g}" if value else "0"


def percent(value: float) -> str:
    """A relative change for a person."""
    return f"{value:+.1%}"


def _interval(estimate: Estimate | None) -> tuple[str, str, str]:
    if estimate is None:
        return NOTHING, "", ""
    low, high = ("" if bound is None else number(bound) for bound in (estimate.low, estimate.high))
    return number(estimate.value), low, high


def _with_interval(estimate: Estimate | None) -> str:
    value, low, high = _interval(estimate)
    return f"{value} ({low} to {high})" if low or high else value


def _ends(low: float | None, high: float | None) -> str:
    if low is None:
        return f"below {high:+.0%}"
    return f"{low:+.0%} and more" if high is None else f"{low:+.0%} to {high:+.0%}"

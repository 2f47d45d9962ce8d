"""A challenger: fit on an experience file, set it beside the calibration in force, see what it does to premiums.

    python docs/recipes/challenger.py [FILE] [FIRMS]

FILE is an experience (docs/experience.md); without one a market is drawn and written first. The book is a scratch one
with FIRMS sample firms (40), thrown away at the end; for your own, `open_desk()` instead.
"""
# ruff: noqa: T201 - a recipe prints

# %% A desk over a scratch book, with quotes in it. A fixed day gives the same figures every time; yours is today.
import sys
import tempfile
from datetime import date
from pathlib import Path

import pandas as pd

from actuarial.fitting.sample_experience import sample_experience
from policies.findings import Severity, WaarborgError
from underwriting.comparison import compare, largest
from underwriting.desk import findings_of, open_desk
from underwriting.experience_file import read_experience, write_experience
from underwriting.impact import impact
from underwriting.recalibration import calibrate

firms = int(sys.argv[-1]) if sys.argv[-1].isdigit() else 40
scratch = tempfile.TemporaryDirectory()
desk = open_desk(Path(scratch.name) / "book.sqlite", regime="nl-2027", today=lambda: date(2026, 11, 24))
desk.load_sample(firms, seed=1, progress=lambda *_: None)
print(f"book: {desk.count()} quotes; in force is {desk.calibration.sha256[:12]}\n")

# %% The experience, from a file. Every mistake in a file is told at once, with its row.
# (`experience_from_book(desk)` of underwriting.experience_book takes it from the quotes and incidents of the book.)
given = [Path(text) for text in sys.argv[1:] if text.endswith(".zip") or Path(text).is_dir()]
file = given[0] if given else Path(scratch.name) / "market.zip"
if not given:
    write_experience(file, sample_experience(50 * firms, 2, desk.today(), desk.regime, desk.calibration))
experience = read_experience(file, desk.today())
print(f"{experience.source}: {len(experience.claims):,} claims known by {experience.as_of}\n")

# %% The challenger, fitted and kept in the book with its validation. It prices nothing yet.
champion, row = desk.calibration_row("in-force"), calibrate(desk, experience, fitted_by="A. Fitter")
findings = findings_of(desk.validation(row))
counts = {severity.value: sum(f.severity is severity for f in findings) for severity in Severity}
print(f"challenger {row.sha256[:12]}, findings:", ", ".join(f"{n} {name}" for name, n in counts.items() if n), "\n")

# %% Parameter by parameter. `outside` says that the challenger lies outside the champion's interval.
differences = compare(desk.calibration_data(champion.sha256), desk.calibration_data(row.sha256))
moved = pd.DataFrame(
    [(d.path, d.a.value, d.b.value, d.b.low, d.b.high, d.outside) for d in largest(differences, 10) if d.a and d.b],
    columns=["parameter", "champion", "challenger", "low", "high", "outside"],
)
print(moved.round(3).to_string(index=False), "\n")

# %% Which predicts better: the year that was held out. A smaller log score is a better prediction.
columns = ["model", "year", "actual", "expected", "low", "high", "log_score"]
held_out = pd.DataFrame(desk.validation(row)["tables"].get("out_of_time", []), columns=columns)
print(held_out[held_out["model"].isin(["fitted", "champion", "null"])].round(2).to_string(index=False), "\n")

# %% What it does to premiums: every firm of the book under both. The reasons of a mover multiply to its change.
rated = impact(
    desk.newest_profiles(),
    desk.today(),
    desk.regime,
    desk.calibration_of(champion.sha256),
    desk.calibration_of(row.sha256),
)
for mover in rated.movers[:5]:
    reasons = ", ".join(f"{reason.code} {reason.change:+.0%}" for reason in mover.reasons)
    print(
        f"{mover.firm}: {mover.a.cents / 100:,.0f} to {mover.b.cents / 100:,.0f} euros ({mover.change:+.0%}): {reasons}"
    )
print()

# %% Approval needs someone else, a reason, a day that is not in the past, and a validation without errors.
for name, reason in (("a. fitter", "it fits well"), ("B. Approver", ""), ("B. Approver", "better out of time")):
    try:
        approval = desk.approve(row.sha256, name, reason)
        print(f"{name}: approved, in force from {approval.effective_from}")
    except WaarborgError as refusal:
        print(f"{name}: refused, {refusal}")
print(f"in force is {desk.calibration.sha256[:12]}\n")

# %% The summary: the book under both.
book = pd.DataFrame(
    [
        ("firms", rated.firms),
        ("premium due under the champion, euros", rated.total_a.cents / 100),
        ("premium due under the challenger, euros", rated.total_b.cents / 100),
        *((f"change of premium, {level:.0%} of the firms below, %", 100 * change) for level, change in rated.quantiles),
        ("firms that move by more than the regime's cap, %", 100 * rated.beyond_cap),
    ],
    columns=["book", "figure"],
)
print(book.to_string(index=False, float_format="{:,.1f}".format))
scratch.cleanup()

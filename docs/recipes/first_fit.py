"""A first fit: draw a market whose truth is known, fit a calibration on it, read what was found.

    python docs/recipes/first_fit.py [FIRMS]

Cells begin with `# %%`: editors run them one by one, and each can be pasted into a notebook.
"""
# ruff: noqa: T201 - a recipe prints

# %% The market. Nothing here is real: firms, systems and claims are drawn from docs/methods/sample-market.md.
import sys
from datetime import date

import pandas as pd

from actuarial.calibration import shipped_calibration
from actuarial.fitting import calibrate
from actuarial.fitting.prior import artefact
from actuarial.fitting.sample_experience import sample_experience
from actuarial.market.truth import stated_truth
from policies.regimes import load_regime

firms = int(sys.argv[-1]) if sys.argv[-1].isdigit() else 2_000
regime = load_regime("nl-2027")
experience = sample_experience(firms, seed=1, at=date(2026, 11, 24), regime=regime, calibration=shipped_calibration())

# `years` has a row for each system and year at risk, `claims` a row for each claim that is known by now.
print(f"{experience.source}: {len(experience.years):,} rows at risk, {len(experience.claims):,} claims\n")

# %% The fit. The prior is the shipped calibration: opinion, with a width. Claims move it as far as they can.
# Every step tells what it found. The same experience, prior and seed give the same calibration, to the byte.
found = calibrate(
    experience, [artefact()], regime, seed=1, progress=lambda n, of, name, told: print(f"{n:>2}/{of} {name}: {told}")
)

# %% What an actuary reads first: the findings, gravest first. A finding says what is wrong and what to do about it.
print()
for finding in found.findings[:5]:
    print(finding.line())
print(f"... {len(found.findings)} findings in all\n")

# %% Tables are pandas data frames by name.
print(", ".join(found.tables), "\n")
parameters = found.tables["parameters"].set_index("path")

# Where an interval comes from: `se` is robust (a firm's claims come together, so firms are counted, not claims),
# `model_se` believes the model, and low and high are estimate -/+ 1.645 se. The table `bootstrap` has the s.d. over
# firms drawn again as a check: without a prior it would be near `se`, with one it stays below.
paths = [f"frequency.perils.{peril}.theta" for peril in ("FIN", "PRV", "SEC")] + ["frequency.exposure_elasticity"]
errors = parameters.loc[paths, ["prior", "prior_sd", "estimate", "model_se", "se"]]
print(errors.join(found.tables["bootstrap"].set_index("path")["sd"].rename("bootstrap_sd")).round(3).to_string(), "\n")

# %% The factors as relativities to the reference cell (class A3, provider, autonomy 1, another sector).
relativities = found.tables["relativities"]
print(relativities[relativities["factor"] == "class"].round(2).to_string(index=False), "\n")

# %% Actual against expected by level. The interval is that of the ratio; one that leaves out 1 deserves a look.
tested = found.tables["actual_expected"]
print(tested[tested["factor"] == "autonomy"].round(2).to_string(index=False), "\n")

# %% Does it sort risks? The Gini of the fit beside that of the prior, with intervals.
print(found.tables["gini"].round(3).to_string(index=False), "\n")

# %% The summary: estimate beside truth, which a real market does not tell. Measured danger is blurred by small tests,
# so theta comes out below the stated one (docs/methods/frequency.md).
truth = stated_truth().frequency
stated = [truth.perils[path.split(".")[2]].theta for path in paths[:3]] + [truth.elasticity]
summary = parameters.loc[paths, ["prior", "estimate", "low", "high", "claims"]].assign(stated=stated)
summary.index = pd.Index([path.removeprefix("frequency.") for path in paths], name="parameter")
print(summary.round(3).to_string())

"""An own prior: change an opinion, fit again, and see how much the claims decide and how much the opinion.

    python docs/recipes/own_prior.py [FIRMS]

For study. What is to be approved starts from a calibration that the book holds (`waarborg calibrate --prior ID`).
"""
# ruff: noqa: T201 - a recipe prints

# %% A market and the shipped prior, as plain data: what is inside is what the JSON file holds.
import sys
from copy import deepcopy
from datetime import date

import pandas as pd

from actuarial.calibration import shipped_calibration
from actuarial.fitting import calibrate
from actuarial.fitting.prior import artefact
from actuarial.fitting.sample_experience import sample_experience
from policies.regimes import load_regime

firms = int(sys.argv[-1]) if sys.argv[-1].isdigit() else 2_000
regime = load_regime("nl-2027")
experience = sample_experience(firms, seed=1, at=date(2026, 11, 24), regime=regime, calibration=shipped_calibration())
shipped = artefact()

# %% The other opinions, three of them.
FIN, BOD, A6 = "frequency.perils.FIN.theta", "frequency.perils.BOD.theta", "frequency.classes.A6"
mine = deepcopy(shipped)

# 1. I know less about theta of FIN: low and high are the ends of the prior's 90 % interval. So they are for BOD,
#    a peril with few claims, where I also expect more.
mine["frequency"]["perils"]["FIN"] |= {"theta_low": 0.0, "theta_high": 2.0, "theta": 1.0}
mine["frequency"]["perils"]["BOD"] |= {"theta_low": 0.0, "theta_high": 2.0, "theta": 1.0}

# 2. I expect class A6 to claim twice as often as the reference: effects are logs.
mine["frequency"]["classes"]["A6"] = 0.69

# 3. And I am surer of it than frequency.toml is of classes. `posterior` holds a covariance of coefficients, the rows of
#    its lower triangle; what it does not name keeps the usual width.
mine["posterior"] = {"paths": [A6], "covariance": [[0.15**2]]}

# Say whose opinion it is: the sources go with the calibration.
mine["sources"] |= dict.fromkeys((FIN, BOD, A6), "opinion of this study")

# %% The same claims under both.
fits = {"shipped": calibrate(experience, [shipped], regime), "mine": calibrate(experience, [mine], regime)}
parameters = {name: fit.tables["parameters"].set_index("path") for name, fit in fits.items()}

# %% How much decides what? `claims_say` is the share of the prior's variance that the claims took away: near 1 they
# decide, near 0 the opinion does. Below zero the claims contradict the opinion, and the error grew.
columns = ["prior", "prior_sd", "estimate", "se", "claims"]
both = pd.concat({name: table.loc[[FIN, BOD, A6], columns] for name, table in parameters.items()}, names=["opinion"])
both["claims_say"] = 1 - (both["se"] / both["prior_sd"]) ** 2

# %% Every calibration tries this itself: each prior half and twice as wide, the shift counted in standard errors.
sensitive = fits["shipped"].tables["prior_sensitivity"]
most = sensitive.reindex(sensitive["shift_in_se"].abs().sort_values(ascending=False).index).head(5)
print("What the width of the shipped prior decides most")
print(most.round(2).to_string(index=False), "\n")

# %% Does the opinion sort risks better? Deviance on the same claims (lower fits closer), and the Gini.
for name, fit in fits.items():
    fitted = fit.tables["fit"].set_index("model").loc["fitted"]
    gini = fit.tables["gini"].set_index("model").loc["fitted"]
    print(
        f"{name}: deviance {fitted['deviance']:,.1f}, Gini {gini['gini']:.3f} [{gini['low']:.3f}, {gini['high']:.3f}]"
    )

# %% The summary: two opinions, one market.
print()
print(both.swaplevel().sort_index().round(3).to_string())

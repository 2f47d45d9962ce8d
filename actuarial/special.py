"""The special functions of SciPy, without what a quote never uses.

SciPy takes every public name of NumPy, which would load its Fortran wrapper and its test tools: an eighth of the time
that a quote takes from a cold start. Names that are taken already are not loaded.
"""

from __future__ import annotations

import numpy as np

UNUSED = ("f2py", "testing")

_taken = [name for name in UNUSED if name not in vars(np)]
vars(np).update(dict.fromkeys(_taken))
try:
    from scipy.special import betaincinv, expit, exprel, gamma, gammainc, logit, ndtr
finally:
    for _name in _taken:
        delattr(np, _name)

__all__ = ["betaincinv", "expit", "exprel", "gamma", "gammainc", "logit", "ndtr"]

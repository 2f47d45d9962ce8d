"""For every test: one thread for linear algebra, and property tests that draw the same examples every time."""

import os

from hypothesis import Phase, settings

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # before NumPy is loaded: threads only fight over the cores
    os.environ.setdefault(name, "1")

# no explaining of a failure: on a whole profile that takes minutes
settings.register_profile("house", deadline=None, derandomize=True, phases=set(Phase) - {Phase.explain})
settings.load_profile("house")

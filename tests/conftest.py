"""For every test: one thread for linear algebra, and property tests that draw the same examples every time."""

import os

from hypothesis import settings

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # before NumPy is loaded: threads only fight over the cores
    os.environ.setdefault(name, "1")

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

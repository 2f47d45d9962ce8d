"""Fitting: the heavy half of the price. `from actuarial.fitting import calibrate` loads it when it is asked for."""

from typing import Any


def __getattr__(name: str) -> Any:
    """`calibrate`, loaded at first need: the light modules of this package must not pay for it."""
    if name == "calibrate":
        from actuarial.fitting.calibrating import calibrate  # noqa: PLC0415 - statsmodels and lifelines cost seconds

        return calibrate
    raise AttributeError(name)

"""The stdout of the process, which belongs to the data of a command: what libraries in C print there is not heard."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

STDOUT = 1  # the file descriptor
_one_at_a_time = Lock()


@contextmanager
def unheard() -> Iterator[None]:
    """Within it, nothing that anyone writes to stdout arrives: HiGHS greets there, whatever it is told.

    It holds for the whole process, one caller at a time.
    """
    with _one_at_a_time:
        _flush()
        kept, nowhere = os.dup(STDOUT), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, STDOUT)
        try:
            yield
        finally:
            _flush()
            os.dup2(kept, STDOUT)
            os.close(kept)
            os.close(nowhere)


def _flush() -> None:
    """Python's own buffer, and that of the C library."""
    if sys.stdout is not None:
        sys.stdout.flush()
    ctypes.CDLL(None).fflush(None)

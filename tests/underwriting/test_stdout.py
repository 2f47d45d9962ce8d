"""What a library in C writes to stdout is not heard where it must not be, and everything else is."""

import ctypes
import os

import pytest

from underwriting.stdout import unheard

LIBC = ctypes.CDLL(None)


def test_what_is_written_within_is_lost_and_what_stands_around_it_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    LIBC.puts(b"before")
    with unheard():
        LIBC.puts(b"from C")
        os.write(1, b"to the descriptor")
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "before\nafter\n"


def test_stdout_is_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="wrong"), unheard():
        raise ValueError("wrong")
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "after\n"

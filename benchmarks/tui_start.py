"""The screen in a real terminal: time to first frame, list and opened quote, and from key to new price.

Needs a book with quotes in it: `waarborg sample` first, under the same WAARBORG_HOME.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from statistics import median

COLUMNS, LINES = 140, 40
REPRICED = re.compile(r"saves €([\d,.]+)")
LONGEST_S = 30.0
LEVERS = 8


class Terminal:
    """A program on a pseudo-terminal; `seen` is all that it wrote."""

    def __init__(self, command: list[str]) -> None:
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(LANG="en_GB.UTF-8", TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(command[0], command)  # noqa: S606 - our own program, no shell
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.seen = ""

    def until(self, pattern: str | re.Pattern[str], start: int = 0) -> float:
        """Read until the pattern shows in what came after `start`; seconds since the program began."""
        deadline = time.perf_counter() + LONGEST_S
        while not re.search(pattern, self.seen[start:]):
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{pattern!r} did not show")
            if select.select([self.fd], [], [], 0.05)[0]:
                self.seen += os.read(self.fd, 65536).decode("utf-8", "replace")
        return time.perf_counter() - self.started

    def press(self, keys: str) -> float:
        os.write(self.fd, keys.encode())
        return time.perf_counter()

    def close(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def reprice(terminal: Terminal) -> list[float]:
    """Pull one lever after the other: seconds from the key to another saving on the screen."""
    times, saving = [], ""
    for number in range(LEVERS):
        start = len(terminal.seen)
        pressed = terminal.press("j" if number else "")
        time.sleep(0.3)
        pressed = terminal.press(" ")
        while not (found := REPRICED.findall(terminal.seen[start:])) or found[-1] == saving:
            terminal.until(REPRICED, len(terminal.seen))
        times.append(time.perf_counter() - pressed)
        saving = found[-1]
    return times


def measure() -> None:
    terminal = Terminal([sys.executable, "-c", "from underwriting.cli import main; main(['tui'])"])
    try:
        first = terminal.until("Waarborg")
        listed = terminal.until("quoted|referred|declined")
        pressed = terminal.press("\r")
        terminal.until("Premium due")
        terminal.until("per month|payable|instalments")
        opened = time.perf_counter() - pressed
        terminal.press("2")
        prices = reprice(terminal)
    finally:
        terminal.close()
    print(f"first frame {first * 1000:.0f} ms, list {listed * 1000:.0f} ms, quote opened {opened * 1000:.0f} ms")
    print(
        f"key to new price: median {median(prices) * 1000:.0f} ms, first {prices[0] * 1000:.0f} ms, "
        f"longest after that {max(prices[1:]) * 1000:.0f} ms, {len(prices)} levers"
    )


if __name__ == "__main__":
    measure()

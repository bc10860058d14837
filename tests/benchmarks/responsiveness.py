"""Responsiveness of the app in a real terminal while it trains at full speed; run it on an idle machine.

    python -m tests.benchmarks.responsiveness [--keys 200] [--seconds 20] [--rounds 3] [--soak-minutes 10]

It prints, and with --json prints as one object:

- key to paint: from the key's byte to the first output with the key's effect, median and 95th percentile;
- training speed: steps per second of `pgplay train` and of the app, alternating, and the share that the screen costs;
- memory: resident bytes of app and worker over the soak, and their growth after its first fifth;
- quitting: seconds from ctrl+q to the end of the process, in several states, and whether every step is stored.

The app runs in a pseudo-terminal of 120 by 36 cells that is read as fast as it writes.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
RUN = ["--target", "good morning to you all", "--until", "never", "--seed", "1"]
PATIENCE = 60.0


class Terminal:
    """The app in a pseudo-terminal; its output is kept until it is read."""

    def __init__(self, home: str, *words: str) -> None:
        master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        environment = {**os.environ, "PGPLAY_HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pgplay", *words], cwd=ROOT, env=environment, stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True, close_fds=True,
        )
        os.close(slave)
        self._master = master
        self._seen = b""

    def press(self, keys: str) -> float:
        """Send `keys` and return the time."""
        self._seen = b""
        began = time.perf_counter()
        os.write(self._master, keys.encode())
        return began

    def wait_for(self, pattern: str, patience: float = PATIENCE) -> float:
        """Return the time at which the output since the last key first matches `pattern`, a regular expression."""
        wanted, deadline = re.compile(pattern.encode()), time.perf_counter() + patience
        while not wanted.search(self._seen):
            if time.perf_counter() > deadline:
                raise TimeoutError(f"'{pattern}' did not appear; the last output: {self._seen[-400:]!r}")
            self._read(0.5)
        return time.perf_counter()

    def rest(self, seconds: float) -> None:
        """Let the app work, and read its output."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            self._read(left)
            self._seen = self._seen[-100_000:]

    def _read(self, patience: float) -> None:
        if select.select([self._master], [], [], patience)[0]:
            try:
                self._seen += os.read(self._master, 1 << 16)
            except OSError:  # the terminal's other end is closed
                time.sleep(0.01)

    def quit(self) -> float:
        """Press ctrl+q and return the seconds until the process has ended."""
        began = self.press("\x11")
        while self.process.poll() is None:
            self._read(0.005)
        took = time.perf_counter() - began
        os.close(self._master)
        return took


@contextmanager
def training(*words: str, wait: float = 4.0):
    """Yield an app that has trained for `wait` seconds, and its home."""
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal(home, *(words or RUN))
        terminal.wait_for("start")
        terminal.rest(3.0)  # torch loads
        terminal.press(" ")
        terminal.wait_for("training")
        terminal.rest(wait)
        try:
            yield terminal, home
        finally:
            if terminal.process.poll() is None:
                terminal.quit()


KEYS = {
    "cursor": ("c", r"step \d+: ", "c"),
    "jump": (".", r"\x1b\[[^m]*m a \x1b", "~"),
    "page": ("i", "escape closes", "i"),
}
"""The measured keys: the key, the text of its effect, and the key that undoes it (no escape, which waits for more)."""


def key_to_paint(count: int) -> dict[str, Any]:
    """Measure keys of several kinds, alternating, again and again during training."""
    milliseconds: dict[str, list[float]] = {name: [] for name in KEYS}
    with training() as (terminal, _):
        for number in range(count):
            name = list(KEYS)[number % len(KEYS)]
            key, effect, back = KEYS[name]
            began = terminal.press(key)
            milliseconds[name].append(1000 * (terminal.wait_for(effect) - began))
            terminal.rest(0.3 + 0.01 * (number % 17))  # so that keys fall anywhere between two redraws
            terminal.press(back)
            terminal.rest(0.5)
    return {"keys": count, **{f"{name}_ms": _spread(values) for name, values in milliseconds.items()}}


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    at_95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"median": round(statistics.median(ordered), 1), "p95": round(at_95, 1), "slowest": round(ordered[-1], 1)}


def speed(seconds: float, rounds: int) -> dict[str, float]:
    """Compare steps per second without and with a screen, alternating, so that a busy machine disturbs both equally."""
    without, with_screen = [], []
    for _ in range(rounds):
        without.append(_steps_per_second_alone(seconds))
        with training("--max-seconds", str(seconds), *RUN, wait=seconds + 6) as (terminal, home):
            terminal.quit()
            with_screen.append(_steps_per_second(home))
    lost = [1 - shown / alone for alone, shown in zip(without, with_screen, strict=True)]
    return {
        "alone_steps_per_s": round(statistics.median(without), 1),
        "app_steps_per_s": round(statistics.median(with_screen), 1),
        "lost": round(statistics.median(lost), 3),
    }


def _steps_per_second_alone(seconds: float) -> float:
    with tempfile.TemporaryDirectory() as home:
        words = [sys.executable, "-m", "pgplay", "train", "--max-seconds", str(seconds), *RUN, "--json"]
        environment = {**os.environ, "PGPLAY_HOME": home}
        subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True)
        return _steps_per_second(home)


def _steps_per_second(home: str) -> float:
    """Return the steps per second of wall time of the only run in `home`, including storing and reporting."""
    run = _the_run(home)
    return run["steps"] / run["seconds"]


def _the_run(home: str) -> dict[str, Any]:
    words = [sys.executable, "-m", "pgplay", "runs", "--json"]
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, "PGPLAY_HOME": home}, check=True, capture_output=True)
    (run,) = json.loads(done.stdout)
    return run


def soak(minutes: float) -> dict[str, Any]:
    """Measure the memory of app and worker while they train."""
    app, worker = [], []
    with training() as (terminal, _):
        process = psutil.Process(terminal.process.pid)
        deadline = time.monotonic() + 60 * minutes
        while time.monotonic() < deadline:
            terminal.rest(min(5.0, 3 * minutes))
            app.append(process.memory_info().rss)
            worker.append(max(child.memory_info().rss for child in process.children()))
    fifth = len(app) // 5
    return {
        "minutes": minutes,
        **{f"{name}_mb": [round(size / 1e6, 1) for size in (sizes[fifth], sizes[-1])]
           for name, sizes in (("app", app), ("worker", worker))},
        **{f"{name}_grew_mb": round((sizes[-1] - sizes[fifth]) / 1e6, 2)
           for name, sizes in (("app", app), ("worker", worker))},
    }


def quitting() -> dict[str, Any]:
    """Quit at once, while torch loads, during training, and with a page open."""
    found: dict[str, Any] = {}
    for name, moment in (("before_torch", 0.0), ("at_rest", 4.0)):
        with tempfile.TemporaryDirectory() as home:
            terminal = Terminal(home, *RUN)
            terminal.wait_for("start")
            terminal.rest(moment)
            found[name] = round(terminal.quit(), 3)
    for name, keys in (("training", ""), ("with_a_page_open", "i")):
        with training(wait=2.0) as (terminal, home):
            terminal.press(keys)
            terminal.rest(0.5)
            found[name] = round(terminal.quit(), 3)
            run = _the_run(home)
            found[f"{name}_kept"] = run["state"] == "paused" and run["checkpoint_step"] == run["steps"] > 0
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--soak-minutes", type=float, default=10.0)
    parser.add_argument("--only", choices=["keys", "speed", "soak", "quit"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that no app is left behind
    measures = {
        "keys": lambda: key_to_paint(options.keys),
        "speed": lambda: speed(options.seconds, options.rounds),
        "quit": quitting,
        "soak": lambda: soak(options.soak_minutes),
    }
    found = {}
    for name, measure in measures.items():
        if options.only in (None, name):
            found[name] = measure()
            if not options.json:
                print(f"{name}: " + "  ".join(f"{key} {value}" for key, value in found[name].items()), flush=True)
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

"""Kill pgplay this many times, each time in a new home, and print what was left: `python -m tests.chaos --help`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.chaos.kills import KILLS
from tests.chaos.place import Place
from tests.chaos.remote_kills import REMOTE_KILLS
from tests.remote.ssh_server import SSHD


def main() -> int:
    """Make the requested kills; return 1 if something was lost or survived."""
    parser = argparse.ArgumentParser("python -m tests.chaos", description=__doc__)
    kills = KILLS | (REMOTE_KILLS if SSHD else {})
    parser.add_argument("--rounds", type=int, default=len(kills), help="number of kills; the kinds alternate")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (the machine's speed varies too)")
    parser.add_argument("--only", choices=kills, action="append", help="only this kind; can be repeated")
    options = parser.parse_args()
    names = options.only or list(kills)
    failures = 0
    for number in range(options.rounds):
        name = names[number % len(names)]
        began = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as root, Place(Path(root)) as place:
                told = kills[name](place, random.Random(f"{options.seed} {number}"))
        except Exception:
            failures += 1
            told = f"FAILED\n{traceback.format_exc()}"
        print(f"{number + 1:3} {name:10} {time.monotonic() - began:5.1f} s  {told}", flush=True)
    print(f"{options.rounds} kills, {failures} after which something was wrong.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

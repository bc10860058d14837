"""The docs' page about keys, made from the registry of actions and the pages' own keys.

python -m tests.app.table      writes docs/keys.md
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textual.binding import Binding
from textual.screen import Screen

from pgplay.app.actions import ACTIONS, BENCH_ACTIONS, EDITOR_ACTIONS, bindings
from pgplay.app.screens.library.compare_runs import SideBySide
from pgplay.app.screens.library.policies import Library
from pgplay.app.screens.library.runs import Runs
from pgplay.app.screens.library.time_travel import TravelScreen
from pgplay.app.screens.step.microscope import MicroscopeScreen
from pgplay.app.screens.step.phases import PhaseScreen
from pgplay.app.screens.step.policy_map import MapScreen
from pgplay.app.screens.step.prompts import PromptsScreen

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"

HEAD = """\
# Keys

This page is made by `python -m tests.app.table`; a test fails where it is out of date.

`?` (or `f1`) explains what has the focus, `ctrl+p` searches everything by name, `esc` goes back, `q` quits. `v` shows
the keys that change how a page looks: `v l` is `v`, then `l`. A letter typed into a field is text: `esc` leaves the
field first. A click on a key in the lowest line does the same.
"""

PAGES: dict[str, type[Screen[None]]] = {
    "One update (n)": PhaseScreen,
    "Microscope (k)": MicroscopeScreen,
    "The policy's map (a)": MapScreen,
    "Prompts (P)": PromptsScreen,
    "Back in time (h)": TravelScreen,
    "Side by side (p)": SideBySide,
    "Policies (o)": Library,
    "Runs (u)": Runs,
}


def page() -> str:
    """Return the page."""
    sections = [HEAD, _table("The main screen", ((one.keys, f"{one.title}: {one.help}") for one in ACTIONS))]
    for title, screen in PAGES.items():
        sections.append(_section(title, (key for key in screen.BINDINGS if isinstance(key, Binding))))
    sections.append(_section("The reward's editor (e)", bindings(EDITOR_ACTIONS)))
    sections.append(_section("The reward bench (j)", bindings(BENCH_ACTIONS)))
    return "\n".join(sections)


def _section(title: str, keys: Iterable[Binding]) -> str:
    return _table(title, ((key.key_display or key.key, _told(key)) for key in keys if key.description))


def _table(title: str, keys: Iterable[tuple[str, str]]) -> str:
    rows = [f"| `{key}` | {words} |" for key, words in keys]
    return "\n".join([f"## {title}", "", "| key | |", "|---|---|", *rows, ""])


def _told(key: Binding) -> str:
    return f"{key.description}: {key.tooltip}" if key.tooltip else key.description


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

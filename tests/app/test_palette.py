"""The palette finds by name, description and synonym, and runs what is chosen."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.command import CommandList, CommandPalette

from pgplay.app.help.documents import NOT_SHOWN, documents
from pgplay.app.palette.entries import ENTRY_KINDS, PaletteEntry, find_matches, suggested
from pgplay.app.screens.dialogs.document import DocumentScreen
from pgplay.app.screens.dialogs.help import HelpScreen
from pgplay.app.state.saved_state import load_saved_state
from pgplay.locale.english.synonyms import SYNONYMS
from tests.app.fake_worker import Bench, opened, until

FITTING = {
    "lr": ("setting: lr", "plot: Learning rate"),
    "learning rate": ("setting: lr",),
    "dark": ("Theme",),
    "share": ("Recipe", "Runs"),
    "baseline": ("setting: baseline", "word: baseline", "algorithm: reinforce-baseline"),
    "csv": ("setting: task", "Runs", "Side by side"),
    "gpu": ("setting: device",),
    "exploration": ("setting: entropy",),
    "own reward": ("page: Write your own reward",),
    "edit distance": ("reward: levenshtein",),
    "exit": ("Quit",),
    "hello": ("preset: First steps (hello)",),
}
"""What a user types, and entries that must be among the first six."""


FIRST = {
    "collapse": ["word: collapse", "preset: Entropy collapse (no-entropy)"],
    "KL": ["setting: kl", "word: KL"],
    "advantage": ["word: advantage"],
    "what is an advantage": ["word: advantage"],
    "how do I export": ["Export"],
    "temperature": ["setting: temperature", "word: temperature"],
    "lr": ["setting: lr"],
    "dark": ["Theme"],
    "share": ["Recipe"],
    "baseline": ["setting: baseline", "word: baseline"],
    "csv": ["Export", "setting: task"],
    "save": ["Save"],
    "gpu": ["setting: device"],
    "seed": ["setting: seed"],
    "export": ["Export"],
    "svg": ["Export"],
}
"""What a user types, and the first entries in this order."""


def entries_of(bench: Bench) -> Sequence[PaletteEntry]:
    return bench.app.palette_entries(bench.app.screen)


async def test_likely_searches_find_fitting_entries() -> None:
    async with opened() as (bench, _):
        entries = entries_of(bench)
        for query, lines in FITTING.items():
            first = [match.entry.line for match in find_matches(query, entries, {})[:6]]
            assert set(lines) <= set(first), (query, first)
        for query, lines in FIRST.items():
            assert [match.entry.line for match in find_matches(query, entries, {})[: len(lines)]] == lines
        assert find_matches("xyzzy", entries, {}) == []
        assert {entry.kind for entry in entries} == set(ENTRY_KINDS)
        keys = {entry.key for entry in entries}
        assert [name for name in SYNONYMS if name.removeprefix("action") not in keys] == []


def entry(kind: str, name: str, help: str = "") -> PaletteEntry:
    return PaletteEntry(kind, name, name, help, lambda: None)


def test_the_better_match_comes_first_and_of_equals_the_more_used() -> None:
    entries = [entry("", "alpha"), entry("", "alphabet"), entry("preset", "alpha"), entry("", "beta", "not alpha")]
    lines = [match.entry.line for match in find_matches("alpha", entries, {})]
    assert lines == ["alpha", "preset: alpha", "alphabet", "beta"]
    used = {"preset.alpha": 2, ".beta": 1000}
    lines = [match.entry.line for match in find_matches("alpha", entries, used)]
    assert lines == ["preset: alpha", "alpha", "alphabet", "beta"]
    assert [one.line for one in suggested(entries, used)] == ["beta", "preset: alpha", "alpha", "alphabet"]


@pytest.mark.exhaustive
async def test_a_choice_opens_the_field_the_plot_the_term_or_the_page(home: Path) -> None:
    async with opened(size=(80, 24)) as (bench, pilot):
        entries = {one.line: one for one in entries_of(bench)}
        bench.app.choose_from_palette(entries["setting: lr"])
        await until(pilot, lambda: bench.app.focused and bench.app.focused.query_ancestor("#setting-lr"))
        assert bench.app.main.setup.display
        await pilot.press("escape", "escape")
        bench.app.choose_from_palette(entries["plot: Generalisation gap"])
        assert bench.app.state.view.shown[0] == "gap"
        bench.app.choose_from_palette(entries["algorithm: rloo"])
        await until(pilot, lambda: bench.app.main.setup.typed["algorithm"] == "rloo")
        bench.app.choose_from_palette(entries["preset: First steps (hello)"])
        await until(pilot, lambda: bench.app.main.setup.preset == "hello")
        bench.app.choose_from_palette(entries["word: baseline"])
        await until(pilot, lambda: isinstance(bench.app.screen, HelpScreen))
        await pilot.press("escape")
        bench.app.choose_from_palette(entries["page: Your first update"])
        await until(pilot, lambda: isinstance(bench.app.screen, DocumentScreen))
        await pilot.press("escape", "ctrl+q")
    assert load_saved_state().memory.uses["setting.lr"] == 1


def first_of(bench: Bench) -> str:
    """The first line of the palette's list."""
    options = bench.app.screen.query_one(CommandList).options
    return str(options[0].prompt) if options else ""


async def test_typed_words_and_enter_run_the_first_match() -> None:
    async with opened() as (bench, pilot):
        assert bench.app.current_theme.dark
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(bench.app.screen, CommandPalette))
        await pilot.press(*"dark")
        await until(pilot, lambda: "Theme" in first_of(bench))
        await pilot.press("enter")
        await until(pilot, lambda: not bench.app.current_theme.dark)


def test_every_page_of_the_documentation_ships_with_the_app() -> None:
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    pages = {f"docs/{page.path.name}" for page in documents()}
    assert pages == {name for name in shipped if name.startswith("docs/")}
    assert {path.stem for path in (root / "docs").glob("*.md")} == {page.name for page in documents()} | set(NOT_SHOWN)
    assert len({page.title for page in documents()}) == len(documents())

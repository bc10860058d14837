"""The five places: visible on every page, with number keys from each to each."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from pgplay.app.actions import PLACES
from pgplay.app.widgets.places import Places
from tests.app.fake_worker import Bench, until
from tests.app.screens import go_to, prepare

PAGES = {
    "main": "place_run",
    "editor": "place_run",
    "bench": "place_run",
    "phases": "place_step",
    "microscope": "place_step",
    "map": "place_map",
    "prompts": "place_map",
    "side-by-side": "place_compare",
    "runs": "place_library",
    "policies": "place_library",
    "travel": "place_library",
}
"""The place of each page, by the page's name in tests/app/screens.py."""

SCREENS = {
    "1": ("MainScreen",),
    "2": ("PhaseScreen", "MicroscopeScreen"),
    "3": ("MapScreen", "PromptsScreen"),
    "4": ("SideBySide",),
    "5": ("Runs", "Library"),
}
"""The pages that the key of each place cycles through."""


def name_of_page(bench: Bench) -> str:
    return type(bench.app.screen).__name__


async def press(bench: Bench, pilot: Pilot[int], key: str, screen: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: name_of_page(bench) == screen and not bench.app.screen.query("LoadingIndicator"))
    await pilot.pause()


@pytest.mark.exhaustive
async def test_every_page_shows_the_five_places_and_marks_its_own() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(60, 24)) as pilot:
        await prepare(bench, pilot)
        for page, own in PAGES.items():
            screen = await go_to(page, bench, pilot)
            places = screen.query_one(Places)
            assert (places.region.y, places.region.height) == (0, 1), page
            line = places.render()
            assert " ".join(line.plain.split()).startswith("1 Run 2 Step 3 Map 4 Compare 5 Library"), page
            here = places.get_component_rich_style("places--here", partial=True)
            marked = "".join(line.plain[span.start : span.end] for span in line.spans if span.style == here)
            assert marked.split() == next([place.key, place.title] for place in PLACES if place.name == own), page
            await pilot.press("escape")
            await until(pilot, lambda: bench.app.screen is bench.app.main)


@pytest.mark.exhaustive
async def test_the_number_keys_lead_from_every_place_to_every_other_and_cycle_its_pages() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(100, 30)) as pilot:
        await prepare(bench, pilot)
        keys = list(SCREENS)
        # Five is prime: each distance, gone five times, leads round all places, and the four go every way once.
        for distance in range(1, len(keys)):
            for number in range(1, len(keys) + 1):
                key = keys[distance * number % len(keys)]
                first, *others = SCREENS[key]
                await press(bench, pilot, key, first)
                if distance == 1:
                    for page in (*others, first):
                        await press(bench, pilot, key, page)
                assert len(bench.app.screen_stack) == (1 if key == "1" else 2)


@pytest.mark.exhaustive
async def test_escape_leads_back_to_the_run_from_every_place() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(100, 30)) as pilot:
        await prepare(bench, pilot)
        for key, (page, *_) in SCREENS.items():
            await press(bench, pilot, key, page)
            await press(bench, pilot, "escape", "MainScreen")


async def test_a_click_on_a_place_goes_there_and_the_line_ends_with_the_next_page_of_its_key() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(100, 30)) as pilot:
        await prepare(bench, pilot)
        line = bench.app.screen.query_one(Places).render().plain
        await pilot.click(Places, offset=(1 + line.index("Library"), 0))
        await until(pilot, lambda: name_of_page(bench) == "Runs")
        assert bench.app.screen.query_one(Places).render().plain.endswith("5: policies")
        await press(bench, pilot, "5", "Library")
        assert bench.app.screen.query_one(Places).render().plain.endswith("5: runs")


async def test_going_to_the_step_shows_the_recorded_one_without_making_one() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(100, 30)) as pilot:
        await prepare(bench, pilot)
        commands = list(bench.worker.commands)
        await press(bench, pilot, "2", "PhaseScreen")
        assert bench.worker.commands == commands


async def test_a_number_typed_into_a_field_is_text() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await prepare(bench, pilot)
        bench.app.main.query_one("#target").focus()
        await pilot.press("5")
        assert "5" in bench.app.main.query_one("#target").text  # type: ignore[attr-defined]
        assert name_of_page(bench) == "MainScreen"

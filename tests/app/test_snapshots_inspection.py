"""Snapshots of the screens that inspect a step, at three sizes, and of plots with every view option."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import pytest
from textual.pilot import Pilot

from pgplay.app.screens.step.microscope import MicroscopeScreen
from pgplay.app.screens.step.phases import PhaseScreen
from pgplay.app.screens.step.policy_map import MapScreen
from pgplay.app.state.plot_view import PlotView
from pgplay.config.changes import Changes
from pgplay.worker.protocol.events import Changed, Mapped, StateChanged, StepInspected
from tests.app.fake_worker import Bench, begin, curve, snapshot, until, words
from tests.app.step_details import policy_map, step_detail, traces

SIZES = [(80, 24), (120, 36), (200, 50)]


async def look(bench: Bench, pilot: Pilot[int], key: str, screen: type) -> None:
    """Open a screen on a paused run of 40 steps and wait until it shows what the worker reported."""
    await begin(bench, pilot)
    bench.worker.build("paused")
    bench.worker.tell(msgspec.structs.replace(snapshot(40), traces=traces(40)))
    bench.worker.tell(StateChanged(state="paused", step=40))
    bench.worker.tell(StepInspected(detail=step_detail()))
    bench.worker.tell(Mapped(map=policy_map()))
    await until(pilot, lambda: bench.app.state.map is not None and not bench.app.redraw_is_due)
    await pilot.press(key)
    await until(pilot, lambda: isinstance(bench.app.screen, screen))
    await until(pilot, lambda: bench.app.screen.query("FooterKey"))
    await pilot.pause()


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", SIZES)
def test_phases(size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    bench = Bench()

    async def walk(pilot: Pilot[int]) -> None:
        await look(bench, pilot, "n", PhaseScreen)
        await pilot.press("right", "right", "right")
        await until(pilot, lambda: "loss L" in str(bench.app.screen.query_one("#maths-lines").render()))
        await pilot.pause()

    assert snap_compare(bench.app, terminal_size=size, run_before=walk)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", SIZES)
def test_microscope(size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    bench = Bench()

    async def walk(pilot: Pilot[int]) -> None:
        await look(bench, pilot, "k", MicroscopeScreen)
        await until(pilot, lambda: "0.50" in str(bench.app.screen.query_one("#token-rows").render()))
        await pilot.pause()

    assert snap_compare(bench.app, terminal_size=size, run_before=walk)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", SIZES)
def test_map(size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    bench = Bench()

    async def walk(pilot: Pilot[int]) -> None:
        await look(bench, pilot, "a", MapScreen)
        await until(pilot, lambda: "█" in str(bench.app.screen.query_one("#target-tokens").render()))
        await pilot.pause()

    assert snap_compare(bench.app, terminal_size=size, run_before=walk)


def paid(step: int) -> dict[str, float]:
    """The metrics of a run that moves far from its reference for its reward, and then some way back."""
    far = 0.6 * (1 - math.exp(-step / 15)) - 0.25 * (1 - math.exp(-step / 60))
    return curve(step) | {"reward_mean": 1 - 0.6 * math.exp(-step / 25) + 0.01 * math.sin(step), "kl_reference": far}


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", SIZES)
def test_reward_over_divergence(size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    bench = Bench()

    async def walk(pilot: Pilot[int]) -> None:
        await begin(bench, pilot)
        bench.app.state.view = PlotView(shown=("reward_by_kl", "reward_mean", "kl_reference"), cursor=30)
        bench.worker.build("training")
        bench.worker.tell(snapshot(120, metrics=paid))
        if size != SIZES[0]:  # there the setup hides by itself
            await pilot.press("t")
        await until(pilot, lambda: "step 120" in words(bench, "#samples") and not bench.app.redraw_is_due)
        await until(pilot, lambda: "◆" in words(bench, "#plot-1") and "●" in words(bench, "#plot-1"))
        await pilot.pause()

    assert snap_compare(bench.app, terminal_size=size, run_before=walk)


def test_plots_looked_at(snap_compare: Callable[..., bool]) -> None:
    bench = Bench()

    async def walk(pilot: Pilot[int]) -> None:
        await begin(bench, pilot)
        bench.app.state.view = PlotView(
            shown=("reward_mean", "entropy", "cross_entropy", "rewards", "reward_max"),
            smoothing=20,
            recent=200,
            logarithmic=frozenset({"entropy"}),
            cursor=300,
        )
        bench.worker.build("training")
        bench.worker.tell(msgspec.structs.replace(snapshot(400), traces=traces(400)))
        bench.worker.tell(Changed(settings=Changes(lr=0.001), step=260))
        await pilot.press("t")  # without the setup, whose fields are not part of this snapshot
        await until(pilot, lambda: "step 400" in words(bench, "#samples") and not bench.app.redraw_is_due)
        await until(pilot, lambda: bench.app.main.query("#plot-5") and "┤" in words(bench, "#plot-5"))
        await pilot.pause()

    assert snap_compare(bench.app, terminal_size=(120, 50), run_before=walk)

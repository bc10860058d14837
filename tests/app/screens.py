"""Every screen of the app, opened by its key on a fixed run, for tests that go through all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from textual.pilot import Pilot
from textual.screen import Screen

from pgplay.app.help.documents import documents
from pgplay.app.screens.dialogs.consent import ConsentDialog
from pgplay.app.screens.dialogs.document import DocumentScreen
from pgplay.experiments.sweeps import open_sweep, rename_sweep
from pgplay.learning.reports.step_report import PromptSheet
from pgplay.library.policies import save_policy
from pgplay.library.policy_card import PolicyCard
from pgplay.policies.spec import FreshSpec
from pgplay.rewards.probe.probe import Histogram, PathPoint, Probe, Towards
from pgplay.rewards.probe.verdict import Fact, Verdict
from pgplay.rewards.spec import Origin
from pgplay.tasks.task import single_target
from pgplay.worker.protocol.events import Failed, Mapped, Probed, PromptsListed, StateChanged, StepInspected, Written
from tests.app.fake_worker import Bench, begin, coded, sample, snapshot, until
from tests.app.step_details import policy_map, step_detail, traces
from tests.app.stored_runs import store_run
from tests.experiments.stored_sweeps import store_seed, store_sweep
from tests.weights import weights

RUN = "mine"
SAVED = "2026-01-02T03:04:05Z"
REWARD = """def reward(text, target, prompt):
    return {"score": len(text) / 10, "vowels": sum(one in "aeiou" for one in text)}
"""
PROBE = Probe(
    reward="levenshtein", needs_target=True, completions=256, distinct=250, mean=0.04, lowest=0.0, highest=0.45,
    histogram=Histogram(tuple(number * 0.15 for number in range(4)), (200, 50, 6)), group_size=64, tied_groups=0.0,
    most_common=0.7, length_correlation=0.0, noise=0.0, microseconds=1.5, target_reward=1.0, max_length=14,
    path=tuple(PathPoint(edits, 1 / (1 + edits), 0.0, 1.0) for edits in range(9)),
    towards=Towards(0.3, 0.6, 0.1), climbs=(),
)  # fmt: skip
VERDICT = Verdict("learnable", (Fact("at-target", {"reached": 8, "climbs": 8}),))


class Opening(NamedTuple):
    """The keys that open a screen, the text that its parts then show, and what the worker reports meanwhile."""

    keys: tuple[str, ...]
    parts: dict[str, str]
    meanwhile: Callable[[Bench], object] = lambda bench: None


def _listed(bench: Bench) -> None:
    samples = (sample("greedy", "hello wrld", 0.91, 40), sample("greedy", "hxllo", 0.36, 40))
    bench.worker.tell(PromptsListed(sheet=PromptSheet(40, samples[:1], samples[1:])))


def _written(bench: Bench) -> None:
    bench.worker.answer(Written(samples=(sample("top", "hello wrld", 0.91, 40),), policy="", scored_by="levenshtein"))


def _probed(bench: Bench) -> None:
    bench.worker.answer(Probed(probe=PROBE, verdict=VERDICT))


def _consent(bench: Bench) -> None:
    bench.app.push_screen(ConsentDialog(REWARD, Origin("policy", "first")))


def _read(bench: Bench) -> None:
    bench.app.push_screen(DocumentScreen(documents()[0]))


def _failed(bench: Bench) -> None:
    bench.worker.tell(StateChanged(state="failed", reason=("error.text", {"text": "It failed."}), step=40))
    bench.worker.tell(Failed(*coded("reward raised ValueError.", "It was given 'x'."), run=RUN, step=40))


def _sweep(bench: Bench) -> None:
    rename_sweep(store_sweep().name, "two-algorithms")  # its first name has the date
    store_seed(open_sweep("two-algorithms"), 0, 0)
    bench.app.perform(bench.app.controllers.sweeps.open("two-algorithms"))


OPENINGS = {
    "main": Opening((), {"#samples": "step 40"}),
    "phases": Opening(("n",), {"#maths-lines": "tokens"}),
    "microscope": Opening(("k",), {"#token-rows": "0.50"}),
    "map": Opening(("a",), {"#next-tokens": "greedy"}),
    "prompts": Opening(("P",), {"#watched": "right answer"}, _listed),
    "health": Opening(("d",), {"#health-signals": "Entropy"}),
    "view": Opening(("v",), {"#view-choices": "metrics"}),
    "metrics": Opening(("m", "slash", *"percentile"), {"#metric-about": "10th"}),  # all of them would change too often
    "details": Opening(("i",), {"#details TwoColumnText": ""}),
    "recipe": Opening(("y",), {"#recipe": "default"}),
    "travel": Opening(("h", "left"), {"#travel-title": "step 59 of 60"}),
    "side-by-side": Opening(("p",), {"#overlay-plot": "●"}),
    "new-sweep": Opening(("W",), {"#sweep-size": ""}),
    "bench": Opening(("j", "ctrl+r"), {"#probed": "climbs", "#scores": "exact"}, _probed),
    "editor": Opening(("e",), {"#checked": "hello w·rld"}),
    "policies": Opening(("o",), {"#page-hint": "writes"}),
    "runs": Opening(("u",), {"#page-hint": "checkpoint"}),
    "write": Opening(("w", "enter"), {"#texts": "hello w·rld"}, _written),
    "save": Opening(("ctrl+s",), {"#answer": ""}),
    "go-until": Opening(("g",), {"#answer": ""}),
    "delete": Opening(("u", "delete"), {".words": "Delete"}),
    "choose": Opening(("p", "a"), {"OptionList": ""}),
    "code": Opening(("n", "c"), {".code-text": "def"}),
    "document": Opening((), {"#document": ""}, _read),
    "help": Opening(("question_mark",), {"#help": ""}),
    "write-for-a-prompt": Opening((), {"#prompt": ""}, lambda bench: bench.app.controllers.policies.write("abc")),
    "consent": Opening((), {"#consent": ""}, _consent),
    "failure": Opening((), {"#resume": "Resume"}, _failed),
    "sweep": Opening((), {"#sweep-title": "1 of 6 runs", "#page-hint": "seed 0"}, _sweep),
}
"""The screens by their names in tests."""


async def prepare(bench: Bench, pilot: Pilot[int]) -> None:
    """Store two runs and a policy, train forty steps and pause."""
    store_run(RUN, seed=3)
    store_run("other", 30, algorithm="rloo", checkpoints=())
    card = PolicyCard(
        name="first", shape=FreshSpec("gru-small", "abc", 14), task=single_target("hello world"),
        reward="levenshtein", config={}, metrics={"greedy_reward": 0.91}, steps=40, created=SAVED,
    )  # fmt: skip
    save_policy(card, weights(card))
    await begin(bench, pilot)
    bench.worker.build("paused", run=RUN)
    bench.worker.tell(msgspec.structs.replace(snapshot(40), traces=traces(40)))
    bench.worker.tell(StateChanged(state="paused", step=40))
    bench.worker.tell(StepInspected(detail=step_detail()))
    bench.worker.tell(Mapped(map=policy_map()))
    await until(pilot, lambda: bench.app.state.map is not None and not bench.app.redraw_is_due)


async def go_to(name: str, bench: Bench, pilot: Pilot[int]) -> Screen[object]:
    """Open the screen called `name` from the main one, and return it once it shows its content."""
    opening = OPENINGS[name]
    for number, key in enumerate(opening.keys):
        await pilot.press(key)
        if number == 0:
            await until(pilot, lambda: len(bench.app.screen_stack) > 1)
        await pilot.pause()
    opening.meanwhile(bench)

    def stands() -> bool:
        screen = bench.app.screen
        if screen.query("Footer") and not screen.query("FooterKey"):
            return False
        shown = {part: screen.query(part) for part in opening.parts}
        return all(shown[part] and words in str(shown[part].first().render()) for part, words in opening.parts.items())

    await until(pilot, stands)
    await until(pilot, lambda: not bench.app.redraw_is_due)
    return bench.app.screen

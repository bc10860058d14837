"""Resuming a run whose checkpoints are missing or have invalid content."""

import json
import math

import pytest
import torch

from pgplay.config.changes import Changes
from pgplay.errors import PgplayError
from pgplay.locale.catalog import sentences_of
from pgplay.rewards.spec import read_spec
from pgplay.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pgplay.runs.checkpoint_files import checkpoint_step
from pgplay.runs.store import RunStore
from pgplay.runs.stored_rewards import stored_rewards
from pgplay.worker.session.session import Session
from tests.worker.test_session import begin


def rewritten(run, which="last", *, counters=None, trainer=None, tensors=None, drop=(), **state):
    """Write the checkpoint of `run` again with a change and the right hashes."""
    folder = RunStore.open(run).folder
    found = load_checkpoint(folder, which)
    values = found.state["trainer"]
    values["counters"] |= counters or {}
    values |= trainer or {}
    kept = {name: tensor for name, tensor in found.tensors.items() if name not in drop}
    save_checkpoint(folder, Checkpoint({**kept, **(tensors or {})}, {**found.state, **state}))


def trained(count=4):
    """Return a run of some steps, each of which has a checkpoint along the run."""
    session = begin(kl=0.1)
    for _ in range(count):
        session.step()
        session._keeper._next_trail = 0.0
        session._keeper.checkpoint()
    session.close("paused")
    return session.run


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"drop": ["policy.lm_head.bias"]}, "lacks policy.lm_head.bias"),
        ({"drop": ["generator"]}, "lacks generator"),
        ({"drop": ["optimiser.0.mean"]}, "lacks optimiser.0.mean"),
        ({"tensors": {"policy.layers.0.weight_hh": torch.zeros(36, 108)}}, "is 36 x 108, not 108 x 36"),
        ({"tensors": {"critic.bias": torch.full((1,), math.inf)}}, "not finite"),
        ({"tensors": {"critic.bias": torch.zeros(1, dtype=torch.float64)}}, "has F64 instead of F32"),
        ({"tensors": {"optimiser.0.step": torch.tensor(-1.0)}}, "negative"),
        ({"tensors": {"more": torch.zeros(1)}}, "an unexpected more"),
        ({"tensors": {"generator": torch.full((5056,), math.inf)}}, "random generator"),
        ({"tensors": {"prompt_generator": torch.full((5056,), 255, dtype=torch.uint8)}}, "random generator"),
        ({"counters": {"steps": -1}, "step": -1}, "steps cannot be -1"),
        ({"counters": {"steps": "4"}}, "counters"),
        ({"counters": {"steps": 3}}, "counts 3 steps"),
        ({"counters": {"completions": 0}}, "without a completion"),
        ({"counters": {"moving_average": math.nan}}, "moving_average cannot be nan"),
        ({"counters": {"seen": [1.0, 0.0]}}, "seen cannot be 1.0 to 0.0"),
        ({"counters": {"seen": [0.0, math.inf]}}, "seen cannot be 0.0 to inf"),
        ({"counters": {"waiting": [7]}}, "it has a waiting prompt"),
        ({"counters": {"best": "none"}}, "counters"),
        ({"trainer": {"reference": "start"}}, "reference"),
        ({"trainer": {"reference": ["gru-nano", "ab", 0]}}, "max_length cannot be 0"),
        ({"trainer": {"counters": None}}, "counters"),
        ({"trainer": "none"}, "trainer"),
        ({"reward": "levenshtein"}, "reward"),
        ({"shape": ["gru-huge", "ab", 5]}, "no model called"),
        ({"shape": "gru-nano"}, "shape"),
        ({"settings": {"lr": -1}}, "lr cannot be -1"),
        ({"threads": 0}, "threads"),
    ],
)
def test_a_checkpoint_with_invalid_content_gives_way_to_the_newest_intact_one(damage, words):
    run = trained()
    damage = dict(damage)
    if damage.get("trainer") == "none":
        folder = RunStore.open(run).folder
        found = load_checkpoint(folder)
        save_checkpoint(folder, Checkpoint(found.tensors, {**found.state, "trainer": "none"}))
    else:
        rewritten(run, **damage)
    for path in (RunStore.open(run).folder / "checkpoints").glob("*.json"):
        if path.name != "last.json" and json.loads(path.read_text())["state"]["step"] == 4:
            path.unlink()  # such as last-previous, and on a slow machine the best
    session = Session.resume(run)
    (note,) = sentences_of(session.info().notes)
    assert words in note
    assert f"The checkpoint of step {session.step_count} is used instead." in note
    assert 0 < session.step_count < 4
    assert session.step().step == session.step_count
    session.close("paused")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("missing", [["last"], ["last", "last-previous"]])
def test_a_run_resumes_from_its_newest_checkpoint_whichever_are_missing(missing):
    run = trained()
    folder = RunStore.open(run).folder
    for name in missing:
        (folder / "checkpoints" / f"{name}.json").unlink()
    step = checkpoint_step(folder)
    session = Session.resume(run)
    assert session.step_count == step
    (note,) = sentences_of(session.info().notes)
    assert note.endswith(f"it is missing. The checkpoint of step {step} is used instead.")
    assert [event.words for event in session.store.events() if event.kind == "resume"] == [note]
    session.close("paused")


def test_consent_is_asked_for_the_python_of_the_checkpoint_taken(tmp_path):
    run = trained()
    file = tmp_path / "mine.py"
    file.write_text("def reward(text, target, prompt):\n    return 1\n")
    session = Session.resume(run)
    session.change(Changes(reward=str(file)), [read_spec(str(file))])
    session.step()
    session.close("paused")
    assert [spec.code for spec in stored_rewards(run)] == [file.read_text()]
    rewritten(run, counters={"waiting": [7]})
    (RunStore.open(run).folder / "checkpoints" / "last-previous.json").unlink()
    for kept in (RunStore.open(run).folder / "checkpoints").glob("*.json"):
        if json.loads(kept.read_text())["state"]["step"] == 5 and kept.stem != "last":
            kept.unlink()
    assert [spec.text for spec in stored_rewards(run)] == ["levenshtein"]
    session = Session.resume(run)
    assert (session.step_count, session.config.reward) == (4, "levenshtein")
    session.close("paused")


def test_without_an_intact_checkpoint_the_newest_is_named():
    run = begin()
    run.close("paused")
    rewritten(run.run, drop=["generator"])
    for path in (run.store.folder / "checkpoints").glob("*.json"):
        if path.stem != "last":
            path.unlink()
    with pytest.raises(PgplayError, match=r"checkpoint of step 0 of the run .* lacks generator"):
        Session.resume(run.run)

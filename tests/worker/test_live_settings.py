"""Every live setting: a change affects the next step, and is stored with the run."""

import json

import pytest
import torch

from pgplay.config.changes import Changes
from pgplay.config.run_config import fields, make_config
from pgplay.learning.inputs import Inputs
from pgplay.worker.session.session import Session

CONFIG = {
    "model": "gru-nano", "target": "abc", "batch_size": 8, "until": "never", "seed": 7, "threads": 1,
    "lr_schedule": "kl",
}
LEARNING = {
    "target": "cab", "reward": "prefix", "algorithm": "reinforce", "control_variate": "none", "batch_size": 16,
    "updates_per_step": 4, "lr": 0.03, "optimizer": "sgd", "lr_schedule": "constant",
    "lr_target": 1e-6, "entropy": 0.7, "entropy_schedule": "reward-gap", "entropy_target": 900.0,
    "kl": 0.5, "kl_limit": 1e-6, "replay": 1.0, "clip_gradient": 0.001, "temperature": 0.5, "top_k": 2, "top_p": 0.5,
    "min_p": 0.5, "l1": 0.1, "l2": 0.1, "weight_decay": 0.5,
}
"""A value for each setting that affects a step."""
ENDING = {"steps": 4, "max_seconds": 1e-6, "until": "reward>=0"}
OTHERS = {"threads", "held_out_every", "patience", "recovery"}
"""Threads, and settings only for held-out prompts or a collapsed policy, have tests of their own."""


AFTER_ONE_MORE = {"entropy_schedule": "entropy_weight", "entropy_target": "entropy_weight", "lr_target": "lr"}
"""These act on the step after the next."""


def numbers(session):
    return {name: value for name, value in session.step().metrics.items() if not name.startswith("seconds")}


def go(change):
    """Return the metrics of a run's third and fourth step with `change` made after the second, its policy after the
    third, the reason to end, its events and its settings.
    """
    session = Session.begin(make_config(CONFIG), Inputs())
    session.step()
    session.step()
    if change:
        session.change(Changes.of(change))
    told = [numbers(session)]
    tensors = {name: tensor.clone() for name, tensor in session.need_policy().saved_state().items()}
    told.append(numbers(session))
    ending, events, settings = session.should_stop(), session.store.events(), session.config
    session.close("paused")
    return told, tensors, ending, events, settings


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPLAY_HOME", str(tmp_path_factory.mktemp("unchanged")))
        yield go({})


def test_every_live_setting_is_tested_here():
    assert {name for name, field in fields().items() if field.live} == {*LEARNING, *ENDING, *OTHERS}


@pytest.mark.parametrize("name", LEARNING)
def test_a_change_affects_the_very_next_step_and_is_stored(name, unchanged):
    told, tensors, _, events, settings = go({name: LEARNING[name]})
    if name in AFTER_ONE_MORE:
        moved = AFTER_ONE_MORE[name]
        assert told[1][moved] != unchanged[0][1][moved]
    else:
        assert not all(torch.equal(tensor, unchanged[1][key]) for key, tensor in tensors.items())
    assert getattr(settings, name) == LEARNING[name]
    (event,) = [event for event in events if event.kind == "change"]
    assert (event.step, json.loads(event.detail)) == (2, {name: LEARNING[name]})


@pytest.mark.parametrize("name", ENDING)
def test_another_end_counts_from_the_next_step_on_and_changes_no_number(name, unchanged):
    told, _, ending, events, _ = go({name: ENDING[name]})
    assert told == unchanged[0]
    assert ending is not None
    assert [event.step for event in events if event.kind == "change"] == [2]

"""That no pair of a way in and a way to run is left out: each is tried beside this, or said not to be there."""

from __future__ import annotations

import itertools

import pytest

from tests.consent import test_app as app
from tests.consent import test_command_line as command_line

WAYS_IN = ("preset", "recipe", "policy", "run", "last session")
"""An exported policy and a sweep's file are a policy and its recipes; each also comes as reward and as measure."""

WAYS_TO_RUN = (
    *("train", "resume", "branch", "eval", "sample", "score", "probe", "compare"),
    *("start", "edit", "bench", "train on", "write", "watch"),
)

TRIED = {
    *command_line.ASKS,
    *command_line.ASKS_FOR_THE_REWARD,
    *command_line.NEVER_RUNS,
    *itertools.product(app.INTO_THE_SETUP, app.BY_THE_SETUP),
    *(tuple(way.split(" → ")) for way in app.BY_THEMSELVES),
    ("policy", "write"),  # test_writing_with_a_policy_runs_none_of_its_python
    ("preset", "watch"),  # test_only_the_persons_own_file_is_watched
}

NOT_THERE = {
    **{(way, "score"): "scores by what its own command line names" for way in WAYS_IN},
    **{(way, "eval"): "evaluates a saved policy" for way in WAYS_IN if way != "policy"},
    **{(way, "sample"): "writes with a saved policy" for way in WAYS_IN if way != "policy"},
    **{(way, "write"): "writes with a saved policy, or the run's own" for way in WAYS_IN if way != "policy"},
    **{(way, "train on"): "trains a saved policy on" for way in WAYS_IN if way != "policy"},
    **{(way, how): "brings a stored run back" for way in WAYS_IN if way != "run" for how in ("resume", "branch")},
    **{(way, "watch"): "one watch for whatever was allowed" for way in WAYS_IN if way != "preset"},
    **{("last session", how): "opens the app alone" for how in ("train", "probe", "compare")},
    **{(way, how): "fills the setup in first" for way in ("policy", "run") for how in ("start", "edit", "bench")},
    **{(way, how): "is named by no option" for way in ("policy", "run") for how in ("train", "probe")},
    ("policy", "compare"): "is no recipe",
    ("recipe", "compare"): "is typed on its own command line, so its file is the person's own",
}


@pytest.mark.parametrize("pair", itertools.product(WAYS_IN, WAYS_TO_RUN), ids=" to ".join)
def test_each_pair_is_tried_or_is_not_there(pair: tuple[str, str]) -> None:
    assert (pair in TRIED) != (pair in NOT_THERE)

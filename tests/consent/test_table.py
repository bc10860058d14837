"""No pair of a source and a way to run is left out: each is tested in this package, or listed as impossible."""

from __future__ import annotations

import itertools

import pytest

from tests.consent import test_app as app
from tests.consent import test_command_line as command_line

SOURCES = ("preset", "recipe", "policy", "run", "last session")
"""An exported policy and a sweep's file are a policy and its recipes; each exists as reward and as measure."""

WAYS_TO_RUN = (
    *("train", "resume", "branch", "eval", "sample", "score", "probe", "compare", "sweep"),
    *("start", "edit", "bench", "train on", "write", "watch"),
)

TRIED = {
    *command_line.ASKS,
    *command_line.ASKS_FOR_THE_REWARD,
    *command_line.NEVER_RUNS,
    *itertools.product(app.INTO_THE_SETUP, app.BY_THE_SETUP),
    *(tuple(source.split(" → ")) for source in app.BY_THEMSELVES),
    ("policy", "write"),  # test_sampling_a_policy_runs_none_of_its_python
    ("preset", "watch"),  # test_only_the_users_own_file_is_watched
}

NOT_THERE = {
    **{(source, "score"): "scores by what its own command line names" for source in SOURCES},
    **{(source, "eval"): "evaluates a saved policy" for source in SOURCES if source != "policy"},
    **{(source, "sample"): "writes with a saved policy" for source in SOURCES if source != "policy"},
    **{(source, "write"): "writes with a saved policy, or the run's own" for source in SOURCES if source != "policy"},
    **{(source, "train on"): "trains a saved policy" for source in SOURCES if source != "policy"},
    **{(source, how): "resumes a stored run" for source in SOURCES if source != "run" for how in ("resume", "branch")},
    **{(source, "watch"): "one watch for whatever was allowed" for source in SOURCES if source != "preset"},
    **{("last session", how): "only the app opens it" for how in ("train", "probe", "compare", "sweep")},
    **{(source, how): "fills the setup first" for source in ("policy", "run") for how in ("start", "edit", "bench")},
    **{(source, how): "no option names it" for source in ("policy", "run") for how in ("train", "probe", "sweep")},
    ("policy", "compare"): "is no recipe",
    ("recipe", "compare"): "is typed on its own command line, so its file is the user's own",
}


@pytest.mark.parametrize("pair", itertools.product(SOURCES, WAYS_TO_RUN), ids=" to ".join)
def test_each_pair_is_tested_or_impossible(pair: tuple[str, str]) -> None:
    assert (pair in TRIED) != (pair in NOT_THERE)

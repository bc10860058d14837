"""`pgplay watch`: the run that it opens, and its message if there is none."""

import pytest

from pgplay.cli import main
from pgplay.cli.commands.watch import newest_in_training
from pgplay.config.run_config import make_config
from pgplay.runs.store import RunStore


def test_the_newest_run_in_training_is_watched() -> None:
    with RunStore.create(make_config({}), "ended") as ended, RunStore.create(make_config({}), "going"):
        ended.finish("solved")
        assert newest_in_training() == "going"


def test_without_a_run_in_training_it_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "No run is being trained now.",
        "Start one with pgplay train, or name a stored run: pgplay watch RUN.",
    ]


def test_an_unknown_run_is_refused_with_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    RunStore.create(make_config({}), "morning").close()
    assert main(["watch", "mornin"]) == 2
    assert "Did you mean 'morning'?" in capsys.readouterr().err

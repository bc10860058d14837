"""The faster kills of the script, one of each, so that the script keeps working."""

from pathlib import Path
from random import Random

import psutil
import pytest

from tests.chaos.kills import KILLS
from tests.chaos.place import Place
from tests.chaos.remote_kills import REMOTE_KILLS
from tests.remote.ssh_server import SSHD

SHORT = ["training", "importing", "reward"]


pytestmark = pytest.mark.skipif(psutil.WINDOWS, reason="needs SIGKILL, and a guard around a reward")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("name", SHORT)
def test_a_kill_loses_nothing_and_leaves_no_process(name: str, tmp_path: Path) -> None:
    with Place(tmp_path) as place:
        assert KILLS[name](place, Random(0))


@pytest.mark.exhaustive
def test_a_rank_that_is_killed_loses_nothing_and_leaves_no_process(tmp_path: Path) -> None:
    with Place(tmp_path) as place:
        assert KILLS["other_rank"](place, Random(0))


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["launcher", "first_rank"])
def test_a_killed_launcher_or_first_rank_loses_nothing_and_leaves_no_process(name: str, tmp_path: Path) -> None:
    with Place(tmp_path) as place:
        assert KILLS[name](place, Random(0))


@pytest.mark.skipif(SSHD is None, reason="there is no sshd")
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", REMOTE_KILLS)
def test_a_kill_around_a_run_on_another_machine_loses_nothing_and_leaves_no_process(name: str, tmp_path: Path) -> None:
    with Place(tmp_path) as place:
        assert REMOTE_KILLS[name](place, Random(0))

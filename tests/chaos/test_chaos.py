"""The quicker kills of the script, one of each, so that it stays able to make them."""

from pathlib import Path
from random import Random

import psutil
import pytest

from tests.chaos.kills import KILLS
from tests.chaos.place import Place

SHORT = ["training", "importing", "reward"]


pytestmark = pytest.mark.skipif(psutil.WINDOWS, reason="needs SIGKILL, and a guard around a reward")


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost_by_a_kill_and_nothing_lives_on(name: str, tmp_path: Path) -> None:
    with Place(tmp_path) as place:
        assert KILLS[name](place, Random(0))

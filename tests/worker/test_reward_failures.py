"""Whatever the user's Python does during a run, the run stops there, loses nothing, and continues the same."""

import sys

import pytest

from pgplay.errors import RewardError
from tests.worker.test_session import begin, steps

CODE = """
import ctypes, os, subprocess, sys
def rewards(texts, targets, prompts):
    scores = [len(text) / 10 for text in texts]
    if os.path.exists({trouble!r}):
        {misdeed}
    return scores
"""

MISDEEDS = {
    "raises": ("1 / 0", "ZeroDivisionError"),
    "nan": ("scores[-1] = float('nan')", "returned nan"),
    "infinity": ("scores[0] = float('inf')", "returned inf"),
    "none": ("scores = None", "returned None instead of a list"),
    "bool": ("scores[0] = True", "returned True"),
    "text": ("scores[0] = '1'", "returned '1'"),
    "too few": ("del scores[-1]", "scores for"),
    "leaves": ("sys.exit()", r"called sys\.exit"),
    "ends its process": ("os._exit(3)", "exit status 3"),
    "crashes": ("ctypes.string_at(0)", "SIGSEGV"),
    "closes all descriptors": ("os.closerange(0, 64)", "closed the connection|ended its own process"),
    "leaves children behind": ("subprocess.Popen(['sleep', '60'], start_new_session=True); 1 / 0", "ZeroDivision"),
    "fills the memory": ("hoard = bytearray(10 * 1024**3)", "MemoryError"),
}


@pytest.fixture(scope="module")
def untroubled(tmp_path_factory):
    """The metrics of four steps without failures."""
    folder = tmp_path_factory.mktemp("untroubled")
    file = folder / "mine.py"
    file.write_text(CODE.format(trouble=str(folder / "trouble"), misdeed="pass"))
    patch = pytest.MonkeyPatch()
    patch.setenv("PGPLAY_HOME", str(folder / "home"))
    session = begin(reward=str(file))
    found = steps(session, 4)
    session.close("paused")
    patch.undo()
    return found


@pytest.mark.parametrize("name", MISDEEDS)
def test_nothing_is_lost(name, untroubled, tmp_path):
    misdeed, words = MISDEEDS[name]
    if name == "fills the memory" and sys.platform != "linux":
        pytest.skip("only Linux counts the memory that is written to")
    trouble, file = tmp_path / "trouble", tmp_path / "mine.py"
    file.write_text(CODE.format(trouble=str(trouble), misdeed=misdeed))
    session = begin(reward=str(file))
    found = steps(session, 2)
    trouble.touch()
    with pytest.raises(RewardError, match=words) as caught:
        session.step()
    assert not session.is_damaged
    session.rest("failed", caught.value.reason)
    assert session.checkpoint_step == 2
    trouble.unlink()
    found += steps(session, 2)
    assert found == untroubled
    session.close("paused")

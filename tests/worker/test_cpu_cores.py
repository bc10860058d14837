"""How runs that train at once share the cores."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.paths import cores_folder
from pgplay.worker.session import cpu_cores
from pgplay.worker.session.cpu_cores import Claim, Wish, divide

HOLD = """
import sys
from pgplay.worker.session.cpu_cores import Claim, Wish
claim = Claim(Wish(int(sys.argv[1]), False))
claim.take()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_cores, "available_cores", lambda: 8)


@contextmanager
def held(threads: int) -> Iterator[None]:
    """Let another process train with this many threads, and kill it at the end."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HOLD, str(threads)]
    with subprocess.Popen(command, env=environment, stdin=-1, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.kill()


@pytest.mark.parametrize(
    ("wishes", "shares"),
    [
        ([Wish(8, False)], [8]),
        ([Wish(8, False), Wish(8, False)], [4, 4]),
        ([Wish(8, False), Wish(1, False), Wish(8, False)], [3, 1, 4]),
        ([Wish(2, False), Wish(8, False), Wish(4, False)], [2, 3, 3]),
        ([Wish(8, False), Wish(6, True)], [2, 6]),
        ([Wish(8, True), Wish(8, True), Wish(4, False)], [8, 8, 1]),
        ([Wish(1, True)] * 10, [1] * 10),
    ],
)
def test_cores_are_divided_fairly(wishes: list[Wish], shares: list[int]) -> None:
    assert divide(8, wishes) == shares


@given(st.integers(1, 64), st.lists(st.integers(1, 64), min_size=1, max_size=20))
def test_no_core_is_shared_or_left_idle_without_need(count: int, wanted: list[int]) -> None:
    shares = divide(count, [Wish(threads, False) for threads in wanted])
    assert all(1 <= share <= threads for share, threads in zip(shares, wanted, strict=True))
    assert sum(shares) == max(len(wanted), min(count, sum(wanted)))
    content = [share for share, threads in zip(shares, wanted, strict=True) if share == threads]
    short = [share for share, threads in zip(shares, wanted, strict=True) if share < threads]
    assert not short or max(short) - min(short) <= 1
    assert not (short and content) or max(content) <= max(short) + 1


def test_a_run_yields_cores_while_another_trains_and_gets_them_back() -> None:
    claim = Claim(Wish(8, False))
    claim.take()
    assert claim.share() == 8
    with held(8):
        assert claim.share() == 4
    assert claim.share() == 8
    second = Claim(Wish(2, False))
    second.take()
    assert (claim.share(), second.share()) == (6, 2)
    second.release()
    assert claim.share() == 8
    claim.release()
    assert list(cores_folder().glob("*.claim")) == []


def test_a_failed_claim_is_invisible() -> None:
    claim, planned = Claim(Wish(8, False)), Claim(Wish(8, False))
    claim.take()
    assert planned.share() == 4
    assert claim.share() == 8
    claim.release()


@pytest.mark.parametrize(("given", "kept"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_waiting_threads_sleep_unless_the_user_says_otherwise(given: str | None, kept: str) -> None:
    code = (
        "import os\nfrom pgplay.worker.session.cpu_cores import let_waiting_threads_sleep\n"
        "let_waiting_threads_sleep()\nprint(os.environ['OMP_WAIT_POLICY'])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("OMP_WAIT_POLICY", None)
    environment |= {"OMP_WAIT_POLICY": given} if given else {}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == kept

"""Every way in which a user's Python can misbehave, in the real process: it is reported, and nothing is left behind."""

import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pgplay.errors import RewardError
from pgplay.rewards.python.scorer import Limits
from tests.rewards.conftest import Build, failure, score

SHORT = Limits(batch_seconds=0.5, load_seconds=5.0)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts the memory and tells who started whom")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("None", "returned None instead of a number"),
        ("True", r"returned True \(bool\)"),
        ("'1.0'", r"returned '1.0' \(str\)"),
        ("1j", "returned 1j"),
        ("[1.0]", "returned \\[1.0\\]"),
        ("float('nan')", "returned nan, which is not finite"),
        ("float('-inf')", "returned -inf, which is not finite"),
        ("10 ** 400", "returned inf, which is not finite"),
        ("object()", "instead of a number"),
        ("type('Evil', (), {'__repr__': lambda self: 1 / 0})()", "returned a Evil"),
        ("{'a': 1}", "a mapping without 'score'"),
        ("{'score': None}", "returned None as 'score'"),
        ("{'score': 1, 'part': 'x'}", r"returned 'x' \(str\) as 'part'"),
        ("{'score': 1, 2: 3}", "a part whose name is 2"),
        ("{'score': 1, **{str(i): i for i in range(99)}}", "returned 99 parts"),
        ("{'score': 1, **({'a': 1} if text == 'second' else {})}", r"returned the parts \['a'\], but none"),
    ],
)
def test_a_wrong_value_is_refused_with_its_line_and_its_text(build: Build, returned: str, words: str) -> None:
    error = failure(build(f"\ndef reward(text, target, prompt):\n    return {returned}\n"), "first", "second")
    assert re.search(words, error.problem)
    assert "(line 2: def reward(text, target, prompt):)" in error.problem or "parts" in words
    assert "reward in mine.py" in error.problem
    assert "'target'" in error.remedy
    assert "'prompt'" in error.remedy
    assert re.search("'first'|'second'", error.remedy)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("[1.0]", "returned 1 scores for 2 texts"),
        ("[1.0] * 3", "returned more than 2 scores for 2 texts"),
        ("[]", "returned 0 scores for 2 texts"),
        ("None", "returned None instead of a list of 2 scores"),
        ("1.0", "instead of a list of 2 scores"),
        ("'ab'", "instead of a list of 2 scores"),
        ("{'score': 1}", "instead of a list of 2 scores"),
        ("[1.0, None]", r"(?s)returned None instead of a number .*'second'"),
        ("__import__('itertools').count()", "returned more than 2 scores"),
        ("1 / 0", r"(?s)ZeroDivisionError.*'first' .* and 1 others"),
    ],
)
def test_a_wrong_list_is_refused(build: Build, returned: str, words: str) -> None:
    error = failure(build(f"def rewards(texts, targets, prompts):\n    return {returned}\n"), "first", "second")
    assert re.search(words, str(error))


BAD_OR_GOOD = """import os, sys, signal, time
def reward(text, target, prompt):
    if text == 'bad':
        {}
    return 1
"""


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("misdeed", "words"),
    [
        ("raise ValueError('oh\\nno')", r"raised ValueError: oh no \(line 4"),
        ("raise ValueError('\\ud800' + 'x' * 10**6)", r"raised ValueError: \?x+…"),
        ("raise StopIteration", r"raised StopIteration \(line 4"),
        ("raise KeyboardInterrupt", r"raised KeyboardInterrupt \(line 4"),
        ("raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})", r"raised E: .*\(line 4"),
        ("reward('bad', target, prompt)", r"raised RecursionError: .*\(line 4"),
        ("sys.exit('bye')", r"called sys\.exit\('bye' \(str\)\) \(line 4"),
        ("os._exit(7)", "ended its own process with exit status 7"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "was ended by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", r"was ended by SIGSEGV \(line 4: import ctypes"),
        ("os.closerange(0, 64)", "reward in mine.py (closed the connection|ended its own process)"),
        ("sys.stdout.close(); print('x')", r"raised ValueError: I/O operation on closed file. \(line 4"),
        ("sys.stdin.read(1)[0]", r"raised IndexError.*\(line 4"),
        ("sys.stderr.close(); raise ValueError('mute')", r"raised ValueError: mute \(line 4"),
        ("os.fork() or os._exit(0); raise ValueError('parent')", "raised ValueError: parent"),
    ],
)
def test_a_failure_is_reported_and_the_next_batch_starts_afresh(build: Build, misdeed: str, words: str) -> None:
    reward = build(BAD_OR_GOOD.format(misdeed))
    error = failure(reward, "good", "bad", "good too")
    assert re.search(words, error.problem)
    assert error.remedy.startswith("It was given the text 'bad' (target 'target', prompt 'prompt')")
    assert error.exit_status == 3
    assert score(reward, "good") == [1.0]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("misdeed", "line"),
    [
        ("while True: pass", r"\(line 4: while True: pass\)"),
        ("time.sleep(1000)", r"\(line 4: time\.sleep\(1000\)\)"),
        ("import re; re.match('(a+)+b', 'a' * 60)", r"\(line 4"),
        ("os.kill(os.getpid(), signal.SIGSTOP)", ""),
        ("[signal.signal(one, signal.SIG_IGN) for one in (signal.SIGTERM, signal.SIGUSR1)]; time.sleep(99)", ""),
    ],
)
def test_a_call_that_takes_too_long_is_ended_and_reported(build: Build, misdeed: str, line: str) -> None:
    reward = build(BAD_OR_GOOD.format(misdeed), limits=SHORT)
    error = failure(reward, "good", "bad", "good too")
    assert re.search(r"took longer than 0\.5 s for 3 texts, of which it scored 1.*" + line, error.problem)
    assert "'bad'" in error.remedy
    assert score(reward, "good") == [1.0]


def test_a_batch_that_is_never_read_does_not_block_us(build: Build) -> None:
    code = "import os, signal\ndef reward(text, target, prompt):\n    if text == 'bad':\n"
    code += "        os.kill(os.getpid(), signal.SIGSTOP)\n    return 1\n"
    reward = build(code, limits=SHORT)
    assert "took longer" in failure(reward, "bad", "x" * 2_000_000).problem


def test_the_traceback_leads_to_the_users_own_line(build: Build) -> None:
    code = "import json\ndef inner(text):\n    return json.loads(text)\n"
    code += "def reward(text, target, prompt):\n    return inner(text)\n"
    reward = build(code)
    error = failure(reward, "1", "{bad", "2")
    frames = re.findall(r'File "(.*?)", line (\d+), in (\w+)', error.traceback)
    assert [(os.path.basename(file), line, name) for file, line, name in frames] == [
        ("mine.py", "5", "reward"),
        ("mine.py", "3", "inner"),
    ]
    assert "raised json.decoder.JSONDecodeError" in error.problem
    assert "(line 3: return json.loads(text))" in error.problem
    assert (error.line, error.given) == (3, ("{bad", "target", "prompt", ()))


def test_an_endless_traceback_is_cut(build: Build) -> None:
    code = "def reward(text, target, prompt, depth=0):\n    return other(text, target, prompt, depth)\n"
    code += "def other(text, target, prompt, depth):\n    return reward(text, target, prompt, depth + 1)\n"
    assert 1000 < len(failure(build(code)).traceback) < 9000
    direct = "def reward(text, target, prompt):\n    return reward(text, target, prompt)\n"
    assert "Previous line repeated" in failure(build(direct)).traceback


@pytest.mark.matrix(whole_in_ci=True)
@LINUX
@pytest.mark.parametrize("hoard", ["bytearray(10 * 1024**3)", "[0] * (10 * 1024**3 // 8)"])
def test_ten_gigabytes_are_refused_by_default(build: Build, hoard: str) -> None:
    reward = build(BAD_OR_GOOD.format(f"hoard = {hoard}"))
    assert "raised MemoryError (line 4" in failure(reward, "bad").problem
    assert score(reward, "good") == [1.0]
    with pytest.raises(RewardError, match=r"raised MemoryError \(line 1: hoard"):
        build(f"hoard = {hoard}\n")


@LINUX
def test_a_memory_bomb_is_stopped(build: Build) -> None:
    code = BAD_OR_GOOD.format("hoard = [b'x' * 1000000 for _ in range(10**9)]")
    reward = build(code, limits=Limits(memory_bytes=200 * 1024**2))
    assert "raised MemoryError (line 4" in failure(reward, "bad").problem
    assert score(reward, "good") == [1.0]


def test_a_million_prints_are_counted_not_shown(build: Build, log: list[str]) -> None:
    code = "import os\ndef reward(text, target, prompt):\n    for _ in range(1000):\n"
    code += "        os.write(1, b'spam\\n' * 1000)\n    return 1\n"
    reward = build(code)
    assert score(reward, "a") == [1.0]
    reward.close()
    assert log == ["spam"] * 200 + ["(999,800 more lines were printed)"]


def test_an_endless_line_is_cut(build: Build, log: list[str]) -> None:
    reward = build("def reward(text, target, prompt):\n    print('x' * 5_000_000)\n    print('end')\n    return 1\n")
    assert score(reward, "a") == [1.0]
    reward.close()
    assert [len(line) for line in log] == [2000, 3]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no process groups to end")
@pytest.mark.parametrize("ending", ["", "raise ValueError", "os._exit(1)"])
@pytest.mark.parametrize("leaves", [False, pytest.param(True, marks=LINUX)])
def test_processes_that_it_started_end_with_it(build: Build, tmp_path: Path, ending: str, leaves: bool) -> None:
    held = tmp_path / "held open by what it started"
    os.mkfifo(held)
    reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    code = "import os, subprocess\ndef reward(text, target, prompt):\n"
    code += f"    subprocess.Popen(['sleep', '60'], stdout=open({str(held)!r}, 'w'), start_new_session={leaves})\n"
    code += f"    {ending}\n    return 1\n"
    reward = build(code)
    if ending:
        failure(reward)
    else:
        score(reward, "a")
        with pytest.raises(BlockingIOError):
            os.read(reader, 1)
    reward.close()
    assert select.select([reader], [], [], 5.0)[0]
    assert os.read(reader, 1) == b""
    os.close(reader)


LEAVING = {
    "a thread": "threading.Thread(target=time.sleep, args=(60,)).start()",
    "a child": "subprocess.Popen(['sleep', '60'], pass_fds=[held])",
    "a session of its own": "subprocess.Popen(['sleep', '60'], pass_fds=[held], start_new_session=True, env={})",
    "a daemon": "subprocess.run(['/bin/sh', '-c', 'setsid sleep 60 &'], pass_fds=[held], env={})",
    "an endless call": "time.sleep(60)",
}
LEFT = """import os, subprocess, threading, time
held = os.open({held!r}, os.O_WRONLY)
def reward(text, target, prompt):
    os.write(held, b"x")
    {leaving}
    return 1
"""
OWNER = """import sys
from pgplay.rewards.python.scorer import Limits, PythonScorer
from pgplay.rewards.python.source import PythonSource
scorer = PythonScorer(PythonSource("mine.py", "", sys.argv[1]), Limits(batch_seconds=600.0), print)
try:
    scorer.score([("a", "", "", ())])
    if sys.argv[2] == "close":
        scorer.close()
    sys.stdin.read()
except KeyboardInterrupt:
    scorer.close()
sys.stdin.read()
"""
ENDS = {"kill": signal.SIGKILL, "interrupt": signal.SIGINT, "close": None}
LEFT_BY_AN_END = [(left, end) for left in LEAVING for end in ENDS if (left, end) != ("an endless call", "close")]
"""Close comes after a call, so it cannot be tested if the call does not end; an interrupt comes during the call."""


@pytest.mark.matrix(whole_in_ci=True)
@LINUX
@pytest.mark.parametrize(("left", "end"), LEFT_BY_AN_END)
def test_nothing_survives_after_its_owner_was_killed_or_ended_it(tmp_path: Path, left: str, end: str) -> None:
    held = tmp_path / "held open by all that the reward started"
    os.mkfifo(held)
    reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    command = [sys.executable, "-c", OWNER, LEFT.format(held=str(held), leaving=LEAVING[left]), end]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as owner:
        assert select.select([reader], [], [], 30.0)[0]
        assert os.read(reader, 1) == b"x"
        number = ENDS[end]
        if number is not None:
            owner.send_signal(number)
        ended = select.select([reader], [], [], 20.0)[0]
        owner.kill()
    assert ended
    assert os.read(reader, 1) == b""
    os.close(reader)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_copy_scores_nothing(build: Build) -> None:
    code = "import os\ndef reward(text, target, prompt):\n    os.fork()\n    return len(text)\n"
    reward = build(code)
    assert score(reward, "a", "ab") == [1.0, 2.0]
    assert score(reward, "abc") == [3.0]

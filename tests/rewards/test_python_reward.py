"""A user's Python as a reward, in the real process: what works, and the errors of its file."""

import re
from pathlib import Path

import psutil
import pytest

from pgplay.errors import InputError, RewardError
from pgplay.rewards.python.scorer import Limits
from pgplay.rewards.reward import build_reward
from pgplay.rewards.spec import RewardSpec, read_spec
from tests.rewards.conftest import Build, failure, score

LENGTH = "def reward(text, target, prompt):\n    return len(text)\n"


class TestWhatWorks:
    def test_one_number_per_text(self, build: Build) -> None:
        reward = build("def reward(text, target, prompt):\n    return len(text + target + prompt)\n")
        assert score(reward, "", "ab", "") == [12.0, 14.0, 12.0]
        assert (reward.kind, reward.name, reward.best("x")) == ("python", "mine.py", None)

    def test_whole_lists(self, build: Build) -> None:
        reward = build("def rewards(texts, targets, prompts):\n    return [len(text) for text in texts]\n")
        assert score(reward, "a", "ab", "abc") == [1.0, 2.0, 3.0]

    def test_named_parts(self, build: Build) -> None:
        reward = build("def reward(text, target, prompt):\n    return {'score': 1, 'length': len(text)}\n")
        scores = reward.score(["a", "abc"], ["", ""], ["", ""])
        assert scores.values == [1.0, 1.0]
        assert scores.parts == {"length": [1.0, 3.0]}

    def test_a_named_function(self, build: Build) -> None:
        reward = build("def rhymes(text, target, prompt):\n    return 0.5\n" + LENGTH, ":rhymes")
        assert score(reward, "abc") == [0.5]
        assert reward.name == "mine.py:rhymes"

    def test_each_distinct_completion_is_scored_once(self, build: Build) -> None:
        code = "calls = []\ndef reward(text, target, prompt):\n    calls.append(text)\n    return len(calls)\n"
        assert score(build(code), "a", "b", "a", "a") == [1.0, 2.0, 1.0, 1.0]

    @pytest.mark.parametrize("file", ["copy.py", "random.py", "torch.py", "ein schöner Lohn.py"])
    def test_a_file_may_have_the_name_of_a_module(self, build: Build, file: str) -> None:
        code = "import copy, random, dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int\n"
        code += "def reward(text, target, prompt):\n    return copy.copy(P(3)).x + 0 * random.random()\n"
        assert score(build(code, file=file), "a") == [3.0]

    def test_any_text_arrives(self, build: Build) -> None:
        texts = ["x" * 300_000, "中文", "é", "e\u0301", "👩‍👩‍👧", "\n\r", "\x00\x1b[31m", "\ud800", '"}\n{', "\u2028"]
        assert score(build(LENGTH), *texts) == [float(len(text)) for text in texts]

    def test_the_source_is_stored_and_runs_without_the_file(self, build: Build) -> None:
        reward = build(LENGTH)
        with build_reward(read_spec("long/gone.py", code=reward.source)) as again:
            assert score(again, "abc") == [3.0]
            assert again.source == LENGTH

    def test_later_edits_of_the_file_do_not_change_a_run(self, build: Build, tmp_path: Path) -> None:
        reward = build("def reward(text, target, prompt):\n    return 1 / len(text)\n")
        (tmp_path / "mine.py").write_text("nonsense(")
        assert "division by zero" in failure(reward, "").problem
        assert score(reward, "ab") == [0.5]

    def test_its_output_goes_to_the_log_line_by_line(self, build: Build, log: list[str]) -> None:
        code = "import os, sys\nprint('loaded')\ndef reward(text, target, prompt):\n"
        code += "    print('{\"type\": \"scored\"}')\n    print('oh', file=sys.stderr)\n"
        code += "    os.write(1, b'raw\\n')\n    os.system('echo shell')\n    return 1\n"
        reward = build(code)
        assert score(reward, "a") == [1.0]
        reward.close()
        assert log == ["loaded", '{"type": "scored"}', "oh", "raw", "shell"]

    def test_the_same_numbers_in_every_process(self, build: Build) -> None:
        code = "import random\ndef reward(text, target, prompt):\n    return random.random() + hash(text) % 1000\n"
        assert score(build(code), "a", "b") == score(build(code), "a", "b")

    def test_numbers_of_other_types(self, build: Build) -> None:
        code = "from fractions import Fraction\ndef reward(text, target, prompt):\n    return Fraction(1, 4)\n"
        assert score(build(code), "a") == [0.25]

    def test_a_callable_instance(self, build: Build) -> None:
        code = "class R:\n    def __call__(self, text, target, prompt):\n        return 2\nreward = R()\n"
        assert score(build(code), "a") == [2.0]

    def test_input_is_empty(self, build: Build) -> None:
        assert "EOFError" in failure(build("def reward(text, target, prompt):\n    return input()\n")).problem

    def test_no_process_is_left_after_closing(self, build: Build) -> None:
        before = {child.pid for child in psutil.Process().children()}
        with build(LENGTH) as reward:
            score(reward, "a")
        assert {child.pid for child in psutil.Process().children()} <= before


class TestTheFile:
    def test_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"nowhere\.py does not exist"):
            read_spec(str(tmp_path / "nowhere.py"))
        with pytest.raises(InputError, match="does not exist"):
            RewardSpec(str(tmp_path / "nowhere.py")).read()

    def test_is_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "folder.py").mkdir()
        with pytest.raises(InputError, match="is a folder"):
            read_spec(str(tmp_path / "folder.py"))

    @pytest.mark.parametrize("data", [b"x = '\xff\xfe'\n", b"# coding: nonsense\n"])
    def test_is_not_text(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "mine.py").write_bytes(data)
        with pytest.raises(InputError, match="is not text"):
            read_spec(str(tmp_path / "mine.py"))

    def test_is_huge(self, tmp_path: Path) -> None:
        (tmp_path / "mine.py").write_bytes(b"#" * (1024 * 1024 + 1))
        with pytest.raises(InputError, match="larger than 1,048,576 bytes"):
            read_spec(str(tmp_path / "mine.py"))

    def test_lacks_the_function(self, build: Build) -> None:
        with pytest.raises(InputError, match=r"(?s)no function in mine\.py called 'rymes'.*'rhymes'"):
            build("def rhymes(text, target, prompt): return 1\n", ":rymes")
        with pytest.raises(InputError, match=r"(?s)no function called reward or rewards.*mine\.py:rhymes"):
            build("def rhymes(text, target, prompt): return 1\n")
        with pytest.raises(InputError, match="no function called reward or rewards"):
            build("")

    def test_names_no_function(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="is not a function name"):
            read_spec("mine.py:1x")

    def test_has_a_function_of_another_shape(self, build: Build) -> None:
        with pytest.raises(RewardError, match=r"cannot take a text as its first value \(line 2: def reward\(\)"):
            build("\ndef reward(): return 1\n")
        with pytest.raises(RewardError, match="is not a function but 3"):
            build("reward = 3\n")

    def test_is_not_python(self, build: Build) -> None:
        with pytest.raises(RewardError, match=r"mine\.py is not valid Python: .* \(line 2: def reward\(text:\)"):
            build("x = 1\ndef reward(text:\n")
        with pytest.raises(RewardError, match="null bytes"):
            build("x = 1\x00")

    def test_fails_while_it_loads(self, build: Build, log: list[str]) -> None:
        with pytest.raises(RewardError) as caught:
            build("\nimport nosuch\n")
        assert re.match(r"mine\.py raised ModuleNotFoundError: .* \(line 2: import nosuch", caught.value.problem)
        assert "mine.py\", line 2, in <module>" in caught.value.traceback
        assert "host.py" not in caught.value.traceback
        assert log == []

    def test_leaves_while_it_loads(self, build: Build) -> None:
        with pytest.raises(RewardError, match=r"called sys\.exit\(3 \(int\)\) \(line 2"):
            build("import sys\nsys.exit(3)\n")
        with pytest.raises(RewardError, match="ended its own process with exit status 4"):
            build("import os\nos._exit(4)\n")

    def test_never_finishes_loading(self, build: Build) -> None:
        with pytest.raises(RewardError, match=r"took longer than 0\.5 s to load \(line [12]: "):
            build("while True:\n    pass\n", limits=Limits(load_seconds=0.5))


def test_closing_during_a_call_or_twice_is_fine_and_scoring_starts_it_again(build: Build) -> None:
    reward = build(LENGTH)
    reward.close()
    reward.close()
    assert score(reward, "abc") == [3.0]


def test_python_variables_of_the_shell_do_not_reach_it(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert score(build("import json\n" + LENGTH), "abc") == [3.0]

"""A reward is read once, with its origin; its Python runs only if the user wrote or allowed that exact source."""

from pathlib import Path

import pytest

from pgplay.errors import InputError
from pgplay.rewards.reward import build_reward
from pgplay.rewards.spec import Origin, RewardSpec, UnaskedError, read_spec, resolve, with_consent

CODE = "open({ran!r}, 'w')\ndef reward(text, target, prompt):\n    return 1.0\n"


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    return tmp_path / "ran"


@pytest.fixture
def file(tmp_path: Path, ran: Path) -> Path:
    path = tmp_path / "theirs.py"
    path.write_text(CODE.format(ran=str(ran)))
    return path


def test_other_peoples_python_starts_no_process_until_its_source_is_allowed(file: Path, ran: Path) -> None:
    spec = read_spec(str(file), Origin("preset", "haiku"))
    for unasked in (spec, spec.allowed().with_code(spec.code + "\n")):
        with pytest.raises(UnaskedError, match="The reward of the preset haiku is Python that was not allowed"):
            build_reward(unasked)
    assert not ran.exists()
    with build_reward(spec.allowed()) as reward:
        assert reward.score(["a"], ["b"], [""]).values == [1.0]
    assert ran.exists()


def test_a_name_alone_reads_and_runs_no_file(file: Path, ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    for text in (str(file), "theirs.py", "theirs.py:reward", "./theirs.py"):
        with pytest.raises(UnaskedError):
            build_reward(text)
        with pytest.raises(InputError):
            build_reward(RewardSpec(text))  # as a message without Python says it
    assert not ran.exists()


def test_the_source_that_was_read_runs_whatever_its_file_says_later(file: Path, ran: Path) -> None:
    spec = read_spec(str(file))
    file.write_text("raise SystemExit\n")
    with build_reward(spec) as reward:
        assert reward.score(["a"], ["b"], [""]).values == [1.0]


def test_a_consent_counts_for_each_stored_reward_with_that_source(file: Path) -> None:
    stored = read_spec(str(file), Origin("run", "abc"))
    other = stored.with_code(stored.code + "# more\n")
    formula = RewardSpec("levenshtein", origin=Origin("run", "abc"))
    with pytest.raises(UnaskedError):
        with_consent([formula, stored], [stored])
    with pytest.raises(UnaskedError):
        with_consent([formula, other], [stored.allowed()])
    assert all(spec.may_run for spec in with_consent([formula, stored], [stored.allowed()]))


@pytest.mark.parametrize(
    "text",
    [
        'contains("a.py:b")',
        "contains('a.py:b')",
        '0.5*contains("x.py:") + prefix',
        'regex("(a.py:b)+")',
        'contains(".py:c.py:d")',
    ],
)
def test_a_formula_may_contain_what_looks_like_a_file_in_quotation_marks(text: str) -> None:
    (spec,) = resolve([text])
    assert spec.source is None
    with build_reward(spec) as reward:
        assert reward.kind != "python"


@pytest.mark.parametrize("text", ["it's/a.py:f", "a (1).py", "b.py:f", "c.py", "d.py:not-a-name"])
def test_a_file_may_have_quotation_marks_in_its_name(text: str) -> None:
    with pytest.raises(UnaskedError):
        resolve([text])

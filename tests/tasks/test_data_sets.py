"""The data sets and texts that ship."""

import random

import pytest

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.paths import shipped
from pgplay.tasks.corpora import corpus_names, read_corpus
from pgplay.tasks.datasets import shipped_data_sets
from pgplay.tasks.number_words import number_in_words
from tests.tasks.loading import load_task
from tools.data_sets import PROMPTS, SETS


def test_the_data_sets_are_those_that_their_word_lists_generate() -> None:
    assert shipped_data_sets().keys() == {*SETS, *PROMPTS}
    for name, rows in SETS.items():
        task = load_task(make_config({"task": name}))
        assert [(pair.prompt, *pair.answers) for pair in task.training] == rows()
    for name, rows in PROMPTS.items():
        task = load_task(make_config({"task": name, "reward": "words"}))
        assert [(pair.prompt,) for pair in task.training] == rows()
        assert not task.has_targets


@pytest.mark.parametrize("name", ["counting", "sums"])
def test_every_answer_of_a_data_set_about_numbers_is_right(name: str) -> None:
    for pair in load_task(make_config({"task": name})).training:
        if name == "sums":
            a, b = (int(word) for word in pair.prompt.strip("?").split() if word.isdigit())
            assert pair.target == str(a + b)
        else:
            assert number_in_words(numbers_in(pair.prompt)[-1] + 1) == pair.target.strip()


def numbers_in(text: str) -> list[int]:
    words = {number_in_words(number): number for number in range(1, 13)}
    return [words[word] for word in text.replace(",", "").split() if word in words]


@pytest.mark.parametrize("name", ["assistant", "french", "chinese", "headline"])
def test_each_is_big_enough_to_hold_some_out_and_every_word_occurs_in_training(name: str) -> None:
    """Held-out answers can be inferred: they are made of words that also occur in other answers."""
    task = load_task(make_config({"task": name, "held_out": 0.2}))
    assert len(task.held_out) >= 60
    assert not {pair.prompt for pair in task.held_out} & {pair.prompt for pair in task.training}
    pieces = {piece for pair in task.training for answer in pair.answers for piece in _pieces(answer)}
    new = [pair for pair in task.held_out if not _pieces(pair.target) <= pieces]
    assert len(new) < 0.1 * len(task.held_out)


def _pieces(text: str) -> set[str]:
    """Return the words of `text`, or its characters if it has no spaces."""
    return set(text.split()) if " " in text or text.isascii() else set(text)


def test_every_source_is_named() -> None:
    for folder, names in (("tasks", shipped_data_sets()), ("corpora", corpus_names())):
        readme = (shipped("assets") / folder / "README.md").read_text(encoding="utf-8")
        assert all(f"`{name}" in readme for name in names)
        assert "public" in readme


def test_the_english_text_is_lower_case_words_a_clause_a_line() -> None:
    lines = read_corpus("english")
    assert len(lines) > 30_000
    assert set("".join(lines)) == set("abcdefghijklmnopqrstuvwxyz ")
    assert all(line == " ".join(line.split()) for line in random.Random(0).sample(lines, 200))


def test_an_unknown_text_suggests_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"(?s)no text called 'englsh'.*Did you mean 'english'"):
        read_corpus("englsh")
    with pytest.raises(InputError, match=r"There is no file missing\.txt"):
        read_corpus("missing.txt")


def test_a_data_set_with_a_typo_suggests_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"(?s)no task called 'assitant'.*Did you mean 'assistant'"):
        load_task(make_config({"task": "assitant"}))


def test_the_data_sets_are_small() -> None:
    folders = [shipped("assets") / name for name in ("tasks", "corpora", "policies")]
    assert sum(path.stat().st_size for folder in folders for path in folder.rglob("*")) < 3_000_000

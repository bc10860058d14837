"""The built-in rewards: their ranges, where they are highest, and that they say what their definitions say."""

import subprocess
import sys

import Levenshtein
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein, Hamming, Indel, LCSseq

from pgplay.errors import InputError
from pgplay.rewards.catalogue import REWARDS, built_in
from pgplay.rewards.similarities import FUNCTIONS

texts = st.text("abcé中😀 ", max_size=12) | st.text(max_size=12)
names = pytest.mark.parametrize("name", REWARDS)
with_target = pytest.mark.parametrize("name", [name for name, reward in REWARDS.items() if reward.needs_target])
ONLY_THE_TARGET = ("levenshtein", "hamming", "prefix", "suffix", "lcs", "indel", "exact")
SYMMETRIC = (*ONLY_THE_TARGET, "damerau-levenshtein", "jaro", "jaro-winkler")


def test_every_reward_has_one_function_and_one_line() -> None:
    assert FUNCTIONS.keys() == REWARDS.keys()
    for name, reward in REWARDS.items():
        assert reward.name == name
        assert reward.description
        assert "\n" not in reward.description + reward.definition


def test_the_rewards_of_the_first_issue_are_there() -> None:
    assert {"levenshtein", "hamming", "prefix", "lcs", "jaro-winkler", "exact", "length"} <= REWARDS.keys()


@names
@given(text=texts, target=texts)
def test_stays_in_its_range(name: str, text: str, target: str) -> None:
    low, high = REWARDS[name].range
    value = REWARDS[name].function(text, target)
    assert isinstance(value, float)
    assert low <= value <= high


@with_target
@given(target=texts)
def test_the_exact_target_scores_exactly_the_highest(name: str, target: str) -> None:
    assert REWARDS[name].function(target, target) == REWARDS[name].range[1]


@pytest.mark.parametrize("name", SYMMETRIC)
@given(text=texts, target=texts)
def test_text_and_target_can_be_exchanged(name: str, text: str, target: str) -> None:
    function = REWARDS[name].function
    assert function(text, target) == pytest.approx(function(target, text), abs=1e-12)


@pytest.mark.parametrize("name", ONLY_THE_TARGET)
@given(text=texts, target=texts)
def test_only_the_target_scores_the_highest(name: str, text: str, target: str) -> None:
    assert (REWARDS[name].function(text, target) == 1.0) == (text == target)


@given(text=texts, target=texts)
def test_agrees_with_the_counts_of_the_libraries(text: str, target: str) -> None:
    longer = max(len(text), len(target), 1)
    counts = {
        "levenshtein": longer - Levenshtein.distance(text, target),
        "hamming": longer - Hamming.distance(text, target, pad=True),
        "lcs": LCSseq.similarity(text, target),
        "damerau-levenshtein": longer - DamerauLevenshtein.distance(text, target),
    }
    if text or target:
        for name, count in counts.items():
            assert REWARDS[name].function(text, target) == pytest.approx(count / longer)
    assert REWARDS["indel"].function(text, target) == pytest.approx(Indel.normalized_similarity(text, target))


@given(text=texts, target=texts)
def test_prefix_suffix_and_hamming_count_what_they_say(text: str, target: str) -> None:
    longer = max(len(text), len(target))
    equal = [a == b for a, b in zip(text, target, strict=False)]
    from_the_end = [a == b for a, b in zip(text[::-1], target[::-1], strict=False)]
    if longer:
        assert REWARDS["hamming"].function(text, target) == pytest.approx(sum(equal) / longer)
        assert REWARDS["prefix"].function(text, target) == pytest.approx([*equal, False].index(False) / longer)
        assert REWARDS["suffix"].function(text, target) == pytest.approx([*from_the_end, False].index(False) / longer)


@pytest.mark.parametrize(
    ("name", "text", "target", "value"),
    [
        ("levenshtein", "hello wold", "hello world", 10 / 11),
        ("levenshtein", "", "hello", 0.0),
        ("hamming", "ello", "hello", 1 / 5),
        ("lcs", "hxexlxlxo", "hello", 5 / 9),
        ("damerau-levenshtein", "hlelo", "hello", 4 / 5),
        ("jaro-winkler", "martha", "marhta", 0.9611111),
        ("jaro", "martha", "marhta", 0.9444444),
        ("contains", "oh hello!", "hello", 1.0),
        ("contains", "hell", "hello", 0.0),
        ("length", "12345678", "hello", 2 / 5),
        ("length", "", "hello", 0.0),
        ("length", "x" * 10, "hello", 0.0),
        ("length", "x" * 99, "hello", 0.0),
        ("distinct", "abab", "", 2 / 3),
        ("distinct", "a", "", 0.0),
    ],
)
def test_known_values(name: str, text: str, target: str, value: float) -> None:
    assert REWARDS[name].function(text, target) == pytest.approx(value)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'jaro-winkler'"):
        built_in("jaro-wikler")


def test_the_catalogue_loads_no_compiled_library_and_scoring_no_torch_or_textual() -> None:
    look = "import sys, {}; print(sorted({{'Levenshtein', 'rapidfuzz', 'torch', 'textual'}} & sys.modules.keys()))"

    def loaded_by(module: str) -> str:
        command = [sys.executable, "-c", look.format(module)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert loaded_by("pgplay.rewards.catalogue") == "[]"
    assert loaded_by("pgplay.rewards.scoring") == "[]"

"""The interface of every reward, however it was given."""

import pytest

from pgplay.errors import RewardError
from pgplay.rewards.reward import build_reward


@pytest.mark.parametrize(
    ("spec", "kind", "name", "needs_target"),
    [
        ("levenshtein", "built-in", "levenshtein", True),
        (" jaro_winkler ", "built-in", "jaro-winkler", True),
        ("distinct", "built-in", "distinct", False),
        ("0.5*lcs  ", "formula", "0.5*lcs", True),
        ("distinct - text_length/100", "formula", "distinct - text_length/100", False),
        ("distinct - length_gap", "formula", "distinct - length_gap", True),
        ("distinct(3)", "built-in", "distinct(3)", False),
        ('contains( "two  seas" )', "built-in", 'contains("two  seas")', False),
        ("length", "built-in", "length", True),
        ("length(12)", "built-in", "length(12)", False),
        ("0.5*length(12) + 0.5*words", "formula", "0.5*length(12) + 0.5*words", False),
        ("0.5*prefix", "formula", "0.5*prefix", True),
    ],
)
def test_it_describes_itself(spec: str, kind: str, name: str, needs_target: bool) -> None:
    with build_reward(spec) as reward:
        assert (reward.spec, reward.kind, reward.name) == (spec, kind, name)
        assert reward.needs_target == needs_target
        assert reward.source == ""


def test_scores_are_in_order_whatever_repeats() -> None:
    texts, targets = ["b", "a", "b", "b"], ["a", "a", "b", "a"]
    assert build_reward("exact").score(texts, targets, [""] * 4).values == [0.0, 1.0, 1.0, 0.0]


def test_no_completions_no_scores() -> None:
    assert build_reward("exact").score([], [], []) == ([], {})


def test_a_formula_of_several_rewards_gives_each_as_a_part() -> None:
    reward = build_reward("0.8*levenshtein + 0.2*jaro-winkler - exact")
    scores = reward.score(["helo", "hello"], ["hello"] * 2, [""] * 2)
    assert scores.parts.keys() == {"levenshtein", "jaro-winkler", "exact"}
    assert scores.parts["exact"] == [0.0, 1.0]
    assert scores.parts["levenshtein"] == [pytest.approx(0.8), 1.0]


def test_a_term_with_weight_0_is_a_part_without_effect() -> None:
    scores = build_reward("levenshtein + 0*distinct(3)").score(["helo"], ["hello"], [""])
    assert scores.values == [pytest.approx(0.8)]
    assert scores.parts == {"levenshtein": [pytest.approx(0.8)], "distinct(3)": [1.0]}


def test_a_formula_of_one_reward_has_no_parts() -> None:
    assert build_reward("2*levenshtein - 0.1*text_length").score(["a"], ["a"], [""]).parts == {}


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        build_reward("exact").score(["a", "b"], ["a"], [""])


@pytest.mark.parametrize(
    ("spec", "best"), [("levenshtein", 1.0), ("2*levenshtein + 1", 3.0), ("lcs - exact", 0.0), ("text_length", None)]
)
def test_best_is_the_score_of_the_exact_target(spec: str, best: float) -> None:
    assert build_reward(spec).best("hello") == best



@pytest.mark.parametrize("spec", ["9e307*lcs", "-1e16*lcs", "0*(1e16*lcs) + exact + 2e15*lcs"])
def test_numbers_too_large_to_train_on_are_reported_with_their_text(spec: str) -> None:
    with pytest.raises(RewardError, match=r"gives -?\d.*e\+\d+ for the text 'abc' \(target 'abc'") as caught:
        build_reward(spec).score(["abc"], ["abc"], [""])
    assert (caught.value.given[:3], caught.value.spec) == (("abc", "abc", ""), spec)
    assert build_reward("1e15*lcs").score(["abc"], ["abc"], [""]).values == [1e15]

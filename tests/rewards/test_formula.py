"""Formulas: their values (against Python's own evaluation), and the error for each mistake."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.errors import InputError, RewardError
from pgplay.rewards.catalogue import REWARDS
from pgplay.rewards.formula import Formula
from pgplay.rewards.records import Triple
from pgplay.rewards.reward import build_reward, facts_of

numbers = st.sampled_from(["0.0", "1.0", "2.5", "3.25", "1e-3", "10.0"])
names = st.sampled_from(
    ["levenshtein", "prefix", "exact", "jaro_winkler", "text_length", "target_length", "length_gap"]
)


def combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=2, max_size=3).map(", ".join)
    compare = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda one: f"({' '.join(one)})"),
        st.tuples(inner, compare, inner, compare, inner).map(lambda one: f"({' '.join(one)})"),
        # Whole exponents: Python would continue with a complex number where a formula stops.
        st.tuples(inner, st.sampled_from(["0.0", "1.0", "2.0", "3.0"])).map(lambda one: f"({one[0]} ** {one[1]})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda one: f"({' '.join(one)})"),
        st.tuples(inner, inner, inner).map(lambda one: f"({one[0]} if {one[1]} else {one[2]})"),
        inner.map(lambda one: f"(-{one})"),
        inner.map(lambda one: f"(not {one})"),
        inner.map(lambda one: f"abs({one})"),
        st.tuples(st.sampled_from(["min", "max"]), several).map(lambda one: f"{one[0]}({one[1]})"),
        inner.map(lambda one: f"clip({one}, 0, 1)"),
    )


def clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


@given(
    spec=st.recursive(numbers | names, combine, max_leaves=12),
    text=st.text("helo wrd", max_size=8),
    target=st.text("helo wrd", min_size=1, max_size=8),
)
def test_values_equal_pythons(spec: str, text: str, target: str) -> None:
    plain = [reward for reward in REWARDS.values() if not reward.pattern]
    known = {reward.name.replace("-", "_"): reward.bind()(text, target) for reward in plain}
    known |= {"text_length": len(text), "target_length": len(target), "length_gap": len(text) - len(target)}
    try:
        expected = eval(spec, {"clip": clip}, known)
    except ArithmeticError:
        expected = math.nan
    with build_reward(spec) as reward:
        if not math.isfinite(expected):
            with pytest.raises(RewardError):
                reward.score([text], [target], [""])
        else:
            assert reward.score([text], [target], [""]).values == [pytest.approx(float(expected))]


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ("0.8*levenshtein + 0.2*prefix", 0.8 * 0.8 + 0.2 * 0.6),
        ("levenshtein - 0.01*abs(length_gap)", 0.79),
        ("jaro-winkler", 0.9533333),
        ("jaro_winkler", 0.9533333),
        ("2*jaro-winkler-exact", 1.9066666),
        ("damerau-levenshtein*1", 0.8),
        ("prefix-exact", 0.6),
        ("exact if text_length == target_length else 0.5", 0.5),
        ("3 < text_length < 5", 1.0),
        ("  levenshtein\n  + 1 ", 1.8),
        ("+levenshtein ** 2", 0.64),
        ("0.8*levenshtein + 0.2*prefix - 0.01*abs(length - 12)", 0.8 * 0.8 + 0.2 * 0.6 - 0.08),
        ("abs(length - target_length)", 1.0),
        ("abs(length - 2*target_length)", 6.0),
        ("length > 3", 1.0),
        ("min(length, 3)", 3.0),
        ("12 - length", 8.0),
        ("1 - length", 0.2),
        ("length + 2*exact", 0.8),
        ("0.5*length + 0.5*lcs", 0.8),
        ("max(length, exact)", 0.8),
        ('0.5*contains("el") + distinct(2)', 1.5),
        ("levenshtein('help')", 0.75),
    ],
)
def test_known_values(spec: str, value: float) -> None:
    assert build_reward(spec).score(["helo"], ["hello"], [""]).values == [pytest.approx(value)]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("", "The reward is empty"),
        (" \n", "The reward is empty"),
        ("levenstein", "(?s)no reward called 'levenstein'.*Did you mean 'levenshtein'"),
        ("jaro-winkle", "(?s)no reward called 'jaro-winkle'.*Did you mean 'jaro-winkler'"),
        ("0.5*prefx + lcs", "(?s)no reward called 'prefx'.*Did you mean 'prefix'"),
        ("prefix + text_lenght", "Did you mean 'text_length'"),
        ('regex("[")', "is not a regular expression"),
        ("jaro-winkler(1)", "jaro-winkler takes no number"),
        ("maximum(1, 2)", "(?s)no function for formulas called 'maximum'"),
        ("max", r"(?s)max needs brackets.*max\(a, b"),
        ("max(lcs)", "max does not take 1 values"),
        ("abs(1, 2)", "abs does not take 2 values"),
        ("clip(lcs, 0)", r"(?s)clip does not take 2 values.*clip\(a, low, high\)"),
        ("abs(x=1)", "not allowed in a reward's formula"),
        ("max(*[1, 2], 3)", "not allowed in a reward's formula"),
        ("lcs prefix", "is not a formula at character \\d: invalid syntax"),
        ("0.8*", "is not a formula"),
        ("prefix(", "never closed"),
        ("x = 1", "is not a formula"),
        ("lcs\x00", "null bytes"),
        ("'lcs'", "not allowed in a reward's formula"),
        ("True", "'True' is not allowed"),
        ("1j", "not allowed in a reward's formula"),
        ("lcs.real", "'lcs.real' is not allowed"),
        ("lcs // 2", "not allowed in a reward's formula"),
        ("lcs @ 2", "not allowed in a reward's formula"),
        ("lcs in [1]", "not allowed in a reward's formula"),
        ("(lambda: 1)()", "not allowed in a reward's formula"),
        ("(a := 1)", "not allowed in a reward's formula"),
        ("__import__('os').system('true')", "not allowed in a reward's formula"),
        ("1e999", "too large"),
        ("1" + "0" * 400, "too large"),
        ("-" * 900 + "1", "nested more than 60 deep"),
        ("(" * 500 + "1" + ")" * 499, "is not a formula"),
        ("+".join(["lcs"] * 200), "nested more than 60 deep"),
        ("1" * 5000, "The formula has 5,000 characters"),
    ],
)
def test_a_mistake_is_reported_before_anything_is_scored(spec: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        build_reward(spec)
    assert re.search(words, str(caught.value))
    with pytest.raises(InputError):
        facts_of(spec)


@given(spec=st.text("lcs exact()+-*/.,<>=0123456789'\"[]{}:#\\\n\x00é", max_size=40) | st.text(max_size=40))
def test_any_text_is_a_reward_or_is_refused(spec: str) -> None:
    try:
        reward = build_reward(spec)
    except InputError:
        return
    try:
        values = reward.score(["a"], ["b"], [""]).values
    except RewardError:
        return
    assert math.isfinite(values[0])


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("1 / length_gap", "divides by zero"),
        ("(-1) ** 0.5", "not a finite real number"),
        ("10 ** 10 ** 10", "not a finite real number"),
        ("9e307 * 10", "gives inf"),
        ("9e307 * 10 - 9e307 * 10", "gives nan"),
        ("0 ** -1", "not a finite real number"),
    ],
)
def test_a_non_finite_value_is_reported_with_its_text(spec: str, words: str) -> None:
    with pytest.raises(RewardError) as caught:
        build_reward(spec).score(["abcde"], ["hello"], ["say it"])
    assert re.search(words, caught.value.problem)
    assert "'abcde'" in caught.value.problem
    assert "'hello'" in caught.value.problem
    assert "'say it'" in caught.value.problem
    assert caught.value.remedy


@pytest.mark.parametrize(
    "spec",
    [
        f"levenshtein + ({'+'.join('2' * 55)})",
        f"levenshtein + {'-' * 50}2",
        "length < " + "-".join(["text_length"] * 50),
        "min(" * 50 + "length, 2" + ", 2)" * 50,
    ],
)
def test_parsing_a_formula_takes_linear_time(spec: str) -> None:
    Formula(spec)  # searching below each node again would take years


def test_length_is_a_count_beside_counts_only() -> None:
    def score(spec: str) -> float:
        return Formula(spec).score([Triple("abcd", "abcdefgh", "")]).values[0]

    assert score("length - 3") == 1.0
    assert score("3 + (length - (text_length - 2))") == 5.0
    assert score("length < 0.6") == 1.0
    assert score("min(length, 2)") == 2.0


def test_a_formula_with_too_many_parts_is_refused() -> None:
    with pytest.raises(InputError, match="more than 500 parts"):
        Formula("min(" + ",".join(["-1"] * 300) + ")")

"""The language of goals: for `--until`, and for the app's `g`."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.config.goals import GOAL_METRICS, Goal, goal_text, parse, reached
from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.plan import read_plan
from pgplay.rewards.reward import facts_of


@pytest.mark.parametrize(
    ("typed", "goal"),
    [
        ("solved", Goal("solved")),
        ("solved\n", Goal("solved")),
        (" Never ", Goal("never")),
        ("reward>=-0.5", Goal("metric", "reward", -0.5)),
        ("reward>=.5", Goal("metric", "reward", 0.5)),
        ("reward >= 1e-1", Goal("metric", "reward", 0.1)),
        ("reward 5.", Goal("metric", "reward", 5.0)),
        ("held_out_exact_match>=+1", Goal("metric", "held_out_exact_match", 1.0)),
        ("step 500", Goal("step", value=500)),
        ("+ 10 more steps", Goal("steps", value=10)),
        ("7", Goal("steps", value=7)),
        (".5 min", Goal("seconds", value=30.0)),
    ],
)
def test_a_goal_is_read_in_any_spelling(typed: str, goal: Goal) -> None:
    assert parse(typed) == goal


@pytest.mark.parametrize(
    "typed",
    [
        *("", "soon", "reward", "reward>=", "reward>0.5", "reward0.5", "rewards>=1", "reward>=0.5 or solved"),
        *("reward>=x", "reward>=nan", "reward>=inf", "reward>=1e999", "reward>=1_0", "reward>=0,5", "reward>=٣"),
        *("9" * 5000, "9" * 50, "-3", "0 s", "1e308 min"),
    ],
)
def test_an_invalid_goal_is_refused_in_a_few_words(typed: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(typed)
    assert len(str(refused.value)) < 300
    assert str(refused.value).count("\n") <= 1


values = st.floats(allow_nan=False, allow_infinity=False)
goals = st.one_of(
    st.sampled_from([Goal("solved"), Goal("never")]),
    st.builds(Goal, st.just("metric"), st.sampled_from(list(GOAL_METRICS)), values),
    st.builds(Goal, st.sampled_from(["step", "steps"]), st.just(""), st.integers(0, 10**9).map(float)),
    st.builds(Goal, st.just("seconds"), st.just(""), values.filter(lambda value: value > 0)),
)


@given(goals)
def test_a_goal_survives_a_round_trip(goal: Goal) -> None:
    assert parse(goal_text(goal)) == goal


def test_a_reward_below_zero_is_a_goal() -> None:
    goal = parse("reward>=-0.5")
    assert reached(goal, {"reward_mean": -0.4})
    assert not reached(goal, {"reward_mean": -0.6})
    assert not reached(goal, {})


def test_only_solving_reaches_solved() -> None:
    assert reached(parse("solved"), {}, solved=True)
    assert not reached(parse("solved"), {"reward_mean": 1.0})
    assert not reached(parse("never"), {"reward_mean": 1.0}, solved=True)


def test_a_run_shows_its_goal_in_one_spelling() -> None:
    assert make_config({"until": "solved\n"}).until == "solved"
    assert make_config({"until": " Reward >= .50"}).until == "reward>=0.5"


@pytest.mark.parametrize(("until", "instead"), [("step 500", "steps=500"), ("5 min", "max_seconds=300")])
def test_steps_and_times_are_separate_settings(until: str, instead: str) -> None:
    with pytest.raises(InputError, match=instead):
        make_config({"until": until})


@pytest.mark.parametrize(
    ("reward", "until"),
    [
        ("levenshtein", "reward>=95"),
        ("levenshtein", "reward>=1.01"),
        ("levenshtein - 1", "reward>=0.5"),
        ("0.8*levenshtein + 0.1*prefix", "reward>=0.95"),
        ("levenshtein - 0.01*abs(text_length - 12)", "reward>=1.2"),
        ("levenshtein", "held_out_exact_match>=97"),
        ("levenshtein", "held_out_reward>=2"),
    ],
)
def test_an_unreachable_goal_is_refused_before_a_run(reward: str, until: str) -> None:
    with pytest.raises(InputError, match="never reached"):
        read_plan(make_config({"reward": reward, "until": until, "task": "reverse", "held_out": 0.1}))


@pytest.mark.parametrize(
    ("reward", "until"),
    [
        ("levenshtein", "reward>=1"),
        ("0.7*levenshtein + 0.2*prefix + 0.1*lcs", "reward>=1"),
        ("levenshtein - 1", "reward>=0"),
        ("levenshtein - 1", "reward>=-0.05"),
        ("95 * levenshtein", "reward>=95"),
        ("my_reward.py", "reward>=95"),
    ],
)
def test_a_goal_that_may_be_reached_is_accepted(reward: str, until: str) -> None:
    read_plan(make_config({"reward": reward, "until": until}))


@pytest.mark.parametrize(
    ("formula", "highest"),
    [
        ("levenshtein", 1.0),
        ("-levenshtein", 0.0),
        ("1 - 2*levenshtein", 1.0),
        ("levenshtein / (1 + text_length)", 1.0),
        ("levenshtein / prefix", math.inf),
        ("max(levenshtein, 3)", 3.0),
        ("min(levenshtein, text_length)", 1.0),
        ("clip(text_length, 0, 5)", 5.0),
        ("abs(levenshtein - 3)", 3.0),
        ("(levenshtein - 3)**2", 9.0),
        ("levenshtein > 0.5", 1.0),
        ("levenshtein if prefix > 0.5 else 2", 2.0),
        ("text_length - length_gap", math.inf),
        ("reward.py", math.inf),
    ],
)
def test_the_highest_value_of_a_formula(formula: str, highest: float) -> None:
    assert facts_of(formula).range.high == pytest.approx(highest)

import math

import pytest

from pgplay.config.run_config import make_config
from pgplay.worker.protocol.records import SecondsLeft
from pgplay.worker.session.forecast import Forecast, Outlook
from pgplay.worker.session.stop_conditions import ending_of
from tests.worker.helpers import report


def watched(reward_at, steps, goal=1.0):
    """A forecast after this many steps of a tenth of a second each."""
    forecast = Forecast(goal)
    for step in range(1, steps + 1):
        reward = reward_at(step)
        forecast.add(report(step, reward_mean=reward, greedy_reward=reward, characters=100.0))
    return forecast


def noise(step):
    return math.sin(step * 12.9898) * 0.2


def test_a_steady_rise_is_forecast_to_its_goal_within_a_range():
    outlook = watched(lambda step: step / 200, 100).outlook(make_config({}))
    assert outlook.seconds_left.fewest < 10.0 < outlook.seconds_left.most
    assert outlook.seconds_left.likely == pytest.approx(10.0, rel=0.2)
    assert 0.4 < outlook.progress < 0.5


def test_a_noisy_rise_is_forecast_roughly():
    outlook = watched(lambda step: step / 400 + noise(step) / 4, 200).outlook(make_config({}))
    assert outlook.seconds_left.fewest < 20.0 < outlook.seconds_left.most
    assert outlook.seconds_left.likely == pytest.approx(20.0, rel=0.3)


def test_the_last_tenth_of_the_reward_is_expected_to_take_longer():
    halfway = watched(lambda step: step / 200, 100).outlook(make_config({})).seconds_left.likely
    near = watched(lambda step: step / 200, 180).outlook(make_config({})).seconds_left.likely
    assert near > halfway / 5 * 1.1, "a straight line would leave a fifth of the time"


def test_the_highest_reward_sets_the_scale():
    of_one = watched(lambda step: step / 200, 100).outlook(make_config({}))
    of_ten = watched(lambda step: step / 20, 100, goal=10.0).outlook(make_config({}))
    assert of_ten.seconds_left == pytest.approx(of_one.seconds_left)


@pytest.mark.parametrize(
    "reward_at",
    [lambda step: 0.5, lambda step: 0.5 + noise(step), lambda step: 0.9 - step / 400],
    ids=["flat", "noisy", "falling"],
)
def test_without_a_trend_nothing_is_forecast(reward_at):
    assert watched(reward_at, 150).outlook(make_config({})).seconds_left is None


def test_a_rise_too_slow_to_predict_is_not_forecast():
    assert watched(lambda step: step / 100_000, 100).outlook(make_config({})).seconds_left is None


def test_nothing_is_forecast_before_enough_steps():
    assert Forecast(1.0).outlook(make_config({})) == Outlook(None, None)
    assert watched(lambda step: step / 20, 5).outlook(make_config({})) == Outlook(None, None)


def test_without_a_known_goal_only_limits_are_forecast():
    forecast = watched(lambda step: step / 200, 100, goal=None)
    assert forecast.outlook(make_config({})) == Outlook(None, None)
    assert forecast.outlook(make_config({"steps": 400})).progress == 0.25


def test_the_progress_of_a_search_is_that_of_its_best_text_and_not_of_its_attempts():
    forecast = Forecast(1.0, by_greedy=True)
    for step in range(1, 101):
        forecast.add(report(step, reward_mean=0.125, greedy_reward=step / 200))
    outlook = forecast.outlook(make_config({"algorithm": "random-search"}))
    assert 0.4 < outlook.progress < 0.5
    assert outlook.seconds_left.likely == pytest.approx(10.0, rel=0.02)
    assert forecast.outlook(make_config({"until": "reward>=0.6"})).progress == 0.0


def test_limits_are_exact_and_the_nearest_end_counts():
    forecast = watched(lambda step: 0.5, 100)
    outlook = forecast.outlook(make_config({"steps": 400, "until": "never"}))
    assert outlook.progress == 0.25
    assert outlook.seconds_left == SecondsLeft(*[pytest.approx(30.0)] * 3)
    outlook = forecast.outlook(make_config({"steps": 400, "max_seconds": 20.0, "until": "never"}))
    assert outlook.progress == 0.5
    assert outlook.seconds_left == SecondsLeft(*[pytest.approx(10.0)] * 3)


def test_a_requested_mean_reward_is_its_own_goal():
    forecast = watched(lambda step: step / 200, 100, goal=None)
    outlook = forecast.outlook(make_config({"until": "reward>=0.6"}))
    assert outlook.seconds_left.likely == pytest.approx(2.0, rel=0.05)


def test_a_goal_and_a_limit_bound_the_range_together():
    forecast = watched(lambda step: step / 200, 100)
    open_ended = forecast.outlook(make_config({})).seconds_left
    limited = forecast.outlook(make_config({"max_seconds": 21.0})).seconds_left
    assert limited == pytest.approx((open_ended.fewest, open_ended.likely, 11.0))


def test_a_run_without_an_end_has_no_progress():
    assert watched(lambda step: step / 200, 100).outlook(make_config({"until": "never"})) == Outlook(None, None)


def test_solved_is_full_progress():
    forecast = watched(lambda step: step / 200, 20)
    forecast.add(report(21, reward_mean=0.3, greedy_reward=1.0, solved=True))
    assert forecast.outlook(make_config({})) == Outlook(1.0, SecondsLeft(0.0, 0.0, 0.0))


def test_a_long_run_is_forecast_from_few_points():
    outlook = watched(lambda step: step / 20_000, 10_000).outlook(make_config({}))
    assert outlook.seconds_left.likely == pytest.approx(1000.0, rel=0.2)


def test_characters_per_second_are_those_of_the_last_seconds():
    forecast = watched(lambda step: 0.5, 50)
    assert forecast.characters_per_second == pytest.approx(1000.0)
    assert Forecast(1.0).characters_per_second == 0.0


def test_a_step_without_rewards_does_no_harm():
    forecast = watched(lambda step: step / 200, 100)
    before = forecast.outlook(make_config({}))
    lost = report(101)
    lost.metrics.clear()
    forecast.add(lost)
    assert forecast.outlook(make_config({})).progress == before.progress


@pytest.mark.parametrize(
    ("settings", "last", "state"),
    [
        ({}, report(3), None),
        ({}, report(3, solved=True), "solved"),
        ({"until": "never"}, report(3, solved=True), None),
        ({"until": "reward>=0.5"}, report(3, reward_mean=0.5), "finished"),
        ({"until": "reward>=0.5"}, report(3, reward_mean=0.49, solved=True), None),
        ({"steps": 3}, None, "finished"),
        ({"steps": 4}, report(3), None),
        ({"max_seconds": 0.3}, None, "finished"),
        ({"steps": 3}, report(3, solved=True), "solved"),
    ],
)
def test_a_run_ends_as_its_config_says(settings, last, state):
    ending = ending_of(make_config(settings), 3, 0.3, last)
    assert (ending.state if ending else None) == state


def test_a_run_with_dense_credit_is_expected_to_be_solved_at_a_lower_mean():
    def seconds_left(credit):
        forecast = Forecast(1.0, credit=credit)
        for step in range(1, 161):
            forecast.add(report(step, reward_mean=step / 200, greedy_reward=step / 200, characters=100.0))
        return forecast.outlook(make_config({})).seconds_left.likely

    assert seconds_left("dense") < 0.8 * seconds_left("terminal")

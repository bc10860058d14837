"""The untrained policy's samples for a probe: those of the first step of a run with that config."""

import pytest

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.groups import KNOWN_GROUP_SIZE
from pgplay.rewards.reward import build_reward
from pgplay.worker.session.reward_probe import LEAST_COMPLETIONS, probe_reward


def test_groups_are_those_of_training() -> None:
    single = probe_reward(make_config({"target": "hello"}), build_reward("levenshtein"))
    assert (single.completions, single.group_size) == (LEAST_COMPLETIONS, 64)
    several = probe_reward(make_config({"task": "reverse:length=3"}), build_reward("levenshtein"))
    assert (several.completions, several.group_size) == (LEAST_COMPLETIONS, KNOWN_GROUP_SIZE)
    assert len({climb.prompt for climb in several.climbs}) > 1


def test_the_seed_determines_the_samples() -> None:
    first, again, other = (
        probe_reward(make_config({"target": "hello", "seed": seed}), build_reward("levenshtein")) for seed in (1, 1, 2)
    )
    assert (first.mean, first.path, first.climbs) == (again.mean, again.path, again.climbs)
    assert first.mean != other.mean


def test_the_sampling_settings_count() -> None:
    cold = probe_reward(make_config({"target": "hello", "top_k": 1}), build_reward("levenshtein"))
    assert cold.distinct == 1
    assert cold.tied_groups == 1.0


def test_a_config_that_cannot_start_is_refused() -> None:
    with pytest.raises(InputError, match="max_length"):
        probe_reward(make_config({"target": "hello", "max_length": 3}), build_reward("levenshtein"))


def test_a_warm_start_is_made_once_and_samples_what_a_run_would_start_with() -> None:
    told: list[str] = []
    config = make_config({"target": "hello", "warm_start": "30", "batch_size": 16})
    cold = probe_reward(make_config({"target": "hello", "batch_size": 16}), build_reward("levenshtein"))
    warm = probe_reward(config, build_reward("levenshtein"), told.append)
    assert warm.mean > cold.mean + 0.2
    assert len(told) == 30
    probe_reward(make_config({"reward": "lcs"}, config), build_reward("lcs"), told.append)
    assert len(told) == 30

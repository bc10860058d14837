"""What to train, as a person describes it in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pgplay.config.presets import load_preset
from pgplay.config.run_config import RunConfig, make_config, overlay
from pgplay.errors import InputError
from pgplay.rewards.python.source import with_rewards_beside
from pgplay.rewards.spec import FunctionSpec, Origin, RewardSpec, read_spec

RewardLike = str | Callable[..., Any]
"""A reward as on the command line, or a function that takes what a reward's file would define."""


class Description(NamedTuple):
    """A run's config, and the rewards that it names, ready to run: the trained one first."""

    config: RunConfig
    rewards: tuple[RewardSpec, ...]


def describe_run(
    settings: Mapping[str, Any],
    reward: RewardLike | None = None,
    measure: RewardLike | Sequence[RewardLike] = (),
    preset: str | None = None,
) -> Description:
    """Return the run of `settings` over those of `preset`, with a `reward` and measures that may be functions.

    Raises InputError for what the command line would refuse, and for two functions of one name.
    """
    measures = [measure] if isinstance(measure, str) or callable(measure) else list(measure)
    given = [as_spec(each) for each in ([] if reward is None else [reward]) + measures]
    _check_names(given)
    own = dict(settings)
    if reward is not None:
        own["reward"] = given[0].text
    if measures:
        own["measure"] = tuple(spec.text for spec in given[-len(measures) :])
    base: dict[str, Any] = {}
    if preset is not None:
        loaded = load_preset(preset)
        base = with_rewards_beside(loaded.settings, loaded.path)
    config = make_config(overlay(base, own))
    by_text = {spec.text: spec for spec in given}
    origin = None if preset is None else Origin("preset", preset)
    texts = (config.reward, *config.measure)
    rewards = (by_text[text] if text in by_text else read_spec(text, origin) for text in texts)
    return Description(config, tuple(spec.checked() for spec in rewards))


def as_spec(reward: RewardLike) -> RewardSpec:
    """Return the spec of the person's own `reward`; raises InputError for a file that cannot be read."""
    return read_spec(reward) if isinstance(reward, str) else FunctionSpec.of(reward)


def _check_names(specs: Iterable[RewardSpec]) -> None:
    functions: dict[str, Callable[..., Any]] = {}
    for spec in specs:
        if isinstance(spec, FunctionSpec) and functions.setdefault(spec.text, spec.function) is not spec.function:
            raise InputError("reward.same_name", name=spec.source.function if spec.source else "")

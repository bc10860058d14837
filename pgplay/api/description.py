"""What to train, as a person describes it in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pgplay.config.presets import load_preset
from pgplay.config.run_config import RunConfig, make_config, overlay
from pgplay.errors import InputError
from pgplay.rewards.python.source import with_rewards_beside
from pgplay.rewards.spec import FunctionSpec, Origin, RewardSpec, read_spec
from pgplay.tasks.outside_pairs import read_here

RewardLike = str | Callable[..., Any]
"""A reward as on the command line, or a function that takes what a reward's file would define."""


def given(settings: Mapping[str, Any], **further: Any) -> dict[str, Any]:
    """Return `settings` and those of `further` that are not None or empty."""
    return {**settings, **{name: value for name, value in further.items() if value is not None and value != ()}}


def as_spec(reward: RewardLike) -> RewardSpec:
    """Return `reward` as the person's own; raises InputError for a file that cannot be read."""
    return FunctionSpec.of(reward) if callable(reward) else read_spec(reward)


class Description:
    """Settings over those of a `preset`, in which rewards and measures may be functions; `settings` has their names.

    Raises InputError for an unknown preset, a file that cannot be read, and two functions of one name.
    """

    def __init__(self, settings: Mapping[str, Any], preset: str | None = None) -> None:
        self._own: dict[str, RewardSpec] = {}
        self._origin: Origin | None = None
        self.settings = self.named(settings)
        if preset is not None:
            loaded = load_preset(preset)
            self._origin = Origin("preset", preset)
            self.settings = overlay(with_rewards_beside(loaded.settings, loaded.path), self.settings)

    def config(self) -> RunConfig:
        """Return the run that is described, whose task, if it is another package's, is then read; raises InputError.

        Only what is on this machine is read: the error says how to download a data set.
        """
        config = make_config(self.settings)
        read_here(config.task)
        return config

    def named(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return `settings` with the names of rewards and measures, which are the person's own from now on."""
        named = dict(settings)
        if "reward" in named:
            named["reward"] = self._name(named["reward"])
        if "measure" in named:
            measures = named["measure"]
            named["measure"] = tuple(map(self._name, measures if isinstance(measures, list | tuple) else [measures]))
        return named

    def rewards(self, config: RunConfig) -> tuple[RewardSpec, ...]:
        """Return the rewards that `config` names, ready to run: the trained one first; raises InputError."""
        return tuple(map(self.spec, (config.reward, *config.measure)))

    def spec(self, text: str) -> RewardSpec:
        """Return the reward called `text`, ready to run; raises InputError."""
        own = self._own.get(text)
        return (own if own is not None else read_spec(text, self._origin)).checked()

    def rewards_for_worker(self, config: RunConfig) -> tuple[RewardSpec, ...]:
        """Return the rewards that `config` names as another process can run them.

        Raises InputError, also for a function whose source is not known.
        """
        return tuple(map(_with_source, self.rewards(config)))

    def _name(self, reward: Any) -> Any:
        if not (isinstance(reward, str) or callable(reward)):
            return reward  # the config refuses it
        spec = as_spec(reward)
        known = self._own.setdefault(spec.text, spec)
        if isinstance(spec, FunctionSpec) and spec.source is not None and known != spec:
            raise InputError("reward.same_name", name=spec.source.function)
        return spec.text


def _with_source(spec: RewardSpec) -> RewardSpec:
    if not isinstance(spec, FunctionSpec):
        return spec
    if not spec.has_source:
        raise InputError("reward.no_source", name=getattr(spec.function, "__name__", spec.text))
    return RewardSpec(spec.text, spec.source)

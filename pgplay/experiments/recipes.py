"""The recipes of an experiment: whole configs without a seed, and how many seeds each is trained with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pgplay.config.recipe import differences, to_recipe, to_words
from pgplay.config.run_config import RunConfig, make_config, overlay, to_settings
from pgplay.config.warm_start import PolicyNamed
from pgplay.errors import InputError
from pgplay.experiments.grid import GridAxis, grid_rows
from pgplay.paths import without_sent_folder

if TYPE_CHECKING:
    from pgplay.rewards.spec import RewardSpec

STEPS_WITHOUT_LIMIT = 2000
"""The step limit of a recipe that sets no limit: one that never solves would hold up all others."""

_GREATEST_SEED = 2**31 - 1
_MOST_SEEDS = 1000


class RecipeEntry(NamedTuple):
    """One recipe without its seed; `label` is the name of its preset or run, else the settings in which it differs."""

    label: str
    differs: str
    config: RunConfig
    rewards: tuple[RewardSpec, ...]

    @property
    def has_python(self) -> bool:
        """Whether a reward or a measure of it is Python."""
        return any(spec.source is not None for spec in self.rewards)


def complete_recipe(config: RunConfig, options: Mapping[str, Any]) -> RunConfig:
    """Return `config` with `options`, without a seed, and with a limit of steps if it sets none; raises InputError."""
    settings = overlay(to_settings(config), options)
    settings.pop("seed", None)
    config = make_config(settings)
    if config.steps is None and config.max_seconds is None:
        config = make_config({"steps": STEPS_WITHOUT_LIMIT}, config)
    return config


def refuse_repeated(configs: Sequence[RunConfig]) -> None:
    """Raise InputError for the first of `configs` that is the same as one before."""
    places: dict[RunConfig, int] = {}
    for place, config in enumerate(configs):
        if config in places:
            raise InputError("command.same_recipe", first=places[config] + 1, second=place + 1)
        places[config] = place


def as_stored(config: RunConfig) -> RunConfig:
    """Return `config` as its runs are stored, which names the exact model and pairs of a task.

    Raises InputError for a recipe that cannot be trained, and PgplayError for a damaged policy that it starts from.
    """
    from pgplay.learning.inputs import read_inputs
    from pgplay.learning.plan import make_plan
    from pgplay.library.policies import read_policy

    inputs, start = read_inputs(config), config.starts_from
    if not isinstance(start, PolicyNamed):
        return make_plan(config, inputs).written
    card = read_policy(start.name)
    return make_plan(make_config({"model": card.model}, config), inputs, card.shape).written


def refuse_without_effect(config: RunConfig, names: Collection[str]) -> None:
    """Raise InputError for the first of the settings in `names` that has no effect in `config`."""
    from pgplay.learning.algorithms.table import chosen_algorithm
    from pgplay.learning.algorithms.validation import inactive_settings

    for _, values in inactive_settings(chosen_algorithm(config)[1]):
        if values["name"] in names:
            cause, value = values["cause"], values["value"]
            raise InputError("sweep.no_effect", name=values["name"], cause=cause, value=value)


def grid_configs(
    settings: Mapping[str, Any], axes: Sequence[GridAxis], fetch: Callable[[RunConfig], object] = lambda config: None
) -> list[RunConfig]:
    """Return the config of each row of the grid, as its runs are stored; `fetch` gets what a row needs from elsewhere.

    Raises InputError that names a row that is no run or repeats one.
    """
    configs: list[RunConfig] = []
    for point, row in grid_rows(settings, axes):
        try:
            config = complete_recipe(RunConfig(), row)
            fetch(config)
            configs.append(as_stored(config))
            refuse_without_effect(config, point)
        except InputError as error:
            raise InputError("sweep.row", row=to_words(point), cause=error) from error
    refuse_repeated(configs)
    return configs


def named_entries(
    names: Sequence[str], configs: Sequence[RunConfig], rewards: Sequence[tuple[RewardSpec, ...]]
) -> list[RecipeEntry]:
    """Return the entries of `configs`; one with an empty name is called by the settings in which it differs."""
    return [
        RecipeEntry(name or differs or without_sent_folder(to_recipe(config)) or "defaults", differs, config, specs)
        for name, differs, config, specs in zip(
            names, map(without_sent_folder, differences(configs)), configs, rewards, strict=True
        )
    ]


def read_seeds(text: str) -> list[int]:
    """Return the seeds in `text`: how many (5), a range (0-4), or a list of both (0,3,7-9); raises InputError."""
    if text.strip().isdecimal():
        return check_seeds(_seeds_between(text, 0, int(text) - 1), text)
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if not (first.isdecimal() and (last.isdecimal() or not dash)):
            raise _wrong_seeds(text)
        seeds += _seeds_between(text, int(first), int(last if dash else first))
    return check_seeds(seeds, text)


def _seeds_between(text: str, first: int, last: int) -> range:
    if not first <= last < first + _MOST_SEEDS:
        raise _wrong_seeds(text)
    return range(first, last + 1)


def check_seeds(seeds: Sequence[int], text: str) -> list[int]:
    """Return `seeds`, written as `text`; raises InputError for none, a repeated one, and one out of range."""
    if not seeds or min(seeds) < 0 or max(seeds) > _GREATEST_SEED:
        raise _wrong_seeds(text)
    if len(set(seeds)) < len(seeds):
        raise InputError("command.seed_twice", text=text)
    return list(seeds)


def _wrong_seeds(text: str) -> InputError:
    return InputError("command.seeds", text=text, most=_MOST_SEEDS, greatest=_GREATEST_SEED)

"""The options that describe a run: one per field of RunConfig. They override a recipe, which overrides a preset."""

from __future__ import annotations

import argparse
import os.path
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pgplay.cli.consent import add_consent, agree
from pgplay.cli.parsing import Arguments, Parser
from pgplay.config.engine import LOCAL, SYNTAX, parse_engine_of_one
from pgplay.config.fields import SECTIONS, Field
from pgplay.config.run_config import RunConfig, fields, make_config, overlay
from pgplay.errors import InputError
from pgplay.model_places import shipped_models
from pgplay.paths import expand_home

if TYPE_CHECKING:
    from pgplay.rewards.spec import Origin, RewardSpec

_ADDED = {"algorithm": " (each option overrides the algorithm's own choice)"}
"""Additions to the sections' titles on help pages."""
_LONGEST_RECIPE = 1_000_000
"""Bytes of a recipe's file."""
_METAVARS = {"until": "GOAL", "reward": "SPEC", "model": "NAME", "algorithm": "NAME"}
_LISTED_BY = {"reward": "pgplay rewards", "algorithm": "pgplay algorithms"}


def add_config_options(parser: Parser) -> None:
    """Add the options of `add_start_options` and `add_field_options` to `parser`."""
    add_start_options(parser)
    add_field_options(parser)


def add_engine(parser: Parser) -> None:
    """Add --engine: where to train, which changes no result."""
    group = parser.add_argument_group("engine")
    group.add_argument(
        "--engine",
        metavar="ENGINE",
        type=parse_engine_of_one,
        default=LOCAL,
        help=f"where to train: {SYNTAX}. N processes share each step, over this machine's CPU cores or its GPUs,"
        " and a pretrained model that is too large for one of them, or is to be sharded;"
        " the results are those of one process up to rounding. HOST is another machine (default: local)",
    )


def add_start_options(parser: Parser) -> None:
    """Add --preset and --recipe, and --yes for the Python they may contain."""
    start = parser.add_argument_group("starting point (--recipe overrides --preset; options override both)")
    start.add_argument("--preset", metavar="NAME|FILE", help="a preset by name, or a TOML file of your own")
    start.add_argument(
        "--recipe", metavar="TEXT|FILE", type=_read_recipe, help="a run's settings as pgplay train prints them"
    )
    add_consent(start)


def add_field_options(parser: Parser, names: Collection[str] = (), repeated: Collection[str] = ()) -> None:
    """Add --target-file and one option per field of RunConfig (or per field in `names`), grouped by section.

    Those in `repeated` may be given more than once, and are a list.
    """
    chosen = [field for field in fields().values() if not names or field.name in names]
    sections = {field.section for field in chosen}
    titles = {name: title + _ADDED.get(name, "") for name, title in SECTIONS.items() if name in sections}
    groups = {name: parser.add_argument_group(title) for name, title in titles.items()}
    for field in chosen:
        group = groups[field.section]
        group.add_argument(
            option_name(field.name),
            action="append" if field.type is tuple or field.name in repeated else "store",
            default=argparse.SUPPRESS,
            metavar=_metavar(field),
            help=_help(field),
        )
        if field.name == "target":
            help_ = "read the target from this file"
            group.add_argument("--target-file", metavar="FILE", type=_read_target, help=help_)
        if field.name == "task":
            help_ = "the task file's columns: the prompt's, then those of the right answers (question,answer)"
            group.add_argument("--columns", metavar="NAME,...", help=help_)


def _read_target(file: str) -> str:
    from pgplay.tasks.target_file import read_target

    return read_target(expand_home(file))


def _read_recipe(recipe: str) -> str:
    """Return the recipe, from its file if it names one; a recipe itself has an equals sign."""
    from pgplay.files.text import read_text

    path = expand_home(recipe)
    return recipe if "=" in recipe or not os.path.isfile(path) else read_text(path, _LONGEST_RECIPE)


def option_name(field: str) -> str:
    """Return the option that sets the field called `field`."""
    return "--" + field.replace("_", "-")


def _metavar(field: Field) -> str:
    if field.name in _METAVARS:
        return _METAVARS[field.name]
    if field.choices:
        return "CHOICE"
    return {int: "N", float: "X", str: "TEXT", tuple: "SPEC"}[field.type]


def _help(field: Field) -> str:
    parts = [field.description]
    if field.choices:
        parts.append(", ".join(field.choices))
    elif field.range:
        parts.append(field.range)
    if field.name in _LISTED_BY:
        parts.append(f"{_LISTED_BY[field.name]} lists them")
    if field.name == "model":
        from pgplay.policies.families.catalogue import MODELS

        parts.append(", ".join([*MODELS, *shipped_models()]))
    if field.default not in (None, "", ()):
        parts.append(f"default {_plain(field.default)}")
    return "; ".join(parts).replace("%", "%%")


def _plain(value: Any) -> str:
    """Return a whole number without an exponent, anything else unchanged."""
    return f"{value:g}" if isinstance(value, float) and not value.is_integer() else f"{value}".removesuffix(".0")


def read_settings(arguments: Arguments) -> dict[str, Any]:
    """Return the settings given as options, by field; invalid numbers stay text, for validation to refuse."""
    run_fields = fields()
    settings = {
        name: _read_value(run_fields[name], value) for name, value in vars(arguments).items() if name in run_fields
    }
    if arguments.target_file is not None:
        if "target" in settings:
            raise InputError("command.two_targets", field="target")
        settings["target"] = arguments.target_file
    if arguments.columns is not None:
        if "task" not in settings:
            raise InputError("command.columns_alone", field="task")
        settings["task"] += f":{arguments.columns}"
    return settings


def _read_value(field: Field, value: Any) -> Any:
    if field.type in (int, float):
        try:
            return field.type(value)
        except ValueError:
            return value
    return tuple(value) if field.type is tuple else value


class StartingPoint(NamedTuple):
    """The settings of --preset and --recipe, and where the rewards in them came from."""

    settings: dict[str, Any]
    origins: dict[str, Origin]


def read_starting_point(arguments: Arguments) -> StartingPoint:
    """Return the settings of the preset, overridden by those of the recipe; raises InputError."""
    from pgplay.rewards.spec import Origin

    preset: dict[str, Any] = {}
    recipe: dict[str, Any] = {}
    name = ""
    if arguments.preset is not None:
        from pgplay.config.presets import load_preset
        from pgplay.rewards.python.source import with_rewards_beside

        loaded = load_preset(arguments.preset)
        preset, name = with_rewards_beside(loaded.settings, loaded.path), loaded.name
    if arguments.recipe is not None:
        from pgplay.config.recipe import parse_recipe

        recipe = parse_recipe(arguments.recipe)
    of_preset, of_recipe = Origin("preset", name), Origin("recipe")
    origins = dict.fromkeys(rewards_in(preset), of_preset) | dict.fromkeys(rewards_in(recipe), of_recipe)
    return StartingPoint(overlay(preset, recipe), origins)


class Described(NamedTuple):
    """The run that the options describe; its reward and measures, read and consented to."""

    config: RunConfig
    rewards: tuple[RewardSpec, ...]


def read_config(arguments: Arguments) -> Described:
    """Return the run that the options describe: the preset, overridden by the recipe, overridden by each option.

    Asks for consent to Python rewards that a preset or a recipe names, not to those that an option names. Raises
    InputError that names the option and says what would be right, or if consent is refused.
    """
    options = read_settings(arguments)
    settings, origins = read_starting_point(arguments)
    config = make_config(overlay(settings, options))
    specs = read_rewards(config, options, origins)
    return Described(config, agree(specs, arguments.yes))


def read_rewards(
    config: RunConfig, options: Mapping[str, Any], origins: Mapping[str, Origin]
) -> tuple[RewardSpec, ...]:
    """Return the reward and the measures of `config`, their files read now.

    Rewards in `options` are the person's own; `origins` says where each of the others came from. Raises InputError.
    """
    from pgplay.rewards.spec import read_spec

    own_texts = rewards_in(options)
    texts = (config.reward, *config.measure)
    return tuple(read_spec(text, None if text in own_texts else origins.get(text)).checked() for text in texts)


def rewards_in(settings: Mapping[str, Any]) -> list[str]:
    """Return the rewards in `settings`; values that are not texts are overridden, as the config was accepted."""
    measures = settings.get("measure", ())
    texts = [settings.get("reward"), *(measures if isinstance(measures, list | tuple) else ())]
    return [text for text in texts if isinstance(text, str)]

"""The options that make a run: one for each field of RunConfig, laid over a recipe, laid over a preset."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pgplay.cli.consent import add_consent, agree
from pgplay.cli.parsing import Arguments, Parser
from pgplay.config.fields import Field
from pgplay.config.run_config import RunConfig, fields, make_config, to_settings
from pgplay.errors import InputError

if TYPE_CHECKING:
    from pgplay.rewards.spec import RewardSpec

_SECTIONS = {
    "task": "what is to be written",
    "reward": "what is good",
    "model": "who writes, and where",
    "algorithm": "how it improves (each choice overrides the algorithm's own)",
    "learning": "learning",
    "sampling": "sampling",
    "regularisation": "regularisation",
    "limits": "when to stop",
}
_METAVARS = {"until": "GOAL", "reward": "SPEC", "model": "NAME", "algorithm": "NAME"}
_LISTED_BY = {"reward": "pgplay rewards", "algorithm": "pgplay algorithms"}


def add_config_options(parser: Parser) -> None:
    """Give `parser` what `add_start_options` and `add_field_options` give."""
    add_start_options(parser)
    add_field_options(parser)


def add_start_options(parser: Parser) -> None:
    """Give `parser` --preset and --recipe, and --yes for the Python that these may bring."""
    start = parser.add_argument_group("where to start from (later ones overrule earlier ones, options overrule all)")
    start.add_argument("--preset", metavar="NAME|FILE", help="a preset by name, or a TOML file of your own")
    start.add_argument("--recipe", metavar="TEXT", help="a whole run as one line, as pgplay train prints it")
    add_consent(start)


def add_field_options(parser: Parser, names: Collection[str] = ()) -> None:
    """Give `parser` --target-file and one option for each field of RunConfig, or of those `names`, by section."""
    chosen = [field for field in fields().values() if not names or field.name in names]
    sections = {field.section for field in chosen}
    groups = {name: parser.add_argument_group(title) for name, title in _SECTIONS.items() if name in sections}
    for field in chosen:
        group = groups[field.section]
        group.add_argument(
            option_name(field.name),
            action="append" if field.type is tuple else "store",
            default=argparse.SUPPRESS,
            metavar=_metavar(field),
            help=_help(field),
        )
        if field.name == "target":
            group.add_argument("--target-file", metavar="FILE", help="the target is what this file holds")


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

        parts.append(", ".join(MODELS))
    if field.default not in (None, "", ()):
        parts.append(f"default {_plain(field.default)}")
    return "; ".join(parts).replace("%", "%%")


def _plain(value: Any) -> str:
    """Return a number without an exponent where it is whole, anything else as it is."""
    return f"{value:g}" if isinstance(value, float) and not value.is_integer() else f"{value}".removesuffix(".0")


def read_settings(arguments: Arguments) -> dict[str, Any]:
    """Return the settings that a person gave as options, by field; numbers that are none stay text to be refused."""
    known = fields()
    settings = {
        name: _read_value(known[name], value) for name, value in vars(arguments).items() if name in known
    }
    if arguments.target_file is not None:
        if "target" in settings:
            raise InputError("Both --target and --target-file are given.", "Give one of them.")
        from pgplay.tasks.target_file import read_target

        settings["target"] = read_target(arguments.target_file)
    return settings


def _read_value(field: Field, value: Any) -> Any:
    if field.type in (int, float):
        try:
            return field.type(value)
        except ValueError:
            return value
    return tuple(value) if field.type is tuple else value


class Described(NamedTuple):
    """A run as options describe it, with its reward and its measures as they were read and agreed to."""

    config: RunConfig
    rewards: tuple[RewardSpec, ...]


def read_config(arguments: Arguments) -> Described:
    """Return the run that the options describe: the preset, then the recipe, then each option, the later overruling.

    Python rewards that a preset or a recipe names are asked for, those that an option names are not. Raises InputError
    that names the option and says what would be right, and where the person does not agree.
    """
    settings: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if arguments.preset is not None:
        from pgplay.config.presets import load_preset
        from pgplay.rewards.python.source import with_rewards_beside

        preset = load_preset(arguments.preset)
        settings = with_rewards_beside(preset.settings, preset.path)
        origins = dict.fromkeys(_rewards(settings), f"the preset {preset.name}")
    if arguments.recipe is not None:
        from pgplay.config.recipe import from_recipe

        recipe = to_settings(from_recipe(arguments.recipe))
        settings = overlay(settings, recipe)
        origins |= dict.fromkeys(_rewards(recipe), "the recipe")
    given = read_settings(arguments)
    config = make_config(overlay(settings, given))
    return Described(config, agree(read_rewards(config, given, origins), arguments.yes))


def read_rewards(
    config: RunConfig, given: Mapping[str, Any], origins: Mapping[str, str]
) -> tuple[RewardSpec, ...]:
    """Return the reward and the measures of `config`, their files read now.

    Those in `given` are the person's own words; of the others, `origins` says who brought each. Raises InputError.
    """
    from pgplay.rewards.spec import OWN, read_spec

    own = _rewards(given)
    texts = (config.reward, *config.measure)
    return tuple(read_spec(text, OWN if text in own else origins.get(text, OWN)).checked() for text in texts)


def _rewards(settings: Mapping[str, Any]) -> list[str]:
    return [*([settings["reward"]] if "reward" in settings else []), *settings.get("measure", ())]


def overlay(settings: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay `above` over `settings`; a target given there replaces a task below, which would hide it, and its split."""
    merged = {**settings, **above}
    if "target" in above:
        by_held_out = ("patience",) + (("until",) if "held_out" in merged.get("until", "") else ())
        for name in ("task", "held_out", *by_held_out):
            if name not in above:
                merged.pop(name, None)
    return merged

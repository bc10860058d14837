"""`pgplay presets`, `pgplay rewards` and `pgplay algorithms`: the available choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pgplay.cli.commands.rewards_probe import add_probe, run_probe
from pgplay.cli.output import hanging, note, print_error, print_json, say, visible
from pgplay.cli.parsing import Arguments, Parser, Verb, add_json, run_verb
from pgplay.cli.tables import print_facts, print_table
from pgplay.rewards.catalogue import BuiltIn


def _add_name(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME")
    add_json(parser)


def run_presets(argv: Sequence[str]) -> int:
    """Run `pgplay presets`."""
    verbs = {
        "list": Verb("list the presets, including your own", add_json, _list_presets),
        "show": Verb("show what a preset teaches, and its settings", _add_name, _show_preset),
    }
    return run_verb("pgplay presets", "Presets: ready-made setups.", verbs, argv, "list")


def _list_presets(arguments: Arguments) -> int:
    from pgplay.config.presets import broken_presets, grouped, preset_names, presets_replacing_shipped

    for name in presets_replacing_shipped():
        note(f"Your own preset {name} replaces the shipped one of that name.")
    for broken in broken_presets():
        print_error(broken.error)
    all_presets = preset_names()
    if arguments.json:
        print_json([_preset(preset) for preset in all_presets])
    else:
        rows: list[tuple[str, str, str]] = []
        for group, presets in grouped(all_presets):
            rows += [("", "", ""), (group.upper(), "", "")] if rows else [(group.upper(), "", "")]
            rows += [(preset.name, preset.title, preset.teaches) for preset in presets]
        print_table(("name", "title", "teaches"), rows)
    return 0


def _preset(preset: Any) -> dict[str, Any]:
    return {
        "name": preset.name,
        "title": preset.title,
        "teaches": preset.teaches,
        "group": preset.group,
        "solves": preset.solves,
        "seconds": preset.seconds or None,
        "settings": preset.settings,
        "path": str(preset.path),
    }


def _show_preset(arguments: Arguments) -> int:
    from pgplay.config.presets import load_preset
    from pgplay.config.recipe import to_command

    preset = load_preset(arguments.name)
    if arguments.json:
        print_json(_preset(preset))
        return 0
    say(hanging("", visible(preset.title)))
    say(hanging("", visible(preset.teaches)))
    say()
    print_facts(preset.settings)
    say()
    print_facts({"file": preset.path, "as a command": to_command(preset.config())})
    return 0


def run_rewards(argv: Sequence[str]) -> int:
    """Run `pgplay rewards`."""
    verbs = {
        "list": Verb("list the built-in rewards", add_json, _list_rewards),
        "show": Verb("show a reward's definition and source", _add_name, _show_reward),
        "probe": Verb("predict whether a reward can be learned", add_probe, run_probe),
    }
    description = (
        "Rewards score completions. Besides the built-in ones, a reward may be a formula of them "
        '("0.8*levenshtein + 0.2*prefix - 0.01*abs(length - 12)") or your own Python file (my_reward.py:rhymes).'
    )
    return run_verb("pgplay rewards", description, verbs, argv, "list")


def _range(reward: BuiltIn) -> str:
    return f"{reward.range[0]:g} to {reward.range[1]:g}"


def _reward(reward: BuiltIn) -> dict[str, Any]:
    return {
        "name": reward.name,
        "description": reward.description,
        "definition": reward.definition,
        "range": reward.range,
        "source": reward.source,
        "usage": reward.usage,
        "brackets": reward.parameters,
        "needs_target": reward.needs_target,
    }


def _list_rewards(arguments: Arguments) -> int:
    from pgplay.rewards.catalogue import EVERY_REWARD

    if arguments.json:
        print_json([_reward(reward) for reward in EVERY_REWARD.values()])
    else:
        print_table(
            ("name", "range", "description"),
            [(name, _range(reward), reward.description) for name, reward in EVERY_REWARD.items()],
        )
    return 0


def _show_reward(arguments: Arguments) -> int:
    from pgplay.rewards.catalogue import built_in

    reward = built_in(arguments.name)
    if arguments.json:
        print_json(_reward(reward))
    else:
        print_facts({**_reward(reward), "range": _range(reward)})
    return 0


def run_algorithms(argv: Sequence[str]) -> int:
    """Run `pgplay algorithms`."""

    def add_show(parser: Parser) -> None:
        parser.add_argument("name", metavar="NAME", nargs="?", help="omit it to list every metric")
        parser.add_argument("--metrics", action="store_true", help="also list what each metric means")
        add_json(parser)

    verbs = {
        "list": Verb("list the algorithms with their choices", add_json, _list_algorithms),
        "show": Verb("show an algorithm's choices and source, or the metrics", add_show, _show_algorithm),
    }
    description = (
        "An algorithm is a combination of choices; an option overrides each of them.\n"
        "The methods listed for comparison are not policy gradients."
    )
    return run_verb("pgplay algorithms", description, verbs, argv, "list")


def _algorithm(name: str) -> dict[str, Any]:
    from pgplay.learning.algorithms.table import algorithm_row

    algorithm = algorithm_row(name)
    has_choices = algorithm.kind == "policy gradient"
    return {
        "name": name,
        "kind": algorithm.kind,
        "description": algorithm.description,
        "choices": algorithm.choices._asdict() if has_choices else None,
        "updates_per_step": algorithm.updates if has_choices else None,
        "clip_high": algorithm.clip_high if has_choices else None,
        "source": algorithm.source,
    }


def _list_algorithms(arguments: Arguments) -> int:
    from pgplay.learning.algorithms.table import ALGORITHMS, COMPARATORS, AlgorithmChoices

    if arguments.json:
        print_json([_algorithm(name) for name in (*ALGORITHMS, *COMPARATORS)])
    else:
        print_table(("name", *AlgorithmChoices._fields), [(name, *row.choices) for name, row in ALGORITHMS.items()])
        say("\nFor comparison (not policy gradients):")
        print_table(("name", "description"), [(name, row.description) for name, row in COMPARATORS.items()])
    return 0


def _show_algorithm(arguments: Arguments) -> int:
    from pgplay.learning.reports.metrics import METRICS

    facts: dict[str, Any] = _algorithm(arguments.name.lower()) if arguments.name else {}
    metrics = METRICS if arguments.metrics or not arguments.name else {}
    if arguments.json:
        documented = [{"name": name, **metric._asdict()} for name, metric in metrics.items()]
        print_json({**facts, **({"metrics": documented} if metrics else {})})
        return 0
    choices = facts.pop("choices", None) or {}
    print_facts({**facts, **choices})
    if facts and metrics:
        say()
    if metrics:
        rows = [(name, metric.unit, metric.description) for name, metric in metrics.items()]
        print_table(("metric", "unit", "meaning"), rows)
    return 0
